internal import Bytes
internal import CacheCore
internal import Platform
internal import RESPServer
internal import Synchronization

/// From the database's thread back to the loops: stores values, removes keys, wakes who waits.
final class Delivery: Sendable {
  private let host: ModuleHost
  private let book: LoadBook
  private let redact: @Sendable ([UInt8]) -> [UInt8]
  private let nextLoop = Atomic<Int>(0)

  /// Clients that are woken between two rounds of others.
  private static let wokenMax = 128

  init(_ host: ModuleHost, _ book: LoadBook, redact: @escaping @Sendable ([UInt8]) -> [UInt8]) {
    self.host = host
    self.book = book
    self.redact = redact
  }

  /// Cache time in milliseconds.
  var now: Int64 { host.now }

  /// Loops take turns.
  private func task() -> LoopTask {
    let number = nextLoop.wrappingAdd(1, ordering: .relaxed).oldValue
    return host.task(onLoop: number % host.loopCount)
  }

  // MARK: Loads

  /// Ends a load, or begins it anew.
  func deliver(_ outcome: Flight.Outcome, of flight: Flight) {
    let counters = flight.keyClass.state.counters
    switch outcome {
    case .failure(let text):
      counters.count(.errors)
      book.fail(flight, text)
    case .nothing:
      store(nil, of: flight)
    case .value(let bytes):
      guard flight.keyClass.redacts else { return store(bytes, of: flight) }
      switch flight.keyClass.shape {
      case .json, .array: store(JSONRedaction.redacted(bytes, by: redact), of: flight)
      case .column: store(redact(bytes), of: flight)
      }
    }
  }

  /// Stores a value, or takes note that there is none, in one step with the load's end.
  private func store(_ value: [UInt8]?, of flight: Flight) {
    let book = book
    task().perform { [self] context in
      if value != nil {
        do throws(CommandError) {
          try context.makeRoom()
        } catch {
          return book.fail(flight, error.text)
        }
      }
      var waiters: [LoadWait] = []
      var hasLanded = false
      let failure: String? = context.withLocks(on: [flight.key]) { keys in
        switch book.verdict(flight) {
        case .again: return nil
        case .giveUp:
          return "\(LoadBook.errorCode) the row changes faster than it is read"
        case .store: break
        }
        do throws(CommandError) {
          try Self.put(value, at: keys[0], flight.keyClass, context)
        } catch {
          return error.text
        }
        hasLanded = true
        let negative = flight.keyClass.negativeMilliseconds
        waiters = book.land(
          flight, nothingUntil: value == nil ? context.now + negative : nil, now: context.now)
        return nil
      }
      if let failure { return book.fail(flight, failure) }
      guard hasLanded else { return }
      flight.keyClass.state.counters.count(value == nil ? .negatives : .values)
      wake(waiters[...])
    }
  }

  private static func put(
    _ value: [UInt8]?, at key: HashedKey, _ keyClass: KeyClass,
    _ context: borrowing CommandContext
  ) throws(CommandError) {
    guard let value else {
      _ = context.remove(key, event: "del")
      return
    }
    let isNew = context.peek(key) == nil
    var failure: CommandError?
    value.withByteView { bytes in
      do throws(CommandError) {
        try context.store(
          bytes, at: key, expiry: .at(context.now + keyClass.lifeMilliseconds), isNew: isNew,
          event: "set")
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Lets clients go on, some at a time.
  private func wake(_ waiters: ArraySlice<LoadWait>) {
    for waiter in waiters.prefix(Self.wokenMax) { waiter.end() }
    let rest = waiters.dropFirst(Self.wokenMax)
    guard !rest.isEmpty else { return }
    task().perform { [self] _ in wake(rest) }
  }

  // MARK: Changes

  /// Removes keys whose rows have changed. Loads of them were marked before.
  func remove(_ keys: [[UInt8]]) {
    var rest = keys[...]
    while !rest.isEmpty {
      let some = Array(rest.prefix(LoopTask.keysMax))
      rest = rest.dropFirst(LoopTask.keysMax)
      task().perform(locking: some) { context in
        for index in some.indices { _ = context.remove(context[key: index], event: "del") }
      }
    }
  }

  /// Removes all keys of a class that its mark declares dead, in steps.
  func removeDead(_ keyClass: KeyClass) {
    guard keyClass.state.beginSearch() else { return }
    search(keyClass, from: 0, on: task())
  }

  private func search(_ keyClass: KeyClass, from cursor: UInt64, on task: LoopTask) {
    task.perform { [self] context in
      let budget = StepBudget()
      var next = cursor
      repeat {
        next = Self.removeDead(keyClass, from: next, context)
      } while next != 0 && !budget.isSpent
      if next != 0 {
        search(keyClass, from: next, on: task)
      } else if keyClass.state.endSearch() {
        // There was another mark meanwhile.
        search(keyClass, from: 0, on: task)
      }
    }
  }

  /// Removes what is dead among a batch of keys.
  ///
  /// - Returns: where to go on; 0: nowhere.
  private static func removeDead(
    _ keyClass: KeyClass, from cursor: UInt64, _ context: borrowing CommandContext
  ) -> UInt64 {
    var found: [[UInt8]] = []
    let state = keyClass.state
    let next = context.keyspace.scan(
      in: Loader.database, cursor: cursor, count: StepBudget.batch, now: context.now
    ) { key, entry in
      guard keyClass.pattern.match(key) != nil, let expiry = context.keyspace.expiry(of: entry),
        expiry - keyClass.lifeMilliseconds <= state.deadUntil
      else { return }
      found.append(key.array)
    }
    for name in found {
      context.withLocks(on: [name]) { keys in
        // It may have been loaded anew meanwhile.
        guard let entry = context.peek(keys[0]), let expiry = context.keyspace.expiry(of: entry),
          expiry - keyClass.lifeMilliseconds <= state.deadUntil
        else { return }
        _ = context.remove(keys[0], event: "del")
      }
    }
    return next
  }
}

extension CommandError {
  /// The error's words.
  var text: String {
    switch self {
    case .fixed(let text): "\(text)"
    case .made(let text): text
    }
  }
}
