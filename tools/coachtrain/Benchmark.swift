import ArgumentParser
import Bytes
import Coach
import Foundation
import SeededRandom
import ToolSupport

extension CoachTrain {
  struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Nanoseconds per message of the shipped weights.")

    func run() throws {
      try benchmark(OwnMessages(), by: LoadedWeights.shipped().classifier())
    }
  }
}

/// Measures the classifier on real messages, one after the other, in memory; in processor time, so
/// that other programs on the machine count less.
private func benchmark(_ messages: OwnMessages, by classifier: borrowing Classifier) throws {
  let scratch = MessageScratch()
  let own = try messages.styles().map(\.text)
  let sets: [(String, [String])] = [
    ("own messages", own),
    ("40 to 80 bytes", own.filter { (40...80).contains($0.utf8.count) }),
    ("200 bytes", own.isEmpty ? [] : [String(own.joined(separator: " ").prefix(200))]),
    ("1 KB", own.isEmpty ? [] : [String(own.joined(separator: " ").prefix(1024))]),
    ("new words, 51 B", newWords(count: 20_000, bytes: 51)),
    ("new words, 1 KB", newWords(count: 2_000, bytes: 1024)),
    ("10 MB", [String(repeating: "how do I talk to her ", count: 500_000)]),
  ]
  for (name, texts) in sets where !texts.isEmpty {
    let views = texts.map { text -> ByteView in
      let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(text.utf8.count, 1))
      for (index, byte) in text.utf8.enumerated() { bytes[index] = byte }
      return ByteView(base: bytes, count: text.utf8.count)
    }
    let mean = views.reduce(0) { $0 + $1.count } / views.count
    let rounds = max(1, 400_000 / (views.count * (1 + min(mean, 1024) / 50)))
    var sum = 0
    let spent = shortestNanoseconds(of: 5) {
      for _ in 0..<rounds {
        for view in views {
          sum += Int(classifier.classify(view, reader: &scratch.reader).label.rawValue)
        }
      }
    }
    let best = Double(spent) / Double(rounds * views.count)
    print(pad(name, 16), "mean \(mean) bytes: \(Int(best)) ns a message (labels add up to \(sum))")
    for view in views { view.base.deallocate() }
  }
}

/// Messages of words that nobody writes, each another one: nothing is remembered of them.
private func newWords(count: Int, bytes: Int) -> [String] {
  var generator = SeededGenerator(seed: 7)
  return (0..<count).map { _ in
    var text = ""
    while text.utf8.count < bytes {
      for _ in 0..<Int.random(in: 2...8, using: &generator) {
        text.unicodeScalars.append(
          Unicode.Scalar(UInt8.random(in: 0x61...0x7A, using: &generator)))
      }
      text += " "
    }
    return String(text.prefix(bytes))
  }
}
