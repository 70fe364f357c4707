internal import Bytes
internal import CacheCore
internal import RESP

/// LATENCY HISTOGRAM: how long commands took.
enum LatencyHistogramCommand: Command {
  static let spec = CommandSpec(
    "LATENCY|HISTOGRAM", since: "7.0.0", group: .server, arity: -2,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Shows how long commands took, cumulated by powers of two of microseconds.",
    complexity: "O(commands shown)",
    arguments: [
      ArgumentSpec("COMMAND", .string, optional: true, multiple: true)
    ],
    tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var indexes: [Int] = []
    if context.count == 2 {
      indexes = Array(0..<context.server.state.pointee.commands.count)
    }
    let catalog = CommandDescriptions(server: context.server)
    for position in 2..<max(2, context.count) {
      guard let index = catalog.find(context[position]) else { continue }
      let subcommands = catalog.subcommands(of: index)
      indexes += subcommands.isEmpty ? [index] : subcommands
    }
    let server = context.server
    // A command named twice, or of a thousand names, costs what one does.
    var seen: Set<Int> = []
    indexes = indexes.filter { seen.insert($0).inserted && server.hasHistogram(ofCommand: $0) }
    context.reply.map(indexes.count)
    for index in indexes {
      context.reply.bulk(server.state.pointee.commands.name(of: index))
      context.reply.map(2)
      context.reply.bulk("calls")
      var calls: UInt64 = 0
      var buckets: [(UInt64, UInt64)] = []
      server.withHistogram(ofCommand: index) { histogram in
        calls = histogram.count
        histogram.forEachPowerOfTwo { buckets.append(($0, $1)) }
      }
      context.reply.integer(Int64(calls))
      context.reply.bulk("histogram_usec")
      context.reply.map(buckets.count)
      for (microseconds, count) in buckets {
        context.reply.integer(Int64(clamping: microseconds))
        context.reply.integer(Int64(clamping: count))
      }
    }
  }
}

/// LATENCY DOCTOR: what the spikes suggest.
enum LatencyDoctorCommand: Command {
  static let spec = CommandSpec(
    "LATENCY|DOCTOR", since: "2.8.13", group: .server, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Says in words what the latency spikes suggest.",
    complexity: "O(events)",
    tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.verbatim(report(context.server))
  }

  private static func report(_ server: Server) -> String {
    let events = server.state.pointee.latency.events.sorted { $0.key < $1.key }
    let threshold = server.configuration.latencyMonitorMilliseconds
    guard !events.isEmpty else {
      return threshold == 0
        ? "Latency is not being watched. Turn that on with CONFIG SET latency-monitor-threshold "
          + "and the milliseconds from which an event counts.\n"
        : "Nothing took \(threshold) ms or longer since the spikes were last reset.\n"
    }
    var text = "Events that took \(threshold) ms or longer:\n\n"
    for (number, (name, series)) in events.enumerated() {
      let values = series.samples.map(\.milliseconds)
      let mean = values.reduce(0, +) / Int64(max(1, values.count))
      let span = (series.samples.last?.time ?? 0) - (series.samples.first?.time ?? 0)
      text += "\(number + 1). \(name): \(values.count) spikes in \(span) s, \(mean) ms on average, "
      text += "\(series.worst) ms at worst.\n"
    }
    text += "\nWhat may help:\n\n"
    let names = Set(events.map(\.key))
    if names.contains("command") {
      text += "- SLOWLOG GET names the slow commands; CONFIG SET slowlog-log-slower-than 1000 "
      text += "records those over a millisecond.\n"
      text += "- Commands on the whole key space (KEYS, FLUSHALL without ASYNC) and on very large "
      text += "values hold others up: use SCAN, FLUSHALL ASYNC and UNLINK.\n"
    }
    if names.contains("fast-command") {
      text += "- Even fast commands were slow, which points at the machine: is it out of CPU time "
      text += "or memory, or does it swap? redis-cli --intrinsic-latency 100 measures that.\n"
    }
    return text
  }
}
