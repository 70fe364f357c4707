import Bytes
import Coach
import Foundation
import ToolSupport

/// What the tool decides beside the weights.
struct Thresholds {
  var decision = DecisionThresholds()
  var contextShift: Float = 1.5
  var offers = SIMD2<Float>(0, 0)
}

/// Puts weights into the form that `ClassifierModel` reads.
///
/// - Parameters:
///   - main: columns 0 to 5.
///   - turns: two columns each for the two kinds of turns.
func weightsFile(_ main: FloatModel, turns: [FloatModel], _ thresholds: Thresholds) -> Data {
  let count = 1 << main.rowBits
  var columns: [[Float]] = (0..<6).map { column in
    (0..<count).map { main.weights[$0][column] }
  }
  var biases = Array(main.biases[0..<6])
  for turn in turns {
    columns.append((0..<count).map { turn.weights[$0][1] - turn.weights[$0][0] })
    biases.append(turn.biases[1] - turn.biases[0])
  }
  while columns.count < 8 {
    columns.append(Array(repeating: 0, count: count))
    biases.append(0)
  }
  let quanta = columns.map { column in
    max(column.reduce(Float(1e-6)) { max($0, abs($1)) } / 127, 1e-6)
  }
  var rows = [UInt8](repeating: 0, count: 8 * count)
  for (lane, column) in columns.enumerated() {
    for row in 0..<count {
      let rounded = (column[row] / quanta[lane]).rounded(.toNearestOrAwayFromZero)
      rows[8 * row + lane] = UInt8(bitPattern: Int8(rounded))
    }
  }
  var header = [UInt8]("WCCLASS3".utf8)
  func append(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { header += $0 } }
  append(UInt32(main.rowBits))
  append(8)
  for lane in 0..<4 { append(main.kindScales[lane].bitPattern) }
  for value in quanta + biases { append(value.bitPattern) }
  for value in [
    thresholds.decision.temperature, thresholds.decision.confidenceMin,
    thresholds.decision.premiumShareMax, thresholds.contextShift, thresholds.offers.x,
    thresholds.offers.y, thresholds.decision.noneMin, thresholds.decision.premiumShareMaxShort,
  ] { append(value.bitPattern) }
  let sum = rows.withUnsafeBytes { ClassifierModel.checksum(of: ByteView($0)) }
  withUnsafeBytes(of: sum.littleEndian) { header += $0 }
  header += [UInt8](repeating: 0, count: ClassifierModel.headerBytes - header.count)
  return Data(header + rows)
}

/// Weights in memory, aligned as a classifier wants them.
///
/// They are never freed: a model is a pointer to them, and the tool ends soon enough.
struct LoadedWeights {
  /// Where the server takes the weights from.
  static let shippedPath = "Sources/CCoach/weights.bin"

  private let memory: UnsafeMutableRawPointer
  let count: Int

  static func shipped() throws -> LoadedWeights { LoadedWeights(try contents(of: shippedPath)) }

  init(_ data: Data) {
    count = data.count
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
    UnsafeMutableRawBufferPointer(start: memory, count: count).copyBytes(from: data)
    self.memory = memory
  }

  func model() throws -> ClassifierModel {
    let bytes = ByteView(UnsafeRawBufferPointer(start: memory, count: count))
    guard let model = ClassifierModel(bytes) else { throw Failure("these are no weights") }
    return model
  }

  /// A classifier that knows rules, too.
  func classifier(rules: String = BuiltInRules.text) throws -> Classifier {
    var classifier = Classifier(model: try model())
    classifier.replaceRules(with: try RuleFile.parse(rules))
    return classifier
  }
}

/// Reads messages for a classifier.
final class MessageScratch {
  private let memory = UnsafeMutableRawPointer.allocate(
    byteCount: MessageReader.memoryBytes, alignment: 16)
  var reader: MessageReader

  init() { reader = MessageReader(memory: memory) }
  deinit { memory.deallocate() }

  func classify(
    _ text: String, after turn: String? = nil, by classifier: borrowing Classifier
  ) -> Classification {
    var text = text
    var turn = turn ?? ""
    let hasTurn = !turn.isEmpty
    return text.withUTF8 { bytes in
      turn.withUTF8 { before in
        classifier.classify(
          ByteView(UnsafeRawBufferPointer(bytes)),
          after: hasTurn ? ByteView(UnsafeRawBufferPointer(before)) : nil, reader: &reader)
      }
    }
  }
}
