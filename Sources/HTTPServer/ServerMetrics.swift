internal import RESPServer

/// The server's own metrics: which fields of INFO become which families.
enum ServerMetrics {
  /// The sections that are read besides the modules'.
  static let sections = [
    "server", "clients", "memory", "stats", "cpu", "commandstats", "errorstats", "cache",
    "keyspace",
  ]

  private struct Rule: Sendable {
    let field: String
    let family: Exposition.Family
    let labels: [(String, String)]
    let scale: Double

    init(
      _ field: String, _ name: String, _ kind: Exposition.Family.Kind, _ help: String,
      labels: [(String, String)] = [], scale: Double = 1
    ) {
      self.field = field
      family = Exposition.Family("wingcache_" + name, kind, help)
      self.labels = labels
      self.scale = scale
    }

    /// One family of several fields, told apart by a label.
    static func labelled(
      _ name: String, _ kind: Exposition.Family.Kind, _ help: String, by label: String,
      _ fields: [(field: String, value: String)], scale: Double = 1
    ) -> [Rule] {
      fields.map {
        Rule($0.field, name, kind, help, labels: [(label, $0.value)], scale: scale)
      }
    }
  }

  private static let rules: [Rule] = clients + denials + memory + keys + lags + processor

  private static let clients = [
    Rule("uptime_in_seconds", "uptime_seconds", .gauge, "Time since the start."),
    Rule("connected_clients", "connected_clients", .gauge, "Connections of clients."),
    Rule("blocked_clients", "blocked_clients", .gauge, "Clients that wait in a command."),
    Rule("tracking_clients", "tracking_clients", .gauge, "Clients that track keys."),
    Rule("maxclients", "clients_max", .gauge, "Connections that are allowed."),
    Rule(
      "total_connections_received", "connections_received_total", .counter,
      "Connections that were accepted."),
    Rule(
      "rejected_connections", "connections_rejected_total", .counter,
      "Connections that were refused because of maxclients."),
    Rule(
      "evicted_clients", "clients_evicted_total", .counter,
      "Clients that were closed because of maxmemory-clients."),
    Rule("total_net_input_bytes", "net_input_bytes_total", .counter, "Bytes from clients."),
    Rule("total_net_output_bytes", "net_output_bytes_total", .counter, "Bytes to clients."),
    Rule("total_commands_processed", "commands_processed_total", .counter, "Commands executed."),
    Rule("total_error_replies", "error_replies_total", .counter, "Error replies."),
    Rule("protocol_errors", "protocol_errors_total", .counter, "Requests that were no RESP."),
    Rule("pubsub_channels", "pubsub_channels", .gauge, "Channels that have subscribers."),
    Rule("pubsub_patterns", "pubsub_patterns", .gauge, "Patterns that have subscribers."),
    Rule("tracking_total_keys", "tracking_keys", .gauge, "Keys that clients track."),
  ]

  private static let denials = Rule.labelled(
    "acl_denied_total", .counter, "What users were denied.", by: "reason",
    [
      ("acl_access_denied_auth", "auth"), ("acl_access_denied_cmd", "command"),
      ("acl_access_denied_key", "key"), ("acl_access_denied_channel", "channel"),
    ])

  private static let memory = [
    Rule("used_memory", "memory_used_bytes", .gauge, "What counts against maxmemory."),
    Rule("used_memory_peak", "memory_peak_bytes", .gauge, "The most that was ever used."),
    Rule("used_memory_rss", "memory_resident_bytes", .gauge, "Resident memory of the process."),
    Rule("used_memory_dataset", "memory_dataset_bytes", .gauge, "Memory of keys and values."),
    Rule("maxmemory", "memory_limit_bytes", .gauge, "maxmemory; 0: none."),
    Rule("mem_clients_normal", "memory_clients_bytes", .gauge, "Buffers of clients."),
    Rule("page_bytes", "memory_pages_bytes", .gauge, "Pages of small entries."),
    Rule("slot_bytes", "memory_slots_bytes", .gauge, "What is in use of those pages."),
    Rule("table_bytes", "memory_tables_bytes", .gauge, "Buckets and directories."),
    Rule("large_value_bytes", "memory_large_values_bytes", .gauge, "Values outside the pages."),
  ]

