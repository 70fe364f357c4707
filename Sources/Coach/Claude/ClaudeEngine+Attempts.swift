internal import CCurl

// Attempts of a flight and how they, and it, end.
extension ClaudeEngine {
  /// Asks the flight's model, or the next one that can be asked.
  func attempt(_ flight: Flight) {
    let now = self.now
    while flight.modelIndex < flight.models.count {
      let model = flight.models[flight.modelIndex]
      if isKnown(model, now), health.begin(model.name) {
        return attempt(flight, model, now)
      }
      flight.modelIndex += 1
      flight.retries = 0
    }
    let names = flight.models.map(\.name).joined(separator: ", ")
    let failure =
      flight.lastFailure ?? ClaudeFailure(.noModel, "none of these can be asked now: \(names)")
    finish(flight, .failure(failure), now)
  }

  private func attempt(_ flight: Flight, _ model: Model, _ now: UInt64) {
    let body: [UInt8]
    do throws(ClaudeFailure) {
      body = flight.modelIndex == 0 ? flight.key.body : try flight.request.body(for: model)
    } catch {
      health.report(model.name, .abandoned)
      return finish(flight, .failure(error), now)
    }
    let made = Transfer(
      settings, model: model, body: body, isStreamed: flight.request.isStreamed, now: now)
    guard let transfer = made, let handle = transfer.handle, cc_multi_add(multi, handle) == 0
    else {
      health.report(model.name, .abandoned)
      return finish(flight, .failure(ClaudeFailure(.invalid, "libcurl takes no request")), now)
    }
    flight.attempts += 1
    flight.text = ""
    flight.state = .flying(transfer)
    mailbox.count {
      $0.attempts += 1
      $0.flying = self.active.count
    }
  }

  private func isKnown(_ model: Model, _ now: UInt64) -> Bool {
    guard let until = gone[model.name] else { return true }
    if until > now { return false }
    gone[model.name] = nil
    return true
  }

  /// An attempt has ended; its transfer is no longer libcurl's, or lingers there.
  func ended(_ flight: Flight, _ transfer: Transfer, _ failure: ClaudeFailure?, _ now: UInt64) {
    flight.state = .landed
    take(transfer, of: flight)
    guard let failure else {
      health.report(transfer.model.name, .served)
      var answer = transfer.reader.answer
      answer.model = transfer.model.name
      answer.requestID = transfer.headers.requestID
      // Of an answer that was not streamed nothing has been handed on yet.
      if flight.text.isEmpty { flight.hand(answer.text, now: now) }
      return finish(flight, .success(answer), now)
    }
    report(failure, transfer.model, now)
    flight.lastFailure = failure
    guard !flight.hasSpoken else { return finish(flight, .failure(failure), now) }
    let next = flight.models.indices.first { index in
      index > flight.modelIndex && isKnown(flight.models[index], now)
        && health.canServe(flight.models[index].name)
    }
    let left = flight.deadline > now ? Int64((flight.deadline - now) / 1_000_000) : 0
    let step = settings.retries.step(
      after: failure, retries: flight.retries, hasNext: next != nil, left: left,
      random: settings.clock.random())
    switch step {
    case .again(let milliseconds):
      flight.retries += 1
      flight.state = .resting(until: now + UInt64(milliseconds) * 1_000_000)
      mailbox.count { $0.retries += 1 }
    case .nextModel:
      flight.modelIndex = next ?? flight.models.count
      flight.retries = 0
      mailbox.count { $0.fallbacks += 1 }
      attempt(flight)
    case .giveUp:
      finish(flight, .failure(failure), now)
    }
  }

  private func report(_ failure: ClaudeFailure, _ model: Model, _ now: UInt64) {
    if failure.kind == .notFound {
      gone[model.name] = now + Self.goneNanoseconds
      health.report(model.name, .gone)
    } else {
      health.report(model.name, failure.kind.isFailingModel ? .failed : .served)
    }
  }

  /// Keeps what an attempt is billed with and what its headers say.
  private func take(_ transfer: Transfer, of flight: Flight) {
    flight.rateLimits = transfer.headers.rateLimits
    guard let charge = transfer.charge else { return }
    flight.charges.append(charge)
    mailbox.count {
      $0.usage = $0.usage + charge.usage
      $0.cost += charge.cost
    }
  }

  /// Somebody no longer waits. With the last of them the call ends.
  func drop(_ id: UInt64, of flight: Flight, _ failure: ClaudeFailure, _ now: UInt64) {
    guard let index = flight.listeners.firstIndex(where: { $0.id == id }) else { return }
    guard flight.listeners.count > 1 else { return finish(flight, .failure(failure), now) }
    let listener = flight.listeners.remove(at: index)
    listening[id] = nil
    tell(listener, .failure(failure), of: flight, isPaying: false, now)
  }

  /// Tells everybody how it ended, and forgets the flight.
  func finish(
    _ flight: Flight, _ result: Result<ClaudeAnswer, ClaudeFailure>, _ now: UInt64
  ) {
    if let transfer = flight.transfer {
      remove(transfer)
      take(transfer, of: flight)
      health.report(transfer.model.name, .abandoned)
    }
    flights[flight.key] = nil
    active.removeAll { $0 === flight }
    queue.removeAll { $0 === flight }
    mailbox.count { $0.flying = self.active.count }
    let listeners = flight.listeners
    flight.listeners = []
    for (index, listener) in listeners.enumerated() {
      listening[listener.id] = nil
      tell(listener, result, of: flight, isPaying: index == 0, now)
    }
  }

  private func tell(
    _ listener: Flight.Listener, _ result: Result<ClaudeAnswer, ClaudeFailure>,
    of flight: Flight, isPaying: Bool, _ now: UInt64
  ) {
    mailbox.count { statistics in
      statistics.open -= 1
      switch result {
      case .success: statistics.answers += 1
      case .failure(let failure): statistics.failures[failure.kind, default: 0] += 1
      }
    }
    let outcome = flight.outcome(result, for: listener, isPaying: isPaying, now: now)
    listener.handler(.finished(outcome))
  }
}
