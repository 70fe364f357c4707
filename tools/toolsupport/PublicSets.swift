public import Foundation

/// Reads the public sets, which lie beside the checkout. None of them is part of the repository.
public struct PublicSets: Sendable {
  /// Where they are: a folder with one for each set.
  public let folder: String

  /// The sets in a folder.
  public init(folder: String) { self.folder = folder }

  /// The bytes of one file.
  public func data(_ path: String) throws -> Data { try contents(of: folder + "/" + path) }

  /// A file as text, its lines ended by line feeds alone.
  public func text(_ path: String) throws -> String {
    String(decoding: try data(path), as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
  }

  /// What a file of JSON holds.
  public func json(_ path: String) throws -> Any {
    try JSONSerialization.jsonObject(with: data(path))
  }

  /// The objects of a file of JSON lines, also of one that gzip packed; others are passed over.
  public func objects(_ path: String) throws -> [[String: Any]] {
    let data = try path.hasSuffix(".gz") ? unpacked(folder + "/" + path) : data(path)
    return data.split(separator: 0x0A).compactMap {
      (try? JSONSerialization.jsonObject(with: $0)) as? [String: Any]
    }
  }

  /// The rows of a file of separated values.
  public func rows(_ path: String, by separator: Character = ",") throws -> [[String]] {
    separatedValues([UInt8](try data(path)), by: separator)
  }
}

// What more than one tool reads.
extension PublicSets {
  /// The sections of CLINC150: name of the section to pairs of text and intent.
  public func clinc150() throws -> [String: [[String]]] {
    guard let sections = try json("clinc150/data_full.json") as? [String: [[String]]] else {
      throw Failure("clinc150/data_full.json is not as expected")
    }
    return sections
  }

  /// Requests to an assistant.
  public func hwu64() throws -> [String] {
    try text("hwu64/KFold_1_trainset.csv").split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: ";", omittingEmptySubsequences: false)
      return fields.count > 5 ? fields[5].trimmingCharacters(in: ["\""]) : nil
    }
  }

  /// Questions to a bank.
  public func banking77() throws -> [String] {
    try rows("banking77/train.csv").dropFirst().compactMap(\.first)
  }

  /// What was said in meetings, turn by turn.
  public func qmsum() throws -> [[String]] {
    try objects("qmsum/val.jsonl").map { meeting in
      (meeting["meeting_transcripts"] as? [[String: Any]] ?? []).compactMap {
        $0["content"] as? String
      }
    }
  }

  /// Counsel Chat, its columns' names first: a question occurs once for each of its answers.
  public func counselChat() throws -> [[String]] {
    try rows("counsel-chat/20200325_counsel_chat.csv")
  }
}

/// Rows of separated values, with quotes as in RFC 4180.
private func separatedValues(_ bytes: [UInt8], by separator: Character) -> [[String]] {
  let separator = separator.asciiValue
  var rows: [[String]] = []
  var row: [String] = []
  var field: [UInt8] = []
  var isQuoted = false
  // Whether the byte before was a quote that ended quoting: a second one says that it did not.
  var hasEnded = false
  func endField() {
    row.append(String(decoding: field, as: UTF8.self))
    field.removeAll(keepingCapacity: true)
  }
  for byte in bytes {
    if byte == UInt8(ascii: "\"") {
      if hasEnded { field.append(byte) }
      hasEnded = isQuoted
      isQuoted.toggle()
      continue
    }
    hasEnded = false
    if isQuoted {
      field.append(byte)
    } else if byte == separator {
      endField()
    } else if byte == 0x0A {
      endField()
      rows.append(row)
      row.removeAll(keepingCapacity: true)
    } else if byte != 0x0D {
      field.append(byte)
    }
  }
  if !field.isEmpty || !row.isEmpty {
    endField()
    rows.append(row)
  }
  return rows
}
