import Coach
import Foundation

/// Fits and judges the summariser.
///
///     coachsummary train DATA                     writes SummaryModel+Fitted.swift
///     coachsummary evaluate DATA [FILE…] [RATIO]  prints what tools/rouge.py scores
///     coachsummary facts DATA [FILE…] [RATIO]     prints how many facts summaries keep
///
/// DATA is the folder of the public sets, FILE holds chats (meetings of QMSum are judged without
/// any); see docs/coach-summary.md.
let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else {
  print("usage: coachsummary train|evaluate|facts FOLDER [FILE…] [RATIO]")
  exit(2)
}
let folder = URL(fileURLWithPath: arguments[1])
let meetings = try Dialogue.meetings(in: folder.appendingPathComponent("qmsum/val.jsonl"))
let own = try Dialogue.chats(inFolder: URL(fileURLWithPath: "tools/coachsummary/dialogues"))
var ratio = 0.3
var chosen: [Dialogue] = []
for argument in arguments.dropFirst(2) {
  if let number = Double(argument) {
    ratio = number
  } else {
    chosen += try Dialogue.chats(in: URL(fileURLWithPath: argument))
  }
}

switch arguments[0] {
case "train":
  let model = try Training.fit(meetings + own)
  try Training.write(model, to: "Sources/Coach/Memory/SummaryModel+Fitted.swift")
  print("fitted on \(meetings.count) meetings and \(own.count) chats")
case "evaluate":
  try Evaluation.print(
    chosen.isEmpty ? meetings : chosen, training: meetings + own, ratio: ratio)
case "facts":
  try Retention.print(chosen.isEmpty ? meetings : chosen, training: meetings + own, ratio: ratio)
default:
  print("no such verb: \(arguments[0])")
  exit(2)
}
