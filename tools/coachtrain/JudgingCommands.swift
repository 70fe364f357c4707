import ArgumentParser
import Coach

// What the shipped weights say.
extension CoachTrain {
  struct Sealed: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Judge the messages that were never trained on, by the shipped weights.")

    func run() throws { try judgeShipped(OwnMessages().sealed()) }
  }

  struct Judge: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The same for files of your own.",
      discussion: """
        Lines of a file are a label, a tab, and a text; a line "# author: name" opens the messages \
        of each author.
        """)

    @Argument(help: "The files.")
    var files: [String]

    func run() throws {
      for path in files { try judgeShipped(OwnMessages().authored(path)) }
    }
  }

  struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What the shipped weights say of a text.")

    @Argument(help: ArgumentHelp("The text.", valueName: "text"))
    var words: [String]

    func run() throws {
      let classifier = try LoadedWeights.shipped().classifier()
      print(MessageScratch().classify(words.joined(separator: " "), by: classifier))
    }
  }
}

private func judgeShipped(_ examples: [Example]) throws {
  let classifier = try LoadedWeights.shipped().classifier()
  let scratch = MessageScratch()
  let judged = examples.map {
    Judged(
      text: $0.text, source: $0.source, column: $0.column,
      result: scratch.classify($0.text, by: classifier), wordCount: scratch.reader.wordCount)
  }
  Evaluation(judged: judged).printAll(title: "Judged by the shipped weights:")
}
