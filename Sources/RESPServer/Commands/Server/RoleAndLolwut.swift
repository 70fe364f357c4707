internal import Bytes
internal import CacheCore
internal import RESP

/// ROLE: what part the server plays in replication.
enum RoleCommand: Command {
  static let spec = CommandSpec(
    "ROLE", since: "2.8.12", group: .server, arity: 1,
    flags: [.noScript, .loading, .stale, .fast],
    categories: [.admin, .dangerous],
    summary: "Tells the part the server plays in replication: a primary, its offset and replicas.",
    complexity: "O(1)",
    example: """
      > ROLE
      1) "master"
      2) (integer) 0
      3) (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.array(3)
    context.reply.bulk("master")
    context.reply.integer(0)
    context.reply.array(0)
  }
}

/// LOLWUT: a drawing, and the version.
enum LolwutCommand: Command {
  static let spec = CommandSpec(
    "LOLWUT", since: "5.0.0", group: .server, arity: -1,
    flags: [.readonly, .fast],
    summary: "Draws a flock of birds and tells the version.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("version", .integer, token: "VERSION", optional: true)
    ])

  private static let width = 40
  private static let height = 9

  static func run(_ context: inout CommandContext) throws(CommandError) {
    // LOLWUT VERSION n chooses among Redis's drawings; there is only this one here.
    if context.count >= 3, context.argument(at: 1, is: "VERSION") {
      _ = try context.integer(at: 2)
    }
    var canvas = [[Character]](
      repeating: [Character](repeating: " ", count: width), count: height)
    var generator = SystemRandomNumberGenerator()
    // Each bird is three characters wide; wings up, level or down, as gliding birds have them.
    for _ in 0..<14 {
      let row = Int(generator.next(upperBound: UInt64(height)))
      let column = Int(generator.next(upperBound: UInt64(width - 3)))
      let bird = ["\\v/", "-v-", "/^\\", "~v~"][Int(generator.next(upperBound: UInt64(4)))]
      for (offset, part) in bird.enumerated() { canvas[row][column + offset] = part }
    }
    var text = ""
    for row in canvas { text += String(row) + "\n" }
    text += "\nWingcache ver. \(Version.number), speaks Redis ver. \(Version.redis)\n"
    context.reply.verbatim(text)
  }
}
