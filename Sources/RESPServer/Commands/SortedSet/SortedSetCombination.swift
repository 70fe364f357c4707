internal import Bytes
internal import CacheCore
internal import RESP

/// What ZUNION, ZINTER, ZDIFF and their relatives combine, and how.
struct SortedSetCombination {
  /// What of the sources is in the result.
  enum Kind {
    case union, intersection, difference
  }

  /// How the scores of a member in several sources become one.
  private enum Aggregate {
    case sum, min, max

    func callAsFunction(_ left: Double, _ right: Double) -> Double {
      switch self {
      case .sum:
        let sum = left + right
        // +inf and -inf cancel out.
        return sum.isNaN ? 0 : sum
      case .min: return right < left ? right : left
      case .max: return right > left ? right : left
      }
    }
  }

  /// A source: a sorted set, or a set, whose members all have the score 1.
  private struct Source {
    enum Members {
      case none
      case sortedSet(SortedSet)
      case set(SetObject)
    }

    let members: Members
    var weight = 1.0

    var count: Int {
      switch members {
      case .none: 0
      case .sortedSet(let set): set.count
      case .set(let set): set.count
      }
    }

    func score(of member: ListpackValue) -> Double? {
      switch members {
      case .none: nil
      case .sortedSet(let set): member.withText { set.score(of: $0) }
      case .set(let set): set.contains(member) ? 1 : nil
      }
    }

    /// A score times the weight; inf times 0 is 0.
    func weighted(_ score: Double) -> Double {
      let product = score * weight
      return product.isNaN ? 0 : product
    }

    /// Calls `body` with each member and its own score until it answers false.
    func visit(_ body: (ListpackValue, Double) -> Bool) {
      switch members {
      case .none: break
      case .sortedSet(let set):
        var cursor = set.cursor()
        while let element = cursor.next() {
          guard body(element.member, element.score) else { return }
        }
      case .set(let set): set.visit { body($0, 1) }
      }
    }
  }

  private let kind: Kind
  private var sources: [Source] = []
  private var aggregate = Aggregate.sum
  /// Whether the reply shall have scores.
  private(set) var withScores = false
  /// For ZINTERCARD; 0: none.
  private var limit: Int64 = 0

  /// What the options of a command may be.
  enum Form {
    case reply, store, cardinality
  }

  /// Reads `numkeys key [key …]` and the options behind, and looks the sources up.
  ///
  /// - Parameters:
  ///   - command: its name in small letters, for an error.
  ///   - countIndex: position of the number of keys.
  init(
    _ context: borrowing CommandContext, _ kind: Kind, _ form: Form, _ command: StaticString,
    countIndex: Int
  ) throws(CommandError) {
    self.kind = kind
    let keys = try context.integer(at: countIndex)
    guard keys >= 1 else {
      throw .made("ERR at least 1 input key is needed for '\(command)' command")
    }
    guard keys <= context.count - countIndex - 1 else { throw .syntax }
    let firstKey = form == .store ? 1 : 0
    for index in 0..<Int(keys) {
      let key = context[key: firstKey + index]
      guard let entry = context.find(key) else {
        sources.append(Source(members: .none))
        continue
      }
      switch context.keyspace.type(of: entry) {
      case .sortedSet:
        let set = SortedSet(context.keyspace.object(of: entry, key))
        sources.append(Source(members: .sortedSet(set)))
      case .set:
        let set = SetObject(context.keyspace.object(of: entry, key), now: context.now)
        sources.append(Source(members: .set(set)))
      default: throw .wrongType
      }
    }
    try parseOptions(context, form, from: countIndex + 1 + Int(keys))
  }

