import Bytes
import Foundation
import SeededRandom
import Testing

@testable import Coach

@Suite("Crisis rules")
struct SafetyTests {
  private func verdict(_ text: String) -> SafetyVerdict {
    Array(text.utf8).withByteView { SafetyDetector.verdict(on: $0) }
  }

  @Test(arguments: [
    ("I want to kill myself", SafetyCategory.selfHarm), ("i wanna dieeeee", .selfHarm),
    ("I'm going to end it all tonight", .selfHarm), ("k1ll mys3lf", .selfHarm),
    ("i want to k i l l  m y s e l f", .selfHarm), ("iwanttodie", .selfHarm),
    ("I W A N T  T O  D I E", .selfHarm), ("i want to d\u{200B}ie", .selfHarm),
    ("i want to d\u{0456}\u{0435}", .selfHarm), ("I’m so suicidal", .selfHarm),
    ("My friend wants to die", .selfHarm), ("suiside is on my mind", .selfHarm),
    ("I can't stop thinking about killing myself", .selfHarm),
    ("I'm going to shoot him", .violence), ("I hit my girlfriend", .violence),
    ("He won't let me leave the house", .coercion), ("I was raped", .coercion),
    ("my bf h1ts me", .coercion),
  ])
  func crisesAreSeen(_ text: String, _ category: SafetyCategory) {
    let verdict = verdict(text)
    #expect(verdict.isCrisis && !verdict.isHarmless)
    #expect(verdict.level(category) >= .concern, "\(verdict)")
    #expect(verdict.start < verdict.end && verdict.end <= text.utf8.count)
  }

  /// What is said to have no signal has none: messages of words of the rules and of others, with
  /// signs between, in and around them.
  @Test func theScreenHidesNothing() {
    var generator = SeededGenerator(test: "theScreenHidesNothing")
    let words = [
      "i", "want", "to", "kill", "myself", "die", "k1ll", "him", "he", "hits", "me", "hit", "my",
      "is", "never", "not", "afraid", "of", "her", "end", "it", "all", "u", "wanna", "suicidal",
      "rope", "joke", "girlfriend", "won't", "don’t", "let", "leave", "the", "house", "cut",
      "hurt", "i'm", "gun", "killl", "suiside", "iwanttodie", "a", "k", "s", "d", "e", "7pm", "2",
      "pills", "enough", "waiting", "tonight", "keep", "thinking", "about", "bridge", "stood", "on",
      "reason", "no", "wake", "up", "tomorrow", "letters", "written", "kept", "going", "after",
      "said", "stop", "make", "sure", "she", "regrets", "forever", "lol", "hangover", "so", "drunk",
      "therapist", "shoot", "congratulations", "unfortunately", "metamorphosis", "é", "😂",
    ]
    let between = [
      " ", " ", " ", " ", ", ", ". ", "! ", "\n", "-", "'", "’", "*", "@", "$", "", "?",
    ]
    var quiet = 0
    for _ in 0..<20_000 {
      var text = ""
      for _ in 0..<Int.random(in: 1...14, using: &generator) {
        text += words.randomElement(using: &generator) ?? ""
        text += between.randomElement(using: &generator) ?? ""
      }
      Array(text.utf8).withByteView { view in
        guard SafetyDetector.isQuiet(view) else { return }
        quiet += 1
        let verdict = SafetyDetector.fullVerdict(on: view)
        #expect(verdict == SafetyVerdict(), "\(text)")
      }
    }
    #expect(quiet > 500)
  }

  @Test(arguments: [
    "", "hello", "this exam is killing me", "I could kill for a coffee", "drop dead gorgeous",
    "shoot me a message", "I hit on her at the bar", "my phone died", "I cut myself shaving",
    "is that a good therapist?", "I want to end my relationship",
  ])
  func idiomsAreHarmless(_ text: String) {
    #expect(verdict(text).isHarmless, "\(verdict(text))")
    #expect(verdict(text).category == nil)
  }

