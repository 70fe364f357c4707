import Foundation
import Glibc

/// What /proc says of a server.
extension TestServer {
  /// Whether the server under test was built with a sanitizer (`scripts/sanitize` says so).
  static let isSanitized = ProcessInfo.processInfo.environment["WINGCACHE_SANITIZED"] != nil

  /// Times that its threads have gone to sleep and been woken, all together.
  var contextSwitches: Int {
    let tasks = "/proc/\(process)/task"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    return names.reduce(0) { sum, name in
      let status = (try? String(contentsOfFile: "\(tasks)/\(name)/status", encoding: .utf8)) ?? ""
      let own = status.split(separator: "\n").reduce(0) { sum, line in
        guard line.contains("ctxt_switches:") else { return sum }
        return sum + (line.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 0)
      }
      return sum + own
    }
  }

  /// CPU time of all threads, user and kernel, in clock ticks (100 a second).
  var cpuTicks: Int {
    let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    // The command's name in brackets may have blanks.
    let fields = (text.split(separator: ")").last ?? "").split(separator: " ")
    guard fields.count > 12, let user = Int(fields[11]), let kernel = Int(fields[12]) else {
      return 0
    }
    return user + kernel
  }

  /// The limit of open files that is in force for it.
  var openFilesLimit: Int {
    let text = (try? String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
    return line.split(separator: " ").dropFirst(3).first.flatMap { Int($0) } ?? 0
  }

  /// Sets the limit of open files of the running server.
  func setOpenFilesLimit(_ count: Int) throws {
    let arguments = ["--pid", "\(process)", "--nofile=\(count):\(count)"]
    let tool = URL(fileURLWithPath: "/usr/bin/prlimit")
    try Process.run(tool, arguments: arguments).waitUntilExit()
  }

  /// Number of files it has open.
  var openFilesCount: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count) ?? 0
  }

  /// A line of INFO.
  func info(_ name: String, _ client: TestClient) throws -> String {
    let text = try client.send("INFO", "everything").string ?? ""
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") } ?? ""
    return String(line.dropFirst(name.count + 1))
  }

  /// Waits until `condition` holds; ten seconds at most, a hundredth each time.
  func wait(until condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<1000 {
      if try condition() { return true }
      usleep(10_000)
    }
    return false
  }
}
