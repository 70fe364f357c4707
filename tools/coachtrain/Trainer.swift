import SeededRandom

/// Fits a multinomial logistic regression by stochastic gradient descent.
///
/// Steps are scaled per weight by the history of its gradients (AdaGrad: Duchi, Hazan, Singer,
/// 2011), so rare words learn fast and common ones calmly. In each step a part of the features is
/// left out at random, which spreads what is learnt over many of them: a message from elsewhere
/// never has all of them ("blankout noise": van der Maaten et al., 2013). The result depends on
/// the seed and the data alone.
struct TrainingSettings {
  var rowBits = 18
  var epochs = 12
  var rate: Float = 0.15
  /// Pull of all weights towards 0.
  var decay: Float = 2e-6
  /// Share of features left out in each step.
  var dropout: Float = 0.55
  /// Probability given to the wrong columns together.
  var smoothing: Float = 0.03
  var kindScales = SIMD4<Float>(1.6, 1.2, 1.0, 0.5)
  var seed: UInt64 = 2026
  /// Kinds of words.
  var lexicon = Lexicon()

  /// Without kinds of words: for the assistant's turns, and for CLINC150's 150 intents, whose
  /// authors are in training.
  static func plain(seed: UInt64) -> TrainingSettings {
    var settings = TrainingSettings()
    settings.seed = seed
    settings.rate = 0.25
    settings.dropout = 0.45
    settings.kindScales = SIMD4(1.6, 1.2, 1.6, 0.5)
    return settings
  }
}

/// Weights during training: floats, `width` of them a row.
final class FloatModel {
  let rowBits: Int
  /// Columns in use, and with padding to whole vectors of eight.
  let columns: Int
  let width: Int
  var kindScales: SIMD4<Float>
  let weights: UnsafeMutablePointer<SIMD8<Float>>
  var biases: [Float]

  var vectorCount: Int { width / 8 * (1 << rowBits + Lexicon.kindCountMax) }

  init(rowBits: Int, columns: Int, kindScales: SIMD4<Float>) {
    self.rowBits = rowBits
    self.columns = columns
    self.width = (columns + 7) / 8 * 8
    self.kindScales = kindScales
    let count = (columns + 7) / 8 * (1 << rowBits + Lexicon.kindCountMax)
    weights = .allocate(capacity: count)
    weights.initialize(repeating: SIMD8(), count: count)
    biases = Array(repeating: 0, count: (columns + 7) / 8 * 8)
  }

  deinit { weights.deallocate() }

  /// What a feature of each kind is worth in an example with these.
  func values(of features: ArraySlice<UInt32>) -> SIMD4<Float> {
    var counts = SIMD4<Float>()
    for feature in features where feature & 0x3FFF_FFFF < 1 << rowBits {
      counts[Int(feature >> EncodedExamples.kindShift)] += 1
    }
    return kindScales / pointwiseMax(counts, SIMD4(repeating: 1)).squareRoot()
  }

  /// Scores of one example's features.
  func scores(_ features: ArraySlice<UInt32>, into scores: inout [Float]) {
    let values = values(of: features)
    let vectors = width / 8
    for block in 0..<vectors {
      var sum = SIMD8<Float>()
      for feature in features {
        let row = Int(feature & 0x3FFF_FFFF) * vectors + block
        sum += weights[row] * values[Int(feature >> EncodedExamples.kindShift)]
      }
      for lane in 0..<8 { scores[block * 8 + lane] = sum[lane] + biases[block * 8 + lane] }
    }
  }

  /// Rounds all weights to 255 steps between a column's extremes, as they are shipped.
  ///
  /// - Returns: the value of one step, for each column.
  func quantise() -> [Float] {
    let vectors = width / 8
    var quanta: [Float] = Array(repeating: 1, count: width)
    for block in 0..<vectors {
      var largest = SIMD8<Float>(repeating: 1e-6)
      for row in 0..<(1 << rowBits) {
        let vector = weights[row * vectors + block]
        largest = pointwiseMax(largest, pointwiseMax(vector, -vector))
      }
      let step = largest / 127
      for row in 0..<(1 << rowBits) {
        let index = row * vectors + block
        weights[index] = (weights[index] / step).rounded(.toNearestOrAwayFromZero) * step
      }
      for lane in 0..<8 { quanta[block * 8 + lane] = step[lane] }
    }
    return quanta
  }
}

