internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer

/// COACH.ASK under way: the client is blocked, the loops go on.
///
///     steps of `AskJob` ──→ call ──text──→ channel
///                            └─finished──→ settle ──→ store the answer ──→ reply
///
/// Money is settled as soon as the call has ended, whoever still waits for it.
final class AskCall: Sendable {
  private struct State {
    var call: ClaudeClient.Call?
    var isCancelled = false
  }

  private let job: AskJob
  private let api: ClaudeClient
  private let task: LoopTask
  private let keys: [[UInt8]]
  private let shared: RoutingState.Shared
  private let deadlineMilliseconds: Int64
  /// Where text goes while it comes; nil: nowhere.
  private let channel: [UInt8]?
  private let state = Guarded(State())
  // Given up when the wait is over: the client holds this call in turn, for cancelling it.
  private let waiting = Guarded<BlockedClient?>(nil)

  init(
    _ job: AskJob, _ api: ClaudeClient, _ context: borrowing CommandContext, seconds: Int,
    channel: [UInt8]?
  ) {
    self.job = job
    self.api = api
    self.channel = channel
    task = context.task()
    keys = context.keyNames
    shared = context.routing
    deadlineMilliseconds = Int64(seconds) * 1000
  }

  /// Blocks the client, and goes on.
  func begin(_ step: LongStep, _ context: borrowing CommandContext) {
    let client = context.block(onCancel: { [self] in cancel() })
    waiting.withLock { $0 = client }
    go(on: step)
  }

  /// Who waits, to be told the end.
  private func takeWaiting() -> BlockedClient? {
    waiting.withLock { client in
      defer { client = nil }
      return client
    }
  }

  /// Nobody waits any more.
  private func cancel() {
    _ = takeWaiting()
    let call = state.withLock { state in
      state.isCancelled = true
      return state.call
    }
    if let call { api.cancel(call) }
  }

  private func go(on step: LongStep) {
    switch step {
    case .done: ask()
    case .again: takeStep()
    case .work:
      LongWorkPool.pool.submit { [self] in
        job.work()
        takeStep()
      }
    }
  }

  private func takeStep() {
    task.perform(locking: keys) { [self] context in
      do throws(CommandError) {
        go(on: try job.step(&context))
      } catch {
        fail(error)
      }
    }
  }

  private func ask() {
    guard !state.withLock({ $0.isCancelled }) else {
      return job.release(shared.store.book, now: Self.now)
    }
    if let answer = job.findAnswer() { return giveAgain(answer) }
    if let refusal = job.refusal {
      job.countRefusal(shared.statistics)
      return fail(refusal)
    }
    do throws(ClaudeFailure) {
      let call = try api.start(
        job.request, models: job.models, deadlineMilliseconds: deadlineMilliseconds,
        wantsText: channel != nil
      ) { [self] event in take(event) }
      let isCancelled = state.withLock { state in
        state.call = call
        return state.isCancelled
      }
      if isCancelled { api.cancel(call) }
    } catch {
      job.release(shared.store.book, now: Self.now)
      fail(Self.error(error))
    }
  }

  /// Answers without a call.
  private func giveAgain(_ answer: ClaudeAnswer) {
    job.release(shared.store.book, now: Self.now)
    shared.statistics.add(.cachedAnswers)
    if job.refusal != nil, let route = job.route {
      shared.statistics.note(route, .message(job.label))
    }
    let usage = answer.usage
    shared.statistics.add(
      .cachedTokens,
      Int64(
        usage.inputTokens + usage.cacheWriteTokens + usage.cacheWriteHourTokens
          + usage.cacheReadTokens + usage.outputTokens))
    if let model = job.models.first {
      shared.statistics.add(.answersSaved, model.cost(of: usage).picodollars)
    }
    publish("text", answer.text)
    var unbilled = answer
    unbilled.usage = Usage()
    store(unbilled, ClaudeOutcome(result: .success(unbilled)), isCached: true)
  }

  private static var now: Int64 { Clock.wallMicroseconds / 1_000_000 }

  private static func error(_ failure: ClaudeFailure) -> CommandError {
    .made("ASKFAILED \(failure.description)")
  }

  // MARK: On the client's thread

  private func take(_ event: ClaudeEvent) {
    switch event {
    case .text(let text): publish("text", text)
    case .finished(let outcome):
      settle(outcome)
      switch outcome.result {
      case .success(let answer): store(answer, outcome)
      case .failure(let failure): fail(Self.error(failure))
      }
    }
  }

  /// Books what the provider bills, to the last attempt.
  private func settle(_ outcome: ClaudeOutcome) {
    let book = shared.store.book
    var reservation = job.reservation
    for charge in outcome.charges {
      if let held = reservation {
        _ = book.settle(
          held.id, spent: charge.cost, model: charge.model, usage: charge.usage, now: Self.now)
        reservation = nil
      } else {
        book.book(
          charge.cost, user: job.user, model: charge.model, usage: charge.usage, now: Self.now)
      }
    }
    if reservation != nil { job.release(book, now: Self.now) }
    if outcome.isShared, case .success(let answer) = outcome.result,
      let model = job.models.first(where: { $0.name == answer.model })
    {
      shared.statistics.add(.joinedAnswers)
      shared.statistics.add(.answersSaved, model.cost(of: answer.usage).picodollars)
    }
    shared.store.save()
  }

