internal import CPostgres
internal import Glibc

/// A connection that loads: several queries may be on their way, and are answered in their order.
///
/// Each query is a unit of the pipeline of its own, so one that fails does not touch the others.
/// Statements are prepared with the first query that needs them, in the same round trip. All of it
/// belongs to the database's thread.
final class PoolConnection {
  /// What is expected of the database next.
  private enum Step {
    case setup
    case prepare(Statement)
    case describe(Statement)
    case query(Flight, Statement)
    case sync
  }

  /// A statement that the connection knows, or is about to.
  final class Statement {
    let name: String
    /// Types of its parameters, once known.
    var types: [UInt32] = []
    /// Why it could not be prepared.
    var failure: Answer.Kind?

    init(name: String) { self.name = name }
  }

  private var link = DatabaseLink()
  private var steps: [Step] = []
  private var firstStep = 0
  private var statements: [String: Statement] = [:]
  private var statementCount = 0
  /// Queries on their way.
  private(set) var flying = 0
  /// When the step that is expected next became it, and when connecting began.
  private(set) var headSince: UInt64 = 0

  var state: DatabaseLink.State { link.state }

  /// The socket; -1 while there is none.
  var socket: Int32 { link.socket }

  /// Whether there is something to be sent when the socket can be written.
  var wantsToWrite: Bool { link.wantsToWrite }

  /// Why it is closed.
  var problem: String { link.problem }

  /// Whether an answer is awaited.
  var isWaiting: Bool { firstStep < steps.count }

  // MARK: Opening and closing

  /// Begins to connect.
  ///
  /// - Returns: false when it has failed at once, as where nobody listens; it is closed then.
  func open(_ url: DatabaseURL, now: UInt64) -> Bool {
    guard link.open(url) else {
      close(link.problem)
      return false
    }
    headSince = now
    return true
  }

  /// Closes it.
  ///
  /// - Returns: the loads that have no answer.
  @discardableResult
  func close(_ reason: String) -> [Flight] {
    var flights: [Flight] = []
    for step in steps[firstStep...] {
      if case .query(let flight, _) = step { flights.append(flight) }
    }
    link.close(reason)
    steps = []
    firstStep = 0
    statements = [:]
    flying = 0
    return flights
  }

  /// Goes on connecting when the socket is ready for it.
  ///
  /// - Parameter settings: what a new connection is told.
  /// - Returns: false when it has failed; `problem` says why, and it is to be closed.
  func connectFurther(_ settings: LoadSettings, now: UInt64) -> Bool {
    guard link.connectFurther() else { return false }
    guard link.state == .ready else { return true }
    headSince = now
    return setUp(settings, now: now)
  }

  private func setUp(_ settings: LoadSettings, now: UInt64) -> Bool {
    guard let handle = link.handle, cpg_enter_pipeline(handle) == 1 else { return link.fail() }
    let lines = [
      "SET statement_timeout = \(settings.statementMilliseconds)",
      // Loading reads; whatever a query calls cannot write.
      "SET default_transaction_read_only = on",
      "SET client_min_messages = error",
    ]
    for line in lines {
      guard cpg_send_query(handle, line) == 1, cpg_sync(handle) == 1 else { return link.fail() }
      expect([.setup, .sync], now: now)
    }
    return flush()
  }

  private func expect(_ more: [Step], now: UInt64) {
    if !isWaiting {
      steps = []
      firstStep = 0
      headSince = now
    }
    steps += more
  }

  // MARK: Sending

  /// Sends a load's query.
  ///
  /// - Returns: false when the connection is of no more use.
  func send(_ flight: Flight, now: UInt64) -> Bool {
    guard let handle = link.handle else { return false }
    let sql = flight.keyClass.statement
    let statement: Statement
    if let known = statements[sql] {
      statement = known
    } else {
      statementCount += 1
      statement = Statement(name: "wingcache_\(statementCount)")
      statements[sql] = statement
      guard cpg_send_prepare(handle, statement.name, sql) == 1,
        cpg_send_describe(handle, statement.name) == 1, cpg_sync(handle) == 1
      else { return link.fail() }
      expect([.prepare(statement), .describe(statement), .sync], now: now)
    }
    guard send(statement.name, flight.parameters, on: handle), cpg_sync(handle) == 1 else {
      return link.fail()
    }
    expect([.query(flight, statement), .sync], now: now)
    flying += 1
    return true
  }

  private func send(_ name: String, _ parameters: [[UInt8]], on handle: OpaquePointer) -> Bool {
    // One piece of memory for all, each with a 0 behind it; placeholders hold none.
    var bytes: [UInt8] = []
    for parameter in parameters {
      bytes += parameter
      bytes.append(0)
    }
    return bytes.withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { texts in
        var values: [UnsafePointer<CChar>?] = []
        var offset = 0
        for parameter in parameters {
          values.append(texts.baseAddress.map { $0 + offset })
          offset += parameter.count + 1
        }
        return cpg_send_prepared(handle, name, Int32(parameters.count), values) == 1
      }
    }
  }

  /// Sends what has gathered, as far as the socket takes it.
  func flush() -> Bool { link.flush() }

  /// Forgets the statements, for other classes.
  func forgetStatements(now: UInt64) -> Bool {
    guard state == .ready, let handle = link.handle, !statements.isEmpty else { return true }
    statements = [:]
    guard cpg_send_query(handle, "DEALLOCATE ALL") == 1, cpg_sync(handle) == 1 else {
      return link.fail()
    }
    expect([.setup, .sync], now: now)
    return flush()
  }

  // MARK: Receiving

  /// Takes what has come.
  ///
  /// - Parameters:
  ///   - byteCountMax: of one answer.
  ///   - take: gets each load with its answer and its statement.
  /// - Returns: false when the connection is of no more use.
  func receive(
    byteCountMax: Int, now: UInt64, _ take: (Flight, Answer, Statement) -> Void
  ) -> Bool {
    guard let handle = link.handle, cpg_consume(handle) == 1 else { return link.fail() }
    while isWaiting, cpg_is_busy(handle) == 0 {
      guard let result = cpg_next_result(handle) else {
        // One request's end. A unit's end has a result of its own.
        if case .sync = steps[firstStep] { break }
        advance(now: now)
        continue
      }
      let answer = Answer(taking: result, byteCountMax: byteCountMax)
      deliver(answer, take)
      if case .sync = answer.kind {
        guard case .sync = steps[firstStep] else { break }
        advance(now: now)
      }
    }
    guard cpg_is_open(handle) == 1 else { return link.fail() }
    return flush()
  }

  private func advance(now: UInt64) {
    firstStep += 1
    headSince = now
    // The array would grow for ever under a load that never pauses.
    if firstStep >= 256 {
      steps.removeFirst(firstStep)
      firstStep = 0
    }
  }

  private func deliver(_ answer: Answer, _ take: (Flight, Answer, Statement) -> Void) {
    switch steps[firstStep] {
    case .setup, .sync: break
    case .prepare(let statement):
      if case .error = answer.kind {
        statement.failure = answer.kind
        // Perhaps the table is there the next time.
        statements = statements.filter { $0.value !== statement }
      }
    case .describe(let statement):
      if !answer.parameterTypes.isEmpty { statement.types = answer.parameterTypes }
    case .query(let flight, let statement):
      flying -= 1
      // The query is answered: should the connection break before the unit's end, it is not asked
      // again.
      steps[firstStep] = .setup
      take(flight, answer, statement)
    }
  }
}
