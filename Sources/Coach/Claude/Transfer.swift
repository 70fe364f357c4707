internal import CCurl
internal import FoundationEssentials

/// One attempt: a request on its way and what has come back. Belongs to the engine's thread.
///
/// libcurl calls `receive` from within `cc_multi_perform`; no call to libcurl is made there. What
/// has come is left in `newText` for the engine.
final class Transfer {
  let model: Model
  private(set) var handle: OpaquePointer?
  private(set) var headers = ResponseHeaders()
  private(set) var reader: AnswerReader
  /// Text that nobody has been given yet.
  var newText = ""
  /// Whether something has come since the engine last looked.
  var hasMoved = false
  /// Whether anything has come at all.
  private(set) var hasBegun = false
  /// When something last came or, before that, when the request was made; by the client's clock.
  var lastMoved: UInt64

  private var parser = EventStreamParser()
  private var body: [UInt8] = []
  private var problem: AnswerReader.Problem?
  private let bodyBytesMax: Int
  private let key: APIKey

  /// Bytes of an error's body that are read; the rest is dropped.
  private static let errorBytesMax = 64 * 1024

  /// - Returns: nil when libcurl has no memory or refuses the address.
  init?(_ settings: ClaudeSettings, model: Model, body: [UInt8], isStreamed: Bool, now: UInt64) {
    self.model = model
    reader = AnswerReader(textBytesMax: settings.textBytesMax)
    // Text takes at most six bytes a byte in JSON; thinking that is skipped comes on top.
    bodyBytesMax = settings.textBytesMax * 6 + (4 << 20)
    key = settings.key
    lastMoved = now
    let lines = [
      settings.key.headerLine, "anthropic-version: 2023-06-01", "content-type: application/json",
      "accept: " + (isStreamed ? "text/event-stream" : "application/json"),
      "user-agent: wingcache",
    ]
    // Freed below; libcurl copies.
    let texts = lines.map { $0.withCString(copyCString) }
    defer { for text in texts { text.deallocate() } }
    let context = Unmanaged.passUnretained(self).toOpaque()
    handle = texts.map { UnsafePointer($0) as UnsafePointer<CChar>? }.withUnsafeBufferPointer {
      headers in
      body.withUnsafeBufferPointer { body in
        (settings.baseURL + "/v1/messages").withCString { url in
          withOptionalCString(settings.certificatesPath) { certificates in
            var request = cc_request(
              url: url, headers: headers.baseAddress, header_count: headers.count,
              body: body.baseAddress, body_count: body.count,
              connect_milliseconds: Int(settings.connectMilliseconds),
              is_plain: settings.isPlain ? 1 : 0, certificates_path: certificates,
              context: context,
              on_header: { context, bytes, count in
                Transfer.of(context).receiveHeader(
                  UnsafeRawBufferPointer(start: bytes, count: count))
              },
              on_body: { context, bytes, count in
                Transfer.of(context).receive(UnsafeRawBufferPointer(start: bytes, count: count))
              })
            return cc_transfer_create(&request)
          }
        }
      }
    }
    if handle == nil { return nil }
  }

  deinit { if let handle { cc_transfer_destroy(handle) } }

