/// The summariser's linear model: how likely a word is to be in a person's summary, the sum of
/// weight × feature, with weights for chats and weights for speech that was taken down.
package struct SummaryModel: Sendable {
  /// A constant, and a weight for each feature.
  package struct Weights: Sendable {
    package let bias: Double
    package let weights: [Double]

    package init(bias: Double, weights: [Double]) {
      precondition(weights.count == WordFeatures.count)
      self.bias = bias
      self.weights = weights
    }
  }

  package let chat: Weights
  package let speech: Weights

  package init(chat: Weights, speech: Weights) {
    self.chat = chat
    self.speech = speech
  }

  /// The weights for a transcript of the kind.
  func weights(for table: SentenceTable) -> Weights { table.isSpeech ? speech : chat }
}
