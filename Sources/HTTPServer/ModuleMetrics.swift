internal import RESPServer

/// The modules' metrics, made of their INFO sections by rules that hold for all of them.
///
/// A field `coach_api_retries` of the section `coach` becomes `wingcache_coach_api_retries_total`;
/// a list `postgres_class_challenge:hits=7,loads=2` becomes `wingcache_postgres_class_hits_total`
/// and so on with the label `class="challenge"`. What is no number is left out, but for fields that
/// end in "state" or "breaker": their word becomes a label. The end of the name tells the unit
/// (`_us`, `_ms` become seconds) and whether it is a counter: `counterWords` has the last words of
/// those.
enum ModuleMetrics {
  /// Last words of fields that only grow.
  private static let counterWords: Set<String> = [
    "accepted", "answers", "attempts", "calls", "coalesced", "conflicts", "cost", "dropped",
    "errors", "evicted", "expired", "failed", "failures", "fallbacks", "flagged", "granted",
    "hits", "invalidated", "invalidations", "kept", "learned", "loads", "lost", "misses",
    "negative", "notifications", "opened", "queries", "reads", "reconnects", "redacted",
    "refreshes", "refused", "rejected", "renewed", "requests", "retries", "rows", "saved", "served",
    "shared",
    "stale", "stored", "timeouts", "unwritten", "voided", "waits", "won", "writes",
  ]

  /// Fields that only grow, too, and do not say so.
  private static let counters: Set<String> = [
    "coach_api_connections", "coach_crises", "coach_spent", "coach_model_spent",
    "coach_tokens_full", "coach_tokens_sent", "coach_answers_cached", "coach_answers_joined",
    "http_sent_bytes", "postgres_connects",
    "postgres_connections_lost", "postgres_breaker_openings", "postgres_listenings",
    "postgres_notifications_unreadable", "postgres_invalidated_keys",
    "postgres_invalidated_classes", "postgres_triggers_installed", "postgres_values",
    "postgres_negatives", "postgres_reloads", "postgres_denied", "postgres_class_values",
    "postgres_class_negatives", "postgres_class_reloads", "postgres_class_denied",
    "coach_answers_cached_tokens", "cache_fresh", "cache_leases_given", "cache_leases_used",
    "cache_leases_displaced", "cache_invalidations_tag", "cache_invalidations_prefix",
    "cache_invalidations_key", "cache_invalidated_keys", "cache_rule_over_quota",
  ]

  /// Fields that end in such a word, and may fall: a route to the premium tier saves less than
  /// nothing.
  private static let gauges: Set<String> = ["coach_routing_saved"]

  /// Fields that are money.
  private static let dollars: Set<String> = [
    "coach_routed_cost", "coach_premium_cost", "coach_routing_saved", "coach_spent",
    "coach_spent_today", "coach_reserved", "coach_answers_saved", "coach_model_spent",
    "coach_api_cost",
  ]

  /// Beginnings of fields whose rest is the value of a label, and what they are called then.
  private static let labelled: [(prefix: String, base: String, label: String)] = [
    ("coach_calls_", "coach_command", "command"), ("coach_model_", "coach_model", "model"),
    ("http_answers_", "http_answers", "code"), ("postgres_class_", "postgres_class", "class"),
  ]

  /// Adds what a module's section tells.
  static func add(_ section: InfoSection, to exposition: inout Exposition) {
    for (field, value) in section.fields { add(field, value, of: section.name, to: &exposition) }
  }

  private static func add(
    _ field: String, _ value: String, of section: String, to exposition: inout Exposition
  ) {
    var base = field
    var labels: [(String, String)] = []
    if let rule = labelled.first(where: {
      field.hasPrefix($0.prefix) && field.count > $0.prefix.count
    }) {
      base = rule.base
      labels = [(rule.label, String(field.dropFirst(rule.prefix.count)))]
    }
    var list = InfoList(value).pairs
    // Rules are numbered, and name their prefix in the list.
    if base.hasPrefix("cache_rule_"), let prefix = list.first, prefix.key == "prefix" {
      base = "cache_rule"
      labels = [("prefix", prefix.value)]
      list.removeFirst()
    }
    if !base.hasPrefix(section), !base.hasPrefix("cache_") { base = "\(section)_\(base)" }
    if !list.isEmpty {
      // "cache_hits" with "hits" is "cache_hits", not "cache_hits_hits".
      for (key, text) in list {
        let name = base.hasSuffix("_\(key)") ? base : "\(base)_\(key)"
        add(name, text, labels, of: section, to: &exposition)
      }
    } else {
      add(base, value, labels, of: section, to: &exposition)
    }
  }

  private static func add(
    _ name: String, _ text: String, _ labels: [(String, String)], of section: String,
    to exposition: inout Exposition
  ) {
    if name.hasSuffix("state") || name.hasSuffix("breaker"), isWord(text) {
      exposition.add(family(name, section, .gauge), labels + [("state", text)], "1")
    } else {
      addNumber(name, text, labels, of: section, to: &exposition)
    }
  }

  private static func addNumber(
    _ name: String, _ text: String, _ labels: [(String, String)], of section: String,
    to exposition: inout Exposition
  ) {
    var name = name
    var scale = 1.0
    for (suffix, factor) in [("_us", 1e-6), ("_usec", 1e-6), ("_ms", 1e-3), ("_s", 1.0)]
    where name.hasSuffix(suffix) {
      name = name.dropLast(suffix.count) + "_seconds"
      scale = factor
      break
    }
    guard let number = Exposition.number(text, scale: scale) else { return }
    let last = name.split(separator: "_").last.map(String.init) ?? ""
    let isCounter =
      !gauges.contains(name)
      && (counterWords.contains(last) || counters.contains(name) || name.hasPrefix("coach_routes"))
    if dollars.contains(name) { name += "_dollars" }
    if name == "cache_memory" { name += "_bytes" }
    exposition.add(
      family(isCounter ? name + "_total" : name, section, isCounter ? .counter : .gauge), labels,
      number)
  }

  private static func family(
    _ name: String, _ section: String, _ kind: Exposition.Family.Kind
  ) -> Exposition.Family {
    let words = name.split(separator: "_").dropFirst().joined(separator: " ")
    return Exposition.Family(
      "wingcache_\(name)", kind, "INFO \(section): \(words.isEmpty ? name : words).")
  }

  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 32
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F }
  }
}
