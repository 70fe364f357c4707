internal import Bytes
internal import CacheCore
internal import RESP

/// CLIENT TRACKING: invalidation messages for keys that the client has read, or that have certain
/// prefixes.
enum ClientTrackingCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|TRACKING", since: "6.0.0", group: .connection, arity: -3,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    access: .exclusive,
    summary: "Turns client-side caching on or off: messages that tell which keys have changed.",
    complexity: "O(N log N) with N the number of prefixes",
    arguments: [
      ArgumentSpec(
        "status", .oneOf,
        parts: [
          ArgumentSpec("on", .pureToken, token: "ON"),
          ArgumentSpec("off", .pureToken, token: "OFF"),
        ]),
      ArgumentSpec("client-id", .integer, token: "REDIRECT", optional: true),
      ArgumentSpec(
        "prefix", .string, token: "PREFIX", optional: true, multiple: true, repeatsToken: true),
      ArgumentSpec("BCAST", .pureToken, token: "BCAST", optional: true),
      ArgumentSpec("OPTIN", .pureToken, token: "OPTIN", optional: true),
      ArgumentSpec("OPTOUT", .pureToken, token: "OPTOUT", optional: true),
      ArgumentSpec("NOLOOP", .pureToken, token: "NOLOOP", optional: true),
    ],
    example: """
      > CLIENT TRACKING ON BCAST PREFIX user: PREFIX item:
      OK
      > CLIENT TRACKING ON BCAST PREFIX user:1
      (error) ERR Prefix 'user:1' overlaps with an existing prefix 'user:'. Prefixes for a single \
      client must not overlap.
      > CLIENT TRACKING OFF
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (options, prefixes) = try parse(context)
    if context.argument(at: 2, is: "ON") {
      try check(options, prefixes, context)
      context.loop.startTracking(context.connection, options, prefixes: prefixes)
    } else if context.argument(at: 2, is: "OFF") {
      context.loop.stopTracking(context.connection)
    } else {
      throw .syntax
    }
    context.reply.ok()
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> (TrackingClient.Options, [[UInt8]]) {
    var options = TrackingClient.Options()
    var prefixes: [[UInt8]] = []
    var index = 3
    while index < context.count {
      let isLast = index + 1 == context.count
      if context.argument(at: index, is: "REDIRECT"), !isLast {
        guard options.redirection == nil else {
          throw .fixed("ERR A client can only redirect to a single other client")
        }
        options.redirection = try client(try context.integer(at: index + 1), context)
        index += 1
      } else if context.argument(at: index, is: "PREFIX"), !isLast {
        prefixes.append(context[index + 1].array)
        index += 1
      } else if context.argument(at: index, is: "BCAST") {
        options.broadcasts = true
      } else if context.argument(at: index, is: "OPTIN") {
        options.optsIn = true
      } else if context.argument(at: index, is: "OPTOUT") {
        options.optsOut = true
      } else if context.argument(at: index, is: "NOLOOP") {
        options.sparesOwnChanges = true
      } else {
        throw .syntax
      }
      index += 1
    }
    return (options, prefixes)
  }

  private static func client(
    _ id: Int64, _ context: borrowing CommandContext
  ) throws(CommandError) -> Subscriber? {
    // 0 is nobody, and no redirection.
    if id == 0 { return nil }
    var found: Subscriber?
    context.server.forEachLoop { loop in
      if loop.connection(ofClient: id) != nil { found = Subscriber(loop: loop.index, client: id) }
    }
    guard let found else {
      throw .fixed("ERR The client ID you want redirect to does not exist")
    }
    return found
  }

  /// Checks that options go together, and with those that are in force.
  private static func check(
    _ options: TrackingClient.Options, _ prefixes: [[UInt8]],
    _ context: borrowing CommandContext
  ) throws(CommandError) {
    guard options.broadcasts || prefixes.isEmpty else {
      throw .fixed("ERR PREFIX option requires BCAST mode to be enabled")
    }
    let known = context.connection.existingSession?.tracking
    let present = known?.isOn == true ? known : nil
    if let present, present.options.broadcasts != options.broadcasts {
      throw .fixed(
        """
        ERR You can't switch BCAST mode on/off before disabling tracking for this client, and \
        then re-enabling it with a different mode.
        """)
    }
    guard !options.broadcasts || (!options.optsIn && !options.optsOut) else {
      throw .fixed("ERR OPTIN and OPTOUT are not compatible with BCAST")
    }
    guard !options.optsIn || !options.optsOut else {
      throw .fixed("ERR You can't specify both OPTIN mode and OPTOUT mode")
    }
    if let present,
      (options.optsIn && present.options.optsOut) || (options.optsOut && present.options.optsIn)
    {
      throw .fixed(
        """
        ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and \
        then re-enabling it with a different mode.
        """)
    }
    try TrackingPrefixes.check(prefixes, beside: present?.prefixes ?? [])
  }
}

/// The rule that a client's prefixes do not overlap, so that no key is announced twice.
enum TrackingPrefixes {
  /// Prefixes up to which the first pair that overlaps is looked for in the order given.
  private static let comparedMax = 1000

  /// Checks new prefixes against each other and those there are.
  ///
  /// - Complexity: O(n log n) for many
  static func check(
    _ prefixes: [[UInt8]], beside present: [[UInt8]]
  ) throws(CommandError) {
    guard prefixes.count + present.count <= comparedMax else {
      return try checkMany(prefixes + present)
    }
    for (index, prefix) in prefixes.enumerated() {
      if let other = present.first(where: { overlaps($0, prefix) }) {
        throw error(prefix, "an existing", other)
      }
      if let other = prefixes[(index + 1)...].first(where: { overlaps($0, prefix) }) {
        throw error(prefix, "another provided", other)
      }
    }
  }

  /// In order, a prefix stands right before the first that it is a prefix of.
  private static func checkMany(_ prefixes: [[UInt8]]) throws(CommandError) {
    let sorted = prefixes.sorted { $0.lexicographicallyPrecedes($1) }
    for index in sorted.indices.dropFirst() where overlaps(sorted[index - 1], sorted[index]) {
      throw error(sorted[index], "another provided", sorted[index - 1])
    }
  }

  private static func overlaps(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.starts(with: other) || other.starts(with: one)
  }

  private static func error(
    _ prefix: [UInt8], _ which: String, _ other: [UInt8]
  ) -> CommandError {
    func shown(_ bytes: [UInt8]) -> String {
      String(decoding: bytes.prefix(128), as: UTF8.self)
    }
    return .made(
      "ERR Prefix '\(shown(prefix))' overlaps with \(which) prefix '\(shown(other))'. "
        + "Prefixes for a single client must not overlap.")
  }
}

/// CLIENT TRACKINGINFO: how the connection is tracked.
enum ClientTrackingInfoCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|TRACKINGINFO", since: "6.2.0", group: .connection, arity: 2,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Tells whether and how the connection's reads are tracked.",
    complexity: "O(N) with N the number of prefixes")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var flags: [StaticString] = ["off"]
    var prefixes: [[UInt8]] = []
    if let client = context.connection.existingSession?.tracking, client.isOn {
      let isChosen = context.connection.flags.contains(.cachingGiven)
      flags = ["on"]
      if client.options.broadcasts { flags.append("bcast") }
      if client.options.optsIn { flags += isChosen ? ["optin", "caching-yes"] : ["optin"] }
      if client.options.optsOut { flags += isChosen ? ["optout", "caching-no"] : ["optout"] }
      if client.options.sparesOwnChanges { flags.append("noloop") }
      if client.isRedirectionBroken { flags.append("broken_redirect") }
      prefixes = client.prefixes
    }
    context.reply.map(3)
    context.reply.bulk("flags")
    context.reply.set(flags.count)
    for flag in flags { context.reply.bulk(flag) }
    context.reply.bulk("redirect")
    context.reply.integer(context.connection.redirection)
    context.reply.bulk("prefixes")
    context.reply.array(prefixes.count)
    for prefix in prefixes { context.reply.bulk(prefix) }
  }
}

extension Connection {
  /// Who gets its invalidations: 0 for itself, -1 when it is not tracked.
  var redirection: Int64 {
    guard let client = existingSession?.tracking, client.isOn else { return -1 }
    return client.options.redirection?.client ?? 0
  }
}

/// CLIENT CACHING: whether the next command's keys are tracked.
enum ClientCachingCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|CACHING", since: "6.0.0", group: .connection, arity: 3,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Chooses whether the keys of the next command are tracked.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "mode", .oneOf,
        parts: [
          ArgumentSpec("yes", .pureToken, token: "YES"),
          ArgumentSpec("no", .pureToken, token: "NO"),
        ])
    ],
    example: """
      > CLIENT TRACKING ON OPTIN
      OK
      > CLIENT CACHING YES
      OK
      > CLIENT CACHING NO
      (error) ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let client = context.connection.existingSession?.tracking, client.isOn,
      client.options.optsIn || client.options.optsOut
    else {
      throw .fixed(
        """
        ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or \
        OPTOUT mode enabled
        """)
    }
    if context.argument(at: 2, is: "YES") {
      guard client.options.optsIn else {
        throw .fixed(
          "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
      }
    } else if context.argument(at: 2, is: "NO") {
      guard client.options.optsOut else {
        throw .fixed(
          "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
      }
    } else {
      throw .syntax
    }
    context.connection.flags.insert(.cachingGiven)
    context.reply.ok()
  }
}

/// CLIENT GETREDIR: who gets the connection's invalidations.
enum ClientGetRedirCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|GETREDIR", since: "6.0.0", group: .connection, arity: 2,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Tells which client is sent the connection's invalidations; -1 without tracking.",
    complexity: "O(1)",
    example: """
      > CLIENT GETREDIR
      (integer) -1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(context.connection.redirection)
  }
}
