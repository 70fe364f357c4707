import Bytes
import SeededRandom
import Testing

@testable import RESPServer

/// What rules make of a user, and how it is shown.
@Suite struct ACLRuleTests {
  static let catalog = ACLCatalog(specs: CommandCatalog.commands.map { $0.spec })

  private func user(_ words: String...) throws -> ACLUserRules {
    var rules = ACLUserRules(catalog: Self.catalog, allowsAllChannels: false)
    try rules.apply(all: words.map { Array($0.utf8) }, allowsAllChannels: false)
    return rules
  }

  private func text(_ words: String...) throws -> String {
    var rules = ACLUserRules(catalog: Self.catalog, allowsAllChannels: false)
    try rules.apply(all: words.map { Array($0.utf8) }, allowsAllChannels: false)
    return String(decoding: rules.text, as: UTF8.self)
  }

  private func failure(_ words: String...) -> ACLRuleList.Failure? {
    var rules = ACLUserRules(catalog: Self.catalog, allowsAllChannels: false)
    let before = rules.text
    do throws(ACLRuleList.Failure) {
      try rules.apply(all: words.map { Array($0.utf8) }, allowsAllChannels: false)
      return nil
    } catch {
      #expect(rules.text == before)
      return error
    }
  }

  private func reason(_ words: String...) -> ACLRuleError? {
    var rules = ACLUserRules(catalog: Self.catalog, allowsAllChannels: false)
    do throws(ACLRuleList.Failure) {
      try rules.apply(all: words.map { Array($0.utf8) }, allowsAllChannels: false)
    } catch {
      if case .refused(_, let reason) = error { return reason }
    }
    return nil
  }

  @Test func newUserMayDoNothing() throws {
    #expect(try text() == "off resetchannels -@all")
    let initial = ACLUserRules.initialDefault(catalog: Self.catalog)
    #expect(String(decoding: initial.text, as: UTF8.self) == "on nopass ~* &* +@all")
    #expect(ACLPermissions.make(initial, Self.catalog) == nil)
  }

  @Test func rulesAreShownAsGiven() throws {
    #expect(try text("+@all", "-@set", "+get", "-get") == "off resetchannels +@all -@set -get")
    #expect(try text("+get", "+@read", "+get") == "off resetchannels -@all +@read +get")
    // A command's rule takes the place of its subcommands'.
    #expect(try text("+client|id", "+client") == "off resetchannels -@all +client")
    #expect(try text("+client", "-client|id") == "off resetchannels -@all +client -client|id")
    #expect(try text("+select|0", "+SELECT|1") == "off resetchannels -@all +select|0 +select|1")
    #expect(try text("+select|0", "+select") == "off resetchannels -@all +select")
    // What is so anyway is not said.
    #expect(try text("+@all", "+client|id", "+get") == "off resetchannels +@all")
    #expect(try text("-get", "-@all") == "off resetchannels -@all")
    #expect(try text("+get", "reset") == "off sanitize-payload resetchannels -@all")
  }

