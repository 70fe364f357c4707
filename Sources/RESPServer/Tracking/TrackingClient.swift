internal import Bytes
internal import RESP

/// A client that is told when keys change (CLIENT TRACKING), as the table of tracked keys and the
/// loops see it. Lives as long as somebody points at it; the table may still do so when the client
/// has gone or has turned tracking off.
final class TrackingClient: @unchecked Sendable {
  // Sendable: `isOn`, `options` and `prefixes` change with the gate held and are read inside
  // batches; `isRedirectionBroken` belongs to the client's own loop.

  /// How it wants to be told.
  struct Options {
    /// Of all keys with certain prefixes, not of those it has read.
    var broadcasts = false
    /// Keys count only if CLIENT CACHING YES came before the command that read them.
    var optsIn = false
    /// Keys count unless CLIENT CACHING NO came before.
    var optsOut = false
    /// Not of what it changes itself.
    var sparesOwnChanges = false
    /// Another client that gets the messages, and the loop it is on.
    var redirection: Subscriber?
  }

  let id: Int64
  /// The loop that the client is on.
  let loop: Int

  var isOn = false
  var options = Options()
  /// What it broadcasts for.
  var prefixes: [[UInt8]] = []
  /// Whether the client that gets the messages has been found to be gone.
  var isRedirectionBroken = false

  init(id: Int64, loop: Int) {
    self.id = id
    self.loop = loop
  }

  /// Who gets the messages.
  var receiver: Subscriber { options.redirection ?? Subscriber(loop: loop, client: id) }

  /// Whether what it has read is remembered.
  var remembersReads: Bool { isOn && !options.broadcasts }
}

extension PushMessage {
  private static let channel: StaticString = "__redis__:invalidate"

  /// The message that keys have changed; nil: any key may have.
  static func invalidation(of keys: [[UInt8]]?) -> PushMessage {
    .encoded { writer in
      if writer.version == .resp3 {
        writer.push(2)
        writer.bulk("invalidate")
      } else {
        // For clients that get other clients' messages by being subscribed.
        writer.array(3)
        writer.bulk("message")
        writer.bulk(channel)
      }
      guard let keys else { return writer.null() }
      writer.array(keys.count)
      for key in keys { writer.bulk(key) }
    }
  }
}

/// Connections that stand for another: scripts, blocked commands that run again.
extension Connection {
  /// How a connection that stands for this one is to remember what it reads; nil: not at all.
  var rememberedTracking: TrackingClient? {
    guard flags.contains(.tracksReads), let tracking = existingSession?.tracking else { return nil }
    let isChosen = flags.contains(.cachingGiven)
    if tracking.options.optsIn, !isChosen { return nil }
    if tracking.options.optsOut, isChosen { return nil }
    return tracking
  }

  /// Lets a connection that stands for another remember what it reads for that one.
  func setTracking(_ tracking: TrackingClient?) {
    flags.subtract([.tracksReads, .cachingGiven])
    guard let tracking else {
      existingSession?.tracking = nil
      return
    }
    session.tracking = tracking
    flags.insert(.tracksReads)
    if tracking.options.optsIn { flags.insert(.cachingGiven) }
  }
}
