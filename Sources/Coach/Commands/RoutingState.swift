internal import Bytes
internal import Logging
internal import Platform
internal import RESPServer

/// What the commands of routing and money share; made when the module starts.
enum RoutingState {
  // Written before the first command and after the last; what `router` points to is changed only
  // with the gate closed, the others guard themselves.
  nonisolated(unsafe) static var router: UnsafeMutablePointer<Router>?
  nonisolated(unsafe) static var shared: Shared?

  /// What guards itself.
  final class Shared: Sendable {
    let store: SpendStore
    let breakers = BreakerBoard()
    let statistics = CoachStatistics()
    let log: Logger

    init(store: SpendStore, log: Logger) {
      self.store = store
      self.log = log
    }
  }

  /// Bytes of a file of models.
  private static var modelFileBytesMax: Int { 1 << 20 }

  /// The catalog of a file.
  ///
  /// - Parameter path: empty for the models that are built in.
  static func catalog(at path: String) -> Result<ModelCatalog, CoachModule.StartError> {
    guard !path.isEmpty else { return .success(.builtIn) }
    do throws(FileError) {
      let bytes = try File.read(path, byteCountMax: modelFileBytesMax)
      return try parse(bytes, path)
    } catch {
      return .failure(CoachModule.StartError(description: "\(path): \(error.message)"))
    }
  }

  private static func parse(
    _ bytes: [UInt8], _ path: String
  ) throws(FileError) -> Result<ModelCatalog, CoachModule.StartError> {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      return .failure(CoachModule.StartError(description: "\(path): is not UTF-8"))
    }
    do throws(ModelCatalog.Problem) {
      return .success(try ModelCatalog(parsing: text))
    } catch {
      let place = error.line > 0 ? "\(path), line \(error.line)" : path
      return .failure(CoachModule.StartError(description: "\(place): \(error.message)"))
    }
  }

  /// Says in the log which models may be gone.
  static func warn(of catalog: ModelCatalog, now: Int64, _ log: Logger) {
    for model in catalog.retiring(on: CalendarDay.text(CalendarDay.of(seconds: now))) {
      log.warning(
        "A model of the tiers may be gone: its retirement has come",
        metadata: ["model": "\(model.name)", "retirement": "\(model.retirement)"])
    }
  }

  /// Starts: reads the models and the books.
  static func start(_ host: ModuleHost) throws(CoachModule.StartError) {
    let catalog = try Self.catalog(at: host.setting(RoutingSettings.modelsFile)?.text ?? "").get()
    warn(of: catalog, now: Clock.wallMicroseconds / 1_000_000, host.log)
    let file = host.setting(RoutingSettings.spendFile)?.text ?? ""
    let folder = host.setting("dir")?.text ?? "."
    let path = file.isEmpty ? nil : file.hasPrefix("/") ? file : folder + "/" + file
    let store: SpendStore
    do throws(FileError) {
      store = try SpendStore(path, now: Clock.wallMicroseconds / 1_000_000)
    } catch {
      throw CoachModule.StartError(description: "\(error.path): \(error.message)")
    }
    if store.outcome.applied + store.outcome.skipped > 0 {
      host.log.info(
        "The books of what was spent are loaded",
        metadata: [
          "applied": "\(store.outcome.applied)", "skipped": "\(store.outcome.skipped)",
        ])
    }
    let memory = UnsafeMutablePointer<Router>.allocate(capacity: 1)
    memory.initialize(to: Router(catalog: catalog))
    router = memory
    shared = Shared(store: store, log: host.log)
    readSettings(host)
  }

  /// Reads the settings anew; before the first command, or with the gate closed.
  static func readSettings(_ host: ModuleHost) {
    router?.pointee.policy = RoutingSettings.policy(CoachState.memorySettings) { host.setting($0) }
    shared?.breakers.setSettings(RoutingSettings.breakers { host.setting($0) })
  }

  /// Ends: what is not on disk yet is written.
  static func stop() {
    shared?.store.saveNow()
    shared = nil
    guard let memory = router else { return }
    router = nil
    memory.deinitialize(count: 1)
    memory.deallocate()
  }

  /// Lines of INFO.
  static var infoFields: [(name: String, value: String)] {
    guard let shared, let router else { return [] }
    let report = CoachReport(shared, now: Clock.wallMicroseconds / 1_000_000)
    let time = BreakerBoard.time
    let models = router.pointee.catalog.names.map { name in
      let breaker = shared.breakers.breaker(of: name)
      let ledger = shared.store.book.ledger(.model(name))
      return (
        name: "coach_model_\(name)",
        value: "breaker=\(breaker.state(now: time).rawValue),failures=\(breaker.failures),"
          + "calls=\(ledger.calls),spent=\(ledger.spent.text)"
      )
    }
    return report.fields.map { ("coach_\($0.name)", $0.value.text) } + models
  }

  /// Takes a user out of the books and their file; waits for the disk.
  ///
  /// - Returns: why the file still names the user; it is tried again with what is spent next.
  static func forget(_ user: [UInt8]) -> FileError? {
    guard let shared, let name = String(validating: user, as: UTF8.self) else { return nil }
    return shared.store.forget(name).failure
  }
}
