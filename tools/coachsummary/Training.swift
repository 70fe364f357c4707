import Coach
import Foundation

/// Weighted ridge regression from features of words to whether the reference summary uses them.
/// Solved exactly, so there is nothing random in it.
enum Training {
  /// How strongly weights are pulled to zero, for standardised features.
  static let ridge = 100.0
  /// How much a chat counts; a meeting counts 1, whatever its length.
  static let chatWeight = 8.0

  /// The normal equations of a set of rows, gathered without keeping the rows.
  private struct Equations {
    let width: Int
    var products: [Double]
    var targets: [Double]

    init(width: Int) {
      self.width = width
      products = Array(repeating: 0, count: width * width)
      targets = Array(repeating: 0, count: width)
    }

    mutating func add(_ row: ArraySlice<Double>, target: Double, weight: Double) {
      for left in 0..<width {
        let scaled = row[row.startIndex + left] * weight
        if scaled == 0 { continue }
        for right in 0..<width {
          products[left * width + right] += scaled * row[row.startIndex + right]
        }
        targets[left] += scaled * target
      }
    }
  }

  /// Fits a model. Features have a weight for everything and one more for chats, both pulled to
  /// zero, so that chats and speech learn from each other where they are alike.
  static func fit(_ dialogues: [Dialogue]) throws -> SummaryModel {
    let width = WordFeatures.count
    var equations = Equations(width: 2 * width + 2)
    for dialogue in dialogues {
      let wanted = WordFeatures.stems(of: Array(dialogue.reference.utf8))
      let examples = WordFeatures.examples(of: dialogue.transcript)
      let whole = dialogue.style == "meeting" ? 1 : chatWeight
      let weight = whole * 100 / Double(max(1, examples.stems.count))
      let none = [Double](repeating: 0, count: width + 1)
      for (index, stem) in examples.stems.enumerated() {
        let row = Array(examples.rows[index * width..<(index + 1) * width]) + [1]
        let both = (examples.isSpeech ? none : row) + row
        equations.add(both[...], target: wanted.contains(stem) ? 1 : 0, weight: weight)
      }
    }
    let solution = solve(equations)
    let chat = solution.prefix(width + 1)
    let shared = Array(solution.suffix(width + 1))
    return SummaryModel(
      chat: weights(zip(chat, shared).map { $0 + $1 }), speech: weights(shared))
  }

  private static func weights(_ solution: [Double]) -> SummaryModel.Weights {
    SummaryModel.Weights(bias: solution[solution.count - 1], weights: solution.dropLast())
  }

  /// Solves them by Gaussian elimination with pivots. The pull to zero is in proportion to each
  /// feature's variance, as if features were standardised.
  private static func solve(_ equations: Equations) -> [Double] {
    let width = equations.width
    let total = equations.products[width * width - 1]
    var matrix = (0..<width).map { row in
      Array(equations.products[row * width..<(row + 1) * width]) + [equations.targets[row]]
    }
    for index in 0..<width - 1 {
      let mean = matrix[index][width - 1] / total
      matrix[index][index] += ridge * max(matrix[index][index] / total - mean * mean, 1e-6)
    }
    for column in 0..<width {
      let pivot = (column..<width).max { abs(matrix[$0][column]) < abs(matrix[$1][column]) }
      matrix.swapAt(column, pivot ?? column)
      for row in 0..<width where row != column {
        let factor = matrix[row][column] / matrix[column][column]
        for index in column...width { matrix[row][index] -= factor * matrix[column][index] }
      }
    }
    return (0..<width).map { matrix[$0][width] / matrix[$0][$0] }
  }

  /// Writes the model as source, four figures a weight.
  static func write(_ model: SummaryModel, to path: String) throws {
    let source = """
      // Made by `swift run coachsummary train`; not to be edited.

      extension SummaryModel {
        /// Fitted on chats and meetings with people's summaries, see docs/coach-summary.md.
        package static let fitted = SummaryModel(
          chat: \(text(model.chat)),
          speech: \(text(model.speech)))
      }

      """
    try source.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private static func text(_ weights: SummaryModel.Weights) -> String {
    let texts = weights.weights.map { String(format: "%.4g", $0) }
    let lines = stride(from: 0, to: texts.count, by: 6).map { start in
      "        " + texts[start..<min(start + 6, texts.count)].joined(separator: ", ") + ","
    }
    return """
      Weights(
            bias: \(String(format: "%.4g", weights.bias)),
            weights: [
      \(lines.joined(separator: "\n"))
            ])
      """
  }
}
