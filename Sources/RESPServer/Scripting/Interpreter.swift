internal import Bytes
internal import CLua

/// A Lua interpreter, see CLua. Belongs to one loop, or to whoever has the gate.
final class Interpreter {
  let state: OpaquePointer

  /// Makes one.
  ///
  /// - Parameters:
  ///   - memoryMax: bytes that scripts may hold.
  ///   - isForFunctions: whether libraries are loaded into it, not scripts.
  /// - Returns: nil when there is no memory.
  init?(memoryMax: Int, isForFunctions: Bool) {
    var random = SystemRandomNumberGenerator()
    guard
      let state = wl_new(
        memoryMax, isForFunctions ? 1 : 0, Self.versionText, Self.versionNumber, random.next())
    else { return nil }
    self.state = state
  }

  deinit { wl_free(state) }

  /// The version of Redis that scripts are told, as INFO tells it.
  // For the life of the process: interpreters keep the pointer. Nobody writes there.
  private nonisolated(unsafe) static let versionText: UnsafePointer<CChar> = {
    let bytes = Version.redis.utf8CString
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { copy[index] = byte }
    return UnsafePointer(copy)
  }()

  /// The same as 0x00MMmmpp.
  static let versionNumber: UInt32 = Version.redis.split(separator: ".").reduce(0) {
    $0 << 8 | (UInt32($1) ?? 0)
  }

  /// Bytes held.
  var memoryUsage: Int { wl_memory(state) }

  /// What the last call has left: a reply, or an error's text.
  var output: ByteView { Self.view(wl_output(state)) }

  /// Where the last error was raised: "@user_script:3"; nil when that is not known.
  var errorPlace: String? {
    let source = Self.view(wl_error_source(state))
    let line = wl_error_line(state)
    guard !source.isEmpty, line >= 0 else { return nil }
    return "\(source.string):\(line)"
  }

  /// Whether the last error was counted when a command of the script failed.
  var errorIsCounted: Bool { wl_error_is_counted(state) != 0 }

  /// Compiles a script.
  ///
  /// - Returns: what to run it by; nil: `output` says what is wrong.
  func compile(_ code: ByteView) -> Int32? {
    var reference: Int32 = 0
    guard wl_compile(state, code.base, code.count, &reference) == WL_REPLY else { return nil }
    return reference
  }

  /// Forgets a script or function.
  func release(_ reference: Int32) { wl_release(state, reference) }

  static func view(_ slice: wl_slice) -> ByteView {
    guard let bytes = slice.bytes else { return .empty }
    return ByteView(base: bytes, count: slice.count)
  }
}
