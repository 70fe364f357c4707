import Bytes

@testable import Coach

/// A classifier as it is shipped, with memory of its own.
final class ClassifierFixture {
  private let memory = UnsafeMutableRawPointer.allocate(
    byteCount: MessageReader.memoryBytes, alignment: 64)
  var reader: MessageReader
  var classifier: Classifier

  init(rules: String = BuiltInRules.text) throws {
    reader = MessageReader(memory: memory)
    classifier = Classifier(model: ShippedWeights.model)
    classifier.replaceRules(with: try RuleFile.parse(rules))
  }

  deinit { memory.deallocate() }

  func classify(_ text: String, after turn: String? = nil) -> Classification {
    classify(Array(text.utf8), after: turn)
  }

  func classify(_ text: [UInt8], after turn: String? = nil) -> Classification {
    text.withByteView { message in
      guard let turn else { return classifier.classify(message, reader: &reader) }
      return Array(turn.utf8).withByteView {
        classifier.classify(message, after: $0, reader: &reader)
      }
    }
  }

  func explain(_ text: String, after turn: String? = nil) -> Explanation {
    Array(text.utf8).withByteView { message in
      guard let turn else { return classifier.explain(message, reader: &reader) }
      return Array(turn.utf8).withByteView {
        classifier.explain(message, after: $0, reader: &reader)
      }
    }
  }

  func learn(_ label: MessageLabel, _ text: String) -> Int? {
    Array(text.utf8).withByteView { classifier.learn(label, $0, reader: &reader) }
  }

  func undo(_ number: Int) -> Bool { classifier.undo(number, reader: &reader) }

  func replay(_ bytes: [UInt8]) -> CorrectionLog.Outcome {
    bytes.withByteView { CorrectionLog.replay($0, into: &classifier, reader: &reader) }
  }

  /// The words of a message, as normalised.
  func words(_ text: [UInt8]) -> [String] {
    text.withByteView { reader.read($0) }
    return (0..<reader.tokenCount).map { reader.word($0).string }
  }
}
