import Coach
import Foundation
import SeededRandom

/// How to train.
struct TrainingSettings {
  var seed: UInt64 = 2026
  var rowBits = 16
  var epochs = 6
  var rate: Float = 0.15
  /// Draws weights to 0.
  var decay: Float = 2e-5
  /// How often each sentence of presidio-research is taken.
  var repeats = 3
  /// Sentences made of the templates.
  var madeCount = 14_000
  /// Sentences without personal data of each of two sets.
  var nothings = 3000
  /// Added to the score of "none of them": more is more precise and finds less.
  var bias: Float = 0
}

/// A linear-chain conditional random field, trained by stochastic gradient ascent of the likelihood
/// with a rate for each weight (AdaGrad: Duchi, Hazan and Singer, 2011).
final class RandomField {
  static let tagCount = NameTag.allCases.count
  typealias Scores = SIMD8<Float>

  private(set) var weights: [Scores]
  private var squares: [Scores]
  /// Row: the tag before.
  private(set) var transitions = [Scores](repeating: Scores(), count: tagCount)
  private var transitionSquares = [Scores](repeating: Scores(repeating: 1e-3), count: tagCount)
  private let settings: TrainingSettings

  private var potentials: [Scores] = []
  private var forward: [Scores] = []
  private var backward: [Scores] = []

  init(_ settings: TrainingSettings) {
    self.settings = settings
    weights = Array(repeating: Scores(), count: 1 << settings.rowBits)
    squares = Array(repeating: Scores(repeating: 1e-3), count: 1 << settings.rowBits)
  }

  /// Trains on the texts of these numbers.
  func train(_ texts: EncodedTexts, _ chosen: [Int]) {
    var random = SeededGenerator(seed: settings.seed)
    var order = chosen
    for epoch in 0..<settings.epochs {
      for index in stride(from: order.count - 1, to: 0, by: -1) {
        order.swapAt(index, Int.random(in: 0...index, using: &random))
      }
      let rate = settings.rate * (1 - 0.8 * Float(epoch) / Float(settings.epochs))
      for text in order { learn(texts, text, rate) }
    }
  }

  /// One step of ascent on one text.
  private func learn(_ texts: EncodedTexts, _ text: Int, _ rate: Float) {
    let first = texts.textStarts[text]
    let count = texts.textStarts[text + 1] - first
    guard count > 0 else { return }
    let chain = transitions.map(Self.exponential)
    infer(texts, first, count, chain)
    var expected = [Scores](repeating: Scores(), count: Self.tagCount)
    var before = Scores()
    before[0] = 1
    var tagBefore = 0
    for index in 0..<count {
      // How probable each pair of tags is here, and which one stands there.
      let behind = potentials[index] * backward[index]
      var total: Float = 0
      var pairs = [Scores](repeating: Scores(), count: Self.tagCount)
      for tag in 0..<Self.tagCount {
        pairs[tag] = chain[tag] * behind * before[tag]
        total += pairs[tag].sum()
      }
      let tag = Int(texts.tags[first + index])
      for row in 0..<Self.tagCount { expected[row] -= pairs[row] / total }
      expected[tagBefore][tag] += 1
      var gradient = Scores()
      for row in 0..<Self.tagCount { gradient -= pairs[row] / total }
      gradient[tag] += 1
      if !texts.isFixed[first + index] {
        let rows = texts.tokenStarts[first + index]..<texts.tokenStarts[first + index + 1]
        for place in rows { step(Int(texts.rows[place]), gradient, rate) }
      }
      before = forward[index]
      tagBefore = tag
    }
    for row in 0..<Self.tagCount {
      transitionSquares[row] += expected[row] * expected[row]
      transitions[row] += rate * expected[row] / transitionSquares[row].squareRoot()
    }
  }

  @inline(__always)
  private func step(_ row: Int, _ gradient: Scores, _ rate: Float) {
    weights.withUnsafeMutableBufferPointer { weights in
      squares.withUnsafeMutableBufferPointer { squares in
        let slope = gradient - settings.decay * weights[row]
        squares[row] += slope * slope
        weights[row] += rate * slope / squares[row].squareRoot()
      }
    }
  }

  /// Probabilities of tags before and behind each token.
  private func infer(_ texts: EncodedTexts, _ first: Int, _ count: Int, _ chain: [Scores]) {
    if potentials.count < count {
      potentials = Array(repeating: Scores(), count: count)
      forward = potentials
      backward = potentials
    }
    for index in 0..<count {
      if texts.isFixed[first + index] {
        potentials[index] = Scores()
        potentials[index][0] = 1
        continue
      }
      var sum = Scores()
      for place in texts.tokenStarts[first + index]..<texts.tokenStarts[first + index + 1] {
        sum += weights[Int(texts.rows[place])]
      }
      sum[6] = -1e9
      sum[7] = -1e9
      potentials[index] = Self.exponential(sum - Scores(repeating: sum.max()))
    }
    var state = Scores()
    state[0] = 1
    for index in 0..<count {
      var next = Scores()
      for tag in 0..<Self.tagCount { next += chain[tag] * state[tag] }
      next *= potentials[index]
      state = next / max(next.sum(), 1e-30)
      forward[index] = state
    }
    var behind = Scores(repeating: 1)
    for index in stride(from: count - 1, through: 0, by: -1) {
      backward[index] = behind
      let weighted = behind * potentials[index]
      var next = Scores()
      for tag in 0..<Self.tagCount { next[tag] = (chain[tag] * weighted).sum() }
      behind = next / max(next.max(), 1e-30)
    }
  }

  private static func exponential(_ scores: Scores) -> Scores {
    var result = Scores()
    for lane in 0..<tagCount { result[lane] = exp(scores[lane]) }
    return result
  }
}
