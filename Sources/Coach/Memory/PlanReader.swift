/// Finds plans, wishes and promises: words that say so by themselves ("will", "promise"), and pairs
/// that do ("have to", "by Friday", "ill bring", "we're meeting").
struct PlanReader {
  private var last: UInt64 = 0
  private var beforeLast: UInt64 = 0

  private static let subjects = WordSet(
    "i'm im we're were you're youre ur she's shes he's hes they're theyre ima")
  private static let actions = WordSet(
    """
    meeting coming picking bringing taking leaving moving seeing visiting booking hosting driving \
    flying joining starting calling sending having
    """)
  private static let having = WordSet("have has got gotta")
  private static let to = Words.hash("to")
  private static let by = Words.hash("by")
  private static let ill = Words.hash("ill")
  /// What "ill" means no promise behind, and in front of.
  private static let being = WordSet(
    """
    am is are was were be been being feel feels feeling felt very so too really get gets getting \
    got fell fall mentally terminally i'm im he's she's hes shes the an seriously critically
    """)
  private static let notDoing = WordSet("and or but with in at for from because since when so")

  /// Takes the next word of a sentence.
  ///
  /// - Returns: whether it says a plan, with those before it.
  mutating func take(_ word: UInt64) -> Bool {
    let (first, second) = (beforeLast, last)
    beforeLast = last
    last = word
    if WordSet.commitment.contains(word) { return true }
    if word == Self.to { return Self.having.contains(second) }
    if second == Self.by { return WordSet.time.contains(word) }
    if second == Self.ill { return !Self.being.contains(first) && !Self.notDoing.contains(word) }
    return Self.actions.contains(word) && Self.subjects.contains(second)
  }
}
