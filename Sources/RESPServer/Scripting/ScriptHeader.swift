internal import Bytes

/// The first line of a script or library that says what it is: `#!lua name=lib flags=no-writes`.
struct ScriptHeader {
  private(set) var flags: ScriptFlags = .compatible
  private(set) var engine = ""
  /// Of a library.
  private(set) var name = ""
  /// Bytes of the line, its end not counted: line numbers stay what they are.
  private(set) var length = 0

  /// Reads a script's header, which it need not have.
  init(scriptBody body: ByteView) throws(CommandError) {
    guard body.count >= 2, body[0] == UInt8(ascii: "#"), body[1] == UInt8(ascii: "!") else {
      return
    }
    guard let end = body.firstIndex(of: 0x0A) else {
      throw .fixed("ERR Invalid script shebang")
    }
    guard let words = ArgumentSplitter.split(body[0..<end]), let first = words.first else {
      throw .fixed("ERR Invalid engine in script shebang")
    }
    guard first == Array("#!lua".utf8) else {
      throw .made("ERR Unexpected engine in script shebang: \(Self.text(first))")
    }
    length = end
    flags = []
    for word in words.dropFirst() {
      guard word.starts(with: "flags=".utf8) else {
        throw .made("ERR Unknown lua shebang option: \(Self.text(word))")
      }
      try readFlags(word.dropFirst(6))
    }
  }

  private mutating func readFlags(_ text: ArraySlice<UInt8>) throws(CommandError) {
    for each in text.split(separator: UInt8(ascii: ",")) {
      let known = ScriptFlags.names.first { "\($0.1)".utf8.elementsEqual(each) }
      guard let known else {
        throw .made("ERR Unexpected flag in script shebang: \(Self.text(Array(each)))")
      }
      flags.insert(known.0)
    }
  }

  /// Reads a library's header, which it must have.
  init(libraryBody body: ByteView) throws(CommandError) {
    guard body.count >= 2, body[0] == UInt8(ascii: "#"), body[1] == UInt8(ascii: "!") else {
      throw .fixed("ERR Missing library metadata")
    }
    guard let end = body.firstIndex(of: 0x0A) else {
      throw .fixed("ERR Invalid library metadata")
    }
    guard let words = ArgumentSplitter.split(body[0..<end]), let first = words.first else {
      throw .fixed("ERR Invalid library metadata")
    }
    engine = Self.text(Array(first.dropFirst(2)))
    var name: [UInt8]?
    for word in words.dropFirst() {
      let isName = word.withByteView {
        $0.count >= 5 && $0[0..<5].equalsIgnoringCase("name=")
      }
      guard isName else {
        throw .made("ERR Invalid metadata value given: \(Self.text(word))")
      }
      guard name == nil else {
        throw .fixed("ERR Invalid metadata value, name argument was given multiple times")
      }
      name = Array(word.dropFirst(5))
    }
    guard let name else { throw .fixed("ERR Library name was not given") }
    guard Self.isValidName(name) else { throw .fixed(Self.invalidName) }
    guard engine.lowercased() == "lua" else {
      throw .made("ERR Engine '\(engine)' not found")
    }
    self.name = Self.text(name)
    length = end
  }

  /// What libraries and functions may be called.
  static func isValidName(_ name: some Collection<UInt8>) -> Bool {
    !name.isEmpty
      && name.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
        default: false
        }
      }
  }

  static let invalidName: StaticString = """
    ERR Library names can only contain letters, numbers, or underscores(_) and must be at least \
    one character long
    """

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
