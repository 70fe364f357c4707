internal import Bytes
internal import CacheCore
internal import RESP

/// Keys on their way to another server: the work of one MIGRATE.
///
/// The loop takes the keys' payloads and watches the keys, a thread of the `Migrator` sends them,
/// and then it is the loop's turn again: a key that the other server has is removed if nobody has
/// changed it meanwhile. One that was changed goes once more, replacing what was sent (or, if it
/// was removed here, is removed there); so nothing that was written meanwhile is lost, and nobody
/// had to wait. That may take several rounds; after `roundsMax` of them the key is left in both
/// places, and the client is told.
///
///     loop    payloads, watches ──→             ──→ removes, or takes payloads anew ──→ reply
///     thread                      sends, reads ─┘   ↑───────────── sends, reads ──────┘
///
/// It is with one thread at a time; the queues between them pass it on.
final class Migration: @unchecked Sendable {
  /// What MIGRATE was asked for.
  struct Request: Sendable {
    var place: MigrationLink.Place
    var database: Int64
    var timeoutMilliseconds: Int
    var copies = false
    var replaces = false
    /// AUTH and its arguments; empty: none.
    var authentication: [[UInt8]] = []
  }

  /// A key and what is to be done with it there.
  struct Part {
    let key: [UInt8]
    var payload: [UInt8]
    /// Milliseconds; 0: for ever.
    var lifetime: Int64
    var replaces: Bool
    /// Whether it is to be removed there.
    var isRemoval = false
    /// Raised when it changes here; nil when it only is to be copied.
    let watch: WatchFlag?
    /// Whether the other server has done it.
    var isDone = false
  }

  /// How often what changes is sent.
  static let roundsMax = 16

  let request: Request
  let source: DatabaseIndex
  let client: BlockedClient
  let entry: SendableEntry
  private let inbox: Inbox
  private let migrator: Migrator

  var parts: [Part]
  private var roundCount = 0
  /// The first error that the other server has answered with.
  private var refusal: String?
  private var failure: MigrationLink.Failure?
  /// Keys that were changed too often.
  private var restlessCount = 0

  init(
    _ request: Request, from source: DatabaseIndex, _ parts: [Part], for client: BlockedClient,
    _ entry: UnsafePointer<CommandEntry>, on loop: EventLoop
  ) {
    self.request = request
    self.source = source
    self.parts = parts
    self.client = client
    self.entry = SendableEntry(pointer: entry)
    inbox = loop.state.pointee.inbox
    migrator = loop.server.state.pointee.migrator
  }

  // MARK: The thread

  /// Sends everything and reads the answers; then it is the loop's turn.
  func transfer() {
    roundCount += 1
    var mayRetry = true
    while true {
      var readCount = 0
      do throws(MigrationLink.Failure) {
        let link = try migrator.link(to: request.place, request.timeoutMilliseconds)
        try send(on: link)
        try readAnswers(from: link, &readCount)
        migrator.keep(link)
        break
      } catch {
        // A connection that was kept may have been closed there meanwhile.
        guard mayRetry, readCount == 0, !error.isTimeout else {
          failure = failure ?? error
          break
        }
        mayRetry = false
        migrator.dropLinks(to: request.place)
      }
    }
    inbox.post(.task { [self] loop in settle(on: loop) })
  }

  private func send(on link: MigrationLink) throws(MigrationLink.Failure) {
    let timeout = request.timeoutMilliseconds
    if !request.authentication.isEmpty {
      try link.write(request.authentication, timeoutMilliseconds: timeout)
    }
    if link.database != request.database {
      try link.write(
        [Array("SELECT".utf8), Array("\(request.database)".utf8)], timeoutMilliseconds: timeout)
    }
    for part in parts {
      if part.isRemoval {
        try link.write([Array("DEL".utf8), part.key], timeoutMilliseconds: timeout)
        continue
      }
      var words = [
        Array("RESTORE".utf8), part.key, Array("\(part.lifetime)".utf8), part.payload,
      ]
      if part.replaces { words.append(Array("REPLACE".utf8)) }
      try link.write(words, timeoutMilliseconds: timeout)
    }
    try link.flush(timeoutMilliseconds: timeout)
  }

