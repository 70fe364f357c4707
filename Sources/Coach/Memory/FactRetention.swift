internal import Bytes

/// How many facts of a conversation are still in its summary.
///
/// Names, numbers and dates are those that `FactFinder` finds in the messages, each once; one is
/// kept when its word is anywhere in the summary. A commitment is a sentence with a word of plans,
/// wishes and promises; it is kept when four fifths of its words with a subject are in the summary.
package struct FactRetention: Sendable {
  /// Facts of a kind.
  package struct Count: Equatable, Sendable {
    /// In the messages, and in the summary.
    package var total = 0
    package var kept = 0
  }

  package private(set) var names = Count()
  package private(set) var numbers = Count()
  package private(set) var dates = Count()
  package private(set) var commitments = Count()

  /// All four.
  package var all: [(name: StaticString, count: Count)] {
    [("names", names), ("numbers", numbers), ("dates", dates), ("commitments", commitments)]
  }

  /// Compares messages with what stands for them.
  ///
  /// - Complexity: O(n)
  package init(of transcript: Transcript, in summary: [UInt8]) {
    var words = Set<UInt64>()
    summary.withByteView { view in
      Words.forEach(in: view) { words.insert(Words.hash(view[$0])) }
    }
    var seen = Set<UInt64>()
    for turn in transcript.turns {
      turn.text.withByteView { text in
        SentenceSplitter.forEach(in: text) { range in
          count(text[range], words, &seen)
        }
      }
    }
  }

  private mutating func count(
    _ raw: ByteView, _ words: Set<UInt64>, _ seen: inout Set<UInt64>
  ) {
    // As the summariser sees it, which drops "I mean" and the like.
    let clean = SentenceCleaner.clean(raw)
    clean.withByteView { sentence in
      let found = FactFinder.facts(in: sentence)
      for (hash, kind) in zip(found.hashes, found.kinds) where seen.insert(hash).inserted {
        let isKept = words.contains(hash)
        switch kind {
        case .name: names.add(isKept)
        case .number: numbers.add(isKept)
        case .date: dates.add(isKept)
        }
      }
      var subjects = 0
      var keptSubjects = 0
      var hasCommitment = false
      var plans = PlanReader()
      Words.forEach(in: sentence) { range in
        let hash = Words.hash(sentence[range])
        if plans.take(hash) { hasCommitment = true }
        guard !WordSet.stop.contains(hash) else { return }
        subjects += 1
        if words.contains(hash) { keptSubjects += 1 }
      }
      if hasCommitment, subjects >= 2 { commitments.add(keptSubjects * 5 >= subjects * 4) }
    }
  }
}

extension FactRetention.Count {
  fileprivate mutating func add(_ isKept: Bool) {
    total += 1
    if isKept { kept += 1 }
  }
}
