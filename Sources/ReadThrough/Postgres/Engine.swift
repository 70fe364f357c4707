internal import CPostgres
internal import Glibc
internal import Logging
internal import Platform
internal import RESPServer

/// The database's thread: one round after the other of orders, sockets and times.
///
///     orders ──► queue ──► connections ──► answers ──► loops, which store and wake who waits
///                              listener ──► changes ──► loops, which remove keys
///
/// All state is its own but what stands in `LoadBook`. It waits in one `poll`, for at most
/// `pauseMillisecondsMax`.
final class Engine {
  let url: DatabaseURL
  let mailbox: Mailbox
  let book: LoadBook
  let delivery: Delivery
  let loader: Loader
  let log: Logger
  let figures: EngineFigures
  var settings: LoadSettings
  var table = ClassTable.empty

  private let connections: [PoolConnection]
  let listener: Listener
  /// Loads that no connection has yet.
  private var queue: [Flight] = []
  private var firstQueued = 0
  /// Loads that have not ended, oldest first, for their deadlines.
  private var open: [Flight] = []
  private var firstOpen = 0
  /// Connecting that failed in a row, and when it is tried again.
  private var failures = 0
  private var nextAttempt: UInt64 = 0
  private var isDown = false
  private var nextSweep: UInt64 = 0

  private static let pauseMillisecondsMax: UInt64 = 1000
  private static let firstRestMilliseconds: UInt64 = 100
  private static let longestRestMilliseconds: UInt64 = 2000
  /// How much longer than a statement may take its answer is waited for.
  private static let graceMilliseconds: Int64 = 1000
  private static let sweepNanoseconds: UInt64 = 30_000_000_000
  /// How often a load is asked anew because its connection broke.
  private static let retriesMax = 2

  init(
    url: DatabaseURL, connectionCount: Int, book: LoadBook, delivery: Delivery,
    loader: Loader, listening: Listener.Plan, log: Logger, figures: EngineFigures
  ) {
    self.url = url
    mailbox = book.mailbox
    self.book = book
    self.delivery = delivery
    self.loader = loader
    self.log = log
    self.figures = figures
    settings = book.settings
    connections = (0..<max(1, connectionCount)).map { _ in PoolConnection() }
    listener = Listener(listening)
  }

  /// Works until it is told to stop.
  func run() {
    while true {
      let (orders, isStopping) = mailbox.take()
      if isStopping { break }
      for order in orders { obey(order) }
      let now = Clock.monotonicNanoseconds
      checkDeadlines(now)
      checkConnections(now)
      assign(now)
      stepListener(now)
      if now >= nextSweep {
        book.sweep(now: delivery.now)
        nextSweep = now + Self.sweepNanoseconds
      }
      noteFigures()
      wait()
    }
    for connection in connections { connection.close("") }
    listener.close("")
  }

  private func obey(_ order: Mailbox.Order) {
    switch order {
    case .load(let flight):
      queue.append(flight)
      // One that is asked anew is there already.
      if flight.restarts == 0 { open.append(flight) }
    case .table(let table):
      self.table = table
      let now = Clock.monotonicNanoseconds
      for connection in connections where !connection.forgetStatements(now: now) {
        giveUp(connection)
      }
      listener.classesChanged(table)
    case .settings(let settings):
      self.settings = settings
    }
  }

  // MARK: Times

  private func checkDeadlines(_ now: UInt64) {
    while firstOpen < open.count {
      let flight = open[firstOpen]
      if !flight.isOver {
        guard now >= flight.deadline else { break }
        book.fail(flight, "\(LoadBook.errorCode) the database did not answer in time")
        flight.keyClass.state.counters.count(.errors)
        book.noteFailure()
        figures.count { $0.timeouts += 1 }
      }
      firstOpen += 1
    }
    if firstOpen >= 1024 || firstOpen == open.count {
      open.removeFirst(firstOpen)
      firstOpen = 0
    }
  }

