internal import CPostgres
internal import Logging
internal import Platform
public import RESPServer

/// Read-through caching of a PostgreSQL database: a read of a key that belongs to a class and is
/// not there loads it first.
///
///     client ──▶ command ──▶ Loader.admit ──▶ LoadBook ──▶ Engine ──▶ database
///                   ▲                                        │
///                   └── runs again ◀── Delivery stores ◀─────┘ ◀── NOTIFY
///
/// Commands have no object of their own, so what they share lives in `ReadThrough`, once in a
/// process.
public final class ReadThroughModule: ServerModule {
  public let name = "readthrough"
  public let version = 1
  public let categories = ["cache"]

  private let redact: @Sendable ([UInt8]) -> [UInt8]

  /// Makes the module; it starts with the server.
  ///
  /// - Parameter redact: takes personal data out of a text, for classes that ask for it.
  public init(redact: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }) { self.redact = redact }

  public var commands: [any Command.Type] {
    [ClassesCommand.self, RefreshCommand.self, ReloadCommand.self]
  }

  public var parameters: [ConfigurationParameter] { ReadThroughSettings.parameters }

  public var keyLoader: (any KeyLoader)? {
    guard let shared = ReadThrough.shared, !shared.loader.table.classes.isEmpty else { return nil }
    return shared.loader
  }

  public func start(_ host: ModuleHost) throws {
    guard ReadThrough.shared == nil else {
      throw ClassLoading.Problem("there is a read-through cache in this process already")
    }
    let path = host.setting(ReadThroughSettings.classesFile)?.text ?? ""
    let table = try ClassLoading.table(at: path).get()
    ReadThrough.shared = try ReadThrough.Shared(host, table, path: path, redact: redact)
  }

  public func settingsChanged(_ host: ModuleHost) {
    guard let shared = ReadThrough.shared else { return }
    shared.set(ReadThroughSettings.read(host))
    let path = host.setting(ReadThroughSettings.classesFile)?.text ?? ""
    // It was read when it was set; should it have changed since, the old classes stay.
    guard path != shared.path, case .success(let table) = ClassLoading.table(at: path) else {
      return
    }
    shared.path = path
    shared.use(table)
  }

  public func stop() {
    ReadThrough.shared?.stop()
    ReadThrough.shared = nil
  }

  public func infoSections() -> [InfoSection] {
    ReadThrough.shared.map { [InfoSection("postgres", $0.infoFields)] } ?? []
  }

  /// The SQL that makes the database tell of changes, for the classes of a configuration.
  ///
  /// - Parameter setting: the value of a parameter by its name.
  /// - Throws: when the file of classes cannot be read.
  public static func triggerScript(
    _ setting: (String) -> ConfigurationValue?
  ) throws -> String {
    let path = setting(ReadThroughSettings.classesFile)?.text ?? ""
    guard !path.isEmpty else {
      throw ClassLoading.Problem("\(ReadThroughSettings.classesFile) is not set")
    }
    let table = try ClassLoading.table(at: path).get()
    let channel = setting(ReadThroughSettings.channel)?.text ?? "wingcache"
    let functions = TriggerScript.functions(table, channel: channel)
    guard !functions.isEmpty else { return "-- No class watches a table.\n" }
    return TriggerScript.script(functions)
  }
}

/// Reading the file of classes.
enum ClassLoading {
  /// What is wrong with it, or with the module's settings.
  struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }

  /// The classes of a file; none for an empty path.
  static func table(at path: String) -> Result<ClassTable, Problem> {
    guard !path.isEmpty else { return .success(.empty) }
    do throws(FileError) {
      let bytes = try File.read(path, byteCountMax: ClassFile.bytesMax)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        return .failure(Problem("\(path): is not UTF-8"))
      }
      return parse(text, path)
    } catch {
      return .failure(Problem("\(path): \(error.message)"))
    }
  }

  private static func parse(_ text: String, _ path: String) -> Result<ClassTable, Problem> {
    do throws(ClassFile.Mistake) {
      return .success(try ClassFile.parse(text))
    } catch {
      let place = error.line > 0 ? "\(path), line \(error.line)" : path
      return .failure(Problem("\(place): \(error.reason)"))
    }
  }
}

/// What the module's commands share.
enum ReadThrough {
  // Written before the first command and after the last.
  nonisolated(unsafe) static var shared: Shared?

  final class Shared {
    let host: ModuleHost
    let mailbox: Mailbox
    let book: LoadBook
    let loader: Loader
    let delivery: Delivery
    let figures = EngineFigures()
    /// Where the classes come from.
    var path: String
    private var thread: Thread?
    let hasDatabase: Bool

