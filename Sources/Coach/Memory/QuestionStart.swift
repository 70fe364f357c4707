internal import Bytes

/// Knows a question by its first two words, because chats are full of questions without a mark: "do
/// you", "how many", "u coming".
enum QuestionStart {
  private static let pronouns = WordSet(
    """
    i you u ya he she it they we there that this your ur his her my the anyone anybody someone
    """)
  private static let verbs = WordSet(
    """
    do does did are is was were am can could would will shall should have has had dont don't \
    doesn't didn't isn't aren't won't can't
    """)
  private static let asking = WordSet("what how where who why which when whose")
  private static let whole = WordSet(
    "what's whats where's wheres who's whos how's hows wanna wbu hbu")
  private static let more = WordSet(
    "many much long old often far big about come else time kind sort day r u exactly")

  /// Whether a sentence begins as a question does; its openers are left out.
  ///
  /// - Complexity: O(1)
  static func isFound(in text: ByteView) -> Bool {
    var first: UInt64?
    var second: UInt64?
    Words.forEach(in: text[0..<min(text.count, 40)]) { range in
      let hash = Words.hash(text[range])
      if first == nil {
        first = hash
      } else if second == nil {
        second = hash
      }
    }
    guard let first else { return false }
    if whole.contains(first) { return true }
    guard let second else { return asking.contains(first) }
    if verbs.contains(first) { return pronouns.contains(second) }
    return asking.contains(first) && (verbs.contains(second) || more.contains(second))
  }
}
