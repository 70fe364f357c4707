internal import CCurl
internal import Platform

/// Calls to Claude over HTTPS: many at a time on one thread of its own, over connections that are
/// kept, HTTP/2 where it is offered.
///
/// A call goes along a chain of models. What fails in passing is tried again after a wait, then the
/// next model is asked; see `RetryPolicy`. Nothing is repeated once somebody has been given a part
/// of the text. Equal calls in flight are made once: each asker has a deadline and can cancel, and
/// the call goes on as long as somebody listens. Beyond `concurrentMax` calls wait, beyond
/// `waitingMax` they are refused at once.
///
///     let client = try ClaudeClient(ClaudeSettings(key: key))
///     let call = try client.start(request, models: catalog.chain(of: .premium)) { event in
///       ...                                                     // on the client's thread
///     }
///     client.cancel(call)
///
/// Whatever the provider said it bills comes with the outcome, failed attempts included.
public final class ClaudeClient: Sendable {
  private let mailbox: ClaudeMailbox
  private let settings: ClaudeSettings
  private let thread: Thread
  private let hasStopped = Guarded(false)

  /// Loads libcurl and starts the thread.
  ///
  /// - Parameter health: which models can be asked.
  /// - Throws: `Mistake` when libcurl is not there or the system has no thread.
  public init(
    _ settings: ClaudeSettings, health: any ModelHealth = NoHealthKnown()
  ) throws(ClaudeSettings.Mistake) {
    if let problem = cc_load() { throw ClaudeSettings.Mistake(String(cString: problem)) }
    guard let multi = cc_multi_create(settings.concurrentMax) else {
      throw ClaudeSettings.Mistake("libcurl has no memory")
    }
    let address = ClaudeMailbox.Address(pointer: multi)
    let mailbox = ClaudeMailbox(
      multi: address, openMax: max(1, settings.concurrentMax) + max(0, settings.waitingMax))
    self.mailbox = mailbox
    self.settings = settings
    do throws(Errno) {
      thread = try Thread(name: "claude") {
        ClaudeEngine(settings, mailbox, health, multi: address.pointer).run()
        mailbox.close()
        cc_multi_destroy(address.pointer)
      }
    } catch {
      cc_multi_destroy(multi)
      throw ClaudeSettings.Mistake("no thread for calls: \(error)")
    }
  }

  deinit { stop() }

  /// A call that was asked for.
  public struct Call: Hashable, Sendable {
    let id: UInt64
  }

  /// Asks.
  ///
  /// - Parameters:
  ///   - models: who is asked, one after the other; up to eight.
  ///   - deadlineMilliseconds: how long to wait in all; nil for the settings'.
  ///   - wantsText: whether text is wanted while it comes. Then a call that fails half-way is not
  ///     repeated.
  ///   - handler: called on the client's thread, with `.finished` once and last. It has to be quick
  ///     and may not call `stop`.
  /// - Throws: `.invalid`, `.busy` or `.stopped`, at once; the handler is then never called.
  public func start(
    _ request: ClaudeRequest, models: [Model], deadlineMilliseconds: Int64? = nil,
    wantsText: Bool = true, handler: @escaping @Sendable (ClaudeEvent) -> Void
  ) throws(ClaudeFailure) -> Call {
    if let mistake = request.mistake { throw ClaudeFailure(.invalid, mistake) }
    guard !models.isEmpty else { throw ClaudeFailure(.noModel, "no model is given") }
    let started = settings.clock.now()
    let limit = min(max(deadlineMilliseconds ?? settings.deadlineMilliseconds, 1), 86_400_000)
    let id = try mailbox.start { id in
      ClaudeMailbox.Asking(
        id: id, request: request, models: models, wantsText: wantsText, started: started,
        deadline: started + UInt64(limit) * 1_000_000, handler: handler)
    }
    return Call(id: id)
  }

  /// Stops waiting: the handler is told `.cancelled`, unless it has been told the end already.
  public func cancel(_ call: Call) { mailbox.cancel(call.id) }

  /// Looks at the clock again, for clocks that are set.
  public func nudge() { mailbox.wake() }

  /// Ends all calls with `.stopped`; returns when the thread has ended.
  public func stop() {
    let isFirst = hasStopped.withLock { hasStopped in
      defer { hasStopped = true }
      return !hasStopped
    }
    guard isFirst else { return }
    mailbox.stop()
    thread.join()
  }

  /// What it has done so far.
  public var statistics: ClaudeStatistics { mailbox.statistics }
}
