import ArgumentParser
import ToolSupport

/// Fits and judges the summariser.
@main
struct CoachSummary: Tool {
  static let configuration = CommandConfiguration(
    commandName: "coachsummary",
    abstract: "Fits and judges the summariser.",
    discussion: "Works in the root of the repository. See docs/coach-summary.md.",
    subcommands: [Train.self, Evaluate.self, Facts.self])
}

extension CoachSummary {
  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fits the weights and writes SummaryModel+Fitted.swift.")

    @OptionGroup var data: FittingData

    func run() throws {
      let meetings = try data.meetings()
      let chats = try data.chats()
      let model = try Training.fit(meetings + chats)
      try Training.write(model, to: "Sources/Coach/Memory/SummaryModel+Fitted.swift")
      print("fitted on \(meetings.count) meetings and \(chats.count) chats")
    }
  }

  struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints what tools/rouge.py scores.")

    @OptionGroup var data: FittingData
    @OptionGroup var choice: JudgedDialogues

    func run() throws {
      let (judged, training) = try choice.dialogues(data)
      try Evaluation.print(judged, training: training, ratio: choice.ratio)
    }
  }

  struct Facts: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints how many facts summaries keep.")

    @OptionGroup var data: FittingData
    @OptionGroup var choice: JudgedDialogues

    func run() throws {
      let (judged, training) = try choice.dialogues(data)
      try Retention.print(judged, training: training, ratio: choice.ratio)
    }
  }
}

/// What the weights are fitted on.
struct FittingData: ParsableArguments {
  @Argument(help: "The folder of the public sets.")
  var folder: String

  func meetings() throws -> [Dialogue] {
    try Dialogue.meetings(in: folder + "/qmsum/val.jsonl")
  }

  func chats() throws -> [Dialogue] {
    try Dialogue.chats(inFolder: "tools/coachsummary/dialogues")
  }
}

/// What is judged, and how short summaries are to be.
struct JudgedDialogues: ParsableArguments {
  /// A file, or a number: how long a summary may be beside its dialogue.
  enum Word: ExpressibleByArgument {
    case file(String)
    case ratio(Double)

    init(argument: String) {
      self = Double(argument).map { .ratio($0) } ?? .file(argument)
    }
  }

  @Argument(
    help: ArgumentHelp(
      "Files of chats; meetings of QMSum without any. A number is the length of a summary, as a"
        + " share of the dialogue's (default: 0.3).",
      valueName: "file-or-ratio"))
  var words: [Word] = []

  func validate() throws {
    guard ratio > 0, ratio <= 1 else {
      throw ValidationError("a summary is no longer than its dialogue: \(ratio)")
    }
  }

  var ratio: Double {
    for case .ratio(let ratio) in words.reversed() { return ratio }
    return 0.3
  }

  /// What is judged, and what may be learned from: meetings are judged where no file is named.
  func dialogues(_ data: FittingData) throws -> (judged: [Dialogue], training: [Dialogue]) {
    let meetings = try data.meetings()
    let files = words.compactMap { word in
      if case .file(let path) = word { return path }
      return nil
    }
    let judged = try files.flatMap { try Dialogue.chats(in: $0) }
    return (files.isEmpty ? meetings : judged, try meetings + data.chats())
  }
}
