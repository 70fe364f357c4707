internal import Bytes
internal import RESP
internal import RESPServer
internal import Synchronization

/// CACHE.RULE: the container of its subcommands.
enum CacheRules: Command {
  static let spec = CommandSpec(
    "CACHE.RULE", since: "1.0.0", group: .cache, arity: -2,
    summary: "A container for the rules for prefixes of keys.",
    complexity: "Depends on subcommand.")

  static func run(_ context: inout CommandContext) throws(CommandError) { throw .syntax }

  /// Puts rules into effect as CONFIG SET would.
  static func apply(
    _ rules: [CacheRule], _ context: borrowing CommandContext
  ) throws(CommandError) {
    guard rules.count <= RuleSet.rulesMax else {
      throw .made("ERR \(RuleSet.rulesMax) rules at most")
    }
    try context.configure(CachingModule.rulesName, RuleSet(rules, after: nil).text)
  }
}

/// CACHE.RULE SET
enum CacheRuleSet: Command {
  static let spec = CommandSpec(
    "CACHE.RULE|SET", since: "1.0.0", group: .cache, arity: -5, flags: [.admin, .noScript],
    access: .exclusive,
    summary: "Makes or replaces the rule for keys that begin with a prefix.",
    complexity: "O(N) with N the number of keys that have tags or accounts",
    arguments: [
      ArgumentSpec("prefix", .string),
      ArgumentSpec("seconds", .integer, token: "DEFAULTTTL", optional: true),
      ArgumentSpec("max-seconds", .integer, token: "MAXTTL", optional: true),
      ArgumentSpec("is-sliding", .string, token: "SLIDING", optional: true),
      ArgumentSpec("bytes-or-keys", .string, token: "QUOTA", optional: true),
      ArgumentSpec("policy", .string, token: "NOPERSONALDATA", optional: true),
    ],
    example: """
      > CACHE.RULE SET session: DEFAULTTTL 60 MAXTTL 3600
      OK
      > SET session:1 ann
      OK
      > TTL session:1
      (integer) 60
      > PERSIST session:1
      (integer) 1
      > TTL session:1
      (integer) 60
      > CACHE.RULE DEL session:
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = (3..<context.count).map { context[$0].array }
    let rule: CacheRule
    do throws(CacheRule.Mistake) {
      rule = try CacheRule(
        prefix: context[2].array, options: options, canRedact: context.cache.redact != nil)
    } catch {
      throw .made("ERR \(error.reason)")
    }
    let others = context.cache.rules?.entries.map(\.rule) ?? []
    try CacheRules.apply(others + [rule], context)
    context.reply.ok()
  }
}

/// CACHE.RULE DEL
enum CacheRuleDel: Command {
  static let spec = CommandSpec(
    "CACHE.RULE|DEL", since: "1.0.0", group: .cache, arity: 3, flags: [.admin, .noScript],
    access: .exclusive, summary: "Removes the rule for a prefix.",
    complexity: "O(N) with N the number of keys that have tags or accounts",
    arguments: [ArgumentSpec("prefix", .string)],
    example: """
      > CACHE.RULE DEL nothing:
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let prefix = context[2].array
    let rules = context.cache.rules?.entries.map(\.rule) ?? []
    let others = rules.filter { $0.prefix != prefix }
    guard others.count < rules.count else { return context.reply.integer(0) }
    try CacheRules.apply(others, context)
    context.reply.integer(1)
  }
}

/// CACHE.RULE LIST
enum CacheRuleList: Command {
  static let spec = CommandSpec(
    "CACHE.RULE|LIST", since: "1.0.0", group: .cache, arity: 2, flags: [.admin, .noScript],
    access: .exclusive, summary: "Returns all rules, in the order of their prefixes.",
    complexity: "O(N) with N the number of rules",
    example: """
      > CACHE.RULE SET page: MAXTTL 60 QUOTA 1000keys
      OK
      > CACHE.RULE LIST
      1) 1) "prefix"
         2) "page:"
         3) "maxttl"
         4) "60"
         5) "quota"
         6) "1000keys"
      > CACHE.RULE DEL page:
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let entries = context.cache.rules?.entries ?? []
    context.reply.array(entries.count)
    for entry in entries {
      let options = entry.rule.options
      context.reply.map(options.count + 1)
      context.reply.bulk("prefix")
      context.reply.bulk(entry.rule.prefix)
      for (name, value) in options {
        context.reply.bulk(name.lowercased())
        context.reply.bulk(value)
      }
    }
  }
}

/// CACHE.RULE STATS
enum CacheRuleStats: Command {
  static let spec = CommandSpec(
    "CACHE.RULE|STATS", since: "1.0.0", group: .cache, arity: -2, flags: [.admin, .noScript],
    access: .exclusive,
    summary: "Returns what happened under each rule, or under one: hits, misses, keys, bytes.",
    complexity: "O(N) with N the number of rules",
    arguments: [ArgumentSpec("prefix", .string, optional: true)],
    example: """
      > CACHE.RULE SET page: MAXTTL 60
      OK
      > SET page:1 hello
      OK
      > MGET page:1 page:2
      1) "hello"
      2) (nil)
      > CACHE.RULE DEL page:
      (integer) 1
      > CACHE.RULE STATS
      (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw .syntax }
    var entries = context.cache.rules?.entries ?? []
    if context.count == 3 { entries = entries.filter { $0.rule.prefix == context[2].array } }
    context.reply.array(entries.count)
    for entry in entries {
      let figures = entry.figures
      let numbers: [(String, Int)] = [
        ("hits", figures.hits.total), ("misses", figures.misses.total),
        ("keys", figures.keys.total), ("bytes", figures.bytes.total),
        ("over_quota", figures.overQuota.total), ("refused", figures.refused.total),
        ("redacted", figures.redacted.total),
        ("counting", context.cache.figures.ruleWalks.total > 0 ? 1 : 0),
      ]
      context.reply.map(numbers.count + 1)
      context.reply.bulk("prefix")
      context.reply.bulk(entry.rule.prefix)
      for (name, value) in numbers {
        context.reply.bulk(name)
        context.reply.integer(value)
      }
    }
  }
}

/// CACHE.RULE HELP
enum CacheRuleHelp: Command {
  static let spec = CommandSpec(
    "CACHE.RULE|HELP", since: "1.0.0", group: .cache, arity: 2, flags: [.loading, .stale],
    summary: "Returns help about the subcommands.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "SET <prefix> [DEFAULTTTL <seconds>] [MAXTTL <seconds>] [SLIDING yes|no]",
      "    [QUOTA <bytes>|<count>keys] [NOPERSONALDATA refuse|redact|no]",
      "    Make or replace a rule.",
      "DEL <prefix>", "    Remove a rule.",
      "LIST", "    All rules.",
      "STATS [<prefix>]", "    What happened under them.",
    ])
  }
}
