internal import Bytes
internal import Platform

/// Why the server cannot start with its configuration.
public struct ConfigurationLoadFailure: Error, Equatable, Sendable {
  /// The line's number in its file, from 1, and its text; nil when no line is to blame.
  public let line: Line?
  /// What is wrong.
  public let reason: String

  /// A line of a file: its number, from 1, and its text.
  public struct Line: Equatable, Sendable {
    /// Counted from 1, and without the line's end.
    public let number: Int
    public let text: String
  }

  /// What is printed to standard error, in Redis's form.
  ///
  /// - Parameter server: name and version, as "Wingcache 1.0.0".
  public func message(server: String) -> String {
    var message = "\n*** FATAL CONFIG FILE ERROR (\(server)) ***\n"
    if let line {
      message += "Reading the configuration file, at line \(line.number)\n>>> '\(line.text)'\n"
    }
    return message + reason + "\n"
  }
}

/// Reads `redis.conf` syntax: files, standard input and the command line, in this order, so that
/// the later ones win.
///
/// A line is a directive and its arguments, quoted as `ArgumentSplitter` reads them; `#` at its
/// start makes it a comment. `include` reads other files in its place, and a pattern that matches
/// none is no error.
public struct ConfigurationLoader {
  /// Files may include each other this deep; a file that includes itself ends here.
  static let includeDepthMax = 16

  /// A configuration file larger than this, in bytes, is refused.
  static let fileBytesMax = 16 << 20

  private let registry: ConfigurationRegistry

  /// What has been read so far.
  public private(set) var configuration: Configuration

  /// Starts with the registry's defaults.
  public init(registry: ConfigurationRegistry) {
    self.registry = registry
    self.configuration = registry.defaults
  }

  /// Reads everything that a command line asks for, and checks what can only be checked then.
  public mutating func load(
    _ commandLine: ConfigurationCommandLine
  ) throws(ConfigurationLoadFailure) {
    if let path = commandLine.file {
      try load(file: path)
      configuration.file = try? File.absolutePath(path)
    }
    if commandLine.readsStandardInput {
      let bytes: [UInt8]
      do throws(FileError) {
        bytes = try File.readStandardInput(byteCountMax: Self.fileBytesMax)
      } catch {
        throw cannotOpen(error)
      }
      try load(bytes: bytes)
    }
    try load(text: commandLine.directives)
    try finish()
  }

  /// Reads a file, or all files that match a pattern.
  public mutating func load(file path: String) throws(ConfigurationLoadFailure) {
    try load(file: path, depth: 0)
  }

  /// Reads directives.
  public mutating func load(text: String) throws(ConfigurationLoadFailure) {
    try load(bytes: Array(text.utf8))
  }

  /// Checks the whole: call it after the last directive.
  public mutating func finish() throws(ConfigurationLoadFailure) {
    guard !configuration.logFile.isEmpty else { return }
    do throws(FileError) {
      try File.checkAppendable(configuration.logFile)
    } catch {
      throw ConfigurationLoadFailure(
        line: nil, reason: "Can't open the log file: \(error.message)")
    }
  }

