import Bytes
import Foundation
import Testing

@testable import ReadThrough

@Suite struct ClassFileTests {
  private static let lines = """
    class thing
      key wingman:thing:{id:int}
      sql SELECT * FROM things WHERE id = :id;
      ttl 1h
    """

  private func mistake(_ text: String) -> ClassFile.Mistake? {
    do throws(ClassFile.Mistake) {
      _ = try ClassFile.parse(text)
      return nil
    } catch {
      return error
    }
  }

  @Test func readsAClass() throws {
    let table = try ClassFile.parse(
      """
      # Two classes.
      class thing
        key      wingman:thing:{owner}:{id:int}
        sql      SELECT *
                 FROM things
                 WHERE id = :id AND owner = :owner;
        ttl      1h
        stale    10m
        negative 500ms
        value    column body
        redact   no
        owner    owner prefix user:
        readers  backend admin
        watch    public.things id owner=owner_name
        watch    Others *

      class other
        key wingman:other:{id}
        sql SELECT 1 WHERE :id = '';
        ttl 60
      """)
    #expect(table.classes.map(\.name) == ["thing", "other"])
    let thing = table.classes[0]
    #expect(thing.ttlMilliseconds == 3_600_000)
    #expect(thing.staleMilliseconds == 600_000)
    #expect(thing.negativeMilliseconds == 500)
    #expect(thing.shape == .column("body"))
    #expect(!thing.redacts)
    #expect(thing.query.parameters == [1, 0])
    #expect(thing.query.sql.hasSuffix("WHERE id = $1 AND owner = $2"))
    #expect(thing.owner?.placeholder == 0)
    #expect(thing.owner?.readers.count == 2)
    #expect(thing.watches.map(\.table) == ["public.things", "others"])
    #expect(thing.watches[0].columns.map(\.column) == ["id", "owner_name"])
    #expect(thing.watches[1].columns.isEmpty)
    #expect(thing.groups.isEmpty)
    #expect(table.classes[1].redacts)
    #expect(table.classes[1].negativeMilliseconds == 5000)
    let found = Array("wingman:thing:ann:7".utf8).withByteView { key in
      table.find(key).map { $0.class.mayBeSeen(by: Array("user:ann".utf8), $0.values, in: key) }
    }
    #expect(found == true)
    #expect(Array("wingman:nothing:7".utf8).withByteView { table.find($0) == nil })
  }

  @Test func mistakesNameTheirLine() {
    #expect(mistake(Self.lines) == nil)
    let cases: [(String, Int, String)] = [
      ("ttl 5", 1, "before the first class"),
      (Self.lines + "\n  tll 5", 5, "'tll' is not known"),
      (Self.lines + "\n  ttl 5", 5, "given twice"),
      (Self.lines + "\n  stale soon", 5, "no time"),
      (Self.lines + "\n  redact maybe", 5, "yes or no"),
      (Self.lines + "\n  value xml", 5, "json, array or column"),
      (Self.lines + "\n  value column a\"b", 5, "json, array or column"),
      (Self.lines + "\n  watch things nothing", 5, "the key has no {nothing}"),
      (Self.lines + "\n  watch things; id", 5, "no name of a table"),
      (Self.lines + "\n  watch things", 5, "'watch' is followed"),
      (Self.lines + "\n  owner user", 5, "the key has no {user}"),
      (Self.lines + "\n  readers x", 1, "without an owner"),
      (Self.lines + "\n" + Self.lines, 0, "two classes called"),
      ("class a b", 1, "followed by one name"),
      ("class a\nkey wingman:{id}\nttl 5", 1, "has no sql"),
      ("class a\nkey wingman:{id}\nsql SELECT :id;", 1, "has no ttl"),
      ("class a\nsql SELECT 1;\nttl 5", 1, "has no key"),
      ("class a\nkey wingman:{id}\nsql SELECT 1;\nttl 5", 3, "does not use :id"),
      ("class a\nkey wingman:{id}\nsql SELECT :other;\nttl 5", 3, "uses :other"),
      ("class a\nkey wingman:{id}\nsql SELECT 1", 3, "semicolon"),
      ("class a\nkey {id}:x\nttl 5", 2, "plain text"),
    ]
    for (text, line, reason) in cases {
      let found = mistake(text)
      #expect(found?.line == line, "\(text)")
      #expect(found?.reason.contains(reason) == true, "\(text): \(found?.reason ?? "taken")")
    }
    let overlapping =
      Self.lines + "\n" + Self.lines.replacingOccurrences(of: "thing\n", with: "b\n")
    #expect(mistake(overlapping)?.reason.contains("could be of the class") == true)
  }

