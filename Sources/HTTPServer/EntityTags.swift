/// Entity tags, as RFC 9110 (section 8.8.3) has them.
enum EntityTags {
  /// Whether an If-None-Match header names a tag, compared weakly: `W/"7"` names `"7"`. "*" names
  /// any. What is no list of tags names none, so that the client gets the content.
  ///
  /// - Complexity: O(bytes)
  static func list(_ header: String, names tag: String) -> Bool {
    var rest = Substring(header).utf8
    func skipBlanks() {
      while let byte = rest.first, byte == 0x20 || byte == 0x09 { rest = rest.dropFirst() }
    }
    skipBlanks()
    if rest.first == UInt8(ascii: "*") {
      rest = rest.dropFirst()
      skipBlanks()
      return rest.isEmpty
    }
    var isFound = false
    while true {
      skipBlanks()
      guard !rest.isEmpty else { return isFound }
      if rest.first == UInt8(ascii: ",") {
        rest = rest.dropFirst()
        continue
      }
      if rest.starts(with: "W/".utf8) { rest = rest.dropFirst(2) }
      guard rest.first == UInt8(ascii: "\""),
        let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\""))
      else { return false }
      if rest[...end].elementsEqual(tag.utf8) { isFound = true }
      rest = rest[rest.index(after: end)...]
      skipBlanks()
      guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return false }
    }
  }
}