  private func checkConnections(_ now: UInt64) {
    for connection in connections {
      switch connection.state {
      case .closed: break
      case .connecting:
        let limit = UInt64(settings.connectMilliseconds) * 1_000_000
        if now > connection.headSince + limit {
          connection.close("no answer to connecting")
          noteConnectFailure("connecting timed out", now)
        }
      case .ready:
        let limit = UInt64(settings.statementMilliseconds + Self.graceMilliseconds) * 1_000_000
        guard connection.isWaiting, now > connection.headSince + limit else { continue }
        // It does not even say that the statement took too long.
        figures.count { $0.timeouts += 1 }
        book.noteFailure()
        giveUp(connection, "no answer")
      }
    }
    // One connection is kept, so that it is known whether the database is there.
    if !connections.contains(where: { $0.state != .closed }) { connect(now) }
  }

  /// Opens one more connection, if it is time.
  private func connect(_ now: UInt64) {
    guard now >= nextAttempt, !connections.contains(where: { $0.state == .connecting }),
      let free = connections.first(where: { $0.state == .closed })
    else { return }
    figures.count { $0.connects += 1 }
    if !free.open(url, now: now) { noteConnectFailure(free.problem, now) }
  }

  /// Closes a connection that is of no more use; its loads are asked anew.
  private func giveUp(_ connection: PoolConnection, _ reason: String? = nil) {
    let problem = reason ?? connection.problem
    let flights = connection.close(problem)
    figures.count { $0.broken += 1 }
    log.warning("A connection to the database is lost", metadata: ["reason": "\(cleaned(problem))"])
    for flight in flights {
      guard flight.retries < Self.retriesMax else {
        book.fail(flight, "\(LoadBook.errorCode) the connection to the database broke")
        flight.keyClass.state.counters.count(.errors)
        continue
      }
      flight.retries += 1
      queue.append(flight)
    }
  }

  private func noteConnectFailure(_ problem: String, _ now: UInt64) {
    failures += 1
    let rest = min(
      Self.firstRestMilliseconds << UInt64(min(failures - 1, 10)), Self.longestRestMilliseconds)
    nextAttempt = now + rest * 1_000_000 * UInt64.random(in: 75...100) / 100
    figures.count { $0.connectFailures += 1 }
    guard !connections.contains(where: { $0.state == .ready }) else { return }
    let text = cleaned(problem)
    if !isDown {
      isDown = true
      log.warning("The database cannot be reached; trying again", metadata: ["reason": "\(text)"])
    }
    figures.count { $0.problem = text }
    // Connections that wait for nobody's answer make nobody wait.
    book.noteDown("the database cannot be reached")
    for flight in queue[firstQueued...] {
      book.fail(flight, "\(LoadBook.errorCode) the database cannot be reached")
      flight.keyClass.state.counters.count(.errors)
    }
    queue = []
    firstQueued = 0
  }

  private func noteConnected() {
    failures = 0
    nextAttempt = 0
    book.noteSuccess()
    figures.count { $0.problem = "" }
    guard isDown else { return }
    isDown = false
    log.notice("The database can be reached again")
  }

  /// A text of libpq's without the password.
  func cleaned(_ text: String) -> String { url.cleaned(text) }

  // MARK: Loads

  /// Gives loads to connections.
  private func assign(_ now: UInt64) {
    var touched: [PoolConnection] = []
    while firstQueued < queue.count {
      guard let best = bestConnection(now) else { break }
      let flight = queue[firstQueued]
      firstQueued += 1
      guard book.begin(flight) else { continue }
      guard best.send(flight, now: now) else {
        giveUp(best)
        if flight.retries <= Self.retriesMax { queue.append(flight) }
        flight.retries += 1
        continue
      }
      if !touched.contains(where: { $0 === best }) { touched.append(best) }
    }
    if firstQueued >= 1024 || firstQueued == queue.count {
      queue.removeFirst(firstQueued)
      firstQueued = 0
    }
    for connection in touched where !connection.flush() { giveUp(connection) }
  }

  /// The connection with the least to do that can take one more; more are opened when none is idle.
  private func bestConnection(_ now: UInt64) -> PoolConnection? {
    var best: PoolConnection?
    for connection in connections where connection.state == .ready {
      if connection.flying < best?.flying ?? .max { best = connection }
    }
    if best?.flying != 0 { connect(now) }
    guard let best, best.flying < settings.pipelineMax else { return nil }
    return best
  }

