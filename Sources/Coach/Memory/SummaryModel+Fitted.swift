// Made by `swift run coachsummary train`; not to be edited.

extension SummaryModel {
  /// Fitted on meetings with summaries written by people, see docs/coach-summary.md.
  package static let fitted = SummaryModel(
    bias: -0.2456,
    weights: [
      -0.1533, -0.4542, 0.3355, 1.382, 1.295,
      -0.009371, 0.04524, 0.004996, 0.03126, -0.169,
      0.04897, 0.1933, -0.1053, 0.1362, -0.01222,
      0.2884, 0.008132, 0.2134, 0.1205, -0.221,
    ])
}
