internal import CPlatform
internal import Glibc

/// For threads that talk to another server and have nothing else to do: calls that wait.
extension Socket {
  /// Why there is no connection.
  public enum ConnectFailure: Error {
    /// The name is unknown, or nobody has answered in time.
    case unreachable
    /// Every address has refused.
    case refused
  }

  /// Connects to a host by name or address; the socket does not block.
  ///
  /// - Parameters:
  ///   - port: any number; one that is none of a port is refused.
  ///   - timeoutMilliseconds: for each address; looking the name up takes its own time.
  public static func connect(
    host: String, port: Int, timeoutMilliseconds: Int
  ) throws(ConnectFailure) -> FileDescriptor {
    let fd = cp_connect_host(host, String(port), Int32(clamping: timeoutMilliseconds))
    guard fd >= 0 else { throw fd == -2 ? .refused : .unreachable }
    return FileDescriptor(fd)
  }

  /// Waits until something can be received, or the peer is gone.
  ///
  /// - Returns: false when the time is up.
  public static func waitToReceive(
    from fd: FileDescriptor, milliseconds: Int
  ) -> Bool {
    cp_wait(fd.rawValue, 0, Int32(clamping: milliseconds)) == 1
  }

  /// Waits until something can be sent, or the peer is gone.
  ///
  /// - Returns: false when the time is up.
  public static func waitToSend(to fd: FileDescriptor, milliseconds: Int) -> Bool {
    cp_wait(fd.rawValue, 1, Int32(clamping: milliseconds)) == 1
  }
}
