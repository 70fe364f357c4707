internal import Bytes
internal import Platform
internal import RESPServer

/// A text that is set once.
final class FirstText: Sendable {
  private let value = Guarded<String?>(nil)

  func set(_ text: String) { value.withLock { if $0 == nil { $0 = text } } }

  var text: String? { value.withLock { $0 } }
}

/// Which keys are being loaded, which are known not to exist, and whether loading is any use now.
///
///     flights     key → load under way               at most `queueMax`
///     negatives   key → until when, since when       at most `negativesMax`
///     groups      class, placeholders' values → keys for changes that name some placeholders only
///
/// Loops and the database's thread share it under one lock, which is held for a look into a
/// dictionary. It nests inside the locks of shards: a loop that stores or misses a key holds the
/// key's shard, so a load ends and its value appears in one step for everybody.
///
/// A change of a row and a load of it may cross. The change marks the flight, under the lock; the
/// value is stored under the same lock only when there is no mark. What was stored just before the
/// mark is removed by the change's own step, which is posted after it.
final class LoadBook: Sendable {
  /// What becomes of a question.
  enum Answer {
    /// Somebody is at it, now at the latest.
    case loading
    /// There is no such row.
    case nothing
    /// It makes no sense now; why.
    case refused(String)
  }

  private struct Negative {
    var since: Int64
    var until: Int64
  }

  /// A key that is found by some of its placeholders.
  private struct Member {
    var until: Int64
  }

  private struct GroupName: Hashable {
    let state: ObjectIdentifier
    let group: Int
    let values: [[UInt8]]
  }

  private struct Contents {
    var flights: [[UInt8]: Flight] = [:]
    var negatives: [[UInt8]: Negative] = [:]
    var groups: [GroupName: [[UInt8]: Member]] = [:]
    var groupedKeys = 0
    var breaker = CircuitBreaker()
    /// Why there is no connection; nil while there is one, or may be soon.
    var downReason: String?
    var settings = LoadSettings()
    var isStopping = false
  }

  private let contents = Guarded(Contents())
  let mailbox: Mailbox

  /// Keys kept in groups; beyond them a change of one is taken for a change of all.
  static let groupedKeysMax = 1 << 20
  /// How often a load is begun anew because its row changes meanwhile.
  static let restartsMax = 16
  /// What errors of the database's absence begin with.
  static let errorCode = "UNAVAILABLE"

  init(mailbox: Mailbox) { self.mailbox = mailbox }

  func set(_ settings: LoadSettings) { contents.withLock { $0.settings = settings } }

  /// Breakers count in milliseconds of this clock.
  private static var time: Int64 { Clock.monotonicMicroseconds / 1000 }

  // MARK: Asking

  /// Asks for a key. The caller has its shard locked.
  ///
  /// - Parameters:
  ///   - now: cache time.
  ///   - isForced: whether an answer from before this moment will not do.
  ///   - wait: who waits for it; nil when nobody does.
  func ask(
    _ key: ByteView, _ keyClass: KeyClass, _ values: KeyPattern.Values, now: Int64,
    isForced: Bool = false, _ wait: LoadWait?
  ) -> Answer {
    let name = key.array
    return contents.withLock { contents in
      if isForced {
        contents.negatives[name] = nil
      } else if let negative = contents.negatives[name] {
        let state = keyClass.state
        if negative.until > now, negative.since > state.deadUntil,
          negative.since > state.staleUntil
        {
          return .nothing
        }
        contents.negatives[name] = nil
      }
      if let flight = contents.flights[name] {
        if isForced { flight.isDirty = true }
        if let wait { join(flight, wait) }
        return .loading
      }
      if contents.isStopping { return .refused("the server is stopping") }
      if let reason = contents.downReason { return .refused(reason) }
      guard contents.flights.count < contents.settings.queueMax else {
        return .refused("\(contents.settings.queueMax) keys are being loaded already")
      }
      guard contents.breaker.admit(now: Self.time) else {
        return .refused("the database does not answer in time")
      }
      let parameters = keyClass.query.parameters.map { values.value($0, in: key).array }
      let flight = Flight(
        key: name, keyClass: keyClass, parameters: parameters,
        deadline: Clock.monotonicNanoseconds + contents.settings.deadlineNanoseconds)
      contents.flights[name] = flight
      if let wait { join(flight, wait) }
      enter(flight, values, key, now: now, &contents)
      keyClass.state.counters.count(.loads)
      mailbox.post(.load(flight))
      return .loading
    }
  }

