import ArgumentParser
import Foundation
import ToolSupport

/// Prints hit ratios of every eviction policy beside exact algorithms, on recorded traces, and
/// whether the goals are met. See docs/eviction.md.
@main
struct HitRatio: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hitratio",
    abstract: "Prints hit ratios of every eviction policy on traces, and whether goals are met.",
    discussion: "Build it with -c release. See docs/eviction.md.")

  /// Sizes of caches, in percent of a trace's distinct keys.
  struct Sizes: ExpressibleByArgument, CustomStringConvertible {
    var percents: [Int]

    init(_ percents: [Int]) { self.percents = percents }

    init?(argument: String) {
      percents = []
      for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
        guard let percent = Int(part), (1...100).contains(percent) else { return nil }
        percents.append(percent)
      }
    }

    var description: String { percents.map(String.init).joined(separator: ",") }
  }

  @Argument(help: "The folder of traces: files *.u32.gz.")
  var directory = "../shared/data/traces"

  @Option(
    help: ArgumentHelp(
      "Sizes of caches, in percent of a trace's distinct keys.", valueName: "percents"))
  var sizes = Sizes([1, 10])

  @Option(help: ArgumentHelp("Write the figures to a file too.", valueName: "file"))
  var json: String?

  @OptionGroup var measuring: MeasuringOptions

  func run() throws {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let names = files.filter { $0.hasSuffix(Trace.suffix) }
      .sorted { $0.lowercased() < $1.lowercased() }
    guard !names.isEmpty else { throw Failure("no *\(Trace.suffix) in \(directory)") }
    var rows: [Row] = []
    for name in names {
      let trace = try Trace(path: directory + "/" + name)
      rows += sizes.percents.map { measure(trace, percent: $0, measuring) }
    }
    printTable(rows)
    print("")
    printGoals(rows)
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(rows).write(to: URL(fileURLWithPath: json))
    }
  }
}
