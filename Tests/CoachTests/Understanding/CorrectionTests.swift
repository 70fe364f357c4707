import Bytes
import SeededRandom
import Testing

@testable import Coach

@Suite struct CorrectionTests {
  @Test func teachesTheMessageAndItsLike() throws {
    let fixture = try ClassifierFixture()
    let before = fixture.classify("flibber the jabberwock now")
    let number = try #require(fixture.learn(.assessment, "flibber the jabberwock"))
    #expect(fixture.classify("Flibber the JABBERWOCK!").reason == .correction)
    #expect(fixture.classify("flibber the jabberwock").label == .assessment)
    let after = fixture.classify("flibber the jabberwock now")
    #expect(after.probabilities[4] > before.probabilities[4])
    fixture.classifier.checkInvariants()
    #expect(fixture.undo(number))
    #expect(!fixture.undo(number))
    #expect(fixture.classify("flibber the jabberwock now").probabilities == before.probabilities)
  }

  @Test func laterCorrectionsOfATextStandOverEarlierOnes() throws {
    let fixture = try ClassifierFixture()
    let first = try #require(fixture.learn(.greeting, "zork"))
    let second = try #require(fixture.learn(.assessment, "zork"))
    #expect(fixture.classify("zork").label == .assessment)
    #expect(fixture.undo(second))
    #expect(fixture.classify("zork").label == .greeting)
    #expect(fixture.undo(first))
    #expect(fixture.classify("zork").reason != .correction)
  }

  @Test func nothingToLearn() throws {
    let fixture = try ClassifierFixture()
    #expect(fixture.learn(.greeting, "  ?!") == nil)
    #expect(fixture.classifier.learnt.isEmpty)
  }

  /// Learning and undoing at random, in any order: what is left behaves as if the undone had never
  /// been, and the file brings the same state back.
  @Test func undoIsExactInAnyOrder() throws {
    var generator = SeededGenerator(test: #function)
    let fixture = try ClassifierFixture()
    let words = ["zig", "zag", "yes", "date", "test", "?", "hello", "😂", "nervous", "12", "ça"]
    var log: [UInt8] = []
    var known: [Int] = []
    let probes = ["zig zag", "hello nervous date", "test 12", "yes yes"]
    let untouched = probes.map { fixture.classify($0).probabilities }
    for step in 0..<120 {
      if !known.isEmpty, Int.random(in: 0..<3, using: &generator) == 0 {
        let number = known.remove(at: Int.random(in: 0..<known.count, using: &generator))
        #expect(fixture.undo(number))
        log += CorrectionLog.undone(number)
      } else {
        let length = Int.random(in: 1..<7, using: &generator)
        let text = (0..<length).map { _ in words.randomElement(using: &generator) ?? "" }
        let label = MessageLabel.allCases.randomElement(using: &generator) ?? .greeting
        guard let number = fixture.learn(label, text.joined(separator: " ")) else { continue }
        known.append(number)
        log += CorrectionLog.learnt(
          number, label, text: fixture.classifier.learnt.last?.text ?? [])
      }
      // It compares all rows, which takes a while in a debug build.
      if step % 12 == 0 { fixture.classifier.checkInvariants() }
    }
    let restarted = try ClassifierFixture()
    let outcome = restarted.replay(log)
    #expect(outcome.skipped == 0)
    #expect(outcome.soundBytes == log.count)
    for probe in probes {
      #expect(
        restarted.classify(probe).probabilities == fixture.classify(probe).probabilities)
    }
    #expect(restarted.classifier.learnt.map(\.number) == fixture.classifier.learnt.map(\.number))
    for number in known { #expect(fixture.undo(number)) }
    #expect(probes.map { fixture.classify($0).probabilities } == untouched)
    fixture.classifier.checkInvariants()
  }

  /// A file that ends anywhere is a file with fewer lines.
  @Test func tornFilesLoseTheirLastLineOnly() throws {
    let lines = [
      CorrectionLog.learnt(1, .greeting, text: Array("zork".utf8)),
      CorrectionLog.learnt(2, .assessment, text: Array("frob the nitz".utf8)),
      CorrectionLog.undone(1),
    ]
    let file = lines.flatMap { $0 }
    let ends = [lines[0].count, lines[0].count + lines[1].count, file.count]
    for length in 0...file.count {
      let fixture = try ClassifierFixture()
      let outcome = fixture.replay(Array(file[0..<length]))
      #expect(outcome.applied == ends.count { $0 <= length })
      #expect(outcome.skipped == 0)
      #expect(outcome.soundBytes == (ends.last { $0 <= length } ?? 0))
    }
  }

  @Test func damagedLinesAreSkipped() throws {
    let line = CorrectionLog.learnt(7, .greeting, text: Array("zork".utf8))
    for position in 0..<(line.count - 1) {
      var damaged = line
      damaged[position] ^= 1
      if damaged[position] == 0x0A { continue }
      let fixture = try ClassifierFixture()
      let outcome = fixture.replay(damaged + line)
      #expect(outcome.skipped == 1, "byte \(position)")
      #expect(outcome.applied == 1)
    }
  }
}
