internal import Bytes

/// From an answer to what is stored.
enum LoadedValue {
  /// What a load's answer comes to.
  static func outcome(
    of answer: Answer, _ statement: PoolConnection.Statement, for flight: Flight,
    byteCountMax: Int
  ) -> Flight.Outcome {
    switch answer.kind {
    case .rows: break
    case .error(let state, let message):
      // That it was not prepared tells more than that there is no such statement.
      if case .error(let state, let message)? = statement.failure {
        return failure(state, message, flight)
      }
      return failure(state, message, flight)
    case .skipped: return .failure("ERR the database did not execute the query")
    case .done, .sync: return .failure("ERR the query returns no rows")
    }
    // A value spelt otherwise than the database spells it would be a second key for the same row,
    // which changes of the row do not reach.
    for (type, value) in zip(statement.types, flight.parameters) where !isCanonical(value, type) {
      return .nothing
    }
    guard !answer.isTooLarge, answer.values.count <= KeyClass.rowsMax else {
      return tooLarge(byteCountMax)
    }
    let value: [UInt8]
    switch flight.keyClass.shape {
    case .column:
      guard let first = answer.values.first, let first else { return .nothing }
      value = first
    case .json:
      let rows = answer.values.compactMap { $0 }
      guard let first = rows.first else { return .nothing }
      value = rows.count == 1 ? first : array(of: rows)
    case .array: value = array(of: answer.values.compactMap { $0 })
    }
    guard value.count <= byteCountMax else { return tooLarge(byteCountMax) }
    return .value(value)
  }

  private static func tooLarge(_ byteCountMax: Int) -> Flight.Outcome {
    .failure("ERR the value is larger than postgres-value-bytes-max, \(byteCountMax) bytes")
  }

  private static func array(of rows: [[UInt8]]) -> [UInt8] {
    var bytes = [UInt8(ascii: "[")]
    for (index, row) in rows.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += row
    }
    bytes.append(UInt8(ascii: "]"))
    return bytes
  }

  /// What an error of the database means for a key.
  private static func failure(
    _ state: String, _ message: String, _ flight: Flight
  ) -> Flight.Outcome {
    switch state {
    // The key's text is no value of the column's type: there is no such row.
    case "22P02", "22003", "22007", "22008", "22021": return .nothing
    default:
      let code = isPassing(state) ? LoadBook.errorCode : "ERR"
      let text = message.isEmpty ? "the connection broke" : message
      return .failure("\(code) loading '\(flight.keyClass.name)' failed: \(text)")
    }
  }

  /// Whether an error says something of the database's state, not of the query.
  static func isPassing(_ state: String) -> Bool {
    state.isEmpty || state.hasPrefix("08") || state.hasPrefix("53") || state.hasPrefix("57")
      || state.hasPrefix("40") || state == "55P03"
  }

  /// Types of PostgreSQL by their numbers.
  private static let integerTypes: Set<UInt32> = [20, 21, 23, 26]
  private static let uuidType: UInt32 = 2950

  private static func isCanonical(_ value: [UInt8], _ type: UInt32) -> Bool {
    value.withByteView { value in
      if integerTypes.contains(type) { return KeyPattern.Kind.int.accepts(value) }
      if type == uuidType { return KeyPattern.Kind.uuid.accepts(value) }
      return true
    }
  }
}
