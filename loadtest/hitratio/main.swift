import CacheCore
import Foundation

// Prints hit ratios of every eviction policy beside exact algorithms, on recorded traces, and
// whether the goals are met. See docs/eviction.md.

/// A trace with its ids renumbered densely.
struct Trace {
  let name: String
  let ids: [Int32]
  let idCount: Int

  /// Reads `*.u32.gz`: gzip of little-endian 32-bit ids, one per request.
  init(path: String) throws {
    let gunzip = Process()
    gunzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gunzip.arguments = ["gzip", "-dc", path]
    let pipe = Pipe()
    gunzip.standardOutput = pipe
    try gunzip.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    gunzip.waitUntilExit()
    guard gunzip.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
    name = (path as NSString).lastPathComponent.replacingOccurrences(of: ".u32.gz", with: "")
    var dense: [UInt32: Int32] = [:]
    ids = data.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { index in
        let id = UInt32(
          littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        if let known = dense[id] { return known }
        let fresh = Int32(dense.count)
        dense[id] = fresh
        return fresh
      }
    }
    idCount = dense.count
  }
}

/// The hit ratios, in percent, of one trace at one size.
struct Row: Codable {
  var trace: String
  var percentOfKeys: Int
  var capacity: Int
  var requests: Int
  var ratios: [String: Double] = [:]
}

struct Options {
  var directory = "../shared/data/traces"
  var json: String?
  var isVerbose = false
  var percents = [1, 10]
  var seed: UInt64 = 1
  var onlyGoals = false

  init(_ arguments: [String]) {
    var rest = arguments.dropFirst()
    while let argument = rest.popFirst() {
      switch argument {
      case "--json": json = rest.popFirst()
      case "--verbose": isVerbose = true
      case "--goals": onlyGoals = true
      case "--seed": seed = rest.popFirst().flatMap { UInt64($0) } ?? seed
      case "--sizes":
        percents = (rest.popFirst() ?? "").split(separator: ",").compactMap { Int($0) }
      case "--help":
        print(
          """
          hitratio [DIRECTORY] [--sizes 1,10] [--json FILE] [--seed N] [--goals] [--verbose]
            DIRECTORY  holds *.u32.gz traces; default ../shared/data/traces
            --sizes    cache sizes in percent of a trace's distinct keys
            --json     writes the figures to FILE too
            --goals    only the columns that the goals speak of
            --verbose  shows when the adaptive policy changed its mode
          """)
        exit(0)
      default: directory = argument
      }
    }
  }
}

func ratio<Cache: ReferenceCache>(_: Cache.Type, _ trace: Trace, _ capacity: Int) -> Double {
  var cache = Cache(capacity: capacity, idCount: trace.idCount)
  var hits = 0
  for id in trace.ids where cache.access(Int(id)) { hits += 1 }
  return Double(hits) / Double(trace.ids.count) * 100
}

func ratio(
  _ policy: EvictionPolicy, _ trace: Trace, _ capacity: Int, _ options: Options
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

let references = ["LRU", "S3-FIFO", "SIEVE", "W-TinyLFU"]

func measure(_ trace: Trace, percent: Int, _ options: Options) -> Row {
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

func printTable(_ rows: [Row], _ options: Options) {
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
func printGoal(_ title: String, _ rows: [Row], least: Double, _ difference: (Row) -> Double) {
  guard let worst = rows.min(by: { difference($0) < difference($1) }) else { return }
  let isMet = difference(worst) >= least
  let place = "\(worst.trace) \(worst.percentOfKeys)%"
  print(
    "\(isMet ? "met" : "missed"): \(title); worst \(place) at "
      + String(format: "%+.2f", difference(worst)))
}

let options = Options(CommandLine.arguments)
do {
  let names = try FileManager.default.contentsOfDirectory(atPath: options.directory)
    .filter { $0.hasSuffix(".u32.gz") }.sorted { $0.lowercased() < $1.lowercased() }
  if names.isEmpty { print("No *.u32.gz in \(options.directory)") }
  var rows: [Row] = []
  for name in names {
    let trace = try Trace(path: options.directory + "/" + name)
    for percent in options.percents { rows.append(measure(trace, percent: percent, options)) }
  }
  printTable(rows, options)
  print("")
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
  if let json = options.json {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(rows).write(to: URL(fileURLWithPath: json))
  }
} catch {
  FileHandle.standardError.write(Data("hitratio: \(error)\n".utf8))
  exit(1)
}
