public import Bytes

extension CommandContext {
  /// Sends a message to a channel's subscribers, as PUBLISH does.
  ///
  /// - Returns: how many got it.
  /// - Complexity: O(subscribers + patterns)
  @discardableResult
  public func publish(_ message: ByteView, to channel: ByteView) -> Int {
    server.state.pointee.hub.publish(message, to: channel)
  }
}
