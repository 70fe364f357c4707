public import Platform

/// The books of a server, and the file that they are kept in.
///
/// Changes are made in the books first, which keep a line of each; whoever wants one on disk has
/// all lines written that are waiting, and is told when his is among those that are there. Files
/// are written on a thread of their own, in the order of the changes: event loops never wait.
public final class SpendStore: Sendable {
  /// Bytes of a file that are read back.
  public static var bytesMax: Int { 256 << 20 }

  public let book: BudgetBook
  /// nil: in memory only.
  private let path: String?
  /// Held while the file is written, so that lines stay in order.
  private let writing = Guarded(FileState())

  private struct FileState {
    /// Whether it lacks something, so that it is to be written as a whole.
    var isIncomplete = false
    /// Bytes added since it was short.
    var addedBytes = 0
  }

  /// A file that has grown by so many bytes is made short again.
  private static var addedBytesMax: Int { 64 << 20 }

  /// Opens the books, and makes the file short again.
  ///
  /// - Parameters:
  ///   - path: nil keeps them in memory only. A file that is not there is an empty one.
  ///   - now: Unix seconds.
  public init(_ path: String?, now: Int64) throws(FileError) {
    book = BudgetBook()
    self.path = path
    guard let path else {
      outcome = SpendJournal.Outcome()
      return
    }
    var bytes: [UInt8] = []
    do throws(FileError) {
      bytes = try File.read(path, byteCountMax: Self.bytesMax)
    } catch {
      guard error.isMissing else { throw error }
    }
    outcome = book.restore(bytes, now: now)
    book.beginJournal()
    let short = book.compacted()
    if short != bytes, !bytes.isEmpty { try File.replace(path, with: short, mode: 0o600) }
  }

  /// What came of reading the file.
  public let outcome: SpendJournal.Outcome

  /// Writes what is waiting on a thread of its own, and tells when it is on disk, or why not.
  public func save(then whenWritten: @escaping @Sendable (FileError?) -> Void = { _ in }) {
    guard path != nil else { return whenWritten(nil) }
    do throws(Errno) {
      _ = try Thread(name: "coach-spend") { whenWritten(self.saveNow()) }
    } catch {
      whenWritten(saveNow())
    }
  }

  /// Writes what is waiting on this thread.
  ///
  /// - Returns: why it is not on disk; nil when it is. It is tried again with the next.
  @discardableResult
  public func saveNow() -> FileError? {
    guard let path else { return nil }
    return writing.withLock { file in
      if file.isIncomplete || file.addedBytes > Self.addedBytesMax { return rewrite(path, &file) }
      let lines = book.takeUnwritten()
      if lines.isEmpty { return nil }
      do throws(FileError) {
        try AppendedFile(path).append(lines)
        file.addedBytes += lines.count
        return nil
      } catch {
        // Some of the lines may be there, whole or torn: adding them again would count them twice.
        file.isIncomplete = true
        return error
      }
    }
  }

  /// Removes a user from the books and from the file.
  ///
  /// - Returns: whether there was anything, and why the file still has it.
  public func forget(_ user: String) -> (found: Bool, failure: FileError?) {
    writing.withLock { file in
      let found = book.forget(user)
      return (found, path.flatMap { rewrite($0, &file) })
    }
  }

  private func rewrite(_ path: String, _ file: inout FileState) -> FileError? {
    file.isIncomplete = true
    do throws(FileError) {
      try File.replace(path, with: book.compacted(), mode: 0o600)
      file = FileState()
      return nil
    } catch {
      return error
    }
  }
}
