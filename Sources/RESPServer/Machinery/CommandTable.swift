internal import Bytes

/// A registered command, laid out for dispatch.
struct CommandEntry {
  let type: any Command.Type
  /// Position in `CommandTable.specs` and in the loops' statistics.
  let index: Int
  let arity: Int
  let flags: CommandFlags
  let access: KeyspaceAccess
  /// Where the keys stand, when that is simple.
  let keyPlan: KeyPlan
  /// Whether it only holds subcommands.
  let isContainer: Bool
  let traits: Traits
  /// What a user must be allowed to do to its keys; nil: that differs between keys, or depends on
  /// the other arguments.
  let keyRights: ACLKeyRights?
  /// Which arguments are channels.
  let channels: ChannelUse

  /// Whether an argument count with the name fits the arity.
  @inline(__always)
  func accepts(argumentCount count: Int) -> Bool {
    arity >= 0 ? count == arity : count >= -arity
  }
}

/// How keys are found without walking the key specifications.
enum KeyPlan {
  case none
  /// One key at a fixed position.
  case single(Int)
  /// Keys from `first` to the end or to `last`, every `step`; `last` negative: from the end.
  case range(first: Int, last: Int, step: Int)
  /// Keys at fixed positions, the names of some of which are made from the arguments there.
  case made(UnsafeBufferPointer<MadeKey>)
  /// By the key specifications.
  case specs
}

/// A key at a fixed position.
struct MadeKey {
  let position: Int
  /// Makes its name; nil: the argument is the name.
  let template: KeyTemplate?
}

/// All commands by name: an open-addressed hash table that is built at start and never changes.
///
///     slot   word: first 8 bytes of the name in lower case | length | entry number
///
/// A lookup hashes the name's length and its first 8 bytes as one integer, so that the names of
/// almost all requests are told apart by one comparison of a word. The table lives in raw memory:
/// entries are read without reference counting.
struct CommandTable: ~Copyable {
  private struct Slot {
    var word: UInt64 = 0
    /// Length of the name; of a subcommand's, negated: "client|list" is no command that a client
    /// can ask for by that name.
    var length: Int32 = 0
    var entry: Int32 = -1
  }

  private let slots: UnsafeMutablePointer<Slot>
  private let mask: Int
  private let entries: UnsafeMutablePointer<CommandEntry>
  /// Names in lower case, joined; entry i's name starts at `nameOffsets[i]`.
  private let names: UnsafeMutablePointer<UInt8>
  private let nameOffsets: UnsafeMutablePointer<Int>

  /// Number of commands, subcommands included.
  let count: Int

  /// The facts of each command, in the order of registration.
  let specs: [CommandSpec]

  /// Makes a table of `commands`. Two of one name are a mistake of ours.
  ///
  /// - Parameter specs: the facts of each.
  init(_ commands: [any Command.Type], specs: [CommandSpec]) {
    precondition(commands.count == specs.count)
    self.specs = specs
    count = commands.count
    var capacity = 64
    while capacity < count * 4 { capacity *= 2 }
    mask = capacity - 1
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: Slot(), count: capacity)
    entries = .allocate(capacity: max(1, count))
    nameOffsets = .allocate(capacity: count + 1)
    names = .allocate(capacity: specs.reduce(1) { $0 + $1.name.utf8.count })

