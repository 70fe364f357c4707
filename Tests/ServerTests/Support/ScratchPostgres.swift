import Foundation
import Glibc
import Synchronization

/// A real PostgreSQL in a folder of its own, made by `scripts/scratch-postgres` and killed with its
/// last owner, or at the end of the tests; what tests have left that were killed is removed by the
/// next ones.
///
///     let postgres = try ScratchPostgres()
///     try postgres.run("CREATE TABLE things (id bigint PRIMARY KEY, body text)")
final class ScratchPostgres: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let folder: String
  let database: String
  private let isOwner: Bool

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// Whether there is a PostgreSQL to start; says so when there is none.
  static let isAvailable: Bool = {
    let places = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    let found =
      places.contains { access("/usr/lib/postgresql/\($0)/bin/initdb", X_OK) == 0 }
      || ["/usr/local/bin", "/usr/bin"].contains { access("\($0)/initdb", X_OK) == 0 }
    if !found { print("skipped: there is no PostgreSQL to load from (apt-get install postgresql)") }
    return found
  }()

  /// The one that tests share which do it no harm.
  private static let shared = Mutex<ScratchPostgres?>(nil)
  private static let lastNumber = Mutex<Int>(0)

  /// A database of the test's own in the cluster that tests share.
  static func database(_ sql: String = "") throws -> ScratchPostgres {
    let cluster = try shared.withLock { known in
      if let known { return known }
      let made = try ScratchPostgres()
      known = made
      ScratchClusters.add(made.folder)
      return made
    }
    let name = lastNumber.withLock { number in
      number += 1
      return "test\(number)"
    }
    try cluster.run("CREATE DATABASE \(name)")
    let own = ScratchPostgres(folder: cluster.folder, database: name)
    if !sql.isEmpty { try own.run(sql) }
    return own
  }

  private init(folder: String, database: String) {
    self.folder = folder
    self.database = database
    isOwner = false
  }

  /// Another database of the same cluster.
  func database(named name: String) -> ScratchPostgres {
    ScratchPostgres(folder: folder, database: name)
  }

  /// A cluster of the test's own, to be ill-treated.
  init(_ sql: String = "") throws {
    folder = "/tmp/\(ScratchClusters.prefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
    database = "postgres"
    isOwner = true
    ScratchClusters.removeAbandoned()
    try start()
    if !sql.isEmpty { try run(sql) }
  }

  deinit {
    guard isOwner else { return }
    resume()
    stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// How to connect.
  var url: String { "host=\(folder) user=wingcache dbname=\(database)" }

  /// Starts it, again after `stop` or `kill`.
  func start() throws {
    let result = try Self.execute("\(Self.root)/scripts/scratch-postgres", [folder])
    guard result.status == 0 else { throw Failure(description: result.output) }
  }

  /// Stops it at once.
  func stop() {
    _ = try? Self.execute("\(Self.root)/scripts/scratch-postgres", ["--stop", folder])
  }

  /// All its processes, the first its parent.
  private var processes: [pid_t] {
    let file = (try? String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8)) ?? ""
    guard let parent = file.split(separator: "\n").first.flatMap({ pid_t($0) }) else { return [] }
    let path = "/proc/\(parent)/task/\(parent)/children"
    let children = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return [parent] + children.split(separator: " ").compactMap { pid_t($0) }
  }

  /// Stops all its processes where they are: it is there and says nothing.
  func freeze() { for process in processes { Glibc.kill(process, SIGSTOP) } }

  /// Lets it go on.
  func resume() { for process in processes { Glibc.kill(process, SIGCONT) } }

  /// Runs SQL and answers what it prints, values separated by "|".
  @discardableResult
  func run(_ sql: String) throws -> String {
    let result = try Self.execute(
      "psql", [url, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql])
    guard result.status == 0 else { throw Failure(description: result.output) }
    return result.output.trimmingCharacters(in: .newlines)
  }

  /// Runs a file.
  func run(file: String) throws {
    let result = try Self.execute(
      "psql", [url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "\(Self.root)/\(file)"])
    guard result.status == 0 else { throw Failure(description: result.output) }
  }

  private static func execute(
    _ program: String, _ arguments: [String]
  ) throws -> (status: Int32, output: String) {
    let child = try ChildProcess(
      ["PGOPTIONS=-c client_min_messages=error", program] + arguments)
    let status = child.wait()
    return (status, child.output)
  }

  /// Holds a lock that queries wait for, `pg_advisory_xact_lock_shared(number)`, until it is
  /// released.
  final class Barrier {
    private let child: ChildProcess

    init(_ postgres: ScratchPostgres, _ number: Int) throws {
      // The lock is had when the second statement runs, which ends with this process alone.
      let name = "barrier\(UInt32.random(in: 0 ... .max))"
      child = try ChildProcess([
        "psql", postgres.url + " application_name=\(name)", "-X", "-q", "-c",
        "SELECT pg_advisory_lock(\(number))", "-c", "SELECT pg_sleep(3600)",
      ])
      for _ in 0..<20_000 {
        let sleeping = try postgres.run(
          "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(name)' "
            + "AND wait_event = 'PgSleep'")
        if sleeping == "1" { return }
        usleep(5000)
      }
      throw Failure(description: "no lock: \(child.output)")
    }

    /// The backend notices that its client is gone only when it talks to it, so it is told.
    func release(in postgres: ScratchPostgres) throws {
      try postgres.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
          + "AND datname = current_database()")
      _ = child.wait()
    }

    /// The same where the server has ended.
    func end() { child.kill() }

    deinit { child.kill() }
  }
}