  private func join(_ flight: Flight, _ wait: LoadWait) {
    wait.add()
    flight.waiters.append(wait)
  }

  // MARK: Landing

  /// What is to become of a load's answer.
  enum Verdict {
    case store
    /// The row has changed meanwhile: it is being asked for again.
    case again
    /// It has changed too often, or the load has ended already.
    case giveUp
  }

  /// Whether a load's value may be stored now. The caller has the key's shard locked, stores, and
  /// calls `land`.
  func verdict(_ flight: Flight) -> Verdict {
    contents.withLock { _ in
      guard !flight.isOver else { return .giveUp }
      guard flight.isDirty else { return .store }
      guard flight.restarts < Self.restartsMax else { return .giveUp }
      flight.restarts += 1
      flight.keyClass.state.counters.count(.reloads)
      mailbox.post(.load(flight))
      return .again
    }
  }

  /// A load's query is about to be sent: changes heard of so far are in its answer.
  ///
  /// - Returns: whether anybody wants it still.
  func begin(_ flight: Flight) -> Bool {
    contents.withLock { _ in
      flight.isDirty = false
      return !flight.isOver
    }
  }

  /// Ends a load whose value is stored, or that has found nothing.
  ///
  /// - Parameter nothingUntil: until when it is known that there is no row.
  /// - Returns: who waits.
  func land(_ flight: Flight, nothingUntil: Int64? = nil, now: Int64) -> [LoadWait] {
    contents.withLock { contents in
      guard !flight.isOver else { return [] }
      if let nothingUntil, nothingUntil > now {
        makeRoomForNegative(now: now, &contents)
        contents.negatives[flight.key] = Negative(since: now, until: nothingUntil)
      }
      return take(flight, &contents)
    }
  }

  /// Ends a load that has failed.
  func fail(_ flight: Flight, _ text: String) {
    let waiters = contents.withLock { contents in
      flight.isOver ? [] : take(flight, &contents)
    }
    for waiter in waiters { waiter.end(text) }
  }

  private func take(_ flight: Flight, _ contents: inout Contents) -> [LoadWait] {
    flight.isOver = true
    contents.flights[flight.key] = nil
    let waiters = flight.waiters
    flight.waiters = []
    return waiters
  }

  private func makeRoomForNegative(now: Int64, _ contents: inout Contents) {
    guard contents.negatives.count >= contents.settings.negativesMax else { return }
    contents.negatives = contents.negatives.filter { $0.value.until > now }
    // Full of what still counts: half of it goes, so that this is not done for each.
    while contents.negatives.count > contents.settings.negativesMax / 2 {
      contents.negatives.remove(at: contents.negatives.startIndex)
    }
  }

  // MARK: Changes

  /// A row has changed: what is being loaded must not be stored, and that there was none is
  /// forgotten.
  func invalidate(_ key: [UInt8]) {
    contents.withLock { contents in
      contents.flights[key]?.isDirty = true
      contents.negatives[key] = nil
    }
  }

  /// All rows of a class may have changed.
  func invalidate(all state: ClassState) {
    contents.withLock { contents in
      for flight in contents.flights.values where flight.keyClass.state === state {
        flight.isDirty = true
      }
    }
  }

  /// Ends loads of classes that are no more: who waits runs again and finds the new ones.
  func dropLoads(except states: [ClassState]) {
    let waiters = contents.withLock { contents in
      var waiters: [LoadWait] = []
      for flight in Array(contents.flights.values)
      where !states.contains(where: { $0 === flight.keyClass.state }) {
        waiters += take(flight, &contents)
      }
      return waiters
    }
    for waiter in waiters { waiter.end() }
  }

  /// Keys that have these values at these places, and are taken out.
  ///
  /// - Returns: nil when not all are known.
  func takeGroup(_ keyClass: KeyClass, _ group: Int, _ values: [[UInt8]]) -> [[UInt8]]? {
    contents.withLock { contents in
      if contents.groupedKeys >= Self.groupedKeysMax { return nil }
      let name = GroupName(
        state: ObjectIdentifier(keyClass.state), group: group, values: values)
      guard let members = contents.groups.removeValue(forKey: name) else { return [] }
      contents.groupedKeys -= members.count
      // Loads under way are asked about again.
      for key in members.keys where contents.flights[key] != nil {
        contents.groups[name, default: [:]][key] = members[key]
        contents.groupedKeys += 1
      }
      return Array(members.keys)
    }
  }

