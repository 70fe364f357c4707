import Foundation
import SeededRandom
import ToolSupport

/// The names and words of `lists/`, as they are written.
struct WordLists {
  var firstNames: [String]
  var surnames: [String]
  var cities: [String]
  var countries: [String]
  var regions: [String]
  var stateCodes: [String]
  var nationalities: [String]
  var companies: [String]
  var companyWords: [String]
  var streetWords: [String]
  var calendar: [String]
  var jobs: [String]
  /// What stands before a job: "sales" manager.
  var fields: [String]
  var templates: [String]

  init(folder: String) throws {
    func words(_ name: String) throws -> [String] {
      // A word twice in a list is taken twice as often; that is meant for common surnames.
      try text(of: folder + "/" + name).split(whereSeparator: \.isWhitespace).map {
        $0.replacingOccurrences(of: "_", with: " ")
      }
    }
    firstNames = try words("first-names.txt").map(Self.capitalised)
    surnames = try words("surnames.txt").map(Self.surname)
    cities = try words("cities.txt")
    countries = try words("countries.txt")
    regions = try words("regions.txt")
    stateCodes = try words("state-codes.txt")
    nationalities = try words("nationalities.txt").map(Self.capitalised)
    companies = try words("company-names.txt")
    companyWords = try words("company-words.txt")
    streetWords = try words("street-words.txt")
    calendar = try words("months-days.txt")
    jobs = try words("jobs.txt")
    fields = try words("job-fields.txt")
    templates = try text(of: folder + "/templates.txt").split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
      .map { $0.replacingOccurrences(of: "\\n", with: "\n") }
  }

  static func capitalised(_ word: String) -> String {
    guard let first = word.first else { return word }
    return first.uppercased() + word.dropFirst()
  }

  /// "van-den-berg" stands for "van den Berg", "o'brien" for "O'Brien", "mcgee" for "McGee".
  private static func surname(_ word: String) -> String {
    if word.hasPrefix("al-") || word.hasPrefix("el-") {
      return capitalised(String(word.prefix(3))) + capitalised(String(word.dropFirst(3)))
    }
    let parts = word.split(separator: "-").map(String.init)
    let last = parts[parts.count - 1]
    var name = capitalised(last)
    if let mark = last.firstIndex(of: "'"), mark < last.index(before: last.endIndex) {
      let behind = last.index(after: mark)
      name = capitalised(String(last[..<behind])) + capitalised(String(last[behind...]))
    } else if last.hasPrefix("mc"), last.count > 4 {
      name = "Mc" + capitalised(String(last.dropFirst(2)))
    }
    return (parts.dropLast() + [name]).joined(separator: " ")
  }
}

extension SeededGenerator {
  mutating func pick<T>(_ list: [T]) -> T { list[Int.random(in: 0..<list.count, using: &self)] }

  /// True so many times in a hundred.
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// As many digits, the first one not 0.
  mutating func digits(_ count: Int) -> String {
    (0..<count).map { "\(number(($0 == 0 ? 1 : 0)...9))" }.joined()
  }
}
