import Bytes
import Caching
import Coach
import Glibc
import HTTPServer
import Logging
import RESPServer
import ReadThrough

/// The executable: reads the command line and the configuration, says what is wrong with them, and
/// runs the server with its modules until it is told to stop.
@main
enum Program {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "sql" { exit(printSQL(Array(arguments.dropFirst()))) }
    let commandLine = ConfigurationCommandLine(arguments)
    switch commandLine.action {
    case .printHelp: print(ConfigurationRegistry.usageText(), terminator: "")
    case .printVersion: print(Version.text)
    case .printPage(let name): exit(printPage(name))
    case .run: exit(run(commandLine))
    }
  }

  /// Prints a page of the documentation.
  ///
  /// - Returns: the exit status.
  private static func printPage(_ name: String) -> Int32 {
    switch name {
    case "commands": print(CommandsPage.markdown(modules: modules), terminator: "")
    case "parameters": print(registry().markdownPage(), terminator: "")
    default:
      print("There are two pages: commands, parameters.")
      return 1
    }
    return 0
  }

  /// Prints what makes the database tell of changes, for the key classes of a configuration.
  ///
  /// - Parameter arguments: the configuration, as for a start.
  /// - Returns: the exit status.
  private static func printSQL(_ arguments: [String]) -> Int32 {
    let registry = registry()
    var loader = ConfigurationLoader(registry: registry)
    do throws(ConfigurationLoadFailure) {
      try loader.load(ConfigurationCommandLine(arguments))
    } catch {
      return complain(error.message(server: Version.text))
    }
    let configuration = loader.configuration
    do {
      let script = try ReadThroughModule.triggerScript { registry.value($0, in: configuration) }
      print(script, terminator: "")
      return 0
    } catch {
      return complain("\(error)")
    }
  }

  private static func complain(_ message: String) -> Int32 {
    var message = message + "\n"
    message.withUTF8 { bytes in _ = write(2, bytes.baseAddress, bytes.count) }
    return 1
  }

  /// The native modules that the server runs with.
  private static let modules: [any ServerModule] = [
    CoachModule(), CachingModule(redact: { withoutPersonalData($0) }), HTTPModule(),
    ReadThroughModule(redact: { redacted($0) }),
  ]

  /// A text with placeholders for personal data; nil when there is none in it.
  private static func withoutPersonalData(_ text: ByteView) -> [UInt8]? {
    let clean = Redactor().redact(text)
    return clean.isUnchanged ? nil : clean.bytes
  }

  /// A text without personal data.
  private static func redacted(_ text: [UInt8]) -> [UInt8] {
    text.withByteView { Redactor().redact($0).bytes }
  }

  /// All parameters, the modules' included.
  private static func registry() -> ConfigurationRegistry {
    do throws(ConfigurationRegistry.RegistrationFailure) {
      return try ConfigurationRegistry(modules: modules)
    } catch {
      preconditionFailure("two modules have a parameter in common: \(error)")
    }
  }

  /// Serves until stopped.
  ///
  /// - Returns: the exit status.
  private static func run(_ commandLine: ConfigurationCommandLine) -> Int32 {
    let registry = registry()
    var loader = ConfigurationLoader(registry: registry)
    do throws(ConfigurationLoadFailure) {
      try loader.load(commandLine)
    } catch {
      return complain(error.message(server: Version.text))
    }
    let configuration = loader.configuration
    let threshold = LogThreshold(configuration.logVerbosity)
    let log = ServerLogHandler.logger(for: configuration, threshold: threshold)
    for name in registry.changedWithoutEffect(in: configuration) {
      log.info("This parameter is accepted but changes nothing", metadata: ["name": "\(name)"])
    }
    let launcher = ServerLauncher(
      registry: registry, configuration: configuration, modules: modules, log: log,
      logThreshold: threshold,
      executablePath: CommandLine.arguments.first ?? "wingcache")
    do throws(StartFailure) {
      try launcher.run()
      return 0
    } catch {
      log.critical("Cannot start", metadata: ["reason": "\(error)"])
      return 1
    }
  }
}
