/// What a request line asks for.
enum HTTPTarget: Equatable {
  case content(name: String)
  case health, readiness, metrics
  case unknown
  /// Why the target makes no sense.
  case malformed(String)

  /// The longest name of static content.
  private static var nameBytesMax: Int { 128 }

  /// Reads a request target: a path, perhaps behind "http://host", perhaps with a query, which
  /// nothing here looks at.
  ///
  /// - Complexity: O(bytes)
  init(_ target: String) {
    var rest = Array(target.utf8)[...]
    for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.utf8.count)
      rest = rest.drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
      if rest.first != UInt8(ascii: "/") { rest = [UInt8(ascii: "/")] }
    }
    guard rest.first == UInt8(ascii: "/") else {
      self = .malformed("the target is no path")
      return
    }
    let end = rest.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
    guard let path = Self.decoded(rest[..<(end ?? rest.endIndex)]) else {
      self = .malformed("a % is not followed by two hexadecimal digits")
      return
    }
    let content = Array("/static/".utf8)
    switch path {
    case Array("/healthz".utf8): self = .health
    case Array("/readyz".utf8): self = .readiness
    case Array("/metrics".utf8): self = .metrics
    case _ where path.starts(with: content): self = Self.content(path.dropFirst(content.count))
    default: self = .unknown
    }
  }

  private static func content(_ name: ArraySlice<UInt8>) -> HTTPTarget {
    guard !name.isEmpty, name.count <= nameBytesMax else {
      return .malformed("a name has 1 to \(nameBytesMax) characters")
    }
    guard name.allSatisfy(isNameByte), name.contains(where: { $0 != UInt8(ascii: ".") }) else {
      return .malformed("a name has letters, digits, '.', '_' and '-' only")
    }
    return .content(name: String(decoding: name, as: UTF8.self))
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// Puts bytes in the place of "%41" and the like; nil where the two digits are missing.
  private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      if text[index] == UInt8(ascii: "%") {
        guard index + 2 < text.endIndex, let high = digit(text[index + 1]),
          let low = digit(text[index + 2])
        else { return nil }
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(text[index])
        index += 1
      }
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
