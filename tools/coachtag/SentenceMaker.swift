import Coach
import Foundation
import SeededRandom

/// A text of which is known what stands where.
struct LabelledText {
  /// Text and its tag, one after another.
  var parts: [(text: String, tag: NameTag)] = []
  /// What it is made from: a group of similar templates of presidio-research, 0 and more, or
  /// templates of our own, the one at place n as -1 - n.
  var origins: [Int] = []

  mutating func append(_ text: String, _ tag: NameTag) {
    if !text.isEmpty { parts.append((text, tag)) }
  }

  /// All bytes, and the tag of each.
  func bytesWithTags() -> ([UInt8], [NameTag]) {
    var bytes: [UInt8] = []
    var tags: [NameTag] = []
    for part in parts {
      bytes += Array(part.text.utf8)
      tags += Array(repeating: part.tag, count: part.text.utf8.count)
    }
    return (bytes, tags)
  }

  /// The same with each part changed.
  func mapped(_ body: (String, NameTag) -> String) -> LabelledText {
    var result = LabelledText(origins: origins)
    for part in parts { result.append(body(part.text, part.tag), part.tag) }
    return result
  }
}

/// Fills the templates.
struct SentenceMaker {
  let lists: WordLists
  var random: SeededGenerator

  /// Makes a sentence of a template.
  mutating func fill(_ template: String) -> LabelledText {
    var result = LabelledText()
    var rest = template[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      let before = rest[..<open]
      result.append(String(before), .other)
      var slot = String(rest[rest.index(after: open)..<close])
      while slot.last?.isNumber == true { slot.removeLast() }
      let isOwnLine =
        before.isEmpty ? result.parts.isEmpty || endsLine(result) : before.last == "\n"
      // Below prose an address is one, in a form its lines are by themselves.
      let isProse = result.parts.reduce(0) { $0 + ($1.tag == .other ? $1.text.count : 0) } > 24
      for part in value(of: slot, isOwnLine: isOwnLine && !isProse) {
        result.append(part.0, part.1)
      }
      rest = rest[rest.index(after: close)...]
    }
    result.append(String(rest), .other)
    return result
  }

  private func endsLine(_ text: LabelledText) -> Bool { text.parts.last?.text.last == "\n" }

  private mutating func value(of slot: String, isOwnLine: Bool) -> [(String, NameTag)] {
    switch slot {
    case "first": return [(firstName(), .name)]
    case "last": return [(surname(), .name)]
    case "full": return [(fullName(), .name)]
    case "mr": return [(titledName(), .name)]
    case "person":
      return [(random.chance(50) ? fullName() : firstName(), .name)]
    case "city": return [(city(), .place)]
    case "country": return [(random.pick(lists.countries), .place)]
    case "region": return [(random.pick(lists.regions), .place)]
    case "place":
      let which = random.number(0...9)
      return [
        (
          which < 5
            ? city() : which < 8 ? random.pick(lists.countries) : random.pick(lists.regions), .place
        )
      ]
    case "org": return [(organisation(), .organisation)]
    case "street": return [(streetName(), .address)]
    case "house": return [(house(), .address)]
    case "unit": return [(unit(), .address)]
    case "zip": return [(postcode(), .address)]
    case "state": return [(random.pick(lists.stateCodes), .address)]
    case "corner":
      return [("the corner of \(streetName()) and \(streetName())", .address)]
    case "addr": return [(address(), .address)]
    case "block": return block(isOwnLine: isOwnLine)
    case "date", "birth": return [(date(), .date)]
    case "datetime": return [(dateTime(), .date)]
    case "day":
      return [(WordLists.capitalised(lists.calendar[24 + random.number(0...6)]), .date)]
    default: return [(plain(slot), .other)]
    }
  }

  // MARK: Names

  /// A name of the list, or one that is in none, put together from two that are.
  mutating func crossed(_ list: [String], _ percent: Int) -> String {
    let first = random.pick(list)
    guard random.chance(percent) else { return first }
    let second = random.pick(list)
    let head = first.prefix(max(2, first.count * random.number(40...70) / 100))
    let tail = second.suffix(max(2, second.count * random.number(30...60) / 100))
    return head + tail.lowercased()
  }

  mutating func firstName() -> String { crossed(lists.firstNames, 25) }

