/// What the counting rules know of code points: the class of each, and the lower-case map.
///
/// Classes lie in pages of 256 code points, a byte each, equal pages stored once: about 30 KB for
/// all of Unicode. Case is looked up by bisection, and only for letters beyond ASCII.
struct CodePointTable: ~Copyable, @unchecked Sendable {
  // Sendable: written by the initialiser alone.
  /// The classes of the counting rules, named as in the table's file.
  enum Kind: UInt8 {
    /// L: everything that is nothing else.
    case letter = 0
    /// W, and X: a word letter that keeps a contraction from following.
    case word, wordBlocking
    /// M: belongs to the word in front of it, or is stray.
    case mark
    /// D and A.
    case digit, arabicDigit
    case punctuation, space, symbol, variation
    /// N and O.
    case otherDigit, otherNumber
  }

  /// One row of the case map: code points first, first + step, ... last.
  struct CaseRow {
    var first: UInt32
    var last: UInt32
    var step: UInt32
    var delta: Int32
    var isUpper: Bool
  }

  /// Page numbers, one for each 256 code points.
  let pageNumbers: UnsafeMutablePointer<UInt8>
  /// Pages of 256 classes.
  let pages: UnsafeMutablePointer<UInt8>
  private let caseRows: [CaseRow]

  static let pageNumberCount = 0x110000 / 256

  /// Makes the tables of rows.
  ///
  /// - Parameter classes: ranges below 0x110000; later rows win.
  /// - Returns: nil when there are more than 256 different pages.
  init?(classes: [(ClosedRange<UInt32>, Kind)], caseRows: [CaseRow]) {
    let empty = [UInt8](repeating: Kind.letter.rawValue, count: 256)
    var touched: [UInt32: [UInt8]] = [:]
    for (range, kind) in classes {
      for code in range { touched[code >> 8, default: empty][Int(code & 255)] = kind.rawValue }
    }
    var known: [[UInt8]: UInt8] = [empty: 0]
    var numbers = [UInt8](repeating: 0, count: Self.pageNumberCount)
    var stored = empty
    for (number, page) in touched {
      if known[page] == nil {
        guard let next = UInt8(exactly: known.count) else { return nil }
        known[page] = next
        stored.append(contentsOf: page)
      }
      numbers[Int(number)] = known[page] ?? 0
    }
    pageNumbers = .allocate(capacity: numbers.count)
    pageNumbers.initialize(from: numbers, count: numbers.count)
    pages = .allocate(capacity: stored.count)
    pages.initialize(from: stored, count: stored.count)
    self.caseRows = caseRows.sorted { $0.first < $1.first }
  }

  deinit {
    pageNumbers.deallocate()
    pages.deallocate()
  }

  /// The class of a code point.
  @inline(__always)
  func kind(_ code: UInt32) -> Kind {
    assert(code < 0x110000)
    let raw = pages[Int(pageNumbers[Int(code >> 8)]) << 8 | Int(code & 255)]
    // Only raw values of `Kind` are stored.
    return Kind(rawValue: raw).unsafelyUnwrapped
  }

  /// Whether a code point counts as upper-case, and its lower-case form (itself if it has none).
  ///
  /// - Complexity: O(log rows)
  func letterCase(_ code: UInt32) -> (isUpper: Bool, lower: UInt32) {
    if code < 0x80 {
      let isUpper = code &- 0x41 < 26
      return (isUpper, isUpper ? code | 0x20 : code)
    }
    // U+0130 has no row: upper-case, and its own lower-case form.
    if code == 0x130 { return (true, code) }
    var low = 0
    var high = caseRows.count
    // The rows of a block with step 2 may overlap, two deep: look at the row found and the one
    // in front of it.
    while low < high {
      let middle = (low + high) / 2
      if caseRows[middle].first <= code { low = middle + 1 } else { high = middle }
    }
    for index in [low - 1, low - 2] where index >= 0 {
      let row = caseRows[index]
      guard code <= row.last, (code - row.first) % row.step == 0 else { continue }
      return (row.isUpper, UInt32(Int64(code) + Int64(row.delta)))
    }
    return (false, code)
  }
}
