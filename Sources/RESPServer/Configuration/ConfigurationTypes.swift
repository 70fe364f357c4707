/// A parameter whose value is one of a few words: the raw values are the words.
public protocol ConfigurationChoice: RawRepresentable<String>, CaseIterable, Sendable {
  /// Other words that mean a case, as "relative" means `yes` for `oom-score-adj`.
  static var synonyms: [(word: String, value: Self)] { get }
}

extension ConfigurationChoice {
  /// Most choices have one word each.
  public static var synonyms: [(word: String, value: Self)] { [] }
}

/// How much is logged.
public enum LogVerbosity: String, ConfigurationChoice {
  case debug, verbose, notice, warning
}

/// Who may use a command or change a parameter that could harm the machine.
public enum ProtectedAction: String, ConfigurationChoice {
  case no, yes, local
}

/// What channels a new user may use.
public enum PubSubDefault: String, ConfigurationChoice {
  case allchannels, resetchannels
}

/// Which RESTORE payloads are checked thoroughly.
public enum PayloadChecking: String, ConfigurationChoice {
  case no, yes, clients
}

/// When the append log is synced.
public enum AppendSync: String, ConfigurationChoice {
  case everysec, always, no
}

/// What SIGINT or SIGTERM does beside ending the server.
public struct ShutdownOptions: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Saves even without save points.
  public static let save = ShutdownOptions(rawValue: 1)
  /// Does not save even with save points.
  public static let noSave = ShutdownOptions(rawValue: 2)
  /// Does not wait for replicas.
  public static let now = ShutdownOptions(rawValue: 4)
  /// Ends even when saving failed.
  public static let force = ShutdownOptions(rawValue: 8)
}

/// Save when this many changes were made in this many seconds.
public struct SavePoint: Equatable, Sendable {
  /// Saved when so many seconds have passed with at least so many changes.
  public var seconds: Int
  public var changes: Int

  public init(seconds: Int, changes: Int) {
    self.seconds = seconds
    self.changes = changes
  }
}

/// How much output may wait for a client before it is disconnected; 0 is no limit.
public struct OutputBufferLimit: Equatable, Sendable {
  /// Bytes at which a client is closed at once, and after `softSeconds`; 0: no limit.
  public var hardBytes: Int
  public var softBytes: Int
  /// How long the soft limit may be exceeded.
  public var softSeconds: Int

  public init(hardBytes: Int, softBytes: Int, softSeconds: Int) {
    self.hardBytes = hardBytes
    self.softBytes = softBytes
    self.softSeconds = softSeconds
  }
}

/// The limits of `client-output-buffer-limit`, by class of client.
public struct OutputBufferLimits: Equatable, Sendable {
  /// One for each class of clients.
  public var normal = OutputBufferLimit(hardBytes: 0, softBytes: 0, softSeconds: 0)
  public var replica = OutputBufferLimit(
    hardBytes: 256 << 20, softBytes: 64 << 20, softSeconds: 60)
  public var pubsub = OutputBufferLimit(hardBytes: 32 << 20, softBytes: 8 << 20, softSeconds: 60)

  public init() {}
}

/// A server to replicate from.
public struct ReplicationSource: Equatable, Sendable {
  /// Where the primary listens.
  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }
}

/// Which changes are published on keyspace and keyevent channels: `notify-keyspace-events`.
public struct KeyspaceEvents: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let keyspace = KeyspaceEvents(rawValue: 1 << 0)
  public static let keyevent = KeyspaceEvents(rawValue: 1 << 1)
  public static let generic = KeyspaceEvents(rawValue: 1 << 2)
  public static let string = KeyspaceEvents(rawValue: 1 << 3)
  public static let list = KeyspaceEvents(rawValue: 1 << 4)
  public static let set = KeyspaceEvents(rawValue: 1 << 5)
  public static let hash = KeyspaceEvents(rawValue: 1 << 6)
  public static let sortedSet = KeyspaceEvents(rawValue: 1 << 7)
  public static let expired = KeyspaceEvents(rawValue: 1 << 8)
  public static let evicted = KeyspaceEvents(rawValue: 1 << 9)
  public static let stream = KeyspaceEvents(rawValue: 1 << 10)
  public static let keyMiss = KeyspaceEvents(rawValue: 1 << 11)
  public static let module = KeyspaceEvents(rawValue: 1 << 13)
  public static let new = KeyspaceEvents(rawValue: 1 << 14)

  /// The letter A: every class but key misses and new keys.
  public static let all: KeyspaceEvents = [
    .generic, .string, .list, .set, .hash, .sortedSet, .expired, .evicted, .stream, .module,
  ]

  /// The letters in the order they are printed in.
  private static let letters: [(letter: Character, events: KeyspaceEvents)] = [
    ("g", .generic), ("$", .string), ("l", .list), ("s", .set), ("h", .hash), ("z", .sortedSet),
    ("x", .expired), ("e", .evicted), ("t", .stream), ("d", .module), ("n", .new),
    ("K", .keyspace), ("E", .keyevent), ("m", .keyMiss),
  ]

  /// Reads letters as "KEA"; nil when one is unknown.
  ///
  /// - Complexity: O(n)
  public init?(text: String) {
    var events: KeyspaceEvents = []
    for letter in text {
      if letter == "A" {
        events.formUnion(.all)
      } else if let known = Self.letters.first(where: { $0.letter == letter }) {
        events.formUnion(known.events)
      } else {
        return nil
      }
    }
    self = events
  }

  /// The letters, classes that make up A as "A", in Redis's order.
  public var text: String {
    let hasAll = isSuperset(of: .all)
    var text = hasAll ? "A" : ""
    for (letter, events) in Self.letters where isSuperset(of: events) {
      // Redis prints no "n" beside an "A".
      if hasAll, Self.all.isSuperset(of: events) || events == .new { continue }
      text.append(letter)
    }
    return text
  }
}
