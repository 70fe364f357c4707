internal import Bytes
internal import CacheCore
internal import Glibc
internal import Logging
internal import Platform
internal import RESP
internal import Synchronization

/// Accepting connections, on loop 0, which hands them out in turn; and taking one over.
extension EventLoop {
  /// Connections accepted before other events get their turn.
  private static var acceptsPerTurn: Int { 1000 }

  func accept(from index: Int) {
    guard index < state.pointee.listeners.count else { return }
    let listener = state.pointee.listeners[index]
    // Inside a batch: the configuration and the loops' tables must not change meanwhile.
    enterGate()
    defer { leaveGate() }
    for _ in 0..<Self.acceptsPerTurn {
      do {
        guard let fd = try Socket.accept(from: listener.fd) else { return }
        admit(fd, isUnixSocket: listener.isUnixSocket)
      } catch {
        // Out of descriptors: the connection stays in the backlog, and epoll reports it again and
        // again. Refusing it with the spare descriptor tells the client and ends the noise.
        server.log.warning("Cannot accept a connection", metadata: ["reason": "\(error)"])
        refuseWithSpareDescriptor(listener)
        return
      }
    }
  }

  private func refuseWithSpareDescriptor(_ listener: Listener) {
    guard let spare = state.pointee.spareDescriptor else { return }
    spare.close()
    if let fd = try? Socket.accept(from: listener.fd) {
      refuse(fd, "-ERR max number of clients reached\r\n")
    }
    state.pointee.spareDescriptor = (try? EventCounter())?.fd
  }

  private func refuse(_ fd: FileDescriptor, _ text: StaticString) {
    _ = Socket.send(to: fd, text.utf8Start, count: text.utf8CodeUnitCount)
    server.state.pointee.statistics.rejectedConnections &+= 1
    fd.close()
  }

  private func admit(_ fd: FileDescriptor, isUnixSocket: Bool) {
    let limit = Int(server.configuration.clientCountMax)
    guard server.state.pointee.clientCount.load(ordering: .relaxed) < limit else {
      return refuse(fd, "-ERR max number of clients reached\r\n")
    }
    if !isUnixSocket, isProtected, !Socket.isPeerLocal(fd) {
      return refuse(fd, Self.protectedModeText)
    }
    server.state.pointee.clientCount.wrappingAdd(1, ordering: .relaxed)
    let target = state.pointee.nextAcceptor
    state.pointee.nextAcceptor = (target + 1) % server.state.pointee.loopCount
    if target == index {
      adopt(fd, isUnixSocket: isUnixSocket)
    } else {
      server.state.pointee.inboxes[target].post(.connection(fd, isUnixSocket: isUnixSocket))
    }
  }

  private var isProtected: Bool {
    server.configuration.protectedMode
      && server.state.pointee.acl.defaultUser.rules.needsNoPassword
  }

  private static var protectedModeText: StaticString {
    """
    -DENIED Wingcache is running in protected mode because protected mode is enabled and no \
    password is set for the default user. In this mode connections are only accepted from the \
    loopback interface. To connect from elsewhere, set a password with requirepass, or turn \
    protected mode off with 'CONFIG SET protected-mode no' from a local connection, or with \
    --protected-mode no at start, if nobody you do not trust can reach the port.\r\n
    """
  }