  /// The transfer that a callback is about.
  static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
    // The engine keeps a transfer until libcurl has let it go.
    Unmanaged<Transfer>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
  }

  private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int32 {
    note()
    guard headers.take(line) else {
      problem = .malformed("more than \(ResponseHeaders.bytesMax) bytes of headers")
      return 0
    }
    return 1
  }

  private func note() {
    hasMoved = true
    hasBegun = true
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    note()
    guard headers.status == 200 else {
      body.append(contentsOf: bytes.prefix(Self.errorBytesMax - body.count))
      return 1
    }
    do throws(AnswerReader.Problem) {
      if headers.isEventStream {
        try receiveEvents(bytes)
      } else {
        guard body.count + bytes.count <= bodyBytesMax else { throw .tooLarge }
        body.append(contentsOf: bytes)
      }
      return 1
    } catch {
      problem = error
      return 0
    }
  }

  private func receiveEvents(_ bytes: UnsafeRawBufferPointer) throws(AnswerReader.Problem) {
    let events: [EventStreamParser.Event]
    do throws(EventStreamParser.TooLong) {
      events = try parser.feed(bytes)
    } catch {
      throw .tooLarge
    }
    for event in events {
      // What follows the end is of no interest.
      if reader.isComplete { return }
      newText += try reader.take(event)
    }
  }

  /// What the attempt came to, once libcurl is done with it.
  ///
  /// - Parameters:
  ///   - how: one of CC_DONE and so on.
  ///   - wallSeconds: now, since 1970.
  /// - Returns: nil when there is a whole answer.
  func failure(how: Int32, wallSeconds: Int64) -> ClaudeFailure? {
    if reader.isComplete { return nil }
    var failure = self.failure(how)
    if failure == nil, !reader.isComplete {
      failure = ClaudeFailure(.cut, "the answer ended before its end")
    }
    return failure.map { complete($0, wallSeconds: wallSeconds) }
  }

  /// The failure of an attempt that the engine itself ends.
  func failure(_ kind: ClaudeFailure.Kind, _ message: String) -> ClaudeFailure {
    complete(ClaudeFailure(kind, message), wallSeconds: 0)
  }

  private func complete(_ failure: ClaudeFailure, wallSeconds: Int64) -> ClaudeFailure {
    var failure = failure
    failure.message = key.removed(from: failure.message)
    failure.status = headers.status
    failure.model = model.name
    failure.partialText = reader.answer.text
    failure.shouldRetry = headers.shouldRetry
    failure.retryAfterMilliseconds = headers.retryAfter(wallSeconds: wallSeconds)
    if failure.requestID.isEmpty { failure.requestID = headers.requestID }
    return failure
  }

  private func failure(_ how: Int32) -> ClaudeFailure? {
    switch problem {
    case .malformed(let reason)?: return ClaudeFailure(.malformed, reason)
    case .tooLarge?: return ClaudeFailure(.tooLarge, "the answer is longer than the limit")
    case .reported(let type, let message, let code)?:
      // Within a stream the status says nothing; an unknown type is the provider's trouble.
      let kind = ClaudeFailure.kind(status: 500, type: type, code: code)
      return ClaudeFailure(kind, message.isEmpty ? type : message)
    case nil: break
    }
    switch Int(how) {
    case Int(CC_DONE):
      guard headers.status == 200 else { return failureOfStatus() }
      guard !headers.isEventStream else { return nil }
      do throws(AnswerReader.Problem) {
        try reader.takeWhole(body)
        return nil
      } catch .tooLarge {
        return ClaudeFailure(.tooLarge, "the answer is longer than the limit")
      } catch {
        return ClaudeFailure(.malformed, "the answer is no message")
      }
    case Int(CC_UNREACHABLE): return ClaudeFailure(.unreachable, problemText)
    case Int(CC_UNTRUSTED): return ClaudeFailure(.untrusted, problemText)
    case Int(CC_CUT): return ClaudeFailure(.cut, problemText)
    default: return ClaudeFailure(.malformed, problemText)
    }
  }

  private func failureOfStatus() -> ClaudeFailure {
    let status = headers.status
    guard let wire = try? JSONDecoder().decode(WireErrorBody.self, from: Data(body)),
      let error = wire.error
    else {
      let kind = ClaudeFailure.kind(status: status, type: nil, code: nil)
      return ClaudeFailure(kind, "status \(status) without an explanation")
    }
    let kind = ClaudeFailure.kind(
      status: status, type: error.type, code: error.details?.code)
    var failure = ClaudeFailure(kind, error.message ?? "status \(status)")
    failure.requestID = String((wire.requestID ?? "").prefix(128))
    return failure
  }

  private var problemText: String {
    handle.map { String(cString: cc_transfer_problem($0)) } ?? ""
  }

  /// What the attempt is billed with; nil when the provider has not said.
  var charge: ClaudeCharge? {
    reader.hasUsage ? ClaudeCharge(model, reader.answer.usage) : nil
  }
}

private func copyCString(_ text: UnsafePointer<CChar>) -> UnsafeMutablePointer<CChar> {
  var count = 0
  while text[count] != 0 { count += 1 }
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: count + 1)
  copy.initialize(from: text, count: count + 1)
  return copy
}

private func withOptionalCString<Result>(
  _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
  guard let text else { return body(nil) }
  return text.withCString { body($0) }
}
