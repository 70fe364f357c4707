internal import Bytes

/// All that is said of a user: whether and how it may log in, and what it may do. A value: a change
/// is tried on a copy, which takes the original's place if all of it is right.
struct ACLUserRules: Sendable {
  private(set) var isEnabled = false
  /// Whether any password will do.
  private(set) var needsNoPassword = false
  /// SHA-256 of the passwords, in hexadecimal.
  private(set) var passwords = ACLOrderedMap<Bool>()
  /// Whether it was said if payloads of RESTORE are checked, and what; they always are.
  private(set) var payloadChecking: Bool?
  /// The user's own rights, and those in parentheses.
  private(set) var root: ACLSelector
  private(set) var selectors: [ACLSelector] = []

  private let catalog: ACLCatalog

  /// A user that may do nothing.
  ///
  /// - Parameter allowsAllChannels: what `acl-pubsub-default` says.
  init(catalog: ACLCatalog, allowsAllChannels: Bool) {
    self.catalog = catalog
    root = ACLSelector(catalog: catalog, allowsAllChannels: allowsAllChannels)
  }

  /// The user "default" as it is unless something else is said: anybody, everything.
  static func initialDefault(catalog: ACLCatalog) -> ACLUserRules {
    var rules = ACLUserRules(catalog: catalog, allowsAllChannels: true)
    rules.isEnabled = true
    rules.needsNoPassword = true
    for rule in ["+@all", "~*"] as [StaticString] {
      do throws(ACLRuleError) {
        try rules.root.apply(ByteView(rule), catalog)
      } catch {
        preconditionFailure("a rule of our own is refused: \(error)")
      }
    }
    return rules
  }

  /// Own rights first, then those in parentheses.
  var allSelectors: [ACLSelector] { [root] + selectors }

  /// Changes the user as one rule says. An empty rule changes nothing.
  ///
  /// - Parameter allowsAllChannels: what `acl-pubsub-default` says, for new selectors.
  /// - Complexity: O(length of the rule)
  mutating func apply(_ rule: ByteView, allowsAllChannels: Bool) throws(ACLRuleError) {
    guard !rule.isEmpty else { return }
    switch rule[0] {
    case UInt8(ascii: ">"): return addPassword(SHA256.hexadecimal(of: rule.dropFirst(1)))
    case UInt8(ascii: "#"): return addPassword(try Self.hash(rule.dropFirst(1)))
    case UInt8(ascii: "<"): return try remove(SHA256.hexadecimal(of: rule.dropFirst(1)))
    case UInt8(ascii: "!"): return try remove(Self.hash(rule.dropFirst(1)))
    case UInt8(ascii: "(") where rule[rule.count - 1] == UInt8(ascii: ")") && rule.count > 1:
      return try addSelector(rule[1..<rule.count - 1], allowsAllChannels)
    default: break
    }
    if try applyWord(rule, allowsAllChannels) { return }
    try root.apply(rule, catalog)
  }

  /// - Returns: false when the rule is none of these words.
  private mutating func applyWord(
    _ rule: ByteView, _ allowsAllChannels: Bool
  ) throws(ACLRuleError) -> Bool {
    if rule.equalsIgnoringCase("on") {
      isEnabled = true
    } else if rule.equalsIgnoringCase("off") {
      isEnabled = false
    } else if rule.equalsIgnoringCase("nopass") {
      needsNoPassword = true
      passwords.removeAll()
    } else if rule.equalsIgnoringCase("resetpass") {
      needsNoPassword = false
      passwords.removeAll()
    } else if rule.equalsIgnoringCase("skip-sanitize-payload") {
      payloadChecking = false
    } else if rule.equalsIgnoringCase("sanitize-payload") {
      payloadChecking = true
    } else if rule.equalsIgnoringCase("clearselectors") {
      selectors = []
    } else if rule.equalsIgnoringCase("reset") {
      self = ACLUserRules(catalog: catalog, allowsAllChannels: allowsAllChannels)
      payloadChecking = true
    } else {
      return false
    }
    return true
  }

