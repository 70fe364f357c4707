internal import Bytes

/// Words of a text as hashes: lower-case ASCII letters, digits, apostrophes inside a word, and
/// every byte beyond ASCII, so that other scripts have words, too.
///
/// Summaries compare words only for equality, and a 64-bit hash (FNV-1a) does that without storing
/// them.
enum Words {
  /// FNV-1a's offset basis and prime for 64 bits (Fowler, Noll, Vo).
  static var hashSeed: UInt64 { 0xCBF2_9CE4_8422_2325 }
  static var hashPrime: UInt64 { 0x0000_0100_0000_01B3 }

  /// The hash of a word given in lower case.
  static func hash(_ word: StaticString) -> UInt64 {
    hash(ByteView(word))
  }

  /// The hash of the bytes, letters taken as lower case.
  static func hash(_ word: ByteView) -> UInt64 {
    var hash = hashSeed
    for byte in word.buffer { hash = (hash ^ UInt64(lower(byte))) &* hashPrime }
    return hash
  }

  @inline(__always)
  static func lower(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  @inline(__always)
  static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// Whether the byte belongs to a word.
  @inline(__always)
  static func isPart(_ byte: UInt8) -> Bool {
    byte >= 0x80 || lower(byte) &- 0x61 < 26 || isDigit(byte)
  }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }

  /// Calls `body` with the range of each word.
  @inline(__always)
  static func forEach(in text: ByteView, _ body: (Range<Int>) -> Void) {
    var index = 0
    while index < text.count {
      guard isPart(text[index]) else {
        index += 1
        continue
      }
      let start = index
      while index < text.count,
        isPart(text[index])
          || text[index] == 0x27 && index + 1 < text.count && isPart(text[index + 1])
      {
        index += 1
      }
      body(start..<index)
    }
  }

  /// Number of characters (Unicode scalars) in UTF-8 text; bytes that are no UTF-8 count as one.
  static func scalarCount(_ text: ByteView) -> Int {
    var count = 0
    for byte in text.buffer where byte & 0xC0 != 0x80 { count += 1 }
    return count
  }
}

/// Words by meaning, as sets of hashes.
struct WordSet {
  private let hashes: Set<UInt64>

  /// Makes a set of the words in `text`, which are separated by blanks.
  init(_ text: StaticString) {
    var found = Set<UInt64>()
    let view = ByteView(text)
    Words.forEach(in: view) { found.insert(Words.hash(view[$0])) }
    hashes = found
  }

  func contains(_ hash: UInt64) -> Bool { hashes.contains(hash) }

  /// Words that carry no subject matter.
  static let stop = WordSet(
    """
    a an the and or but if then so of to in on at by for with from as is are was were be been \
    being \
    am it its it's this that these those i you he she we they me him her us them my your his our \
    their what which who whom there here not no nor do does did done have has had having will \
    would \
    can could should shall may might must just very really also too more most some any all each \
    few \
    other such only own same than up down out off over under again further once about into through \
    during before after above below between because while where when why how let's don't doesn't \
    didn't isn't aren't wasn't weren't can't couldn't won't wouldn't i'm i've i'll i'd you're \
    we're \
    they're that's there's what's oh ok okay yeah yes yep well um uh hmm mm right like know mean \
    think get got go going gonna thing things kind sort lot bit one s re ve ll d t m n
    """)

  /// Words of decisions, plans, wishes and reasons.
  static let commitment = WordSet(
    """
    i'll we'll will going gonna should need needs want wants plan plans planned decide decided \
    agree \
    agreed must promise promised like suggest suggested let's propose proposed important problem \
    because prefer think goal hope try tried commit committed
    """)

  /// Days, months and words that fix a time.
  static let time = WordSet(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april june \
    july \
    august september october november december tomorrow tonight yesterday today weekend week weeks \
    month months year years morning evening noon midnight
    """)

  /// Numbers in words.
  static let number = WordSet(
    """
    one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty \
    forty fifty sixty ninety hundred thousand million percent half twice dozen
    """)

  /// Sounds and words that fill a pause.
  static let filler = WordSet("uh um hmm mm erm er ah mhm uhm")

  /// Words a sentence may begin with that say nothing.
  static let opener = WordSet(
    "so well yeah okay ok and but right oh now no yes yep alright anyway basically actually")
}
