internal import Bytes
internal import Platform

/// Which reconstruction of the provider's counting applies.
public enum TokenFamily: String, Sendable, CaseIterable {
  /// Opus 4.7 to 4.9.
  case v4 = "v4.7"
  /// Every model of generation 5 and later.
  case v5
}

/// Why a vocabulary could not be used.
public struct VocabularyError: Error, Equatable, Sendable {
  /// What is wrong, with the line where that is known; without a final stop.
  public let message: String
}

/// The vocabulary from which token counts are computed, read once and then only looked at: any
/// number of threads may count with it at the same time, without a lock.
///
/// Two text files make it up, those of the project ctok (sanderland/ctok, MIT), which reconstructed
/// the counts of the provider's `count_tokens`:
///
///     pieces_NAME.txt       constants, byte prefixes, pieces; all cost one token
///     codepoints_NAME.txt   the class of every code point, and the lower-case map
///
/// The second is looked for beside the first. Neither is part of this repository: an operator names
/// the first by `coach-vocabulary-file`. The rules that turn a text into tokens are in
/// `TokenScanner`, the cheapest tiling is found by `TokenCoster`.
///
/// Memory: 110 KB for the trie, 30 KB for the classes, some KB of tables.
public final class TokenVocabulary: Sendable {
  /// What sets a family apart.
  struct Frame: Sendable {
    /// Tokens of a request with one user message, before its content.
    var overhead = 0
    /// Whether the frame opens a word before the content.
    var opensWord = false
    /// Whether trailing newlines merge with the frame's own; otherwise trailing space is free.
    var hasLadder = false
  }

  let trie: TokenTrie
  let codePoints: CodePointTable
  private let olderFrame: Frame
  private let laterFrame: Frame

  /// Number of pieces in the file.
  public let pieceCount: Int

  /// Costs of runs of `n` spaces, tabs, newlines; longer ones are computed.
  let spaceCosts: [Int]
  let tabCosts: [Int]
  let newlineCosts: [Int]
  static let tabulatedRunMax = 64

  /// Largest vocabulary file that is read.
  public static let fileByteCountMax = 16 << 20

  /// Reads the vocabulary at `path` and the code points beside it.
  ///
  /// - Complexity: O(file), some ten milliseconds; allocates.
  public convenience init(path: String) throws(VocabularyError) {
    guard let companion = Self.companionPath(of: path) else {
      throw VocabularyError(message: "the file's name must contain \"pieces\"")
    }
    let contents: ([UInt8], [UInt8])
    do throws(FileError) {
      contents = (
        try File.read(path, byteCountMax: Self.fileByteCountMax),
        try File.read(companion, byteCountMax: Self.fileByteCountMax)
      )
    } catch {
      throw VocabularyError(message: "\(error.path): \(error.message)")
    }
    try self.init(pieces: contents.0, codePoints: contents.1)
  }

  /// Makes a vocabulary of the two files' contents.
  ///
  /// - Complexity: O(file), allocates.
  public init(pieces: [UInt8], codePoints: [UInt8]) throws(VocabularyError) {
    var file = VocabularyFile()
    try file.parsePieces(pieces)
    try file.parseCodePoints(codePoints)
    guard let table = CodePointTable(classes: file.classes, caseRows: file.caseRows) else {
      throw VocabularyError(message: "too many different pages of code points")
    }
    self.codePoints = table
    trie = TokenTrie(file.pieces)
    pieceCount = file.pieceCount
    olderFrame = file.frame
    laterFrame = file.laterFrame
    spaceCosts = Self.runCosts(0x20, trie)
    tabCosts = Self.runCosts(0x09, trie)
    newlineCosts = Self.runCosts(0x0A, trie)
  }

  /// What the frame of `family` does.
  func frame(_ family: TokenFamily) -> Frame { family == .v5 ? laterFrame : olderFrame }

  /// Tokens of the frame around one user message, without the message.
  public func frameTokens(_ family: TokenFamily) -> Int { frame(family).overhead }

  private static func runCosts(_ byte: UInt8, _ trie: borrowing TokenTrie) -> [Int] {
    let coster = TokenCoster()
    var costs = [0]
    for length in 1...tabulatedRunMax {
      for _ in 0..<length { coster.append(byte, trie) }
      costs.append(coster.finish(trie))
    }
    return costs
  }

  /// Where the code points of the vocabulary at `path` are: "pieces" in the file's name replaced.
  static func companionPath(of path: String) -> String? {
    let bytes = Array(path.utf8)
    let word = Array("pieces".utf8)
    let nameStart = (bytes.lastIndex(of: 0x2F) ?? -1) + 1
    var start = bytes.count - word.count
    while start >= nameStart {
      if bytes[start...].starts(with: word) {
        let result =
          Array(bytes[..<start]) + Array("codepoints".utf8) + Array(bytes[(start + word.count)...])
        return String(decoding: result, as: UTF8.self)
      }
      start -= 1
    }
    return nil
  }
}
