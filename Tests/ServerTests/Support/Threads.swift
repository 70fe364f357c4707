import Foundation
import Synchronization

/// Blocking clients need threads of their own: as many as there are clients, whatever the cores.
enum Threads {
  /// Runs `body` on `count` threads at once and waits for all.
  ///
  /// - Returns: the errors thrown.
  static func run(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) -> [String] {
    let errors = Errors()
    let group = DispatchGroup()
    for index in 0..<count {
      group.enter()
      Thread.detachNewThread {
        do { try body(index) } catch { errors.add("thread \(index): \(error)") }
        group.leave()
      }
    }
    group.wait()
    return errors.all
  }

  private final class Errors: Sendable {
    private let list = Mutex<[String]>([])
    var all: [String] { list.withLock { $0 } }
    func add(_ text: String) { list.withLock { $0.append(text) } }
  }

  /// Where threads wait for each other.
  final class Barrier: Sendable {
    private let condition = NSCondition()
    private let count: Int
    private let state = Mutex<(waiting: Int, round: Int)>((0, 0))

    init(_ count: Int) { self.count = count }

    /// Waits until all have come.
    func wait() {
      condition.lock()
      defer { condition.unlock() }
      let round = state.withLock { state in
        state.waiting += 1
        if state.waiting == count { state = (0, state.round + 1) }
        return state.waiting == 0 ? state.round - 1 : state.round
      }
      condition.broadcast()
      while state.withLock({ $0.round }) == round { condition.wait() }
    }
  }

  /// How long tests that load a server do so: WINGCACHE_LOAD_SECONDS, or two seconds.
  static var loadSeconds: Double {
    ProcessInfo.processInfo.environment["WINGCACHE_LOAD_SECONDS"].flatMap { Double($0) } ?? 2
  }
}
