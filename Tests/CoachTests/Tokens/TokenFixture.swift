import Bytes
import Foundation

@testable import Coach

/// Vocabularies to test with.
enum TokenFixture {
  /// A small vocabulary of the test's own.
  static let pieces = #"""
    # for tests
    @format 1
    @message_overhead 11
    @frame_bow 1
    @frame_tail ladder
    @v5.message_overhead 6
    @v5.frame_bow 0
    @v5.frame_tail free
    @prefixes 1
    e282
    @pieces 7
    \<the\>
    \<c
    at\>
    \^\<the\>
    \_\_
    \n\n
    's\>
    """#

  static let codePoints = """
    @classes 6
    9 D S
    20 20 S
    21 2F P
    30 39 D
    41 5A W
    61 7A W
    @case 1
    41 5A 1 32 U
    """

  static func vocabulary() throws -> TokenVocabulary {
    try TokenVocabulary(pieces: Array(pieces.utf8), codePoints: Array(codePoints.utf8))
  }

  /// Where the real vocabulary lies, beside the checkout; nil where it does not.
  static let folder: URL? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appendingPathComponent("../shared/data/coach/ctok").standardizedFileURL
    let pieces = folder.appendingPathComponent("pieces_v4_7.txt")
    return FileManager.default.fileExists(atPath: pieces.path) ? folder : nil
  }()

  static func realVocabulary() throws -> TokenVocabulary? {
    guard let folder else { return nil }
    return try TokenVocabulary(path: folder.appendingPathComponent("pieces_v4_7.txt").path)
  }

  struct Recorded: Decodable {
    var text: String
    var older: Int
    var newer: Int

    enum CodingKeys: String, CodingKey {
      case text
      case older = "count_v4_7"
      case newer = "count_v5"
    }
  }

  /// Texts with their counts.
  static func recorded() throws -> [Recorded] {
    guard let folder else { return [] }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/zcat")
    process.arguments = [folder.appendingPathComponent("fixtures.jsonl.gz").path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    let decoder = JSONDecoder()
    return try data.split(separator: 0x0A).map { try decoder.decode(Recorded.self, from: $0) }
  }
}

extension TokenVocabulary {
  func count(_ text: String, _ family: TokenFamily = .v5, isFramed: Bool = true) -> Int {
    Array(text.utf8).withByteView { count($0, family: family, isFramed: isFramed) }
  }
}
