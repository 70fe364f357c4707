internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.MODELS: what can be called. Alone it lists; with a subcommand it is their container.
enum Models: Command {
  static let spec = CommandSpec(
    "COACH.MODELS", since: "1.0.0", group: .coach, arity: -1,
    summary: "Lists the models: tiers, prices in dollars for a million tokens, limits, breakers.",
    complexity: "O(N) with N the models")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let router = context.router.pointee
    context.reply.array(router.catalog.names.count)
    for name in router.catalog.names {
      guard let model = router.catalog.models[name] else { preconditionFailure("no such model") }
      context.replyModel(model, router)
    }
  }
}

extension CommandContext {
  /// Answers with what is known of a model.
  ///
  /// - Parameter retired: the name that was asked for, if another.
  func replyModel(_ model: Model, _ router: Router, askedFor retired: String? = nil) {
    let breaker = routing.breakers.breaker(of: model.name)
    let time = BreakerBoard.time
    let ledger = routing.store.book.ledger(.model(model.name))
    reply.map(retired == nil ? 12 : 13)
    reply.bulk("name")
    reply.bulk(model.name)
    if let retired {
      reply.bulk("successor_of")
      reply.bulk(retired)
    }
    reply.bulk("tiers")
    let tiers = Tier.allCases.filter { tier in
      router.chain(of: tier).contains { $0.name == model.name }
    }
    reply.array(tiers.count)
    for tier in tiers { reply.bulk(tier.rawValue) }
    reply.bulk("prices")
    replyPrices(model)
    reply.bulk("context_tokens")
    reply.integer(model.contextTokens)
    reply.bulk("output_tokens_max")
    reply.integer(model.outputTokensMax)
    reply.bulk("cacheable_tokens_min")
    reply.integer(model.cacheablePrefixTokens)
    reply.bulk("retirement")
    if model.retirement.isEmpty { reply.null() } else { reply.bulk(model.retirement) }
    reply.bulk("breaker")
    reply.bulk(breaker.state(now: time).rawValue)
    reply.bulk("failures")
    reply.integer(breaker.failures)
    reply.bulk("tries_again_in_ms")
    reply.integer(breaker.triesAgain(now: time).map { $0 - time } ?? 0)
    reply.bulk("calls")
    reply.integer(ledger.calls)
    reply.bulk("spent")
    reply.bulk(ledger.spent.text)
  }

  private func replyPrices(_ model: Model) {
    reply.map(model.longPromptTokens > 0 ? 7 : 5)
    for (name, price) in [
      ("input", model.input), ("output", model.output), ("cache_write", model.cacheWrite),
      ("cache_write_hour", model.cacheWriteHour), ("cache_read", model.cacheRead),
    ] as [(StaticString, Money)] {
      reply.bulk(name)
      reply.bulk((price * 1_000_000).text)
    }
    guard model.longPromptTokens > 0 else { return }
    reply.bulk("long_prompt_tokens")
    reply.integer(model.longPromptTokens)
    reply.bulk("long_prompt_factor")
    reply.integer(model.longPromptFactor)
  }
}

/// COACH.MODELS INFO: one model, also by a retired name.
enum ModelsInfoCommand: Command {
  static let spec = CommandSpec(
    "COACH.MODELS|INFO", since: "1.0.0", group: .coach, arity: 3, flags: [.fast],
    summary: "Shows a model; a retired name leads to its successor.", complexity: "O(1)",
    arguments: [ArgumentSpec("model", .string)])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let found = try context.model(at: 2)
    context.replyModel(
      found.model, context.router.pointee,
      askedFor: found.isSuccessor ? context[2].string : nil)
  }
}

