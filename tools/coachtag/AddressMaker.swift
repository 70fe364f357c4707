import Coach
import Foundation
import SeededRandom

/// Addresses in the forms of many countries, with streets that mostly do not exist.
extension SentenceMaker {
  /// What a street is called after.
  private mutating func namesake() -> String {
    switch random.number(0...5) {
    case 0: return firstName()
    case 1: return crossed(lists.cities, 50)
    case 2:
      return random.pick([
        "Oak", "Maple", "Church", "Station", "Mill", "Park", "High", "Main", "River", "Lake",
        "Hill",
        "School", "Garden", "Bridge", "King", "Queen", "Victoria", "Washington", "Market", "Castle",
        "Spring", "Forest", "Sunset", "Orchard", "Meadow", "Linden", "Rose", "Chapel", "Harbour",
        "Broad", "North", "South", "West", "East", "Second", "Third", "5th", "21st", "42nd",
      ])
    default: return crossed(lists.surnames, 45)
    }
  }

  /// A street, with its word for one.
  mutating func streetName() -> String { street(withNumber: nil) }

  /// A street with the number of a house where that country writes it.
  mutating func house() -> String {
    if random.chance(6) {
      return random.pick([
        "P.O. Box \(random.digits(random.number(2...4)))", "PO Box \(random.digits(4))",
        "PSC \(random.digits(4)), Box \(random.digits(4))",
        "Unit \(random.digits(4)) Box \(random.digits(4))",
      ])
    }
    var number = "\(random.number(1...random.pick([9, 60, 250, 9999])))"
    if random.chance(10) { number += random.pick(["a", "b", "A", "B", "-\(random.digits(2))"]) }
    return street(withNumber: number)
  }

  private mutating func street(withNumber number: String?) -> String {
    let name = namesake()
    let low = name.lowercased()
    // The number in front, or behind with or without a comma.
    func front(_ street: String) -> String { number.map { "\($0) \(street)" } ?? street }
    func back(_ street: String) -> String { number.map { "\(street) \($0)" } ?? street }
    func comma(_ street: String) -> String { number.map { "\(street), \($0)" } ?? street }
    switch random.number(0...21) {
    case 0...7:
      let word = random.pick([
        "Street", "St", "St.", "Avenue", "Ave", "Ave.", "Road", "Rd", "Lane", "Ln", "Drive", "Dr",
        "Boulevard", "Blvd", "Court", "Way", "Place", "Square", "Terrace", "Close", "Crescent",
        "Parkway", "Highway", "Trail", "Grove", "Gardens", "Hill", "Row", "Mews", "Circle",
      ])
      let street = random.chance(8) ? "\(random.pick(["N", "S", "W.", "East"])) \(name)" : name
      return front("\(street) \(word)")
    case 8: return front(random.pick(["rue ", "rue de ", "rue du ", "avenue "]) + name)
    case 9:
      return comma(
        random.pick(["Rue ", "Boulevard ", "Place ", "Chaussée de ", "Allée des "]) + name)
    case 10, 11:
      return back(
        name + random.pick(["straße", "strasse", "str.", "weg", "gasse", "allee", "platz"]))
    case 12: return back(random.pick(["Am ", "An der ", "Im ", "Alte ", "Untere "]) + name)
    case 13: return back(name + random.pick(["straat", "laan", "weg", "plein", "kade", "dijk"]))
    case 14:
      return back(
        name + random.pick(["gatan", "vägen", "vej", "gade", "veien", "gata", "bakken", "stræde"]))
    case 15: return back(name + random.pick(["katu", "tie", "kuja", "polku", " tn", " tee"]))
    case 16:
      let word = random.pick([
        "Calle ", "C/ ", "Avenida ", "Avda. ", "Plaza ", "Paseo ", "Carrera ",
      ])
      return random.chance(50) ? back(word + name) : comma(word + name)
    case 17:
      let word = random.pick(["Rua ", "R. ", "Travessa ", "Avenida ", "Largo ", "Praça "])
      return random.chance(50) ? back(word + name) : comma(word + name)
    case 18:
      let word = random.pick(["Via ", "Viale ", "Piazza ", "Corso ", "Vicolo ", "Strada "])
      return random.chance(50) ? back(word + name) : comma(word + name)
    case 19: return back(random.pick(["ul. ", "ulica ", "al. ", "os. ", "pl. "]) + name)
    case 20:
      return back(name + random.pick([" utca", " u.", " út", " tér", "ova", "ova ulica", " trg"]))
    default:
      return random.pick([
        back(name), front(name), back("Jalan \(name)"), front("\(name) Nagar"),
        back("\(name) Sokak No."), back("ulitsa \(name)"), back("Οδός \(name)"),
        front("\(low)"), "\(number ?? "1")-\(random.number(1...20)) \(name)-cho",
      ])
    }
  }

