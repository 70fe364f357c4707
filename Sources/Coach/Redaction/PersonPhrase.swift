internal import Bytes

/// Tells whether what is "called" or "named" something is a person: "a girl from work called Ada"
/// is, and so is "she's called Ada"; "a tapas place called Ada's" and "I called Ada" are not.
///
/// The words in front are read backwards: a word for a person says yes, one for a thing no. They
/// end at a sign, and at the article with which what is named begins, unless that belongs to "in
/// my class" and the like.
enum PersonPhrase {
  /// Words and bytes that are read.
  private static let wordMax = 6
  private static let reach = 64

  /// Whether a person stands before `end`.
  ///
  /// - Complexity: O(1)
  static func stands(before end: Int, in text: ByteView) -> Bool {
    let limit = max(0, end - reach)
    var high = end
    var isBeing = false
    var behindArticle = false
    for place in 0..<wordMax {
      let before = high
      while high > limit, Words.isBlank(text[high - 1]) && text[high - 1] != 0x0A { high -= 1 }
      // "My friend, called Ada".
      if place == 0, high < before, high > limit, text[high - 1] == 0x2C { high -= 1 }
      var low = high
      while low > limit, Words.isPart(text[low - 1]) || text[low - 1] == 0x27 { low -= 1 }
      guard low < high else { return false }
      let hash = Words.hash(text[low..<high])
      let single = text[high - 1] | 0x20 == 0x73 ? Words.hash(text[low..<high - 1]) : hash
      if place == 0, beingSomebody.contains(hash) { return true }
      if isBeing, pronouns.contains(hash) { return true }
      if behindArticle, !prepositions.contains(hash) { return false }
      if people.contains(hash) || people.contains(single) { return true }
      if things.contains(hash) || things.contains(single) || articles.contains(hash) {
        return false
      }
      isBeing = place == 0 && being.contains(hash)
      behindArticle = owners.contains(hash)
      high = low
    }
    return false
  }

  private static let beingSomebody = WordSet("he's she's who's i'm im he’s she’s who’s i’m")
  private static let being = WordSet("is was am are were be been")
  private static let pronouns = WordSet("he she who i")
  private static let articles = WordSet("a an some any another i you we they he she it")
  private static let owners = WordSet("the my our your his her their this that")
  private static let prepositions = WordSet("in from at of on with by")

  private static let people = WordSet(
    """
    friend girl guy man woman boy lady gentleman dude bloke chap lad men women brother sister bro \
    sis ex boss manager colleague coworker worker neighbour neighbor date match someone somebody \
    person people coach therapist counsellor counselor psychologist psychiatrist doctor dentist \
    nurse teacher professor prof tutor trainer instructor mom mum mam mother dad father mommy \
    daddy aunt auntie uncle cousin nephew niece grandma grandmother grandpa grandfather gran \
    granny nan son daughter child children kid baby twin husband wife fiance fiancee fiancé \
    fiancée partner boyfriend girlfriend bf gf bff lover crush roommate flatmate housemate \
    stepdad stepmom stepbrother stepsister student classmate teammate mate buddy pal stranger \
    lawyer agent barber hairdresser waiter waitress bartender landlord landlady patient client \
    customer employee intern assistant lodger babysitter nanny chick fella bestie
    """)

  private static let things = WordSet(
    """
    place restaurant cafe café bar pub club bistro diner pizzeria bakery shop store market mall \
    hotel hostel inn resort game app site website service tool song album band track movie film \
    book novel series show podcast channel play cat dog kitten puppy pet horse pony bird parrot \
    rabbit hamster fish turtle snake cow company firm business startup brand product project \
    program programme course group town city village street \
    road island country region boat ship car dish drink wine beer cocktail meal recipe thing \
    something anything everything it language dance disease condition method technique event \
    festival party
    """)
}
