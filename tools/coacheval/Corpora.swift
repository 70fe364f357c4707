import Foundation

/// One text of a public data set.
struct SourceText {
  var source: String
  var text: String
  /// Texts of one group belong together: a conversation, a question with its answers.
  var group: Int
}

/// Reads the data sets that lie beside the checkout. None of it is part of the repository.
struct Corpora {
  let folder: URL

  init(_ path: String) { folder = URL(fileURLWithPath: path, isDirectory: true) }

  /// The folder named by `--data`, or the one beside the checkout.
  static func find(_ arguments: [String]) -> Corpora {
    if let index = arguments.firstIndex(of: "--data"), index + 1 < arguments.count {
      return Corpora(arguments[index + 1])
    }
    return Corpora("../shared/data/coach")
  }

  func data(_ path: String) -> Data {
    guard let data = try? Data(contentsOf: folder.appendingPathComponent(path)) else {
      FileHandle.standardError.write(Data("coacheval: no \(path) in \(folder.path)\n".utf8))
      exit(1)
    }
    return data
  }

  /// The lines of a gzipped file of JSON objects.
  func gzippedObjects(_ path: String) -> [[String: Any]] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/zcat")
    process.arguments = [folder.appendingPathComponent(path).path]
    let pipe = Pipe()
    process.standardOutput = pipe
    do { try process.run() } catch { return [] }
    return Self.objects(pipe.fileHandleForReading.readDataToEndOfFile())
  }

  static func objects(_ data: Data) -> [[String: Any]] {
    data.split(separator: 0x0A).compactMap {
      (try? JSONSerialization.jsonObject(with: $0)) as? [String: Any]
    }
  }

  func json(_ path: String) -> Any? { try? JSONSerialization.jsonObject(with: data(path)) }

  /// Questions and answers on mental health and relationships.
  func counselChat() -> [SourceText] {
    let rows = Self.rows(data("counsel-chat/20200325_counsel_chat.csv"))
    guard let header = rows.first, let id = header.firstIndex(of: "questionID"),
      let title = header.firstIndex(of: "questionTitle"),
      let question = header.firstIndex(of: "questionText"),
      let answer = header.firstIndex(of: "answerText")
    else { return [] }
    var seen = Set<Int>()
    var result: [SourceText] = []
    for row in rows.dropFirst() where row.count == header.count {
      let group = Int(row[id]) ?? 0
      if seen.insert(group).inserted {
        result.append(
          SourceText(
            source: "counsel-chat-q", text: row[title] + "\n" + row[question], group: group))
      }
      if !row[answer].isEmpty {
        result.append(SourceText(source: "counsel-chat-a", text: row[answer], group: group))
      }
    }
    return result
  }

  /// Turns of meetings.
  func qmsum() -> [SourceText] {
    var result: [SourceText] = []
    for (group, meeting) in Self.objects(data("qmsum/val.jsonl")).enumerated() {
      for turn in meeting["meeting_transcripts"] as? [[String: Any]] ?? [] {
        if let text = turn["content"] as? String {
          result.append(SourceText(source: "qmsum", text: text, group: group))
        }
      }
    }
    return result
  }

  func clinc() -> [SourceText] {
    guard let all = json("clinc150/data_full.json") as? [String: [[String]]] else { return [] }
    var result: [SourceText] = []
    for name in all.keys.sorted() {
      for pair in all[name] ?? [] {
        result.append(SourceText(source: "clinc150", text: pair[0], group: result.count / 30))
      }
    }
    return result
  }

  func smallTalk() -> [SourceText] {
    let text = String(decoding: data("small-talk-rasa/nlu.md"), as: UTF8.self)
    var result: [SourceText] = []
    for line in text.split(separator: "\n") where line.hasPrefix("- ") {
      result.append(
        SourceText(
          source: "small-talk-rasa", text: String(line.dropFirst(2)), group: result.count / 30))
    }
    return result
  }

  func banking() -> [SourceText] {
    Self.rows(data("banking77/train.csv")).dropFirst().enumerated().map { index, row in
      SourceText(source: "banking77", text: row.first ?? "", group: index / 30)
    }
  }

  func hwu() -> [SourceText] {
    let text = String(decoding: data("hwu64/KFold_1_trainset.csv"), as: UTF8.self)
    return text.split(separator: "\n").dropFirst().enumerated().compactMap { index, line in
      let fields = line.split(separator: ";", omittingEmptySubsequences: false)
      guard fields.count > 5 else { return nil }
      let text = fields[5].trimmingCharacters(in: CharacterSet(charactersIn: "\""))
      return SourceText(source: "hwu64", text: text, group: index / 30)
    }
  }

  /// The declaration of human rights in 500 languages.
  func udhr() -> [SourceText] {
    gzippedObjects("ctok/udhr.jsonl.gz").enumerated().flatMap { index, row in
      ((row["text"] as? String) ?? "").split(separator: "\n").map {
        SourceText(source: "udhr", text: String($0), group: index)
      }
    }
  }

  /// Programs.
  func programs() -> [SourceText] {
    gzippedObjects("ctok/multipl_e.jsonl.gz").enumerated().map { index, row in
      SourceText(source: "multipl_e", text: (row["text"] as? String) ?? "", group: index)
    }
  }

  /// Rows of a comma-separated file with quotes.
  static func rows(_ data: Data) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    let bytes = [UInt8](data)
    var index = 0
    func endField() {
      row.append(String(decoding: field, as: UTF8.self))
      field.removeAll(keepingCapacity: true)
    }
    while index < bytes.count {
      let byte = bytes[index]
      if isQuoted {
        if byte == UInt8(ascii: "\"") {
          if index + 1 < bytes.count, bytes[index + 1] == byte {
            field.append(byte)
            index += 1
          } else {
            isQuoted = false
          }
        } else {
          field.append(byte)
        }
      } else if byte == UInt8(ascii: "\"") {
        isQuoted = true
      } else if byte == UInt8(ascii: ",") {
        endField()
      } else if byte == 0x0A {
        endField()
        rows.append(row)
        row.removeAll()
      } else if byte != 0x0D {
        field.append(byte)
      }
      index += 1
    }
    if !field.isEmpty || !row.isEmpty {
      endField()
      rows.append(row)
    }
    return rows
  }
}

/// A number with so many digits behind the point.
func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// Text padded to a column; numbers stand to the right.
func column(_ text: String, _ width: Int, right: Bool = true) -> String {
  let padding = String(repeating: " ", count: max(0, width - text.count))
  return right ? padding + text : text + padding
}