  private mutating func addSelector(
    _ text: ByteView, _ allowsAllChannels: Bool
  ) throws(ACLRuleError) {
    guard let rules = ArgumentSplitter.split(text) else { throw .syntax }
    var selector = ACLSelector(catalog: catalog, allowsAllChannels: allowsAllChannels)
    for rule in rules {
      var failure: ACLRuleError?
      rule.withByteView { rule in
        do throws(ACLRuleError) {
          try selector.apply(rule, catalog)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    selectors.append(selector)
  }

  private mutating func addPassword(_ hash: [UInt8]) {
    passwords[hash] = true
    needsNoPassword = false
  }

  private mutating func remove(_ hash: [UInt8]) throws(ACLRuleError) {
    guard passwords[hash] != nil else { throw .noSuchPassword }
    passwords[hash] = nil
  }

  private static func hash(_ text: ByteView) throws(ACLRuleError) -> [UInt8] {
    let isDigit = { (byte: UInt8) in
      (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
    }
    guard text.count == 64, text.buffer.allSatisfy(isDigit) else { throw .badHash }
    return text.array
  }

  /// Whether `password` lets the user in. Takes as long whichever of the passwords it is, and
  /// wherever they differ.
  func accepts(_ password: ByteView) -> Bool {
    if needsNoPassword { return true }
    let given = SHA256.hexadecimal(of: password)
    var isKnown = false
    for (hash, _) in passwords.elements {
      var difference: UInt8 = 0
      for index in 0..<given.count { difference |= given[index] ^ hash[index] }
      isKnown = isKnown || difference == 0
    }
    return isKnown
  }
}

/// How a user is shown.
extension ACLUserRules {
  /// The words about logging in: "on", "nopass" and so on.
  var flagWords: [StaticString] {
    var words: [StaticString] = [isEnabled ? "on" : "off"]
    if needsNoPassword { words.append("nopass") }
    switch payloadChecking {
    case false: words.append("skip-sanitize-payload")
    case true: words.append("sanitize-payload")
    default: break
    }
    return words
  }

  /// Rules that make a new user what this one is, as in an ACL file.
  var text: [UInt8] {
    var parts = flagWords.map { ByteView($0).array }
    for (hash, _) in passwords.elements { parts.append([UInt8(ascii: "#")] + hash) }
    parts.append(root.text)
    for selector in selectors {
      parts.append([UInt8(ascii: "(")] + selector.text + [UInt8(ascii: ")")])
    }
    return ACLSelector.joined(parts)
  }
}

/// Rules as a client or a file gives them.
enum ACLRuleList {
  /// Why a list of rules was refused.
  enum Failure: Error, Equatable {
    /// No word ends the parenthesis that begins in this one.
    case unmatchedParenthesis([UInt8])
    case refused(rule: [UInt8], ACLRuleError)
  }

  /// Joins words from one that starts with "(" to one that ends with ")", for a selector may come
  /// as several arguments.
  ///
  /// - Complexity: O(bytes)
  static func merged(_ words: [[UInt8]]) throws(Failure) -> [[UInt8]] {
    var merged: [[UInt8]] = []
    var open: (selector: [UInt8], start: Int)?
    for (index, word) in words.enumerated() {
      let ends = word.last == UInt8(ascii: ")")
      if var current = open {
        // Taken out first, so that appending does not copy.
        open = nil
        current.selector.append(UInt8(ascii: " "))
        current.selector += word
        if ends { merged.append(current.selector) } else { open = current }
      } else if word.first == UInt8(ascii: "("), !ends {
        open = (word, index)
      } else {
        merged.append(word)
      }
    }
    if let open { throw .unmatchedParenthesis(words[open.start]) }
    return merged
  }
}

extension ACLUserRules {
  /// Applies all rules of a list, or none.
  mutating func apply(
    all words: [[UInt8]], allowsAllChannels: Bool
  ) throws(ACLRuleList.Failure) {
    var copy = self
    for rule in try ACLRuleList.merged(words) {
      var failure: ACLRuleError?
      rule.withByteView { view in
        do throws(ACLRuleError) {
          try copy.apply(view, allowsAllChannels: allowsAllChannels)
        } catch {
          failure = error
        }
      }
      if let failure { throw .refused(rule: rule, failure) }
    }
    self = copy
  }
}

extension ACLRuleList.Failure {
  /// ACL SETUSER's words for it.
  var text: String {
    switch self {
    case .unmatchedParenthesis(let word):
      "Unmatched parenthesis in acl selector starting at '\(Self.shown(word))'."
    case .refused(let rule, let error):
      "Error in ACL SETUSER modifier '\(Self.shown(rule))': \(error.text)"
    }
  }

  /// Bytes of a rule that an error repeats.
  private static let shownBytesMax = 128

  private static func shown(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix(shownBytesMax), as: UTF8.self)
  }
}
