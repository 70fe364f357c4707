// The subcommands of CLUSTER about hash slots. All are refused, see `ClusterRefusal`.

/// CLUSTER ADDSLOTS: would give hash slots to this node.
enum ClusterAddSlotsCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|ADDSLOTS", since: "3.0.0", group: .cluster, arity: -3,
    flags: changesLayout,
    summary: "Would give hash slots to this node.",
    complexity: "O(slots)",
    arguments: slots)
}

/// CLUSTER ADDSLOTSRANGE: would give ranges of hash slots to this node.
enum ClusterAddSlotsRangeCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|ADDSLOTSRANGE", since: "7.0.0", group: .cluster, arity: -4,
    flags: changesLayout,
    summary: "Would give ranges of hash slots to this node.",
    complexity: "O(slots)",
    arguments: slotRanges)
}

/// CLUSTER COUNTKEYSINSLOT: would count the keys of a hash slot.
enum ClusterCountKeysInSlotCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|COUNTKEYSINSLOT", since: "3.0.0", group: .cluster, arity: 3,
    flags: [.stale],
    summary: "Would count the keys of a hash slot.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("slot", .integer)
    ])
}

/// CLUSTER DELSLOTS: would take hash slots from this node.
enum ClusterDelSlotsCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|DELSLOTS", since: "3.0.0", group: .cluster, arity: -3,
    flags: changesLayout,
    summary: "Would take hash slots from this node.",
    complexity: "O(slots)",
    arguments: slots)
}

/// CLUSTER DELSLOTSRANGE: would take ranges of hash slots from this node.
enum ClusterDelSlotsRangeCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|DELSLOTSRANGE", since: "7.0.0", group: .cluster, arity: -4,
    flags: changesLayout,
    summary: "Would take ranges of hash slots from this node.",
    complexity: "O(slots)",
    arguments: slotRanges)
}

/// CLUSTER FLUSHSLOTS: would take all hash slots from this node.
enum ClusterFlushSlotsCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|FLUSHSLOTS", since: "3.0.0", group: .cluster, arity: 2,
    flags: changesLayout,
    summary: "Would take all hash slots from this node.",
    complexity: "O(1)")
}

/// CLUSTER GETKEYSINSLOT: would list keys of a hash slot.
enum ClusterGetKeysInSlotCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|GETKEYSINSLOT", since: "3.0.0", group: .cluster, arity: 4,
    flags: [.stale],
    summary: "Would list keys of a hash slot.",
    complexity: "O(keys asked for)",
    arguments: [
      ArgumentSpec("slot", .integer),
      ArgumentSpec("count", .integer),
    ],
    tips: ["nondeterministic_output"])
}

/// CLUSTER KEYSLOT: would tell the hash slot of a key.
enum ClusterKeySlotCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|KEYSLOT", since: "3.0.0", group: .cluster, arity: 3,
    flags: [.stale],
    summary: "Would tell the hash slot of a key.",
    complexity: "O(N) for N bytes",
    arguments: [
      ArgumentSpec("key", .string)
    ])
}

/// CLUSTER SETSLOT: would tie a hash slot to a node.
enum ClusterSetSlotCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|SETSLOT", since: "3.0.0", group: .cluster, arity: -4,
    flags: [.noAsyncLoading, .admin, .stale, .mayReplicate],
    summary: "Would tie a hash slot to a node.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("slot", .integer),
      ArgumentSpec(
        "subcommand", .oneOf,
        parts: [
          ArgumentSpec("importing", .string, token: "IMPORTING", display: "node-id"),
          ArgumentSpec("migrating", .string, token: "MIGRATING", display: "node-id"),
          ArgumentSpec("node", .string, token: "NODE", display: "node-id"),
          ArgumentSpec("stable", .pureToken, token: "STABLE"),
        ]),
      ArgumentSpec(
        "timeout", .integer, token: "TIMEOUT", since: "8.0.0", optional: true, display: "timeout"),
    ])
}

/// CLUSTER SLOT-STATS: would tell the use of hash slots.
enum ClusterSlotStatsCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|SLOT-STATS", since: "8.0.0", group: .cluster, arity: -4,
    flags: [.stale, .loading],
    summary: "Would tell the use of hash slots.",
    complexity: "O(slots), O(N log N) with ORDERBY",
    arguments: [
      ArgumentSpec(
        "filter", .oneOf,
        parts: [
          ArgumentSpec(
            "slotsrange", .block, token: "SLOTSRANGE",
            parts: [
              ArgumentSpec("start-slot", .integer),
              ArgumentSpec("end-slot", .integer),
            ]),
          ArgumentSpec(
            "orderby", .block, token: "ORDERBY",
            parts: [
              ArgumentSpec("metric", .string),
              ArgumentSpec("limit", .integer, token: "LIMIT", optional: true),
              ArgumentSpec(
                "order", .oneOf, optional: true,
                parts: [
                  ArgumentSpec("asc", .pureToken, token: "ASC"),
                  ArgumentSpec("desc", .pureToken, token: "DESC"),
                ]),
            ]),
        ])
    ],
    tips: ["nondeterministic_output", "request_policy:all_shards"])
}

/// CLUSTER SLOTS: would list ranges of hash slots with their nodes.
enum ClusterSlotsCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|SLOTS", since: "3.0.0", group: .cluster, arity: 2,
    flags: [.loading, .stale],
    summary: "Would list ranges of hash slots with their nodes.",
    complexity: "O(nodes)",
    tips: ["nondeterministic_output"],
    history: [
      ("4.0.0", "Tells the names of nodes."), ("7.0.0", "Tells further endpoints of nodes."),
    ])
}
