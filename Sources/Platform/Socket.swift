internal import CPlatform
internal import Glibc

/// A file descriptor. It is not closed by itself: whoever registers it with an event loop closes it
/// there, once.
public struct FileDescriptor: Equatable, Hashable, Sendable {
  public let rawValue: Int32

  @inlinable
  public init(_ rawValue: Int32) { self.rawValue = rawValue }

  /// Closes it. Errors are ignored: the descriptor is gone in every case.
  public func close() { _ = cp_close(rawValue) }
}

/// What a non-blocking transfer came to.
public enum TransferResult: Equatable {
  /// So many bytes, at least 1.
  case count(Int)
  /// Nothing can be moved right now.
  case wouldBlock
  /// The peer has closed its side (when reading).
  case endOfStream
  /// The connection is broken.
  case failed(Errno)
}

/// Sockets: every call that the server makes on one.
public enum Socket {
  /// Listens on a TCP port.
  ///
  /// - Parameters:
  ///   - address: a numeric address, `*` for any IPv4 or `::*` for any IPv6 address.
  ///   - port: 0 lets the system choose, see `localPort`.
  ///   - backlog: connections that may wait to be accepted.
  public static func listen(
    address: String, port: UInt16, backlog: Int
  ) throws(Errno) -> FileDescriptor {
    let fd = cp_listen_tcp(address, port, Int32(clamping: backlog))
    guard fd >= 0 else { throw .current }
    return FileDescriptor(fd)
  }

  /// Listens on a Unix socket; a file that is in the way is removed.
  ///
  /// - Parameter permissions: file mode bits; 0 leaves what the umask gives.
  public static func listen(
    path: String, permissions: UInt32, backlog: Int
  ) throws(Errno) -> FileDescriptor {
    let fd = cp_listen_unix(path, permissions, Int32(clamping: backlog))
    guard fd >= 0 else { throw .current }
    return FileDescriptor(fd)
  }

  /// The TCP port that a socket is bound to; 0 for a Unix socket.
  public static func localPort(of fd: FileDescriptor) -> Int { Int(cp_local_port(fd.rawValue)) }

  /// Takes the next waiting connection, made non-blocking; nil when none waits.
  public static func accept(from listener: FileDescriptor) throws(Errno) -> FileDescriptor? {
    while true {
      let fd = cp_accept(listener.rawValue)
      if fd >= 0 { return FileDescriptor(fd) }
      let reason = Errno.current
      switch reason {
      case .wouldBlock: return nil
      case .interrupted, .connectionAborted: continue
      default: throw reason
      }
    }
  }

  /// Connects and waits until it stands. For tests and tools.
  public static func connect(address: String, port: UInt16) throws(Errno) -> FileDescriptor {
    let fd = cp_connect_tcp(address, port)
    guard fd >= 0 else { throw .current }
    return FileDescriptor(fd)
  }

  /// Receives up to `count` bytes.
  public static func receive(
    from fd: FileDescriptor, into buffer: UnsafeMutableRawPointer, count: Int
  ) -> TransferResult {
    while true {
      let result = cp_recv(fd.rawValue, buffer, count)
      if result > 0 { return .count(result) }
      if result == 0 { return .endOfStream }
      switch Errno.current {
      case .wouldBlock: return .wouldBlock
      case .interrupted: continue
      case let reason: return .failed(reason)
      }
    }
  }

  /// Sends up to `count` bytes.
  public static func send(
    to fd: FileDescriptor, _ buffer: UnsafeRawPointer, count: Int
  ) -> TransferResult {
    while true {
      let result = cp_send(fd.rawValue, buffer, count)
      if result >= 0 { return .count(result) }
      switch Errno.current {
      case .wouldBlock: return .wouldBlock
      case .interrupted: continue
      case let reason: return .failed(reason)
      }
    }
  }

  /// Bytes to send together with others; laid out like C's `iovec`.
  public struct Piece {
    let base: UnsafeRawPointer
    let count: Int

    /// A piece of `count` bytes at `base`.
    public init(base: UnsafeRawPointer, count: Int) {
      self.base = base
      self.count = count
    }
  }

  /// Sends up to 1024 pieces in one call.
  public static func send(
    to fd: FileDescriptor, pieces: UnsafeBufferPointer<Piece>
  ) -> TransferResult {
    precondition(pieces.count <= 1024)
    precondition(MemoryLayout<Piece>.size == MemoryLayout<iovec>.size)
    while true {
      let result = UnsafeRawBufferPointer(pieces).withMemoryRebound(to: iovec.self) {
        cp_send_vector(fd.rawValue, $0.baseAddress, Int32($0.count))
      }
      if result >= 0 { return .count(result) }
      switch Errno.current {
      case .wouldBlock: return .wouldBlock
      case .interrupted: continue
      case let reason: return .failed(reason)
      }
    }
  }

  /// Sends small pieces at once instead of waiting for more (TCP_NODELAY). A Unix socket, which
  /// does not know the option, is left as it is.
  public static func setNoDelay(_ fd: FileDescriptor) { _ = cp_set_no_delay(fd.rawValue) }

  /// Probes a silent peer after `seconds`; 0 turns probing off.
  public static func setKeepAlive(_ fd: FileDescriptor, seconds: Int) {
    _ = cp_set_keep_alive(fd.rawValue, Int32(clamping: seconds))
  }

  /// Ends both directions; the peer notices, the descriptor stays open.
  public static func shutdown(_ fd: FileDescriptor) { _ = cp_shutdown(fd.rawValue) }

  /// The peer's address as "127.0.0.1:50000"; nil for a Unix socket.
  public static func peerName(of fd: FileDescriptor) -> String? {
    name { cp_peer_name(fd.rawValue, $0, $1) }
  }

  /// The own address of a connection as "127.0.0.1:6379" or "/path:0".
  public static func localName(of fd: FileDescriptor) -> String? {
    name { cp_socket_name(fd.rawValue, $0, $1) }
  }

  /// Whether the peer is on this machine (loopback or Unix socket).
  public static func isPeerLocal(_ fd: FileDescriptor) -> Bool {
    cp_peer_is_local(fd.rawValue) == 1
  }

  private static func name(_ read: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 160) { text in
      let place = text.baseAddress!
      return read(place, text.count) == 0 ? String(cString: place) : nil
    }
  }
}
