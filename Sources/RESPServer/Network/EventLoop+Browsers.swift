internal import Bytes
internal import Logging

/// Requests of web browsers, which a page from anywhere can make against a port of this machine.
///
/// The body of such a request is the page's to choose, so it could hold commands. But in front of
/// it stand a line that begins with POST and one that begins with Host:, and both are read as
/// inline commands. The connection ends there, without a reply, as it does in Redis.
extension EventLoop {
  /// Whether an unknown command is the beginning of a line of HTTP.
  func isSentByBrowser(_ name: ByteView) -> Bool {
    name.equalsIgnoringCase("post") || name.equalsIgnoringCase("host:")
  }

  /// Ends the connection; what came behind is not executed.
  func refuseBrowser(_ connection: Connection) {
    server.log.warning(
      "Closing a connection that speaks HTTP: a web page may be trying to send commands",
      metadata: ["client": "\(connection.peerName)"])
    close(connection)
  }
}
