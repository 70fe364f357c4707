import Coach
import Glibc
import HTTPServer
import Logging
import RESPServer

/// The executable: reads the command line and the configuration, says what is wrong with them, and
/// runs the server with its modules until it is told to stop.
@main
enum Program {
  static func main() {
    let commandLine = ConfigurationCommandLine(Array(CommandLine.arguments.dropFirst()))
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

  /// The native modules that the server runs with.
  private static let modules: [any ServerModule] = [CoachModule(), HTTPModule()]

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
      var message = error.message(server: Version.text) + "\n"
      message.withUTF8 { bytes in _ = write(2, bytes.baseAddress, bytes.count) }
      return 1
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
