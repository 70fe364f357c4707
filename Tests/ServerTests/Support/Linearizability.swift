/// Whether a history of operations on one key could have happened one after the other.
///
/// Every operation takes effect at one moment between its call and its return. The search tries, as
/// Wing and Gong described in "Testing and verifying concurrent objects" (1993), every operation
/// that could come next (none other has returned before it was called), applies it to a model, and
/// goes on if the model gives the reply that was seen. States that were met already, as pairs of
/// the operations done and the model's state, are not searched again (Lowe, 2017).
enum Linearizability {
  /// What the key holds.
  struct State: Hashable {
    var value: String?
    var expires = false
  }

  enum Action: Hashable, Sendable {
    case get, increment, delete, getDelete
    case set(String)
    case setIfAbsent(String)
    case append(String)
    case expire, persist, strlen

    /// The command, without the key, which comes second.
    var words: (name: String, rest: [String]) {
      switch self {
      case .get: ("GET", [])
      case .set(let value): ("SET", [value])
      case .setIfAbsent(let value): ("SETNX", [value])
      case .append(let value): ("APPEND", [value])
      case .increment: ("INCR", [])
      case .delete: ("DEL", [])
      case .getDelete: ("GETDEL", [])
      case .expire: ("EXPIRE", ["1000"])
      case .persist: ("PERSIST", [])
      case .strlen: ("STRLEN", [])
      }
    }
  }

  /// An operation as a client saw it; times in nanoseconds.
  struct Operation: Sendable {
    let action: Action
    let called: UInt64
    let returned: UInt64
    let reply: Reply
  }

  /// What the model makes of an action.
  static func apply(_ action: Action, to state: inout State) -> Reply {
    let old = state.value
    let oldReply = old.map { Reply.text($0) } ?? .null
    switch action {
    case .get: return oldReply
    case .strlen: return .integer(Int64(old?.utf8.count ?? 0))
    case .set(let value):
      state = State(value: value)
      return .ok
    case .setIfAbsent(let value):
      guard old == nil else { return .integer(0) }
      state = State(value: value)
      return .integer(1)
    case .append(let value):
      state.value = (old ?? "") + value
      return .integer(Int64(state.value?.utf8.count ?? 0))
    case .increment:
      // Only a number's own text is a number: "07" is not.
      let text = old ?? "0"
      guard let number = Int64(text), String(number) == text else {
        return .error("ERR value is not an integer or out of range")
      }
      state.value = String(number + 1)
      return .integer(number + 1)
    case .delete:
      state = State()
      return .integer(old == nil ? 0 : 1)
    case .getDelete:
      state = State()
      return oldReply
    case .expire:
      state.expires = old != nil
      return .integer(old == nil ? 0 : 1)
    case .persist:
      defer { state.expires = false }
      return .integer(state.expires ? 1 : 0)
    }
  }

  private struct Visited: Hashable {
    let done: UInt64
    let state: State
  }

  /// Searches an order; at most 64 operations.
  static func holds(_ history: [Operation]) -> Bool {
    precondition(history.count <= 64)
    var visited: Set<Visited> = []
    return search(history, done: 0, State(), &visited)
  }

  private static func search(
    _ history: [Operation], done: UInt64, _ state: State, _ visited: inout Set<Visited>
  ) -> Bool {
    var firstReturn = UInt64.max
    for index in history.indices where done & 1 << UInt64(index) == 0 {
      firstReturn = min(firstReturn, history[index].returned)
    }
    if firstReturn == .max { return true }
    guard visited.insert(Visited(done: done, state: state)).inserted else { return false }
    for index in history.indices where done & 1 << UInt64(index) == 0 {
      let operation = history[index]
      guard operation.called <= firstReturn else { continue }
      var next = state
      guard apply(operation.action, to: &next) == operation.reply else { continue }
      if search(history, done: done | 1 << UInt64(index), next, &visited) { return true }
    }
    return false
  }
}
