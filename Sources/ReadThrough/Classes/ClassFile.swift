/// The file of key classes, read by people.
///
///     # One block a class. Anything behind "#" at a line's start is a remark.
///     class challenge
///       key      wingman:challenges:{challenge_id:int}
///       sql      SELECT * FROM approach_challenges WHERE challenge_id = :challenge_id;
///       ttl      1h
///       stale    10m
///       negative 5s
///       value    json
///       redact   no
///       watch    approach_challenges challenge_id
///
/// A query goes on over lines until one that ends in a semicolon.
enum ClassFile {
  /// What is wrong, and where.
  struct Mistake: Error, Equatable, CustomStringConvertible {
    /// From 1; 0: the file as a whole.
    let line: Int
    let reason: String

    var description: String { line > 0 ? "line \(line): \(reason)" : reason }
  }

  static let bytesMax = 1 << 20
  static let classesMax = 256

  /// Reads the text of a file.
  static func parse(_ text: String) throws(Mistake) -> ClassTable {
    var drafts: [ClassDraft] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var index = 0
    while index < lines.count {
      let number = index + 1
      let line = trimmed(lines[index])
      index += 1
      if line.isEmpty || line.hasPrefix("#") { continue }
      var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      let word = words.removeFirst()
      if word == "class" {
        guard words.count == 1, ClassName.isName(words[0]) else {
          throw Mistake(line: number, reason: "'class' is followed by one name")
        }
        guard drafts.count < classesMax else {
          throw Mistake(line: number, reason: "there are at most \(classesMax) classes")
        }
        drafts.append(ClassDraft(name: String(words[0]), line: number))
        continue
      }
      guard !drafts.isEmpty else {
        throw Mistake(line: number, reason: "'\(word)' stands before the first class")
      }
      if word == "sql" {
        let sql = readQuery(String(line.dropFirst(3)), lines, &index)
        guard let sql else {
          throw Mistake(line: number, reason: "the query does not end with a semicolon")
        }
        try drafts[drafts.count - 1].set(sql: sql, line: number)
      } else {
        try drafts[drafts.count - 1].set(String(word), words.map(String.init), line: number)
      }
    }
    var classes: [KeyClass] = []
    for draft in drafts { classes.append(try draft.finished()) }
    do throws(ClassTable.Mistake) {
      return try ClassTable(classes)
    } catch {
      throw Mistake(line: 0, reason: error.reason)
    }
  }

  /// The query that begins with `first` and goes on from line `index`.
  private static func readQuery(
    _ first: String, _ lines: [Substring], _ index: inout Int
  ) -> String? {
    var sql = first
    while !trimmed(sql[...]).hasSuffix(";") {
      guard index < lines.count else { return nil }
      sql += "\n" + lines[index]
      index += 1
    }
    return String(trimmed(sql[...]))
  }

  private static func trimmed(_ line: Substring) -> Substring {
    var line = line
    while let first = line.first, first == " " || first == "\t" { line.removeFirst() }
    while let last = line.last, last == " " || last == "\t" || last == "\r" || last == "\n" {
      line.removeLast()
    }
    return line
  }

  /// A time with its unit, in milliseconds; seconds without one.
  static func milliseconds(_ text: String) -> Int64? {
    let units: [(suffix: String, factor: Int64)] = [
      ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    let found = units.first { text.hasSuffix($0.suffix) }
    let digits = found.map { text.dropLast($0.suffix.count) } ?? text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int64(digits)
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: found?.factor ?? 1000)
    return overflow || product > KeyClass.millisecondsMax ? nil : product
  }
}

/// A class while its lines are read.
struct ClassDraft {
  let name: String
  let line: Int
  var key: (pattern: KeyPattern, line: Int)?
  var sql: (text: String, line: Int)?
  var ttl: Int64?
  var stale: Int64?
  var negative: Int64?
  var shape = KeyClass.Shape.json
  var redacts = true
  var owner: (name: String, prefix: String, line: Int)?
  var readers: [String] = []
  var watches: [(words: [String], line: Int)] = []
  private var given: Set<String> = []

  static let watchesMax = 16

  init(name: String, line: Int) {
    self.name = name
    self.line = line
  }

  private mutating func note(_ word: String, line: Int) throws(ClassFile.Mistake) {
    guard word == "watch" || given.insert(word).inserted else {
      throw ClassFile.Mistake(line: line, reason: "'\(word)' is given twice")
    }
  }

  mutating func set(sql text: String, line: Int) throws(ClassFile.Mistake) {
    try note("sql", line: line)
    sql = (text, line)
  }

