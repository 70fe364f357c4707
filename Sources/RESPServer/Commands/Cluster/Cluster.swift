internal import RESP

/// A command of cluster mode, which is answered as by Redis with that mode off: one server holds
/// everything, and clients are told so in the words they know.
protocol ClusterRefusal: Command {}

extension ClusterRefusal {
  /// The flags of what changes a cluster's layout.
  static var changesLayout: CommandFlags { [.noAsyncLoading, .admin, .stale] }

  static var nodeID: [ArgumentSpec] { [ArgumentSpec("node-id", .string)] }

  static var slots: [ArgumentSpec] { [ArgumentSpec("slot", .integer, multiple: true)] }

  static var slotRanges: [ArgumentSpec] {
    [
      ArgumentSpec(
        "range", .block, multiple: true,
        parts: [ArgumentSpec("start-slot", .integer), ArgumentSpec("end-slot", .integer)])
    ]
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .fixed("ERR This instance has cluster support disabled")
  }
}

/// CLUSTER: the container of the commands about clusters.
enum ClusterCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER", since: "3.0.0", group: .cluster, arity: -2,
    summary: "A container for commands about clusters; this server is none.",
    complexity: "Depends on the subcommand")
}

/// CLUSTER HELP: would list the subcommands of CLUSTER.
enum ClusterHelpCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|HELP", since: "5.0.0", group: .cluster, arity: 2,
    flags: [.loading, .stale],
    summary: "Would list the subcommands of CLUSTER.",
    complexity: "O(1)")
}

/// CLUSTER INFO: would tell the state of the cluster.
enum ClusterInfoCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|INFO", since: "3.0.0", group: .cluster, arity: 2,
    flags: [.loading, .stale],
    summary: "Would tell the state of the cluster.",
    complexity: "O(1)",
    tips: ["nondeterministic_output"])
}

/// CLUSTER MYID: would tell the name of this node.
enum ClusterMyIDCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|MYID", since: "3.0.0", group: .cluster, arity: 2,
    flags: [.loading, .stale],
    summary: "Would tell the name of this node.",
    complexity: "O(1)")
}

/// CLUSTER MYSHARDID: would tell the name of this node's shard.
enum ClusterMyShardIDCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "CLUSTER|MYSHARDID", since: "7.2.0", group: .cluster, arity: 2,
    flags: [.loading, .stale],
    summary: "Would tell the name of this node's shard.",
    complexity: "O(1)",
    tips: ["nondeterministic_output"])
}

/// ASKING: would let a client's next command reach a slot that is being imported.
enum AskingCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "ASKING", since: "3.0.0", group: .cluster, arity: 1,
    flags: [.fast],
    categories: [.connection],
    summary: "Would let a client's next command reach a slot that is being imported.",
    complexity: "O(1)")
}

/// READONLY: would let a client read from a replica of a cluster.
enum ReadOnlyCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "READONLY", since: "3.0.0", group: .cluster, arity: 1,
    flags: [.fast, .loading, .stale],
    categories: [.connection],
    summary: "Would let a client read from a replica of a cluster.",
    complexity: "O(1)")
}

/// READWRITE: would take READONLY back.
enum ReadWriteCommand: ClusterRefusal {
  static let spec = CommandSpec(
    "READWRITE", since: "3.0.0", group: .cluster, arity: 1,
    flags: [.fast, .loading, .stale],
    categories: [.connection],
    summary: "Would take READONLY back.",
    complexity: "O(1)")
}
