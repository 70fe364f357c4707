internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// Makes a conversation's context, and compacts it where that is due: COACH.CONTEXT and
/// COACH.COMPRESS.
///
///     start → recount? → decide ─────────────────────────────────────→ render
///                          ↑ └ gather → (ask Claude →) summarise → store ┘
///
/// Each arrow may be another turn of the loop, and summarising happens off it. Others may change
/// the conversation meanwhile, so what was read is checked before anything is stored: whoever has
/// compacted it first wins, and a conversation that was erased stays erased.
final class ContextJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  enum Stage {
    case start, recount, decide, gather
    /// VIA CLAUDE: parts are made, money is put aside, the provider is waited for.
    case prepare, reserve, ask
    case summarise, store
  }

  /// What a summary is made from, and for: it is stored only if that is still so.
  struct Basis: Equatable {
    let version: Int
    let through: StreamID
    let firstID: StreamID
    let removed: StreamID
  }

  /// A compaction under way.
  struct Plan {
    let basis: Basis
    /// The last message that the summary is to cover.
    let cut: StreamID
    let covered: Int
    let coveredTokens: Int
    /// Tokens of the summary's block.
    let limit: Int
    let reason: String
    /// Messages that would have been kept but for the budget.
    let squeezed: Int
    /// What would have been sent without it.
    let tokensBefore: Int
  }

  /// Times that others may come in between. Behind a quarter of them a conversation of usual length
  /// is summarised on the loop, so that nobody can: in some two milliseconds.
  static var attemptsMax: Int { 32 }
  static var urgentBytesMax: Int { 16 << 10 }

  /// Transcripts up to this length are summarised on the loop, in well under a millisecond.
  static var inlineBytesMax: Int { Redactor.forWriting.inlineBytesMax(3 << 10) }

  let request: ContextRequest
  let settings: MemorySettings
  var stage = Stage.start
  var state = ConversationState()
  var attempts = 0
  var plan: Plan?
  /// The compaction that this call has made.
  var donePlan: Plan?
  var reason = ""
  /// Tokens by which the text form was longer than its messages.
  var excess = 0
  var reply = ContextReply()

  private var recount: Recount?
  private var redacts = true
  private var gatherer: MessageGatherer?
  private var made = SummaryMaker.Made()
  private var hasBegun = false
  /// The provider, asked once at most, and why it was of no use.
  private(set) var claude: ClaudeSummary?
  private(set) var fallback: String?
  private(set) var isByClaude = false
  /// The attempt for which it was asked.
  private var askedAttempt = 0

  init(_ request: ContextRequest, _ settings: MemorySettings) {
    self.request = request
    self.settings = settings
  }

  var counter: TokenCounter { settings.counter }
  var separator: Int { settings.counter.messageFrameTokens }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    guard let stream = try context.streamForWriting(context[key: 0]) else {
      _ = try context.hashForWriting(context[key: 1])
      if hasBegun { throw .fixed("ERR the conversation was erased meanwhile") }
      reply = ContextReply.empty(self)
      return .done
    }
    hasBegun = true
    while true {
      switch stage {
      case .start:
        try readState(context)
        recount = state.fits(stream) ? nil : Recount(through: state.through, counter)
        stage = recount == nil ? .decide : .recount
      case .recount:
        guard try finishRecount(stream, context) else { return .again }
      case .decide:
        if try decide(stream, context) {
          stage = .gather
        } else if try render(stream, context) {
          return .done
        }
      case .gather:
        redacts = context.redactsConversation
        guard gather(stream) else { return .again }
        if beginsAsking(context) { return .work }
        stage = .summarise
        let bytes = gatherer?.bytes ?? 0
        let isUrgent = attempts > Self.attemptsMax / 4 && bytes <= Self.urgentBytesMax
        if bytes > Self.inlineBytesMax, !isUrgent { return .work }
        work()
      case .reserve:
        stage = claude?.reserve(context) == true ? .ask : .summarise
        return .work
      case .prepare, .ask, .summarise: return .work
      case .store:
        try store(stream, context)
      }
    }
  }

  func work() {
    guard let plan, let gatherer else { return }
    if stage == .prepare {
      claude?.prepare(gatherer.transcript()) { _ in
        plan.limit - counter.contentTokens(ByteView(SummaryMaker.heading))
      }
      stage = .reserve
      return
    }
    stage = .store
    isByClaude = false
    if let claude, attempts == askedAttempt {
      if let text = claude.text {
        made = SummaryMaker.take(text, limit: plan.limit, redacts: redacts, counter)
        isByClaude = made.tokens > 0
        fallback = isByClaude ? nil : "the answer is too long"
      } else {
        fallback = claude.why
      }
    } else if claude != nil {
      fallback = "the conversation was compacted by somebody else meanwhile"
    }
    if !isByClaude {
      made = SummaryMaker.make(
        gatherer.transcript(), limit: plan.limit, redacts: redacts, counter)
    }
    self.gatherer = nil
  }

  func wait(_ done: @escaping @Sendable () -> Void) -> Bool {
    guard stage == .ask, let claude else { return false }
    stage = .summarise
    claude.ask(done)
    return true
  }

  func cancel() { claude?.cancel() }

  var workBytes: Int { Redactor.forWriting.workBytes(gatherer?.bytes ?? 0) }

  func write(_ reply: inout ReplyWriter) { self.reply.write(&reply) }

  // MARK: Steps

  /// Whether the provider is asked for the summary that is planned: the first one, if it can be.
  private func beginsAsking(_ context: borrowing CommandContext) -> Bool {
    guard request.asksClaude, claude == nil, fallback == nil, let plan,
      plan.limit >= SummaryMaker.tokensMin
    else { return false }
    let owner = try? context.hashForWriting(context[key: 1])?.value(of: ByteView("user"))
    let user = owner?.withText { String(validating: $0.buffer, as: UTF8.self) } ?? nil
    claude = ClaudeSummary(context, user: user ?? "", redacts: redacts, counter)
    if claude == nil { fallback = ClaudeSummary.missing(context) }
    stage = claude == nil ? stage : .prepare
    askedAttempt = attempts
    return claude != nil
  }

  /// Counts an attempt.
  ///
  /// - Throws: when there were too many.
  func again() throws(CommandError) {
    attempts += 1
    guard attempts <= Self.attemptsMax else {
      throw .fixed("TRYAGAIN the conversation changes too fast, or the budget is too small for it")
    }
  }

  /// Begins anew, because somebody came in between.
  func startAgain() throws(CommandError) {
    try again()
    stage = .start
    plan = nil
    gatherer = nil
  }

  /// A longer summary's count is taken from the state: counting it would hold the loop.
  private static var recountedBytesMax: Int { 64 << 10 }

  /// Reads the state. The summary is counted again: the hash is open to everybody, and a budget is
  /// kept whatever it says.
  private func readState(_ context: borrowing CommandContext) throws(CommandError) {
    state = ConversationState(try context.hashForWriting(context[key: 1]))
    guard !state.summary.isEmpty, state.summary.count <= Self.recountedBytesMax else { return }
    state.summaryTokens = SummaryMaker.block(state.summary).withByteView {
      counter.contentTokens($0)
    }
  }

  private func finishRecount(
    _ stream: StreamObject, _ context: borrowing CommandContext
  ) throws(CommandError) -> Bool {
    guard recount?.read(stream) == true, let counted = recount else { return false }
    // The state may have been made by somebody else meanwhile.
    try readState(context)
    guard counted.apply(to: &state, stream) else {
      try startAgain()
      return true
    }
    try context.changeState { writer in
      state.writeCounts(&writer)
      if !state.isStored, !counted.user.isEmpty { writer.set("user", counted.user) }
    }
    stage = .decide
    return true
  }

  /// What a summary of the present state would be based on.
  func basis(_ stream: StreamObject) -> Basis {
    Basis(
      version: state.version, through: state.through, firstID: stream.firstID,
      removed: stream.maxDeletedID)
  }

  private func gather(_ stream: StreamObject) -> Bool {
    guard let plan else { return true }
    if gatherer == nil {
      gatherer = MessageGatherer(through: plan.limit < SummaryMaker.tokensMin ? .zero : plan.cut)
    }
    return gatherer?.read(stream) ?? true
  }

  private func store(
    _ stream: StreamObject, _ context: borrowing CommandContext
  ) throws(CommandError) {
    guard let plan else { return try startAgain() }
    try readState(context)
    guard state.fits(stream), basis(stream) == plan.basis else { return try startAgain() }
    state.version += 1
    state.summary = made.text
    state.summaryTokens = made.tokens
    state.through = plan.cut
    state.covered = plan.covered
    state.coveredTokens = plan.coveredTokens
    state.budget = request.budget
    state.recent = request.recent
    state.removed = stream.maxDeletedID
    try context.changeState { state.writeSummary(&$0) }
    reason = plan.reason
    donePlan = plan
    self.plan = nil
    stage = .decide
  }
}
