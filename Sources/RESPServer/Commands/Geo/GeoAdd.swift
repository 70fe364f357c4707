internal import Bytes
internal import CacheCore
internal import RESP

/// GEOADD: gives members places.
enum GeoAddCommand: Command {
  static let spec = CommandSpec(
    "GEOADD", since: "3.2.0", group: .geo, arity: -5,
    flags: [.write, .denyOOM],
    categories: [.geo],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Adds members with longitude and latitude to a sorted set, or moves them.",
    complexity: "O(log(N)) for each member, N being their number",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "condition", .oneOf, since: "6.2.0", optional: true,
        parts: [
          ArgumentSpec("nx", .pureToken, token: "NX"),
          ArgumentSpec("xx", .pureToken, token: "XX"),
        ]),
      ArgumentSpec("change", .pureToken, token: "CH", since: "6.2.0", optional: true),
      ArgumentSpec(
        "data", .block, multiple: true,
        parts: [
          ArgumentSpec("longitude", .double),
          ArgumentSpec("latitude", .double),
          ArgumentSpec("member", .string),
        ]),
    ],
    history: [("6.2.0", "Takes CH, NX and XX.")],
    example: """
      > GEOADD cities 13.405 52.52 Berlin 2.352 48.857 Paris
      (integer) 2
      > GEODIST cities Berlin Paris km
      "877.7000"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var options: SortedSet.UpdateOptions = []
    var countsChanges = false
    var index = 2
    while index < context.count {
      if context.argument(at: index, is: "NX") {
        options.insert(.ifAbsent)
      } else if context.argument(at: index, is: "XX") {
        options.insert(.ifPresent)
      } else if context.argument(at: index, is: "CH") {
        countsChanges = true
      } else {
        break
      }
      index += 1
    }
    let left = context.count - index
    guard left % 3 == 0, !options.isSuperset(of: [.ifAbsent, .ifPresent]), left > 0 else {
      throw .syntax
    }
    for at in stride(from: index, to: context.count, by: 3) { _ = try context.point(at: at) }
    let arguments = context.arguments
    try context.addToSortedSet(
      count: left / 3, firstMember: context[index + 2], options, countsChanges: countsChanges
    ) { element in
      let at = index + element * 3
      let point = GeoPoint(
        longitude: FloatText.parse(arguments[at]) ?? 0,
        latitude: FloatText.parse(arguments[at + 1]) ?? 0)
      return (arguments[at + 2], Double(GeoHash.encode(point)))
    }
  }
}
