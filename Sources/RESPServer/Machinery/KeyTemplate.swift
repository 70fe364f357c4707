public import Bytes

/// The name of a key that is no argument itself but is made from one: what a module keeps for a
/// conversation, a user, a session.
///
///     COACH.APPEND 42 …    "wingman:conv:{" 42 "}"          its messages
///                          "wingman:conv:{" 42 "}:state"    what is known of it
///
/// A key specification that has a template takes part in everything as any other: its keys are
/// hashed and locked before the command runs, users need rights to the name that is made, EXEC
/// locks it, COMMAND GETKEYS tells it. Braces around the argument make it the hash tag, so that all
/// keys of one argument are in one slot, which a client can compute from the argument itself.
public struct KeyTemplate: @unchecked Sendable {
  // Sendable: see `KeyPrefix`.

  /// What stands in front of the argument, and behind it.
  private let prefix: UnsafeMutablePointer<ByteView>
  private let opening: StaticString
  private let suffix: StaticString

  /// Makes a template.
  public init(_ prefix: StaticString, _ suffix: StaticString) {
    self.init(KeyPrefix(prefix), "", suffix)
  }

  /// Makes a template whose names begin with what an operator has chosen, and then with `opening`.
  public init(_ prefix: KeyPrefix, _ opening: StaticString, _ suffix: StaticString) {
    self.prefix = prefix.place
    self.opening = opening
    self.suffix = suffix
  }

  /// Arguments that are longer, in bytes, name no key.
  public static var argumentBytesMax: Int { 512 }

  /// Whether an argument names a key: it is neither empty nor too long, and has no braces, which
  /// would end the hash tag early and could make a name that other rights hold for.
  ///
  /// A command whose argument names none runs without keys, and answers with an error.
  ///
  /// - Complexity: O(bytes of the argument, `argumentBytesMax` at most)
  public static func accepts(_ argument: ByteView) -> Bool {
    guard !argument.isEmpty, argument.count <= argumentBytesMax else { return false }
    return argument.firstIndex(of: UInt8(ascii: "{")) == nil
      && argument.firstIndex(of: UInt8(ascii: "}")) == nil
  }

  /// What a key's name is made from: the argument, or the part of it between prefix and suffix
  /// where it is the name already that stands at the hash tag's end.
  ///
  ///     42 → 42      wingman:conv:{42} → 42
  ///
  /// - Returns: nil when the argument names no key.
  func subject(of argument: ByteView) -> ByteView? {
    if begins(argument), argument[argument.count - 1] == UInt8(ascii: "}") {
      let inner = argument[headCount..<argument.count - 1]
      return Self.accepts(inner) ? inner : nil
    }
    return Self.accepts(argument) ? argument : nil
  }

  @inline(__always)
  private var prefixView: ByteView { prefix.pointee }

  /// Bytes in front of the argument.
  private var headCount: Int { prefixView.count + opening.utf8CodeUnitCount }

  /// Whether a name is longer than what stands in front of the argument, and begins with it.
  private func begins(_ name: ByteView) -> Bool {
    let view = prefixView
    let count = view.count
    return name.count > headCount && name[0..<count] == view
      && name[count..<headCount] == opening
  }

  /// Whether a key's name is one that this template makes.
  public func makes(_ name: ByteView) -> Bool {
    let tail = suffix.utf8CodeUnitCount
    guard begins(name), name.count > headCount + tail else { return false }
    return name.dropFirst(name.count - tail) == suffix
      && Self.accepts(name[headCount..<name.count - tail])
  }

  /// Whether an argument names a key of this template, by itself or as the whole name.
  public func accepts(_ argument: ByteView) -> Bool { subject(of: argument) != nil }

  /// Bytes of the longest name that it makes.
  var byteCountMax: Int { headCount + Self.argumentBytesMax + suffix.utf8CodeUnitCount }

  /// Bytes of the name made from a subject.
  private func byteCount(for subject: ByteView) -> Int {
    headCount + subject.count + suffix.utf8CodeUnitCount
  }

  /// Writes the name made from a subject.
  ///
  /// - Parameter place: room for the name.
  /// - Returns: its bytes.
  func write(_ subject: ByteView, to place: UnsafeMutablePointer<UInt8>) -> Int {
    let view = prefixView
    let head = view.count + opening.utf8CodeUnitCount
    place.update(from: view.base, count: view.count)
    (place + view.count).update(from: opening.utf8Start, count: opening.utf8CodeUnitCount)
    (place + head).update(from: subject.base, count: subject.count)
    (place + head + subject.count).update(
      from: suffix.utf8Start, count: suffix.utf8CodeUnitCount)
    return head + subject.count + suffix.utf8CodeUnitCount
  }

  /// The name made from an argument.
  public func name(for argument: ByteView) -> [UInt8] {
    let subject = subject(of: argument) ?? argument
    return [UInt8](unsafeUninitializedCapacity: byteCount(for: subject)) { buffer, used in
      used = write(subject, to: buffer.baseAddress.unsafelyUnwrapped)
    }
  }
}

/// What the names of a module's keys begin with. A module that leaves it to its operator sets it
/// when it starts, before the first command.
///
/// It lives as long as the program, so that templates read it without counting references.
public struct KeyPrefix: @unchecked Sendable {
  // Sendable: nobody reads it yet when it is set.

  fileprivate let place: UnsafeMutablePointer<ByteView>

  /// The prefix; valid until another is set.
  public var view: ByteView { place.pointee }

  /// Makes a prefix.
  public init(_ text: StaticString) {
    place = .allocate(capacity: 1)
    place.initialize(to: ByteView(text))
  }

  /// Sets it; only before the first command (`ServerModule.start`).
  public func set(_ text: String) {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, text.utf8.count))
    for (index, byte) in text.utf8.enumerated() { bytes[index] = byte }
    place.pointee = ByteView(base: UnsafePointer(bytes), count: text.utf8.count)
  }
}

extension KeySpec {
  /// The key that a template makes from the argument at `position`.
  public static func made(
    from position: Int, _ template: KeyTemplate, _ flags: Flags
  ) -> KeySpec {
    var spec = KeySpec.range(from: position, flags)
    spec.template = template
    return spec
  }

  /// A key whose name is made from the argument behind `word`, if that is there, from position
  /// `position` on.
  public static func made(
    behind word: String, from position: Int, _ template: KeyTemplate, _ flags: Flags
  ) -> KeySpec {
    var spec = KeySpec(
      begin: .keyword(word, from: position), find: .range(last: 0, step: 1, limit: 0),
      flags: flags)
    spec.template = template
    return spec
  }
}

/// The bytes of the names that templates have made for the command that runs.
struct MadeNames {
  private var base = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
  private var capacity = 256
  private var count = 0

  /// Forgets all names and makes room for others.
  mutating func begin(byteCount: Int) {
    count = 0
    guard byteCount > capacity else { return }
    base.deallocate()
    capacity = max(byteCount, capacity * 2)
    base = .allocate(capacity: capacity)
  }

  /// Makes a name, within the room that `begin` was asked for. It is valid until the next `begin`.
  ///
  /// - Returns: nil when the argument names no key.
  mutating func append(_ template: KeyTemplate, _ argument: ByteView) -> ByteView? {
    guard let subject = template.subject(of: argument) else { return nil }
    precondition(count + template.byteCountMax <= capacity)
    let place = base + count
    let length = template.write(subject, to: place)
    count += length
    return ByteView(base: UnsafePointer(place), count: length)
  }
}
