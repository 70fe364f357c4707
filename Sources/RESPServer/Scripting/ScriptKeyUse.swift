internal import Bytes

/// Finds out, from a script's text, whether it can touch no keys but those that it is called with,
/// and cannot run for ever.
///
/// Such a script needs no gate: the locks of its keys' shards make it atomic, as they do for EXEC,
/// and scripts on different keys run at the same time. For all others the gate stays, since a
/// script that has written under some locks could neither go back nor take more of them without
/// the danger of a deadlock.
///
/// The answer is yes only where it is certain, for a form that most short scripts have:
///
/// - `redis` is only used to call `redis.call` and `redis.pcall`, with a command that is named by a
///   plain string and has its keys at fixed places, and a few harmless functions.
/// - What stands in the place of a key is `KEYS[...]`, or a local variable that is set once, to
///   `KEYS[...]`, or to each of KEYS by a loop.
/// - KEYS and ARGV are only read: indexed, counted, unpacked, walked through.
/// - No functions are made, so that nothing recurses; the only loops go over KEYS or ARGV or up to
///   their length, and not one inside the other.
/// - All other names are locals, fields, or globals from a list; so nothing leads to `redis` or
///   KEYS by another way.
///
/// Whoever runs it checks each call's shards all the same, see `ScriptRun.call`.
struct ScriptKeyUse {
  /// Scripts beyond are not looked at, in bytes.
  private static let bodyBytesMax = 32 * 1024

