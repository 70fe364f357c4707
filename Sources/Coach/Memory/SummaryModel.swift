/// The summariser's linear model: the number of words a person would use in a summary that a
/// sentence is expected to hold, `bias` and the sum of weight × feature.
package struct SummaryModel: Sendable {
  package let bias: Double
  package let weights: [Double]

  package init(bias: Double, weights: [Double]) {
    precondition(weights.count == SentenceFeatures.count)
    self.bias = bias
    self.weights = weights
  }

  /// The score of each row of features.
  ///
  /// - Complexity: O(features)
  func scores(_ rows: [Double]) -> [Double] {
    stride(from: 0, to: rows.count, by: weights.count).map { start in
      var score = bias
      for column in 0..<weights.count { score += weights[column] * rows[start + column] }
      return score
    }
  }
}
