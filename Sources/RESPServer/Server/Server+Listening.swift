internal import CacheCore
internal import Logging
internal import Platform

/// Sockets that connections come in on, and how many may.
extension Server {
  /// Descriptors that are no clients: the log, listeners, and what a file that is being written
  /// needs.
  private static let spareDescriptorCount = 32
  /// epoll, letter box and a spare one of each loop.
  private static let descriptorsPerLoop = 4

  /// Raises the limit of open files so that `maxclients` clients fit.
  ///
  /// - Parameter isStart: then fewer clients are better than no server.
  func makeRoomForClients(isStart: Bool) -> ConfigurationRefusal? {
    let own = Self.spareDescriptorCount + Self.descriptorsPerLoop * state.pointee.loopCount
    let wanted = configuration.clientCountMax
    let limit = CurrentProcess.raiseDescriptorLimit(to: wanted + own)
    let possible = limit - own
    guard possible < wanted else { return nil }
    guard isStart, possible > 0 else {
      return ConfigurationRefusal(
        "maxclients",
        "The operating system is not able to handle the specified number of clients, "
          + "try with \(max(0, possible))")
    }
    log.warning(
      "Fewer clients than maxclients can connect: the limit of open files is too low",
      metadata: ["maxclients": "\(wanted)", "possible": "\(possible)", "files": "\(limit)"])
    state.pointee.configuration.clientCountMax = possible
    return nil
  }

  /// Listens where `port` and `bind` say now, and no longer where they said before. What stays the
  /// same stays open. The caller has the gate.
  func relisten(from old: Configuration) -> ConfigurationRefusal? {
    let loop = self.loop(0)
    let wanted = Listener.addresses(configuration)
    var kept: [Listener] = []
    for listener in loop.state.pointee.listeners {
      let isWanted =
        listener.isUnixSocket
        || wanted.contains { $0.address == listener.address && $0.port == listener.port }
      if isWanted {
        kept.append(listener)
      } else {
        // Closing also takes it out of epoll.
        listener.fd.close()
      }
    }
    var refusal: ConfigurationRefusal?
    for place in wanted where !kept.contains(where: { $0.isAt(place) }) {
      do throws(Errno) {
        kept.append(try Listener.open(place, backlog: configuration.tcpBacklog))
      } catch {
        if place.isOptional { continue }
        log.warning(
          "Cannot listen",
          metadata: ["address": "\(place.address):\(place.port)", "reason": "\(error)"])
        let isPort = configuration.port != old.port
        refusal = ConfigurationRefusal(
          isPort ? "port" : "bind",
          isPort
            ? "Unable to listen on this port. Check server logs."
            : "Failed to bind to specified addresses.")
        break
      }
    }
    loop.state.pointee.listeners = kept
    loop.watchListeners()
    return refusal
  }
}

/// A socket that connections come in on.
struct Listener: Sendable {
  let fd: FileDescriptor
  let isUnixSocket: Bool
  /// As configured, or a path.
  let address: String
  /// 0 for a Unix socket.
  let port: Int

  /// Where to listen.
  struct Place {
    let address: String
    let port: Int
    /// Whether it may fail: written with a leading "-".
    let isOptional: Bool
  }

  /// For the log: "127.0.0.1:6379" or a path.
  var name: String { isUnixSocket ? address : "\(address):\(port)" }

  func isAt(_ place: Place) -> Bool {
    !isUnixSocket && address == place.address && port == place.port
  }

  /// The TCP addresses of a configuration.
  static func addresses(_ configuration: Configuration) -> [Place] {
    guard configuration.port > 0 else { return [] }
    return configuration.bindAddresses.filter { !$0.isEmpty }.map { entry in
      let isOptional = entry.hasPrefix("-")
      return Place(
        address: isOptional ? String(entry.dropFirst()) : entry, port: configuration.port,
        isOptional: isOptional)
    }
  }

  /// Listens at an address.
  static func open(_ place: Place, backlog: Int) throws(Errno) -> Listener {
    let fd = try Socket.listen(
      address: place.address, port: UInt16(place.port), backlog: backlog)
    return Listener(fd: fd, isUnixSocket: false, address: place.address, port: place.port)
  }
}
