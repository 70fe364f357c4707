import Glibc
import Platform
import Synchronization

/// Where the parts of collections are allocated, and where their bytes are counted.
///
/// Every shard has an account, guarded by its lock: a plain number that goes into the key space's
/// atomic counter only when it has grown to some kilobytes, so that an HSET costs no locked
/// instruction. The reclaimer, which holds no shard's lock, counts on a shared account directly.
/// What was allocated on one account may be released on another: only the sum matters.
///
/// Allocation does not fail: a structure half changed would be worse than none. When the system
/// refuses, a reserve that was put aside at the start is given up, which serves all but the largest
/// requests, and `isExhausted` makes the server refuse further writes until a new reserve can be
/// had. A request that even the reserve does not cover ends the process with a message, as
/// in Redis.
public struct ObjectMemory: @unchecked Sendable {
  // Sendable: see Engine.
  let account: UnsafeMutablePointer<Account>

  /// Bytes allocated and not yet in the total.
  struct Account {
    var pending = 0
    /// When the reclaimer has last offered the core, in ns.
    var offeredAt: UInt64 = 0
    let kind: AccountKind
    let total: UnsafeMutablePointer<Atomic<Int>>
    var scratch = Scratch()
  }

  /// Who uses an account.
  enum AccountKind {
    /// Who has a shard's lock.
    case shard
    /// Several threads at once: nothing may stay pending.
    case shared
    /// The reclaimer. It frees millions of parts without a pause, and where it shares a core with a
    /// loop, the system would let it run for some milliseconds before the loop answers again. So
    /// it offers the core every tenth of a millisecond.
    case background
  }

  init(total: UnsafeMutablePointer<Atomic<Int>>, _ kind: AccountKind) {
    account = .allocate(capacity: 1)
    account.initialize(to: Account(kind: kind, total: total))
  }

  /// An account of its own that lasts as long as the process, for collections outside a key space:
  /// in tools and fuzz targets.
  public static func standalone() -> ObjectMemory {
    let total = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
    total.initialize(to: Atomic(0))
    return ObjectMemory(total: total, .shard)
  }

  /// Bytes allocated and not released, of this account and those that share its total. For tests.
  public var bytesHeld: Int {
    settle()
    return account.pointee.total.pointee.load(ordering: .relaxed)
  }

  /// Ends the account.
  func close() {
    settle()
    account.pointee.scratch.release()
    account.deallocate()
  }

  /// What its bytes are counted in.
  var total: UnsafeMutablePointer<Atomic<Int>> { account.pointee.total }

  /// How far the total may lag behind, in bytes for each shard.
  static var pendingBytesMax: Int { 4096 }
  /// The same for the reclaimer, which looks at the clock then: a hundred small parts.
  static var pendingBytesMaxInBackground: Int { 4096 }
  /// How long the reclaimer works between two offers of the core. By time, not by parts: parts that
  /// lie scattered cost a cache miss each, ten times as much as those side by side, and so long a
  /// loop on the same core waits. An offer may cost the reclaimer a whole round of all that runs on
  /// the core, so offers must not be many.
  static var nanosecondsPerOffer: UInt64 { 100_000 }

  /// At least `bytes` bytes, aligned to 16.
  public func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    let pointer = malloc(bytes) ?? Self.allocateFromReserve(bytes)
    count(usableBytes(of: pointer))
    return pointer
  }

  /// Makes what `pointer` points to larger or smaller; it may move.
  public func reallocate(
    _ pointer: UnsafeMutableRawPointer, _ bytes: Int
  ) -> UnsafeMutableRawPointer {
    let old = usableBytes(of: pointer)
    let moved = realloc(pointer, bytes) ?? Self.reallocateFromReserve(pointer, bytes)
    count(usableBytes(of: moved) &- old)
    return moved
  }

  /// Gives memory back.
  public func release(_ pointer: UnsafeMutableRawPointer) {
    count(0 &- usableBytes(of: pointer))
    free(pointer)
  }

  /// Bytes there really are behind `pointer`.
  public func usableBytes(of pointer: UnsafeMutableRawPointer) -> Int {
    Platform.usableBytes(of: pointer)
  }

  func count(_ bytes: Int) {
    if account.pointee.kind != .shard { return countElsewhere(bytes) }
    account.pointee.pending &+= bytes
    if abs(account.pointee.pending) > Self.pendingBytesMax { settle() }
  }

  private func countElsewhere(_ bytes: Int) {
    if account.pointee.kind == .shared {
      account.pointee.total.pointee.wrappingAdd(bytes, ordering: .relaxed)
      return
    }
    account.pointee.pending &+= bytes
    if abs(account.pointee.pending) > Self.pendingBytesMaxInBackground {
      settle()
      offerCore()
    }
  }

  /// Lets others run, if the reclaimer has worked for a while.
  func offerCore() {
    guard Clock.monotonicNanoseconds &- account.pointee.offeredAt > Self.nanosecondsPerOffer
    else { return }
    Thread.yield()
    // After the offer: what others have used of the time is not this thread's work.
    account.pointee.offeredAt = Clock.monotonicNanoseconds
  }

  /// Puts what is pending into the total, unless nothing ever is.
  func settleOwn() {
    if account.pointee.kind != .shared { settle() }
  }

  /// Puts what is pending into the total.
  func settle() {
    account.pointee.total.pointee.wrappingAdd(account.pointee.pending, ordering: .relaxed)
    account.pointee.pending = 0
  }
}

// MARK: Reserve

extension ObjectMemory {
  /// Given up when the system refuses memory, in bytes.
  static var reserveBytes: Int { 8 << 20 }

  /// The reserve; 0 when it is given up, or was never put aside.
  private static let reserve = Atomic<UInt>(0)
  private static let wasRefused = Atomic<Bool>(false)

  /// Whether the system has refused memory lately, so that nothing should be added. Tries to put a
  /// new reserve aside, which ends the state.
  public static var isExhausted: Bool {
    guard wasRefused.load(ordering: .relaxed) else { return false }
    return !putReserveAside()
  }

  /// Puts the reserve aside.
  ///
  /// - Returns: whether there is one now.
  @discardableResult
  static func putReserveAside() -> Bool {
    if reserve.load(ordering: .relaxed) != 0 { return true }
    // Never written to, so it costs address space only; a limit on that is what malloc meets.
    guard let fresh = malloc(reserveBytes) else { return false }
    let (isMine, _) = reserve.compareExchange(
      expected: 0, desired: UInt(bitPattern: fresh), ordering: .relaxed)
    if !isMine { free(fresh) }
    wasRefused.store(false, ordering: .relaxed)
    return true
  }

  private static func giveReserveUp() {
    wasRefused.store(true, ordering: .relaxed)
    let address = reserve.exchange(0, ordering: .relaxed)
    if let pointer = UnsafeMutableRawPointer(bitPattern: address) { free(pointer) }
  }

  static func allocateFromReserve(_ bytes: Int) -> UnsafeMutableRawPointer {
    giveReserveUp()
    guard let pointer = malloc(bytes) else { end(bytes) }
    return pointer
  }

  static func reallocateFromReserve(
    _ pointer: UnsafeMutableRawPointer, _ bytes: Int
  ) -> UnsafeMutableRawPointer {
    giveReserveUp()
    guard let moved = realloc(pointer, bytes) else { end(bytes) }
    return moved
  }

  private static func end(_ bytes: Int) -> Never {
    fatalError("out of memory: the system refuses \(bytes) bytes, and the reserve is spent")
  }
}
