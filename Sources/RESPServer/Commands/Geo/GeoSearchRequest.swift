internal import Bytes
internal import CacheCore
internal import RESP

/// What a search among places wants, as the arguments of GEOSEARCH and GEORADIUS say.
struct GeoSearchRequest {
  /// Which command asks.
  enum Form {
    /// GEORADIUS, and whether it may store.
    case radius(stores: Bool)
    /// GEORADIUSBYMEMBER, and whether it may store.
    case radiusByMember(stores: Bool)
    case search, searchStore

    fileprivate var isSearch: Bool {
      switch self {
      case .search, .searchStore: true
      default: false
      }
    }

    fileprivate var storesByOption: Bool {
      switch self {
      case .radius(let stores), .radiusByMember(let stores): stores
      default: false
      }
    }
  }

  private enum Order {
    case none, ascending, descending
  }

  private let form: Form
  private var center: GeoPoint?
  private var area: GeoShape.Form?
  private var unitMeters = 1.0
  /// A member was named but there is no set.
  private var hasMember = false
  private var withDistance = false
  private var withHash = false
  private var withPoint = false
  private var order = Order.none
  private var count = 0
  private var isAny = false
  private var storesDistance = false
  /// Position of the key to store to.
  private(set) var storeIndex: Int?

  /// Reads the arguments behind the key.
  ///
  /// - Parameter set: the set to search, nil if there is none; members are looked up in it.
  init(
    _ context: borrowing CommandContext, _ form: Form, _ set: SortedSet?
  ) throws(CommandError) {
    self.form = form
    var index: Int
    switch form {
    case .radius:
      center = try context.point(at: 2)
      let (radius, unit) = try context.radius(at: 4)
      area = .circle(radius: radius)
      unitMeters = unit
      index = 6
    case .radiusByMember:
      index = 5
      if let set {
        center = try Self.place(of: context[2], in: set)
        let (radius, unit) = try context.radius(at: 3)
        area = .circle(radius: radius)
        unitMeters = unit
      }
    case .search: index = 2
    case .searchStore:
      index = 3
      storeIndex = 1
    }
    while index < context.count {
      if try !parseOption(context, &index), try !parseArea(context, &index, set) { throw .syntax }
      index += 1
    }
    try check(context)
  }

  private static func place(
    of member: ByteView, in set: SortedSet
  ) throws(CommandError) -> GeoPoint {
    guard let score = set.score(of: member) else {
      throw .fixed("ERR could not decode requested zset member")
    }
    return GeoHash.decode(score: score)
  }

  /// Reads an option that most forms have.
  ///
  /// - Returns: false when there is none at `index`.
  private mutating func parseOption(
    _ context: borrowing CommandContext, _ index: inout Int
  ) throws(CommandError) -> Bool {
    let hasNext = index + 1 < context.count
    if context.argument(at: index, is: "WITHDIST") {
      withDistance = true
    } else if context.argument(at: index, is: "WITHHASH") {
      withHash = true
    } else if context.argument(at: index, is: "WITHCOORD") {
      withPoint = true
    } else if context.argument(at: index, is: "ANY") {
      isAny = true
    } else if context.argument(at: index, is: "ASC") {
      order = .ascending
    } else if context.argument(at: index, is: "DESC") {
      order = .descending
    } else if hasNext, context.argument(at: index, is: "COUNT") {
      index += 1
      let wanted = try context.integer(at: index)
      guard wanted > 0 else { throw .fixed("ERR COUNT must be > 0") }
      count = Int(wanted)
    } else if hasNext, form.storesByOption, context.argument(at: index, is: "STORE") {
      index += 1
      storeIndex = index
      storesDistance = false
    } else if hasNext, form.storesByOption, context.argument(at: index, is: "STOREDIST") {
      index += 1
      storeIndex = index
      storesDistance = true
    } else if case .searchStore = form, context.argument(at: index, is: "STOREDIST") {
      storesDistance = true
    } else {
      return false
    }
    return true
  }