/// COACH.MODELS RELOAD: reads the file that `coach-models-file` names.
enum ModelsReloadCommand: Command {
  static let spec = CommandSpec(
    "COACH.MODELS|RELOAD", since: "1.0.0", group: .coach, arity: 2, flags: [.admin, .noScript],
    access: .exclusive,
    summary: "Reads the file of models again; a file with a mistake changes nothing.",
    complexity: "O(N) with N the bytes of the file",
    example: """
      > COACH.MODELS RELOAD
      (integer) 4
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    switch RoutingState.catalog(at: context.setting(RoutingSettings.modelsFile)?.text ?? "") {
    case .success(let catalog):
      context.router.pointee.catalog = catalog
      RoutingState.warn(of: catalog, now: context.unixSeconds, context.routing.log)
      context.reply.integer(catalog.names.count)
    case .failure(let problem): throw .made("ERR \(problem.description)")
    }
  }
}

/// COACH.MODELS DISABLE: keeps calls away from a model.
enum ModelsDisableCommand: Command {
  static let spec = CommandSpec(
    "COACH.MODELS|DISABLE", since: "1.0.0", group: .coach, arity: 3, flags: [.admin, .fast],
    summary: "Keeps calls away from a model until it is enabled or the server starts again.",
    complexity: "O(1)", arguments: [ArgumentSpec("model", .string)],
    example: """
      > COACH.MODELS DISABLE claude-opus-5-5
      OK
      > COACH.MODELS ENABLE claude-opus-5-5
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.routing.breakers.setDisabled(true, try context.model(at: 2).model.name)
    context.reply.ok()
  }
}

/// COACH.MODELS ENABLE: closes a model's circuit breaker.
enum ModelsEnableCommand: Command {
  static let spec = CommandSpec(
    "COACH.MODELS|ENABLE", since: "1.0.0", group: .coach, arity: 3, flags: [.admin, .fast],
    summary: "Lets calls through to a model that was disabled, or that has failed.",
    complexity: "O(1)", arguments: [ArgumentSpec("model", .string)],
    example: """
      > COACH.MODELS ENABLE claude-3-haiku-20240307
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.routing.breakers.setDisabled(false, try context.model(at: 2).model.name)
    context.reply.ok()
  }
}

/// COACH.MODELS REPORT: what came of a call that the application has made.
enum ModelsReportCommand: Command {
  static let spec = CommandSpec(
    "COACH.MODELS|REPORT", since: "1.0.0", group: .coach, arity: 4, flags: [.fast],
    summary: "Tells what came of a call of a model, and answers with its breaker's state.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("model", .string),
      ArgumentSpec(
        "outcome", .oneOf,
        parts: [
          ArgumentSpec("ok", .pureToken, token: "OK"),
          ArgumentSpec("failed", .pureToken, token: "FAILED"),
        ]),
    ],
    example: """
      > COACH.MODELS REPORT claude-opus-5-5 FAILED
      "closed"
      > COACH.MODELS REPORT claude-opus-5-5 OK
      "closed"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let name = try context.model(at: 2).model.name
    let time = BreakerBoard.time
    let breakers = context.routing.breakers
    if context.argument(at: 3, is: "OK") {
      breakers.succeed(name)
    } else if context.argument(at: 3, is: "FAILED") {
      breakers.fail(name, now: time)
    } else {
      throw .syntax
    }
    context.reply.bulk(breakers.breaker(of: name).state(now: time).rawValue)
  }
}

/// COACH.MODELS HELP.
enum ModelsHelpCommand: Command {
  static let spec = CommandSpec(
    "COACH.MODELS|HELP", since: "1.0.0", group: .coach, arity: 2, flags: [.loading, .stale],
    summary: "Lists the subcommands of COACH.MODELS.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "(no subcommand)",
      "    List all models.",
      "DISABLE <model>",
      "    Keep calls away from a model until it is enabled.",
      "ENABLE <model>",
      "    Let calls through again, also to a model that has failed.",
      "INFO <model>",
      "    Show a model; a retired name leads to its successor.",
      "RELOAD",
      "    Read the file that coach-models-file names; answer with the number of models.",
      "REPORT <model> <OK|FAILED>",
      "    Tell what came of a call; failures in a row open the model's breaker.",
    ])
  }
}
