import Testing

@testable import Coach

@Suite struct RuleTests {
  private func names(_ rules: String, _ text: String) throws -> [String] {
    let fixture = try ClassifierFixture(rules: rules)
    return fixture.explain(text).rules
  }

  @Test func wordsAreMatchedNotLetters() throws {
    let rules = "greet greeting +3 anywhere : hi | good morning"
    #expect(try names(rules, "this is his") == [])
    #expect(try names(rules, "oh HI there") == ["greet"])
    #expect(try names(rules, "a good   Morning!") == ["greet"])
    #expect(try names(rules, "good evening morning") == [])
  }

  @Test func placesHold() throws {
    let rules = """
      w greeting +1 whole : hello you
      s greeting +1 start : hello
      e greeting +1 end   : you
      """
    #expect(try Set(names(rules, "hello you?")) == ["w", "s", "e"])
    #expect(try names(rules, "well hello you there") == [])
    #expect(try names(rules, "hello to you all") == ["s"])
    #expect(try names(rules, "is that you") == ["e"])
  }

  @Test func anyWordAndContinuedLines() throws {
    let rules = """
      # comment

      quiz assessment decide anywhere : quiz me on *
         | exam of * please
      """
    let fixture = try ClassifierFixture(rules: rules)
    #expect(fixture.classify("please quiz me on octopuses").reason == .rule)
    #expect(fixture.classify("quiz me on").reason != .rule)
    #expect(fixture.classify("an exam of German, please").label == .assessment)
  }

  /// The first rule of the file that decides wins, whatever the weights say.
  @Test func firstDecisionWins() throws {
    let rules = """
      later small_talk decide anywhere : zebra
      sure uncertain decide anywhere : how
      """
    let fixture = try ClassifierFixture(rules: rules)
    #expect(fixture.classify("how is the zebra").label == .smallTalk)
    #expect(fixture.classify("how do I ask her out").label == .uncertain)
    #expect(fixture.classify("how do I ask her out").confidence == 1)
  }

  @Test(arguments: [
    ("nonsense", 1, "no ':'"), ("a b : c", 1, "name, label"),
    ("\na bogus +1 whole : c", 2, "no label"),
    ("a greeting +11 whole : c", 1, "-10 to +10"), ("a greeting +x whole : c", 1, "'decide'"),
    ("a greeting +1 middle : c", 1, "no place"), ("a greeting +1 whole : |", 1, "no phrase"),
    ("a greeting +1 whole : * c", 1, "start with a word"),
    ("a greeting +1 whole : 1 b c d e f g h i", 1, "more than 8"),
    ("a greeting +1 whole : b\na greeting +1 whole : c", 2, "already"),
    ("a greeting nan whole : b", 1, "-10 to +10"),
  ])
  func mistakesAreNamed(text: String, line: Int, reason: String) {
    do throws(RuleFile.Mistake) {
      _ = try RuleFile.parse(text)
      Issue.record("accepted: \(text)")
    } catch {
      #expect(error.line == line)
      #expect(error.reason.contains(reason), "\(error.reason)")
    }
  }

  @Test func builtInRulesAreSound() throws {
    #expect(try RuleFile.parse(BuiltInRules.text).rules.count > 10)
  }
}
