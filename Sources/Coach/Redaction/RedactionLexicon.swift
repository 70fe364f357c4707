/// What single words tell the redactor.
struct WordRole: OptionSet, Sendable {
  let rawValue: UInt32

  /// A telephone number may follow ("call", "mobile") or, at the end of a line, stand before.
  static let phoneCue = WordRole(rawValue: 1 << 0)
  /// What follows is some other number ("order", "zip").
  static let otherNumberCue = WordRole(rawValue: 1 << 1)
  static let birthCue = WordRole(rawValue: 1 << 2)
  static let socialSecurityCue = WordRole(rawValue: 1 << 3)
  static let licenceCue = WordRole(rawValue: 1 << 4)
  /// In front of a name: "Mr", "Dr".
  static let title = WordRole(rawValue: 1 << 5)
  static let greeting = WordRole(rawValue: 1 << 6)
  /// Never a name, nor part of one.
  static let notName = WordRole(rawValue: 1 << 7)
  static let nameParticle = WordRole(rawValue: 1 << 8)
  static let firstName = WordRole(rawValue: 1 << 9)
  /// "Street" after a name, "rue" in front of one.
  static let streetEnd = WordRole(rawValue: 1 << 10)
  static let streetStart = WordRole(rawValue: 1 << 11)
  /// Part of a building: "Apt", "Suite".
  static let unit = WordRole(rawValue: 1 << 12)
  static let month = WordRole(rawValue: 1 << 13)
  /// Somebody does or is what follows: after a name ("here", "speaking").
  static let selfMention = WordRole(rawValue: 1 << 14)
  static let secretKey = WordRole(rawValue: 1 << 15)
  /// A name or a box may follow: "call", "I'm", "P.O.".
  static let introducer = WordRole(rawValue: 1 << 16)
  static let cardCue = WordRole(rawValue: 1 << 17)

  /// The roles that matter where a word stands by itself; the others are for words behind it.
  static let triggers: WordRole = [
    .phoneCue, .otherNumberCue, .birthCue, .socialSecurityCue, .licenceCue, .cardCue, .title,
    .greeting, .introducer, .streetStart, .month,
  ]

  /// Those of them that matter in a text without digits.
  static let nameTriggers: WordRole = [.title, .greeting, .introducer]
}

/// The redactor's words. Lists of our own making.
enum RedactionLexicon {
  /// The table of all lists.
  static let table = WordTable(
    [
      (WordRole.phoneCue.rawValue, phoneCues), (WordRole.otherNumberCue.rawValue, otherNumberCues),
      (
        WordRole.introducer.rawValue,
        "name names name's name’s call calls called named i'm im i’m i this po p"
      ),
      (WordRole.cardCue.rawValue, "card cc credit visa mastercard"),
      (WordRole.birthCue.rawValue, "born birth birthday birthdate dob bday bdate geboren"),
      (WordRole.socialSecurityCue.rawValue, "ssn social"),
      (WordRole.licenceCue.rawValue, "license licence driver's drivers driver dl"),
      (WordRole.title.rawValue, "mr mrs ms mx miss dr prof professor sir madam herr frau"),
      (WordRole.greeting.rawValue, "hi hello hey dear heya hiya yo thanks greetings"),
      (WordRole.notName.rawValue, notNames),
      (
        WordRole.nameParticle.rawValue,
        "van von de der den del della di da dos das la le el al bin ibn ben st ter ten af av zu"
      ),
      (WordRole.firstName.rawValue, firstNames),
      (WordRole.streetEnd.rawValue, streetEnds), (WordRole.streetStart.rawValue, streetStarts),
      (
        WordRole.unit.rawValue,
        "apt apartment suite ste unit flat floor fl room rm bldg building box lot"
      ),
      (
        WordRole.month.rawValue,
        """
        jan january feb february mar march apr april may jun june jul july aug august sep sept
        september oct october nov november dec december
        """
      ),
      (
        WordRole.secretKey.rawValue,
        """
        token access_token refresh_token id_token api_key apikey api-key key secret client_secret
        password passwd pass pwd auth authorization sig signature session sessionid session_id sid
        jwt code otp pin credential credentials
        """
      ),
    ], triggers: WordRole.triggers.rawValue)

  private static let phoneCues: StaticString = """
    phone phones telephone tel cell cellphone mobile mob fax call calling called ring dial text sms
    whatsapp signal telegram reach reached contact answering handy landline hotline voicemail
    pager office callback
    """

  private static let otherNumberCues: StaticString = """
    order orders invoice ticket case account acct ref reference tracking zip zipcode postcode postal
    score scores scored id serial version isbn sku item model part page pages price cost total
    amount usd eur dollars euros pounds population votes line error code room chapter flight
    policy claim member membership confirmation booking reservation batch lot game between
    """

  private static let streetEnds: StaticString = """
    street st str avenue ave av road rd lane ln drive dr boulevard blvd court ct way place pl square
    sq terrace ter highway hwy parkway pkwy close crescent cres circle cir trail trl alley row
    quay walk grove gardens mews plaza loop pike turnpike expressway freeway
    """