  @Test func parametersStandInExpressionsOnly() throws {
    func made(_ sql: String) throws -> String {
      try SQLTemplate(sql, placeholders: ["id"]).sql
    }
    #expect(try made("SELECT :id::bigint") == "SELECT $1::bigint")
    #expect(try made("SELECT ':id', :id") == "SELECT ':id', $1")
    #expect(try made("SELECT E'\\':id', :id, :id") == "SELECT E'\\':id', $1, $1")
    #expect(try made("SELECT 'it''s :id' , :id") == "SELECT 'it''s :id' , $1")
    #expect(try made("SELECT \":id\", :id") == "SELECT \":id\", $1")
    #expect(
      try made("SELECT $$ :id $$, $x$ :id $$ $x$, :id") == "SELECT $$ :id $$, $x$ :id $$ $x$, $1")
    #expect(try made("SELECT :id -- :other\n, 2") == "SELECT $1  \n, 2")
    #expect(try made("SELECT /* :a /* :b */ */ :id") == "SELECT   $1")
    #expect(try made("SELECT a[1:2], :id;") == "SELECT a[1:2], $1")
    for sql in [
      "SELECT :id; DROP TABLE x;", "SELECT '", "SELECT /* :id", "SELECT $1, :id", "SELECT $$ :id",
      "", ";", "SELECT 1", "SELECT :idx",
    ] {
      #expect(throws: SQLTemplate.Mistake.self, "\(sql)") { try made(sql) }
    }
  }

  @Test func platformClassesAreFine() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appendingPathComponent("loadtest/platform/classes.conf"), encoding: .utf8)
    let table = try ClassFile.parse(text)
    #expect(
      table.classes.map(\.name)
        == ["challenge", "reputation", "location", "matches", "assessment"])
    #expect(TriggerScript.functions(table, channel: "wingcache").count == 6)
  }
}

@Suite struct ChangeNoticeTests {
  @Test func readsTuples() throws {
    let notice = try #require(ChangeNotice("thing a b\n1\tx\\ty\n2\t\\\\n\\n"))
    #expect(notice.className == "thing")
    #expect(notice.names == ["a", "b"])
    #expect(notice.tuples == [["1", "x\ty"], ["2", "\\n\n"]].map { $0.map { Array($0.utf8) } })
    #expect(ChangeNotice("thing *")?.isEverything == true)
    #expect(ChangeNotice("thing a\n1\t2") == nil)
    #expect(ChangeNotice("thing") == nil)
    #expect(ChangeNotice("") == nil)
    #expect(ChangeNotice("\n\n") == nil)
  }
}

@Suite struct DatabaseURLTests {
  @Test(arguments: [
    ("", ""),
    ("postgres://localhost/db", "postgres://localhost/db"),
    ("postgres://u@localhost/db", "postgres://u@localhost/db"),
    ("postgres://u:geheim@localhost/db", "postgres://u:***@localhost/db"),
    ("postgres://u:ge@heim@localhost/db", "postgres://u:***@localhost/db"),
    ("postgres://u:ge/heim@localhost/db", "postgres://u:***@localhost/db"),
    ("postgres://h/db?password=geheim&x=1", "postgres://h/db?password=***&x=1"),
    ("host=h password=geheim user=u", "host=h password=*** user=u"),
    ("host=h PASSWORD='ge\\'heim x' user=u", "host=h PASSWORD=*** user=u"),
    ("host=h password=geheim", "host=h password=***"),
  ])
  func passwordIsNotShown(url: String, shown: String) {
    #expect(DatabaseURL.shown(url) == shown)
  }
}

@Suite struct JSONRedactionTests {
  /// Takes every "x" for personal data.
  private func redact(_ bytes: [UInt8]) -> [UInt8] {
    Array(
      String(decoding: bytes, as: UTF8.self)
        .replacingOccurrences(of: "x@y", with: "[EMAIL_1]")
        .replacingOccurrences(of: "4111", with: "[CARD_1]").utf8)
  }

  @Test(arguments: [
    (#"{"a":"x@y","b":[1,"x@y z"]}"#, #"{"a":"[EMAIL_1]","b":[1,"[EMAIL_1] z"]}"#),
    (#"{"x@y":1}"#, #"{"x@y":1}"#),
    (#"{"card":4111,"n":-1.5e3}"#, #"{"card":"[CARD_1]","n":-1.5e3}"#),
    (#"{"a":"x\u0040y \"q\" \\"}"#, #"{"a":"[EMAIL_1] \"q\" \\"}"#),
    (#"{"a":"\ud83d\ude00 x@y"}"#, #"{"a":"😀 [EMAIL_1]"}"#),
    (#"{"a":"b\nc","d":null,"e":true}"#, #"{"a":"b\nc","d":null,"e":true}"#),
    ("[]", "[]"), ("x@y \"", "[EMAIL_1] \""),
  ])
  func staysJSON(json: String, expected: String) {
    let made = JSONRedaction.redacted(Array(json.utf8), by: redact)
    #expect(String(decoding: made, as: UTF8.self) == expected)
  }
}