  @Test func patternsKeepTheirOrder() throws {
    #expect(
      try text("%R~a", "~b", "%W~a", "%rw~c", "%W~d", "&x", "&y", "&x")
        == "off ~a ~b ~c %W~d resetchannels &x &y -@all")
    #expect(try text("~a", "allkeys") == "off ~* resetchannels -@all")
    #expect(try text("~*", "resetkeys", "~a") == "off ~a resetchannels -@all")
    #expect(try text("allchannels") == "off &* -@all")
  }

  @Test func selectorsMayComeInPieces() throws {
    #expect(
      try text("(+get ~a)", "(", "+set", "~b", ")", "()")
        == "off resetchannels -@all (~a resetchannels -@all +get) "
        + "(~b resetchannels -@all +set) (resetchannels -@all)")
    #expect(try text("(+get)", "clearselectors") == "off resetchannels -@all")
    #expect(failure("(+get", "~a") == .unmatchedParenthesis(Array("(+get".utf8)))
    #expect(reason(")") == .syntax)
    #expect(reason("(on)") == .syntax)
    #expect(reason("(~* ~a)") == .keysAlreadyAll)
  }

  @Test func mistakesAreNamed() throws {
    #expect(reason("+nothing") == .unknownCommand)
    #expect(reason("-@nothing") == .unknownCommand)
    #expect(reason("+config|nothing") == .unknownCommand)
    #expect(reason("-select|0") == .unknownCommand)
    #expect(reason("+get|a|b") == .unknownCommand)
    #expect(reason("+config|get|x") == .firstArgumentOfSubcommand)
    #expect(reason("+select|") == .syntax)
    #expect(reason("~*", "~a") == .keysAlreadyAll)
    #expect(reason("&*", "&a") == .channelsAlreadyAll)
    for rule in ["%~", "%", "%X~a", "%RR~a", "~a b", "&a\0", "word", " on"] {
      #expect(reason(rule) == .syntax, "\(rule)")
    }
    #expect(reason("#00") == .badHash)
    #expect(reason("!" + String(repeating: "G", count: 64)) == .badHash)
    #expect(reason("<unknown") == .noSuchPassword)
    #expect(reason("") == nil)
  }

  @Test func passwordsAreKeptAsHashes() throws {
    var rules = try user("on", ">one", ">two", "<one")
    let accepts = { (password: String) in
      Array(password.utf8).withByteView { rules.accepts($0) }
    }
    #expect(!accepts("one"))
    #expect(accepts("two"))
    #expect(!accepts(""))
    #expect(!String(decoding: rules.text, as: UTF8.self).contains("two"))
    // What is shown makes the same user.
    let words = rules.text.split(separator: 0x20).map { Array($0) }
    var again = ACLUserRules(catalog: Self.catalog, allowsAllChannels: false)
    try again.apply(all: words, allowsAllChannels: false)
    #expect(again.text == rules.text)
    rules = try user("on", ">one", "nopass")
    #expect(accepts("anything"))
  }

  /// Whatever is shown makes the same user again.
  @Test func textMakesTheSameUser() throws {
    var generator = SeededGenerator(test: "textMakesTheSameUser")
    let words = [
      "on", "off", "nopass", ">p", "resetpass", "~a*", "%R~b", "%W~a*", "allkeys", "resetkeys",
      "&c", "allchannels", "resetchannels", "+get", "-get", "+client", "-client|id", "+client|id",
      "+@read", "-@string", "+@all", "-@all", "+select|1", "-select", "reset", "clearselectors",
      "(+set ~k)", "(+@all -set &x)", "sanitize-payload", "skip-sanitize-payload",
    ]
    for _ in 0..<300 {
      var rules = ACLUserRules(catalog: Self.catalog, allowsAllChannels: false)
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        guard let word = words.randomElement(using: &generator) else { continue }
        // Some do not go together; then nothing changes.
        try? rules.apply(all: [Array(word.utf8)], allowsAllChannels: false)
      }
      var again = ACLUserRules(catalog: Self.catalog, allowsAllChannels: false)
      try again.apply(
        all: rules.text.split(separator: 0x20).map { Array($0) }, allowsAllChannels: false)
      // Rules that say what is so anyway may be gone.
      #expect(again.root.commands.bits == rules.root.commands.bits)
      #expect(again.root.commands.firstArguments == rules.root.commands.firstArguments)
      #expect(again.root.keysText == rules.root.keysText)
      #expect(again.root.channelsText == rules.root.channelsText)
      #expect(again.selectors.map(\.text) == rules.selectors.map(\.text))
      #expect(again.passwords.elements.map(\.key) == rules.passwords.elements.map(\.key))
    }
  }

  /// A first argument that a category took away can be given again.
  @Test func firstArgumentsComeBack() throws {
    let rules = try user("+select|1", "+select|2", "-@connection", "+select|2", "+get", "+select|1")
    #expect(
      String(decoding: rules.root.commands.text, as: UTF8.self)
        == "-@all +select|2 +get +select|1")
    #expect(rules.root.commands.firstArguments.values.map(\.count) == [2])
  }

  /// Ten megabytes of rules take a moment, not minutes.
  @Test func longListsAreLinear() throws {
    var rules = ACLUserRules(catalog: Self.catalog, allowsAllChannels: false)
    let words = (0..<200_000).map { number -> [UInt8] in
      switch number % 5 {
      case 0: Array("~key:\(number)".utf8)
      case 1: Array("&channel:\(number)".utf8)
      case 2: Array("+select|\(number)".utf8)
      case 3: Array("#\(String(repeating: "0", count: 56))\(10_000_000 + number)".utf8)
      default: Array((number % 2 == 0 ? "+get" : "-get").utf8)
      }
    }
    try rules.apply(all: words, allowsAllChannels: false)
    #expect(rules.root.keys.count == 40_000)
    #expect(rules.passwords.count == 40_000)
    try rules.apply(
      all: (0..<40_000).map { Array("~key:\($0 * 5)".utf8) }, allowsAllChannels: false)
    #expect(rules.root.keys.count == 40_000)
  }

  @Test func fileIsReadAsAWhole() throws {
    var file = ACLFile(path: "users.acl", catalog: Self.catalog)
    file.read(
      Array(
        """
        user alice on nopass ~* +@all

        user bob (+get ~a) (+set
        user alice off
        nobody
        user eve +nothing

        """.utf8), allowsAllChannels: false)
    #expect(
      file.errors
        == "users.acl:3: Unmatched parenthesis in selector definition."
        + "WARNING: Duplicate user 'alice' found on line 4. "
        + "users.acl:5 should start with user keyword followed by the username. "
        + "users.acl:6: Error in applying operation '+nothing': Unknown command or category name "
        + "in ACL. ")
  }

  @Test func orderedMapKeepsOrder() {
    var generator = SeededGenerator(test: "orderedMapKeepsOrder")
    var map = ACLOrderedMap<Int>()
    var model: [(key: [UInt8], value: Int)] = []
    for step in 0..<3000 {
      let key = [UInt8.random(in: 0..<40, using: &generator)]
      if Bool.random(using: &generator) {
        map[key] = step
        if let place = model.firstIndex(where: { $0.key == key }) {
          model[place].value = step
        } else {
          model.append((key, step))
        }
      } else {
        map[key] = nil
        model.removeAll { $0.key == key }
      }
      #expect(map.count == model.count)
      #expect(map.elements.map(\.key) == model.map(\.key))
      #expect(map.elements.map(\.value) == model.map(\.value))
    }
  }
}
