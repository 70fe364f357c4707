import ArgumentParser
import Bytes
import Coach
import Foundation
import ToolSupport

extension CoachTag {
  struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "MB/s of the shipped weights.")

    @OptionGroup var data: DataOptions

    func run() throws {
      let corpus = Corpus(sets: data.sets)
      Self.bench(try corpus.counsel(), "counsel-chat")
      Self.bench(try corpus.presidio().map(\.text), "presidio-research")
    }

    /// Prints how fast texts are read, joined and one by one.
    private static func bench(_ texts: [String], _ name: String) {
      let all = Array(texts.joined(separator: "\n").utf8)
      let each = texts.map { Array($0.utf8) }
      for level in [Redactor.Level.introduced, .all] {
        let redactor = Redactor(level: level)
        func best(_ body: () -> Void) -> Double { Double(shortestNanoseconds(of: 5, body)) / 1e9 }
        var findings: [PersonalDataFinding] = []
        let joined = best {
          findings.removeAll()
          all.withByteView { redactor.scan($0, into: &findings) }
        }
        let single = best {
          for text in each {
            findings.removeAll()
            text.withByteView { redactor.scan($0, into: &findings) }
          }
        }
        print(
          name, level, String(format: "%.1f MB/s as one text,", Double(all.count) / 1e6 / joined),
          String(
            format: "%.1f µs for a text of %d bytes", single * 1e6 / Double(each.count),
            all.count / each.count))
      }
    }
  }
}