  /// Reads GEOSEARCH's center or area.
  ///
  /// - Returns: false when there is none at `index`.
  private mutating func parseArea(
    _ context: borrowing CommandContext, _ index: inout Int, _ set: SortedSet?
  ) throws(CommandError) -> Bool {
    guard form.isSearch else { return false }
    let left = context.count - index - 1
    if left >= 1, context.argument(at: index, is: "FROMMEMBER"), center == nil || hasMember {
      if let set { center = try Self.place(of: context[index + 1], in: set) }
      hasMember = true
      index += 1
    } else if left >= 2, context.argument(at: index, is: "FROMLONLAT"), !hasMember {
      center = try context.point(at: index + 1)
      index += 2
    } else if left >= 2, context.argument(at: index, is: "BYRADIUS"), !isBox {
      let (radius, unit) = try context.radius(at: index + 1)
      area = .circle(radius: radius)
      unitMeters = unit
      index += 2
    } else if left >= 3, context.argument(at: index, is: "BYBOX"), area == nil || isBox {
      let (width, height, unit) = try context.box(at: index + 1)
      area = .box(width: width, height: height)
      unitMeters = unit
      index += 3
    } else {
      return false
    }
    return true
  }

  private var isBox: Bool {
    if case .box = area { true } else { false }
  }

  private func check(_ context: borrowing CommandContext) throws(CommandError) {
    if storeIndex != nil, withDistance || withHash || withPoint {
      let name = form.isSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"
      throw .made(
        "ERR \(name) is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
    }
    if form.isSearch {
      guard hasMember || center != nil else {
        throw .made(
          "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for "
            + context[0].string)
      }
      guard area != nil else {
        throw .made(
          "ERR exactly one of BYRADIUS and BYBOX can be specified for " + context[0].string)
      }
    }
    guard !isAny || count > 0 else {
      throw .fixed("ERR the ANY argument requires COUNT argument")
    }
  }

  // MARK: Searching

  /// What is found in `set`, ordered and cut as wanted.
  private func matches(in set: SortedSet) -> ArraySlice<GeoMatch> {
    guard let center, let area else { return [] }
    let shape = GeoShape(center: center, form: area, unitMeters: unitMeters)
    var matches = set.matches(in: shape, limit: isAny ? count : 0)
    // A count without ANY means the nearest.
    switch order == .none && count > 0 && !isAny ? .ascending : order {
    case .none: break
    case .ascending: matches.sort { $0.distance < $1.distance }
    case .descending: matches.sort { $0.distance > $1.distance }
    }
    return count > 0 ? matches.prefix(count) : matches[...]
  }

  /// Answers with what is found in `set`.
  func reply(_ context: inout CommandContext, _ set: SortedSet) {
    let matches = self.matches(in: set)
    let extras = (withDistance ? 1 : 0) + (withHash ? 1 : 0) + (withPoint ? 1 : 0)
    context.reply.array(matches.count)
    for match in matches {
      if extras > 0 { context.reply.array(extras + 1) }
      context.reply.bulk(match.member)
      if withDistance { context.reply.distance(match.distance / unitMeters) }
      if withHash { context.reply.integer(GeoSearchRequest.hash(match.score)) }
      if withPoint { context.reply.point(match.point) }
    }
  }

  /// A score as an integer; any double may be one.
  private static func hash(_ score: Double) -> Int64 {
    Int64(exactly: score.rounded(.towardZero)) ?? .min
  }

  /// Stores what is found in `set`, nil being empty, and answers with the number.
  func store(
    _ context: inout CommandContext, _ set: SortedSet?, at key: HashedKey
  ) throws(CommandError) {
    let limits = context.sortedSetLimits
    let matches = set.map { self.matches(in: $0) } ?? []
    let result = SortedSet.make(
      countHint: matches.count, limits: limits, context.keyspace.objectMemory(for: key))
    for match in matches {
      let score = storesDistance ? match.distance / unitMeters : match.score
      match.member.withText { _ = result.update($0, score: score, limits: limits) }
    }
    try context.store(result, at: key, form.isSearch ? "geosearchstore" : "georadiusstore")
  }
}

extension CommandContext {
  /// Runs a search among the places in the set at a key.
  mutating func searchPlaces(
    _ form: GeoSearchRequest.Form, in source: HashedKey
  ) throws(CommandError) {
    let set = try sortedSet(source)
    let request = try GeoSearchRequest(self, form, set)
    if let index = request.storeIndex {
      // The key of the last STORE; the shards of those that the positions name are locked.
      var target: HashedKey?
      for number in 0..<keyCount where self[key: number].bytes == self[index] {
        target = self[key: number]
      }
      guard let target else { throw .syntax }
      return try request.store(&self, set, at: target)
    }
    guard let set else { return reply.array(0) }
    request.reply(&self, set)
  }
}
