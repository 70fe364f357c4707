// The subcommands of CLUSTER about nodes. All are refused, see `ClusterRefusal`.

/// CLUSTER BUMPEPOCH: would advance the cluster's configuration epoch.
enum ClusterBumpEpochCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|BUMPEPOCH", since: "3.0.0", group: .cluster, arity: 2,
    flags: changesLayout,
    summary: "Would advance the cluster's configuration epoch.",
    complexity: "O(1)",
    tips: ["nondeterministic_output"])
}

/// CLUSTER COUNT-FAILURE-REPORTS: would count the reports that a node has failed.
enum ClusterCountFailureReportsCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|COUNT-FAILURE-REPORTS", since: "3.0.0", group: .cluster, arity: 3,
    flags: [.admin, .stale],
    summary: "Would count the reports that a node has failed.",
    complexity: "O(reports)",
    arguments: nodeID,
    tips: ["nondeterministic_output"])
}

/// CLUSTER FAILOVER: would put a replica in its primary's place.
enum ClusterFailoverCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|FAILOVER", since: "3.0.0", group: .cluster, arity: -2,
    flags: changesLayout,
    summary: "Would put a replica in its primary's place.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "options", .oneOf, optional: true,
        parts: [
          ArgumentSpec("force", .pureToken, token: "FORCE"),
          ArgumentSpec("takeover", .pureToken, token: "TAKEOVER"),
        ])
    ])
}

/// CLUSTER FORGET: would make the cluster forget a node.
enum ClusterForgetCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|FORGET", since: "3.0.0", group: .cluster, arity: 3,
    flags: changesLayout,
    summary: "Would make the cluster forget a node.",
    complexity: "O(1)",
    arguments: nodeID)
}

/// CLUSTER LINKS: would list the connections between nodes.
enum ClusterLinksCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|LINKS", since: "7.0.0", group: .cluster, arity: 2,
    flags: [.stale],
    summary: "Would list the connections between nodes.",
    complexity: "O(nodes)",
    tips: ["nondeterministic_output"])
}

/// CLUSTER MEET: would make this node join others.
enum ClusterMeetCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|MEET", since: "3.0.0", group: .cluster, arity: -4,
    flags: changesLayout,
    summary: "Would make this node join others.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("ip", .string),
      ArgumentSpec("port", .integer),
      ArgumentSpec("cluster-bus-port", .integer, since: "4.0.0", optional: true),
    ],
    history: [("4.0.0", "Takes the port of the cluster bus.")])
}

/// CLUSTER NODES: would list the nodes as their configuration file has them.
enum ClusterNodesCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|NODES", since: "3.0.0", group: .cluster, arity: 2,
    flags: [.loading, .stale],
    summary: "Would list the nodes as their configuration file has them.",
    complexity: "O(nodes)",
    tips: ["nondeterministic_output"])
}

/// CLUSTER REPLICAS: would list a primary's replicas.
enum ClusterReplicasCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|REPLICAS", since: "5.0.0", group: .cluster, arity: 3,
    flags: [.admin, .stale],
    summary: "Would list a primary's replicas.",
    complexity: "O(replicas)",
    arguments: nodeID,
    tips: ["nondeterministic_output"])
}

/// CLUSTER REPLICATE: would make this node a replica of another.
enum ClusterReplicateCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|REPLICATE", since: "3.0.0", group: .cluster, arity: 3,
    flags: changesLayout,
    summary: "Would make this node a replica of another.",
    complexity: "O(1)",
    arguments: nodeID)
}

/// CLUSTER RESET: would make this node leave the cluster.
enum ClusterResetCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|RESET", since: "3.0.0", group: .cluster, arity: -2,
    flags: [.admin, .stale, .noScript],
    summary: "Would make this node leave the cluster.",
    complexity: "O(nodes), and O(keys) where they are removed",
    arguments: [
      ArgumentSpec(
        "reset-type", .oneOf, optional: true,
        parts: [
          ArgumentSpec("hard", .pureToken, token: "HARD"),
          ArgumentSpec("soft", .pureToken, token: "SOFT"),
        ])
    ])
}

/// CLUSTER SAVECONFIG: would write the nodes' configuration file.
enum ClusterSaveConfigCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|SAVECONFIG", since: "3.0.0", group: .cluster, arity: 2,
    flags: changesLayout,
    summary: "Would write the nodes' configuration file.",
    complexity: "O(1)")
}

/// CLUSTER SET-CONFIG-EPOCH: would set the configuration epoch of a new node.
enum ClusterSetConfigEpochCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|SET-CONFIG-EPOCH", since: "3.0.0", group: .cluster, arity: 3,
    flags: changesLayout,
    summary: "Would set the configuration epoch of a new node.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("config-epoch", .integer)
    ])
}

/// CLUSTER SHARDS: would list the shards with their slots and nodes.
enum ClusterShardsCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|SHARDS", since: "7.0.0", group: .cluster, arity: 2,
    flags: [.loading, .stale],
    summary: "Would list the shards with their slots and nodes.",
    complexity: "O(nodes)",
    tips: ["nondeterministic_output"])
}

/// CLUSTER SLAVES: would list a primary's replicas.
enum ClusterSlavesCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|SLAVES", since: "3.0.0", group: .cluster, arity: 3,
    flags: [.admin, .stale],
    summary: "Would list a primary's replicas.",
    complexity: "O(replicas)",
    arguments: nodeID,
    tips: ["nondeterministic_output"],
    deprecatedSince: "5.0.0", replacement: "`CLUSTER REPLICAS`")
}
