internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Platform

/// The sockets that HTTP comes in on, and the thread that serves them.
final class HTTPListener: Sendable {
  private let group: MultiThreadedEventLoopGroup

  /// There are as many connections as there may be.
  private struct TooManyConnections: Error {}

  /// Starts to listen.
  ///
  /// - Throws: when an address cannot be bound; nothing is left open then.
  init(_ settings: HTTPSettings, _ service: HTTPService, log: Logger) throws {
    guard !settings.addresses.isEmpty else {
      throw HTTPModule.StartError(description: "http-port is set, but http-bind is empty")
    }
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let bootstrap = Self.bootstrap(group, settings, service)
    for address in settings.addresses {
      do {
        let isPath = address.hasPrefix("/")
        let channel =
          if isPath {
            try bootstrap.bind(unixDomainSocketPath: address, cleanupExistingSocketFile: true)
              .wait()
          } else {
            try bootstrap.bind(
              to: SocketAddress(
                ipAddress: address == "*" ? "0.0.0.0" : address, port: settings.port)
            ).wait()
          }
        let place = isPath ? address : "\(address):\(channel.localAddress?.port ?? settings.port)"
        log.notice("Ready to serve HTTP", metadata: ["address": "\(place)"])
      } catch {
        stop()
        let reason = (error as? IOError).map { "\(Errno($0.errnoCode))" } ?? "\(error)"
        throw HTTPModule.StartError(
          description: "cannot listen on \(address):\(settings.port) for HTTP: \(reason)")
      }
    }
  }

  private static func bootstrap(
    _ group: MultiThreadedEventLoopGroup, _ settings: HTTPSettings, _ service: HTTPService
  ) -> ServerBootstrap {
    ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        guard service.statistics.open(max: settings.connectionsMax) else {
          return channel.eventLoop.makeFailedFuture(TooManyConnections())
        }
        channel.closeFuture.whenComplete { _ in service.statistics.close() }
        return channel.eventLoop.makeCompletedFuture {
          try configure(channel, settings, service)
        }
      }
  }

  /// Makes a channel's pipeline; to be called on its event loop.
  static func configure(
    _ channel: any Channel, _ settings: HTTPSettings, _ service: any HTTPAnswering
  ) throws {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = settings.headerBytesMax
    limits.maxHeaderListSize = settings.headerBytesMax
    limits.maxHeaderFieldCount = 100
    let pipeline = channel.pipeline.syncOperations
    try pipeline.configureHTTPServerPipeline(
      withErrorHandling: false, withEncoderConfiguration: .init(),
      withDecoderLimitConfiguration: limits)
    try pipeline.addHandler(HTTPHandler(service, timeoutSeconds: settings.timeoutSeconds))
  }

  /// Closes everything and ends the thread.
  func stop() {
    // Fails only when it was called before.
    try? group.syncShutdownGracefully()
  }
}
