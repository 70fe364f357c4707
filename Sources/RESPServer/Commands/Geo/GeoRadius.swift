internal import Bytes
internal import CacheCore
internal import RESP

// The commands that GEOSEARCH and GEOSEARCHSTORE have replaced.

/// GEORADIUS: members around a place.
enum GeoRadiusCommand: Command {
  static let spec = CommandSpec(
    "GEORADIUS", since: "3.2.0", group: .geo, arity: -6,
    flags: [.write, .denyOOM, .movableKeys],
    categories: [.geo],
    keys: [
      .range(from: 1, [.readOnly, .access]),
      KeySpec(
        begin: .keyword("STORE", from: 6), find: .range(last: 0, step: 1, limit: 0),
        flags: [.overwrite, .update]),
      KeySpec(
        begin: .keyword("STOREDIST", from: 6), find: .range(last: 0, step: 1, limit: 0),
        flags: [.overwrite, .update]),
    ],
    summary: "Returns or stores the members within a distance of a place.",
    complexity: "O(N+log(M)) with N members in the cells around the circle and M in the circle",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("longitude", .double),
      ArgumentSpec("latitude", .double),
      ArgumentSpec("radius", .double),
      ArgumentSpec(
        "unit", .oneOf,
        parts: [
          ArgumentSpec("m", .pureToken, token: "m"),
          ArgumentSpec("km", .pureToken, token: "km"),
          ArgumentSpec("ft", .pureToken, token: "ft"),
          ArgumentSpec("mi", .pureToken, token: "mi"),
        ]),
      ArgumentSpec("withcoord", .pureToken, token: "WITHCOORD", optional: true),
      ArgumentSpec("withdist", .pureToken, token: "WITHDIST", optional: true),
      ArgumentSpec("withhash", .pureToken, token: "WITHHASH", optional: true),
      ArgumentSpec(
        "count-block", .block, optional: true,
        parts: [
          ArgumentSpec("count", .integer, token: "COUNT"),
          ArgumentSpec("any", .pureToken, token: "ANY", since: "6.2.0", optional: true),
        ]),
      ArgumentSpec(
        "order", .oneOf, optional: true,
        parts: [
          ArgumentSpec("asc", .pureToken, token: "ASC"),
          ArgumentSpec("desc", .pureToken, token: "DESC"),
        ]),
      ArgumentSpec(
        "store", .oneOf, optional: true,
        parts: [
          ArgumentSpec("storekey", .key, token: "STORE", key: 1, display: "key"),
          ArgumentSpec("storedistkey", .key, token: "STOREDIST", key: 2, display: "key"),
        ]),
    ],
    history: [
      ("6.2.0", "Takes ANY behind COUNT."), ("7.0.0", "Units may be in any case."),
    ],
    deprecatedSince: "6.2.0",
    replacement: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
    example: """
      > GEOADD cities 13.405 52.52 Berlin 2.352 48.857 Paris
      (integer) 2
      > GEORADIUS cities 2 48 200 km
      1) "Paris"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.searchPlaces(.radius(stores: true), in: context.key)
  }
}

/// GEORADIUS_RO: members around a place, without storing.
enum GeoRadiusROCommand: Command {
  static let spec = CommandSpec(
    "GEORADIUS_RO", since: "3.2.10", group: .geo, arity: -6,
    flags: [.readonly],
    categories: [.geo],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members within a distance of a place.",
    complexity: "O(N+log(M)) with N members in the cells around the circle and M in the circle",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("longitude", .double),
      ArgumentSpec("latitude", .double),
      ArgumentSpec("radius", .double),
      ArgumentSpec(
        "unit", .oneOf,
        parts: [
          ArgumentSpec("m", .pureToken, token: "m"),
          ArgumentSpec("km", .pureToken, token: "km"),
          ArgumentSpec("ft", .pureToken, token: "ft"),
          ArgumentSpec("mi", .pureToken, token: "mi"),
        ]),
      ArgumentSpec("withcoord", .pureToken, token: "WITHCOORD", optional: true),
      ArgumentSpec("withdist", .pureToken, token: "WITHDIST", optional: true),
      ArgumentSpec("withhash", .pureToken, token: "WITHHASH", optional: true),
      ArgumentSpec(
        "count-block", .block, optional: true,
        parts: [
          ArgumentSpec("count", .integer, token: "COUNT"),
          ArgumentSpec("any", .pureToken, token: "ANY", since: "6.2.0", optional: true),
        ]),
      ArgumentSpec(
        "order", .oneOf, optional: true,
        parts: [
          ArgumentSpec("asc", .pureToken, token: "ASC"),
          ArgumentSpec("desc", .pureToken, token: "DESC"),
        ]),
    ],
    history: [
      ("6.2.0", "Takes ANY behind COUNT."), ("7.0.0", "Units may be in any case."),
    ],
    deprecatedSince: "6.2.0", replacement: "`GEOSEARCH` with the `BYRADIUS` argument",
    example: """
      > GEOADD cities 13.405 52.52 Berlin 2.352 48.857 Paris
      (integer) 2
      > GEORADIUS_RO cities 13 52 200 km
      1) "Berlin"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.searchPlaces(.radius(stores: false), in: context.key)
  }
}

