internal import Bytes
internal import RESPServer

/// Which arguments of a command are stored as values, so that rules about personal data can look at
/// them: numbers, options and times are never taken for a card or a telephone number.
enum ValuePositions {
  /// Where values stand.
  enum Place {
    /// At one position.
    case at(Int)
    /// From a position on, every so many.
    case from(Int, step: Int)
    /// Behind the options of ZADD and GEOADD: every so many, counted from the end.
    case last(every: Int)
    /// Behind FIELDS and a number.
    case fields
    /// Behind the ID of XADD, whatever its options.
    case behindStreamID
    /// The value is no argument: it comes from another key, or as a serialised block.
    case elsewhere(targetIsLast: Bool)
  }

  private static let places: [String: Place] = [
    "set": .at(2), "setnx": .at(2), "setex": .at(3), "psetex": .at(3), "getset": .at(2),
    "append": .at(2), "setrange": .at(3), "mset": .from(2, step: 2), "msetnx": .from(2, step: 2),
    "setifmatch": .at(2), "setifgreater": .at(2), "cache.set": .at(2),
    "hset": .from(2, step: 1), "hmset": .from(2, step: 1), "hsetnx": .from(2, step: 1),
    "hsetex": .fields,
    "lpush": .from(2, step: 1), "rpush": .from(2, step: 1), "lpushx": .from(2, step: 1),
    "rpushx": .from(2, step: 1), "lset": .at(3), "linsert": .at(4), "sadd": .from(2, step: 1),
    "zadd": .last(every: 2), "geoadd": .last(every: 3), "zincrby": .at(3), "hincrby": .at(2),
    "hincrbyfloat": .at(2), "xadd": .behindStreamID,
    "rename": .elsewhere(targetIsLast: true), "renamenx": .elsewhere(targetIsLast: true),
    "copy": .elsewhere(targetIsLast: true), "restore": .elsewhere(targetIsLast: false),
    "restore-asking": .elsewhere(targetIsLast: false), "smove": .at(3),
    "lmove": .elsewhere(targetIsLast: true), "rpoplpush": .elsewhere(targetIsLast: true),
    "blmove": .elsewhere(targetIsLast: true), "brpoplpush": .elsewhere(targetIsLast: true),
    "sort": .elsewhere(targetIsLast: true), "bitop": .elsewhere(targetIsLast: false),
    "sunionstore": .elsewhere(targetIsLast: false), "sinterstore": .elsewhere(targetIsLast: false),
    "sdiffstore": .elsewhere(targetIsLast: false),
    "zunionstore": .elsewhere(targetIsLast: false), "zinterstore": .elsewhere(targetIsLast: false),
    "zdiffstore": .elsewhere(targetIsLast: false),
    "zrangestore": .elsewhere(targetIsLast: false), "georadius": .elsewhere(targetIsLast: true),
    "georadiusbymember": .elsewhere(targetIsLast: true),
    "geosearchstore": .elsewhere(targetIsLast: false),
  ]

  /// Where a command's values stand; nil for one that stores none.
  static func place(of command: String) -> Place? { places[command] }

  /// The positions of the values among a request's arguments.
  static func positions(_ place: Place, _ arguments: Arguments) -> [Int] {
    let count = arguments.count
    switch place {
    case .at(let position): return position < count ? [position] : []
    case .from(let first, let step): return Array(stride(from: first, to: count, by: step))
    case .last(let every):
      // Members stand last in each group; the options in front are words without personal data.
      return Array(stride(from: count - 1, through: 1 + every, by: -every))
    case .behindStreamID:
      return streamIDPosition(arguments).map { Array($0 + 1..<count) } ?? []
    case .fields:
      let word = (2..<count).first { arguments[$0].equalsIgnoringCase("FIELDS") }
      return word.map { Array(stride(from: $0 + 2, to: count, by: 1)) } ?? []
    case .elsewhere: return []
    }
  }

  private static func streamIDPosition(_ arguments: Arguments) -> Int? {
    var index = 2
    while index < arguments.count {
      let word = arguments[index]
      if word.equalsIgnoringCase("NOMKSTREAM") {
        index += 1
      } else if word.equalsIgnoringCase("LIMIT") {
        index += 2
      } else if word.equalsIgnoringCase("MAXLEN") || word.equalsIgnoringCase("MINID") {
        index += 1
        if index < arguments.count, arguments[index] == "~" || arguments[index] == "=" {
          index += 1
        }
        index += 1
      } else {
        return index
      }
    }
    return nil
  }
}
