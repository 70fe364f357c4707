internal import Bytes
internal import CacheCore
internal import Platform
internal import Synchronization

/// The text of INFO, made while all loops stand still.
///
/// A section is a line in `sections` and a function that adds its fields; names and meanings are
/// those of Redis 7.2, and what only we have stands in the section "cache". A figure that nothing
/// here could have made greater than zero (replicas, snapshots) is shown as zero, since tools look
/// for it.
struct InfoReport {
  let server: Server
  /// Cache time in milliseconds.
  let now: Int64

  /// One of the server's own sections.
  struct Section: Sendable {
    let name: String
    let title: String
    /// Whether a plain INFO shows it.
    let isDefault: Bool
    let write: @Sendable (InfoReport, inout InfoText) -> Void

    init(
      _ name: String, _ title: String, isDefault: Bool = true,
      _ write: @escaping @Sendable (InfoReport, inout InfoText) -> Void
    ) {
      self.name = name
      self.title = title
      self.isDefault = isDefault
      self.write = write
    }
  }

  /// All sections in the order they are shown in.
  static let sections = [
    Section("server", "Server") { $0.writeServer(&$1) },
    Section("clients", "Clients") { $0.writeClients(&$1) },
    Section("memory", "Memory") { $0.writeMemory(&$1) },
    Section("persistence", "Persistence") { $0.writePersistence(&$1) },
    Section("stats", "Stats") { $0.writeStatistics(&$1) },
    Section("replication", "Replication") { $0.writeReplication(&$1) },
    Section("cpu", "CPU") { $0.writeCPU(&$1) },
    Section("module_list", "Modules") { $0.writeModules(&$1) },
    Section("commandstats", "Commandstats", isDefault: false) { $0.writeCommands(&$1) },
    Section("errorstats", "Errorstats") { $0.writeErrors(&$1) },
    Section("latencystats", "Latencystats", isDefault: false) { $0.writeLatencies(&$1) },
    Section("cluster", "Cluster") { $1.field("cluster_enabled", 0) },
    Section("cache", "Cache") { $0.writeCache(&$1) },
    Section("keyspace", "Keyspace") { $0.writeKeyspace(&$1) },
  ]

  /// The sections asked for, each below its title.
  ///
  /// - Complexity: O(commands + clients)
  func text(_ request: InfoRequest) -> String {
    var text = InfoText()
    for section in Self.sections where request.wants(section.name) {
      text.begin(section.title)
      section.write(self, &text)
    }
    for module in server.state.pointee.modules {
      for section in module.infoSections()
      where request.wants(section: section.name, ofModule: module.name) {
        text.begin(section.name.prefix(1).uppercased() + section.name.dropFirst())
        for field in section.fields { text.field(field.name, field.value) }
      }
    }
    return text.text
  }
}

/// Lines of INFO: sections with titles, an empty line between them, fields with values.
struct InfoText {
  private(set) var text = ""

  /// Starts a section.
  mutating func begin(_ title: some StringProtocol) {
    if !text.isEmpty { text += "\r\n" }
    text += "# \(title)\r\n"
  }

  mutating func field(_ name: String, _ value: String) {
    // A value must not make lines of its own.
    text += "\(name):\(value.split(whereSeparator: \.isNewline).joined(separator: " "))\r\n"
  }

  mutating func field(_ name: String, _ value: some BinaryInteger) {
    text += "\(name):\(value)\r\n"
  }

  mutating func field(_ name: String, _ value: Bool) { text += "\(name):\(value ? 1 : 0)\r\n" }

  /// A number with fixed decimals and perhaps a unit.
  mutating func field(_ name: String, _ value: Double, decimals: Int, unit: String = "") {
    text += "\(name):\(InfoText.decimal(value, decimals))\(unit)\r\n"
  }

  /// Bytes, and in a second field with a unit.
  mutating func memory(_ name: String, _ bytes: Int) {
    field(name, bytes)
    field(name + "_human", MemorySizeText.human(UInt64(max(0, bytes))))
  }

  /// A number with a fixed number of decimals.
  static func decimal(_ value: Double, _ decimals: Int) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.humanByteCountMax) { room in
      let start = room.baseAddress.unsafelyUnwrapped
      let count = FloatText.writeFixed(value, decimals: decimals, to: start)
      return ByteView(base: start, count: count).string
    }
  }
}

/// `part` of `whole`, 0 where there is no whole.
func ratio(_ part: Int, _ whole: Int) -> Double {
  whole > 0 ? Double(part) / Double(whole) : 0
}
