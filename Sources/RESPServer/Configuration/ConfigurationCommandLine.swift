internal import Bytes

/// What the command line asks for.
///
///     wingcache [/path/to.conf] [--name value ...] [-]
///
/// Options become lines that are read after the file, `--port 7777` as `port "7777"`, so whatever
/// a file can say the command line can say too. The rules are Redis 7's: a first argument without a
/// dash is the file; `-` as the first or last argument reads standard input; an argument that
/// starts with `--` is an option unless the option before it still waits for its first value.
public struct ConfigurationCommandLine: Equatable, Sendable {
  /// What to do.
  public enum Action: Equatable, Sendable {
    case run, printHelp, printVersion
    /// Prints a page of the documentation that is made from the program itself.
    case printPage(String)
  }

  /// What is to be done.
  public private(set) var action = Action.run

  /// The configuration file; nil for none.
  public private(set) var file: String?

  /// Whether `-` was given.
  public private(set) var readsStandardInput = false

  /// The options as lines of a configuration file.
  public private(set) var directives = ""

  /// Reads the arguments after the program's name.
  ///
  /// - Complexity: O(n)
  public init(_ arguments: [String]) {
    switch arguments.first {
    case "-v", "--version":
      action = .printVersion
      return
    case "-h", "--help":
      action = .printHelp
      return
    case "--print-page":
      action = .printPage(arguments.count == 2 ? arguments[1] : "")
      return
    default: break
    }
    var rest = arguments[...]
    if let first = rest.first, !first.hasPrefix("-") {
      file = first
      rest = rest.dropFirst()
    }
    readOptions(rest, in: arguments)
  }

  private mutating func readOptions(_ rest: ArraySlice<String>, in arguments: [String]) {
    var optionHasValue = true
    for index in rest.indices {
      let argument = arguments[index]
      let isLast = index == arguments.count - 1
      if argument == "-", index == 0 || isLast {
        readsStandardInput = true
      } else if optionHasValue, argument.hasPrefix("--") {
        if !directives.isEmpty { directives += "\n" }
        directives += argument.dropFirst(2) + " "
        // "--port 7777" in one argument is complete.
        let words = Array(argument.utf8).withByteView { ArgumentSplitter.split($0) }
        optionHasValue = words?.count != 1
        // "--save" before another option or at the end means no save points.
        let isFollowedByOption = !isLast && arguments[index + 1].hasPrefix("--")
        if !optionHasValue, argument.lowercased() == "--save", isLast || isFollowedByOption {
          directives += "\"\""
          optionHasValue = true
        }
      } else {
        directives += ConfigurationParameter.quoted(argument) + " "
        optionHasValue = true
      }
    }
  }
}
