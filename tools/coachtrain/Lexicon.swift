import Bytes
import Coach
import Foundation
import ToolSupport

/// Words of one kind: dishes, weather, people one may love, words of a test.
///
/// In training every word of a kind carries the kind along as one more feature, so a message about
/// risotto teaches something about dumplings. Afterwards a kind's weights are added to the rows of
/// its words: what is shipped has no kinds, costs nothing more, and knows words that no message
/// has.
///
///     kind: word word word …        a line; "#" opens a comment
struct Lexicon {
  /// Hash of a word as a feature → numbers of its kinds.
  private(set) var kinds: [UInt64: [UInt32]] = [:]
  private(set) var kindCount = 0

  /// Rows that a model in training has behind those of hashed features, one for each kind.
  static let kindCountMax = 256

  /// No words.
  init() {}

  /// Reads lines of kinds. Words of four letters and more are taken with an "s" at their end too.
  init(lines: [String]) throws {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: MessageReader.memoryBytes, alignment: 16)
    defer { memory.deallocate() }
    var reader = MessageReader(memory: memory)
    var numbers: [Substring: UInt32] = [:]
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { throw Failure("no kind before a colon: \(line)") }
      let kind = numbers[parts[0], default: UInt32(numbers.count)]
      numbers[parts[0]] = kind
      for word in parts[1].split(separator: " ") {
        var forms = [String(word)]
        if word.utf8.count > 3, !word.hasSuffix("s") { forms.append(word + "s") }
        for form in forms {
          var form = form
          form.withUTF8 { reader.read(ByteView(UnsafeRawBufferPointer($0))) }
          guard reader.tokenCount == 1 else { throw Failure("not one word: \(form)") }
          for feature in FeatureList(reader).features where feature.kind == 0 {
            if !(kinds[feature.hash] ?? []).contains(kind) {
              kinds[feature.hash, default: []].append(kind)
            }
          }
        }
      }
    }
    kindCount = numbers.count
    guard kindCount <= Self.kindCountMax else { throw Failure("more than 256 kinds of words") }
  }

  /// Adds the weights of kinds to the rows of their words.
  func fold(into model: FloatModel) {
    let vectors = model.width / 8
    // In the order of the rows, so that sums come out the same each time.
    for (hash, numbers) in kinds.sorted(by: { $0.key < $1.key }) {
      let row = Int(truncatingIfNeeded: hash >> UInt64(64 - model.rowBits))
      for number in numbers {
        for block in 0..<vectors {
          let kind = ((1 << model.rowBits) + Int(number)) * vectors + block
          model.weights[row * vectors + block] += model.weights[kind]
        }
      }
    }
  }
}
