/// The types of values in DUMP payloads and RDB files.
enum DumpType: UInt8 {
  case string = 0
  /// Elements one by one.
  case list = 1
  /// Members one by one.
  case set = 2
  /// Members, and scores as text.
  case sortedSetText = 3
  /// Fields and values one by one.
  case hash = 4
  /// Members, and scores as binary doubles.
  case sortedSet = 5
  case hashZipmap = 9
  case listZiplist = 10
  case setIntset = 11
  case sortedSetZiplist = 12
  case hashZiplist = 13
  /// Nodes that are ziplists.
  case quicklistZiplists = 14
  case stream1 = 15
  case hashListpack = 16
  case sortedSetListpack = 17
  /// Nodes that are listpacks or plain elements.
  case quicklist = 18
  /// With the first entry's ID and the counts that Redis 7.0 brought.
  case stream2 = 19
  case setListpack = 20
  /// With the consumers' active times.
  case stream3 = 21
  /// With deadlines of fields.
  case hashWithDeadlines = 24
  case hashListpackWithDeadlines = 25
  /// Wingcache's own: members with deadlines.
  case setWithDeadlines = 200
  /// The same with scores.
  case sortedSetWithDeadlines = 201

  /// The version of the format that a payload of this type needs: 10 is what Redis 7.0 reads.
  var version: UInt16 {
    switch self {
    case .hashWithDeadlines, .hashListpackWithDeadlines, .setWithDeadlines,
      .sortedSetWithDeadlines:
      12
    case .setListpack, .stream3: 11
    default: 10
    }
  }

  /// The newest version that is read: that of Redis 7.4.
  static let versionMax: UInt16 = 12
}

/// Why a payload was refused.
public enum DumpError: Error {
  /// The version is too new, or the checksum wrong.
  case wrongChecksum
  /// The value is damaged, empty, or of a type that is not known.
  case badFormat
}
