internal import Bytes
internal import CacheCore
internal import Glibc
internal import RESP

/// The unfinished request of a connection, and what came behind it.
///
///     buffer   ...executed | *3 $3 SET $3 key $1048576 |
///                          ^ start                      ^ parser.position = count
///     blob     1 MB being received, argument 2 of the request
///
/// Most requests are executed straight from the loop's shared buffer and never get one of these.
/// A bulk string of `blobThreshold` bytes or more is received into memory of its own, which SET
/// then adopts as the value: a megabyte is not copied on its way in.
struct PendingInput: ~Copyable {
  /// From this length on a bulk string gets memory of its own.
  static let blobThreshold = 32 * 1024

  var buffer: UnsafeMutablePointer<UInt8>
  var capacity: Int
  var count = 0

  /// Where the first request that is not executed begins.
  var start = 0
  var parser = RequestParser()
  var store = ArgumentStore(capacity: 16)

  /// Whether the store holds a whole request that is not executed yet.
  var hasRequest = false

  /// The blob that is being filled, and how far.
  var blob: Blob?
  var blobFilled = 0

  /// Complete blobs of the current request, and which arguments they are.
  private(set) var blobs: [Blob] = []
  private(set) var blobArguments: [Int] = []
  private var blobBytes = 0

  init(capacity: Int) {
    self.capacity = max(capacity, 1024)
    buffer = .allocate(capacity: self.capacity)
  }

  deinit {
    buffer.deallocate()
    blob?.release()
    for blob in blobs { blob.release() }
  }

  /// Bytes received and not executed, without what is in complete blobs.
  var waitingBytes: Int { count - start + blobFilled }

  /// All that the requests not executed take: bytes, and the places of many small arguments.
  var requestBytes: Int { waitingBytes + blobBytes + store.count * MemoryLayout<ByteView>.stride }

  /// Bytes of the unfinished request's arguments that are complete.
  var argumentBytes: Int {
    let arguments = store.arguments(from: 0, count: store.count)
    var bytes = 0
    for index in 0..<store.count { bytes += arguments[index].count }
    return bytes
  }

  /// Bytes of memory held.
  var memoryUsage: Int {
    // Of a blob under way only what has arrived: the rest is address space, and what a client
    // merely announces must not evict keys.
    capacity + store.memoryUsage + blobFilled + blobBytes
  }

  /// Appends a copy of `bytes`.
  mutating func append(_ bytes: ByteView) {
    makeRoom(for: bytes.count)
    memcpy(buffer + count, bytes.base, bytes.count)
    count += bytes.count
  }

  /// Makes sure that `length` bytes can be received behind `count`.
  mutating func makeRoom(for length: Int) {
    if capacity - count >= length { return }
    if start > 0 { discardExecuted() }
    if capacity - count >= length { return }
    var larger = capacity * 2
    while larger - count < length { larger *= 2 }
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    memcpy(moved, buffer, count)
    let distance = UnsafePointer(moved) - UnsafePointer(buffer)
    store.rebase(from: UnsafePointer(buffer), count: count, by: distance)
    buffer.deallocate()
    buffer = moved
    capacity = larger
  }

  /// Drops the bytes of executed requests; the unfinished one moves to the front.
  mutating func discardExecuted() {
    memmove(buffer, buffer + start, count - start)
    store.rebase(from: UnsafePointer(buffer), count: count, by: -start)
    parser.position -= start
    count -= start
    start = 0
  }

  /// Gives the bulk string begun a blob, when it is long and has not arrived in whole.
  ///
  /// - Returns: false when there is no memory for it.
  mutating func adoptLongBulk() -> Bool {
    guard blob == nil, parser.bulkLength >= Self.blobThreshold else { return true }
    let arrived = min(count - parser.position, parser.bulkLength)
    guard arrived < parser.bulkLength else { return true }
    guard let blob = Blob.allocate(count: parser.bulkLength) else { return false }
    memcpy(blob.base, buffer + parser.position, arrived)
    self.blob = blob
    blobFilled = arrived
    count = parser.position
    return true
  }

  /// Takes the two bytes behind a full blob out of the buffer.
  ///
  /// - Returns: false when they have not arrived.
  mutating func skipLineEnd() -> Bool {
    guard count - parser.position >= 2 else { return false }
    parser.position += 2
    return true
  }

  /// Takes note that the blob is full: it becomes the next argument.
  ///
  /// - Returns: whether that completes the request.
  mutating func finishBlob() -> Bool {
    guard let blob, blobFilled == blob.count else { preconditionFailure("no full blob") }
    blobArguments.append(store.count)
    blobs.append(blob)
    blobBytes += blob.count
    store.append(blob.bytes)
    self.blob = nil
    blobFilled = 0
    return parser.didReadBulk()
  }

  /// Forgets the current request's arguments after it was executed.
  mutating func finishRequest() {
    store.removeAll()
    hasRequest = false
    start = parser.position
    if !blobs.isEmpty {
      for blob in blobs { blob.release() }
      blobs.removeAll()
      blobArguments.removeAll()
      blobBytes = 0
    }
  }
}
