internal import CPostgres

/// The connection on which the database tells of changes.
///
///     closed ──▶ connecting ──▶ setting up ──▶ listening ──▶ closed
///                                looks for triggers, installs them if asked to, LISTENs
///
/// It hears itself, too: a message of its own every `heartbeat` shows that the way there and back
/// is whole, and how long it takes. One that does not come back in time ends the connection.
final class Listener {
  /// What it is to do.
  struct Plan: Sendable {
    /// Where changes are told.
    let channel: String
    /// Where it hears itself: a name that no other server has.
    let ownChannel: String
    let installsTriggers: Bool
  }

  /// What it has to say.
  enum Event {
    case listening
    /// What the channel brings.
    case notice(String)
    /// Nanoseconds that its own message took.
    case lag(UInt64)
    /// Functions that are not there, or not as they should be.
    case missingTriggers([String])
    case installed(Int)
    /// A statement was refused.
    case refused(String)
  }

  private enum Task {
    case setUp, check, install, listen, ping
  }

  let plan: Plan
  private var link = DatabaseLink()
  private(set) var isListening = false
  private var tasks: [Task] = []
  private var running: Task?
  private var functions: [TriggerScript.Function] = []
  /// What the running task has found, and whether it was refused.
  private var found: Set<String> = []
  private var hasFailed = false
  /// When connecting, or what runs, began; when it last heard itself; when it last called.
  private var since: UInt64 = 0
  private var heardAt: UInt64 = 0
  private var calledAt: UInt64 = 0
  private var nextAttempt: UInt64 = 0
  private var failures = 0

  private static let setUpNanoseconds: UInt64 = 15_000_000_000

  init(_ plan: Plan) { self.plan = plan }

  var state: DatabaseLink.State { link.state }

  /// The socket; -1 while there is none.
  var socket: Int32 { link.socket }

  /// Whether there is something to be sent when the socket can be written.
  var wantsToWrite: Bool { link.wantsToWrite }

  /// Why it is closed.
  var problem: String { link.problem }

  /// Other classes: their triggers are looked for.
  func classesChanged(_ table: ClassTable) {
    functions = TriggerScript.functions(table, channel: plan.channel)
    if state == .ready { tasks.append(.check) }
  }

  /// Begins to connect, if it is time.
  ///
  /// - Returns: false when it has failed at once.
  func open(_ url: DatabaseURL, now: UInt64) -> Bool {
    guard now >= nextAttempt else { return true }
    guard link.open(url) else { return false }
    since = now
    return true
  }

  func close(_ reason: String) {
    link.close(reason)
    isListening = false
    tasks = []
    running = nil
    calledAt = 0
  }

  /// Waits before the next attempt, longer each time.
  func rest(now: UInt64) {
    failures += 1
    let milliseconds = min(UInt64(100) << UInt64(min(failures - 1, 10)), 2000)
    nextAttempt = now + milliseconds * 1_000_000 * UInt64.random(in: 75...100) / 100
  }

  // MARK: Times

  func nextTime(_ now: UInt64, _ settings: LoadSettings) -> UInt64 {
    switch state {
    case .closed: return max(now, nextAttempt)
    case .connecting: return since + UInt64(settings.connectMilliseconds) * 1_000_000
    case .ready:
      let beat = UInt64(settings.heartbeatMilliseconds) * 1_000_000
      if running != nil, !isListening { return since + Self.setUpNanoseconds }
      return calledAt > 0 ? calledAt + beat : heardAt + beat
    }
  }

  /// Whether something takes too long.
  func isOverdue(_ now: UInt64, _ settings: LoadSettings) -> Bool {
    switch state {
    case .closed: return false
    case .connecting:
      return now > since + UInt64(settings.connectMilliseconds) * 1_000_000
    case .ready:
      if !isListening { return now > since + Self.setUpNanoseconds }
      let beat = UInt64(settings.heartbeatMilliseconds) * 1_000_000
      return calledAt > 0 && now > calledAt + beat
    }
  }