  private func readAnswers(
    from link: MigrationLink, _ readCount: inout Int
  ) throws(MigrationLink.Failure) {
    let timeout = request.timeoutMilliseconds
    var error: [UInt8]?
    func note(_ line: [UInt8]) -> Bool {
      guard line.first == UInt8(ascii: "-") else { return true }
      if error == nil { error = line }
      return false
    }
    var mayBelieve = true
    if !request.authentication.isEmpty {
      mayBelieve = note(try link.readLine(timeoutMilliseconds: timeout))
    }
    if link.database != request.database {
      mayBelieve = note(try link.readLine(timeoutMilliseconds: timeout)) && mayBelieve
    }
    // Until all is well, nobody knows what is selected there.
    link.database = nil
    for index in parts.indices {
      let line = try link.readLine(timeoutMilliseconds: timeout)
      readCount += 1
      let isFine = note(line)
      parts[index].isDone = isFine && mayBelieve
    }
    if let error {
      refusal = refusal ?? String(decoding: error.dropFirst(), as: UTF8.self)
    } else {
      link.database = request.database
    }
  }

  // MARK: The loop

  /// Removes here what is there, or prepares the next round. On the client's loop.
  private func settle(on loop: EventLoop) {
    var left: [Part] = []
    loop.withContext(entry.pointer, in: source) { context in
      for part in parts {
        part.key.withByteView { bytes in
          let key = context.hash(bytes)
          context.keyspace.lock(key.hash.shard)
          if let next = settle(part, key, context) { left.append(next) }
          context.keyspace.unlock(key.hash.shard)
        }
      }
    }
    parts = left
    if parts.isEmpty { return finish() }
    migrator.enqueue(self)
  }

  /// - Returns: what has to go once more.
  private func settle(
    _ part: Part, _ key: HashedKey, _ context: borrowing CommandContext
  ) -> Part? {
    guard let watch = part.watch else { return nil }
    // Looking removes what is due, which raises the flag.
    let entry = context.peek(key)
    context.server.state.pointee.watches.remove(WatchedKey(key, in: source), watch)
    if part.isDone, watch.isRaised {
      if roundCount < Self.roundsMax {
        var next = Part(entry, key, replaces: true, isWatched: true, context)
        next.isRemoval = entry == nil
        return next
      }
      restlessCount += 1
    } else if part.isDone, !part.isRemoval {
      _ = context.keyspace.remove(key, in: source, now: context.now)
      context.changed(key, in: source, "del", .generic)
    }
    migrator.release([part.key], in: source)
    return nil
  }

  private func finish() {
    let error: CommandError?
    if let refusal {
      error = .made("ERR Target instance replied with error: \(refusal)")
    } else if let failure {
      error = failure.reply
    } else if restlessCount > 0 {
      error = .fixed(
        "ERR A key was changed again and again while it was sent: it is in both places now")
    } else {
      error = nil
    }
    guard client.take() else { return }
    client.post { loop in
      if let error { loop.write(error) } else { loop.state.pointee.writer.ok() }
    }
  }
}

extension Migration.Part {
  /// Takes what `key` holds, and watches the key from now on; its shard is locked.
  ///
  /// - Parameter entry: what it holds; nil: nothing.
  init(
    _ entry: EntryHandle?, _ key: HashedKey, replaces: Bool, isWatched: Bool,
    _ context: borrowing CommandContext
  ) {
    let bytes = key.bytes.array
    var payload: [UInt8] = []
    var lifetime: Int64 = 0
    if let entry {
      payload = context.dumpPayload(of: entry, key)
      if let deadline = context.keyspace.expiry(of: entry) {
        lifetime = max(1, deadline - context.now)
      }
    }
    var watch: WatchFlag?
    if isWatched {
      let flag = WatchFlag()
      context.server.state.pointee.watches.add(WatchedKey(key, in: context.database), flag)
      watch = flag
    }
    self.init(
      key: bytes, payload: payload, lifetime: lifetime, replaces: replaces, watch: watch)
  }
}

extension MigrationLink.Failure {
  /// What the client is told.
  var reply: CommandError {
    switch stage {
    case .connecting: .fixed("IOERR error or timeout connecting to the client")
    case .reading: .fixed("IOERR error or timeout reading to target instance")
    case .writing: .fixed("IOERR error or timeout writing to target instance")
    }
  }
}

extension EventLoop {
  /// Runs `body` as a command of nobody's would be run, between batches, with no keys locked.
  func withContext(
    _ entry: UnsafePointer<CommandEntry>, in database: DatabaseIndex,
    _ body: (borrowing CommandContext) -> Void
  ) {
    let pointer = makeProxy()
    defer {
      pointer.deinitialize(count: 1)
      pointer.deallocate()
    }
    pointer.pointee.flags = .mustNotWait
    pointer.pointee.database = database
    let request = KeptRequest(copying: [name(of: entry).array])
    withExtendedLifetime(request) {
      body(
        CommandContext(
          loop: self, server: server, connection: Connection(state: pointer), entry: entry,
          arguments: request.arguments, now: state.pointee.now,
          keyBase: state.pointee.keyBuffer, keyCount: 0))
    }
  }
}
