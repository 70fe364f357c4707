internal import Glibc
internal import NIOCore
internal import NIOHTTP1

/// One connection: its requests are answered one after the other, each within its time.
///
///     waiting ──request line, headers, end──→ answering ──sent──→ waiting ...
///        │ http-timeout                           │ no loop answers: 503
///        └→ closed                                └ the client does not read: closed
///
/// The next request is not looked at before the last answer has left this process
/// (`HTTPServerPipelineHandler` holds it back until the end of the answer is written, and nothing
/// is read from the socket meanwhile), so a client that pipelines and never reads holds one answer.
final class HTTPHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// A request that should have no body may have one so long, which is thrown away.
  private static var bodyBytesMax: Int { 65536 }
  /// A client that takes less than this of an answer is too slow.
  private static var bytesPerSecondMin: Int { 16384 }
  /// How long a client that was wrong may go on sending before the connection is cut.
  private static var lingering: TimeAmount { .seconds(1) }

  private let service: any HTTPAnswering
  private let timeout: TimeAmount
  private var head: HTTPRequestHead?
  private var bodyBytes = 0
  /// Counts requests, so that an answer that comes too late is known.
  private var request = 0
  private var isAnswering = false
  /// Nothing more is answered.
  private var isOver = false
  private var deadline: Scheduled<Void>?

  init(_ service: any HTTPAnswering, timeoutSeconds: Int) {
    self.service = service
    timeout = .seconds(Int64(timeoutSeconds))
  }

  func channelActive(context: ChannelHandlerContext) {
    awaitRequest(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isOver = true
    deadline?.cancel()
    deadline = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isOver else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      bodyBytes = 0
    case .body(let bytes):
      bodyBytes += bytes.readableBytes
      guard bodyBytes > Self.bodyBytesMax, !isAnswering else { return }
      begin()
      send(HTTPAnswer(.payloadTooLarge, text: "a body is not wanted"), context, cuts: true)
    case .end:
      guard let head, !isAnswering else { return }
      answer(head, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError, !isOver, !isAnswering else {
      isOver = true
      return context.close(promise: nil)
    }
    begin()
    head = nil
    let answer =
      switch error {
      case .headerOverflow:
        HTTPAnswer(.requestHeaderFieldsTooLarge, text: "the headers are too long")
      case .invalidVersion:
        HTTPAnswer(.httpVersionNotSupported, text: "HTTP/1.1 is spoken here")
      default: HTTPAnswer(.badRequest, text: "this is not HTTP")
      }
    send(answer, context, cuts: true)
  }

  private func begin() {
    isAnswering = true
    request += 1
  }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    begin()
    let number = request
    after(timeout, context) { [self] in
      guard request == number else { return }
      request += 1
      send(HTTPAnswer(.serviceUnavailable, text: "the server is busy"), context)
    }
    let place = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    service.answer(head, on: context.eventLoop) { answer in
      let (handler, context) = place.value
      guard handler.request == number, !handler.isOver else { return }
      handler.send(answer, context)
    }
  }

  /// Sends an answer and goes on with the next request.
  ///
  /// - Parameter cuts: the client was so wrong that what it sends further makes no sense.
  private func send(
    _ answer: HTTPAnswer, _ context: ChannelHandlerContext, cuts: Bool = false
  ) {
    let count = answer.body?.readableBytes ?? 0
    let keeps = !cuts && head?.isKeepAlive == true
    var headers = HTTPHeaders(answer.headers)
    headers.add(name: "Date", value: Self.date())
    if answer.status != .notModified { headers.add(name: "Content-Length", value: "\(count)") }
    if !keeps {
      headers.add(name: "Connection", value: "close")
    } else if head?.version.minor == 0 {
      headers.add(name: "Connection", value: "keep-alive")
    }
    service.noteAnswer(answer.status, bytes: count)
    let number = request
    after(timeout + .seconds(Int64(count / Self.bytesPerSecondMin)), context) { [self] in
      guard request == number, isAnswering else { return }
      end(context, hasTimedOut: true)
    }
    let start = HTTPServerResponsePart.head(
      HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers))
    let sent = context.eventLoop.makePromise(of: Void.self)
    if let body = answer.body, count > 0, head?.method != .HEAD {
      context.write(wrapOutboundOut(start), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(body))), promise: sent)
    } else {
      context.writeAndFlush(wrapOutboundOut(start), promise: sent)
    }
    sent.futureResult.assumeIsolated().whenComplete { [self] result in
      guard !isOver, request == number else { return }
      if case .failure = result { return end(context) }
      finish(context, keeps: keeps, cuts: cuts)
    }
  }

  /// The answer has left.
  private func finish(_ context: ChannelHandlerContext, keeps: Bool, cuts: Bool) {
    isAnswering = false
    head = nil
    if keeps {
      awaitRequest(context)
      // What was pipelined comes in here.
      return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    isOver = true
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    guard cuts else { return context.close(promise: nil) }
    // Closing while the client sends would destroy the answer on its way.
    context.close(mode: .output, promise: nil)
    after(Self.lingering, context) { context.close(promise: nil) }
  }

  private func awaitRequest(_ context: ChannelHandlerContext) {
    after(timeout, context) { [self] in
      guard !isAnswering else { return }
      end(context, hasTimedOut: true)
    }
  }

  private func end(_ context: ChannelHandlerContext, hasTimedOut: Bool = false) {
    guard !isOver else { return }
    isOver = true
    if hasTimedOut { service.noteTimeout() }
    context.close(promise: nil)
  }

  /// Runs `body` after some time, instead of what was to run before.
  private func after(
    _ time: TimeAmount, _ context: ChannelHandlerContext, _ body: @escaping () -> Void
  ) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time, body)
  }

  private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The present time as RFC 9110 (section 5.6.7) wants it.
  private static func date() -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
    let hour = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    return "\(day) \(parts.tm_year + 1900) \(hour) GMT"
  }
}
