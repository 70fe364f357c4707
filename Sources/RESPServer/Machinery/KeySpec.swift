internal import Bytes

/// Where keys stand among the arguments, in the terms of COMMAND INFO's key specifications.
public struct KeySpec: Sendable {
  /// Where the search begins.
  public enum Begin: Sendable {
    /// At a fixed position.
    case index(Int)
    /// Behind a keyword, looked for from position `from` (negative: from the end, backwards).
    case keyword(String, from: Int)
    case unknown
  }

  /// How to go on from there.
  public enum Find: Sendable {
    /// Up to `last` (relative to the beginning; negative: from the end), every `step`, and only
    /// 1/`limit` of the arguments when `last` is -1 and `limit` above 1.
    case range(last: Int, step: Int, limit: Int)
    /// A count stands at `index` behind the beginning, the first key at `first`.
    case keyCount(index: Int, first: Int, step: Int)
    case unknown
  }

  /// What happens to the key.
  public struct Flags: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let readOnly = Flags(rawValue: 1 << 0)
    public static let readWrite = Flags(rawValue: 1 << 1)
    public static let overwrite = Flags(rawValue: 1 << 2)
    public static let removing = Flags(rawValue: 1 << 3)
    public static let access = Flags(rawValue: 1 << 4)
    public static let update = Flags(rawValue: 1 << 5)
    public static let insert = Flags(rawValue: 1 << 6)
    public static let delete = Flags(rawValue: 1 << 7)
    public static let notKey = Flags(rawValue: 1 << 8)
    public static let incomplete = Flags(rawValue: 1 << 9)
    public static let variable = Flags(rawValue: 1 << 10)

    /// The names as COMMAND prints them.
    public static let names: [(Flags, String)] = [
      (.readOnly, "RO"), (.readWrite, "RW"), (.overwrite, "OW"), (.removing, "RM"),
      (.access, "access"), (.update, "update"), (.insert, "insert"), (.delete, "delete"),
      (.notKey, "not_key"), (.incomplete, "incomplete"), (.variable, "variable_flags"),
    ]
  }

  /// Where the first key stands, how the others follow, and what the command does to them.
  public var begin: Begin
  public var find: Find
  public var flags: Flags
  /// Makes the key's name from the argument; nil: the argument is the key.
  public var template: KeyTemplate?

  public init(begin: Begin, find: Find, flags: Flags) {
    self.begin = begin
    self.find = find
    self.flags = flags
  }

  /// Keys from position `first` to `last` (negative: counted from the end of the arguments).
  public static func range(
    from first: Int, to last: Int = 0, step: Int = 1, limit: Int = 0, _ flags: Flags
  ) -> KeySpec {
    KeySpec(
      begin: .index(first), find: .range(last: last, step: step, limit: limit), flags: flags)
  }

  /// As many keys as the argument at `countPosition` says, right behind it.
  public static func counted(at countPosition: Int, _ flags: Flags) -> KeySpec {
    KeySpec(
      begin: .index(countPosition), find: .keyCount(index: 0, first: 1, step: 1), flags: flags)
  }
}

extension KeySpec {
  /// Whether its one key stands, or is made from the argument, at a fixed position.
  var isOnePosition: Bool {
    guard case .index = begin, case .range(0, 1, 0) = find else { return false }
    return true
  }

  /// Calls `body` with the position of every key, or of the argument that its name is made from.
  ///
  /// - Returns: false when the arguments do not fit: no such keyword, a count that is no number or
  ///   reaches beyond the arguments.
  /// - Complexity: O(number of arguments)
  func forEachPosition(in arguments: Arguments, _ body: (Int) -> Void) -> Bool {
    let count = arguments.count
    let start: Int
    switch begin {
    case .index(let position): start = position
    case .keyword(let word, let from):
      guard let found = Self.position(of: word, from: from, in: arguments) else { return false }
      start = found + 1
    case .unknown: return false
    }
    guard start >= 0, start < count else { return false }
    switch find {
    case .range(let last, let step, let limit):
      var end = last >= 0 ? start + last : count + last
      if last == -1, limit > 1 { end = start + (count - start) / limit - 1 }
      guard end >= start, end < count, step > 0 else { return false }
      for position in stride(from: start, through: end, by: step) {
        if let template, template.subject(of: arguments[position]) == nil { return false }
        body(position)
      }
    case .keyCount(let index, let first, let step):
      guard start + index < count, let keyCount = IntegerText.parseInt64(arguments[start + index]),
        keyCount >= 0, keyCount < count, step > 0
      else { return false }
      let firstKey = start + first
      guard firstKey + (Int(keyCount) - 1) * step < count else { return false }
      for number in 0..<Int(keyCount) { body(firstKey + number * step) }
    case .unknown: return false
    }
    return true
  }

  private static func position(of word: String, from: Int, in arguments: Arguments) -> Int? {
    var word = word
    return word.withUTF8 { buffer in
      let view = ByteView(UnsafeRawBufferPointer(buffer))
      var index = from >= 0 ? from : arguments.count + from
      let step = from >= 0 ? 1 : -1
      while index >= 1, index < arguments.count {
        if arguments[index].equalsIgnoringCase(view) { return index }
        index += step
      }
      return nil
    }
  }
}
