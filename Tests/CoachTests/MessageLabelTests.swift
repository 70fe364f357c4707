import Coach
import Testing

@Suite struct MessageLabelTests {
  /// Weights and corrections on disk are keyed by these numbers.
  @Test func numbersAndNamesStay() {
    let known: [(MessageLabel, UInt8, String)] = [
      (.greeting, 0, "greeting"), (.confirmation, 1, "confirmation"),
      (.smallTalk, 2, "small_talk"), (.coachingRequest, 3, "coaching_request"),
      (.assessment, 4, "assessment"), (.uncertain, 5, "uncertain"),
    ]
    for (label, number, name) in known {
      #expect(label.rawValue == number)
      #expect("\(label.name)" == name)
    }
    #expect(known.count == MessageLabel.allCases.count)
  }
}
