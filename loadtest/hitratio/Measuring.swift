import ArgumentParser
import CacheCore
import Foundation

/// How traces are measured.
struct MeasuringOptions: ParsableArguments {
  @Option(help: "What the policies draw at random starts from it.")
  var seed: UInt64 = 1

  @Flag(name: .customLong("goals"), help: "Only the columns that the goals speak of.")
  var onlyGoals = false

  @Flag(name: .customLong("verbose"), help: "Show when the adaptive policy changed its mode.")
  var isVerbose = false
}

/// The hit ratios, in percent, of one trace at one size.
struct Row: Codable {
  var trace: String
  var percentOfKeys: Int
  var capacity: Int
  var requests: Int
  var ratios: [String: Double] = [:]
}

private func ratio<Cache: ReferenceCache>(_: Cache.Type, _ trace: Trace, _ capacity: Int) -> Double
{
  var cache = Cache(capacity: capacity, idCount: trace.idCount)
  var hits = 0
  for id in trace.ids where cache.access(Int(id)) { hits += 1 }
  return Double(hits) / Double(trace.ids.count) * 100
}

private func ratio(
  _ policy: EvictionPolicy, _ trace: Trace, _ capacity: Int, _ options: MeasuringOptions
) -> Double {
  var model = TableModel(
    policy: policy, capacity: capacity, idCount: trace.idCount, seed: mix64(options.seed))
  var hits = 0
  for id in trace.ids where model.access(Int(id)) { hits += 1 }
  if options.isVerbose && policy == .allKeysAdaptive {
    let changes = model.modeChanges.map { "\($0.mode) at \($0.request)" }
    print("  \(trace.name), \(capacity) entries:", changes.joined(separator: ", "))
  }
  return Double(hits) / Double(trace.ids.count) * 100
}

private let references = ["LRU", "S3-FIFO", "SIEVE", "W-TinyLFU"]

/// The hit ratios of all policies, with room for so many percent of the trace's ids.
func measure(_ trace: Trace, percent: Int, _ options: MeasuringOptions) -> Row {
  let capacity = max(1, Int((Double(trace.idCount) * Double(percent) / 100).rounded()))
  var row = Row(
    trace: trace.name, percentOfKeys: percent, capacity: capacity, requests: trace.ids.count)
  row.ratios["LRU"] = ratio(ExactLRU.self, trace, capacity)
  row.ratios["S3-FIFO"] = ratio(ExactS3FIFO.self, trace, capacity)
  row.ratios["SIEVE"] = ratio(ExactSIEVE.self, trace, capacity)
  row.ratios["W-TinyLFU"] = ratio(ExactWTinyLFU.self, trace, capacity)
  for policy in EvictionPolicy.allCases {
    if options.onlyGoals && policy != .allKeysLRU && policy != .allKeysAdaptive { continue }
    row.ratios[policy.name] = ratio(policy, trace, capacity, options)
  }
  return row
}

/// Prints rows as a table in Markdown.
func printTable(_ rows: [Row]) {
  let ours = EvictionPolicy.allCases.map(\.name)
  let columns = (references + ours).filter { rows.first?.ratios[$0] != nil }
  print("| trace | entries | " + columns.joined(separator: " | ") + " |")
  print("|---|---|" + String(repeating: "---|", count: columns.count))
  for row in rows {
    let cells = columns.map { String(format: "%.2f", row.ratios[$0] ?? 0) }
    print(
      "| \(row.trace) \(row.percentOfKeys)% | \(row.capacity) | "
        + cells.joined(separator: " | ") + " |")
  }
}

/// Prints whether each row is within the goal, and the worst row.
private func printGoal(_ title: String, _ rows: [Row], least: Double, _ difference: (Row) -> Double)
{
  guard let worst = rows.min(by: { difference($0) < difference($1) }) else { return }
  let isMet = difference(worst) >= least
  let place = "\(worst.trace) \(worst.percentOfKeys)%"
  print(
    "\(isMet ? "met" : "missed"): \(title); worst \(place) at "
      + String(format: "%+.2f", difference(worst)))
}

/// Prints which goals are met.
func printGoals(_ rows: [Row]) {
  func value(_ row: Row, _ name: String) -> Double { row.ratios[name] ?? 0 }
  printGoal("allkeys-lru within 0.3 points of exact LRU", rows, least: -0.3) {
    -abs(value($0, "allkeys-lru") - value($0, "LRU"))
  }
  printGoal(
    "allkeys-adaptive at most 0.6 points below the better of LRU and S3-FIFO", rows,
    least: -0.6
  ) {
    value($0, "allkeys-adaptive") - max(value($0, "LRU"), value($0, "S3-FIFO"))
  }
  printGoal("allkeys-adaptive never more than 0.3 points below exact LRU", rows, least: -0.3) {
    value($0, "allkeys-adaptive") - value($0, "LRU")
  }
}
