internal import CPlatform
internal import Glibc

/// The kernel's list of descriptors that are ready, level-triggered.
///
/// Each registration carries 64 bits of the caller's choice, which come back with the event.
public struct Epoll: ~Copyable {
  /// What to wait for, and what has come.
  public struct Events: OptionSet, Sendable {
    public let rawValue: UInt32

    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let read = Events(rawValue: 0x001)
    public static let write = Events(rawValue: 0x004)
    public static let error = Events(rawValue: 0x008)
    public static let hangUp = Events(rawValue: 0x010)
    /// The peer has closed its sending side.
    public static let readHangUp = Events(rawValue: 0x2000)
  }

  // EPOLL_CTL_ADD, _DEL and _MOD of sys/epoll.h.
  private static let addOperation: Int32 = 1
  private static let removeOperation: Int32 = 2
  private static let modifyOperation: Int32 = 3

  private let fd: FileDescriptor
  private let ready: UnsafeMutablePointer<cp_event>
  private let capacity: Int

  /// Makes a list that hands out at most `capacity` events a call.
  public init(capacity: Int) throws(Errno) {
    let fd = cp_epoll_create()
    guard fd >= 0 else { throw .current }
    self.fd = FileDescriptor(fd)
    self.capacity = capacity
    ready = .allocate(capacity: capacity)
  }

  deinit {
    fd.close()
    ready.deallocate()
  }

  /// Starts to watch a descriptor.
  public func add(_ fd: FileDescriptor, events: Events, data: UInt64) throws(Errno) {
    try control(Epoll.addOperation, fd, events, data)
  }

  /// Changes what a descriptor is watched for.
  public func modify(_ fd: FileDescriptor, events: Events, data: UInt64) throws(Errno) {
    try control(Epoll.modifyOperation, fd, events, data)
  }

  /// Stops watching a descriptor. It must still be open.
  public func remove(_ fd: FileDescriptor) throws(Errno) {
    try control(Epoll.removeOperation, fd, [], 0)
  }

  private func control(
    _ operation: Int32, _ fd: FileDescriptor, _ events: Events, _ data: UInt64
  ) throws(Errno) {
    guard cp_epoll_control(self.fd.rawValue, operation, fd.rawValue, events.rawValue, data) == 0
    else { throw .current }
  }

  /// Waits until something is ready or the time is up.
  ///
  /// - Parameter timeout: microseconds; 0 does not wait, a negative number waits for ever.
  /// - Returns: the number of events, to be read by `event(at:)`. A signal counts as none.
  public func wait(timeout: Int64) -> Int {
    let count = cp_epoll_wait(fd.rawValue, ready, Int32(capacity), timeout)
    if count >= 0 { return Int(count) }
    // Anything but EINTR means that our own descriptor is bad.
    precondition(Errno.current == .interrupted)
    return 0
  }

  /// The event at `index`, below what `wait` returned.
  public func event(at index: Int) -> (data: UInt64, events: Events) {
    precondition(index >= 0 && index < capacity)
    return (ready[index].data, Events(rawValue: ready[index].events))
  }
}

/// A counter that wakes a thread waiting in epoll.
public struct EventCounter: Sendable {
  /// What to register with epoll for reading.
  public let fd: FileDescriptor

  public init() throws(Errno) {
    let fd = cp_eventfd()
    guard fd >= 0 else { throw .current }
    self.fd = FileDescriptor(fd)
  }

  /// Wakes the waiting thread. Any thread may call it.
  public func signal() {
    var one: UInt64 = 1
    // EAGAIN means that the counter is full, so the wake-up is under way anyhow.
    _ = write(fd.rawValue, &one, 8)
  }

  /// Sets the counter back to 0.
  public func reset() {
    var value: UInt64 = 0
    _ = read(fd.rawValue, &value, 8)
  }
}

/// Signals as readable events.
public struct SignalSource: Sendable {
  /// What to register with epoll for reading.
  public let fd: FileDescriptor

  /// Blocks `signals` in this thread, and in those that it starts later, and queues them here.
  public init(_ signals: [Int32]) throws(Errno) {
    let fd = cp_signalfd(signals, Int32(signals.count))
    guard fd >= 0 else { throw .current }
    self.fd = FileDescriptor(fd)
  }

  /// The next signal that has come; nil when there is none.
  public func next() -> Int32? {
    let number = cp_signalfd_read(fd.rawValue)
    return number == 0 ? nil : number
  }

  /// Lets a closed connection be an error of the call instead of a deadly signal.
  public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