  private static let streetStarts: StaticString = """
    rue avenue boulevard via viale piazza calle avenida plaza rua travessa ulica ul al aleja
    strada chaussée allée impasse quai
    """

  /// Words that follow "I am", "this is" or begin sentences, and are no names.
  private static let notNames: StaticString = """
    a an the i me my mine you your yours he him his she her hers it its we us our they them their
    this that these those who whom whose what which when where why how and or but nor so if then
    than because as at by for from in into of off on onto out over to up with about after before
    again all also always am any are aren't back be been being both can can't cannot could did do
    does doing done don't down each even ever every few first get getting go goes going gone good
    got had has have haven't having here hey hi how's i'd i'll i'm i've isn't it's just kind last
    less let like little look looking lot made make many may maybe might more most much must near
    need never new no none not nothing now often okay ok old once one only other ours own please
    quite rather ready really right said same see seem seems shall should since some soon sorry
    still such sure tell thank thanks there there's thing things think tired too trying two unsure
    until used very want wanted wants was wasn't way well went were weren't will wish within
    without won't would yes yet you're yours afraid alone angry anxious ashamed aware bad beyond
    born bored busy calling confused crazy curious dating depressed done dying embarrassed excited
    fine free feeling female frustrated glad grateful guilty happy having heartbroken hoping
    hungry hurt in interested jealous late leaving lonely lost lucky male married mad nervous
    overwhelmed pregnant proud sad scared serious shy sick single straight gay stressed struggling
    stuck sure terrified thinking torn trapped unhappy upset waiting wondering worried worthless
    writing years year today tomorrow yesterday monday tuesday wednesday thursday friday saturday
    sunday january february march april june july august september october november december
    christmas english spanish french german italian american british european african asian
    christian muslim jewish hindu buddhist catholic god jesus bot coach claude hello dear name
    names currently actually honestly basically definitely probably totally completely extremely
    pretty super somewhat almost already under working living talking based located afraid asking
    wearing spelled spelt user customer client sir madam mom mum dad mother father brother sister
    wife husband girlfriend boyfriend friend partner son daughter guy girl man woman boy kid baby
    street road avenue city country phone email address date age number able unable against
    important hard easy fun great awesome amazing terrible awful nice cool weird normal crucial
    everything something anything nothing everyone someone anyone nobody ma'am folks everybody
    team all guys ladies gentlemen moving driving originally supposed getting allowed going
    """

  /// Common first names of many countries; those that are words too are left out.
  private static let firstNames: StaticString = """
    james john robert michael william david richard joseph thomas charles christopher daniel matthew
    anthony donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason
    jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin
    samuel
    gregory alexander patrick frank raymond dennis jerry tyler aaron jose adam nathan henry
    douglas zachary peter kyle walter ethan jeremy harold keith roger noah gerald carl
    terry sean arthur lawrence jesse dylan bryan joe billy bruce albert willie gabriel
    logan alan juan wayne roy ralph randy eugene vincent russell elijah louis bobby philip johnny
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra
    margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie dorothy
    rebecca sharon laura cynthia amy kathleen angela shirley brenda pamela emma anna nicole helen
    samantha katherine christine debra rachel carolyn janet maria catherine heather diane olivia
    julie joyce virginia ruth kelly lauren christina joan evelyn judith andrea hannah megan cheryl
    jacqueline martha madison teresa gloria sara janice ann kathryn abigail sophia frances jean
    alice judy isabella julia denise amber beverly danielle theresa marilyn diana natalie
    brittany kayla alexis lori marie priya raj rahul amit anjali aisha fatima ahmed mohammed
    muhammad ali omar hassan ibrahim yusuf khalid leila layla zainab mariam nadia samir tariq
    wei li ming hui jing yan chen mei lin hiroshi yuki kenji akira sakura haruto yui takashi naoko
    minjun jiwoo soo-jin hyun carlos luis jorge pedro miguel diego alejandro javier fernando sergio
    pablo manuel antonio francisco rafael andres camila valentina lucia sofia gabriela mariana
    carmen elena isabel paula ana beatriz joao tiago rui ines marta pierre jacques michel
    philippe alain claire sophie camille manon chloe lea antoine julien nicolas guillaume mathieu
    hans klaus jurgen wolfgang stefan thomas andreas matthias markus sabine monika petra ursula
    heike anke jonas lukas felix leon finn lena mia giovanni giuseppe marco luca matteo
    alessandro francesca giulia chiara paolo lorenzo davide ivan dmitri sergei alexei vladimir
    mikhail nikolai olga natasha tatiana svetlana irina ekaterina anastasia yuri boris piotr
    krzysztof andrzej tomasz marek pawel agnieszka magdalena katarzyna malgorzata ewa jan jakub
    lars erik anders bjorn sven ingrid astrid freja magnus mikkel oliver liam mason lucas aiden
    jayden carter owen wyatt julian levi isaac hudson ezra ava amelia charlotte harper ella
    scarlett aria zoe nora riley aubrey hailey eleanor stella zoey maya naomi leah jasmine tyrone
    jamal malik deshawn keisha latoya ebony tanisha kwame kofi ama chidi ngozi emeka tunde
    """
}
