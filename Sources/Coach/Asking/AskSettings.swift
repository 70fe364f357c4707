internal import Logging
internal import Platform
internal import RESPServer

/// Parameters of calls to the provider.
enum AskSettings {
  static let keyFile = "coach-api-key-file"
  static let url = "coach-api-url"
  static let certificates = "coach-api-certificates"
  static let concurrent = "coach-ask-concurrent"
  static let waiting = "coach-ask-waiting"
  static let seconds = "coach-ask-seconds"
  static let channel = "coach-ask-channel"
  static let cache = "coach-answer-cache"
  static let cacheSeconds = "coach-answer-cache-seconds"
  static let cacheBytes = "coach-answer-cache-bytes"
  static let staticQuestions = "coach-static-questions-file"

  /// All of them, with their defaults.
  static var parameters: [ConfigurationParameter] {
    [
      .module(
        keyFile, .text, default: .text(""),
        "a file with the key to the provider's API; empty: the environment's \(APIKey.variable)",
        .immutable),
      .module(
        url, .text, default: .text(ClaudeSettings.officialURL),
        "where the provider's API is; plain http:// for this machine only", .immutable),
      .module(
        certificates, .text, default: .text(""),
        "a file of certificates to trust there; empty: the system's", .immutable),
      .module(
        concurrent, .integer(1...1000), default: .integer(32),
        "calls to the provider that are made at once", .immutable),
      .module(
        waiting, .integer(0...100_000), default: .integer(256),
        "calls that may wait beside them; more are refused at once", .immutable),
      .module(
        seconds, .integer(1...3600), default: .integer(60),
        "how long COACH.ASK waits for an answer in all"),
      .module(
        channel, .text, default: .text("wingman:ask:"),
        "channels of COACH.ASK ... STREAM begin with this; the conversation's ID follows"),
      .module(
        cache, .boolean, default: .boolean(true),
        "whether answers to small talk and static questions are given again"),
      .module(
        cacheSeconds, .integer(1...2_592_000), default: .integer(3600),
        "how long such an answer is kept"),
      .module(
        cacheBytes, .memory(65_536...1 << 40), default: .integer(16 << 20),
        "what all of them may take"),
      .module(
        staticQuestions, .text, default: .text(""),
        "a file of questions, one a line, whose answers may be kept whatever their label; "
          + "empty: none",
        .immutable),
    ]
  }
}

/// The client that calls the provider, made when the module starts.
enum AskState {
  // Written before the first command and after the last.
  nonisolated(unsafe) static var client: ClaudeClient?
  /// Why there is none, in a sentence without a full stop.
  nonisolated(unsafe) static var missing = ""
  nonisolated(unsafe) static var staticQuestions = StaticQuestions()

  /// How answers are kept now.
  static func cacheSettings(_ context: borrowing CommandContext) -> AnswerCacheSettings {
    AnswerCacheSettings(
      isOn: context.setting(AskSettings.cache)?.boolean ?? false,
      seconds: Int64(context.setting(AskSettings.cacheSeconds)?.integer ?? 0),
      bytesMax: context.setting(AskSettings.cacheBytes)?.integer ?? 0)
  }

  /// Reads the questions whose answers may be kept.
  private static func readStaticQuestions(
    _ host: ModuleHost
  ) throws(CoachModule.StartError) {
    let path = host.setting(AskSettings.staticQuestions)?.text ?? ""
    guard !path.isEmpty else { return }
    do throws(FileError) {
      let bytes = try File.read(path, byteCountMax: StaticQuestions.fileBytesMax)
      staticQuestions = StaticQuestions(String(decoding: bytes, as: UTF8.self))
    } catch {
      throw CoachModule.StartError(description: "\(path): \(error.message)")
    }
  }

  /// Makes the client where there is a key.
  ///
  /// - Throws: for settings that cannot be used. Without a key, or without libcurl, everything but
  ///   the call itself works.
  static func start(
    _ host: ModuleHost, health: any ModelHealth
  ) throws(CoachModule.StartError) {
    AnswerCache.shared.removeAll()
    try readStaticQuestions(host)
    let file = host.setting(AskSettings.keyFile)?.text ?? ""
    do throws(ClaudeSettings.Mistake) {
      guard let key = file.isEmpty ? APIKey.ofEnvironment() : try APIKey.file(file) else {
        missing =
          "no key to the provider's API: set \(APIKey.variable), or \(AskSettings.keyFile), and "
          + "start again"
        return
      }
      let url = host.setting(AskSettings.url)?.text ?? ClaudeSettings.officialURL
      var settings = try ClaudeSettings(key: key, baseURL: url)
      let certificates = host.setting(AskSettings.certificates)?.text ?? ""
      settings.certificatesPath = certificates.isEmpty ? nil : certificates
      settings.concurrentMax = host.setting(AskSettings.concurrent)?.integer ?? 32
      settings.waitingMax = host.setting(AskSettings.waiting)?.integer ?? 256
      do throws(ClaudeSettings.Mistake) {
        client = try ClaudeClient(settings, health: health)
      } catch {
        missing = error.description
        host.log.warning("COACH.ASK cannot work", metadata: ["why": "\(error.description)"])
      }
    } catch {
      throw CoachModule.StartError(description: error.description)
    }
  }

  /// Ends all calls.
  static func stop() {
    client?.stop()
    client = nil
    missing = ""
    staticQuestions = StaticQuestions()
    AnswerCache.shared.removeAll()
  }

  /// Lines of INFO.
  static var infoFields: [(name: String, value: String)] {
    let cache = AnswerCache.shared.size
    let cached: [(name: String, value: String)] = [
      ("coach_answer_cache_entries", "\(cache.entries)"),
      ("coach_answer_cache_bytes", "\(cache.bytes)"),
      ("coach_static_questions", "\(staticQuestions.count)"),
    ]
    guard let statistics = client?.statistics else { return [("coach_api", "off")] + cached }
    let failures = statistics.failures.values.reduce(0, +)
    return [
      ("coach_api", "on"), ("coach_api_calls", "\(statistics.calls)"),
      ("coach_api_open", "\(statistics.open)"), ("coach_api_flying", "\(statistics.flying)"),
      ("coach_api_requests", "\(statistics.attempts)"),
      ("coach_api_retries", "\(statistics.retries)"),
      ("coach_api_fallbacks", "\(statistics.fallbacks)"),
      ("coach_api_shared", "\(statistics.shared)"), ("coach_api_refused", "\(statistics.refused)"),
      ("coach_api_connections", "\(statistics.connections)"),
      ("coach_api_answers", "\(statistics.answers)"), ("coach_api_failures", "\(failures)"),
      ("coach_api_cost", statistics.cost.text),
    ] + cached
  }
}