  private mutating func parseOptions(
    _ context: borrowing CommandContext, _ form: Form, from start: Int
  ) throws(CommandError) {
    let takesWeights = kind != .difference && form != .cardinality
    var index = start
    while index < context.count {
      let left = context.count - index
      if takesWeights, left > sources.count, context.argument(at: index, is: "WEIGHTS") {
        for source in sources.indices {
          index += 1
          guard let weight = FloatText.parse(context[index]) else {
            throw .fixed("ERR weight value is not a float")
          }
          sources[source].weight = weight
        }
      } else if takesWeights, left >= 2, context.argument(at: index, is: "AGGREGATE") {
        index += 1
        if context.argument(at: index, is: "SUM") {
          aggregate = .sum
        } else if context.argument(at: index, is: "MIN") {
          aggregate = .min
        } else if context.argument(at: index, is: "MAX") {
          aggregate = .max
        } else {
          throw .syntax
        }
      } else if form == .reply, context.argument(at: index, is: "WITHSCORES") {
        withScores = true
      } else if form == .cardinality, left >= 2, context.argument(at: index, is: "LIMIT") {
        index += 1
        limit = try context.integer(
          at: index, in: 0...Int64.max, orThrow: .fixed("ERR LIMIT can't be negative"))
      } else {
        throw .syntax
      }
      index += 1
    }
  }

  // MARK: Combining

  private static let treeAlways = SortedSetLimits(
    listpackEntriesMax: -1, listpackValueBytesMax: 0)

  /// The result, which the caller owns.
  ///
  /// - Complexity: O(N log N) for a union of N members in all; for an intersection of K sources
  ///   whose smallest has N members, and a difference whose first has, O(N*K + M log M) with M
  ///   members in the result.
  func result(_ memory: ObjectMemory) -> SortedSet {
    let result = SortedSet.make(limits: Self.treeAlways, memory)
    switch kind {
    case .union:
      // The smallest first, as Redis adds scores up.
      for source in sources.sorted(by: { $0.count < $1.count }) {
        source.visit { member, score in
          let weighted = source.weighted(score)
          member.withText { text in
            let old = result.score(of: text)
            guard let old else {
              return result.append(.bytes(text), score: weighted, limits: Self.treeAlways)
            }
            let sum = aggregate(old, weighted)
            // To `update`, -0 and 0 are the same.
            if sum == 0, old == 0 { _ = result.remove(text) }
            _ = result.update(text, score: sum, limits: Self.treeAlways)
          }
          return true
        }
      }
    case .intersection:
      visitIntersection { member, score in
        result.append(member, score: score, limits: Self.treeAlways)
        return true
      }
    case .difference:
      sources[0].visit { member, score in
        for other in sources.dropFirst() where other.score(of: member) != nil { return true }
        result.append(member, score: score, limits: Self.treeAlways)
        return true
      }
    }
    return result
  }

  /// The number of members in the intersection, at most the limit.
  func intersectionCount() -> Int {
    var count = 0
    visitIntersection { _, _ in
      count += 1
      return limit == 0 || count < limit
    }
    return count
  }

  private func visitIntersection(_ body: (ListpackValue, Double) -> Bool) {
    let ordered = sources.sorted(by: { $0.count < $1.count })
    ordered[0].visit { member, score in
      var total = ordered[0].weighted(score)
      for other in ordered.dropFirst() {
        guard let there = other.score(of: member) else { return true }
        // Not made 0 where it is no number: the sum does that, and neither end of a range is it.
        total = aggregate(total, there * other.weight)
      }
      return body(member, total)
    }
  }
}

extension CommandContext {
  /// Answers with a combination of sorted sets and sets.
  func combine(
    _ kind: SortedSetCombination.Kind, _ command: StaticString
  ) throws(CommandError) {
    let combination = try SortedSetCombination(self, kind, .reply, command, countIndex: 1)
    let result = combination.result(keyspace.objectMemory(for: key))
    reply(result, 0..<result.count, withScores: combination.withScores)
    result.object.destroy()
  }

  /// Stores a combination of sorted sets and sets, and answers with its number of members.
  func storeCombination(
    _ kind: SortedSetCombination.Kind, _ command: StaticString
  ) throws(CommandError) {
    let combination = try SortedSetCombination(self, kind, .store, command, countIndex: 2)
    let result = combination.result(keyspace.objectMemory(for: key))
    result.compact(limits: sortedSetLimits)
    try store(result, at: key, command)
  }
}
