internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer
internal import Synchronization

/// A command that may take long: it goes in steps on the loop, its keys locked, and in work off the
/// loop between them, the client blocked meanwhile.
///
///     step ──done──→ write the reply
///      ↑ │ again: another step, after other clients had their turn
///      │ └ work: off the loop, or waiting for somebody outside
///      └── work ends
///
/// Only one of `step`, `work` and `write` runs at any time, so what conforms needs no lock. Inside
/// MULTI and scripts, where nothing may wait, all happens at once, and what would hold the loop for
/// more than some two milliseconds is refused (`heldWorkMax`, `heldStepsMax`).
protocol LongWork: AnyObject, Sendable {
  /// Goes on as far as a loop may be held. Arguments and keys of the context are locked keys only:
  /// what was read from the arguments is kept by `init`.
  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep

  /// The database of the next step; nil: the client's.
  var database: DatabaseIndex? { get }

  /// How long `work` takes, in bytes that are summarised: 8 KB take a millisecond.
  var workBytes: Int { get }

  /// Does what needs no keys.
  func work()

  /// Begins to wait for somebody outside, if that is what comes next instead of `work`: no thread
  /// is kept waiting. `done` is called once, from any thread. Not asked where nothing may wait.
  ///
  /// - Returns: false, and `done` is never called, when `work` is what comes next.
  func wait(_ done: @escaping @Sendable () -> Void) -> Bool

  /// The client has gone, or was unblocked: whatever is waited for is not worth waiting for.
  func cancel()

  /// Writes the reply.
  func write(_ reply: inout ReplyWriter)
}

extension LongWork {
  var database: DatabaseIndex? { nil }
  var workBytes: Int { 0 }
  func wait(_ done: @escaping @Sendable () -> Void) -> Bool { false }
  func cancel() {}
}

/// What comes after a step.
enum LongStep {
  case done, again, work
}

/// The threads of long commands, and how long loops were held for them.
enum LongWorkPool {
  static let pool = WorkerPool(name: "coach", threadsMax: 2)

  /// Work, in bytes that are summarised, and steps that are done where nothing may wait.
  static var heldWorkMax: Int { 12 << 10 }
  static var heldStepsMax: Int { 6 }

  private static let longest = Atomic<UInt64>(0)
  private static let longestHeld = Atomic<UInt64>(0)

  /// CPU time of the longest command that did all of it at once because nothing may wait, in
  /// microseconds.
  static var longestHeldMicroseconds: UInt64 { longestHeld.load(ordering: .relaxed) / 1000 }

  /// Takes note of a command that held its loop from beginning to end.
  static func noteHeld(from start: UInt64) {
    longestHeld.max(Clock.threadNanoseconds &- start, ordering: .relaxed)
  }

  /// CPU time of the longest step of a command that may wait, in microseconds.
  static var longestStepMicroseconds: UInt64 { longest.load(ordering: .relaxed) / 1000 }

  /// Takes note of how long a step held its loop.
  static func note(from start: UInt64) {
    longest.max(Clock.threadNanoseconds &- start, ordering: .relaxed)
  }
}

extension CommandContext {
  /// Begins a long command, which answers when it is done.
  mutating func run(_ job: some LongWork) throws(CommandError) {
    let start = Clock.threadNanoseconds
    var step = try job.step(&self)
    if mayWait { LongWorkPool.note(from: start) }
    if case .done = step { return job.write(&reply) }
    guard mayWait else {
      defer { LongWorkPool.noteHeld(from: start) }
      var steps = 1
      while true {
        switch step {
        case .done: return job.write(&reply)
        case .work:
          guard job.workBytes <= LongWorkPool.heldWorkMax else { throw Self.tooLongToHold }
          job.work()
        case .again: steps += 1
        }
        guard steps <= LongWorkPool.heldStepsMax else { throw Self.tooLongToHold }
        step = try job.step(&self)
      }
    }
    let client = block(onCancel: { job.cancel() })
    let drive = Drive(job: job, client: client, task: task(), keys: keyNames)
    drive.go(on: step)
  }
}

extension CommandContext {
  private static var tooLongToHold: CommandError {
    .fixed("ERR this takes too long inside MULTI or a script: send it by itself")
  }
}

/// A long command under way.
private struct Drive: Sendable {
  let job: any LongWork
  let client: BlockedClient
  let task: LoopTask
  let keys: [[UInt8]]

  func go(on step: LongStep) {
    switch step {
    case .done: client.complete { [job] reply in job.write(&reply) }
    case .again: takeStep()
    case .work:
      if job.wait({ takeStep() }) { return }
      LongWorkPool.pool.submit {
        job.work()
        takeStep()
      }
    }
  }

  private func takeStep() {
    task.perform(locking: keys, in: job.database) { context in
      do throws(CommandError) {
        let start = Clock.threadNanoseconds
        let step = try job.step(&context)
        LongWorkPool.note(from: start)
        go(on: step)
      } catch {
        client.fail(error)
      }
    }
  }
}

extension BlockedClient {
  /// Ends the wait with an error.
  func fail(_ error: CommandError) {
    complete { reply in
      switch error {
      case .fixed(let text): reply.error(text)
      case .made(let text): reply.error(text)
      }
    }
  }
}