  mutating func surname() -> String {
    let name = crossed(lists.surnames, 40)
    return random.chance(4) ? name + "-" + random.pick(lists.surnames) : name
  }

  mutating func fullName() -> String {
    switch random.number(0...19) {
    case 0: "\(firstName()) \(initial()). \(surname())"
    case 1: "\(firstName()) \(firstName()) \(surname())"
    case 2: "\(initial()). \(surname())"
    case 3: titledName()
    case 4: "\(surname()), \(firstName())"
    case 5:
      firstName() + " " + surname() + random.pick([" Jr.", " PhD", " MD", " III", ", Esq."])
    default: "\(firstName()) \(surname())"
    }
  }

  mutating func titledName() -> String {
    let title = random.pick([
      "Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Dr", "Miss", "Prof.", "Professor", "Sir",
    ])
    return title + " " + (random.chance(50) ? surname() : "\(firstName()) \(surname())")
  }

  private mutating func initial() -> String { random.pick("ABCDEFGHJKLMNOPRSTVW".map(String.init)) }

  mutating func city() -> String {
    var name = crossed(lists.cities, 45)
    if random.chance(4) {
      name =
        random.pick([
          "New ", "San ", "Saint-", "Bad ", "North ", "Santa ", "Port ", "Upper ", "La ",
        ])
        + name
    }
    if random.chance(4) { name += random.pick([" Beach", " Bay", " am See", " sur Mer", " Park"]) }
    return random.chance(6) ? name.uppercased() : name
  }

  mutating func organisation() -> String {
    // What sounds like a list of people is rare.
    switch random.chance(70)
      ? [0, 1, 2, 3, 4, 8, 9, 10][random.number(0...7)] : random.number(0...11)
    {
    case 0...2: return random.pick(lists.companies)
    case 3:
      return surname()
        + random.pick([" Inc.", " Ltd", " LLC", " PLC", " GmbH", " AG", " S.A.", " Inc"])
    case 4: return surname() + random.pick([" Group", " and Sons", " & Co", " Brothers", " Ltd."])
    case 5: return "\(surname())-\(surname())"
    case 6: return "\(surname()), \(surname()) and \(surname())"
    case 7: return "University of " + city()
    case 8: return surname() + " " + WordLists.capitalised(random.pick(lists.companyWords))
    case 9: return coined() + " " + WordLists.capitalised(random.pick(lists.companyWords))
    case 10: return coined()
    default:
      return random.pick(["Bank of ", "Royal ", "First ", "National ", "Air ", "St. "])
        + WordLists.capitalised(random.chance(50) ? city() : random.pick(lists.companyWords))
    }
  }

  /// A made-up name of a company: "Voltario", "Brightlytics", "NetSpan".
  private mutating func coined() -> String {
    let heads = [
      "Bright", "Volt", "Net", "Data", "Open", "Blue", "Green", "Clear", "Nova", "Omni", "Geo",
      "Med", "Agri", "Quant", "Pix", "Cyber", "Info", "Trans", "Inter", "Uni", "Red", "Silver",
      "Smart", "Next", "Hyper", "Aero", "Bio", "Eco", "Fin", "Cloud", "Code", "Snap", "Easy",
    ]
    let tails = [
      "ario", "lytics", "span", "ify", "ly", "wise", "works", "hub", "base", "point", "line",
      "gen", "sys", "tech", "soft", "ware", "ora", "ix", "ex", "io", "stack", "forge", "path",
      "Rock", "Bridge", "Gate", "Mind", "Cast", "Map", "Metrics", "Logic", "Source", "Leaf",
    ]
    return random.pick(heads) + random.pick(tails)
  }

  // MARK: Others

  mutating func date() -> String {
    let day = random.number(1...28)
    let month = random.number(1...12)
    let year = random.number(1930...2026)
    let name = WordLists.capitalised(lists.calendar[month - 1])
    let short = name.prefix(3)
    switch random.number(0...11) {
    case 0: return "\(month)/\(day)/\(year)"
    case 1: return "\(day)/\(month)/\(year)"
    case 2: return String(format: "%04d-%02d-%02d", year, month, day)
    case 3: return String(format: "%02d.%02d.%04d", day, month, year)
    case 4: return "\(day) \(name) \(year)"
    case 5: return "\(name) \(day), \(year)"
    case 6: return "\(day). \(name) \(year)"
    case 7: return "\(name) \(day)th"
    case 8: return "\(day) \(short) \(year)"
    case 9: return "\(short) \(day)"
    case 10: return "\(name) \(year)"
    default: return String(format: "%d/%d/%02d", month, day, year % 100)
    }
  }

