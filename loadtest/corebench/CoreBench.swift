import ArgumentParser
import Foundation

/// What the storage engine costs, without a server around it. Each figure of memory is taken in a
/// process of its own, because RSS does not forget.
@main
struct CoreBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "corebench",
    abstract: "Says what the storage engine costs, in nanoseconds and bytes, without a server.",
    discussion: "Build it with -c release.")

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case all
    case speed
    case expiry
    case memory
    case memoryTTL = "memory-ttl"
    case mixed
    case delete
  }

  @Argument(help: "How many keys, in thousands.")
  var thousands = 1000

  @Argument(help: "What is measured.")
  var part = Part.all

  private var keyCount: Int { thousands * 1000 }

  func validate() throws {
    guard (1...1_000_000).contains(thousands) else {
      throw ValidationError("1 to 1000000 thousands of keys, not \(thousands)")
    }
  }

  func run() throws {
    switch part {
    case .all:
      for part in Part.allCases where part != .all { try runAlone(part) }
    case .speed: Speed(keyCount: keyCount).run()
    case .expiry: Speed.expiry(keyCount: keyCount)
    case .memory: Memory.uniform(keyCount: keyCount, ttl: false)
    case .memoryTTL: Memory.uniform(keyCount: keyCount, ttl: true)
    case .mixed: Memory.mixed(keyCount: keyCount)
    case .delete: Memory.deleteAndRefill(keyCount: keyCount)
    }
  }

  private func runAlone(_ part: Part) throws {
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    child.arguments = [String(thousands), part.rawValue]
    try child.run()
    child.waitUntilExit()
    guard child.terminationStatus == 0 else { throw ExitCode(child.terminationStatus) }
  }
}
