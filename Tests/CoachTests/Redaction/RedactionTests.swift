import Bytes
import Foundation
import Testing

@testable import Coach

@Suite("Redaction")
struct RedactionTests {
  private func redacted(_ text: String) -> String {
    let result = Array(text.utf8).withByteView { Redactor().redact($0) }
    return String(decoding: result.bytes, as: UTF8.self)
  }

  @Test(arguments: [
    ("Write to ada.l+x@mail.example.org!", "Write to [EMAIL_1]!"),
    ("call me at +1 (555) 010-9999", "call me at [PHONE_1]"),
    ("my card is 4111 1111 1111 1111", "my card is [CARD_1]"),
    ("not a card: order 4111 1111 1111 1112", "not a card: order 4111 1111 1111 1112"),
    ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [IBAN_1] please"),
    ("my ssn is 536-90-4399", "my ssn is [SSN_1]"),
    ("server 192.168.17.4 is down", "server [IP_1] is down"),
    ("My name is Ada Lovelace.", "My name is [NAME_1]."),
    ("I was born on 12/05/1990", "I was born on [BIRTHDATE_1]"),
    ("I live at 12 Baker Street", "I live at [ADDRESS_1]"),
    ("see you at 7:30 on 12/05", "see you at 7:30 on 12/05"),
    ("I'm tired and I'm 34", "I'm tired and I'm 34"), ("", ""),
    ("version 1.2.3.4.5 has 3 fixes", "version 1.2.3.4.5 has 3 fixes"),
  ])
  func placeholdersAreTyped(_ text: String, _ expected: String) {
    #expect(redacted(text) == expected)
  }

  /// What is called something is a person with a word for one in front, and something else without.
  @Test(arguments: [
    ("a girl called Emma", "a girl called [NAME_1]"),
    ("my friend from work named Peter", "my friend from work named [NAME_1]"),
    ("a guy in my class called Omar", "a guy in my class called [NAME_1]"),
    ("She's called Emma.", "She's called [NAME_1]."),
    ("my ex was called Emma", "my ex was called [NAME_1]"),
    ("he is named Omar", "he is named [NAME_1]"),
    ("my brother, called Omar,", "my brother, called [NAME_1],"),
    ("a tapas place called Emma", "a tapas place called Emma"),
    ("we play a game called Hades", "we play a game called Hades"),
    ("my boyfriend has a cat named Emma", "my boyfriend has a cat named Emma"),
    ("my friend went to a place called Marco", "my friend went to a place called Marco"),
    ("the cat is called Oscar", "the cat is called Oscar"), ("Called Emma.", "Called Emma."),
    ("call me Emma", "call me [NAME_1]"),
  ])
  func peopleAreCalledSomething(_ text: String, _ expected: String) {
    #expect(redacted(text) == expected)
  }

  @Test func equalValuesHaveEqualNumbers() {
    #expect(
      redacted("a@b.example, c@d.example, A@B.example")
        == "[EMAIL_1], [EMAIL_2], [EMAIL_1]")
  }

  @Test func credentialsInURLsGo() {
    let text = redacted("see https://ada:secret@host.example/x?token=abcdef123&y=1")
    #expect(!text.contains("secret") && !text.contains("abcdef123"), "\(text)")
  }

  @Test func redactingTwiceChangesNothing() {
    for text in HostileTexts.all(byteCount: 5_000) {
      let once = text.withByteView { Redactor().redact($0) }
      let twice = once.bytes.withByteView { Redactor().redact($0) }
      // What a placeholder leaves behind may look like something else; never more than before.
      #expect(twice.findings.count <= once.findings.count)
    }
  }

  @Test func hostileTextsEnd() {
    for text in HostileTexts.all(byteCount: 60_000) {
      var findings: [PersonalDataFinding] = []
      text.withByteView { Redactor().scan($0, into: &findings) }
      var end = 0
      for finding in findings {
        #expect(finding.start >= end && finding.end > finding.start)
        end = finding.end
      }
      #expect(end <= text.count)
    }
  }

  private struct Row: Decodable {
    struct Span: Decodable {
      var type: String
      var value: String

      enum CodingKeys: String, CodingKey {
        case type = "entity_type"
        case value = "entity_value"
      }
    }

    var text: String
    var spans: [Span]

    enum CodingKeys: String, CodingKey {
      case text = "full_text"
      case spans
    }
  }

  /// Values of the structured types are gone from the labelled sentences.
  @Test func labelledValuesGo() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let path = root.appendingPathComponent(
      "../shared/data/coach/presidio-research/generated_large.json")
    guard let data = try? Data(contentsOf: path) else {
      print("skipped: no ../shared/data/coach/presidio-research beside the checkout")
      return
    }
    let types: Set = [
      "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS",
    ]
    var labelled = 0
    var left = 0
    for row in try JSONDecoder().decode([Row].self, from: data) {
      let spans = row.spans.filter { types.contains($0.type) }
      if spans.isEmpty { continue }
      let text = redacted(row.text)
      labelled += spans.count
      left += spans.filter { text.contains($0.value) }.count
    }
    #expect(labelled > 400)
    #expect(Double(left) <= 0.01 * Double(labelled), "\(left) of \(labelled)")
  }
}
