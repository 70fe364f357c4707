internal import Bytes
internal import CacheCore
internal import NIOCore
internal import NIOHTTP1
internal import RESPServer

/// A string as HTTP serves it, taken out of the key space.
struct StaticContent: Sendable {
  /// What was found at a key.
  enum Found: Sendable {
    case forbidden, absent
    case content(StaticContent)
  }

  private enum Storage: Sendable {
    case copy([UInt8])
    /// A reference that `answer` gives back.
    case blob(Blob)
  }

  private let storage: Storage
  /// The number that the ETag commands know it by, where it has one.
  private let etag: Int64?
  /// Milliseconds to its expiry; nil: it has none.
  private let remaining: Int64?

  private init(storage: Storage, etag: Int64?, remaining: Int64?) {
    self.storage = storage
    self.etag = etag
    self.remaining = remaining
  }

  /// A copy of bytes.
  init(_ bytes: [UInt8], etag: Int64?, remaining: Int64?) {
    self.init(storage: .copy(bytes), etag: etag, remaining: remaining)
  }

  /// Looks the first key up in a user's name, as GET does. A large value is not copied here, where
  /// the loop's clients wait.
  static func find(in context: inout CommandContext, as user: [UInt8]?) -> Found {
    let key = context.key
    // Who may see keys of classes, and when they are too old, is for their loader to say.
    guard context.mayRun([Array("get".utf8), key.bytes.array], as: user),
      !context.isFetched(key)
    else { return .forbidden }
    guard let entry = context.find(key), context.keyspace.type(of: entry) == .string else {
      return .absent
    }
    let storage: Storage
    if let blob = context.keyspace.blob(of: entry) {
      blob.retain()
      storage = .blob(blob)
    } else {
      storage = .copy(context.keyspace.string(of: entry).array)
    }
    let now = context.now
    return .content(
      StaticContent(
        storage: storage, etag: context.keyspace.etag(of: entry),
        remaining: context.keyspace.expiry(of: entry).map { max(0, $0 - now) }))
  }

  /// The answer to a request for it; to be called exactly once.
  ///
  /// - Parameters:
  ///   - conditions: the If-None-Match headers.
  ///   - type: the media type; empty: by the first bytes.
  /// - Complexity: O(bytes)
  func answer(conditions: [String], type: String) -> HTTPAnswer {
    switch storage {
    case .copy(let bytes):
      return bytes.withByteView { answer(conditions: conditions, type: type, $0) }
    case .blob(let blob):
      defer { blob.release() }
      return answer(conditions: conditions, type: type, blob.bytes)
    }
  }

  private func answer(conditions: [String], type: String, _ bytes: ByteView) -> HTTPAnswer {
    // A value without a number is known by what is in it. The hash is no secret: who can make two
    // values of one hash can write the key.
    let hash = etag == nil ? MurmurHash.hash64A(bytes, seed: UInt64(bytes.count)) : 0
    let tag = etag.map { "\"\($0)\"" } ?? "\"\(String(hash, radix: 16))-\(bytes.count)\""
    let age = remaining.map { "max-age=\($0 / 1000)" } ?? "no-cache"
    var headers = [("ETag", tag), ("Cache-Control", "public, \(age)")]
    if !conditions.isEmpty, EntityTags.list(conditions.joined(separator: ","), names: tag) {
      return HTTPAnswer(.notModified, headers: headers)
    }
    headers.append(("Content-Type", type.isEmpty ? MediaType.sniffed(bytes) : type))
    headers.append(("X-Content-Type-Options", "nosniff"))
    var body = ByteBufferAllocator().buffer(capacity: bytes.count)
    body.writeBytes(UnsafeRawBufferPointer(start: bytes.base, count: bytes.count))
    return HTTPAnswer(.ok, headers: headers, body: body)
  }
}

/// Media types by first bytes. Nothing that a browser would run (HTML, SVG, scripts) is recognised:
/// content that anybody could have put into the cache must not speak for this address. Who serves
/// such content sets `http-static-type`.
enum MediaType {
  /// Signatures of common formats.
  private static let signatures: [(bytes: [UInt8], type: String)] = [
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
    ([0xFF, 0xD8, 0xFF], "image/jpeg"),
    (Array("GIF87a".utf8), "image/gif"), (Array("GIF89a".utf8), "image/gif"),
    (Array("%PDF-".utf8), "application/pdf"), (Array("OggS".utf8), "application/ogg"),
    (Array("ID3".utf8), "audio/mpeg"), ([0x1F, 0x8B], "application/gzip"),
    (Array("wOFF".utf8), "font/woff"), (Array("wOF2".utf8), "font/woff2"),
  ]

  /// How much of a text is looked at.
  private static var lookBytesMax: Int { 1024 }

  /// The type of content.
  static func sniffed(_ bytes: ByteView) -> String {
    let start = bytes[0..<min(bytes.count, lookBytesMax)].array
    for (signature, type) in signatures where start.starts(with: signature) { return type }
    if start.starts(with: Array("RIFF".utf8)), start.dropFirst(8).starts(with: Array("WEBP".utf8)) {
      return "image/webp"
    }
    if start.dropFirst(4).starts(with: Array("ftyp".utf8)) { return "video/mp4" }
    guard isText(start, isWhole: start.count == bytes.count) else {
      return "application/octet-stream"
    }
    let first = start.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    let last =
      bytes.count == 0
      ? nil
      : bytes[max(0, bytes.count - lookBytesMax)..<bytes.count]
        .array.last { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    if first == UInt8(ascii: "{") && last == UInt8(ascii: "}")
      || first == UInt8(ascii: "[") && last == UInt8(ascii: "]")
    {
      return "application/json"
    }
    return "text/plain; charset=utf-8"
  }

  /// Whether bytes are UTF-8 without control characters; of a part, the last character may be cut.
  private static func isText(_ bytes: [UInt8], isWhole: Bool) -> Bool {
    if bytes.contains(where: { $0 < 0x20 && !(0x09...0x0D).contains($0) && $0 != 0x1B }) {
      return false
    }
    for cut in 0...(isWhole ? 0 : 3) where cut <= bytes.count {
      if String(validating: bytes.dropLast(cut), as: UTF8.self) != nil { return true }
    }
    return false
  }
}
