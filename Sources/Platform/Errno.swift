public import Glibc

/// The reason why a system call failed.
public struct Errno: Error, Equatable, CustomStringConvertible {
  /// The C number, as in errno.h.
  public let rawValue: Int32

  @inlinable
  public init(_ rawValue: Int32) { self.rawValue = rawValue }

  /// The reason of this thread's last failed call.
  @inlinable
  public static var current: Errno { Errno(errno) }

  /// EAGAIN: nothing to do right now.
  public static let wouldBlock = Errno(EAGAIN)
  /// EINTR: a signal came between.
  public static let interrupted = Errno(EINTR)
  /// EMFILE: this process has no file descriptor left.
  public static let tooManyOpenFiles = Errno(EMFILE)
  /// ENFILE: the machine has none left.
  public static let tooManyOpenFilesInSystem = Errno(ENFILE)
  /// ECONNABORTED: the peer went before it was accepted.
  public static let connectionAborted = Errno(ECONNABORTED)

  /// The C library's text, such as "Address already in use".
  public var description: String {
    var text = [CChar](repeating: 0, count: 128)
    return text.withUnsafeMutableBufferPointer { buffer in
      guard strerror_r(rawValue, buffer.baseAddress!, buffer.count) == 0 else {
        return "error \(rawValue)"
      }
      return String(cString: buffer.baseAddress!)
    }
  }
}

/// Calls `body` again as long as a signal interrupts it.
@inlinable
func retryingOnInterrupt(_ body: () -> Int) throws(Errno) -> Int {
  while true {
    let result = body()
    if result >= 0 { return result }
    let reason = Errno.current
    guard reason == .interrupted else { throw reason }
  }
}
