import Bytes
import Coach
import Foundation
import SeededRandom

/// Trains the tagger of names and addresses, and says what it and the rules before it are worth.
@main
enum Main {
  private static let usage = """
    coachtag COMMAND [options], in the root of the repository

      train          train on everything and write the weights
      eval           judge each sentence by weights that saw none of its template or similar ones;
                     by weights trained without these sentences; and false alarms on other texts
      rules          judge the rules, which find what is introduced
      alarms         what the shipped weights find in texts that hardly name anybody
      tag TEXT       what the shipped weights find in a text
      bench          MB/s of the shipped weights

      --data FOLDER  the public sets (default ../shared/data/coach)
      --seed N       of everything that is random (default 2026)
      --show TYPE    eval: print what is missed or wrong of a type, as PERSON
      --folds N      eval: parts that the templates are divided into (default 10)
    """

  static let weightsPath = "Sources/CCoach/names.bin"

  static func main() {
    do {
      try run()
    } catch {
      FileHandle.standardError.write(Data("coachtag: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run() throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    func option(_ name: String) -> String? {
      guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
        return nil
      }
      defer { arguments.removeSubrange(index...(index + 1)) }
      return arguments[index + 1]
    }
    var settings = TrainingSettings()
    let folder = option("--data") ?? "../shared/data/coach"
    let shown = option("--show")
    let folds = option("--folds").flatMap(Int.init) ?? 10
    if let seed = option("--seed").flatMap(UInt64.init) { settings.seed = seed }
    if let value = option("--bias").flatMap(Float.init) { settings.bias = value }
    if let value = option("--epochs").flatMap(Int.init) { settings.epochs = value }
    if let value = option("--made").flatMap(Int.init) { settings.madeCount = value }
    if let value = option("--repeats").flatMap(Int.init) { settings.repeats = value }
    if let value = option("--rate").flatMap(Float.init) { settings.rate = value }
    if let value = option("--decay").flatMap(Float.init) { settings.decay = value }
    if let value = option("--bits").flatMap(Int.init) { settings.rowBits = value }
    if let value = option("--nothings").flatMap(Int.init) { settings.nothings = value }
    switch arguments.first {
    case "train":
      let data = try Experiment(Corpus(folder: folder), settings).trainAll()
      try data.write(to: URL(fileURLWithPath: weightsPath))
      print("wrote \(weightsPath), \(data.count) bytes")
    case "eval":
      try Experiment(Corpus(folder: folder), settings).evaluate(folds: folds, shown: shown)
    case "rules":
      var board = Scoreboard(shown: shown)
      for sentence in try Corpus(folder: folder).presidio() {
        var found: [PersonalDataFinding] = []
        Array(sentence.text.utf8).withByteView { Redactor().scan($0, into: &found) }
        board.add(sentence, found)
      }
      board.write("by the rules alone, what is introduced")
    case "alarms":
      guard let data = FileManager.default.contents(atPath: weightsPath) else {
        throw Failure("\(weightsPath) cannot be read")
      }
      try Experiment(Corpus(folder: folder), settings).alarms(loaded(data), "shipped", shown)
    case "bench":
      bench(try Corpus(folder: folder).counsel(), "counsel-chat")
      bench(try Corpus(folder: folder).presidio().map(\.text), "presidio-research")
    case "tag":
      let bytes = Array(arguments.dropFirst().joined(separator: " ").utf8)
      let result = bytes.withByteView { Redactor(level: .all).redact($0) }
      print(String(decoding: result.bytes, as: UTF8.self))
    default: print(usage)
    }
  }

  /// Prints how fast texts are read, joined and one by one.
  private static func bench(_ texts: [String], _ name: String) {
    let all = Array(texts.joined(separator: "\n").utf8)
    let each = texts.map { Array($0.utf8) }
    for level in [Redactor.Level.introduced, .all] {
      let redactor = Redactor(level: level)
      func best(_ body: () -> Void) -> Double {
        (0..<5).map { _ in
          let started = threadNanoseconds()
          body()
          return Double(threadNanoseconds() - started) / 1e9
        }.min() ?? 1
      }
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

  /// CPU time of this thread: others may use the machine as well.
  private static func threadNanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
