import Bytes
import Coach
import Foundation

/// A message with what it is, and where it comes from.
struct Example {
  var text: String
  /// Column of the model: the label's number, or `noneColumn`.
  var column: Int
  var source: String

  /// Whether it was written for this project: "own:" the style, "author:" the author.
  var isOurs: Bool { source.isOurs }
}

extension String {
  /// Whether a source is of our own messages.
  var isOurs: Bool { hasPrefix("own") || hasPrefix("author") }
}

/// The column of messages that are none of the labels.
let noneColumn = 5

/// Messages as the trainer wants them: rows of features, one after the other.
struct EncodedExamples {
  /// Row of the weight table, the kind of feature in the two top bits. Rows from 1 << row bits on
  /// are of kinds of words, which count as no feature of their own in a message's scale.
  private(set) var features: [UInt32] = []
  /// Where each example's features start; one more at the end.
  private(set) var starts: [Int] = [0]
  /// The column that is right.
  private(set) var columns: [Int] = []

  static let kindShift: UInt32 = 30

  var count: Int { columns.count }

  init(_ examples: [Example], rowBits: Int, lexicon: Lexicon = Lexicon()) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: MessageReader.memoryBytes, alignment: 16)
    defer { memory.deallocate() }
    var reader = MessageReader(memory: memory)
    for example in examples {
      var text = example.text
      text.withUTF8 { reader.read(ByteView(UnsafeRawBufferPointer($0))) }
      for (hash, kind) in FeatureList(reader).features {
        features.append(
          UInt32(truncatingIfNeeded: hash >> UInt64(64 - rowBits))
            | UInt32(kind) << Self.kindShift)
        if kind == 0 {
          for number in lexicon.kinds[hash] ?? [] { features.append(1 << UInt32(rowBits) + number) }
        }
      }
      starts.append(features.count)
      columns.append(example.column)
    }
  }
}