  @Test(arguments: [
    ("i bought enough pills, just waiting for the right evening", SafetyCategory.selfHarm),
    ("saved up all my xanax, waiting for a quiet night", .selfHarm),
    ("my letters are written and the dog has a new home", .selfHarm),
    ("Goodbye letters are done. Gave the dog to my neighbour", .selfHarm),
    ("i dont see a reason to wake up tomorrow", .selfHarm),
    ("i don’t see a resaon to wake up tomorow", .selfHarm),
    ("there is a rope in the garage and i keep thinking about it", .selfHarm),
    ("I keep looking at the razor on the sink", .selfHarm),
    ("i stood on the bridge for an hour last night", .selfHarm),
    ("theyd all be better off if i wasnt here", .selfHarm),
    ("got my affairs in order, will and everything", .selfHarm),
    ("he kept going after i said stop", .coercion),
    ("he didn't stop when I asked him to", .coercion),
    ("i told her to stop and she just carried on", .coercion),
    ("woke up and he was touching me", .coercion),
    ("he took the keys so i couldnt go home", .coercion),
    ("if she goes to that party i will make sure she regrets it forever", .violence),
    ("if i can't have him nobody can", .violence),
    ("she will pay for leaving me, mark my words", .violence),
  ])
  func crisesInIndirectWordingAreSeen(_ text: String, _ category: SafetyCategory) {
    #expect(verdict(text).level(category) >= .concern, "\(verdict(text))")
  }

  @Test(arguments: [
    "this app is suicide for my self esteem", "texting my boss first would be career suicide",
    "i dont see a reason to wake up early tomorrow, its sunday",
    "we stood on the bridge for an hour watching the sunset",
    "there is a rope bridge in the park, good idea for a first date?",
    "he kept going on about football after i said im not a fan",
    "nobody would notice if i disappeared from this boring group chat",
  ])
  func lookalikesOfIndirectWordingAreHarmless(_ text: String) {
    #expect(verdict(text).isHarmless, "\(verdict(text))")
  }

  /// Neither told to staff nor left to a cheap model: nobody knows how the laughter is meant.
  @Test(arguments: [
    "i jumped off the bridge into the lake, so fun, summer camp!",
    "so drunk i wanted to die lol, hangover", "this exam makes me want to die lol",
    "hangover from hell, want to die", "i bought enough pills for the trip",
    "giving my cat away because my new girlfriend is allergic",
  ])
  func jestsAndUncertainHintsAreMentions(_ text: String) {
    #expect(verdict(text).level == .mention, "\(verdict(text))")
  }

  /// A laugh takes nothing from a crisis that has no trifle for a cause.
  @Test(arguments: [
    "I'm gonna jump off the roof lol nobody cares", "i want to die lol", "kill myself haha",
  ])
  func laughterAloneIsNoJest(_ text: String) {
    #expect(verdict(text).isCrisis)
  }

  @Test(arguments: [
    "I would never hurt myself", "I'm not suicidal", "in the movie he kills himself at the end",
  ])
  func deniedAndToldCrisesAreMentions(_ text: String) {
    #expect(verdict(text).level == .mention)
    #expect(!verdict(text).isCrisis && !verdict(text).isHarmless)
  }

  @Test func signalsAreFoundAnywhereInLongTexts() {
    let filler = String(repeating: "we talked about music and had a good time ", count: 3000)
    for position in [0, 1, 2] {
      let parts = [filler, filler]
      let crisis = "i want to kill myself "
      let text =
        position == 0
        ? crisis + parts.joined()
        : position == 1 ? parts[0] + crisis + parts[1] : parts.joined() + crisis
      let verdict = verdict(text)
      #expect(verdict.level(.selfHarm) == .crisis)
      #expect(
        String(decoding: Array(text.utf8)[verdict.start..<verdict.end], as: UTF8.self)
          .contains("kill myself"))
    }
    #expect(verdict(filler).isHarmless)
  }

  /// A signal is found wherever the window of words happens to end.
  @Test func windowsHaveNoSeams() {
    for before in 300..<420 {
      let text = String(repeating: "word ", count: before) + "i want to kill myself ok"
      #expect(verdict(text).level(.selfHarm) == .crisis, "\(before)")
    }
  }

  @Test func hostileTextsEnd() {
    for text in HostileTexts.all(byteCount: 60_000) {
      let verdict = text.withByteView { SafetyDetector.verdict(on: $0) }
      #expect(verdict.start <= verdict.end && verdict.end <= text.count)
    }
  }

  /// What the committed sets say: whoever changes a rule sees here what it breaks.
  @Test func developmentSetIsRight() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let path = root.appendingPathComponent("tools/coacheval/messages/safety-dev.tsv")
    let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 600)
    for line in lines where !line.hasPrefix("#") {
      let parts = line.split(separator: "\t", maxSplits: 1)
      #expect(verdict(String(parts[1])).isCrisis == (parts[0] != "none"), "\(line)")
    }
  }
}
