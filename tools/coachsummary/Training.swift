import Coach
import Foundation

/// Ridge regression from features of sentences to the number of their words that the reference
/// summary uses. Solved exactly, so there is nothing random in it.
enum Training {
  /// How strongly weights are pulled to zero, for standardised features.
  static let ridge = 10.0

  static func fit(_ dialogues: [Dialogue]) throws -> SummaryModel {
    let width = SentenceFeatures.count
    var rows: [[Double]] = []
    var targets: [Double] = []
    for dialogue in dialogues {
      let wanted = SentenceFeatures.subjects(of: Array(dialogue.reference.utf8))
      let examples = SentenceFeatures.examples(of: dialogue.transcript)
      for (index, words) in examples.words.enumerated() {
        rows.append(Array(examples.rows[index * width..<(index + 1) * width]))
        targets.append(Double(words.count { wanted.contains($0) }))
      }
    }
    let (means, deviations) = moments(rows, width)
    let standard = rows.map { row in
      (0..<width).map { (row[$0] - means[$0]) / deviations[$0] } + [1]
    }
    let solution = solve(standard, targets, width + 1)
    // Back from standardised features to plain ones.
    var bias = solution[width]
    var weights = [Double](repeating: 0, count: width)
    for column in 0..<width {
      weights[column] = solution[column] / deviations[column]
      bias -= weights[column] * means[column]
    }
    return SummaryModel(bias: bias, weights: weights)
  }

  private static func moments(_ rows: [[Double]], _ width: Int) -> ([Double], [Double]) {
    let count = Double(max(1, rows.count))
    let means = (0..<width).map { column in rows.reduce(0) { $0 + $1[column] } / count }
    let deviations = (0..<width).map { column in
      let variance = rows.reduce(0) {
        $0 + ($1[column] - means[column]) * ($1[column] - means[column])
      }
      return max((variance / count).squareRoot(), 1e-9)
    }
    return (means, deviations)
  }

  /// Solves the normal equations by Gaussian elimination with pivots.
  private static func solve(_ rows: [[Double]], _ targets: [Double], _ width: Int) -> [Double] {
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: width + 1), count: width)
    for (row, target) in zip(rows, targets) {
      for left in 0..<width {
        for right in 0..<width { matrix[left][right] += row[left] * row[right] }
        matrix[left][width] += row[left] * target
      }
    }
    for index in 0..<width { matrix[index][index] += ridge }
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
    let texts = model.weights.map { String(format: "%.4g", $0) }
    let lines = stride(from: 0, to: texts.count, by: 5).map { start in
      "      " + texts[start..<min(start + 5, texts.count)].joined(separator: ", ") + ","
    }
    let source = """
      // Made by `swift run coachsummary train`; not to be edited.

      extension SummaryModel {
        /// Fitted on meetings with summaries written by people, see docs/coach-summary.md.
        package static let fitted = SummaryModel(
          bias: \(String(format: "%.4g", model.bias)),
          weights: [
      \(lines.map { "  " + $0.dropFirst(2) }.joined(separator: "\n"))
          ])
      }

      """
    try source.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
