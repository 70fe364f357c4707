import Coach
import Foundation

/// Replays conversations and traffic, and prints what they cost in each way of sending them.
///
///     coachsimulate memory [TURNS]   one long conversation, strategy by strategy
///     coachsimulate traffic TRACE    arrivals of real chat requests, with a mix of labels
///
/// Prices and limits are those of the built-in model catalog. See docs/coach-routing.md.
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "memory":
  let turns = arguments.count > 1 ? Int(arguments[1]) ?? 60 : 60
  MemorySimulation(turns: turns).print()
case "traffic" where arguments.count > 1:
  try TrafficSimulation(trace: URL(fileURLWithPath: arguments[1])).print()
default:
  print("usage: coachsimulate memory [TURNS] | traffic TRACE")
  exit(2)
}
