import Bytes
import Coach
import Foundation
import SeededRandom

/// Training and judging.
struct Experiment {
  let corpus: Corpus
  var settings: TrainingSettings
  let lists: WordLists
  let table: WordTable
  let sentences: [LabelledSentence]
  /// A model that knows the lists and has no weights.
  private let blank: TaggerModel

  init(_ corpus: Corpus, _ settings: TrainingSettings) throws {
    self.corpus = corpus
    self.settings = settings
    lists = try WordLists(folder: "tools/coachtag/lists")
    table = WordTable(
      WordTable.facts(
        lists, cased: try corpus.counsel() + corpus.qmsum(),
        caseless: try corpus.clinc() + corpus.hwu()))
    sentences = try corpus.presidio()
    blank = try loaded(taggerFile(nil, table, settings))
  }

  /// The sentences to learn from: ours, texts without personal data, and presidio-research.
  private func encoded() throws -> EncodedTexts {
    var maker = SentenceMaker(lists: lists, random: SeededGenerator(seed: settings.seed))
    var encoder = Encoder(model: blank, random: SeededGenerator(seed: settings.seed + 1))
    var result = EncodedTexts()
    for index in 0..<settings.madeCount {
      let place = index % lists.templates.count
      var text = maker.fill(lists.templates[place])
      text.origins = [-1 - place]
      // Sentences stand beside others.
      if maker.random.chance(15) {
        let place = maker.random.number(0...lists.templates.count - 1)
        let other = maker.fill(lists.templates[place])
        text.append(maker.random.pick([" ", "\n", ". ", "\n\n"]), .other)
        text.parts += other.parts
        text.origins.append(-1 - place)
      }
      text = text.varied(&maker.random)
      encoder.add(text, to: &result)
    }
    for text in try nothings(&maker.random) {
      encoder.add(LabelledText(parts: [(text, .other)]), to: &result)
    }
    encoder.hiddenWords = 30
    encoder.hiddenFacts = 10
    for sentence in sentences {
      for _ in 0..<settings.repeats {
        encoder.add(sentence.labelledText.varied(&maker.random), to: &result)
      }
    }
    return result
  }

  /// Sentences that people wrote without a name: in small letters but for their beginning.
  private func nothings(_ random: inout SeededGenerator) throws -> [String] {
    var sentences: [String] = []
    for text in try corpus.qmsum() {
      for sentence in text.split(whereSeparator: { ".?!{}".contains($0) }) {
        let words = sentence.split(separator: " ")
        let isPlain = words.dropFirst().allSatisfy { word in
          word.first?.isUppercase != true || ["I", "I'm", "I'll", "I'd", "I've"].contains(word)
        }
        if words.count > 4, isPlain { sentences.append(words.joined(separator: " ")) }
      }
    }
    let places = Set((lists.cities + lists.countries + lists.nationalities).map { $0.lowercased() })
    let questions = try corpus.banking().filter { text in
      text.lowercased().split(whereSeparator: { !$0.isLetter }).allSatisfy {
        !places.contains(String($0)) && !["us", "eu", "uk"].contains($0)
      }
    }
    sentences.shuffle(using: &random)
    let chosen =
      sentences.prefix(settings.nothings)
      + questions.shuffled(using: &random).prefix(settings.nothings)
    return chosen.map { random.chance(40) ? $0.lowercased() : $0 }
  }

  func trainAll() throws -> Data {
    let texts = try encoded()
    let field = RandomField(settings)
    field.train(texts, Array(0..<texts.textCount))
    return taggerFile(field, table, settings)
  }

  private func model(_ texts: EncodedTexts, without origins: Set<Int>) throws -> TaggerModel {
    let field = RandomField(settings)
    field.train(texts, (0..<texts.textCount).filter { origins.isDisjoint(with: texts.origins[$0]) })
    return try loaded(taggerFile(field, table, settings))
  }

  static func findings(_ text: String, _ model: TaggerModel) -> [PersonalDataFinding] {
    var findings: [PersonalDataFinding] = []
    Array(text.utf8).withByteView {
      Redactor(level: .all, model: model).scan($0, into: &findings)
    }
    return findings
  }

