internal import Bytes
internal import CacheCore
internal import RESP

/// Fields among a command's arguments: FIELDS, how many, and the fields, with what belongs to each.
struct HashFields {
  /// Positions of the fields.
  let positions: StrideTo<Int>
  let count: Int

  /// Reads the list, whose FIELDS stands at `index`; it must reach to the last argument.
  ///
  /// - Parameters:
  ///   - step: arguments for each field: 2 with a value.
  ///   - countError: for what is no positive number.
  init(
    _ context: borrowing CommandContext, at index: Int, step: Int = 1,
    countError: StaticString = "ERR Number of fields must be a positive integer"
  ) throws(CommandError) {
    guard index + 1 < context.count, context.argument(at: index, is: "FIELDS") else {
      throw .fixed("ERR Mandatory argument FIELDS is missing or not at the right position")
    }
    guard let number = IntegerText.parseInt64(context[index + 1]), number > 0 else {
      throw .fixed(countError)
    }
    let given = context.count - index - 2
    guard given % step == 0, number == given / step else {
      throw .fixed("ERR The `numfields` parameter must match the number of arguments")
    }
    count = Int(number)
    positions = stride(from: index + 2, to: context.count, by: step)
  }
}

extension CommandContext {
  /// Answers -2, no such field, for each of `fields`.
  func replyNoFields(_ fields: HashFields) {
    reply.array(fields.count)
    for _ in 0..<fields.count { reply.integer(-2) }
  }

  /// The latest deadline that a field may have, in Unix milliseconds, as in Redis: 2^46.
  private static var fieldDeadlineMax: Int64 { 1 << 46 - 1 }

  /// When a field is due, in cache time; it may have passed.
  ///
  /// - Throws: for what is no integer, negative, or beyond `fieldDeadlineMax`.
  func fieldDeadline(
    _ option: ExpiryOption, command: StaticString
  ) throws(CommandError) -> Int64 {
    let number = try integer(at: option.argument)
    guard number >= 0 else { throw .fixed("ERR invalid expire time, must be >= 0") }
    let base = option.unit.isAbsolute ? 0 : now + wallStep
    let scale: Int64 = option.unit.isSeconds ? 1000 : 1
    guard number <= Self.fieldDeadlineMax / scale,
      number * scale <= Self.fieldDeadlineMax - base
    else { throw .invalidExpiry(command) }
    return number * scale + base - wallStep
  }

  /// Tells the key space that elements of the collection at `key` were given deadlines.
  ///
  /// - Parameter old: its earliest deadline before.
  func noteDeadlines(of key: HashedKey, old: Int64?) {
    keyspace.noteElementDeadline(key, in: database, old: old, now: now)
  }
}

extension ArgumentSpec {
  /// FIELDS with its number and fields.
  static let fieldList = ArgumentSpec(
    "fields", .block, token: "FIELDS",
    parts: [
      ArgumentSpec("numfields", .integer),
      ArgumentSpec("field", .string, multiple: true),
    ])
}
