internal import CPostgres

/// A result, copied out of libpq's.
struct Answer {
  /// What it is.
  enum Kind {
    case rows, done, sync, skipped
    /// SQLSTATE and text.
    case error(state: String, message: String)
  }

  let kind: Kind
  /// The first column of each row; nil for NULL.
  var values: [[UInt8]?] = []
  /// Types of a statement's parameters, where it was described.
  var parameterTypes: [UInt32] = []
  /// Whether there is more than fits.
  var isTooLarge = false

  /// Copies and frees a result.
  ///
  /// - Parameter byteCountMax: values beyond that many bytes are left out.
  init(taking result: OpaquePointer, byteCountMax: Int) {
    defer { cpg_clear(result) }
    switch Int(cpg_kind(result)) {
    case Int(CPG_ROWS): kind = .rows
    case Int(CPG_DONE): kind = .done
    case Int(CPG_SYNC): kind = .sync
    case Int(CPG_SKIPPED): kind = .skipped
    default:
      kind = .error(
        state: String(cString: cpg_state(result)), message: String(cString: cpg_message(result)))
    }
    if case .rows = kind { copyRows(result, byteCountMax: byteCountMax) }
    if case .done = kind {
      for index in 0..<cpg_parameter_count(result) {
        parameterTypes.append(cpg_parameter_type(result, index))
      }
    }
  }

  private mutating func copyRows(_ result: OpaquePointer, byteCountMax: Int) {
    guard cpg_columns(result) > 0 else { return }
    var left = byteCountMax
    for row in 0..<cpg_rows(result) {
      guard cpg_is_null(result, row, 0) == 0 else {
        values.append(nil)
        continue
      }
      var count = 0
      let bytes = cpg_value(result, row, 0, &count)
      left -= count
      guard left >= 0 else {
        isTooLarge = true
        return
      }
      values.append(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    }
  }
}
