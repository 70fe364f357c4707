public import Bytes
internal import CacheCore
public import RESPServer

/// Caching for any application: values that turn stale before they go, one client to refresh them,
/// invalidation by tag and prefix, rules for prefixes. The commands are CACHE.*.
///
/// What they share is one `CacheStore`, made when the module starts, before the first command.
public final class CachingModule: ServerModule {
  public let name = "cache"
  public let version = 1
  public let categories = ["cache"]
  private let redact: (@Sendable (ByteView) -> [UInt8]?)?
  private let follower = StoreFollower()

  /// Makes the module; it starts with the server.
  ///
  /// - Parameter redact: finds personal data: a text without it, or nil when there is none in it.
  ///   Without such a function no rule can ask for it.
  public init(redact: (@Sendable (ByteView) -> [UInt8]?)? = nil) { self.redact = redact }

  public var commands: [any Command.Type] {
    [
      CacheCommand.self, CacheHelpCommand.self, CacheGet.self, CacheSet.self, CacheTag.self,
      CacheUntag.self, CacheTags.self, CacheKeys.self, CacheInvalidate.self,
      CacheInvalidateKey.self, CacheInvalidateTag.self, CacheInvalidatePrefix.self,
      CacheInvalidateHelp.self, CacheRules.self, CacheRuleSet.self, CacheRuleDel.self,
      CacheRuleList.self, CacheRuleStats.self, CacheRuleHelp.self,
    ]
  }

  public var keyFollower: (any KeyFollower)? { follower }

  static let rulesName = "cache-rule"
  private static let leaseName = "cache-lease-ms"
  private static let leasesMaxName = "cache-leases-max"

  public var parameters: [ConfigurationParameter] {
    let canRedact = redact != nil
    return [
      .module(
        Self.rulesName, .text, default: .text(""),
        "rules for prefixes of keys, separated by semicolons: prefix option value …",
        validation: { value in
          do throws(CacheRule.Mistake) {
            _ = try RuleSet.parse(value.text, canRedact: canRedact)
            return nil
          } catch {
            return error.reason
          }
        }),
      .module(
        Self.leaseName, .integer(1...Int(CacheGet.leaseMillisecondsMax)), default: .integer(10_000),
        "how long a lease of CACHE.GET lasts that asks for no time, in milliseconds"),
      .module(
        Self.leasesMaxName, .integer(64...16_777_216), default: .integer(65_536),
        "leases that there may be at a time; beyond it one that would end soon is given up"),
    ]
  }

  /// A failure to start, in words.
  private struct StartError: Error, CustomStringConvertible {
    var description: String
  }

  public func start(_ host: ModuleHost) throws {
    guard CacheState.store == nil else {
      throw StartError(description: "there is a caching module in this process already")
    }
    let store = CacheStore(host, redact: redact)
    CacheState.store = store
    follower.store = store
    try apply(host, store)
  }

  public func settingsChanged(_ host: ModuleHost) {
    guard let store = CacheState.store else { return }
    // Valid: it was checked when it was set.
    try? apply(host, store)
  }

  private func apply(_ host: ModuleHost, _ store: CacheStore) throws(CacheRule.Mistake) {
    if let setting = host.setting(Self.leaseName) {
      store.leaseMilliseconds = Int64(setting.integer)
    }
    if let setting = host.setting(Self.leasesMaxName) {
      store.leasesOfShardMax = max(1, setting.integer / ShardIndex.count)
    }
    let rules = try RuleSet.parse(
      host.setting(Self.rulesName)?.text ?? "", canRedact: redact != nil)
    let sorted = RuleSet(rules, after: nil).entries.map(\.rule)
    if sorted != (store.rules?.entries.map(\.rule) ?? []) { store.setRules(rules) }
  }

  public func stop() {
    CacheState.store = nil
    follower.store = nil
  }

  public func infoSections() -> [InfoSection] {
    guard let store = CacheState.store else { return [] }
    return [InfoSection("caching", store.infoFields)]
  }
}

/// What the commands share.
enum CacheState {
  // Written before the first command and after the last.
  nonisolated(unsafe) static var store: CacheStore?
}

extension CommandContext {
  /// The module's store.
  var cache: CacheStore {
    // The module starts before the first command.
    CacheState.store.unsafelyUnwrapped
  }
}

/// The follower that the server is given before the module has started.
private final class StoreFollower: KeyFollower, @unchecked Sendable {
  // Sendable: written before the first command and after the last.
  var store: CacheStore?

