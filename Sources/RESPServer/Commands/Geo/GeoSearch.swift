internal import Bytes
internal import CacheCore
internal import RESP

/// GEOSEARCH: members in a circle or a box.
enum GeoSearchCommand: Command {
  static let spec = CommandSpec(
    "GEOSEARCH", since: "6.2.0", group: .geo, arity: -7,
    flags: [.readonly],
    categories: [.geo],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members in a circle or box around a place or a member.",
    complexity: "O(N+log(M)) with N members in the cells around the area and M in the area",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "from", .oneOf,
        parts: [
          ArgumentSpec("member", .string, token: "FROMMEMBER"),
          ArgumentSpec(
            "fromlonlat", .block, token: "FROMLONLAT",
            parts: [
              ArgumentSpec("longitude", .double),
              ArgumentSpec("latitude", .double),
            ]),
        ]),
      ArgumentSpec(
        "by", .oneOf,
        parts: [
          ArgumentSpec(
            "circle", .block,
            parts: [
              ArgumentSpec("radius", .double, token: "BYRADIUS"),
              ArgumentSpec(
                "unit", .oneOf,
                parts: [
                  ArgumentSpec("m", .pureToken, token: "m"),
                  ArgumentSpec("km", .pureToken, token: "km"),
                  ArgumentSpec("ft", .pureToken, token: "ft"),
                  ArgumentSpec("mi", .pureToken, token: "mi"),
                ]),
            ]),
          ArgumentSpec(
            "box", .block,
            parts: [
              ArgumentSpec("width", .double, token: "BYBOX"),
              ArgumentSpec("height", .double),
              ArgumentSpec(
                "unit", .oneOf,
                parts: [
                  ArgumentSpec("m", .pureToken, token: "m"),
                  ArgumentSpec("km", .pureToken, token: "km"),
                  ArgumentSpec("ft", .pureToken, token: "ft"),
                  ArgumentSpec("mi", .pureToken, token: "mi"),
                ]),
            ]),
        ]),
      ArgumentSpec(
        "order", .oneOf, optional: true,
        parts: [
          ArgumentSpec("asc", .pureToken, token: "ASC"),
          ArgumentSpec("desc", .pureToken, token: "DESC"),
        ]),
      ArgumentSpec(
        "count-block", .block, optional: true,
        parts: [
          ArgumentSpec("count", .integer, token: "COUNT"),
          ArgumentSpec("any", .pureToken, token: "ANY", optional: true),
        ]),
      ArgumentSpec("withcoord", .pureToken, token: "WITHCOORD", optional: true),
      ArgumentSpec("withdist", .pureToken, token: "WITHDIST", optional: true),
      ArgumentSpec("withhash", .pureToken, token: "WITHHASH", optional: true),
    ],
    history: [("7.0.0", "Units and ASC, DESC, ANY may be in any case.")],
    example: """
      > GEOADD cities 13.405 52.52 Berlin 2.352 48.857 Paris
      (integer) 2
      > GEOSEARCH cities FROMLONLAT 4.9 52.37 BYRADIUS 500 km ASC WITHDIST
      1) 1) "Paris"
         2) "430.0675"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.searchPlaces(.search, in: context.key)
  }
}

/// GEOSEARCHSTORE: stores members in a circle or a box.
enum GeoSearchStoreCommand: Command {
  static let spec = CommandSpec(
    "GEOSEARCHSTORE", since: "6.2.0", group: .geo, arity: -8,
    flags: [.write, .denyOOM],
    categories: [.geo],
    keys: [.range(from: 1, [.overwrite, .update]), .range(from: 2, [.readOnly, .access])],
    summary: "Stores the members in a circle or box around a place or a member.",
    complexity: "O(N+log(M)) with N members in the cells around the area and M in the area",
    arguments: [
      ArgumentSpec("destination", .key, key: 0),
      ArgumentSpec("source", .key, key: 1),
      ArgumentSpec(
        "from", .oneOf,
        parts: [
          ArgumentSpec("member", .string, token: "FROMMEMBER"),
          ArgumentSpec(
            "fromlonlat", .block, token: "FROMLONLAT",
            parts: [
              ArgumentSpec("longitude", .double),
              ArgumentSpec("latitude", .double),
            ]),
        ]),
      ArgumentSpec(
        "by", .oneOf,
        parts: [
          ArgumentSpec(
            "circle", .block,
            parts: [
              ArgumentSpec("radius", .double, token: "BYRADIUS"),
              ArgumentSpec(
                "unit", .oneOf,
                parts: [
                  ArgumentSpec("m", .pureToken, token: "m"),
                  ArgumentSpec("km", .pureToken, token: "km"),
                  ArgumentSpec("ft", .pureToken, token: "ft"),
                  ArgumentSpec("mi", .pureToken, token: "mi"),
                ]),
            ]),
          ArgumentSpec(
            "box", .block,
            parts: [
              ArgumentSpec("width", .double, token: "BYBOX"),
              ArgumentSpec("height", .double),
              ArgumentSpec(
                "unit", .oneOf,
                parts: [
                  ArgumentSpec("m", .pureToken, token: "m"),
                  ArgumentSpec("km", .pureToken, token: "km"),
                  ArgumentSpec("ft", .pureToken, token: "ft"),
                  ArgumentSpec("mi", .pureToken, token: "mi"),
                ]),
            ]),
        ]),
      ArgumentSpec(
        "order", .oneOf, optional: true,
        parts: [
          ArgumentSpec("asc", .pureToken, token: "ASC"),
          ArgumentSpec("desc", .pureToken, token: "DESC"),
        ]),
      ArgumentSpec(
        "count-block", .block, optional: true,
        parts: [
          ArgumentSpec("count", .integer, token: "COUNT"),
          ArgumentSpec("any", .pureToken, token: "ANY", optional: true),
        ]),
      ArgumentSpec("storedist", .pureToken, token: "STOREDIST", optional: true),
    ],
    history: [("7.0.0", "Units and ASC, DESC, ANY may be in any case.")],
    example: """
      > GEOADD cities 13.405 52.52 Berlin 2.352 48.857 Paris
      (integer) 2
      > GEOSEARCHSTORE near cities FROMMEMBER Paris BYBOX 100 100 km
      (integer) 1
      > ZRANGE near 0 -1
      1) "Paris"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.searchPlaces(.searchStore, in: context[key: 1])
  }
}