    let containers = Set(specs.compactMap { $0.subcommandName == nil ? nil : $0.containerName })
    var offset = 0
    for (index, command) in commands.enumerated() {
      let spec = specs[index]
      (nameOffsets + index).initialize(to: offset)
      for byte in spec.name.utf8 {
        names[offset] = byte.lowercasedASCII
        offset += 1
      }
      (entries + index).initialize(
        to: CommandEntry(
          type: command, index: index, arity: spec.arity, flags: spec.flags, access: spec.access,
          keyPlan: Self.plan(spec), isContainer: containers.contains(spec.name),
          traits: CommandEntry.Traits(of: spec.name), keyRights: Self.keyRights(spec),
          channels: ChannelUse(of: spec.name)))
    }
    nameOffsets[count] = offset
    for index in 0..<count { insert(index) }
  }

  deinit {
    slots.deallocate()
    for index in 0..<count {
      if case .made(let keys) = entries[index].keyPlan { keys.deallocate() }
    }
    entries.deinitialize(count: count)
    entries.deallocate()
    names.deallocate()
    nameOffsets.deallocate()
  }

  private static func plan(_ spec: CommandSpec) -> KeyPlan {
    let keys = spec.keys.filter { !$0.flags.contains(.notKey) }
    guard let first = keys.first else { return .none }
    if let made = madeKeys(keys) { return .made(made) }
    guard keys.count == 1, first.template == nil, case .index(let position) = first.begin,
      case .range(let last, let step, let limit) = first.find, limit <= 1
    else { return .specs }
    if last == 0 { return .single(position) }
    return .range(first: position, last: last < 0 ? last : position + last, step: step)
  }

  /// The keys, if all of them stand at fixed positions and the name of one is made.
  private static func madeKeys(_ keys: [KeySpec]) -> UnsafeBufferPointer<MadeKey>? {
    guard keys.contains(where: { $0.template != nil }) else { return nil }
    var made: [MadeKey] = []
    for key in keys {
      guard key.isOnePosition, case .index(let position) = key.begin else { return nil }
      made.append(MadeKey(position: position, template: key.template))
    }
    let buffer = UnsafeMutableBufferPointer<MadeKey>.allocate(capacity: made.count)
    _ = buffer.initialize(from: made)
    return UnsafeBufferPointer(buffer)
  }

  private static func keyRights(_ spec: CommandSpec) -> ACLKeyRights? {
    let keys = spec.keys.filter { !$0.flags.contains(.notKey) }
    guard keys.count == 1, keys[0].template == nil,
      keys[0].flags.isDisjoint(with: [.variable, .incomplete])
    else { return nil }
    return ACLKeyRights(needed: keys[0].flags)
  }

  private borrowing func insert(_ index: Int) {
    let name = name(of: index)
    var slot = Self.slot(word: Self.word(name), length: name.count) & mask
    while slots[slot].entry >= 0 {
      let other = self.name(of: Int(slots[slot].entry))
      precondition(other != name, "two commands are called \(name.string)")
      slot = (slot + 1) & mask
    }
    let isSubcommand = specs[index].subcommandName != nil
    slots[slot] = Slot(
      word: Self.word(name), length: Int32(isSubcommand ? -name.count : name.count),
      entry: Int32(index))
  }

  /// The name in lower case, as in "config|get".
  func name(of index: Int) -> ByteView {
    precondition(index >= 0 && index < count)
    return ByteView(
      base: names + nameOffsets[index], count: nameOffsets[index + 1] - nameOffsets[index])
  }

  /// The entry at `index`.
  subscript(index: Int) -> CommandEntry {
    precondition(index >= 0 && index < count)
    return entries[index]
  }

  /// The place of the entry at `index`, valid as long as the table.
  func entry(at index: Int) -> UnsafePointer<CommandEntry> {
    precondition(index >= 0 && index < count)
    return UnsafePointer(entries + index)
  }

  /// Finds a command by its name in any case; a subcommand by its full name ("client|list").
  ///
  /// - Returns: the entry's place, valid as long as the table; nil for an unknown name.
  /// - Complexity: O(length of the name)
  func find(_ name: ByteView) -> UnsafePointer<CommandEntry>? {
    find(name, markedLength: name.count) ?? find(name, markedLength: -name.count)
  }

  /// Finds the command that a request names. Subcommands are not found.
  ///
  /// - Complexity: O(length of the name)
  @inline(__always)
  func find(requested name: ByteView) -> UnsafePointer<CommandEntry>? {
    find(name, markedLength: name.count)
  }

  @inline(__always)
  private func find(
    _ name: ByteView, markedLength: Int
  ) -> UnsafePointer<CommandEntry>? {
    let word = Self.word(name)
    var slot = Self.slot(word: word, length: name.count) & mask
    while slots[slot].entry >= 0 {
      if slots[slot].word == word, Int(slots[slot].length) == markedLength {
        let index = Int(slots[slot].entry)
        if name.count <= 8 || name.equalsIgnoringCase(self.name(of: index)) {
          return UnsafePointer(entries + index)
        }
      }
      slot = (slot &+ 1) & mask
    }
    return nil
  }

  /// Finds a subcommand.
  func find(_ name: ByteView, in container: UnsafePointer<CommandEntry>)
    -> UnsafePointer<CommandEntry>?
  {
    let prefix = self.name(of: container.pointee.index)
    guard name.count <= 64 else { return nil }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: prefix.count + 65) { buffer in
      let place = buffer.baseAddress!
      for index in 0..<prefix.count { place[index] = prefix[index] }
      place[prefix.count] = UInt8(ascii: "|")
      for index in 0..<name.count { place[prefix.count + 1 + index] = name[index] }
      return find(ByteView(base: UnsafePointer(place), count: prefix.count + 1 + name.count))
    }
  }

  /// The first 8 bytes, letters in lower case, as one number.
  @inline(__always)
  private static func word(_ name: ByteView) -> UInt64 {
    let raw = UnsafeRawPointer(name.base)
    var word: UInt64 = 0
    // In bounds: each load is of bytes below `count`. Overlapping loads spare a loop.
    if name.count >= 8 {
      word = raw.loadUnaligned(as: UInt64.self)
    } else if name.count >= 4 {
      let low = UInt64(raw.loadUnaligned(as: UInt32.self))
      let high = UInt64(raw.loadUnaligned(fromByteOffset: name.count &- 4, as: UInt32.self))
      word = low | high &<< UInt64((name.count &- 4) &* 8)
    } else if name.count > 0 {
      let middle = UInt64(name.base[name.count &>> 1]) &<< UInt64((name.count &>> 1) &* 8)
      let last = UInt64(name.base[name.count &- 1]) &<< UInt64((name.count &- 1) &* 8)
      word = UInt64(name.base[0]) | middle | last
    }
    return lowercased(word)
  }

  /// Eight ASCII bytes at once: a byte in A...Z gets bit 5. The sums set a byte's top bit where it
  /// reaches a bound; bytes from 0x80 on are kept out by their own top bit.
  @inline(__always)
  private static func lowercased(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = word & (0x7F &* ones)
    let fromA = low &+ (0x80 &- 0x41) &* ones
    let beyondZ = low &+ (0x80 &- 0x5B) &* ones
    let isCapital = fromA & ~beyondZ & ~word & (0x80 &* ones)
    return word | isCapital &>> 2
  }

  @inline(__always)
  private static func slot(word: UInt64, length: Int) -> Int {
    // Fibonacci hashing; the upper bits are the well-mixed ones.
    let product = (word ^ UInt64(truncatingIfNeeded: length)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: product &>> 40)
  }
}