  /// Puts a key into its groups, for as long as it may be stored.
  private func enter(
    _ flight: Flight, _ values: KeyPattern.Values, _ key: ByteView, now: Int64,
    _ contents: inout Contents
  ) {
    let keyClass = flight.keyClass
    guard !keyClass.groups.isEmpty else { return }
    let until =
      now + keyClass.lifeMilliseconds
      + Int64(contents.settings.deadlineNanoseconds / 1_000_000)
    for (index, places) in keyClass.groups.enumerated() {
      let name = GroupName(
        state: ObjectIdentifier(keyClass.state), group: index,
        values: places.map { values.value($0, in: key).array })
      if contents.groups[name]?[flight.key] == nil {
        guard contents.groupedKeys < Self.groupedKeysMax else { return }
        contents.groupedKeys += 1
      }
      contents.groups[name, default: [:]][flight.key] = Member(until: until)
    }
  }

  /// Forgets what has gone by itself; from time to time.
  ///
  /// - Complexity: O(keys that are kept here)
  func sweep(now: Int64) {
    contents.withLock { contents in
      contents.negatives = contents.negatives.filter { $0.value.until > now }
      guard contents.groupedKeys > 0 else { return }
      var count = 0
      contents.groups = contents.groups.compactMapValues { members in
        let left = members.filter { $0.value.until > now }
        count += left.count
        return left.isEmpty ? nil : left
      }
      contents.groupedKeys = count
    }
  }

  // MARK: The database's health

  /// A query has been answered, a connection made.
  func noteSuccess() {
    contents.withLock { contents in
      contents.breaker.succeed()
      contents.downReason = nil
    }
  }

  /// A query was not answered in time, or its connection broke.
  func noteFailure() {
    contents.withLock { contents in
      contents.breaker.fail(now: Self.time, contents.settings.breaker)
    }
  }

  /// There is no connection, nor will there be soon.
  func noteDown(_ reason: String) { contents.withLock { $0.downReason = reason } }

  func noteUp() { contents.withLock { $0.downReason = nil } }

  /// No load is begun any more; all that are under way end.
  func stop() {
    let waiters = contents.withLock { contents in
      contents.isStopping = true
      var waiters: [LoadWait] = []
      for flight in Array(contents.flights.values) { waiters += take(flight, &contents) }
      return waiters
    }
    for waiter in waiters { waiter.end("\(Self.errorCode) the server is stopping") }
  }

  /// For INFO.
  struct Figures {
    var flights = 0
    var negatives = 0
    var groupedKeys = 0
    var breaker = CircuitBreaker.State.closed
    var openings = 0
    var downReason: String?
  }

  var figures: Figures {
    contents.withLock { contents in
      Figures(
        flights: contents.flights.count, negatives: contents.negatives.count,
        groupedKeys: contents.groupedKeys, breaker: contents.breaker.state(now: Self.time),
        openings: contents.breaker.openings, downReason: contents.downReason)
    }
  }

  var settings: LoadSettings { contents.withLock { $0.settings } }
}

/// What an operator sets of loading; may change at run time.
struct LoadSettings: Equatable, Sendable {
  var deadlineMilliseconds: Int64 = 3000
  var statementMilliseconds: Int64 = 2000
  var connectMilliseconds: Int64 = 3000
  var heartbeatMilliseconds: Int64 = 5000
  var trustMilliseconds: Int64 = 30_000
  var queueMax = 10_000
  var negativesMax = 100_000
  var valueBytesMax = 1 << 20
  var pipelineMax = 8
  var breaker = CircuitBreaker.Settings()

  /// The defaults: a breaker that tries again soon, for a database that comes back is back at once.
  init() {
    breaker.failuresMax = 3
    breaker.openMilliseconds = 1000
    breaker.openMillisecondsMax = 5000
  }

  var deadlineNanoseconds: UInt64 { UInt64(deadlineMilliseconds) * 1_000_000 }
}
