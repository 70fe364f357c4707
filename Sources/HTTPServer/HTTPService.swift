internal import NIOCore
internal import NIOHTTP1
internal import Platform
internal import RESPServer
internal import Synchronization

/// An answer, without what every answer has.
struct HTTPAnswer: Sendable {
  let status: HTTPResponseStatus
  var headers: [(String, String)] = []
  var body: ByteBuffer?

  init(_ status: HTTPResponseStatus, headers: [(String, String)] = [], body: ByteBuffer? = nil) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A line of text that is not to be kept.
  init(_ status: HTTPResponseStatus, text: String, type: String = "text/plain; charset=utf-8") {
    self.init(
      status,
      headers: [
        ("Content-Type", type), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
      ], body: ByteBuffer(string: text.hasSuffix("\n") ? text : text + "\n"))
  }
}

/// What a connection asks.
protocol HTTPAnswering: Sendable {
  /// Answers a request.
  ///
  /// - Parameter reply: called once, on the event loop, never before this returns; never at all
  ///   when the server ends meanwhile.
  func answer(
    _ head: HTTPRequestHead, on eventLoop: any EventLoop,
    _ reply: @escaping @Sendable (HTTPAnswer) -> Void)

  /// Takes note that an answer is sent.
  func noteAnswer(_ status: HTTPResponseStatus, bytes: Int)

  /// Takes note that a connection is closed because its time is over.
  func noteTimeout()
}

/// Answers requests out of the server.
final class HTTPService: HTTPAnswering {
  let statistics = HTTPStatistics()
  private let host: ModuleHost
  private let settings: Guarded<HTTPSettings>
  private let metrics: MetricsReader
  private let turn = Atomic<Int>(0)

  init(host: ModuleHost, settings: HTTPSettings) {
    self.host = host
    self.settings = Guarded(settings)
    metrics = MetricsReader(host: host)
  }

  /// Takes over settings that may change at run time.
  func change(_ new: HTTPSettings) { settings.withLock { $0 = new } }

  func noteAnswer(_ status: HTTPResponseStatus, bytes: Int) {
    statistics.answer(status, bytes: bytes)
  }

  func noteTimeout() { statistics.timeOut() }

  func answer(
    _ head: HTTPRequestHead, on eventLoop: any EventLoop,
    _ reply: @escaping @Sendable (HTTPAnswer) -> Void
  ) {
    if let refusal = Self.refusal(of: head) { return eventLoop.execute { reply(refusal) } }
    switch HTTPTarget(head.uri) {
    case .malformed(let reason):
      eventLoop.execute { reply(HTTPAnswer(.badRequest, text: reason)) }
    case .unknown: eventLoop.execute { reply(HTTPAnswer(.notFound, text: "there is no such page")) }
    case .health: eventLoop.execute { reply(HTTPAnswer(.ok, text: "ok")) }
    case .readiness: answerReadiness(on: eventLoop, reply)
    case .metrics:
      metrics.read { text in
        eventLoop.execute {
          guard let text else {
            return reply(HTTPAnswer(.serviceUnavailable, text: "a slow script is running"))
          }
          reply(HTTPAnswer(.ok, text: text, type: "text/plain; version=0.0.4; charset=utf-8"))
        }
      }
    case .content(let name): answerContent(name, head, on: eventLoop, reply)
    }
  }

  /// The answer to what is no request for anything here; nil: it is one.
  static func refusal(of head: HTTPRequestHead) -> HTTPAnswer? {
    guard head.version.major == 1 else {
      return HTTPAnswer(.httpVersionNotSupported, text: "HTTP/1.1 is spoken here")
    }
    if head.version == .http1_1, head.headers["host"].count != 1 {
      return HTTPAnswer(.badRequest, text: "HTTP/1.1 requires one Host header")
    }
    guard head.method == .GET || head.method == .HEAD else {
      var answer = HTTPAnswer(.methodNotAllowed, text: "GET and HEAD are allowed")
      answer.headers.append(("Allow", "GET, HEAD"))
      return answer
    }
    return nil
  }

  private func answerContent(
    _ name: String, _ head: HTTPRequestHead, on eventLoop: any EventLoop,
    _ reply: @escaping @Sendable (HTTPAnswer) -> Void
  ) {
    let settings = settings.withLock { $0 }
    let conditions = head.headers["if-none-match"]
    let key = Array((settings.staticPrefix + name).utf8)
    // Requests take turns on the loops.
    let number = turn.wrappingAdd(1, ordering: .relaxed).newValue
    let loop = Int(UInt(bitPattern: number) % UInt(host.loopCount))
    host.task(onLoop: loop).perform(locking: [key]) { context in
      let found = StaticContent.find(in: &context, as: settings.user)
      eventLoop.execute {
        switch found {
        case .forbidden: reply(HTTPAnswer(.forbidden, text: "this may not be read over HTTP"))
        case .absent: reply(HTTPAnswer(.notFound, text: "there is no such content"))
        case .content(let content):
          reply(content.answer(conditions: conditions, type: settings.staticType))
        }
      }
    }
  }

  /// The server is ready when a loop answers, it is not ending, and what it cannot do without is
  /// there.
  private func answerReadiness(
    on eventLoop: any EventLoop, _ reply: @escaping @Sendable (HTTPAnswer) -> Void
  ) {
    let host = host
    host.task(onLoop: 0).perform { _ in
      let conditions = host.conditions
      var isReady = !host.isStopping
      var lines: [String] = []
      if host.isStopping { lines.append("server: is ending") }
      for (module, condition) in conditions {
        let state = condition.isFine ? "fine" : "not fine: \(condition.reason)"
        let weight = condition.isFine || condition.isRequired ? "" : " (not required)"
        lines.append("\(module) \(condition.name): \(state)\(weight)")
        if condition.isRequired, !condition.isFine { isReady = false }
      }
      lines.insert(isReady ? "ready" : "not ready", at: 0)
      let answer = HTTPAnswer(
        isReady ? .ok : .serviceUnavailable, text: lines.joined(separator: "\n"))
      eventLoop.execute { reply(answer) }
    }
  }
}

/// What has happened, for INFO and metrics.
struct HTTPStatistics: ~Copyable, Sendable {
  private struct Counts {
    var connections = 0
    var accepted = 0
    var refused = 0
    var timeouts = 0
    var bytes = 0
    var answers: [UInt: Int] = [:]
  }

  private let counts = Guarded(Counts())

  /// Counts a connection, unless there are enough.
  func open(max: Int) -> Bool {
    counts.withLock { counts in
      guard counts.connections < max else {
        counts.refused += 1
        return false
      }
      counts.connections += 1
      counts.accepted += 1
      return true
    }
  }

  func close() { counts.withLock { $0.connections -= 1 } }

  func timeOut() { counts.withLock { $0.timeouts += 1 } }

  func answer(_ status: HTTPResponseStatus, bytes: Int) {
    counts.withLock {
      $0.answers[status.code, default: 0] += 1
      $0.bytes += bytes
    }
  }

  /// Fields of INFO.
  var fields: [(name: String, value: String)] {
    let counts = counts.withLock { $0 }
    let answers = counts.answers.sorted { $0.key < $1.key }
    return [
      ("http_listening", "1"), ("http_connections", "\(counts.connections)"),
      ("http_accepted", "\(counts.accepted)"), ("http_refused", "\(counts.refused)"),
      ("http_timeouts", "\(counts.timeouts)"), ("http_sent_bytes", "\(counts.bytes)"),
    ] + answers.map { ("http_answers_\($0.key)", "\($0.value)") }
  }
}
