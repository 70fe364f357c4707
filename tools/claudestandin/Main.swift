import ClaudeStandIn
import Foundation

/// Serves the API's stand-in until it is ended: `claudestandin [--port N] [--key KEY] [LINE...]`,
/// with lines of a script as `Scenario` documents them.
@main
struct Main {
  static func main() throws {
    var port: UInt16 = 8089
    var key: String?
    var lines: [String] = []
    var words = CommandLine.arguments.dropFirst()
    while let word = words.popFirst() {
      switch word {
      case "--port":
        guard let value = words.popFirst().flatMap({ UInt16($0) }) else { return usage() }
        port = value
      case "--key":
        guard let value = words.popFirst() else { return usage() }
        key = value
      case "--help", "-h": return usage()
      default: lines.append(word)
      }
    }
    let standIn = try StandIn(port: port, key: key)
    standIn.play(lines)
    print("The stand-in serves \(standIn.url)")
    fflush(nil)
    while true { sleep(3600) }
  }

  private static func usage() {
    print("claudestandin [--port N] [--key KEY] [LINE...]")
  }
}
