internal import Bytes

/// The SQL that makes the database tell of changes: for each table that a class watches a function
/// and four triggers, for statements, not for rows.
///
/// A statement tells of all its rows together: the distinct values of the columns that name keys,
/// old and new, in as few notifications as hold them (each less than 8000 bytes, PostgreSQL's
/// limit). One that touches more than `tuplesMax` keys says that any may have changed. Its words:
///
///     challenge challenge_id     the class, and what each line's values stand for
///     7                          values are separated by tabs; \\, \t and \n in them are escaped
///     9
///
///     challenge *                any key of the class
///
/// Notifications are part of their transaction: they come when it commits, or never.
enum TriggerScript {
  /// Keys of one statement that are told one by one.
  static let tuplesMax = 2000
  /// Bytes of a notification.
  static let payloadBytesMax = 7900

  /// A watch's function.
  struct Function: Equatable, Sendable {
    let name: String
    /// Of what it does; it stands in the function's comment.
    let digest: String
    let sql: String
  }

  /// The functions, with their triggers, that classes need.
  ///
  /// - Parameter channel: where they tell.
  static func functions(_ table: ClassTable, channel: String) -> [Function] {
    var functions: [Function] = []
    for keyClass in table.classes {
      for (index, watch) in keyClass.watches.enumerated() {
        functions.append(function(keyClass, watch, number: index + 1, channel: channel))
      }
    }
    return functions
  }

  /// All of it as one script, in one transaction, that can be run again and again.
  ///
  /// - Parameter isWrapped: whether it begins and commits by itself.
  static func script(_ functions: [Function], isWrapped: Bool = true) -> String {
    var text = ""
    if isWrapped { text += "BEGIN;\n" }
    // Two servers may do this at once; nobody waits long for a table that is in use.
    text += "SET LOCAL lock_timeout = '5s';\n"
    text += "SELECT pg_advisory_xact_lock(7235419);\n"
    for function in functions { text += "\n" + function.sql }
    if isWrapped { text += "\nCOMMIT;\n" }
    return text
  }

  /// A query for the functions that are there as they should be: their names.
  static func check(_ functions: [Function]) -> String {
    let pairs = functions.map { "('\($0.name)', 'wingcache \($0.digest)')" }
    return """
      SELECT w.name FROM (VALUES \(pairs.joined(separator: ", "))) AS w(name, note) \
      JOIN pg_proc p ON p.proname = w.name AND obj_description(p.oid, 'pg_proc') = w.note \
      WHERE (SELECT count(*) FROM pg_trigger t \
      WHERE t.tgfoid = p.oid AND t.tgenabled <> 'D') >= 4
      """
  }

  private static func function(
    _ keyClass: KeyClass, _ watch: KeyClass.Watch, number: Int, channel: String
  ) -> Function {
    let name = "wingcache_tell_\(keyClass.name.lowercased())_\(number)"
    let table = watch.table.split(separator: ".").map { KeyClass.quoted(String($0)) }
      .joined(separator: ".")
    let body = body(keyClass, watch, channel: channel)
    var sql = """
      CREATE OR REPLACE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $wingcache$
      \(body)
      $wingcache$;

      """
    let events = [
      ("insert", "INSERT", "REFERENCING NEW TABLE AS wingcache_new"),
      (
        "update", "UPDATE",
        "REFERENCING OLD TABLE AS wingcache_old NEW TABLE AS wingcache_new"
      ),
      ("delete", "DELETE", "REFERENCING OLD TABLE AS wingcache_old"),
      ("truncate", "TRUNCATE", ""),
    ]
    for (suffix, event, tables) in events {
      sql += """
        CREATE OR REPLACE TRIGGER \(name)_\(suffix) AFTER \(event) ON \(table)
          \(tables.isEmpty ? "" : tables + " ")FOR EACH STATEMENT EXECUTE FUNCTION \(name)();

        """
    }
    let digest = String(
      decoding: Array(sql.utf8).withByteView { SHA256.hexadecimal(of: $0) }.prefix(16),
      as: UTF8.self)
    sql += "COMMENT ON FUNCTION \(name)() IS 'wingcache \(digest)';\n"
    return Function(name: name, digest: digest, sql: sql)
  }