  /// Takes one line.
  mutating func set(
    _ word: String, _ values: [String], line: Int
  ) throws(ClassFile.Mistake) {
    try note(word, line: line)
    guard let first = values.first else {
      throw ClassFile.Mistake(line: line, reason: "'\(word)' needs a value")
    }
    switch (word, values.count) {
    case ("key", 1):
      do throws(KeyPattern.Mistake) {
        key = (try KeyPattern(first), line)
      } catch {
        throw ClassFile.Mistake(line: line, reason: error.reason)
      }
    case ("ttl", 1): ttl = try time(first, line)
    case ("stale", 1): stale = try time(first, line)
    case ("negative", 1): negative = try time(first, line)
    case ("value", _): shape = try shape(values, line)
    case ("redact", 1):
      guard first == "yes" || first == "no" else {
        throw ClassFile.Mistake(line: line, reason: "'redact' is yes or no")
      }
      redacts = first == "yes"
    case ("owner", 1): owner = (first, "", line)
    case ("owner", 3) where values[1] == "prefix": owner = (first, values[2], line)
    case ("readers", _): readers = values
    case ("watch", 2...):
      guard watches.count < Self.watchesMax else {
        throw ClassFile.Mistake(line: line, reason: "a class watches \(Self.watchesMax) tables")
      }
      watches.append((values, line))
    case ("key", _), ("ttl", _), ("stale", _), ("negative", _), ("redact", _):
      throw ClassFile.Mistake(line: line, reason: "'\(word)' has one value")
    case ("owner", _):
      throw ClassFile.Mistake(
        line: line, reason: "'owner' is followed by a placeholder and perhaps 'prefix TEXT'")
    case ("watch", _):
      throw ClassFile.Mistake(
        line: line, reason: "'watch' is followed by a table and columns, or by a table and *")
    default:
      throw ClassFile.Mistake(line: line, reason: "'\(word)' is not known")
    }
  }

  private func time(_ text: String, _ line: Int) throws(ClassFile.Mistake) -> Int64 {
    guard let time = ClassFile.milliseconds(text) else {
      throw ClassFile.Mistake(line: line, reason: "'\(text)' is no time such as 30s, 10m, 1h")
    }
    return time
  }

  private func shape(
    _ values: [String], _ line: Int
  ) throws(ClassFile.Mistake) -> KeyClass.Shape {
    switch (values[0], values.count) {
    case ("json", 1): return .json
    case ("array", 1): return .array
    case ("column", 2) where ClassName.isName(values[1]): return .column(values[1])
    default:
      throw ClassFile.Mistake(line: line, reason: "'value' is json, array or column NAME")
    }
  }

  /// The class, when all its lines are read.
  func finished() throws(ClassFile.Mistake) -> KeyClass {
    guard let key else { throw ClassFile.Mistake(line: line, reason: "'\(name)' has no key") }
    guard let sql else { throw ClassFile.Mistake(line: line, reason: "'\(name)' has no sql") }
    guard let ttl, ttl > 0 else {
      throw ClassFile.Mistake(line: line, reason: "'\(name)' has no ttl")
    }
    let query: SQLTemplate
    do throws(SQLTemplate.Mistake) {
      query = try SQLTemplate(sql.text, placeholders: key.pattern.placeholders.map(\.name))
    } catch {
      throw ClassFile.Mistake(line: sql.line, reason: error.reason)
    }
    var owning: KeyClass.Owner?
    if let owner {
      guard let index = key.pattern.index(of: owner.name) else {
        throw ClassFile.Mistake(line: owner.line, reason: "the key has no {\(owner.name)}")
      }
      owning = KeyClass.Owner(
        placeholder: index, prefix: Array(owner.prefix.utf8),
        readers: Set(readers.map { Array($0.utf8) }))
    } else if !readers.isEmpty {
      throw ClassFile.Mistake(line: line, reason: "'readers' of '\(name)' without an owner")
    }
    var watching: [KeyClass.Watch] = []
    for watch in watches { watching.append(try finished(watch.words, watch.line, key.pattern)) }
    return KeyClass(self, pattern: key.pattern, query: query, owner: owning, watches: watching)
  }

  private func finished(
    _ words: [String], _ line: Int, _ pattern: KeyPattern
  ) throws(ClassFile.Mistake) -> KeyClass.Watch {
    let table = words[0].lowercased()
    let halves = table.split(separator: ".", omittingEmptySubsequences: false)
    guard halves.count <= 2, halves.allSatisfy({ ClassName.isName($0) }) else {
      throw ClassFile.Mistake(line: line, reason: "'\(words[0])' is no name of a table")
    }
    if words.count == 2, words[1] == "*" { return KeyClass.Watch(table: table, columns: []) }
    var columns: [(placeholder: Int, column: String)] = []
    for word in words.dropFirst() {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count <= 2, parts.allSatisfy({ ClassName.isName($0) }) else {
        throw ClassFile.Mistake(
          line: line, reason: "'\(word)' is neither a placeholder nor placeholder=column")
      }
      guard let placeholder = pattern.index(of: parts[0]) else {
        throw ClassFile.Mistake(line: line, reason: "the key has no {\(parts[0])}")
      }
      guard !columns.contains(where: { $0.placeholder == placeholder }) else {
        throw ClassFile.Mistake(line: line, reason: "'\(parts[0])' is given twice")
      }
      columns.append((placeholder, parts.last?.lowercased() ?? ""))
    }
    return KeyClass.Watch(table: table, columns: columns)
  }
}
