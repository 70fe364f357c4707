internal import Bytes
internal import Platform

/// The most recent commands that took long.
final class SlowLog: Sendable {
  struct Entry: Sendable {
    let id: Int64
    /// Unix time in seconds.
    let time: Int64
    let microseconds: Int64
    let arguments: [[UInt8]]
    let peer: String
    let clientName: [UInt8]
  }

  /// Arguments that an entry keeps, and bytes of each.
  private static let argumentsMax = 32
  private static let argumentBytesMax = 128

  private struct State {
    /// Newest last.
    var entries: [Entry] = []
    var nextID: Int64 = 0
  }

  private let state = Guarded(State())

  /// Notes a command.
  ///
  /// - Parameter redaction: arguments that are shown as "(redacted)".
  func record(
    _ arguments: Arguments, _ redaction: Redaction, microseconds: Int64,
    of connection: Connection, on loop: EventLoop
  ) {
    let limit = loop.server.configuration.slowLogLengthMax
    let kept = Self.shorten(arguments, redaction)
    let peer = connection.peerName
    let name = connection.existingSession?.name ?? []
    state.withLock { state in
      state.entries.append(
        Entry(
          id: state.nextID, time: Clock.wallMicroseconds / 1_000_000,
          microseconds: microseconds, arguments: kept, peer: peer, clientName: name))
      state.nextID += 1
      if state.entries.count > limit { state.entries.removeFirst(state.entries.count - limit) }
    }
  }

  private static func shorten(_ arguments: Arguments, _ redaction: Redaction) -> [[UInt8]] {
    var kept: [[UInt8]] = []
    let count = min(arguments.count, argumentsMax)
    for index in 0..<count {
      if index == argumentsMax - 1, arguments.count > argumentsMax {
        kept.append(Array("... (\(arguments.count - argumentsMax + 1) more arguments)".utf8))
        break
      }
      let argument = redaction.hides(index) ? ByteView("(redacted)") : arguments[index]
      guard argument.count > argumentBytesMax else {
        kept.append(argument.array)
        continue
      }
      let more = "... (\(argument.count - argumentBytesMax) more bytes)"
      kept.append(argument[0..<argumentBytesMax].array + Array(more.utf8))
    }
    return kept
  }

  /// The newest entries first.
  func entries(limit: Int) -> [Entry] {
    state.withLock { Array($0.entries.suffix(max(0, limit)).reversed()) }
  }

  var count: Int { state.withLock { $0.entries.count } }

  func reset() { state.withLock { $0.entries.removeAll() } }
}

/// Arguments of one command that nobody else is to see, such as passwords.
struct Redaction {
  private var client: Int64 = -1
  private var command: UInt64 = 0
  /// Bit i hides argument i; bit 63 hides all from there on.
  private var mask: UInt64 = 0

  /// Whether nothing is hidden, or something of another command.
  func isStale(_ connection: Connection) -> Bool {
    client != connection.id || command != connection.state.pointee.commandCount
  }

  /// Hides an argument of the command that `connection` runs.
  mutating func hide(_ index: Int, of connection: Connection) {
    if isStale(connection) { mask = 0 }
    client = connection.id
    command = connection.state.pointee.commandCount
    mask |= 1 << UInt64(min(index, 63))
  }

  /// Hides the passwords that AUTH, HELLO or MIGRATE are given, and who they are for.
  mutating func hidePasswords(in arguments: Arguments) {
    let isMigration = arguments[0].equalsIgnoringCase("MIGRATE")
    guard isMigration || arguments[0].equalsIgnoringCase("HELLO") else {
      mask = ~1
      return
    }
    var index = isMigration ? 6 : 2
    while index < arguments.count {
      // Keys stand behind KEYS.
      if isMigration, arguments[index].equalsIgnoringCase("KEYS") { return }
      let isAuth = arguments[index].equalsIgnoringCase("AUTH")
      index += 1
      guard isAuth || isMigration && arguments[index - 1].equalsIgnoringCase("AUTH2") else {
        continue
      }
      for _ in 0..<(isAuth && isMigration ? 1 : 2) {
        mask |= 1 << UInt64(min(index, 63))
        index += 1
      }
    }
  }

  func hides(_ index: Int) -> Bool { mask & 1 << UInt64(min(index, 63)) != 0 }
}

extension CommandContext {
  /// Keeps an argument out of the slow log.
  func redact(_ index: Int) { loop.state.pointee.redaction.hide(index, of: connection) }
}