  private mutating func dateTime() -> String {
    let time = String(
      format: "%02d:%02d", random.number(0...23), random.number(0...59))
    switch random.number(0...3) {
    case 0: return "\(date()) \(time)"
    case 1: return "\(date()), \(time)"
    default:
      return String(
        format: "%04d-%02d-%02d %@:%02d", random.number(1970...2026), random.number(1...12),
        random.number(1...28), time, random.number(0...59))
    }
  }

  private mutating func plain(_ slot: String) -> String {
    switch slot {
    case "phone":
      return random.pick([
        "(\(random.digits(3))) \(random.digits(3))-\(random.digits(4))",
        "+\(random.digits(2)) \(random.digits(3)) \(random.digits(6))",
        "\(random.digits(3))-\(random.digits(3))-\(random.digits(4))", "0\(random.digits(9))",
      ])
    case "email":
      return "\(firstName().lowercased().filter(\.isASCII))\(random.digits(2))@example.org"
    case "card": return "4111111111111111"
    case "iban": return "DE89370400440532013000"
    case "url":
      return "https://www.\(random.pick(["blog", "shop", "site"]))\(random.digits(2)).example"
    case "money": return random.pick(["$", "€", "£"]) + random.digits(random.number(2...5))
    case "job":
      let field =
        lists.fields.map { WordLists.capitalised($0) + " " } + Array(repeating: "", count: 20)
      let job = random.pick(field) + random.pick(lists.jobs)
      return random.chance(50) ? WordLists.capitalised(job) : job.lowercased()
    case "work": return work()
    case "nat": return random.pick(lists.nationalities)
    case "num": return random.digits(random.number(1...6))
    default: return random.pick(lists.jobs)
    }
  }

  /// Something with capitals that is nobody and nowhere: the title of a film or a song, a band, a
  /// product, a feast.
  private mutating func work() -> String {
    let adjectives = [
      "Broken", "Silent", "Golden", "Lost", "Electric", "Midnight", "Velvet", "Crimson", "Wild",
      "Endless", "Hidden", "Frozen", "Burning", "Little", "Last", "First", "Dark", "Holy", "Grand",
      "Infinite", "Paper", "Iron", "Secret", "Sweet", "Cold", "Ancient", "Royal", "Modern", "Dirty",
    ]
    let nouns = [
      "Mirrors", "Dreams", "Rivers", "Tales", "Hearts", "Machines", "Shadows", "Empire", "Garden",
      "Dance", "Boogie", "Princess", "Warriors", "Wizards", "Stories", "Nights", "Road", "Stars",
      "Kingdom", "Voices", "Monkeys", "Echoes", "Hours", "Letters", "Tiger", "Duke", "Queen",
      "Club",
      "Orchestra", "Stones", "Wisdom", "Patience", "Spirits", "Dragons", "Elves", "Pirates",
      "Robots",
    ]
    let coined = [
      "Orcs", "Vampires", "Gremlins", "Zombies", "Jedi", "Muggles", "Android", "Windows",
      "Bluetooth",
      "Wifi", "Playstation", "Xbox", "Kindle", "Photoshop", "Excel", "Minecraft", "Tetris", "Bible",
      "Koran", "Easter", "Ramadan", "Diwali", "Hanukkah", "Halloween", "Thanksgiving", "Oscars",
      "Grammy", "Olympics", "Jurassic", "Terminator", "Inception", "Ghostbusters", "Rocky",
      "Psycho",
    ]
    switch random.number(0...7) {
    case 0: return random.pick(nouns)
    case 1: return random.pick(coined)
    case 2: return "The \(random.pick(adjectives)) \(random.pick(nouns))"
    case 3: return "The \(random.pick(nouns))"
    case 4: return "\(random.pick(nouns)) of \(random.pick(nouns))"
    case 5: return "\(random.pick(adjectives)) \(random.pick(adjectives)) \(random.pick(nouns))"
    default: return "\(random.pick(adjectives)) \(random.pick(nouns))"
    }
  }
}
