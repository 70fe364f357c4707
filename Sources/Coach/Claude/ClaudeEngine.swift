internal import CCurl

/// The thread that makes the calls: one round after the other of orders, transfers and times.
///
///     orders ──► queued ──► flying ◄──► resting      at most `concurrentMax` fly or rest
///                  │           │           │
///                  └───────────┴───────────┴──► every listener is told once how it ended
///
/// All state is its own. Handlers run on it and have to be quick.
final class ClaudeEngine {
  let settings: ClaudeSettings
  let mailbox: ClaudeMailbox
  let health: any ModelHealth
  let multi: OpaquePointer

  var flights: [Flight.Key: Flight] = [:]
  var listening: [UInt64: Flight] = [:]
  var queue: [Flight] = []
  /// Those that fly or rest.
  var active: [Flight] = []
  /// Transfers whose answer is whole: they have a moment to end properly, which keeps their
  /// connection for the next call.
  var lingering: [(transfer: Transfer, until: UInt64)] = []
  /// Models that the provider does not know, and until when they are not asked.
  var gone: [String: UInt64] = [:]

  static let lingerNanoseconds: UInt64 = 1_000_000_000
  static let goneNanoseconds: UInt64 = 600_000_000_000
  /// Models of a chain that are tried.
  static let modelsMax = 8
  /// The longest sleep: orders wake it.
  static let sleepMillisecondsMax: UInt64 = 3_600_000

  init(
    _ settings: ClaudeSettings, _ mailbox: ClaudeMailbox, _ health: any ModelHealth,
    multi: OpaquePointer
  ) {
    self.settings = settings
    self.mailbox = mailbox
    self.health = health
    self.multi = multi
  }

  var now: UInt64 { settings.clock.now() }

  /// Works until it is told to stop.
  func run() {
    cc_block_broken_pipe()
    while true {
      let (orders, isStopping) = mailbox.take()
      for order in orders { obey(order) }
      if isStopping { break }
      fillSlots()
      cc_multi_perform(multi)
      let now = self.now
      handOnText(now)
      endTransfers(now)
      checkTimes(now)
      fillSlots()
      cc_multi_wait(multi, sleepMilliseconds())
    }
    end()
  }

  private func obey(_ order: ClaudeMailbox.Order) {
    switch order {
    case .start(let asking): start(asking)
    case .cancel(let id):
      if let flight = listening[id] {
        drop(id, of: flight, ClaudeFailure(.cancelled, "the call was cancelled"), now)
      }
    }
  }

  private func start(_ asking: ClaudeMailbox.Asking) {
    let models = Array(asking.models.prefix(Self.modelsMax))
    let body: [UInt8]
    do throws(ClaudeFailure) {
      body = try asking.request.body(for: models[0])
    } catch {
      mailbox.count {
        $0.failures[error.kind, default: 0] += 1
        $0.open -= 1
      }
      asking.handler(.finished(ClaudeOutcome(result: .failure(error))))
      return
    }
    let key = Flight.Key(models: models.map(\.name), body: body)
    let known = flights[key]
    let flight = known ?? Flight(key: key, request: asking.request, models: models)
    var listener = Flight.Listener(
      id: asking.id, wantsText: asking.wantsText, started: asking.started,
      deadline: asking.deadline, isShared: known != nil, handler: asking.handler)
    if !flight.text.isEmpty {
      listener.firstText = now
      if listener.wantsText { listener.handler(.text(flight.text)) }
    }
    flight.listeners.append(listener)
    listening[asking.id] = flight
    if known == nil {
      flights[key] = flight
      queue.append(flight)
    } else {
      mailbox.count { $0.shared += 1 }
    }
  }

  private func fillSlots() {
    while active.count < settings.concurrentMax, !queue.isEmpty {
      let flight = queue.removeFirst()
      active.append(flight)
      attempt(flight)
    }
  }

