internal import Bytes

/// A user. Connections point at it, so it changes in place: whoever is logged in gets the new
/// rights with the next command.
///
/// Owned by the registry and by each connection that is logged in as it (connections of "default",
/// which is never deleted, point at none). A deleted user lives on until its last client is closed.
final class ACLUser: @unchecked Sendable {
  // Sendable: what changes, changes with the gate held, and is read inside batches.

  let name: [UInt8]
  private(set) var rules: ACLUserRules
  /// Its rights as commands are checked by; nil: it may do everything.
  private(set) var permissions: UnsafeMutablePointer<ACLPermissions>?

  init(name: [UInt8], rules: ACLUserRules, catalog: ACLCatalog) {
    self.name = name
    self.rules = rules
    permissions = ACLPermissions.make(rules, catalog)
  }

  deinit {
    if let permissions { ACLPermissions.free(permissions) }
  }

  /// Gives the user other rules. The caller has the gate, lets the user's connections point at the
  /// new permissions, and then frees the old ones.
  ///
  /// - Returns: the old permissions.
  func setRules(
    _ rules: ACLUserRules, _ catalog: ACLCatalog
  ) -> UnsafeMutablePointer<ACLPermissions>? {
    let old = permissions
    self.rules = rules
    permissions = ACLPermissions.make(rules, catalog)
    return old
  }

  /// Whether somebody who gives this password is let in.
  func accepts(_ password: ByteView) -> Bool { rules.isEnabled && rules.accepts(password) }

  /// The user as in an ACL file: "user NAME RULES".
  var line: [UInt8] {
    Array("user ".utf8) + name + [UInt8(ascii: " ")] + rules.text
  }
}

/// All users by name. Changed with the gate held, read inside batches, so it needs no lock.
final class ACLRegistry: @unchecked Sendable {
  static let defaultName = Array("default".utf8)

  let catalog: ACLCatalog
  let defaultUser: ACLUser
  let log = ACLLog()
  private(set) var users: [[UInt8]: ACLUser]

  init(catalog: ACLCatalog) {
    self.catalog = catalog
    defaultUser = ACLUser(
      name: Self.defaultName, rules: .initialDefault(catalog: catalog), catalog: catalog)
    users = [Self.defaultName: defaultUser]
  }

  func user(_ name: ByteView) -> ACLUser? { users[name.array] }

  /// All users, by name.
  ///
  /// - Complexity: O(n log n)
  var sorted: [ACLUser] {
    users.values.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  func insert(_ user: ACLUser) { users[user.name] = user }

  func remove(_ name: [UInt8]) -> ACLUser? {
    precondition(name != Self.defaultName)
    return users.removeValue(forKey: name)
  }

  /// Whether clients that have not logged in must do so.
  var needsAuthentication: Bool {
    !defaultUser.rules.needsNoPassword || !defaultUser.rules.isEnabled
  }
}

/// Whom a connection belongs to.
extension Connection {
  /// The connection's user.
  func user(in registry: ACLRegistry) -> ACLUser {
    state.pointee.user?.takeUnretainedValue() ?? registry.defaultUser
  }

  /// The user to run commands of this connection as elsewhere, for instance by a connection that
  /// stands for it; nil: "default".
  var ownUser: ACLUser? { state.pointee.user?.takeUnretainedValue() }

  /// Makes it the connection of `user`; nil: of "default".
  func setUser(_ user: ACLUser?, in registry: ACLRegistry) {
    let old = state.pointee.user
    let isDefault = user == nil || user === registry.defaultUser
    state.pointee.user = isDefault ? nil : user.map { Unmanaged.passRetained($0) }
    old?.release()
    takePermissions(of: registry)
  }

  /// Takes over the permissions that its user has now.
  func takePermissions(of registry: ACLRegistry) {
    let permissions = user(in: registry).permissions
    state.pointee.permissions = permissions
    if permissions == nil {
      flags.remove(.restricted)
    } else {
      flags.insert(.restricted)
    }
  }

  /// Whether the client must log in before it may do anything else.
  func needsAuthentication(in registry: ACLRegistry) -> Bool {
    flags.contains(.unauthenticated) && registry.needsAuthentication
  }
}
