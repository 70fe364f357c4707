import Bytes
import FuzzSupport

@testable import ReadThrough

// What operators write into the file of classes, what clients call keys, and what a database, or
// whoever may use its channel, sends. Byte 0 chooses the subject.

private func string(_ text: ByteView) -> String { String(decoding: text.buffer, as: UTF8.self) }

/// A file is taken or refused; what is taken makes triggers, and its patterns read as written.
private func fuzzFile(_ text: ByteView) {
  do throws(ClassFile.Mistake) {
    let table = try ClassFile.parse(string(text))
    _ = TriggerScript.script(TriggerScript.functions(table, channel: "wingcache"))
    for keyClass in table.classes {
      _ = keyClass.statement
      require((try? KeyPattern(keyClass.pattern.text)) == keyClass.pattern, "another pattern")
    }
  } catch {
    require(!error.reason.isEmpty, "a mistake without a reason")
  }
}

/// A query uses its one parameter, or is refused; what was made of it has no name left to replace.
private func fuzzQuery(_ text: ByteView) {
  guard let query = try? SQLTemplate(string(text), placeholders: ["id"]) else { return }
  require(query.parameters == [0], "another parameter")
  require(query.sql.contains("$1"), "a query that does not use its parameter")
}

private func fuzzNotice(_ text: ByteView) {
  guard let notice = ChangeNotice(string(text)) else { return }
  for tuple in notice.tuples { require(tuple.count == notice.names.count, "values without names") }
}

private enum Patterns {
  static let all: [KeyPattern] = [
    "abc:{a}", "abc:{a}:{b:int}", "abc:{a:word}-{b}/x", "abc{a:uuid}", "abc:{a:number}:x:{b}",
  ].compactMap { try? KeyPattern($0) }
}

/// What is read out of a key makes the key again.
private func fuzzKey(_ key: ByteView) {
  for pattern in Patterns.all {
    withExactCopy(of: key) { bytes in
      let view = ByteView(base: UnsafePointer(bytes), count: key.count)
      guard let found = pattern.match(view) else { return }
      let values = pattern.placeholders.indices.map { found.value($0, in: view).array }
      require(pattern.key(values) == view.array, "another key")
    }
  }
}

/// Nothing to redact changes nothing; and no quote gets out of its string.
private func fuzzJSON(_ text: ByteView) {
  let json = text.array
  require(JSONRedaction.redacted(json, by: { $0 }) == json, "changed without a reason")
  let made = JSONRedaction.redacted(Array("[\"".utf8) + json + Array("\"]".utf8)) { _ in
    Array("\"\\\u{1}".utf8)
  }
  require(!made.isEmpty, "nothing left")
}

private func fuzzURL(_ text: ByteView) {
  _ = DatabaseURL.shown(string(text))
  for url in [
    "postgres://u:\(string(text))geheim@h/db", "host=h password='\(quoted(text))geheim' user=u",
  ] {
    require(!DatabaseURL.shown(url).contains("geheim"), "shows a password: \(url)")
  }
}

private func quoted(_ text: ByteView) -> String {
  var made: [UInt8] = []
  for byte in text.buffer {
    if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") { made.append(0x5C) }
    made.append(byte)
  }
  return String(decoding: made, as: UTF8.self)
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  switch input.byte() % 6 {
  case 0: fuzzFile(input.takeAll())
  case 1: fuzzQuery(input.takeAll())
  case 2: fuzzNotice(input.takeAll())
  case 3: fuzzKey(input.takeAll())
  case 4: fuzzJSON(input.takeAll())
  default: fuzzURL(input.takeAll())
  }
  return 0
}
