import Platform
import Synchronization

/// Frees in the background what takes long: large strings and whole tables.
///
/// A string of a megabyte costs the system calls that unmap it, a flushed table a cache miss per
/// entry; neither is to stop a loop. Whoever drops such a thing detaches it, which is quick, and
/// leaves the rest to one thread, which is started with the first job. It needs no shard's lock,
/// because nobody can reach what was detached; slots are freed one by one under the arena's lock.
///
///     queue → Job → Job → nil       under `lock`; the thread sleeps on `signal`
///
/// When the thread cannot be started, the job is done on the spot.
struct Reclaimer: ~Copyable {
  var queue: UnsafeMutablePointer<Job>?
  let lock = Lock(isShared: true)
  var thread: Thread?
  let signal = WakeWord()
  let isStopping = Atomic<Bool>(false)
  /// Objects (keys, large strings) that wait to be freed.
  let pending = Atomic<Int>(0)
  /// Objects that the thread has freed.
  let freed = Atomic<Int>(0)

  /// Strings from this size on are freed in the background.
  static var blobBytesMin: Int { 1 << 20 }
  /// Collections of this many allocations on: 10 µs and more.
  static var objectEffortMin: Int { 256 }
  /// Buckets of a table that are freed between two looks at the clock: 150 entries.
  static var bucketsPerLook: UInt32 { 16 }
  /// Bytes of collections freed after which the allocator is asked to give pages back: left to
  /// itself it does so only while somebody goes on allocating, so a deleted set of ten million
  /// members stayed resident for ever. Where it can, it does so bit by bit: giving back hundreds of
  /// megabytes at once stops everybody who needs a new page meanwhile.
  static var purgeBytes: Int { 64 << 20 }

  enum Work {
    case blob(Blob)
    /// A collection, whose bytes were counted as free already.
    case object(UnsafeMutablePointer<ObjectHeader>, bytes: Int)
    case table(Table)
  }

  struct Job {
    var next: UnsafeMutablePointer<Job>?
    let work: Work
  }
}

extension Engine {
  /// Frees `work` in the background.
  func reclaim(_ work: Reclaimer.Work) {
    let reclaimer = control.pointee.reclaimer
    reclaimer.pointee.pending.wrappingAdd(objectCount(work), ordering: .relaxed)
    let job = UnsafeMutablePointer<Reclaimer.Job>.allocate(capacity: 1)
    reclaimer.pointee.lock.acquire()
    let hasThread = startReclaimer()
    if hasThread {
      job.initialize(to: Reclaimer.Job(next: reclaimer.pointee.queue, work: work))
      reclaimer.pointee.queue = job
    }
    reclaimer.pointee.lock.release()
    if hasThread {
      reclaimer.pointee.signal.wake()
    } else {
      job.deallocate()
      perform(work, control.pointee.sharedObjects)
    }
  }

  private func objectCount(_ work: Reclaimer.Work) -> Int {
    switch work {
    case .blob, .object: 1
    case .table(let table): table.count
    }
  }

  /// Whether the thread runs; starts it if need be. The reclaimer's lock is held.
  private func startReclaimer() -> Bool {
    let reclaimer = control.pointee.reclaimer
    if reclaimer.pointee.thread != nil { return true }
    let engine = self
    reclaimer.pointee.thread = try? Thread(name: "reclaimer") { engine.runReclaimer() }
    return reclaimer.pointee.thread != nil
  }

  private func runReclaimer() {
    let reclaimer = control.pointee.reclaimer
    let memory = ObjectMemory(total: control.pointee.sharedObjects.total, .background)
    defer { memory.close() }
    var freed = 0
    var isPurgedGradually: Bool?
    while true {
      let seen = reclaimer.pointee.signal.value
      reclaimer.pointee.lock.acquire()
      var next = reclaimer.pointee.queue
      reclaimer.pointee.queue = nil
      reclaimer.pointee.lock.release()
      if next == nil {
        if reclaimer.pointee.isStopping.load(ordering: .acquiring) { return }
        if freed >= Reclaimer.purgeBytes {
          isPurgedGradually = isPurgedGradually ?? Allocator.purgeGradually()
          if isPurgedGradually == false { Allocator.purge() }
          freed = 0
        }
        reclaimer.pointee.signal.sleep(while: seen)
      }
      while let job = next {
        next = job.pointee.next
        switch job.pointee.work {
        case .blob: perform(job.pointee.work, memory)
        case .object(_, let bytes):
          freed += bytes
          perform(job.pointee.work, memory)
        case .table:
          // What others allocate meanwhile blurs it; it only has to tell much from little.
          let before = memory.total.pointee.load(ordering: .relaxed)
          perform(job.pointee.work, memory)
          freed += max(0, before - memory.total.pointee.load(ordering: .relaxed))
        }
        job.deallocate()
      }
    }
  }

  /// Lets the thread finish its jobs and ends it. Nobody else gives it jobs meanwhile.
  func stopReclaimer() {
    let reclaimer = control.pointee.reclaimer
    guard let thread = reclaimer.pointee.thread else { return }
    reclaimer.pointee.isStopping.store(true, ordering: .releasing)
    reclaimer.pointee.signal.wake()
    thread.join()
    reclaimer.pointee.thread = nil
    reclaimer.pointee.isStopping.store(false, ordering: .releasing)
  }

  private func perform(_ work: Reclaimer.Work, _ objects: ObjectMemory) {
    switch work {
    case .blob(let blob):
      blob.release()
      countReclaimed(1)
    case .object(let header, let bytes):
      memory.pointee.blobBytes.pointee.wrappingAdd(bytes, ordering: .relaxed)
      ObjectReference(header: header, memory: objects).destroy()
      // Who sees that nothing is pending any more sees what is held now.
      objects.settleOwn()
      countReclaimed(1)
    case .table(var table):
      dropTable(&table, background: objects)
    }
  }

  /// Frees a table's entries, nodes, segments; nobody else can reach it.
  ///
  /// - Parameter background: the account of the reclaimer's thread, which offers the core while it
  ///   frees a large collection; the entries were counted as pending then.
  func dropTable(_ table: inout Table, background: ObjectMemory?) {
    for number in 0..<table.bucketCount {
      var freed = 0
      table.forEachHandle(inBucket: number, memory) { handle in
        destroyPayload(memory.pointee.entry(handle), background: background)
        memory.pointee.heap.free(handle)
        freed += 1
      }
      table.freeNodes(ofBucket: number, memory)
      if let background {
        background.settleOwn()
        countReclaimed(freed)
        if number % Reclaimer.bucketsPerLook == 0 { background.offerCore() }
      }
    }
    table.destroyStructure(memory)
  }

  private func countReclaimed(_ count: Int) {
    control.pointee.reclaimer.pointee.freed.wrappingAdd(count, ordering: .relaxed)
    control.pointee.reclaimer.pointee.pending.wrappingSubtract(count, ordering: .relaxed)
  }
}
