internal import Bytes
internal import Logging
internal import Platform
public import RESPServer

/// The coaching module: COACH.* commands beside the cached data.
///
/// Commands have no object of their own, so what they share lives in `CoachState`, once in a
/// process: it is made when the module starts, before the first command, and stays until after the
/// last. It is read by all loops without a lock; what changes it runs with the gate closed.
public final class CoachModule: ServerModule {
  public let name = "coach"
  public let version = 1
  public let categories = ["coach"]

  /// Makes the module; it starts with the server.
  public init() {}

  public var commands: [any Command.Type] {
    [
      CoachCommand.self, CoachHelpCommand.self, Classify.self, Learn.self, Rules.self,
      RulesListCommand.self, RulesReloadCommand.self, RulesHelpCommand.self,
      CountTokens.self, Redact.self, Safety.self, Append.self, Context.self, Compress.self,
      Pin.self, Unpin.self, Pins.self, Summarize.self, SummarizeText.self,
      SummarizeConversation.self, SummarizeKey.self, SummarizeHelpCommand.self, Forget.self,
      ForgetConversation.self, ForgetUser.self, ForgetHelpCommand.self, Facts.self, Ask.self,
    ] + Self.routingCommands
  }

  private static let routingCommands: [any Command.Type] = [
    Route.self, Models.self, ModelsInfoCommand.self, ModelsReloadCommand.self,
    ModelsDisableCommand.self, ModelsEnableCommand.self, ModelsReportCommand.self,
    ModelsHelpCommand.self, Budget.self, BudgetSetCommand.self, BudgetDelCommand.self,
    BudgetGetCommand.self, BudgetReserveCommand.self, BudgetSettleCommand.self,
    BudgetReleaseCommand.self, BudgetHelpCommand.self, Spend.self, Stats.self,
  ]

  public var parameters: [ConfigurationParameter] {
    [
      .module(
        "coach-rules-file", .text, default: .text(""),
        "rules of the classifier's; empty: those built in"),
      .module(
        "coach-corrections-file", .text, default: .text("coach-corrections.log"),
        "where COACH.LEARN keeps its corrections; empty: only in memory", .immutable),
    ] + TokenCounting.parameters + MemorySettings.parameters + RoutingSettings.parameters
      + AskSettings.parameters + SafetySettings.parameters
  }

  /// A failure to start, in words.
  struct StartError: Error, CustomStringConvertible {
    var description: String
  }

  public func start(_ host: ModuleHost) throws {
    guard CoachState.classifier == nil else {
      throw StartError(description: "there is a coach in this process already")
    }
    CoachState.host = host
    CoachState.readMemorySettings { host.setting($0) }
    ConversationKeys.prefix.set(host.setting("coach-conversation-prefix")?.text ?? "")
    CoachState.readSafetySettings { host.setting($0) }
    // Making the rules takes some ten milliseconds, which the first message need not wait for.
    _ = SafetyRuleSet.shared
    var classifier = Classifier(model: ShippedWeights.model)
    let rulesPath = host.setting("coach-rules-file")?.text ?? ""
    switch CoachState.rules(at: rulesPath) {
    case .success(let text):
      do throws(RuleFile.Mistake) {
        classifier.replaceRules(with: try RuleFile.parse(text))
      } catch {
        throw StartError(
          description: "\(rulesPath), line \(error.line): \(error.reason)")
      }
    case .failure(let problem): throw StartError(description: problem.description)
    }
    let vocabulary = host.setting(TokenCounting.fileParameterName)?.text ?? ""
    if case .failure(let problem) = TokenCounting.load(vocabulary) {
      throw StartError(description: problem.message)
    }
    let corrections = host.setting("coach-corrections-file")?.text ?? ""
    if !corrections.isEmpty {
      let folder = host.setting("dir")?.text ?? "."
      let path = corrections.hasPrefix("/") ? corrections : folder + "/" + corrections
      let outcome = try CorrectionStore.load(path, into: &classifier)
      if outcome.applied + outcome.skipped > 0 {
        host.log.info(
          "Corrections of the classifier are loaded",
          metadata: ["applied": "\(outcome.applied)", "skipped": "\(outcome.skipped)"])
      }
      CoachState.corrections = CorrectionStore(path)
    }
    try RoutingState.start(host)
    if let shared = RoutingState.shared {
      try AskState.start(host, health: shared.breakers)
    }
    let memory = UnsafeMutablePointer<Classifier>.allocate(capacity: 1)
    memory.initialize(to: classifier)
    CoachState.classifier = memory
  }

  public func settingsChanged(_ host: ModuleHost) {
    CoachState.readMemorySettings { host.setting($0) }
    CoachState.readSafetySettings { host.setting($0) }
    RoutingState.readSettings(host)
  }

  public func stop() {
    AskState.stop()
    LongWorkPool.pool.finish()
    guard let classifier = CoachState.classifier else { return }
    CoachState.classifier = nil
    CoachState.corrections = nil
    CoachState.host = nil
    classifier.deinitialize(count: 1)
    classifier.deallocate()
    RoutingState.stop()
  }

  public func infoSections() -> [InfoSection] {
    guard let classifier = CoachState.classifier else { return [] }
    var fields: [(name: String, value: String)] = [
      ("coach_rules", "\(classifier.pointee.rules.rules.count)"),
      ("coach_corrections", "\(classifier.pointee.learnt.count)"),
      ("coach_longest_step_us", "\(LongWorkPool.longestStepMicroseconds)"),
      ("coach_longest_held_us", "\(LongWorkPool.longestHeldMicroseconds)"),
      ("coach_pending_work", "\(LongWorkPool.pool.pendingCount)"),
      ("coach_crises_flagged", "\(CrisisCounts.shared.withLock { $0.found })"),
      ("coach_crises_unwritten", "\(CrisisCounts.shared.withLock { $0.unwritten })"),
    ]
    if let host = CoachState.host {
      for (name, calls, failed) in host.calls(of: self) where calls + failed > 0 {
        fields.append(("coach_calls_\(name)", "calls=\(calls),failed=\(failed)"))
      }
    }
    fields += RoutingState.infoFields
    fields += AskState.infoFields
    return [InfoSection("coach", fields)]
  }
}

/// What the coach's commands share.
enum CoachState {
  // Written before the first command and after the last; what it points to is changed only with
  // the gate closed.
  nonisolated(unsafe) static var classifier: UnsafeMutablePointer<Classifier>?
  nonisolated(unsafe) static var corrections: CorrectionStore?
  nonisolated(unsafe) static var host: ModuleHost?

  /// The text of a file of rules.
  ///
  /// - Parameter path: empty for the rules that are built in.
  static func rules(at path: String) -> Result<String, CoachModule.StartError> {
    guard !path.isEmpty else { return .success(BuiltInRules.text) }
    do throws(FileError) {
      let bytes = try File.read(path, byteCountMax: RuleFile.bytesMax)
      return .success(String(decoding: bytes, as: UTF8.self))
    } catch {
      return .failure(CoachModule.StartError(description: "\(path): \(error.message)"))
    }
  }
}

extension CommandContext {
  /// The classifier, for reading; for changing it in commands that have the gate closed.
  @inline(__always)
  var classifier: UnsafeMutablePointer<Classifier> {
    // The module starts before the first command.
    CoachState.classifier.unsafelyUnwrapped
  }
}
