internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer

/// What comes before a call: the message is looked at, routed, stored and put into its context.
///
///     prepare ──→ accept ──→ context ──→ done
///     redact,     safety, label, route,   what is sent, compacted
///     count       reserve, append         where that is due
///
/// The message is stored before the provider is asked: whatever becomes of the call, it was said.
/// Asked again after a failure, the same message is not stored twice.
final class AskJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  private enum Stage {
    case prepare, accept, context
  }

  let user: String
  let settings: MemorySettings
  /// Tokens that the answer may have; nil: as configured.
  private let outputTokens: Int?
  let conversation: [UInt8]
  let cacheSettings: AnswerCacheSettings
  private let text: [UInt8]
  private var stage = Stage.prepare
  private var prepared: PreparedText?
  private let context: ContextJob

  // What came out.
  private(set) var label = MessageLabel.uncertain
  private(set) var redacts = true
  private(set) var safety = SafetyVerdict()
  private(set) var route: Router.Route?
  private(set) var models: [Model] = []
  private(set) var reservation: BudgetBook.Reservation?
  /// Why no call can be made; an answer that is kept is given all the same, since it costs nothing.
  private(set) var refusal: CommandError?
  private var refusedAs: CoachStatistics.Counter?
  private(set) var messageID = StreamID.zero
  private(set) var outputTokensMax = 0

  init(
    conversation: [UInt8], text: [UInt8], user: String, outputTokens: Int?,
    _ settings: MemorySettings, _ cacheSettings: AnswerCacheSettings = AnswerCacheSettings()
  ) {
    self.cacheSettings = cacheSettings
    self.conversation = conversation
    self.text = text
    self.user = user
    self.outputTokens = outputTokens
    self.settings = settings
    context = ContextJob(ContextRequest(settings), settings)
  }

  /// The message as it is stored.
  var preparedText: [UInt8]? { prepared?.text }

  /// What is sent, and the system prompt.
  var document: ContextDocument { context.reply.document }
  var system: [UInt8]? { context.reply.system }

  /// Personal data that was taken out of the message.
  var findings: Int { prepared?.findings ?? 0 }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    while true {
      switch stage {
      case .prepare:
        if prepared == nil {
          redacts = context.redactsConversation
          if text.count > AppendJob.inlineBytesMax { return .work }
          work()
        }
        stage = .accept
      case .accept:
        try accept(&context)
        stage = .context
      case .context:
        do throws(CommandError) {
          return try self.context.step(&context)
        } catch {
          release(context.routing.store.book, now: context.unixSeconds)
          throw error
        }
      }
    }
  }

  func work() {
    guard prepared != nil else {
      prepared = text.withByteView {
        PreparedText(.user, $0, redacts: redacts, settings.counter)
      }
      safety = text.withByteView { SafetyDetector.verdict(on: $0) }
      return
    }
    context.work()
  }

  /// The reply is the call's.
  func write(_ reply: inout ReplyWriter) {}

  /// Gives back what was put aside: no call was made.
  func release(_ book: BudgetBook, now: Int64) {
    if let reservation { _ = book.release(reservation.id, now: now) }
    reservation = nil
  }

  /// Counts that the message was refused.
  func countRefusal(_ statistics: CoachStatistics) {
    if let refusedAs { statistics.add(refusedAs) }
  }

  // MARK: Accepting

  private func accept(_ context: inout CommandContext) throws(CommandError) {
    guard let prepared else { return }
    _ = try context.newOwner(Array(user.utf8), of: context.conversationForWriting())
    let routed = try RoutedConversation(context, settings.counter)
    let shared = context.routing
    if safety.isCrisis {
      // First of all: whatever becomes of the call, staff know.
      shared.statistics.add(.crises)
      text.withByteView { text in
        conversation.withByteView {
          context.noteCrisis(
            safety, in: text, conversation: $0, user: Array(user.utf8), from: "ask")
        }
      }
    }
    var reader = MessageReader.ofThisThread
    label = prepared.text.withByteView { text in
      let turn = routed.assistantTurn
      return context.classifier.pointee.classify(text, after: turn, reader: &reader).label
    }
    let task = RoutingTask.message(safety.isHarmless ? label : .uncertain)
    let router = context.router
    let policy = router.pointee.policy
    outputTokensMax = min(outputTokens ?? policy.answerTokensMax, policy.answerTokensMax)
    var request = Router.Request(
      task,
      turn: prepared.text.withByteView {
        Route.sizes($0, routed, settings.counter, policy, context.unixTime)
      })
    request.isCrisis = safety.isCrisis
    request.currentTier = routed.tier
    request.currentModel = routed.model
    let route = try choose(request, &context)
    do throws(CommandError) {
      if refusal == nil { try Route.keep(route, isNew: routed.isNew, context) }
      try store(prepared, context)
    } catch {
      release(shared.store.book, now: context.unixSeconds)
      throw error
    }
    self.route = route
    models = route.chain.compactMap { router.pointee.catalog.resolve($0)?.model }
    if refusal == nil { shared.statistics.note(route, .message(label)) }
  }

  /// The route, its cost put aside. Where no model is up, or the budget allows none, and an answer
  /// may be kept: the route that would be found otherwise, so that the answer can be looked for.
  private func choose(
    _ request: Router.Request, _ context: inout CommandContext
  ) throws(CommandError) -> Router.Route {
    let shared = context.routing
    do throws(CommandError) {
      let route = try Route.choose(
        request, context.router.pointee, user: user, shared, context.unixSeconds
      ) { refusedAs = $0 }
      try reserve(route, &context)
      return route
    } catch {
      guard mayBeKept, let route = try? context.router.pointee.route(request) else {
        countRefusal(shared.statistics)
        throw error
      }
      refusal = error
      return route
    }
  }

  /// Puts the greatest cost aside.
  private func reserve(
    _ route: Router.Route, _ context: inout CommandContext
  ) throws(CommandError) {
    let seconds = context.setting(RoutingSettings.reservationSeconds)?.integer ?? 300
    do throws(BudgetBook.ReserveError) {
      reservation = try context.routing.store.book.reserve(
        route.choice.costMax, user: user, now: context.unixSeconds, seconds: Int64(seconds),
        isForced: safety.isCrisis)
    } catch {
      throw context.commandError(error, asked: route.choice.costMax, user: user)
    }
  }

  /// Stores the message, unless it is the last one already: then it is asked again.
  private func store(
    _ prepared: PreparedText, _ context: borrowing CommandContext
  ) throws(CommandError) {
    if let last = try context.streamForWriting(context[key: 0])?.lastEntry, last.kind == .user,
      last.textArray == (try context.numbered(prepared)).text
    {
      messageID = last.id
      return
    }
    messageID = try context.append(prepared, label: label.name, user: Array(user.utf8)).id
  }

  // MARK: The request

  /// What the provider is asked.
  var request: ClaudeRequest {
    let reply = context.reply
    let isCached = reply.breakpoint != nil
    var messages: [ClaudeRequest.Message] = []
    for block in reply.document.blocks {
      let role = block.isAssistant ? ClaudeRequest.Role.assistant : .user
      let piece = ClaudeRequest.Block(String(decoding: block.text, as: UTF8.self))
      if messages.last?.role == role {
        messages[messages.count - 1].blocks.append(piece)
      } else {
        messages.append(ClaudeRequest.Message(role, [piece]))
      }
    }
    // The answer to another question, asked meanwhile, may stand behind this one already.
    while messages.last?.role == .assistant { messages.removeLast() }
    if isCached, let last = messages.indices.last {
      messages[last].blocks[messages[last].blocks.count - 1].cache = .fiveMinutes
    }
    var request = ClaudeRequest(messages: messages, outputTokensMax: outputTokensMax)
    if let system = reply.system {
      request.system = [
        ClaudeRequest.Block(
          String(decoding: system, as: UTF8.self), cache: isCached ? .fiveMinutes : nil)
      ]
    }
    request.userID = opaqueUser
    return request
  }

  /// A name for who asks that tells nobody anything, and that no two users share. Who is not named
  /// is known by the conversation.
  private var opaqueUser: String {
    let name = user.isEmpty ? Array("c:".utf8) + conversation : Array("u:\(user)".utf8)
    let digest = name.withByteView { SHA256.hexadecimal(of: $0) }
    return String(decoding: digest.prefix(32), as: UTF8.self)
  }
}
