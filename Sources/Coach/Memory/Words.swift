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

  /// The hash of a word without its ending, so that "plans", "planned" and "planning" are one. What
  /// is left need not be a word; other languages lose little by it.
  static func stem(_ word: ByteView) -> UInt64 {
    var count = word.count
    func last(_ back: Int) -> UInt8 { lower(word[count - back]) }
    func ends(_ ending: StaticString) -> Bool {
      let ending = ByteView(ending)
      guard count >= ending.count + 3 else { return false }
      for index in 0..<ending.count where last(ending.count - index) != ending[index] {
        return false
      }
      return true
    }
    if count > 2, last(1) == 0x73, last(2) == 0x27 { count -= 2 }
    guard count > 3, last(1) &- 0x61 < 26 else { return hash(word[0..<count]) }
    if ends("ing") {
      count -= 3
    } else if ends("ed") {
      count -= 2
    } else if ends("s"), last(2) != 0x73, last(2) != 0x75 {
      count -= 1
    }
    if count > 3, last(1) == last(2), last(1) != 0x65 { count -= 1 }
    if count > 3, last(1) == 0x65 { count -= 1 }
    var hash = hashSeed
    for index in 0..<count {
      var byte = lower(word[index])
      if index == count - 1, byte == 0x79 { byte = 0x69 }
      hash = (hash ^ UInt64(byte)) &* hashPrime
    }
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

  /// Its words' hashes.
  var all: Set<UInt64> { hashes }

  func contains(_ hash: UInt64) -> Bool { hashes.contains(hash) }

  /// Words that carry no subject matter.
  static let stop = WordSet(
    """
    a an the and or but if then so of to in on at by for with from as is are was were be been \
    being am it its it's this that these those i you he she we they me him her us them my your \
    his our their what which who whom there here not no nor do does did done have has had having \
    will would can could should shall may might must just very really also too more most some \
    any all each few other such only own same than up down out off over under again further once \
    about into through during before after above below between because while where when why how \
    let's don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't i'm \
    i've i'll i'd you're we're they're that's there's what's oh ok okay yeah yes yep well um uh \
    hmm mm right like know mean think get got go going gonna thing things kind sort lot bit one \
    s re ve ll d t m n
    """)

  /// The speaker, and the one who is spoken to.
  static let firstPerson = WordSet(
    "i me my mine myself i'm i'll i've i'd we us our we'll we're we've im ill ive")
  static let secondPerson = WordSet(
    "you your yours yourself you're you'll you've you'd u ur youre")

  /// Words a chat is full of that its subject is not about.
  static let talk = WordSet(
    """
    hi hey hello hiya bye thanks thank thx ty please pls sure great nice cool lovely perfect \
    sorry wow yay yup nope nah ya np cya idk wanna gotta dunno cuz lemme dude bro mate man love \
    xoxo deal haha lol exactly totally definitely maybe guess though tho anyway actually wait ur \
    thats dont cant its lets whats didnt wont hows ill
    """)

  /// Words of decisions, plans, wishes and reasons.
  static let commitment = WordSet(
    """
    i'll we'll will going gonna should need needs want wants plan plans planned decide decided \
    agree agreed must promise promises promised like suggest suggested let's propose proposed \
    important problem because prefer think goal hope try tried commit committed \
    imma gotta wanna lemme lets remind needa tryna finna
    """)

  /// Those of them that are in talk of any kind.
  static let vague = WordSet(
    "like think because try tried problem important hope goal prefer wanted")

  /// Days, months and words that fix a time.
  static let time = WordSet(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april june \
    july august september october november december tomorrow tonight yesterday today weekend \
    week weeks month months year years morning evening noon midnight
    """)

  /// Numbers in words.
  static let number = WordSet(
    """
    one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty \
    thirty forty fifty sixty ninety hundred thousand million percent half twice dozen
    """)

  /// Sounds and words that fill a pause.
  static let filler = WordSet(
    """
    uh um hmm mm erm er ah mhm uhm haha hahaha hahahaha hehe lol lmao rofl omg ugh argh aw aww \
    awww phew tbh btw
    """)

  /// Words of greeting.
  static let greeting = WordSet("hi hey hello hiya morning heya")

  /// Words that say nothing before a comma or a stop.
  static let reaction = WordSet(
    """
    great cool nice perfect sure exactly wait wow thanks thx lovely ha nah nope yup awesome \
    brilliant sorry true hm wonderful good fine definitely absolutely
    """)

  /// Words that decide: without them a sentence may say the contrary.
  static let decision = WordSet("yes no yep yup nope nah never not")

  /// Words that decide where something was asked, and say little elsewhere.
  static let consent = WordSet(
    "yeah yea yeh yh ya yah yas mhm sure definitely absolutely exactly true totally")

  /// Words an answer begins with.
  static let answer = WordSet(
    """
    yes yeah yep yup sure ok okay no nope nah maybe definitely exactly never not yea yh ya mhm \
    absolutely totally true idk k
    """)

  /// Words of which a sentence says nothing when it has no others.
  static let empty = WordSet(
    """
    yes yeah yep yup yea yeh yh ya yah yas no nope nah ok okay okie k kk mhm hm hmm oh well so \
    aight alright ight idk dunno nvm sure true right exactly definitely absolutely totally lol \
    haha omg wow hi hey hello hiya heya bye cya ttyl gn np ty thx thanks thank you too much same \
    wbu hbu cool nice great good fine lovely perfect awesome yay sorry damn bruh bro dude man
    """)

  /// Words a sentence may begin with that say nothing.
  static let opener = WordSet(
    """
    so well yeah yea okay ok and but right oh now alright anyway basically actually k kk aight \
    ight okie
    """)
}
