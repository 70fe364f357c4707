internal import RESPServer

/// The parameters whose names begin with "http-".
struct HTTPSettings: Sendable {
  let port: Int
  /// IP addresses, or paths of Unix sockets.
  let addresses: [String]
  let connectionsMax: Int
  let headerBytesMax: Int
  /// How long a request may take to arrive, and a connection be idle, in seconds.
  let timeoutSeconds: Int
  let staticPrefix: String
  let staticType: String
  /// Whose rights reads have; nil: whoever connects without logging in.
  let user: [UInt8]?

  static var parameters: [ConfigurationParameter] {
    [
      .module(
        "http-port", .integer(0...65535), default: .integer(0),
        "port that HTTP is served on; 0: none", .fixed),
      .module(
        "http-bind", .text, default: .text("127.0.0.1"),
        "addresses that HTTP is served on; * for all, a path for a Unix socket", .fixed),
      .module(
        "http-max-connections", .integer(1...1_000_000), default: .integer(1000),
        "HTTP connections at the same time; others are closed at once", .fixed),
      .module(
        "http-max-header-bytes", .integer(256...1_048_576), default: .integer(16384),
        "bytes of a request's line and headers together", .fixed),
      .module(
        "http-timeout", .integer(1...3600), default: .integer(15),
        "seconds an HTTP client has for sending its (next) request, and a loop for answering it",
        .fixed),
      .module(
        "http-static-prefix", .text, default: .text("wingman:static:"),
        "GET /static/NAME serves the string at the key of this prefix and NAME"),
      .module(
        "http-static-type", .text, default: .text(""),
        "Content-Type of static content; empty: by its first bytes"
      ) { value in
        value.text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && value.text.utf8.count <= 128
          ? nil : "a media type has up to 128 printable ASCII characters"
      },
      .module(
        "http-user", .text, default: .text(""),
        "user whose rights HTTP has to keys; empty: default, where it needs no password"),
    ]
  }

  /// Reads the settings.
  init(_ setting: (String) -> ConfigurationValue?) {
    func number(_ name: String) -> Int { setting(name)?.integer ?? 0 }
    func text(_ name: String) -> String { setting(name)?.text ?? "" }
    port = number("http-port")
    addresses = text("http-bind").split(separator: " ").map(String.init)
    connectionsMax = number("http-max-connections")
    headerBytesMax = number("http-max-header-bytes")
    timeoutSeconds = number("http-timeout")
    staticPrefix = text("http-static-prefix")
    staticType = text("http-static-type")
    user = text("http-user").isEmpty ? nil : Array(text("http-user").utf8)
  }
}
