internal import Platform

/// Where the API is, how long to wait for it, and how much at once.
public struct ClaudeSettings: Sendable {
  /// A setting that cannot be used, in a sentence without a full stop.
  public struct Mistake: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
  }

  /// The key that every request carries.
  public var key: APIKey
  /// Where requests go, without a slash at the end.
  public let baseURL: String
  /// Whether that is plain HTTP: to this machine only.
  public let isPlain: Bool
  /// A file of certificates to trust instead of the system's; nil for the system's.
  public var certificatesPath: String?

  /// Calls that are made at the same time.
  public var concurrentMax = 32
  /// Calls that may wait beside these, and askers that share a call; more are refused at once.
  public var waitingMax = 256

  /// Milliseconds for a connection, for the first byte of an answer, and between two pieces of it.
  public var connectMilliseconds: Int64 = 5000
  public var firstByteMilliseconds: Int64 = 60_000
  public var stallMilliseconds: Int64 = 20_000
  /// How long an asker waits in all unless it says otherwise, in milliseconds.
  public var deadlineMilliseconds: Int64 = 120_000

  /// Bytes of text in an answer, and bytes of anything else that is read before it is refused.
  public var textBytesMax = 4 << 20

  /// What to do after failures.
  public var retries = RetryPolicy()
  /// Time and chance.
  public var clock = ClaudeClock()

  /// The provider's own address.
  public static let officialURL = "https://api.anthropic.com"

  /// Makes the usual settings.
  ///
  /// - Parameters:
  ///   - baseURL: `https://HOST[:PORT][/PATH]`; `http://` for this machine only, since the key
  ///     would go over the network for all to read.
  /// - Throws: `Mistake` for other addresses.
  public init(key: APIKey, baseURL: String = officialURL) throws(Mistake) {
    self.key = key
    var url = baseURL
    while url.hasSuffix("/") { url.removeLast() }
    guard url.utf8.count <= 2048, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw Mistake("the address of the API is no URL")
    }
    if url.hasPrefix("https://"), url.utf8.count > 8 {
      isPlain = false
    } else if url.hasPrefix("http://"), Self.isLocal(url.dropFirst(7)) {
      isPlain = true
    } else {
      throw Mistake(
        "the address of the API begins with https://, or with http:// for this machine")
    }
    guard !url.utf8.contains(where: { "?#@".utf8.contains($0) }) else {
      throw Mistake("the address of the API has no ?, # or @")
    }
    self.baseURL = url
  }

  private static func isLocal(_ rest: Substring) -> Bool {
    let authority = rest.prefix { $0 != "/" }
    if authority.hasPrefix("[::1]") {
      return authority.utf8.count == 5 || authority.dropFirst(5).hasPrefix(":")
    }
    let host = authority.prefix { $0 != ":" }
    return host == "localhost" || host == "127.0.0.1"
  }
}

/// Time and chance as a client sees them; tests bring their own.
public struct ClaudeClock: Sendable {
  /// Nanoseconds since some moment; never goes back.
  public var now: @Sendable () -> UInt64 = { Clock.monotonicNanoseconds }
  /// Seconds since 1970.
  public var wallSeconds: @Sendable () -> Int64 = { Clock.wallMicroseconds / 1_000_000 }
  /// A number in 0..<1.
  public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

  /// Makes the machine's own.
  public init() {}
}
