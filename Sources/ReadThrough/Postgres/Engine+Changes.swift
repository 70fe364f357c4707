internal import Bytes
internal import Logging
internal import Platform

/// Hearing of changes, and passing them on.
extension Engine {
  /// Sees to the connection that listens.
  func stepListener(_ now: UInt64) {
    if listener.isOverdue(now, settings) { loseListener("no answer", now) }
    // Classes that watch nothing need nobody to listen.
    guard table.classes.contains(where: { !$0.watches.isEmpty }) else { return }
    if listener.state == .closed, !listener.open(url, now: now) {
      return loseListener(listener.problem, now)
    }
    if !listener.step(now, settings) { loseListener(listener.problem, now) }
  }

  /// Goes on with what the listener's socket has.
  func handleListener(_ now: UInt64) {
    var keys: Set<[UInt8]> = []
    let isFine = listener.proceed(now) { event in take(event, &keys) }
    if !keys.isEmpty {
      figures.count { $0.invalidatedKeys += keys.count }
      delivery.remove(Array(keys))
    }
    if !isFine { loseListener(listener.problem, now) }
  }

  private func loseListener(_ reason: String, _ now: UInt64) {
    let wasListening = listener.isListening
    listener.close(reason)
    listener.rest(now: now)
    figures.count { $0.isListening = false }
    loader.becomeDeaf(at: delivery.now)
    guard wasListening else { return }
    log.warning(
      "Changes in the database are not heard of; what is cached is trusted for a shorter time",
      metadata: ["reason": "\(cleaned(reason))", "ms": "\(settings.trustMilliseconds)"])
  }

  private func take(_ event: Listener.Event, _ keys: inout Set<[UInt8]>) {
    switch event {
    case .listening:
      // Whatever has changed before was perhaps not heard of.
      let now = delivery.now
      for keyClass in table.classes where !keyClass.watches.isEmpty {
        keyClass.state.age(upTo: now)
        book.invalidate(all: keyClass.state)
      }
      loader.hearAgain()
      figures.count {
        $0.isListening = true
        $0.listenings += 1
      }
      log.notice("Listening to changes in the database")
    case .notice(let payload):
      figures.count { $0.notifications += 1 }
      guard let notice = ChangeNotice(payload) else {
        return figures.count { $0.unreadable += 1 }
      }
      take(notice, &keys)
    case .lag(let nanoseconds):
      figures.count { $0.lagMicroseconds = Int(nanoseconds / 1000) }
    case .missingTriggers(let names):
      figures.count { $0.missingTriggers = names.count }
      guard !names.isEmpty else { return }
      log.warning(
        "The database has no triggers for some classes; 'wingcache sql' prints them",
        metadata: ["functions": "\(names.joined(separator: " "))"])
    case .installed(let count):
      figures.count { $0.installedTriggers += count }
      log.notice("Triggers are installed", metadata: ["functions": "\(count)"])
    case .refused(let message):
      log.warning(
        "The database refuses a statement", metadata: ["reason": "\(cleaned(message))"])
    }
  }

  private func take(_ notice: ChangeNotice, _ keys: inout Set<[UInt8]>) {
    // Another server's class, or one of before a reload.
    guard let keyClass = table.find(named: notice.className) else { return }
    let places = notice.names.compactMap { keyClass.pattern.index(of: $0) }
    guard !notice.isEverything, places.count == notice.names.count else {
      return invalidateAll(keyClass)
    }
    for tuple in notice.tuples {
      if places.count == keyClass.pattern.placeholders.count {
        var values = [[UInt8]](repeating: [], count: places.count)
        for (place, value) in zip(places, tuple) { values[place] = value }
        // A value that no key can have has no key.
        guard let key = keyClass.pattern.key(values) else { continue }
        invalidate(key, keyClass, &keys)
      } else {
        let order = places.indices.sorted { places[$0] < places[$1] }
        guard let group = keyClass.groups.firstIndex(of: order.map { places[$0] }),
          let members = book.takeGroup(keyClass, group, order.map { tuple[$0] })
        else { return invalidateAll(keyClass) }
        for key in members { invalidate(key, keyClass, &keys) }
      }
    }
  }

  private func invalidate(_ key: [UInt8], _ keyClass: KeyClass, _ keys: inout Set<[UInt8]>) {
    book.invalidate(key)
    if keys.insert(key).inserted { keyClass.state.counters.count(.invalidations) }
  }

  private func invalidateAll(_ keyClass: KeyClass) {
    keyClass.state.kill(upTo: delivery.now)
    book.invalidate(all: keyClass.state)
    figures.count { $0.invalidatedClasses += 1 }
    delivery.removeDead(keyClass)
  }
}
