internal import RESP
internal import RESPServer

/// COACH.RULES: the container of the commands below.
enum Rules: Command {
  static let spec = CommandSpec(
    "COACH.RULES", since: "1.0.0", group: .coach, arity: -2,
    summary: "Shows or reloads the classifier's rules.", complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .fixed("ERR wrong number of arguments for 'coach.rules' command")
  }
}

/// COACH.RULES LIST: the rules in force, in the order of the file.
enum RulesListCommand: Command {
  static let spec = CommandSpec(
    "COACH.RULES|LIST", since: "1.0.0", group: .coach, arity: 2,
    summary: "Lists the rules in force.", complexity: "O(N) with N the rules")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let rules = context.classifier.pointee.rules.rules
    context.reply.array(rules.count)
    for rule in rules {
      context.reply.map(5)
      context.reply.bulk("name")
      context.reply.bulk(rule.name)
      context.reply.bulk("label")
      context.reply.bulk(rule.label.name)
      context.reply.bulk("effect")
      switch rule.effect {
      case .decides: context.reply.bulk("decide")
      case .adds(let boost): context.reply.double(Double((boost * 100).rounded()) / 100)
      }
      context.reply.bulk("place")
      context.reply.bulk("\(rule.place)")
      context.reply.bulk("phrases")
      context.reply.array(rule.phrases.count)
      for phrase in rule.phrases { context.reply.bulk(phrase) }
    }
  }
}

/// COACH.RULES RELOAD: reads the file that `coach-rules-file` names.
enum RulesReloadCommand: Command {
  static let spec = CommandSpec(
    "COACH.RULES|RELOAD", since: "1.0.0", group: .coach, arity: 2, flags: [.admin, .noScript],
    access: .exclusive,
    summary: "Reads the file of rules again; a file with a mistake changes nothing.",
    complexity: "O(N) with N the bytes of the file")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let path = context.setting("coach-rules-file")?.text ?? ""
    let text: String
    switch CoachState.rules(at: path) {
    case .success(let read): text = read
    case .failure(let problem): throw .made("ERR \(problem.description)")
    }
    do throws(RuleFile.Mistake) {
      context.classifier.pointee.replaceRules(with: try RuleFile.parse(text))
    } catch {
      throw .made("ERR \(path), line \(error.line): \(error.reason)")
    }
    context.reply.integer(context.classifier.pointee.rules.rules.count)
  }
}

/// COACH.RULES HELP.
enum RulesHelpCommand: Command {
  static let spec = CommandSpec(
    "COACH.RULES|HELP", since: "1.0.0", group: .coach, arity: 2, flags: [.loading, .stale],
    summary: "Lists the subcommands of COACH.RULES.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "LIST",
      "    Show the rules in force, in the order of their file.",
      "RELOAD",
      "    Read the file that coach-rules-file names; answer with the number of rules.",
    ])
  }
}
