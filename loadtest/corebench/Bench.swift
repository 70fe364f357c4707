import Bytes
import CacheCore
import Glibc
import ToolSupport

/// A key space, 16-byte keys made from numbers, and clocks.
final class Bench {
  let keyspace: Keyspace
  var now: Int64 = 1_700_000_000_000
  let key: UnsafeMutablePointer<UInt8> = .allocate(capacity: 16)
  let value: UnsafeMutablePointer<UInt8> = .allocate(capacity: 1024)

  init(workers: Int = 1) {
    var configuration = KeyspaceConfiguration()
    configuration.workerCount = workers
    // Valgrind wants a small reserve.
    if let text = getenv("COREBENCH_REGION_MB"), let megabytes = Int(String(cString: text)) {
      configuration.regionBytesMax = megabytes << 20
    }
    do {
      keyspace = try Keyspace(configuration: configuration)
    } catch {
      print(error.message, error.bytes, error.code)
      exit(1)
    }
    value.initialize(repeating: 0x78, count: 1024)
  }

  /// `key:000000012345`, 16 bytes.
  @inline(__always)
  func setKey(_ number: Int) -> ByteView {
    Self.write(number, to: key)
    return ByteView(base: key, count: 16)
  }

  @inline(__always)
  static func write(_ number: Int, to key: UnsafeMutablePointer<UInt8>) {
    UnsafeMutableRawPointer(key).storeBytes(of: 0x3a79_656b, as: UInt32.self)
    var rest = number
    for index in 0..<12 {
      key[15 - index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }

  @inline(__always)
  func set(_ number: Int, count: Int, expiry: ExpiryUpdate) {
    let hashed = keyspace.hash(setKey(number))
    keyspace.lock(hashed.hash.shard)
    do {
      try keyspace.setString(
        hashed, in: .zero, to: ByteView(base: value, count: count), expiry: expiry, now: now)
    } catch {
      print("out of memory")
      exit(1)
    }
    keyspace.unlock(hashed.hash.shard)
  }

  @inline(__always)
  func remove(_ number: Int) {
    let hashed = keyspace.hash(setKey(number))
    keyspace.lock(hashed.hash.shard)
    _ = keyspace.remove(hashed, in: .zero, now: now)
    keyspace.unlock(hashed.hash.shard)
  }

  /// User CPU of this thread, nanoseconds.
  static var cpu: Int { threadNanoseconds() }

  /// Resident bytes of this process.
  static var resident: Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var total = 0
    var pages = 0
    withUnsafeMutablePointer(to: &total) { first in
      withUnsafeMutablePointer(to: &pages) { second in
        _ = withVaList([first, second]) { vfscanf(file, "%ld %ld", $0) }
      }
    }
    return pages * 4096
  }
}

/// Numbers in random order, from a fixed seed.
struct Order {
  var state: UInt64 = 42

  @inline(__always)
  mutating func next(below bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(((state >> 32) &* UInt64(bound)) >> 32)
  }
}
