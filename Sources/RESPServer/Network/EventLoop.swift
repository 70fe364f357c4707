internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP
internal import Synchronization

/// A loop thread's life.
///
///     wait (until something is readable, a timer or a key is due)
///       → letter box → connections: read, execute in batches, send → due keys → housekeeping
///
/// An idle loop sleeps without a timeout: nothing due means no wake-up.
extension EventLoop {
  /// What an epoll event's data stands for, besides connections.
  private enum Marker {
    static let inbox = UInt64.max
    static let signals = UInt64.max - 1
    static let listener = UInt64.max - 1000
  }

  /// References of the wheel that are looked at between two rounds of clients.
  private static var expiryLimit: Int { 512 }

  /// Runs until the server stops.
  func run() {
    Thread.currentNumber = index
    watchInternalEvents()
    updateTime()
    while !server.state.pointee.stopping.load(ordering: .acquiring) { handle(ready: wait()) }
    drain()
  }

  /// A turn without waiting, for a loop that has no thread (`LoopbackServer`).
  func runOnce() {
    Thread.currentNumber = index
    handle(ready: state.pointee.epoll.wait(timeout: 0))
  }

  /// Handles what epoll has reported.
  func handleEvents(_ ready: Int) {
    for index in 0..<ready {
      let (data, events) = state.pointee.epoll.event(at: index)
      dispatch(data, events)
    }
  }

  /// Handles the events that epoll has reported, and what is due besides.
  private func handle(ready: Int) {
    updateTime()
    handleEvents(ready)
    closeMarked()
    runTimers()
    runUpkeep(isIdle: ready == 0)
  }

  func watchInternalEvents() {
    do {
      try state.pointee.epoll.add(
        state.pointee.inbox.counter.fd, events: .read, data: Marker.inbox)
      if let signals = state.pointee.signals {
        try state.pointee.epoll.add(signals.fd, events: .read, data: Marker.signals)
      }
    } catch {
      preconditionFailure("epoll refuses descriptors of our own: \(error)")
    }
    watchListeners()
  }

  /// Tells epoll of the listeners, whose places are what its events name.
  func watchListeners() {
    for (index, listener) in state.pointee.listeners.enumerated() {
      let data = Marker.listener - UInt64(index)
      do {
        try state.pointee.epoll.add(listener.fd, events: .read, data: data)
      } catch {
        // It is known already, perhaps at another place.
        try? state.pointee.epoll.modify(listener.fd, events: .read, data: data)
      }
    }
  }

  /// Reads the clock.
  func updateTime() {
    state.pointee.now = server.state.pointee.clock.milliseconds
    state.pointee.clockTicks = TickCounter.now
  }

  /// Whether due keys are to be removed that nobody asks for.
  private var expiresActively: Bool {
    server.state.pointee.expiresActively.load(ordering: .relaxed)
      && !server.state.pointee.holdsExpiry.load(ordering: .relaxed)
  }

  /// When keys are to be removed next; `Int64.max`: nothing is due, or nobody is to look.
  private var nextExpiry: Int64 {
    guard expiresActively else { return .max }
    return server.state.pointee.keyspace.nextDeadline(worker: index)
  }

  /// How long a loop that has had something to do sleeps before it looks after the key space once
  /// more, in milliseconds. Then it sleeps without end.
  private static var settlingTime: Int64 { 100 }

  /// Sleeps until something happens or is due.
  private func wait() -> Int {
    let now = state.pointee.now
    var deadline = nextExpiry
    state.pointee.nextExpiry = deadline
    deadline = min(deadline, state.pointee.timers.nextDeadline)
    if state.pointee.wasActive { deadline = min(deadline, now &+ Self.settlingTime) }
    guard deadline > now, !state.pointee.hasMoreUpkeep else {
      return state.pointee.epoll.wait(timeout: 0)
    }
    // Other loops wake this one when they give a key an earlier deadline. What they gave before
    // they could know is found here.
    let isShared = server.state.pointee.loopCount > 1
    if isShared, expiresActively {
      deadline = server.state.pointee.keyspace.willSleep(worker: index, until: deadline)
    }
    let ready = state.pointee.epoll.wait(timeout: microseconds(until: deadline))
    if isShared { server.state.pointee.keyspace.didWake(worker: index) }
    return ready
  }

  /// The time until a deadline as epoll wants it: negative for never.
  private func microseconds(until deadline: Int64) -> Int64 {
    let (limit, overflow) = deadline.multipliedReportingOverflow(by: 1000)
    if overflow { return -1 }
    return max(0, limit - server.state.pointee.clock.microseconds)
  }

  private func dispatch(_ data: UInt64, _ events: Epoll.Events) {
    if data == Marker.inbox {
      state.pointee.inbox.counter.reset()
      enterGate()
      takeMessages()
      if isInside { evictClientsIfNeeded() }
      leaveGate()
      return
    }
    if data == Marker.signals { return handleSignals() }
    if data <= Marker.listener, data > Marker.listener - 1000 {
      return accept(from: Int(Marker.listener - data))
    }
    let slot = Int(data & 0xFFFF_FFFF)
    // The connection may have been closed, and its slot used again, by an earlier event.
    guard slot < state.pointee.slots.count, let pointer = state.pointee.slots[slot],
      pointer.pointee.generation == UInt32(data >> 32)
    else { return }
    handle(events, of: Connection(state: pointer))
  }