/// A program that is run beside the tests. Foundation's own way leaves ends of pipes to whatever
/// other tests start meanwhile.
final class ChildProcess {
  private var process = pid_t()
  private var status: Int32?
  private let path: String

  /// Starts a program by the words of `env`: assignments, its name, its arguments.
  init(_ words: [String]) throws {
    path = "/tmp/wingcache-output-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var arguments: [UnsafeMutablePointer<CChar>?] = (["env"] + words).map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let result = posix_spawn(&process, "/usr/bin/env", &actions, nil, &arguments, environ)
    guard result == 0 else {
      throw ScratchPostgres.Failure(description: "cannot start \(words): error \(result)")
    }
  }

  deinit {
    kill()
    unlink(path)
  }

  /// What it has printed so far.
  var output: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

  /// Waits for its end.
  ///
  /// - Returns: 0 when it ended well.
  func wait() -> Int32 {
    if let status { return status }
    var raw: Int32 = 0
    while waitpid(process, &raw, 0) < 0, errno == EINTR {}
    status = raw
    return raw
  }

  /// Ends it.
  func kill() {
    guard status == nil else { return }
    Glibc.kill(process, SIGKILL)
    _ = wait()
  }
}

/// Clusters that outlive the tests which made them.
private enum ScratchClusters {
  private static let folders = Mutex<[String]>([])

  private static let installed: Void = {
    atexit {
      for folder in ScratchClusters.folders.withLock({ $0 }) { ScratchClusters.remove(folder) }
    }
  }()

  private static let hasRemovedAbandoned: Void = {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: "/tmp")) ?? [] {
      guard name.hasPrefix(prefix),
        let process = name.dropFirst(prefix.count)
          .split(separator: "-").first.flatMap({ pid_t($0) }),
        Glibc.kill(process, 0) != 0, errno == ESRCH
      else { continue }
      remove("/tmp/" + name)
    }
  }()

  static let prefix = "wingcache-postgres-"

  /// Removes what processes have left that are gone; once.
  static func removeAbandoned() { _ = hasRemovedAbandoned }

  /// Ends a cluster and removes its folder.
  private static func remove(_ folder: String) {
    let file = (try? String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8))
    if let parent = file?.split(separator: "\n").first.flatMap({ pid_t($0) }) {
      Glibc.kill(parent, SIGCONT)
      // An immediate shutdown. What is still at work would put files where they have just gone.
      Glibc.kill(parent, SIGQUIT)
      for _ in 0..<1000 where Glibc.kill(parent, 0) == 0 { usleep(5000) }
    }
    try? FileManager.default.removeItem(atPath: folder)
  }

  static func add(_ folder: String) {
    _ = installed
    folders.withLock { $0.append(folder) }
  }
}
