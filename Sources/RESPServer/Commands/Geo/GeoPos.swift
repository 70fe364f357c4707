internal import Bytes
internal import CacheCore
internal import RESP

/// GEOPOS: where members are.
enum GeoPosCommand: Command {
  static let spec = CommandSpec(
    "GEOPOS", since: "3.2.0", group: .geo, arity: -2,
    flags: [.readonly],
    categories: [.geo],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns longitude and latitude of members, null for those that are not there.",
    complexity: "O(N) with N the number of members asked for",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string, optional: true, multiple: true),
    ],
    example: """
      > GEOADD cities 13.405 52.52 Berlin
      (integer) 1
      > GEOPOS cities Atlantis
      1) (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let set = try context.sortedSet(context.key)
    context.reply.array(context.count - 2)
    for index in 2..<max(2, context.count) {
      if let score = set?.score(of: context[index]) {
        context.reply.point(GeoHash.decode(score: score))
      } else {
        context.reply.nullArray()
      }
    }
  }
}

/// GEOHASH: where members are, as geohash.org writes it.
enum GeoHashCommand: Command {
  static let spec = CommandSpec(
    "GEOHASH", since: "3.2.0", group: .geo, arity: -2,
    flags: [.readonly],
    categories: [.geo],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the geohashes of members, null for those that are not there.",
    complexity: "O(N) with N the number of members asked for",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string, optional: true, multiple: true),
    ],
    example: """
      > GEOADD cities 13.405 52.52 Berlin
      (integer) 1
      > GEOHASH cities Berlin Atlantis
      1) "u33dc0cppj0"
      2) (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let set = try context.sortedSet(context.key)
    context.reply.array(context.count - 2)
    for index in 2..<max(2, context.count) {
      guard let score = set?.score(of: context[index]) else {
        context.reply.null()
        continue
      }
      var letters = InlineArray<16, UInt8>(repeating: 0)
      withUnsafeMutablePointer(to: &letters) { raw in
        let start = UnsafeMutableRawPointer(raw).assumingMemoryBound(to: UInt8.self)
        GeoHash.write(GeoHash.decode(score: score), to: start)
        context.reply.bulk(ByteView(base: UnsafePointer(start), count: 11))
      }
    }
  }
}

/// GEODIST: how far two members are apart.
enum GeoDistCommand: Command {
  static let spec = CommandSpec(
    "GEODIST", since: "3.2.0", group: .geo, arity: -4,
    flags: [.readonly],
    categories: [.geo],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the distance between two members, null if one is not there.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member1", .string),
      ArgumentSpec("member2", .string),
      ArgumentSpec(
        "unit", .oneOf, optional: true,
        parts: [
          ArgumentSpec("m", .pureToken, token: "m"),
          ArgumentSpec("km", .pureToken, token: "km"),
          ArgumentSpec("ft", .pureToken, token: "ft"),
          ArgumentSpec("mi", .pureToken, token: "mi"),
        ]),
    ],
    example: """
      > GEOADD cities 13.405 52.52 Berlin 2.352 48.857 Paris
      (integer) 2
      > GEODIST cities Berlin Paris
      "877699.9893"
      > GEODIST cities Berlin Atlantis
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 5 else { throw .syntax }
    let unit = context.count == 5 ? try context.unitMeters(at: 4) : 1
    guard let set = try context.sortedSet(context.key), let from = set.score(of: context[2]),
      let to = set.score(of: context[3])
    else { return context.reply.null() }
    let distance = GeoHash.decode(score: from).distance(to: GeoHash.decode(score: to))
    context.reply.distance(distance / unit)
  }
}
