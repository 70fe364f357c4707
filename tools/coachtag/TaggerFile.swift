import Bytes
import Coach
import Foundation
import ToolSupport

/// The hashed lists of words.
struct WordTable {
  private(set) var words: [UInt32]
  private let bits: Int

  init(_ facts: [UInt64: WordFacts]) {
    var bits = 4
    while 1 << bits < facts.count * 2 { bits += 1 }
    self.bits = bits
    words = Array(repeating: 0, count: 1 << bits)
    for (hash, facts) in facts.sorted(by: { $0.key < $1.key }) {
      var place = Int(hash >> UInt64(64 - bits))
      for _ in 0..<TaggerModel.probesMax {
        if words[place] == 0 {
          words[place] = UInt32(truncatingIfNeeded: hash) << 8 | UInt32(facts.rawValue)
          break
        }
        place = (place + 1) & (1 << bits - 1)
      }
    }
  }

  /// What the lists say of each word.
  ///
  /// - Parameter texts: in them, words in small letters are ordinary words; the second are in small
  ///   letters throughout, so names among them are passed over.
  static func facts(
    _ lists: WordLists, cased: [String], caseless: [String]
  ) -> [UInt64: WordFacts] {
    var facts: [UInt64: WordFacts] = [:]
    func hash(_ word: some StringProtocol) -> UInt64 {
      Array(word.utf8).withByteView { TagHash.word($0) }
    }
    func add(_ words: [String], _ fact: WordFacts, least: Int = 1) {
      for word in words {
        for part in word.split(separator: " ") where part.count >= least {
          facts[hash(part), default: []].insert(fact)
        }
      }
    }
    add(lists.firstNames, .firstName, least: 2)
    add(lists.surnames, .surname, least: 2)
    add(lists.cities + lists.countries + lists.regions, .place, least: 3)
    add(lists.streetWords, .street)
    add(lists.companyWords + lists.companies, .company)
    add(lists.calendar, .calendar)
    add(lists.nationalities, .nationality)
    var counts: [Substring: Int] = [:]
    func count(_ texts: [String]) {
      for text in texts {
        for word in text.split(whereSeparator: { !$0.isLetter && $0 != "'" })
        where word.first?.isLowercase == true { counts[word, default: 0] += 1 }
      }
    }
    count(cased)
    for (word, count) in counts where count >= 2 { facts[hash(word), default: []].insert(.common) }
    counts = [:]
    count(caseless)
    for (word, count) in counts where count >= 3 {
      let known = facts[hash(word)] ?? []
      if known.isDisjoint(with: [.firstName, .surname, .place, .nationality]) {
        facts[hash(word)] = known.union(.common)
      }
    }
    return facts
  }

  var bytes: [UInt8] {
    words.flatMap { word in withUnsafeBytes(of: word.littleEndian, Array.init) }
  }
  var bitCount: Int { bits }
}

/// Puts weights into the form that `TaggerModel` reads.
func taggerFile(_ field: RandomField?, _ table: WordTable, _ settings: TrainingSettings) -> Data {
  let tags = NameTag.allCases.count
  var largest: [Float] = []
  for row in field?.weights ?? [] {
    for tag in 0..<tags where row[tag] != 0 { largest.append(abs(row[tag])) }
  }
  largest.sort()
  // A few weights are cut, so that the many have more steps.
  let limit = largest.isEmpty ? 1 : largest[Int(Float(largest.count - 1) * 0.9995)]
  let unit = max(limit / 127, 1e-6)
  func short(_ value: Float) -> [UInt8] {
    withUnsafeBytes(of: Int16(max(-30_000, min(30_000, (value / unit).rounded()))).littleEndian) {
      Array($0)
    }
  }
  var body: [UInt8] = []
  for row in 0..<8 {
    for tag in 0..<8 {
      body +=
        row < tags && tag < tags
        ? short(field?.transitions[row][tag] ?? 0) : short(-1e9)
    }
  }
  body += Array(repeating: 0, count: TaggerModel.headerBytes - 64 - body.count)
  body.reserveCapacity(8 << settings.rowBits)
  for row in 0..<1 << settings.rowBits {
    for tag in 0..<8 {
      let weight = tag < tags ? field?.weights[row][tag] ?? 0 : 0
      body.append(UInt8(bitPattern: Int8(max(-127, min(127, (weight / unit).rounded())))))
    }
  }
  body += table.bytes
  var header = [UInt8]("WCNAMES1".utf8)
  for value in [UInt32(settings.rowBits), UInt32(table.bitCount)] {
    withUnsafeBytes(of: value.littleEndian) { header += $0 }
  }
  header += short(settings.bias)
  for tag in 1..<8 { header += tag < tags ? short(0) : short(-1e9) }
  let sum = body.withByteView { TaggerModel.checksum(of: $0) }
  withUnsafeBytes(of: sum.littleEndian) { header += $0 }
  header += Array(repeating: 0, count: 64 - header.count)
  return Data(header + body)
}

/// A model in memory that is never freed: the tool ends soon enough.
func loaded(_ data: Data) throws -> TaggerModel {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: max(data.count, 1), alignment: 64)
  UnsafeMutableRawBufferPointer(start: memory, count: data.count).copyBytes(from: data)
  guard
    let model = TaggerModel(ByteView(UnsafeRawBufferPointer(start: memory, count: data.count)))
  else { throw Failure("these are no weights") }
  return model
}