  /// Begins what is next.
  ///
  /// - Returns: false when the connection is of no more use.
  func step(_ now: UInt64, _ settings: LoadSettings) -> Bool {
    guard state == .ready, running == nil, let handle = link.handle else { return true }
    if tasks.isEmpty {
      let beat = UInt64(settings.heartbeatMilliseconds) * 1_000_000
      guard isListening, calledAt == 0, now >= heardAt + beat else { return true }
      tasks.append(.ping)
    }
    let task = tasks.removeFirst()
    if case .ping = task { calledAt = now }
    if case .check = task, functions.isEmpty { return step(now, settings) }
    running = task
    if !isListening { since = now }
    found = []
    hasFailed = false
    guard sql(task).withCString({ cpg_send_script(handle, $0) }) == 1 else { return link.fail() }
    return link.flush()
  }

  private func sql(_ task: Task) -> String {
    switch task {
    case .setUp: "SET client_min_messages = error; SET statement_timeout = 10000"
    case .check: TriggerScript.check(functions)
    case .install: TriggerScript.script(functions, isWrapped: false)
    case .listen: "LISTEN \"\(plan.channel)\"; LISTEN \"\(plan.ownChannel)\""
    case .ping: "SELECT pg_notify('\(plan.ownChannel)', '')"
    }
  }

  // MARK: Receiving

  /// Goes on when the socket is ready.
  ///
  /// - Returns: false when the connection is of no more use.
  func proceed(_ now: UInt64, _ tell: (Event) -> Void) -> Bool {
    guard let handle = link.handle else { return false }
    guard state == .ready else { return connectFurther(now) }
    guard cpg_consume(handle) == 1 else { return link.fail() }
    while running != nil, cpg_is_busy(handle) == 0 {
      guard let result = cpg_next_result(handle) else {
        finish(now, tell)
        continue
      }
      take(Answer(taking: result, byteCountMax: 1 << 20), tell)
    }
    takeNotifications(handle, now, tell)
    guard cpg_is_open(handle) == 1 else { return link.fail() }
    return link.flush()
  }

  private func connectFurther(_ now: UInt64) -> Bool {
    guard link.connectFurther() else { return false }
    if link.state == .ready {
      since = now
      tasks = [.setUp, .listen, .check]
    }
    return true
  }

  private func take(_ answer: Answer, _ tell: (Event) -> Void) {
    if case .error(_, let message) = answer.kind {
      tell(.refused(message))
      hasFailed = true
      return
    }
    for value in answer.values {
      if let value { found.insert(String(decoding: value, as: UTF8.self)) }
    }
  }

  private func finish(_ now: UInt64, _ tell: (Event) -> Void) {
    let task = running
    running = nil
    switch task {
    case .listen:
      guard !hasFailed else { return }
      isListening = true
      failures = 0
      heardAt = now
      calledAt = 0
      tell(.listening)
      // The way is tried out at once.
      tasks.append(.ping)
    case .check:
      guard !hasFailed else { return }
      let missing = functions.map(\.name).filter { !found.contains($0) }
      if !missing.isEmpty, plan.installsTriggers, !tasks.contains(.install) {
        tasks.append(.install)
      } else {
        tell(.missingTriggers(missing))
      }
    case .install:
      if hasFailed {
        tell(.missingTriggers(functions.map(\.name)))
      } else {
        tell(.installed(functions.count))
        tell(.missingTriggers([]))
      }
    case .setUp, .ping, nil: break
    }
  }

  private func takeNotifications(
    _ handle: OpaquePointer, _ now: UInt64, _ tell: (Event) -> Void
  ) {
    var room = [CChar](repeating: 0, count: 128)
    while let text = room.withUnsafeMutableBufferPointer({
      cpg_next_notification(handle, $0.baseAddress, $0.count)
    }) {
      let end = room.firstIndex(of: 0) ?? 0
      let channel = String(decoding: room[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if channel == plan.ownChannel {
        if calledAt > 0 { tell(.lag(now - min(now, calledAt))) }
        heardAt = now
        calledAt = 0
      } else if channel == plan.channel {
        tell(.notice(String(cString: text)))
      }
      cpg_free_text(text)
    }
  }
}