  /// Whether a batch was begun that no slow script keeps from what is shared.
  private var isInside: Bool { !state.pointee.isAside && !state.pointee.holdsGate }

  /// Handles what is in the letter box. Between `enterGate` and `leaveGate`; no replies are being
  /// written. What must not be done beside a slow script is kept for its end.
  func takeMessages() {
    let isInside = isInside
    let messages = state.pointee.deferred + state.pointee.inbox.take()
    state.pointee.deferred = []
    for message in messages {
      if isInside || message.isAlwaysHandled {
        handle(message)
      } else {
        state.pointee.deferred.append(message)
      }
    }
    if isInside, state.pointee.hasReadyKeys { serveReadyKeys() }
    sendMessages()
  }

  private func handle(_ events: Epoll.Events, of connection: Connection) {
    let isInside = enterGate()
    // A client whose script runs has to wait for it.
    guard !connection.flags.contains(.runsScript) else { return leaveGate() }
    if events.contains(.write) { sendWaiting(connection) }
    if !events.isDisjoint(with: [.read, .hangUp, .error, .readHangUp]),
      !connection.flags.contains(.closesNow)
    {
      if connection.flags.contains(.ignoresRead) {
        // Input is not wanted now; a peer that is gone is noticed all the same.
        if !events.isDisjoint(with: [.hangUp, .error, .readHangUp]) { close(connection) }
      } else {
        read(connection)
      }
    }
    if isInside { evictClientsIfNeeded() }
    leaveGate()
  }

  /// Begins a batch, see `Gate`.
  ///
  /// - Returns: false when a slow script keeps others out: nothing may be touched then that is not
  ///   the loop's own.
  @discardableResult
  func enterGate() -> Bool {
    // A script that this loop runs, and that lets others be answered meanwhile.
    if state.pointee.holdsGate { return false }
    state.pointee.isAside = !server.state.pointee.gate.enter(worker: index)
    return !state.pointee.isAside
  }

  /// Ends a batch.
  func leaveGate() {
    if state.pointee.holdsGate { return }
    if state.pointee.hasBroadcasts { postBroadcasts() }
    state.pointee.isAside = false
    server.state.pointee.gate.leave(worker: index)
  }

  /// Runs `body` while all other loops stand still. The caller is inside a batch.
  ///
  /// - Returns: false when a slow script keeps all others out, and `body` was not run.
  /// - Complexity: waits for the batches that are under way.
  @discardableResult
  func runExclusively(_ body: () -> Void) -> Bool {
    if state.pointee.holdsGate {
      body()
      return true
    }
    guard !state.pointee.isAside else { return false }
    guard server.state.pointee.gate.close(worker: index) else {
      // The batch goes on, aside.
      enterGate()
      return false
    }
    state.pointee.holdsGate = true
    body()
    state.pointee.holdsGate = false
    server.state.pointee.gate.open(worker: index)
    return true
  }

  /// The same for a client's command. It is not run when the holder before has closed the client:
  /// a deleted user's client has nobody's rights any more.
  func runExclusively(for connection: Connection, _ body: () -> Void) -> Bool {
    runExclusively {
      if !connection.flags.contains(.closesNow) { body() }
    }
  }

  private func handle(_ message: InboxMessage) {
    switch message {
    case .connection(let fd, let isUnixSocket): adopt(fd, isUnixSocket: isUnixSocket)
    case .deliver(let push, let clients): deliver(push, to: clients)
    case .invalidate(let message, let clients): deliver(message, to: clients)
    case .task(let body): body(self)
    case .attend: resumePaused()
    }
  }

  private func runUpkeep(isIdle: Bool) {
    guard enterGate() else {
      // What is due stays due, so the loop would spin.
      leaveGate()
      return Thread.sleep(microseconds: 500)
    }
    state.pointee.counters.turns &+= 1
    let now = state.pointee.now
    if state.pointee.nextExpiry <= now {
      watchingLatency("expire-cycle") {
        _ = server.state.pointee.keyspace.expireDue(
          worker: index, now: now, limit: Self.expiryLimit)
      }
    }
    // Housekeeping when there is nothing else to do, and every 64th turn under load.
    state.pointee.wasActive = !isIdle
    if isIdle || state.pointee.counters.turns & 63 == 0 {
      let hasMore = server.state.pointee.keyspace.maintain(
        worker: index, now: now, isIdle: isIdle)
      // Keys that are due and may not go (DEBUG SET-ACTIVE-EXPIRE, a pause) are no reason to spin.
      state.pointee.hasMoreUpkeep = hasMore && expiresActively
      if index == 0 {
        if evictFurther() { state.pointee.hasMoreUpkeep = true }
        checkClock()
        server.notePeakMemory(server.state.pointee.keyspace.usedMemory)
      }
    }
    sampleRates()
    leaveGate()
  }

  /// Goes on with evicting where the limit was lowered by much.
  ///
  /// - Returns: whether there is more to evict.
  private func evictFurther() -> Bool {
    let limit = server.configuration.maxMemory
    guard limit > 0, server.state.pointee.keyspace.usedMemory > limit else { return false }
    let made = server.state.pointee.keyspace.makeRoom(worker: index, now: state.pointee.now)
    return made && server.state.pointee.keyspace.usedMemory > limit
  }

  private func checkClock() {
    if let step = server.state.pointee.clock.check() {
      server.log.warning(
        "The wall clock was set; keys keep their time to live",
        metadata: ["milliseconds": "\(step)"])
    }
  }
}