  private static let keys = [
    Rule("keyspace_hits", "keyspace_hits_total", .counter, "Lookups that found their key."),
    Rule("keyspace_misses", "keyspace_misses_total", .counter, "Lookups that found none."),
    Rule("expired_keys", "keys_expired_total", .counter, "Keys that went when they were due."),
    Rule("evicted_keys", "keys_evicted_total", .counter, "Keys that went because of maxmemory."),
    Rule("expiry_references", "expiry_references", .gauge, "References in the timing wheel."),
  ]

  private static let lags = Rule.labelled(
    "expiry_lag_seconds", .gauge, "From the time a key was due to its removal.", by: "quantile",
    [("expiry_lag_p50_ms", "0.5"), ("expiry_lag_p99_ms", "0.99"), ("expiry_lag_max_ms", "1")],
    scale: 0.001)

  private static let processor = Rule.labelled(
    "cpu_seconds_total", .counter, "CPU time of the process.", by: "mode",
    [("used_cpu_user", "user"), ("used_cpu_sys", "system")])

  /// Adds what the server's own sections tell.
  static func add(_ sections: [InfoSection], to exposition: inout Exposition) {
    var fields: [String: String] = [:]
    for section in sections where Self.sections.contains(section.name) {
      for (name, value) in section.fields where fields[name] == nil { fields[name] = value }
    }
    exposition.add(
      Exposition.Family("wingcache_build_info", .gauge, "The server's version."),
      [("version", fields["wingcache_version"] ?? "")], "1")
    for rule in rules {
      guard let text = fields[rule.field],
        let value = Exposition.number(text, scale: rule.scale)
      else { continue }
      exposition.add(rule.family, rule.labels, value)
    }
    for (name, value) in sections.flatMap(\.fields) {
      addCommand(name, value, to: &exposition)
      addDatabase(name, value, to: &exposition)
      if name.hasPrefix("errorstat_"), let count = InfoList(value).number("count") {
        exposition.add(
          Exposition.Family("wingcache_errors_total", .counter, "Error replies by their code."),
          [("code", String(name.dropFirst("errorstat_".count)))], count)
      }
    }
  }

  private static func addCommand(
    _ name: String, _ value: String, to exposition: inout Exposition
  ) {
    guard name.hasPrefix("cmdstat_") else { return }
    let labels = [("command", String(name.dropFirst("cmdstat_".count)))]
    let list = InfoList(value)
    func add(_ key: String, _ metric: String, _ help: String, scale: Double = 1) {
      guard let number = list.number(key, scale: scale) else { return }
      exposition.add(
        Exposition.Family("wingcache_command_\(metric)", .counter, help), labels, number)
    }
    add("calls", "calls_total", "Calls of a command.")
    add("usec", "seconds_total", "Time that a command has taken.", scale: 1e-6)
    add("rejected_calls", "rejected_total", "Calls that were refused before they began.")
    add("failed_calls", "failed_total", "Calls that ended with an error.")
  }

  private static func addDatabase(
    _ name: String, _ value: String, to exposition: inout Exposition
  ) {
    guard name.hasPrefix("db"), Int(name.dropFirst(2)) != nil else { return }
    let labels = [("db", String(name.dropFirst(2)))]
    let list = InfoList(value)
    if let keys = list.number("keys") {
      exposition.add(
        Exposition.Family("wingcache_keys", .gauge, "Keys of a database."), labels, keys)
    }
    if let expires = list.number("expires") {
      exposition.add(
        Exposition.Family("wingcache_keys_expiring", .gauge, "Keys that have an expiry."), labels,
        expires)
    }
  }
}

/// A field's value that is a list: "calls=1,failed=0".
struct InfoList {
  let pairs: [(key: String, value: String)]

  /// Reads it; no pairs for what is no such list.
  init(_ text: String) {
    var pairs: [(String, String)] = []
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2 else {
        pairs = []
        break
      }
      pairs.append((String(sides[0]), String(sides[1])))
    }
    self.pairs = pairs
  }

  /// A number of the list, see `Exposition.number`; nil where there is none.
  func number(_ key: String, scale: Double = 1) -> String? {
    pairs.first { $0.key == key }.flatMap { Exposition.number($0.value, scale: scale) }
  }
}
