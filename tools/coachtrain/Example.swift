import Bytes
import Coach
import Foundation

/// A message with what it is, and where it comes from.
struct Example {
  var text: String
  /// Column of the model: the label's number, or `noneColumn`.
  var column: Int
  var source: String
}

/// The column of messages that are none of the labels.
let noneColumn = 5

/// Something that keeps the tool from doing its work, in words for its user.
struct Failure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Messages as the trainer wants them: rows of features, one after the other.
struct EncodedExamples {
  /// Row of the weight table, the kind of feature in the two top bits.
  private(set) var features: [UInt32] = []
  /// Where each example's features start; one more at the end.
  private(set) var starts: [Int] = [0]
  /// The column that is right.
  private(set) var columns: [Int] = []

  static let kindShift: UInt32 = 30

  var count: Int { columns.count }

  init(_ examples: [Example], rowBits: Int) {
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
      }
      starts.append(features.count)
      columns.append(example.column)
    }
  }
}