  func evaluate(folds: Int, shown: String?) throws {
    let started = Date()
    let texts = try encoded()
    print(
      "\(texts.textCount) texts, \(texts.tags.count) tokens, \(table.words.count) places of words")
    // Groups in an order of chance, then into folds of the same number of sentences.
    var random = SeededGenerator(seed: settings.seed)
    let groups = Set(sentences.map(\.group)).sorted().shuffled(using: &random)
    var sizes = [Int](repeating: 0, count: folds)
    var fold: [Int: Int] = [:]
    for group in groups {
      let smallest = sizes.indices.min { sizes[$0] < sizes[$1] } ?? 0
      fold[group] = smallest
      sizes[smallest] += sentences.count { $0.group == group }
    }
    let own = try model(texts, without: Set(groups))
    let similar = corpus.similar(lists.templates, to: sentences)
    print(
      "\(groups.count) groups of templates, \(similar.count) of them like one of our own;",
      "\(Int(-started.timeIntervalSinceNow)) s")
    let models = ModelList(count: folds)
    let folded = fold
    DispatchQueue.concurrentPerform(iterations: folds) { index in
      var left = Set(groups.filter { folded[$0] == index })
      for group in left { left.formUnion((similar[group] ?? []).map { -1 - $0 }) }
      models.set(index, try? model(texts, without: left))
    }
    var board = Scoreboard(shown: shown)
    var unseen = Scoreboard()
    var ownBoard = Scoreboard()
    var valueFolds: [String: Set<Int>] = [:]
    for sentence in sentences {
      for value in sentence.values { valueFolds[value, default: []].insert(fold[sentence.group]!) }
    }
    for sentence in sentences {
      guard let index = fold[sentence.group], let model = models[index] else { continue }
      let found = Self.findings(sentence.text, model)
      board.add(sentence, found)
      unseen.add(sentence, found) { valueFolds[$0.lowercased()] == [index] }
      ownBoard.add(sentence, Self.findings(sentence.text, own))
    }
    board.write("templates that were never trained on, nor similar ones (\(folds) folds)")
    unseen.write(
      "the same, values that were trained on in other templates left out (recall alone)")
    ownBoard.write("trained without any of these sentences, on our own templates alone")
    try alarms(own, "trained without any of these sentences")
    if let model = models[0] { try alarms(model, "trained on the first nine tenths of them") }
    print("\(Int(-started.timeIntervalSinceNow)) s")
  }

  func alarms(_ model: TaggerModel, _ title: String, _ shown: String? = nil) throws {
    print("\nfindings of names, addresses, places, organisations, dates (\(title))")
    for (name, texts) in [
      ("clinc150", try corpus.clinc()), ("hwu64", try corpus.hwu()),
      ("counsel-chat", try corpus.counsel()),
    ] {
      var counts: [String: Int] = [:]
      var words = 0
      for text in texts {
        words += text.split(separator: " ").count
        for finding in Self.findings(text, model)
        where NameTag.allCases.contains(where: { "\($0)" == "\(finding.kind)" }) {
          counts["\(finding.kind)", default: 0] += 1
          if shown == "\(finding.kind)" {
            let bytes = Array(text.utf8)
            let value = String(decoding: bytes[finding.start..<finding.end], as: UTF8.self)
            let before = String(
              decoding: bytes[max(0, finding.start - 30)..<finding.start], as: UTF8.self)
            print("\(name): \(before)[\(value)]".replacing("\n", with: "\\n"))
          }
        }
      }
      let list = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      print("\(name): \(texts.count) texts, \(words) words: \(list.joined(separator: ", "))")
    }
  }
}

extension LabelledSentence {
  /// What is labelled, in small letters.
  var values: [String] {
    let bytes = Array(text.utf8)
    return labels.map { String(decoding: bytes[$0.start..<$0.end], as: UTF8.self).lowercased() }
  }
}

/// Models that threads make.
final class ModelList: @unchecked Sendable {
  private var models: [TaggerModel?]
  private let lock = NSLock()

  init(count: Int) { models = Array(repeating: nil, count: count) }

  func set(_ index: Int, _ model: TaggerModel?) { lock.withLock { models[index] = model } }
  subscript(index: Int) -> TaggerModel? { lock.withLock { models[index] } }
}
