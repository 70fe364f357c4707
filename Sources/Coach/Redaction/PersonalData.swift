/// What kind of personal data a stretch of text is.
public enum PersonalDataKind: UInt8, CaseIterable, Sendable {
  case email, phone, card, iban, ssn, ip
  /// Names and passwords in URLs, and secrets in their queries.
  case credential
  /// Numbers of driving licences.
  case licence
  case birthDate, address, name
  /// What only the tagger finds: cities, regions and countries; companies and the like; dates that
  /// are no birth dates.
  case place, organisation, date
  /// Addresses of pages.
  case url

  /// The word in the placeholder, as EMAIL in `[EMAIL_1]`.
  public var label: StaticString {
    switch self {
    case .email: "EMAIL"
    case .phone: "PHONE"
    case .card: "CARD"
    case .iban: "IBAN"
    case .ssn: "SSN"
    case .ip: "IP"
    case .credential: "CREDENTIAL"
    case .licence: "LICENCE"
    case .birthDate: "BIRTHDATE"
    case .address: "ADDRESS"
    case .name: "NAME"
    case .place: "PLACE"
    case .organisation: "ORGANISATION"
    case .date: "DATE"
    case .url: "URL"
    }
  }
}

/// A set of kinds.
public struct PersonalDataKinds: OptionSet, Sendable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The set of one kind.
  public init(_ kind: PersonalDataKind) { rawValue = 1 << UInt16(kind.rawValue) }

  /// Every kind.
  public static let all = PersonalDataKinds(rawValue: .max)
}

/// A stretch of text that is personal data.
public struct PersonalDataFinding: Equatable, Sendable {
  /// What it is.
  public var kind: PersonalDataKind
  /// Its first byte.
  public var start: Int
  /// The byte behind it.
  public var end: Int
  /// Which value of its kind it is, from 1: equal values have equal numbers. 0 before numbering.
  public var number = 0
}
