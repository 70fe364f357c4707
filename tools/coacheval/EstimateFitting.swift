import ArgumentParser
import Bytes
import Coach
import Foundation
import SeededRandom
import ToolSupport

/// Fits the weights of `TokenEstimate` to exact counts, and writes them as Swift.
///
/// Ridge regression by stochastic gradient descent over the distinct texts between spaces of the
/// corpora, each with its exact cost and weighted by how often it occurs. Half of every source's
/// groups are left out.
struct EstimateFitting: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit-tokens",
    abstract: "Fits the weights of the token estimate, and writes them as Swift.")

  @OptionGroup var data: DataOptions

  @Option(help: "What is added so that a budget is kept, in thousandths.")
  var margin = 0

  @Option(help: ArgumentHelp("A source to leave out, such as qmsum.", valueName: "source"))
  var without: String?

  @Option(
    help: ArgumentHelp("Where the Swift goes, if not to the standard output.", valueName: "file"))
  var output: String?

  /// The corpora by name.
  static func sets(_ corpora: Corpora) throws -> [(String, [SourceText])] {
    try [
      ("counsel-chat", corpora.counselChat()), ("qmsum", corpora.qmsum()),
      ("clinc150", corpora.clinc()), ("small-talk-rasa", corpora.smallTalk()),
      ("banking77", corpora.banking()), ("hwu64", corpora.hwu()), ("udhr", corpora.udhr()),
      ("multipl_e", corpora.programs()),
    ]
  }

  /// Whether a text is kept from fitting.
  static func isHeld(_ text: SourceText) -> Bool {
    (UInt64(bitPattern: Int64(text.group)) &* 0x9E37_79B9_7F4A_7C15) >> 63 == 1
  }

  private struct Sample {
    /// Features and how often each occurs.
    var features: [(index: Int, count: Double)]
    var target: Double
    var weight: Double
  }

  func run() throws {
    let corpora = Corpora(sets: data.sets)
    let vocabulary = try TokenEvaluation.vocabulary(corpora)
    var counts: [String: Double] = [:]
    // HWU64 is kept for judging.
    for (name, texts) in try Self.sets(corpora) where name != without && name != "hwu64" {
      // All scripts together must not outweigh the language of the conversations.
      let weight = name == "udhr" ? 0.05 : name == "multipl_e" ? 0.2 : 1.0
      for text in texts where !Self.isHeld(text) {
        // Words by themselves, and stretches of five: at their edges units depend on each other.
        let words = text.text.split(separator: " ", omittingEmptySubsequences: false)
        for index in words.indices {
          counts[String(words[index]), default: 0] += weight
          if index % 5 == 0 {
            let stretch = words[index..<min(index + 5, words.count)].joined(separator: " ")
            counts[stretch, default: 0] += 4 * weight
          }
        }
      }
    }
    var samples: [Sample] = []
    // By their bytes first: out of the dictionary's order, which is another one in each run, a few
    // of these strings come out differently.
    let ordered = counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .sorted { $0.key < $1.key }
    for (text, count) in ordered {
      let bytes = Array(("a " + text).utf8)
      let exact = bytes.withByteView { vocabulary.count($0, family: .v5, isFramed: false) }
      let (units, plain) = bytes.withByteView { FeatureCollector.collect($0) }
      var occurrences: [Int: Double] = [:]
      for unit in units { for feature in unit { occurrences[feature, default: 0] += 1 } }
      samples.append(
        Sample(
          features: occurrences.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
          target: Double(exact - plain - units.count), weight: count))
    }
    try write(Self.descend(&samples))
  }

  private static func descend(_ samples: inout [Sample]) -> [Double] {
    var weights = [Double](repeating: 0, count: 1 << 14)
    var generator = SeededGenerator(seed: 20_261_123)
    let epochs = 40
    for epoch in 0..<epochs {
      samples.shuffle(using: &generator)
      var squares = 0.0
      var total = 0.0
      let rate = 0.3 * (1 - Double(epoch) / Double(epochs)) + 0.005
      for sample in samples {
        var sum = 0.0
        var norm = 0.0
        for (index, count) in sample.features {
          sum += weights[index] * count
          norm += count * count
        }
        squares += sample.weight * (sample.target - sum) * (sample.target - sum)
        total += sample.weight
        guard norm > 0 else { continue }
        let importance = min(1, 0.15 + sample.weight / 20)
        let step = rate * importance * (sample.target - sum) / norm
        for (index, count) in sample.features { weights[index] += step * count }
      }
      let error = fixed((squares / total).squareRoot(), 4)
      FileHandle.standardError.write(Data("epoch \(epoch): error \(error)\n".utf8))
    }
    return weights
  }

  private func write(_ weights: [Double]) throws {
    let bytes = weights.map { weight in
      UInt8(bitPattern: Int8(max(-127, min(127, (weight * 48).rounded()))))
    }
    let text = Data(bytes).base64EncodedString()
    var lines: [String] = []
    var rest = text[...]
    while !rest.isEmpty {
      lines.append("    " + rest.prefix(92))
      rest = rest.dropFirst(92)
    }
    let swift = """
      // Written by `coacheval fit-tokens`; do not edit. The weights are statistics of where words
      // of public texts fall apart into tokens (see docs/coach-tokens.md for texts and errors).

      /// The fitted weights of `TokenEstimate`.
      enum TokenEstimateTable {
        /// What is added so that a budget is kept, in thousandths.
        static let marginPerThousand = \(margin)

        /// One weight for each hash, in units of 1/48 token.
        static let weights = Base64Text.signedBytes(text)

        private static let text: StaticString = \"\"\"
      \(lines.joined(separator: "\\\n"))
          \"\"\"
      }

      """
    if let output {
      try Data(swift.utf8).write(to: URL(fileURLWithPath: output))
    } else {
      print(swift)
    }
  }
}
