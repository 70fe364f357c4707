internal import RESPServer

/// The module's parameters.
enum ReadThroughSettings {
  static let url = "postgres-url"
  static let classesFile = "cache-classes-file"
  static let connections = "postgres-connections"
  static let channel = "postgres-channel"
  static let installTriggers = "postgres-install-triggers"
  static let required = "postgres-required"
  static let statementTimeout = "postgres-statement-timeout"
  static let loadTimeout = "postgres-load-timeout"
  static let connectTimeout = "postgres-connect-timeout"
  static let heartbeat = "postgres-heartbeat"
  static let trust = "postgres-trust"
  static let queueMax = "postgres-queue-max"
  static let negativesMax = "postgres-negative-max"
  static let valueBytesMax = "postgres-value-bytes-max"
  static let pipelineMax = "postgres-pipeline"
  static let breakerFailures = "postgres-breaker-failures"
  static let breakerMilliseconds = "postgres-breaker-time"

  private static let millisecondsMax = 3_600_000

  static var parameters: [ConfigurationParameter] { basics + times + limits }

  private static var basics: [ConfigurationParameter] {
    [
      .module(
        url, .text, default: .text(""),
        "the database that key classes are loaded from: a URL or libpq's name=value list",
        [.immutable, .sensitive, .emptyMeansUnset], mask: { DatabaseURL.shown($0) }),
      .module(
        classesFile, .text, default: .text(""),
        "the file of key classes, see docs/postgres.md; empty: none",
        validation: { value in
          guard case .failure(let problem) = ClassLoading.table(at: value.text) else { return nil }
          return problem.description
        }),
      .module(
        connections, .integer(1...64), default: .integer(4),
        "connections that load; one more listens", .immutable),
      .module(
        channel, .text, default: .text("wingcache"),
        "the channel on which the database tells of changes", .immutable,
        validation: { value in
          ClassName.isName(value.text) ? nil : "argument must be letters, digits and underscores"
        }),
      .module(
        installTriggers, .boolean, default: .boolean(false),
        "whether triggers that tell of changes are put into the database where they are missing",
        .immutable),
      .module(
        required, .boolean, default: .boolean(false),
        "whether /readyz says that the server is not ready while the database is away"),
    ]
  }

  private static var times: [ConfigurationParameter] {
    let settings = LoadSettings()
    func time(_ name: String, _ value: Int64, _ summary: String) -> ConfigurationParameter {
      .module(name, .integer(1...millisecondsMax), default: .integer(Int(value)), summary)
    }
    return [
      time(
        loadTimeout, settings.deadlineMilliseconds,
        "milliseconds after which who waits for a value gets an error"),
      time(
        statementTimeout, settings.statementMilliseconds,
        "milliseconds that the database may spend on one query"),
      time(connectTimeout, settings.connectMilliseconds, "milliseconds that connecting may take"),
      time(
        heartbeat, settings.heartbeatMilliseconds,
        "milliseconds between messages by which the listening connection hears itself"),
      time(
        trust, settings.trustMilliseconds,
        "milliseconds for which values are trusted while changes are not heard of"),
      time(
        breakerMilliseconds, settings.breaker.openMilliseconds,
        "milliseconds for which the breaker stays open at first"),
    ]
  }

  private static var limits: [ConfigurationParameter] {
    let settings = LoadSettings()
    return [
      .module(
        breakerFailures, .integer(1...1000), default: .integer(settings.breaker.failuresMax),
        "queries without an answer, one after the other, that open the breaker"),
      .module(
        queueMax, .integer(1...1_000_000), default: .integer(settings.queueMax),
        "keys that may be loading at once"),
      .module(
        negativesMax, .integer(2...10_000_000), default: .integer(settings.negativesMax),
        "keys that are remembered to have no row"),
      .module(
        valueBytesMax, .memory(1...(256 << 20)), default: .integer(settings.valueBytesMax),
        "bytes of a value at most"),
      .module(
        pipelineMax, .integer(1...64), default: .integer(settings.pipelineMax),
        "queries that may be on their way on one connection"),
    ]
  }

  /// The settings as they are now.
  static func read(_ host: ModuleHost) -> LoadSettings {
    var settings = LoadSettings()
    func number(_ name: String, _ standard: Int) -> Int {
      host.setting(name)?.integer ?? standard
    }
    func time(_ name: String, _ standard: Int64) -> Int64 { Int64(number(name, Int(standard))) }
    settings.deadlineMilliseconds = time(loadTimeout, settings.deadlineMilliseconds)
    settings.statementMilliseconds = time(statementTimeout, settings.statementMilliseconds)
    settings.connectMilliseconds = time(connectTimeout, settings.connectMilliseconds)
    settings.heartbeatMilliseconds = time(heartbeat, settings.heartbeatMilliseconds)
    settings.trustMilliseconds = time(trust, settings.trustMilliseconds)
    settings.queueMax = number(queueMax, settings.queueMax)
    settings.negativesMax = number(negativesMax, settings.negativesMax)
    settings.valueBytesMax = number(valueBytesMax, settings.valueBytesMax)
    settings.pipelineMax = number(pipelineMax, settings.pipelineMax)
    settings.breaker.failuresMax = number(breakerFailures, settings.breaker.failuresMax)
    settings.breaker.openMilliseconds = time(
      breakerMilliseconds, settings.breaker.openMilliseconds)
    settings.breaker.openMillisecondsMax = max(
      settings.breaker.openMilliseconds, settings.breaker.openMillisecondsMax)
    return settings
  }
}
