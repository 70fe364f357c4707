internal import Bytes
internal import CCoach

/// What is built into the program for the classifier.
enum ShippedWeights {
  /// The trained weights.
  static var model: ClassifierModel {
    let bytes = ByteView(base: ccoach_weights(), count: ccoach_weights_count())
    guard let model = ClassifierModel(bytes) else {
      preconditionFailure("the weights in this program are damaged")
    }
    return model
  }
}

extension MessageReader {
  /// A reader on memory of the calling thread's own; at most one is in use at a time.
  @inline(__always)
  static var ofThisThread: MessageReader {
    assert(memoryBytes <= Int(CCOACH_SCRATCH_BYTES))
    return MessageReader(memory: ccoach_scratch())
  }
}