/// GEORADIUSBYMEMBER: members around a member.
enum GeoRadiusByMemberCommand: Command {
  static let spec = CommandSpec(
    "GEORADIUSBYMEMBER", since: "3.2.0", group: .geo, arity: -5,
    flags: [.write, .denyOOM, .movableKeys],
    categories: [.geo],
    keys: [
      .range(from: 1, [.readOnly, .access]),
      KeySpec(
        begin: .keyword("STORE", from: 5), find: .range(last: 0, step: 1, limit: 0),
        flags: [.overwrite, .update]),
      KeySpec(
        begin: .keyword("STOREDIST", from: 5), find: .range(last: 0, step: 1, limit: 0),
        flags: [.overwrite, .update]),
    ],
    summary: "Returns or stores the members within a distance of a member.",
    complexity: "O(N+log(M)) with N members in the cells around the circle and M in the circle",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string),
      ArgumentSpec("radius", .double),
      ArgumentSpec(
        "unit", .oneOf,
        parts: [
          ArgumentSpec("m", .pureToken, token: "m"),
          ArgumentSpec("km", .pureToken, token: "km"),
          ArgumentSpec("ft", .pureToken, token: "ft"),
          ArgumentSpec("mi", .pureToken, token: "mi"),
        ]),
      ArgumentSpec("withcoord", .pureToken, token: "WITHCOORD", optional: true),
      ArgumentSpec("withdist", .pureToken, token: "WITHDIST", optional: true),
      ArgumentSpec("withhash", .pureToken, token: "WITHHASH", optional: true),
      ArgumentSpec(
        "count-block", .block, optional: true,
        parts: [
          ArgumentSpec("count", .integer, token: "COUNT"),
          ArgumentSpec("any", .pureToken, token: "ANY", optional: true),
        ]),
      ArgumentSpec(
        "order", .oneOf, optional: true,
        parts: [
          ArgumentSpec("asc", .pureToken, token: "ASC"),
          ArgumentSpec("desc", .pureToken, token: "DESC"),
        ]),
      ArgumentSpec(
        "store", .oneOf, optional: true,
        parts: [
          ArgumentSpec("storekey", .key, token: "STORE", key: 1, display: "key"),
          ArgumentSpec("storedistkey", .key, token: "STOREDIST", key: 2, display: "key"),
        ]),
    ],
    history: [
      ("6.2.0", "Takes ANY behind COUNT."), ("7.0.0", "Units may be in any case."),
    ],
    deprecatedSince: "6.2.0",
    replacement: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
    example: """
      > GEOADD cities 13.405 52.52 Berlin 2.352 48.857 Paris
      (integer) 2
      > GEORADIUSBYMEMBER cities Paris 1000 km DESC
      1) "Berlin"
      2) "Paris"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.searchPlaces(.radiusByMember(stores: true), in: context.key)
  }
}

/// GEORADIUSBYMEMBER_RO: members around a member, without storing.
enum GeoRadiusByMemberROCommand: Command {
  static let spec = CommandSpec(
    "GEORADIUSBYMEMBER_RO", since: "3.2.10", group: .geo, arity: -5,
    flags: [.readonly],
    categories: [.geo],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members within a distance of a member.",
    complexity: "O(N+log(M)) with N members in the cells around the circle and M in the circle",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string),
      ArgumentSpec("radius", .double),
      ArgumentSpec(
        "unit", .oneOf,
        parts: [
          ArgumentSpec("m", .pureToken, token: "m"),
          ArgumentSpec("km", .pureToken, token: "km"),
          ArgumentSpec("ft", .pureToken, token: "ft"),
          ArgumentSpec("mi", .pureToken, token: "mi"),
        ]),
      ArgumentSpec("withcoord", .pureToken, token: "WITHCOORD", optional: true),
      ArgumentSpec("withdist", .pureToken, token: "WITHDIST", optional: true),
      ArgumentSpec("withhash", .pureToken, token: "WITHHASH", optional: true),
      ArgumentSpec(
        "count-block", .block, optional: true,
        parts: [
          ArgumentSpec("count", .integer, token: "COUNT"),
          ArgumentSpec("any", .pureToken, token: "ANY", optional: true),
        ]),
      ArgumentSpec(
        "order", .oneOf, optional: true,
        parts: [
          ArgumentSpec("asc", .pureToken, token: "ASC"),
          ArgumentSpec("desc", .pureToken, token: "DESC"),
        ]),
    ],
    history: [
      ("6.2.0", "Takes ANY behind COUNT."), ("7.0.0", "Units may be in any case."),
    ],
    deprecatedSince: "6.2.0",
    replacement: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
    example: """
      > GEOADD cities 13.405 52.52 Berlin 2.352 48.857 Paris
      (integer) 2
      > GEORADIUSBYMEMBER_RO cities Paris 10 km
      1) "Paris"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.searchPlaces(.radiusByMember(stores: false), in: context.key)
  }
}
