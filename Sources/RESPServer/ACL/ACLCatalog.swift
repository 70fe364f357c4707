internal import Bytes

/// The commands as ACL rules see them: names, subcommands, categories. Made once, from the specs;
/// a command's number is its place among them, as in the command table.
struct ACLCatalog: Sendable {
  /// Full names in lower case, such as "config|get".
  let names: [String]
  /// All categories without the "@", Redis's first, then those of modules.
  let categoryNames: [String]

  private let numbers: [String: Int]
  private let subcommandNumbers: [Int: [Int]]
  /// For each command a bit for each category it belongs to.
  private let categoryBits: [UInt64]

  /// Categories at most; a module's that would be more are left out.
  private static let categoryCountMax = 64

  init(specs: [CommandSpec]) {
    names = specs.map { $0.name.lowercased() }
    var numbers: [String: Int] = [:]
    for (number, name) in names.enumerated() { numbers[name] = number }
    var subcommandNumbers: [Int: [Int]] = [:]
    for (number, spec) in specs.enumerated() where spec.subcommandName != nil {
      guard let parent = numbers[spec.containerName.lowercased()] else { continue }
      subcommandNumbers[parent, default: []].append(number)
    }
    var categoryNames = ACLCategories.names.map(\.1)
    for name in specs.flatMap(\.ownCategories) {
      guard !categoryNames.contains(name), categoryNames.count < Self.categoryCountMax else {
        continue
      }
      categoryNames.append(name)
    }
    categoryBits = specs.map { spec in
      let all = spec.categoryNames
      var bits: UInt64 = 0
      for (bit, name) in categoryNames.enumerated() where all.contains(name) {
        bits |= 1 << UInt64(bit)
      }
      return bits
    }
    self.numbers = numbers
    self.subcommandNumbers = subcommandNumbers
    self.categoryNames = categoryNames
  }

  /// Number of commands, subcommands included.
  var commandCount: Int { names.count }

  /// The command called `name`, in lower case.
  func command(_ name: String) -> Int? { numbers[name] }

  /// The subcommands of a container, [] for any other command.
  func subcommands(of command: Int) -> [Int] { subcommandNumbers[command] ?? [] }

  /// The category called `name`, in lower case and without "@".
  func category(_ name: String) -> Int? { categoryNames.firstIndex(of: name) }

  /// The commands of a category, in the order of the catalog.
  ///
  /// - Complexity: O(commands)
  func commands(in category: Int) -> [Int] {
    names.indices.filter { categoryBits[$0] & 1 << UInt64(category) != 0 }
  }
}