/// Trains on all of `examples`.
///
/// - Parameter importance: the weight of each example in the loss.
/// - Complexity: O(epochs × features × columns)
func train(
  _ examples: EncodedExamples, columns: Int, importance: [Float], settings: TrainingSettings
) -> FloatModel {
  let model = FloatModel(
    rowBits: settings.rowBits, columns: columns, kindScales: settings.kindScales)
  let history = UnsafeMutablePointer<SIMD8<Float>>.allocate(capacity: model.vectorCount)
  history.initialize(repeating: SIMD8(repeating: 0.02), count: model.vectorCount)
  defer { history.deallocate() }
  var biasHistory: [Float] = Array(repeating: 1, count: model.width)
  var generator = SeededGenerator(seed: settings.seed)
  var order = Array(0..<examples.count)
  var kept: [UInt32] = []
  var scores: [Float] = Array(repeating: 0, count: model.width)
  var average = Average(model)
  let threshold = UInt32(settings.dropout * Float(UInt32.max))
  for epoch in 0..<settings.epochs {
    order.shuffle(using: &generator)
    let rate = settings.rate * (1 - 0.9 * Float(epoch) / Float(max(settings.epochs - 1, 1)))
    for example in order {
      kept.removeAll(keepingCapacity: true)
      for feature in examples.features[examples.starts[example]..<examples.starts[example + 1]]
      where UInt32(truncatingIfNeeded: generator.next()) >= threshold { kept.append(feature) }
      if kept.isEmpty { continue }
      model.scores(kept[...], into: &scores)
      softmax(&scores, columns)
      let wrong = settings.smoothing / Float(columns)
      for column in 0..<model.width {
        let wanted =
          column >= columns
          ? 0 : wrong + (column == examples.columns[example] ? 1 - settings.smoothing : 0)
        scores[column] = (scores[column] - wanted) * importance[example]
        biasHistory[column] += scores[column] * scores[column]
        model.biases[column] -= 0.1 * rate * scores[column] / biasHistory[column].squareRoot()
      }
      step(model, history, kept, scores, rate, settings.decay)
    }
    if epoch >= settings.epochs / 2 { average.add(model) }
  }
  average.store(in: model)
  settings.lexicon.fold(into: model)
  return model
}

/// Trains the six columns of messages several times, each time with other augmentations and in
/// another order, and takes the mean: of a linear model that is one again, and a steadier one.
func trainMean(of count: Int, on examples: [Example], settings: TrainingSettings) -> FloatModel {
  let mean = FloatModel(rowBits: settings.rowBits, columns: 6, kindScales: settings.kindScales)
  for round in 0..<count {
    var settings = settings
    settings.seed &+= UInt64(round)
    let all = Augmentation.augmented(examples, seed: settings.seed)
    let model = train(
      EncodedExamples(all, rowBits: settings.rowBits, lexicon: settings.lexicon), columns: 6,
      importance: importances(all), settings: settings)
    for index in 0..<mean.vectorCount { mean.weights[index] += model.weights[index] / Float(count) }
    for index in mean.biases.indices { mean.biases[index] += model.biases[index] / Float(count) }
  }
  return mean
}

/// The mean of the weights after each of the later epochs, which generalise better than the last.
private struct Average: ~Copyable {
  private let sums: UnsafeMutablePointer<SIMD8<Float>>
  private let count: Int
  private var biases: [Float]
  private var rounds: Float = 0

  init(_ model: FloatModel) {
    count = model.vectorCount
    sums = .allocate(capacity: count)
    sums.initialize(repeating: SIMD8(), count: count)
    biases = Array(repeating: 0, count: model.width)
  }

  deinit { sums.deallocate() }

  mutating func add(_ model: FloatModel) {
    for index in 0..<count { sums[index] += model.weights[index] }
    for index in biases.indices { biases[index] += model.biases[index] }
    rounds += 1
  }

  func store(in model: FloatModel) {
    guard rounds > 0 else { return }
    for index in 0..<count { model.weights[index] = sums[index] / rounds }
    for index in biases.indices { model.biases[index] = biases[index] / rounds }
  }
}

/// One step down the gradient of one example.
private func step(
  _ model: FloatModel, _ history: UnsafeMutablePointer<SIMD8<Float>>, _ features: [UInt32],
  _ gradient: [Float], _ rate: Float, _ decay: Float
) {
  let values = model.values(of: features[...])
  let vectors = model.width / 8
  for block in 0..<vectors {
    var slope = SIMD8<Float>()
    for lane in 0..<8 { slope[lane] = gradient[block * 8 + lane] }
    for feature in features {
      let index = Int(feature & 0x3FFF_FFFF) * vectors + block
      let change =
        slope * values[Int(feature >> EncodedExamples.kindShift)] + model.weights[index] * decay
      history[index] += change * change
      model.weights[index] -= rate * change / history[index].squareRoot()
    }
  }
}

/// Turns scores into probabilities; what lies beyond `columns` becomes 0.
func softmax(_ scores: inout [Float], _ columns: Int) {
  var largest = scores[0]
  for column in 1..<columns { largest = max(largest, scores[column]) }
  var sum: Float = 0
  for column in 0..<scores.count {
    let power = column < columns ? exponential(scores[column] - largest) : 0
    scores[column] = power
    sum += power
  }
  for column in 0..<columns { scores[column] /= sum }
}