extension CommandEntry {
  /// Whether there may be passwords among the arguments, see `Redaction`.
  var hidesArguments: Bool { traits.contains(.hidesArguments) }

  /// Whether it is EXEC.
  var isExec: Bool { traits.contains(.isExec) }

  /// Whether it is EVAL, FCALL or one of their kin.
  var runsScript: Bool { traits.contains(.runsScript) }

  /// Whether it reads keys whose shards it locks itself, and is no script.
  var isReadWithOwnLocks: Bool {
    access == .selfLocking && flags.contains(.readonly) && !runsScript
  }

  /// Whether CLIENT PAUSE leaves it alone.
  var isExemptFromPause: Bool { traits.contains(.exemptFromPause) }

  /// What the dispatcher has to know of a few commands.
  struct Traits: OptionSet {
    let rawValue: UInt8
    static let hidesArguments = Traits(rawValue: 1 << 0)
    static let exemptFromPause = Traits(rawValue: 1 << 1)
    /// Runs, instead of being queued, between MULTI and EXEC.
    static let runsInsideMulti = Traits(rawValue: 1 << 2)
    /// Allowed to a RESP2 client that is subscribed.
    static let allowedWhileSubscribed = Traits(rawValue: 1 << 3)
    static let isExec = Traits(rawValue: 1 << 4)
    static let runsScript = Traits(rawValue: 1 << 5)
    /// Is none of the commands that CLIENT CACHING is meant for.
    static let keepsCaching = Traits(rawValue: 1 << 6)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The traits of the command called `name`.
    init(of name: String) {
      self = []
      if ["AUTH", "HELLO", "MIGRATE"].contains(name) { insert(.hidesArguments) }
      if ["CLIENT|UNPAUSE", "CLIENT|PAUSE"].contains(name) { insert(.exemptFromPause) }
      let immediate = ["EXEC", "DISCARD", "MULTI", "WATCH", "QUIT", "RESET"]
      if immediate.contains(name) { insert(.runsInsideMulti) }
      if name == "EXEC" { insert(.isExec) }
      let running = ["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"]
      if running.contains(name) { insert(.runsScript) }
      if name.hasPrefix("CLIENT|") { insert(.keepsCaching) }
      let subscriber = [
        "SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "SSUBSCRIBE", "SUNSUBSCRIBE",
        "PING", "QUIT", "RESET",
      ]
      if subscriber.contains(name) { insert(.allowedWhileSubscribed) }
    }
  }
}
