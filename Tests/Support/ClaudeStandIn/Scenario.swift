/// How one request is to be answered, as a line of text: a name and settings.
///
///     answer [chunks=N] [pings=N] [thinking=N] [delay=MS] [stop=WORD] [usage=I/W/H/R/O] [text=...]
///     error status=S [type=T] [code=C] [retry-after=X] [retry-after-ms=X] [should-retry=B]
///     stream-error [after=N] [type=T]     an error event after N pieces of text
///     stall [after=N]                     nothing more comes; after=-1: nothing at all
///     hold [after=N]                      the same, until it is released
///     cut [after=N]                       the connection breaks
///     truncated [after=N]                 the answer ends before its time
///     unended                             the answer is whole, but the connection stays busy
///     huge, long-event                    more than anybody wants to read
///     garbage, garbage-stream, garbage-json, html [status=S], redirect [to=URL], close
///
/// `model=NAME` keeps it for requests that name the model; `times=N` uses it N times. `text=` comes
/// last and takes the rest of the line; so does `message=` of an error.
public struct Scenario: Sendable, Equatable {
  /// The name.
  public var name: String
  /// The settings.
  public var settings: [String: String] = [:]

  /// Reads a line; nil for an empty one.
  public init?(_ line: String) {
    var rest = Substring(line).drop { $0 == " " }
    guard !rest.isEmpty else { return nil }
    name = String(rest.prefix { $0 != " " })
    rest = rest.dropFirst(name.count).drop { $0 == " " }
    while !rest.isEmpty {
      let key = rest.prefix { $0 != "=" && $0 != " " }
      rest = rest.dropFirst(key.count)
      guard rest.first == "=" else {
        settings[String(key)] = "1"
        rest = rest.drop { $0 == " " }
        continue
      }
      rest = rest.dropFirst()
      let takesAll = key == "text" || key == "message"
      let value = takesAll ? rest : rest.prefix { $0 != " " }
      settings[String(key)] = String(value)
      rest = rest.dropFirst(value.count).drop { $0 == " " }
    }
  }

  /// A setting as a number.
  public func number(_ key: String, default other: Int = 0) -> Int {
    settings[key].flatMap { Int($0) } ?? other
  }

  /// Whether a request for a model may use it.
  func fits(_ model: String) -> Bool { settings["model"].map { $0 == model } ?? true }
}