  mutating func unit() -> String {
    let number = "\(random.number(1...random.pick([20, 999])))"
    return random.pick([
      "Apt. \(number)", "Apt \(number)", "Suite \(number)", "Unit \(number)", "Flat \(number)",
      "#\(number)", "Floor \(random.number(1...30))", "Room \(number)", "Apartment \(number)",
      "Ste \(number)", "\(random.number(2...9))th floor", "Building \(initialLetter())",
    ])
  }

  private mutating func initialLetter() -> String { random.pick(["A", "B", "C", "D", "E"]) }

  mutating func postcode() -> String {
    switch random.number(0...9) {
    case 0...4: return random.digits(5).replacingFirst(by: random.number(0...9))
    case 5: return random.digits(4)
    case 6:
      return
        "\(initialLetter())\(random.digits(1)) \(random.digits(1))"
        + random.pick(["QT", "AB", "XY", "LN"])
    case 7:
      return
        "\(random.pick(["SW", "NW", "EC", "LS", "CB"]))\(random.digits(2)) \(random.digits(1))HJ"
    case 8:
      return random.pick([
        "\(random.digits(4)) AB", "\(random.digits(3)) \(random.digits(2))",
        "\(random.digits(2))-\(random.digits(3))", "K1A \(random.digits(1))B\(random.digits(1))",
      ])
    default: return "\(random.digits(5))-\(random.digits(4))"
    }
  }

  /// Zip and city in the order of one country or another.
  private mutating func town() -> String {
    switch random.number(0...4) {
    case 0, 1: return "\(postcode()) \(city())"
    case 2: return "\(city()) \(postcode())"
    case 3: return "\(city()), \(random.pick(lists.stateCodes)) \(postcode())"
    default: return city()
    }
  }

  /// A whole address that stands in a sentence: all of it is one.
  mutating func address() -> String {
    if random.chance(5) {
      return random.chance(50)
        ? "the corner of \(streetName()) and \(streetName())" : "\(namesake()) and \(house())"
    }
    var parts = [house()]
    if random.chance(25) { parts.append(unit()) }
    let lines = random.chance(30)
    if random.chance(85) { parts.append(town()) }
    if random.chance(35) { parts.append(countryLine()) }
    if lines { return parts.joined(separator: random.pick(["\n", "\n ", ",\n", "\n, "])) }
    return parts.joined(separator: random.pick([", ", ", ", ", ", " "]))
  }

  private mutating func countryLine() -> String {
    let country = random.pick(lists.countries)
    return random.chance(30) ? "\(country) \(postcode())" : country
  }

  /// An address in lines of its own. A city or country that has a line to itself is a place.
  mutating func block(isOwnLine: Bool) -> [(String, NameTag)] {
    guard isOwnLine else { return [(address(), .address)] }
    var parts: [(String, NameTag)] = []
    let indent = random.chance(20) ? " " : ""
    parts.append((house(), .address))
    if random.chance(40) { parts.append(("\n" + indent + unit(), .address)) }
    switch random.number(0...3) {
    case 0: parts.append(("\n" + indent + postcode() + " " + city(), .address))
    case 1:
      parts += [
        ("\n" + indent, .other), (city(), .place),
        (", \(random.pick(lists.stateCodes)) \(postcode())", .address),
      ]
    default:
      parts += [("\n" + indent, .other), (city(), .place)]
      if random.chance(50) { parts += [("\n" + indent + postcode(), .address)] }
    }
    if random.chance(50) {
      parts += [("\n" + indent, .other), (random.pick(lists.countries), .place)]
      if random.chance(40) { parts.append((" " + postcode(), .address)) }
    }
    return parts
  }
}

extension String {
  /// The same with another first digit.
  fileprivate func replacingFirst(by digit: Int) -> String { "\(digit)" + dropFirst() }
}
