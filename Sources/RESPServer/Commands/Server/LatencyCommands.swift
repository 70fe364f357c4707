internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// LATENCY: the container of the commands below.
enum LatencyCommand: Command {
  static let spec = CommandSpec(
    "LATENCY", since: "2.8.13", group: .server, arity: -2,
    summary: "Tells what kept the server from answering at once.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("latency")
  }
}

/// LATENCY LATEST: the last spike of each kind of event.
enum LatencyLatestCommand: Command {
  static let spec = CommandSpec(
    "LATENCY|LATEST", since: "2.8.13", group: .server, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Shows the latest and the worst spike of each kind of event.",
    complexity: "O(events)",
    tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let events = context.server.state.pointee.latency.events.sorted { $0.key < $1.key }
    context.reply.array(events.count)
    for (name, series) in events {
      context.reply.array(4)
      context.reply.bulk(name)
      context.reply.integer(series.samples.last?.time ?? 0)
      context.reply.integer(series.samples.last?.milliseconds ?? 0)
      context.reply.integer(series.worst)
    }
  }
}

/// LATENCY HISTORY: the spikes of one kind of event.
enum LatencyHistoryCommand: Command {
  static let spec = CommandSpec(
    "LATENCY|HISTORY", since: "2.8.13", group: .server, arity: 3,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Shows when a kind of event took long, and how long.",
    complexity: "O(1), at most 160 spikes",
    arguments: [
      ArgumentSpec("event", .string)
    ],
    tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let series = context.server.state.pointee.latency.events[context[2].string]
    let samples = series?.samples ?? []
    context.reply.array(samples.count)
    for sample in samples {
      context.reply.array(2)
      context.reply.integer(sample.time)
      context.reply.integer(sample.milliseconds)
    }
  }
}

/// LATENCY RESET: forgets spikes.
enum LatencyResetCommand: Command {
  static let spec = CommandSpec(
    "LATENCY|RESET", since: "2.8.13", group: .server, arity: -2,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Forgets the spikes of some kinds of events, or of all.",
    complexity: "O(events named)",
    arguments: [
      ArgumentSpec("event", .string, optional: true, multiple: true)
    ],
    tips: ["request_policy:all_nodes", "response_policy:agg_sum"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var names: [String] = []
    for index in 2..<max(2, context.count) { names.append(context[index].string) }
    let count = context.server.state.pointee.latency.reset(context.count > 2 ? names : nil)
    context.reply.integer(count)
  }
}

/// LATENCY GRAPH: spikes drawn with characters.
enum LatencyGraphCommand: Command {
  static let spec = CommandSpec(
    "LATENCY|GRAPH", since: "2.8.13", group: .server, arity: 3,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Draws the spikes of one kind of event.",
    complexity: "O(1), at most 80 spikes",
    arguments: [
      ArgumentSpec("event", .string)
    ],
    tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])

  /// Columns and rows of the drawing.
  private static let width = 80
  private static let height = 4

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let name = context[2].string
    guard let series = context.server.state.pointee.latency.events[name], !series.samples.isEmpty
    else { throw .made("ERR No samples available for event '\(name)'") }
    let now = Clock.wallMicroseconds / 1_000_000
    context.reply.verbatim(draw(name, series, now: now))
  }

  private static func draw(_ name: String, _ series: LatencyMonitor.Series, now: Int64) -> String {
    let samples = series.samples.suffix(width)
    let values = samples.map(\.milliseconds)
    let high = values.max() ?? 0
    let low = values.min() ?? 0
    var text = "\(name) - high \(high) ms, low \(low) ms (all time high \(series.worst) ms)\n"
    text += String(repeating: "-", count: width) + "\n"
    // A column is filled up to its share of the range; the lowest shows a line at the bottom.
    let levels = values.map { value in
      high == low ? height : 1 + Int(value - low) * (height - 1) / Int(high - low)
    }
    for row in (1...height).reversed() {
      var line = ""
      for level in levels {
        line += level > row ? "|" : level == row ? (row == 1 ? "_" : "#") : " "
      }
      text += line + "\n"
    }
    // How long ago, read from top to bottom.
    let ages = samples.map { Array(age(now - $0.time)) }
    for row in 0..<(ages.map(\.count).max() ?? 0) {
      text += String(ages.map { row < $0.count ? $0[row] : " " }) + "\n"
    }
    return text
  }

  private static func age(_ seconds: Int64) -> String {
    switch max(0, seconds) {
    case let seconds where seconds < 60: "\(seconds)s"
    case let seconds where seconds < 3600: "\(seconds / 60)m"
    case let seconds where seconds < 86400: "\(seconds / 3600)h"
    case let seconds: "\(seconds / 86400)d"
    }
  }
}

/// LATENCY HELP.
enum LatencyHelpCommand: Command {
  static let spec = CommandSpec(
    "LATENCY|HELP", since: "2.8.13", group: .server, arity: 2,
    flags: [.loading, .stale],
    summary: "Lists the subcommands of LATENCY.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "LATEST",
      "    Show the latest and the worst spike of each kind of event.",
      "HISTORY <event>",
      "    Show the spikes of a kind of event: Unix time, milliseconds.",
      "GRAPH <event>",
      "    Draw the spikes of a kind of event.",
      "RESET [<event> ...]",
      "    Forget spikes: of the kinds named, or all.",
      "HISTOGRAM [<command> ...]",
      "    Show how long commands took, cumulated by powers of two of microseconds.",
      "DOCTOR",
      "    Say in words what the spikes suggest.",
    ])
  }
}
