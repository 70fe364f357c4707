import Foundation

/// A server that speaks the Messages API and plays every answer and every failure of it, over a
/// real socket.
///
/// A request is played by the first of these that there is: an entry of the script, the header
/// `x-standin`, the words after `standin:` in the last message, or an ordinary answer. What the
/// provider would object to is objected to first. See `Scenario` for the lines.
///
/// Other processes use `POST /standin/script` (lines), `/standin/release`, `/standin/reset` and
/// `GET /standin/counts`.
public final class StandIn: @unchecked Sendable {
  // Sendable: everything that changes is touched with the condition locked.

  /// A request that came.
  public struct Seen: Sendable {
    /// The model it named.
    public let model: String
    /// Its body as it came.
    public let body: String
    /// Names in small letters.
    public let headers: [String: String]
    /// The number of its connection, from 1.
    public let connection: Int
    /// What was played.
    public let scenario: String
  }

  /// What has happened so far.
  public struct State: Sendable {
    /// Requests to the API, in order.
    public internal(set) var requests: [Seen] = []
    /// Connections that were accepted, and that have ended.
    public internal(set) var connections = 0
    public internal(set) var connectionsEnded = 0
    /// Requests that hold or stall right now.
    public internal(set) var held = 0

    var script: [Scenario] = []
    var releases = 0
    var isStopped = false
    var open: [Int: Int32] = [:]
  }

  /// Where it listens, on 127.0.0.1.
  public let port: UInt16
  /// For the client's settings.
  public var url: String { "http://127.0.0.1:\(port)" }

  let key: String?
  private let listener: Int32
  private let condition = NSCondition()
  private var state = State()
  private var cache = PromptCache()

  /// A problem with the port.
  public struct Failure: Error, CustomStringConvertible {
    public let code: Int32
    public var description: String { "the port cannot be had: " + String(cString: strerror(code)) }
  }

  /// Starts to serve.
  ///
  /// - Parameters:
  ///   - port: 0 lets the system choose.
  ///   - key: the key that requests have to carry; nil takes any.
  public init(port: UInt16 = 0, key: String? = nil) throws {
    self.key = key
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 128) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound else { throw Failure(code: errno) }
    self.listener = listener
    self.port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in accept() }
  }

  /// Ends all connections and listens no more.
  public func stop() {
    change { state in
      guard !state.isStopped else { return }
      state.isStopped = true
      shutdown(listener, Int32(SHUT_RDWR))
      for fd in state.open.values { shutdown(fd, Int32(SHUT_RDWR)) }
    }
  }

  /// What has happened so far.
  public var now: State { change { $0 } }

  /// Adds lines to the script.
  public func play(_ lines: String...) { play(lines) }

  /// Adds lines to the script.
  public func play(_ lines: [String]) {
    change { state in state.script += lines.compactMap { Scenario($0) } }
  }

  /// Lets one of those that hold go on; the next one that holds, if there is none.
  public func release() { change { $0.releases += 1 } }

  /// Waits until something has happened.
  ///
  /// - Returns: false when it has not within `seconds`.
  @discardableResult
  public func wait(seconds: Double = 20, until isSo: (State) -> Bool) -> Bool {
    let limit = Date().addingTimeInterval(seconds)
    condition.lock()
    defer { condition.unlock() }
    while !isSo(state) {
      if !condition.wait(until: limit) { return isSo(state) }
    }
    return true
  }

  @discardableResult
  func change<Result>(_ body: (inout State) -> Result) -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return body(&state)
  }

  /// Holds until there is a release or the end.
  func hold() {
    condition.lock()
    state.held += 1
    condition.broadcast()
    while state.releases == 0, !state.isStopped { condition.wait() }
    if state.releases > 0 { state.releases -= 1 }
    state.held -= 1
    condition.unlock()
  }

  /// What a request is billed with.
  func count(_ body: [String: Any], model: String) -> PromptCache.Counts {
    condition.lock()
    defer { condition.unlock() }
    return cache.count(body, model: model, now: Date())
  }

  private func accept() {
    while true {
      let fd = Foundation.accept(listener, nil, nil)
      guard fd >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        close(listener)
        return
      }
      var yes: Int32 = 1
      setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
      let number: Int? = change { state in
        guard !state.isStopped else { return nil }
        state.connections += 1
        state.open[state.connections] = fd
        return state.connections
      }
      guard let number else {
        close(fd)
        continue
      }
      Thread.detachNewThread { [self] in
        serve(Connection(fd), number)
        change { state in
          state.open[number] = nil
          state.connectionsEnded += 1
          close(fd)
        }
      }
    }
  }

  private func serve(_ connection: Connection, _ number: Int) {
    while let request = connection.read() {
      if request.path.hasPrefix("/standin/") {
        guard control(connection, request) else { return }
        continue
      }
      let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
      let model = body?["model"] as? String ?? ""
      let scenario = choose(request, body, model)
      let objection = RequestCheck.objection(to: request, body, key: key)
      change { state in
        state.requests.append(
          Seen(
            model: model, body: String(decoding: request.body, as: UTF8.self),
            headers: request.headers, connection: number,
            scenario: objection.map { "objection \($0.status)" } ?? scenario.name))
      }
      var player = Player(self, connection, scenario, body ?? [:])
      if let objection {
        guard player.refuse(objection.status, objection.type, objection.message) else { return }
      } else {
        guard player.play() else { return }
      }
    }
  }

  private func choose(
    _ request: Connection.Request, _ body: [String: Any]?, _ model: String
  ) -> Scenario {
    let scripted: Scenario? = change { state in
      guard let index = state.script.firstIndex(where: { $0.fits(model) }) else { return nil }
      let scenario = state.script[index]
      let times = scenario.number("times", default: 1) - 1
      state.script[index].settings["times"] = String(times)
      if times <= 0 { state.script.remove(at: index) }
      return scenario
    }
    if let scripted { return scripted }
    if let line = request.headers["x-standin"], let scenario = Scenario(line) { return scenario }
    let text = PromptCache.blocks(of: body ?? [:]).last?.block["text"] as? String ?? ""
    if let range = text.range(of: "standin:"),
      let scenario = Scenario(String(text[range.upperBound...]))
    {
      return scenario
    }
    return Scenario("answer")!
  }

  /// Orders of other processes.
  private func control(_ connection: Connection, _ request: Connection.Request) -> Bool {
    switch request.path {
    case "/standin/script":
      play(String(decoding: request.body, as: UTF8.self).components(separatedBy: "\n"))
    case "/standin/release": release()
    case "/standin/reset": change { $0.script = [] }
    case "/standin/counts":
      let state = now
      return connection.answer(
        200, ["content-type: application/json"],
        """
        {"requests":\(state.requests.count),"connections":\(state.connections),\
        "held":\(state.held),"script":\(state.script.count)}

        """)
    default: return connection.answer(404, [], "no such order\n")
    }
    return connection.answer(200, [], "ok\n")
  }
}
