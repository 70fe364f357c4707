internal import CPostgres

/// Where the database is, with the password that nobody is to see: not in a description, not in a
/// mirror, not in an error.
struct DatabaseURL: Sendable, CustomStringConvertible, CustomReflectable {
  /// What libpq is given.
  let secret: String
  private let password: String

  static let bytesMax = 4096

  /// Reads a URL or a list of `name=value`; libpq must be loaded.
  ///
  /// - Returns: nil for what libpq cannot read.
  init?(_ text: String) {
    guard text.utf8.count <= Self.bytesMax, !text.utf8.contains(0) else { return nil }
    var room = [CChar](repeating: 0, count: Self.bytesMax)
    let isFine = text.withCString { url in
      room.withUnsafeMutableBufferPointer { cpg_read_url(url, $0.baseAddress, $0.count) } != 0
    }
    guard isFine else { return nil }
    secret = text
    let end = room.firstIndex(of: 0) ?? 0
    password = String(decoding: room[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A text without the password, on one line.
  func cleaned(_ text: String) -> String {
    var bytes = Array(text.utf8)
    let secret = Array(password.utf8)
    if !secret.isEmpty {
      var index = 0
      while index + secret.count <= bytes.count {
        if bytes[index..<(index + secret.count)].elementsEqual(secret) {
          bytes.replaceSubrange(index..<(index + secret.count), with: "***".utf8)
        }
        index += 1
      }
    }
    while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
    for index in bytes.indices where bytes[index] < 0x20 { bytes[index] = 0x20 }
    return String(decoding: bytes.prefix(400), as: UTF8.self)
  }

  var description: String { "(a database's address)" }
  /// Nothing to see.
  var customMirror: Mirror { Mirror(self, children: []) }

  /// A URL as it may be shown, whether or not it can be read: what might be a password is not in
  /// it.
  static func shown(_ text: String) -> String {
    guard !text.isEmpty else { return "" }
    let bytes = Array(text.utf8)
    var shown = bytes
    // postgres://user:password@host: from the second colon to the last "@".
    if let scheme = position(of: "://", in: bytes, from: 0) {
      let start = scheme + 3
      let slash = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
      let at = bytes[start...].lastIndex(of: UInt8(ascii: "@"))
      if let at, let colon = bytes[start..<at].firstIndex(of: UInt8(ascii: ":")) {
        shown = bytes[...colon] + Array("***".utf8) + bytes[at...]
      } else if at == nil, bytes[start..<slash].contains(UInt8(ascii: "@")) {
        return "***"
      }
    }
    // password=… among names, or in the query of a URL.
    var from = 0
    while let found = position(of: "password=", in: shown, from: from) {
      let start = found + 9
      var end = start
      let isQuoted = start < shown.count && shown[start] == UInt8(ascii: "'")
      if isQuoted {
        end = start + 1
        while end < shown.count, shown[end] != UInt8(ascii: "'") {
          end += shown[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        end = min(end + 1, shown.count)
      } else {
        while end < shown.count, shown[end] > 0x20, shown[end] != UInt8(ascii: "&") { end += 1 }
      }
      shown.replaceSubrange(start..<end, with: "***".utf8)
      from = start + 3
    }
    return String(decoding: shown, as: UTF8.self)
  }

  private static func position(of text: String, in bytes: [UInt8], from: Int) -> Int? {
    let wanted = Array(text.utf8)
    guard bytes.count >= wanted.count, from <= bytes.count - wanted.count else { return nil }
    return (from...(bytes.count - wanted.count)).first { start in
      wanted.indices.allSatisfy {
        let byte = bytes[start + $0]
        return ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == wanted[$0]
      }
    }
  }
}