  /// How long nothing has to be done unless something comes.
  private func sleepMilliseconds() -> Int32 {
    let now = self.now
    var next = now + Self.sleepMillisecondsMax * 1_000_000
    for (_, until) in lingering { next = min(next, until) }
    for flight in flights.values {
      for listener in flight.listeners { next = min(next, listener.deadline) }
      switch flight.state {
      case .queued, .landed: break
      case .resting(let until): next = min(next, until)
      case .flying(let transfer): next = min(next, patience(of: transfer))
      }
    }
    // Rounded up, or the last millisecond would be spent in turning round.
    return next <= now ? 0 : Int32(clamping: (next - now + 999_999) / 1_000_000)
  }

  /// Until when something has to come.
  func patience(of transfer: Transfer) -> UInt64 {
    let limit =
      transfer.hasBegun ? settings.stallMilliseconds : settings.firstByteMilliseconds
    return transfer.lastMoved + UInt64(max(1, limit)) * 1_000_000
  }

  private func handOnText(_ now: UInt64) {
    for flight in active {
      guard let transfer = flight.transfer else { continue }
      if transfer.hasMoved {
        transfer.hasMoved = false
        transfer.lastMoved = now
      }
      flight.hand(transfer.newText, now: now)
      transfer.newText = ""
    }
  }

  private func endTransfers(_ now: UInt64) {
    var how: Int32 = 0
    while let handle = cc_multi_next_ended(multi, &how) {
      let transfer = Transfer.of(cc_transfer_context(handle))
      let connections = cc_transfer_connections(handle)
      mailbox.count { $0.connections += connections }
      if let index = lingering.firstIndex(where: { $0.transfer === transfer }) {
        cc_multi_remove(multi, handle)
        lingering.remove(at: index)
        continue
      }
      guard let flight = active.first(where: { $0.transfer === transfer }) else {
        assertionFailure("a transfer without a flight")
        continue
      }
      let failure = transfer.failure(how: how, wallSeconds: settings.clock.wallSeconds())
      cc_multi_remove(multi, handle)
      ended(flight, transfer, failure, now)
    }
    for flight in active {
      guard let transfer = flight.transfer, transfer.reader.isComplete else { continue }
      lingering.append((transfer, now + Self.lingerNanoseconds))
      ended(flight, transfer, nil, now)
    }
  }

  private func checkTimes(_ now: UInt64) {
    for (index, entry) in lingering.enumerated().reversed() where entry.until <= now {
      if let handle = entry.transfer.handle { cc_multi_remove(multi, handle) }
      lingering.remove(at: index)
    }
    for flight in Array(flights.values) {
      for listener in flight.listeners where listener.deadline <= now {
        var failure =
          flight.transfer?.failure(.deadline, "no answer in time")
          ?? ClaudeFailure(.deadline, "no answer in time")
        if let last = flight.lastFailure {
          failure.message += "; the attempt before: \(last.kind.rawValue)"
        }
        drop(listener.id, of: flight, failure, now)
      }
    }
    for flight in active {
      switch flight.state {
      case .queued, .landed: break
      case .resting(let until): if until <= now { attempt(flight) }
      case .flying(let transfer):
        guard patience(of: transfer) <= now else { continue }
        let failure = transfer.failure(
          .stalled, transfer.hasBegun ? "the answer stopped coming" : "no answer has begun")
        remove(transfer)
        ended(flight, transfer, failure, now)
      }
    }
  }

  /// Takes a transfer from libcurl.
  func remove(_ transfer: Transfer) {
    if let handle = transfer.handle { cc_multi_remove(multi, handle) }
  }

  private func end() {
    let now = self.now
    for flight in Array(flights.values) {
      finish(flight, .failure(ClaudeFailure(.stopped, "the server is stopping")), now)
    }
    for (transfer, _) in lingering { remove(transfer) }
    lingering = []
    for order in mailbox.take().orders {
      guard case .start(let asking) = order else { continue }
      mailbox.count { $0.open -= 1 }
      let failure = ClaudeFailure(.stopped, "the server is stopping")
      asking.handler(.finished(ClaudeOutcome(result: .failure(failure))))
    }
  }
}
