import Coach
import Foundation

/// Fits and judges the summariser.
///
///     coachsummary train DATA        writes Sources/Coach/Memory/SummaryModel+Fitted.swift
///     coachsummary evaluate DATA     prints hypotheses and references for tools/rouge.py
///
/// DATA is the folder of the dialogue sets; see docs/coach-summary.md.
let arguments = CommandLine.arguments.dropFirst()
guard arguments.count >= 2, let verb = arguments.first else {
  print("usage: coachsummary train|evaluate FOLDER [RATIO]")
  exit(2)
}
let folder = URL(fileURLWithPath: arguments[arguments.startIndex + 1])
let dialogues = try Dialogue.meetings(in: folder.appendingPathComponent("qmsum/val.jsonl"))

switch verb {
case "train":
  let model = try Training.fit(dialogues)
  try Training.write(model, to: "Sources/Coach/Memory/SummaryModel+Fitted.swift")
  print("fitted on \(dialogues.count) dialogues")
case "evaluate":
  let ratio = arguments.count > 2 ? Double(arguments.last ?? "") ?? 0.3 : 0.3
  try Evaluation.print(dialogues, ratio: ratio)
default:
  print("no such verb: \(verb)")
  exit(2)
}
