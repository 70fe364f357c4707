/// What a message of a user to the coach is, as far as routing cares.
///
/// The raw values are written into the trained weights and into the file of corrections, so they
/// never change their meaning.
public enum MessageLabel: UInt8, CaseIterable, Sendable {
  /// Hello and how are you.
  case greeting = 0
  /// Yes, no, maybe, fine, thanks: an answer that carries nothing but its direction.
  case confirmation = 1
  /// Chat, reactions, goodbyes, questions about the bot.
  case smallTalk = 2
  /// A person who wants help with a situation of theirs.
  case coachingRequest = 3
  /// A person who wants to be tested, rated or analysed.
  case assessment = 4
  /// No label is sure enough.
  case uncertain = 5

  /// How many labels can be learnt: all but `uncertain`.
  public static let learnableCount = 5

  /// The name on the wire and in files.
  public var name: StaticString {
    switch self {
    case .greeting: "greeting"
    case .confirmation: "confirmation"
    case .smallTalk: "small_talk"
    case .coachingRequest: "coaching_request"
    case .assessment: "assessment"
    case .uncertain: "uncertain"
    }
  }
}