  private mutating func load(
    file path: String, depth: Int
  ) throws(ConfigurationLoadFailure) {
    let isPattern = path.utf8.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }
    for path in isPattern ? File.paths(matching: path) : [path] {
      let bytes: [UInt8]
      do throws(FileError) {
        bytes = try File.read(path, byteCountMax: Self.fileBytesMax)
      } catch {
        throw cannotOpen(error)
      }
      try load(bytes: bytes, depth: depth)
    }
  }

  private func cannotOpen(_ error: FileError) -> ConfigurationLoadFailure {
    ConfigurationLoadFailure(
      line: nil,
      reason: "Fatal error, can't open config file '\(error.path)': \(error.message)")
  }

  private mutating func load(
    bytes: [UInt8], depth: Int = 0
  ) throws(ConfigurationLoadFailure) {
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      let text = ConfigurationLine.trimmed(line)
      guard let first = text.first, first != 0x23 else { continue }
      do throws(Problem) {
        try take(text, depth: depth)
      } catch {
        switch error {
        case .here(let reason):
          throw ConfigurationLoadFailure(
            line: .init(number: number, text: String(decoding: text, as: UTF8.self)),
            reason: reason)
        case .inInclude(let failure):
          throw failure
        }
      }
    }
  }

  /// What is wrong with a line: itself, or a line in a file it includes.
  private enum Problem: Error {
    case here(String)
    case inInclude(ConfigurationLoadFailure)
  }

  /// Carries out one line.
  private mutating func take(_ line: [UInt8], depth: Int) throws(Problem) {
    guard let split = line.withByteView({ ArgumentSplitter.split($0) }) else {
      throw .here("Unbalanced quotes in configuration line")
    }
    guard !split.isEmpty else { return }
    var arguments: [String] = []
    for bytes in split {
      // Values are texts throughout: repairing one would change a password without a word.
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .here("argument must be valid UTF-8")
      }
      arguments.append(text)
    }
    let name = arguments.removeFirst().lowercased()
    if let entry = registry.entry(name) {
      try set(entry, arguments)
    } else if !ConfigurationParameter.ignoredDirectives.contains(name) || arguments.count != 1 {
      try takeDirective(name, arguments, depth: depth)
    }
  }

  private mutating func set(
    _ entry: ConfigurationRegistry.Entry, _ arguments: [String]
  ) throws(Problem) {
    var arguments = arguments
    let flags = registry.parameters[entry.index].flags
    if flags.contains(.multiArgument) {
      // One argument with blanks is several, so that a list can be passed as one shell word.
      if arguments.count == 1, !arguments[0].isEmpty {
        guard let split = Array(arguments[0].utf8).withByteView({ ArgumentSplitter.split($0) })
        else { throw .here("Unbalanced quotes in configuration line") }
        arguments = split.map { String(decoding: $0, as: UTF8.self) }
      }
    } else if arguments.count != 1 {
      throw .here("wrong number of arguments")
    }
    do throws(ConfigurationParameter.Refusal) {
      try registry.set(entry.index, to: arguments, in: &configuration, from: .file)
    } catch {
      throw .here(error.reason)
    }
  }

  /// Directives that are no parameters.
  private mutating func takeDirective(
    _ name: String, _ arguments: [String], depth: Int
  ) throws(Problem) {
    switch name {
    case "include" where arguments.count == 1:
      guard depth < Self.includeDepthMax else { throw .here("include is nested too deeply") }
      do throws(ConfigurationLoadFailure) {
        try load(file: arguments[0], depth: depth + 1)
      } catch {
        throw .inInclude(error)
      }
    case "rename-command" where arguments.count == 2:
      configuration.renamedCommands.append(
        RenamedCommand(name: arguments[0], newName: arguments[1]))
    case "user" where !arguments.isEmpty:
      if configuration.users.contains(where: { $0[0] == arguments[0] }) {
        throw .here(
          "Error in user declaration '\(arguments[0])': Duplicate user found. A user can only be "
            + "defined once in config files")
      }
      guard !Array(arguments[0].utf8).withByteView({ $0.hasBlanksOrNulls }) else {
        throw .here("Spaces not allowed in ACL usernames")
      }
      configuration.users.append(arguments)
    case "loadmodule" where !arguments.isEmpty:
      throw .here("loadmodule is not supported: modules are built in")
    case "sentinel" where !arguments.isEmpty:
      throw .here("sentinel directive while not in sentinel mode")
    default:
      throw .here("Bad directive or wrong number of arguments")
    }
  }
}

/// Lines of a configuration file, for reading and rewriting.
enum ConfigurationLine {
  /// `line` without blanks and line ends around it.
  static func trimmed(_ line: ArraySlice<UInt8>) -> [UInt8] {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
    var slice = line
    while let first = slice.first, isBlank(first) { slice.removeFirst() }
    while let last = slice.last, isBlank(last) { slice.removeLast() }
    return Array(slice)
  }
}