  private static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "if", "in", "local", "nil",
    "not", "or", "return", "then", "true",
  ]
  private static let refusedKeywords: Set<String> = ["function", "repeat", "until", "while"]
  /// None of them gives a way to `redis`, or changes what it is given.
  private static let globals: Set<String> = [
    "tonumber", "tostring", "type", "error", "assert", "select", "math", "string", "cjson",
    "cmsgpack", "struct", "bit", "table", "os",
  ]
  /// May be given KEYS and ARGV themselves; no locals are called so.
  private static let readers: Set<String> = ["ipairs", "pairs", "unpack"]
  private static let given: Set<String> = ["KEYS", "ARGV"]
  private static let redisFields: Set<String> = [
    "sha1hex", "error_reply", "status_reply", "log", "setresp", "LOG_DEBUG", "LOG_VERBOSE",
    "LOG_NOTICE", "LOG_WARNING",
  ]
  /// After these an expression goes on or begins.
  private static let expressionKeywords: Set<String> = [
    "return", "and", "or", "not", "if", "elseif", "in",
  ]
  private static let expressionSymbols: Set<String> = [
    "=", "==", "~=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "^", "#", "..", "(", "{", "[",
  ]

  private let words: [String]
  private let kinds: [ScriptTokens.Token.Kind]
  /// Open parentheses, braces and brackets before each token.
  private var depths: [Int] = []
  private var locals: Set<String> = []
  private var declarations: Set<Int> = []
  /// Locals that hold a key, as far as their declarations say.
  private var keyLocals: Set<String> = []
  /// Tokens of loops' heads that were understood.
  private var accepted: Set<Int> = []

  /// Whether a script is of that form.
  ///
  /// - Parameter find: finds a command's entry by its name.
  /// - Complexity: O(bytes), roughly; the deeper calls are nested, the more.
  static func isDeclared(
    _ body: ByteView, _ find: (ByteView) -> UnsafePointer<CommandEntry>?
  ) -> Bool {
    guard body.count <= bodyBytesMax, let tokens = ScriptTokens(body) else { return false }
    var use = ScriptKeyUse(tokens)
    guard use.readBlocks(), use.readDeclarations() else { return false }
    return use.checkNames() && use.checkCalls(tokens, find)
  }

  private init(_ tokens: ScriptTokens) {
    // What a string says must not look like a word of the script.
    words = tokens.tokens.indices.map { index in
      switch tokens.tokens[index].kind {
      case .name, .symbol: tokens.bytes(index).string
      case .text, .otherText: "\"\""
      case .number: tokens.bytes(index).string
      }
    }
    kinds = tokens.tokens.map(\.kind)
  }

  private func word(_ index: Int) -> String {
    index >= 0 && index < words.count ? words[index] : ""
  }

  private func isName(_ index: Int) -> Bool {
    index >= 0 && index < kinds.count && kinds[index] == .name
      && !Self.keywords.contains(words[index])
  }

  private func isField(_ index: Int) -> Bool { word(index - 1) == "." || word(index - 1) == ":" }

  // MARK: Blocks

  /// Follows brackets and blocks; false: there is something that is not understood.
  private mutating func readBlocks() -> Bool {
    var depth = 0
    var blocks: [String] = []
    var awaitsDo = false
    for index in words.indices {
      depths.append(depth)
      guard kinds[index] == .name || kinds[index] == .symbol else { continue }
      switch words[index] {
      case "(", "{", "[": depth += 1
      case ")", "}", "]": depth -= 1
      case "for":
        guard !blocks.contains("for"), let end = acceptLoop(index) else { return false }
        accepted.formUnion(index..<end)
        blocks.append("for")
        awaitsDo = true
      case "do" where awaitsDo: awaitsDo = false
      case "do", "if": blocks.append(words[index])
      case "end": if blocks.popLast() == nil { return false }
      case let word where Self.refusedKeywords.contains(word): return false
      default: break
      }
      if depth < 0 { return false }
    }
    return depth == 0 && blocks.isEmpty
  }

  /// Understands `for i = 1, #KEYS do` and `for i, v in ipairs(KEYS) do`, of KEYS or ARGV.
  ///
  /// - Returns: the token after the head, which is "do"; nil: it is another loop.
  private mutating func acceptLoop(_ start: Int) -> Int? {
    guard isName(start + 1) else { return nil }
    if word(start + 2) == "=" {
      guard kinds.indices.contains(start + 3), kinds[start + 3] == .number,
        word(start + 4) == ",", word(start + 5) == "#", Self.given.contains(word(start + 6))
      else { return nil }
      var end = start + 7
      if word(end) == "," {
        // A step of 0 never ends.
        guard let step = Int(word(end + 1)), step > 0 else { return nil }
        end += 2
      }
      declare(start + 1)
      return word(end) == "do" ? end : nil
    }
    guard word(start + 2) == ",", isName(start + 3), word(start + 4) == "in",
      word(start + 5) == "ipairs", word(start + 6) == "(", Self.given.contains(word(start + 7)),
      word(start + 8) == ")", word(start + 9) == "do"
    else { return nil }
    declare(start + 1)
    declare(start + 3)
    if word(start + 7) == "KEYS" { keyLocals.insert(word(start + 3)) }
    return start + 9
  }

  // MARK: Locals

  private var redeclared: Set<String> = []

  private mutating func declare(_ index: Int) {
    if !locals.insert(words[index]).inserted { redeclared.insert(words[index]) }
    declarations.insert(index)
  }

  /// Reads `local a, b = KEYS[1], KEYS[2]`.
  private mutating func readDeclarations() -> Bool {
    for index in words.indices where kinds[index] == .name && words[index] == "local" {
      guard isName(index + 1) else { return false }
      var names: [Int] = []
      var place = index + 1
      while isName(place) {
        names.append(place)
        declare(place)
        place += 1
        guard word(place) == "," else { break }
        place += 1
      }
      guard word(place) == "=" else { continue }
      place += 1
      for name in names {
        guard let (end, isKey) = simpleValue(at: place) else { break }
        let following = word(end)
        let goesOn = following == ","
        guard goesOn || beginsStatement(end) else { break }
        if isKey { keyLocals.insert(words[name]) }
        guard goesOn else { break }
        place = end + 1
      }
    }
    let known = Self.globals.union(Self.readers).union(Self.given).union(["redis", "_"])
    keyLocals.subtract(redeclared)
    return locals.isDisjoint(with: known.subtracting(["_"]))
  }

  /// Whether what stands here cannot continue the expression before it.
  private func beginsStatement(_ index: Int) -> Bool {
    if index >= words.count || word(index) == ";" { return true }
    return kinds[index] == .name && !["and", "or", "not", "in"].contains(words[index])
  }

  /// A value of one token, or an element of KEYS or ARGV.
  ///
  /// - Returns: where it ends, and whether it is a key.
  private func simpleValue(at index: Int) -> (end: Int, isKey: Bool)? {
    guard index < words.count else { return nil }
    if Self.given.contains(word(index)), kinds[index] == .name {
      guard let end = endOfIndex(index) else { return nil }
      return (end, words[index] == "KEYS")
    }
    guard kinds[index] != .symbol else { return nil }
    return (index + 1, false)
  }

  /// Behind the brackets that follow the token at `index`.
  private func endOfIndex(_ index: Int) -> Int? {
    guard word(index + 1) == "[", kinds[index + 1] == .symbol else { return nil }
    var end = index + 2
    while end < words.count, depths[end] > depths[index + 1] {
      if depths[end] == depths[index + 1] + 1, word(end) == "]" { return end + 1 }
      end += 1
    }
    return nil
  }

  // MARK: Names

  /// Checks every name's every use.
  private mutating func checkNames() -> Bool {
    for index in words.indices where isName(index) && !accepted.contains(index) {
      let name = words[index]
      if name == "redis" {
        guard checkRedis(index) else { return false }
      } else if Self.given.contains(name) {
        guard checkGiven(index) else { return false }
      } else if keyLocals.contains(name), !declarations.contains(index), !isField(index) {
        if word(index + 1) == "=" || !isRead(index) { keyLocals.remove(name) }
      } else if !isField(index), !locals.contains(name), !isFieldOfTable(index) {
        guard Self.globals.contains(name) || Self.readers.contains(name) else { return false }
      }
    }
    return true
  }

  /// `{name = value}`
  private func isFieldOfTable(_ index: Int) -> Bool {
    word(index + 1) == "=" && depths[index] > 0 && ["{", ",", ";"].contains(word(index - 1))
  }

  private func checkRedis(_ index: Int) -> Bool {
    guard !isField(index), word(index + 1) == "." else { return false }
    if word(index + 2) == "call" || word(index + 2) == "pcall" { return word(index + 3) == "(" }
    // Not assigned to, and called, if at all, with parentheses or without: all the same.
    return Self.redisFields.contains(word(index + 2)) && word(index + 3) != "="
  }

  private func checkGiven(_ index: Int) -> Bool {
    guard !isField(index) else { return false }
    if word(index - 1) == "#" { return true }
    if Self.readers.contains(word(index - 2)), !isField(index - 2), word(index - 1) == "(",
      word(index + 1) == ")" || word(index + 1) == ","
    {
      // A loop over pairs was refused, if there is one.
      return word(index - 2) == "unpack"
    }
    guard let end = endOfIndex(index), word(end) != "=" else { return false }
    return isRead(index)
  }

  /// Whether what begins at `index` is part of an expression, not what a statement assigns to.
  private func isRead(_ index: Int) -> Bool {
    let before = word(index - 1)
    guard index > 0 else { return false }
    if kinds[index - 1] == .name { return Self.expressionKeywords.contains(before) }
    guard kinds[index - 1] == .symbol else { return false }
    if Self.expressionSymbols.contains(before) { return true }
    guard before == "," else { return false }
    // There are no statements inside of brackets, for there are no functions.
    return depths[index] > 0 || isInList(index - 1)
  }

  /// Whether the comma at `index` separates values behind `=` or `return`, all of them simple.
  private func isInList(_ index: Int) -> Bool {
    var comma = index
    while true {
      var item = comma - 1
      if word(item) == "]" {
        guard word(item - 2) == "[", Self.given.contains(word(item - 3)) else { return false }
        item -= 3
      } else if item < 0 || kinds[item] == .symbol {
        return false
      }
      switch word(item - 1) {
      case ",": comma = item - 1
      case "=", "return": return true
      default: return false
      }
    }
  }

  // MARK: Calls

  private func checkCalls(
    _ tokens: ScriptTokens, _ find: (ByteView) -> UnsafePointer<CommandEntry>?
  ) -> Bool {
    for index in words.indices
    where kinds[index] == .name && words[index] == "redis" && word(index + 3) == "(" {
      guard ["call", "pcall"].contains(word(index + 2)) else { continue }
      let arguments = arguments(behind: index + 3)
      guard let name = arguments.first, name.count == 1, kinds[name.lowerBound] == .text,
        let entry = find(tokens.bytes(name.lowerBound)), !entry.pointee.isContainer,
        namesKeys(entry, arguments)
      else { return false }
    }
    return true
  }

  /// The arguments of a call, each of them its tokens.
  private func arguments(behind parenthesis: Int) -> [Range<Int>] {
    let depth = depths[parenthesis] + 1
    var found: [Range<Int>] = []
    var start = parenthesis + 1
    var index = start
    while index < words.count {
      if depths[index] == depth, kinds[index] == .symbol {
        if words[index] == "," {
          found.append(start..<index)
          start = index + 1
        } else if words[index] == ")" {
          if index > start || !found.isEmpty { found.append(start..<index) }
          return found
        }
      }
      index += 1
    }
    return []
  }

  private func namesKeys(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: [Range<Int>]
  ) -> Bool {
    switch (entry.pointee.access, entry.pointee.keyPlan) {
    case (.none, .none): return true
    case (.keys, .single(let position)):
      return areKeys(from: position, to: position, step: 1, of: arguments)
    case (.keys, .range(let first, let last, let step)):
      return areKeys(from: first, to: last, step: step, of: arguments)
    case (.keys, .made), (.keys, .specs):
      return entry.pointee.type.spec.keys.allSatisfy { spec in
        if spec.flags.contains(.notKey) { return true }
        guard !spec.flags.contains(.incomplete), case .index(let first) = spec.begin,
          case .range(let last, let step, let limit) = spec.find, limit <= 1, step > 0
        else { return false }
        return areKeys(
          from: first, to: last < 0 ? last : first + last, step: step, of: arguments)
      }
    default: return false
    }
  }

  /// Whether the arguments from `first` to `last` (negative: from the end) are keys.
  private func areKeys(
    from first: Int, to last: Int, step: Int, of arguments: [Range<Int>]
  ) -> Bool {
    let end = last >= 0 ? last : arguments.count + last
    guard let final = arguments.last, !final.isEmpty, end >= first, end < arguments.count else {
      return false
    }
    // A call at the end, or `...`, may give any number of values.
    let isOpen = [")", "..", "."].contains(word(final.upperBound - 1))
    if last < 0, isOpen, last != -1 || step != 1 || !isAllKeys(final) { return false }
    return stride(from: first, through: end, by: step).allSatisfy {
      isKey(arguments[$0]) || isAllKeys(arguments[$0])
    }
  }

  /// `unpack(KEYS)`; before the end of a list it stands for its first value, a key as well.
  private func isAllKeys(_ argument: Range<Int>) -> Bool {
    argument.count == 4
      && argument.enumerated().allSatisfy {
        word($0.element) == ["unpack", "(", "KEYS", ")"][$0.offset]
      }
  }

  private func isKey(_ argument: Range<Int>) -> Bool {
    guard let start = argument.first, kinds[start] == .name else { return false }
    if words[start] == "KEYS" { return endOfIndex(start) == argument.upperBound }
    return argument.count == 1 && keyLocals.contains(words[start])
  }
}