  private func store(
    _ answer: ClaudeAnswer, _ outcome: ClaudeOutcome, isCached: Bool = false
  ) {
    let bytes = Array(answer.text.utf8)
    let isUsable =
      answer.stopReason != .refusal && !bytes.withByteView({ PreparedText.isBlank($0) })
    let prepared =
      isUsable
      ? bytes.withByteView {
        PreparedText(.assistant, $0, redacts: job.redacts, job.settings.counter)
      } : nil
    task.perform(locking: keys) { [self] context in
      do throws(CommandError) {
        let id = try keep(prepared, answer, outcome, context)
        // Of a conversation that was erased meanwhile nothing is kept.
        if !isCached, id != nil { job.keepAnswer(answer) }
        let reply = AskReply(
          job: job, answer: answer, outcome: outcome, id: id, isCached: isCached)
        publish("end", "")
        takeWaiting()?.complete { reply.write(&$0) }
      } catch {
        fail(error)
      }
    }
  }

  /// Stores the answer and what it has cost. A conversation that was erased meanwhile stays erased.
  private func keep(
    _ prepared: PreparedText?, _ answer: ClaudeAnswer, _ outcome: ClaudeOutcome,
    _ context: borrowing CommandContext
  ) throws(CommandError) -> StreamID? {
    guard let stream = try context.streamForWriting(context[key: 0]),
      stream.entry(job.messageID) != nil
    else { return nil }
    var id: StreamID?
    if let prepared {
      let text = try context.numbered(prepared).text
      if let last = stream.lastEntry, last.kind == .assistant, last.textArray == text {
        // The same was asked twice at once, and the other one was first.
        id = last.id
      } else {
        id = try context.append(prepared).id
      }
    }
    let spent = outcome.cost.picodollars
    let tier = job.route?.choices.first { $0.model.name == answer.model }?.tier ?? job.route?.tier
    let time = Int(context.unixTime)
    try context.changeState { writer in
      if let tier { writer.set(ConversationKeys.StateField.tier, Array(tier.rawValue.utf8)) }
      writer.set(ConversationKeys.StateField.model, Array(answer.model.utf8))
      writer.set(ConversationKeys.StateField.answeredAt, time)
      guard
        case .integer(let before) = writer.hash.integer(ConversationKeys.StateField.spent)
          ?? .integer(0)
      else { return }
      let (sum, isTooMuch) = Int(before).addingReportingOverflow(Int(spent))
      writer.set(ConversationKeys.StateField.spent, isTooMuch ? .max : sum)
    }
    return id
  }

  private func fail(_ error: CommandError) {
    publish("error", "")
    takeWaiting()?.fail(error)
  }

  /// Tells the channel: `{"type":"text","text":"..."}`, then `{"type":"end"}` or
  /// `{"type":"error"}`.
  private func publish(_ type: StaticString, _ text: String) {
    guard let channel else { return }
    var json = JSONText()
    json.raw("{\"type\":\"")
    json.raw(type)
    json.raw("\"")
    if !text.isEmpty {
      json.raw(",\"text\":")
      Array(text.utf8).withByteView { json.string($0) }
    }
    json.raw("}")
    let bytes = json.bytes
    task.perform { context in
      bytes.withByteView { message in
        channel.withByteView { channel in _ = context.publish(message, to: channel) }
      }
    }
  }
}

/// What COACH.ASK answers.
struct AskReply: Sendable {
  let job: AskJob
  let answer: ClaudeAnswer
  let outcome: ClaudeOutcome
  /// The stored answer's entry; nil where none was stored.
  let id: StreamID?
  /// Whether it was given before.
  let isCached: Bool

  func write(_ reply: inout ReplyWriter) {
    reply.map(15)
    reply.bulk("answer")
    reply.bulk(answer.text)
    reply.bulk("id")
    if let id { reply.bulk(id) } else { reply.null() }
    reply.bulk("label")
    reply.bulk(job.label.name)
    reply.bulk("tier")
    reply.bulk(job.route?.tier.rawValue ?? "")
    reply.bulk("model")
    reply.bulk(answer.model)
    reply.bulk("why")
    reply.bulk(job.route?.reason ?? "")
    reply.bulk("stop_reason")
    reply.bulk(answer.stopReason.word)
    reply.bulk("crisis")
    reply.boolean(job.safety.isCrisis)
    reply.bulk("redacted")
    reply.integer(job.findings)
    reply.bulk("usage")
    writeUsage(&reply)
    reply.bulk("cost")
    reply.bulk(outcome.cost.text)
    reply.bulk("attempts")
    reply.integer(outcome.attempts)
    reply.bulk("shared")
    reply.boolean(outcome.isShared)
    reply.bulk("cached")
    reply.boolean(isCached)
    reply.bulk("milliseconds")
    reply.integer(Int(outcome.microseconds / 1000))
  }

  private func writeUsage(_ reply: inout ReplyWriter) {
    let usage = answer.usage
    reply.map(5)
    for (name, count) in [
      ("input", usage.inputTokens), ("cache_write", usage.cacheWriteTokens),
      ("cache_write_hour", usage.cacheWriteHourTokens), ("cache_read", usage.cacheReadTokens),
      ("output", usage.outputTokens),
    ] {
      reply.bulk(name)
      reply.integer(count)
    }
  }
}