  private func take(
    _ flight: Flight, _ answer: Answer, _ statement: PoolConnection.Statement
  ) {
    if case .error(let state, _) = answer.kind, LoadedValue.isPassing(state) {
      book.noteFailure()
    } else {
      book.noteSuccess()
    }
    let outcome = LoadedValue.outcome(
      of: answer, statement, for: flight, byteCountMax: settings.valueBytesMax)
    if case .failure(let text) = outcome { noteProblem(text, of: flight.keyClass) }
    delivery.deliver(outcome, of: flight)
  }

  /// Says once what is wrong with a class's query.
  private func noteProblem(_ text: String, of keyClass: KeyClass) {
    guard keyClass.state.noteProblem(text) else { return }
    log.warning(
      "A key cannot be loaded",
      metadata: ["class": "\(keyClass.name)", "reason": "\(cleaned(text))"])
  }

  // MARK: Sockets

  private func wait() {
    var places: [pollfd] = [
      pollfd(fd: mailbox.counter.fd.rawValue, events: Int16(POLLIN), revents: 0)
    ]
    for connection in connections {
      places.append(Self.place(connection.socket, connection.wantsToWrite, connection.state))
    }
    places.append(Self.place(listener.socket, listener.wantsToWrite, listener.state))
    let now = Clock.monotonicNanoseconds
    let pause = min(
      Self.pauseMillisecondsMax, max(1, (nextTime(now) - min(now, nextTime(now))) / 1_000_000 + 1))
    _ = poll(&places, nfds_t(places.count), Int32(pause))
    if places[0].revents != 0 { mailbox.counter.reset() }
    let then = Clock.monotonicNanoseconds
    for (index, connection) in connections.enumerated() where places[index + 1].revents != 0 {
      handle(connection, then)
    }
    if places[places.count - 1].revents != 0 { handleListener(then) }
  }

  private static func place(
    _ socket: Int32, _ wantsToWrite: Bool, _ state: DatabaseLink.State
  ) -> pollfd {
    var events = Int16(POLLIN)
    if state == .connecting {
      events = Int16(wantsToWrite ? POLLOUT : POLLIN)
    } else if wantsToWrite {
      events |= Int16(POLLOUT)
    }
    // A negative descriptor is passed over.
    return pollfd(fd: state == .closed ? -1 : socket, events: events, revents: 0)
  }

  /// When something has to be looked at whatever comes.
  private func nextTime(_ now: UInt64) -> UInt64 {
    var next = now + Self.pauseMillisecondsMax * 1_000_000
    if firstOpen < open.count { next = min(next, open[firstOpen].deadline) }
    let isAnyOpen = connections.contains { $0.state != .closed }
    if !isAnyOpen { next = min(next, max(nextAttempt, now)) }
    for connection in connections {
      switch connection.state {
      case .closed: break
      case .connecting:
        next = min(next, connection.headSince + UInt64(settings.connectMilliseconds) * 1_000_000)
      case .ready where connection.isWaiting:
        let limit = UInt64(settings.statementMilliseconds + Self.graceMilliseconds) * 1_000_000
        next = min(next, connection.headSince + limit)
      case .ready: break
      }
    }
    return max(now, min(next, listener.nextTime(now, settings)))
  }

  private func handle(_ connection: PoolConnection, _ now: UInt64) {
    switch connection.state {
    case .closed: break
    case .connecting:
      guard connection.connectFurther(settings, now: now) else {
        let problem = connection.problem
        connection.close(problem)
        return noteConnectFailure(problem, now)
      }
      if connection.state == .ready { noteConnected() }
    case .ready:
      let isFine = connection.receive(byteCountMax: settings.valueBytesMax, now: now) {
        flight, answer, statement in take(flight, answer, statement)
      }
      if !isFine { giveUp(connection) }
    }
  }

  private func noteFigures() {
    let ready = connections.count { $0.state == .ready }
    let connecting = connections.count { $0.state == .connecting }
    let flying = connections.reduce(0) { $0 + $1.flying }
    let queued = queue.count - firstQueued
    figures.count {
      $0.ready = ready
      $0.connecting = connecting
      $0.flying = flying
      $0.queued = queued
    }
  }
}