  /// Makes an accepted socket a connection of this loop.
  func adopt(_ fd: FileDescriptor, isUnixSocket: Bool) {
    if !isUnixSocket {
      Socket.setNoDelay(fd)
      Socket.setKeepAlive(fd, seconds: Int(server.configuration.tcpKeepaliveSeconds))
    }
    let slot = takeSlot()
    let generation = state.pointee.generations[Int(slot)]
    let now = state.pointee.now
    let pointer = UnsafeMutablePointer<ConnectionState>.allocate(capacity: 1)
    pointer.initialize(
      to: ConnectionState(
        id: server.state.pointee.nextClientID.wrappingAdd(1, ordering: .relaxed).oldValue,
        fd: fd, slot: slot, generation: generation, createdAt: now, lastInteraction: now))
    if isUnixSocket { pointer.pointee.flags.insert(.unixSocket) }
    if Socket.isPeerLocal(fd) { pointer.pointee.flags.insert(.local) }
    let registry = server.state.pointee.acl
    if registry.needsAuthentication { pointer.pointee.flags.insert(.unauthenticated) }
    Connection(state: pointer).takePermissions(of: registry)
    state.pointee.slots[Int(slot)] = pointer
    state.pointee.slotOfClient[pointer.pointee.id] = slot
    accountMemory(of: Connection(state: pointer))
    state.pointee.counters.connections &+= 1
    do {
      try state.pointee.epoll.add(
        fd, events: .read, data: UInt64(generation) << 32 | UInt64(slot))
    } catch {
      server.log.warning("Cannot watch a connection", metadata: ["reason": "\(error)"])
      close(Connection(state: pointer))
    }
  }

  private func takeSlot() -> UInt32 {
    if let slot = state.pointee.freeSlots.popLast() {
      state.pointee.generations[Int(slot)] &+= 1
      return slot
    }
    state.pointee.slots.append(nil)
    state.pointee.generations.append(0)
    return UInt32(state.pointee.slots.count - 1)
  }

  /// Marks a connection to be closed after the event or command that is being handled.
  func close(_ connection: Connection) {
    connection.flags.insert(.closesNow)
    guard !connection.flags.contains(.listedForClosing) else { return }
    connection.flags.insert(.listedForClosing)
    state.pointee.closing.append(connection)
  }

  /// Closes a connection of this loop on behalf of whichever has the gate. Nothing that it sends is
  /// executed any more; the loop itself looks into its list also without the gate, so it is the one
  /// to put it there.
  func closeFromAnywhere(_ connection: Connection) {
    if Thread.currentNumber == index { return close(connection) }
    connection.flags.insert(.closesNow)
    let id = connection.id
    state.pointee.inbox.post(
      .task { loop in
        if let connection = loop.connection(ofClient: id) { loop.close(connection) }
      })
  }

  /// Closes what was marked. Inside no batch, so that nobody iterates over connections meanwhile.
  func closeMarked() {
    while !state.pointee.closing.isEmpty {
      guard enterGate() else { return leaveGate() }
      let closing = state.pointee.closing
      state.pointee.closing = []
      for connection in closing { destroy(connection) }
      leaveGate()
    }
  }

  private func destroy(_ connection: Connection) {
    let pointer = connection.state
    let slot = pointer.pointee.slot
    endSession(of: connection)
    connection.setUser(nil, in: server.state.pointee.acl)
    // Closing also takes it out of epoll.
    pointer.pointee.fd.close()
    if let input = pointer.pointee.input {
      input.deinitialize(count: 1)
      input.deallocate()
    }
    if let output = pointer.pointee.output {
      output.deinitialize(count: 1)
      output.deallocate()
    }
    forgetMemory(of: connection)
    state.pointee.slots[Int(slot)] = nil
    state.pointee.freeSlots.append(slot)
    state.pointee.slotOfClient[pointer.pointee.id] = nil
    pointer.deinitialize(count: 1)
    pointer.deallocate()
    server.state.pointee.clientCount.wrappingSubtract(1, ordering: .relaxed)
  }

  /// Withdraws the connection from everything that knows it.
  private func endSession(of connection: Connection) {
    if connection.flags.contains(.paused) {
      server.state.pointee.blockedCount.wrappingSubtract(1, ordering: .relaxed)
    }
    stopMonitoring(connection)
    guard let unmanaged = connection.state.pointee.session else { return }
    let session = unmanaged.takeUnretainedValue()
    unwatch(connection)
    if let tracking = session.tracking { forgetTracking(of: tracking) }
    server.state.pointee.hub.removeAll(of: connection, on: self)
    if let blocked = session.blocked { cancel(blocked, of: connection) }
    connection.state.pointee.session = nil
    unmanaged.release()
  }
}
