internal import Bytes
internal import Platform

/// Writes the file of corrections off the loops, in the order in which lines were handed in.
///
/// Lines are handed in with the gate closed, so their order is that of the changes. Whoever has
/// waiting lines written writes all that are waiting; clients are answered when theirs are on disk.
final class CorrectionStore: Sendable {
  private struct Line {
    var bytes: [UInt8]
    var whenWritten: @Sendable (FileError?) -> Void
  }

  private let path: String
  private let waiting = Guarded<[Line]>([])
  /// Held while lines are written, so that batches stay in order.
  private let writing = Guarded<Void>(())

  init(_ path: String) { self.path = path }

  /// Bytes of a file that are read back.
  static let bytesMax = 64 << 20

  /// Applies a file to a classifier and cuts off a line that was half written.
  ///
  /// A file that is not there is an empty one.
  static func load(
    _ path: String, into classifier: inout Classifier
  ) throws(FileError) -> CorrectionLog.Outcome {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try File.read(path, byteCountMax: bytesMax)
    } catch {
      if error.isMissing { return CorrectionLog.Outcome() }
      throw error
    }
    var reader = MessageReader.ofThisThread
    let outcome = bytes.withByteView {
      CorrectionLog.replay($0, into: &classifier, reader: &reader)
    }
    if outcome.soundBytes < bytes.count {
      try AppendedFile(path).truncate(to: outcome.soundBytes)
    }
    return outcome
  }

  /// Writes a line on a thread of its own and tells when it is on disk, or why not.
  func append(_ bytes: [UInt8], then whenWritten: @escaping @Sendable (FileError?) -> Void) {
    waiting.withLock { $0.append(Line(bytes: bytes, whenWritten: whenWritten)) }
    do throws(Errno) {
      _ = try Thread(name: "coach-learn") { self.writeWaiting() }
    } catch {
      writeWaiting()
    }
  }

  /// Writes a line on this thread: for transactions, which cannot wait.
  ///
  /// - Returns: why it is not on disk; nil when it is.
  func appendNow(_ bytes: [UInt8]) -> FileError? {
    let outcome = Outcome()
    waiting.withLock { lines in
      lines.append(Line(bytes: bytes) { failure in outcome.failure.withLock { $0 = failure } })
    }
    writeWaiting()
    return outcome.failure.withLock { $0 }
  }

  private final class Outcome: Sendable {
    let failure = Guarded<FileError?>(nil)
  }

  private func writeWaiting() {
    writing.withLock { _ in
      let lines = waiting.withLock { lines in
        let all = lines
        lines = []
        return all
      }
      if lines.isEmpty { return }
      var failure: FileError?
      do throws(FileError) {
        try AppendedFile(path).append(Array(lines.map(\.bytes).joined()))
      } catch {
        failure = error
      }
      for line in lines { line.whenWritten(failure) }
    }
  }
}