  func keyRemoved(_ key: HashedKey, in database: DatabaseIndex) {
    store?.keyRemoved(key, in: database)
  }

  func keyReplaced(_ key: HashedKey, in database: DatabaseIndex) {
    store?.keyReplaced(key, in: database)
  }

  func keyTransferred(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex
  ) {
    store?.keyTransferred(source, in: sourceDatabase, to: target, in: targetDatabase)
  }

  func keyChanged(_ key: HashedKey, in database: DatabaseIndex) -> Bool {
    store?.keyChanged(key, in: database) ?? false
  }

  func keyRead(
    _ key: HashedKey, in database: DatabaseIndex, isFound: Bool, isInspection: Bool
  ) -> Bool {
    store?.keyRead(key, in: database, isFound: isFound, isInspection: isInspection) ?? false
  }

  func settle(
    _ key: HashedKey, in database: DatabaseIndex, wasChanged: Bool,
    _ context: inout CommandContext
  ) {
    store?.settle(key, in: database, wasChanged: wasChanged, &context)
  }

  func databaseEmptied(_ database: DatabaseIndex?) { store?.databaseEmptied(database) }

  func databasesSwapped(_ first: DatabaseIndex, _ second: DatabaseIndex) {
    store?.databasesSwapped(first, second)
  }

  func examine(
    _ request: borrowing WriteRequest
  ) throws(CommandError) -> [(position: Int, value: [UInt8])] {
    guard let store else { return [] }
    return try store.examine(request)
  }
}

extension CacheStore {
  /// INFO's section. The gate is held.
  var infoFields: [(name: String, value: String)] {
    var tags = 0
    var keys = 0
    var links = 0
    var leases = 0
    var staleTimes = 0
    forEachNotes { notes in
      // A tag counts once in each shard that has it.
      tags += notes.tags.tagCount
      keys += notes.tags.keyCount
      links += notes.tags.linkCount
      leases += notes.leases.count
      staleTimes += notes.staleTimes.count
    }
    let numbers: [(String, Int)] = [
      ("cache_fresh", figures.fresh.total), ("cache_stale", figures.stale.total),
      ("cache_misses", figures.misses.total), ("cache_waits", figures.waits.total),
      ("cache_leases", leases), ("cache_leases_given", figures.leasesGiven.total),
      ("cache_leases_used", figures.leasesUsed.total),
      ("cache_leases_refused", figures.leasesRefused.total),
      ("cache_leases_voided", figures.leasesVoided.total),
      ("cache_leases_displaced", figures.leasesDisplaced.total),
      ("cache_tag_records", tags), ("cache_tagged_keys", keys), ("cache_tag_links", links),
      ("cache_stale_times", staleTimes),
      ("cache_invalidations_tag", figures.tagInvalidations.total),
      ("cache_invalidations_prefix", figures.prefixInvalidations.total),
      ("cache_invalidations_key", figures.keyInvalidations.total),
      ("cache_invalidated_keys", figures.invalidatedKeys.total),
      ("cache_sweeps_running", figures.runningSweeps.total),
      ("cache_longest_step_us", figures.longestStepMicroseconds.total),
      ("cache_memory", figures.bytes.total),
      ("cache_rules", rules?.entries.count ?? 0),
      ("cache_rule_walks_running", figures.ruleWalks.total),
    ]
    var fields = numbers.map { (name: $0.0, value: "\($0.1)") }
    for (index, entry) in (rules?.entries ?? []).enumerated().prefix(64) {
      let now = entry.figures
      fields.append(
        (
          name: "cache_rule_\(index)",
          value: """
          prefix=\(Self.shown(entry.rule.prefix)),hits=\(now.hits.total),\
          misses=\(now.misses.total),keys=\(now.keys.total),bytes=\(now.bytes.total),\
          over_quota=\(now.overQuota.total),refused=\(now.refused.total),\
          redacted=\(now.redacted.total)
          """
        ))
    }
    return fields
  }

  /// A prefix in a line of fields: signs that would break it become underscores.
  private static func shown(_ prefix: [UInt8]) -> String {
    String(
      decoding: prefix.map { byte in
        let isPlain = (0x21...0x7E).contains(byte) && byte != 0x2C && byte != 0x3D
        return isPlain ? byte : UInt8(ascii: "_")
      }, as: UTF8.self)
  }
}