  private static func body(
    _ keyClass: KeyClass, _ watch: KeyClass.Watch, channel: String
  ) -> String {
    let everything = "PERFORM pg_notify('\(channel)', '\(keyClass.name) *');"
    guard !watch.columns.isEmpty else {
      return """
        BEGIN
          \(everything)
          RETURN NULL;
        END
        """
    }
    let names = watch.columns.map { keyClass.pattern.placeholders[$0.placeholder].name }
    let head = "\(keyClass.name) \(names.joined(separator: " "))"
    let tuple = watch.columns.map { escaped($0.column) }.joined(separator: " || E'\\t' || ")
    let present = watch.columns.map { "\(KeyClass.quoted($0.column)) IS NOT NULL" }
      .joined(separator: " AND ")
    func rows(_ table: String) -> String { "SELECT \(tuple) AS k FROM \(table) WHERE \(present)" }
    func read(_ query: String) -> String {
      """
      SELECT array_agg(told.k) INTO tuples FROM (SELECT DISTINCT k FROM (\(query)) AS rows
              LIMIT \(tuplesMax + 1)) AS told;
      """
    }
    return """
      DECLARE
        tuples text[];
        tuple text;
        told text := '\(head)';
      BEGIN
        IF TG_OP = 'TRUNCATE' THEN
          \(everything)
          RETURN NULL;
        ELSIF TG_OP = 'INSERT' THEN
          \(read(rows("wingcache_new")))
        ELSIF TG_OP = 'DELETE' THEN
          \(read(rows("wingcache_old")))
        ELSE
          \(read(rows("wingcache_old") + " UNION ALL " + rows("wingcache_new")))
        END IF;
        IF tuples IS NULL THEN
          RETURN NULL;
        END IF;
        IF cardinality(tuples) > \(tuplesMax) THEN
          \(everything)
          RETURN NULL;
        END IF;
        FOREACH tuple IN ARRAY tuples LOOP
          IF octet_length(tuple) > 4000 THEN
            -- No key has such a name.
            CONTINUE;
          END IF;
          IF octet_length(told) + octet_length(tuple) + 1 > \(payloadBytesMax) THEN
            PERFORM pg_notify('\(channel)', told);
            told := '\(head)';
          END IF;
          told := told || E'\\n' || tuple;
        END LOOP;
        IF told <> '\(head)' THEN
          PERFORM pg_notify('\(channel)', told);
        END IF;
        RETURN NULL;
      END
      """
  }

  /// A column's value as it stands in a notification.
  private static func escaped(_ column: String) -> String {
    "replace(replace(replace(\(KeyClass.quoted(column))::text, E'\\\\', E'\\\\\\\\'), "
      + "E'\\t', E'\\\\t'), E'\\n', E'\\\\n')"
  }
}

/// What a notification says, see `TriggerScript`.
struct ChangeNotice: Equatable {
  let className: String
  /// The names of the values of each tuple.
  let names: [String]
  let tuples: [[[UInt8]]]
  /// Whether any key of the class is meant.
  let isEverything: Bool

  /// Reads a notification's payload; nil for what makes no sense.
  init?(_ payload: String) {
    var lines = Array(payload.utf8).split(separator: 0x0A, omittingEmptySubsequences: false)
    let head = String(decoding: lines.removeFirst(), as: UTF8.self)
      .split(separator: " ").map(String.init)
    guard let className = head.first, head.count > 1 else { return nil }
    self.className = className
    names = Array(head.dropFirst())
    isEverything = names == ["*"]
    var tuples: [[[UInt8]]] = []
    if !isEverything {
      for line in lines {
        let values = line.split(separator: 0x09, omittingEmptySubsequences: false)
        guard values.count == names.count else { return nil }
        tuples.append(values.map { Self.unescaped($0) })
      }
    }
    self.tuples = tuples
  }

  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    guard bytes.contains(0x5C) else { return Array(bytes) }
    var made: [UInt8] = []
    var isEscaped = false
    for byte in bytes {
      if isEscaped {
        switch byte {
        case UInt8(ascii: "t"): made.append(0x09)
        case UInt8(ascii: "n"): made.append(0x0A)
        default: made.append(byte)
        }
        isEscaped = false
      } else if byte == 0x5C {
        isEscaped = true
      } else {
        made.append(byte)
      }
    }
    return made
  }
}
