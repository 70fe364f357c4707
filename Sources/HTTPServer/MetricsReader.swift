internal import Platform
internal import RESPServer

/// Reads the metrics' text, at most ten times a second however often it is asked for: the loops
/// stand still while INFO is made.
final class MetricsReader: Sendable {
  private struct State {
    var text = ""
    var madeAt: UInt64?
    /// Who waits for the reading that is under way; nil: none is.
    var waiting: [@Sendable (String?) -> Void]?
  }

  private static var ageNanosecondsMax: UInt64 { 100_000_000 }

  private let host: ModuleHost
  private let state = Guarded(State())

  init(host: ModuleHost) { self.host = host }

  private enum Step {
    case answer(String)
    case wait, read
  }

  /// Hands over the text; nil while a slow script keeps everybody out.
  ///
  /// - Parameter body: called once, on any thread.
  func read(_ body: @escaping @Sendable (String?) -> Void) {
    let step = state.withLock { state -> Step in
      let now = Clock.monotonicNanoseconds
      if let madeAt = state.madeAt, now &- madeAt < Self.ageNanosecondsMax {
        return .answer(state.text)
      }
      guard state.waiting == nil else {
        state.waiting?.append(body)
        return .wait
      }
      state.waiting = [body]
      return .read
    }
    switch step {
    case .answer(let text): body(text)
    case .wait: break
    case .read:
      host.readInfo(ServerMetrics.sections + ["modules"]) { [self] sections in take(sections) }
    }
  }

  private func take(_ sections: [InfoSection]) {
    var exposition = Exposition()
    ServerMetrics.add(sections, to: &exposition)
    for section in sections where !ServerMetrics.sections.contains(section.name) {
      ModuleMetrics.add(section, to: &exposition)
    }
    let text = sections.isEmpty ? nil : exposition.text
    let waiting = state.withLock { state in
      if let text {
        state.text = text
        state.madeAt = Clock.monotonicNanoseconds
      }
      defer { state.waiting = nil }
      return state.waiting ?? []
    }
    for body in waiting { body(text) }
  }
}
