internal import Bytes
internal import CLua
internal import Synchronization

/// The SHA-1 of a script's text, which is its name.
struct ScriptDigest: Hashable, Sendable {
  /// Length of its text.
  static let textLength = 40

  private let high: UInt64
  private let middle: UInt64
  private let low: UInt32

  /// Reads 40 hexadecimal digits, in any case.
  init?(_ text: ByteView) {
    guard text.count == Self.textLength else { return nil }
    var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
    for index in 0..<Self.textLength {
      let letter = text[index].lowercasedASCII
      let digit: UInt8
      switch letter {
      case 0x30...0x39: digit = letter - 0x30
      case 0x61...0x66: digit = letter - 0x61 + 10
      default: return nil
      }
      switch index {
      case 0..<16: words.0 = words.0 << 4 | UInt64(digit)
      case 16..<32: words.1 = words.1 << 4 | UInt64(digit)
      default: words.2 = words.2 << 4 | UInt32(digit)
      }
    }
    (high, middle, low) = words
  }

  /// The digest of a script.
  ///
  /// - Complexity: O(bytes)
  init(of body: ByteView) {
    var digits = [UInt8](repeating: 0, count: Self.textLength)
    digits.withUnsafeMutableBytes {
      wl_sha1(body.base, body.count, $0.baseAddress!.assumingMemoryBound(to: CChar.self))
    }
    // In bounds: 40 digits are always a digest.
    self = digits.withByteView { ScriptDigest($0)! }
  }

  /// 40 digits in lower case.
  var text: String {
    func digits(_ value: UInt64, _ count: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: count - text.utf8.count) + text
    }
    return digits(high, 16) + digits(middle, 16) + digits(UInt64(low), 8)
  }
}

/// What a script or function says of itself.
struct ScriptFlags: OptionSet, Sendable {
  let rawValue: UInt32

  static let noWrites = ScriptFlags(rawValue: UInt32(WL_NO_WRITES))
  static let allowOOM = ScriptFlags(rawValue: UInt32(WL_ALLOW_OOM))
  static let allowStale = ScriptFlags(rawValue: UInt32(WL_ALLOW_STALE))
  static let noCluster = ScriptFlags(rawValue: UInt32(WL_NO_CLUSTER))
  static let allowCrossSlotKeys = ScriptFlags(rawValue: UInt32(WL_ALLOW_CROSS_SLOT_KEYS))
  /// It says nothing: its commands are judged one by one.
  static let compatible = ScriptFlags(rawValue: UInt32(WL_COMPATIBLE))

  /// Their names, in the order in which FUNCTION LIST shows them.
  static let names: [(ScriptFlags, StaticString)] = [
    (.noWrites, "no-writes"), (.allowOOM, "allow-oom"), (.allowStale, "allow-stale"),
    (.noCluster, "no-cluster"), (.allowCrossSlotKeys, "allow-cross-slot-keys"),
  ]
}

/// A script that was loaded, the same for all loops.
final class Script: Sendable {
  let digest: ScriptDigest
  /// Its digest's text.
  let name: String
  let body: [UInt8]
  let flags: ScriptFlags
  /// Where its code begins: behind the first line if that says what it is.
  let codeStart: Int
  /// Whether it certainly touches no keys but those that it is called with, see `ScriptKeyUse`.
  let isDeclared: Bool
  /// Whether it was found to need the gate, though it does not write.
  let needsGate = Atomic<Bool>(false)

  /// Reads what a script says of itself.
  ///
  /// - Parameter find: finds a command's entry by its name.
  init(
    _ body: ByteView, digest: ScriptDigest,
    _ find: (ByteView) -> UnsafePointer<CommandEntry>?
  ) throws(CommandError) {
    let header = try ScriptHeader(scriptBody: body)
    self.digest = digest
    name = digest.text
    self.body = body.array
    flags = header.flags
    codeStart = header.length
    isDeclared = ScriptKeyUse.isDeclared(body.dropFirst(header.length), find)
  }

  /// Bytes of memory held, roughly.
  var memoryUsage: Int { 160 + body.count }
}