    init(
      _ host: ModuleHost, _ table: ClassTable, path: String,
      redact: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) throws {
      self.host = host
      self.path = path
      mailbox = try Mailbox()
      book = LoadBook(mailbox: mailbox)
      loader = Loader(host, book: book)
      delivery = Delivery(host, book, redact: redact)
      let text = host.setting(ReadThroughSettings.url)?.text ?? ""
      hasDatabase = !text.isEmpty
      let settings = ReadThroughSettings.read(host)
      book.set(settings)
      loader.set(settings)
      loader.use(table)
      loader.becomeDeaf(at: host.now)
      guard hasDatabase else {
        book.noteDown("\(ReadThroughSettings.url) is not set")
        if !table.classes.isEmpty {
          host.log.warning("There are key classes, and no postgres-url to load them from")
        }
        return
      }
      if let problem = cpg_load() { throw ClassLoading.Problem(String(cString: problem)) }
      guard let url = DatabaseURL(text) else {
        throw ClassLoading.Problem("\(ReadThroughSettings.url) cannot be read")
      }
      try startEngine(url, table)
    }

    private func startEngine(_ url: DatabaseURL, _ table: ClassTable) throws {
      let plan = Listener.Plan(
        channel: host.setting(ReadThroughSettings.channel)?.text ?? "wingcache",
        ownChannel: "wingcache_\(RandomText.hexadecimal(bytes: 8))",
        installsTriggers: host.setting(ReadThroughSettings.installTriggers)?.boolean ?? false)
      let count = host.setting(ReadThroughSettings.connections)?.integer ?? 4
      mailbox.post(.table(table))
      let (book, loader, delivery, figures) = (book, loader, delivery, figures)
      let log = host.log
      thread = try Thread(name: "postgres") {
        Engine(
          url: url, connectionCount: count, book: book, delivery: delivery, loader: loader,
          listening: plan, log: log, figures: figures
        ).run()
      }
    }

    func set(_ settings: LoadSettings) {
      guard settings != book.settings else { return }
      book.set(settings)
      loader.set(settings)
      mailbox.post(.settings(settings))
    }

    /// Takes other classes; the gate is held.
    func use(_ new: ClassTable) {
      let old = loader.table
      let table = new.inheriting(from: old)
      loader.use(table)
      for keyClass in table.classes
      where !old.classes.contains(where: { $0.state === keyClass.state }) {
        // What is stored under its names was another class's, or had another life.
        keyClass.state.kill(upTo: host.now)
        delivery.removeDead(keyClass)
      }
      book.dropLoads(except: table.classes.map(\.state))
      mailbox.post(.table(table))
      host.updateKeyLoader()
      host.log.notice("Key classes are read", metadata: ["classes": "\(table.classes.count)"])
    }

    func stop() {
      mailbox.stop()
      thread?.join()
      book.stop()
    }

    // MARK: INFO

    var infoFields: [(name: String, value: String)] {
      let counts = figures.now
      let book = book.figures
      let classes = loader.table.classes
      func total(_ event: ClassCounters.Event) -> String {
        "\(classes.reduce(0) { $0 &+ $1.state.counters.total(event) })"
      }
      var fields: [(name: String, value: String)] = [
        ("postgres_configured", hasDatabase ? "1" : "0"),
        ("postgres_reachable", counts.ready > 0 ? "1" : "0"),
        ("postgres_problem", counts.problem),
        ("postgres_breaker", book.breaker.rawValue),
        ("postgres_breaker_openings", "\(book.openings)"),
        ("postgres_connections", "\(counts.ready)"),
        ("postgres_connections_opening", "\(counts.connecting)"),
        ("postgres_connects", "\(counts.connects)"),
        ("postgres_connect_failures", "\(counts.connectFailures)"),
        ("postgres_connections_lost", "\(counts.broken)"),
        ("postgres_timeouts", "\(counts.timeouts)"),
        ("postgres_loading", "\(book.flights)"),
        ("postgres_queries_under_way", "\(counts.flying)"),
        ("postgres_queries_queued", "\(counts.queued)"),
        ("postgres_negative_keys", "\(book.negatives)"),
        ("postgres_grouped_keys", "\(book.groupedKeys)"),
        ("postgres_listening", counts.isListening ? "1" : "0"),
        ("postgres_listenings", "\(counts.listenings)"),
        ("postgres_notifications", "\(counts.notifications)"),
        ("postgres_notifications_unreadable", "\(counts.unreadable)"),
        ("postgres_notification_lag_us", "\(counts.lagMicroseconds)"),
        ("postgres_invalidated_keys", "\(counts.invalidatedKeys)"),
        ("postgres_invalidated_classes", "\(counts.invalidatedClasses)"),
        ("postgres_triggers_missing", "\(counts.missingTriggers)"),
        ("postgres_triggers_installed", "\(counts.installedTriggers)"),
      ]
      for event in ClassCounters.Event.allCases {
        fields.append(("postgres_\(event.name)", total(event)))
      }
      for keyClass in classes {
        let counts = ClassCounters.Event.allCases.map {
          "\($0.name)=\(keyClass.state.counters.total($0))"
        }
        fields.append(("postgres_class_\(keyClass.name)", counts.joined(separator: ",")))
      }
      return fields
    }
  }
}
