internal import Bytes

/// Reads an ACL file: a line for each user, as ACL LIST shows them.
///
///     user alice on #2bd806c9… ~cache:* resetchannels -@all +get
///
/// All lines are read, whatever is wrong with one, so that all errors are told at once.
struct ACLFile {
  /// A file larger than this, in bytes, is refused.
  static let byteCountMax = 64 << 20

  /// Bytes of errors that are told.
  private static let errorBytesMax = 16 * 1024

  private let path: String
  private let catalog: ACLCatalog

  /// The users found so far, by name.
  private(set) var users: [[UInt8]: ACLUserRules] = [:]

  /// What is wrong, in Redis's words; empty: nothing.
  private(set) var errors = ""

  init(path: String, catalog: ACLCatalog) {
    self.path = path
    self.catalog = catalog
  }

  /// Reads a whole file.
  ///
  /// - Complexity: O(bytes)
  mutating func read(_ bytes: [UInt8], allowsAllChannels: Bool) {
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      let text = ConfigurationLine.trimmed(line)
      let words = text.split(separator: 0x20).map { Array($0) }
      if !words.isEmpty { take(words, number, allowsAllChannels) }
    }
  }

  private mutating func take(_ words: [[UInt8]], _ number: Int, _ allowsAllChannels: Bool) {
    guard words[0] == Array("user".utf8), words.count >= 2 else {
      return complain(
        "\(path):\(number) should start with user keyword followed by the username. ")
    }
    let name = words[1]
    let shownName = String(decoding: name.prefix(128), as: UTF8.self)
    guard !name.withByteView({ $0.hasBlanksOrNulls }) else {
      return complain(
        "'\(path):\(number): username '\(shownName)' contains invalid characters. ")
    }
    guard users[name] == nil else {
      return complain("WARNING: Duplicate user '\(shownName)' found on line \(number). ")
    }
    var rules = ACLUserRules(catalog: catalog, allowsAllChannels: allowsAllChannels)
    do throws(ACLRuleList.Failure) {
      try rules.apply(all: Array(words.dropFirst(2)), allowsAllChannels: allowsAllChannels)
    } catch {
      switch error {
      case .unmatchedParenthesis:
        complain("\(path):\(number): Unmatched parenthesis in selector definition.")
      case .refused(let rule, .unknownCommand):
        // A rule that names a command is no secret.
        let shown = String(decoding: rule.prefix(128), as: UTF8.self)
        let text = ACLRuleError.unknownCommand.text
        complain("\(path):\(number): Error in applying operation '\(shown)': \(text). ")
      case .refused(_, let reason): complain("\(path):\(number): \(reason.text). ")
      }
    }
    users[name] = rules
  }

  private mutating func complain(_ error: String) {
    if errors.utf8.count < Self.errorBytesMax { errors += error }
  }
}
