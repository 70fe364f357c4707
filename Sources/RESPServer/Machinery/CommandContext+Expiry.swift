public import Bytes
internal import CacheCore

/// An expiry among a command's arguments, as in `EX 10` or `PXAT 1700000000000`.
public struct ExpiryOption {
  /// What the number counts, and from when.
  public enum Unit {
    case seconds, milliseconds, unixSeconds, unixMilliseconds

    /// The unit that `word` names: EX, PX, EXAT, PXAT in any case.
    public init?(_ word: ByteView) {
      if word.equalsIgnoringCase("EX") {
        self = .seconds
      } else if word.equalsIgnoringCase("PX") {
        self = .milliseconds
      } else if word.equalsIgnoringCase("EXAT") {
        self = .unixSeconds
      } else if word.equalsIgnoringCase("PXAT") {
        self = .unixMilliseconds
      } else {
        return nil
      }
    }

    var isAbsolute: Bool { self == .unixSeconds || self == .unixMilliseconds }
    var isSeconds: Bool { self == .seconds || self == .unixSeconds }
  }

  /// What was given.
  public let unit: Unit
  /// Position of the number.
  public let argument: Int

  public init(unit: Unit, argument: Int) {
    self.unit = unit
    self.argument = argument
  }
}

extension CommandContext {
  /// When a key given this expiry is due, in cache time. A time that has passed already is fine.
  ///
  /// - Parameters:
  ///   - command: named in the error.
  ///   - allowsPast: whether zero and negative numbers are taken (EXPIRE takes them, SET does not).
  /// - Throws: for what is no integer, not positive, or beyond what 64 bits of milliseconds hold.
  public func deadline(
    _ option: ExpiryOption, command: StaticString, allowsPast: Bool = false
  ) throws(CommandError) -> Int64 {
    let number = try integer(at: option.argument)
    guard allowsPast || number > 0 else { throw .invalidExpiry(command) }
    let (milliseconds, overflow) = number.multipliedReportingOverflow(
      by: option.unit.isSeconds ? 1000 : 1)
    guard !overflow else { throw .invalidExpiry(command) }
    let (deadline, isTooLate) =
      option.unit.isAbsolute
      ? milliseconds.subtractingReportingOverflow(wallStep)
      : milliseconds.addingReportingOverflow(now)
    guard !isTooLate else {
      // Long before all times is as good as any past.
      if milliseconds < 0 { return .min }
      throw .invalidExpiry(command)
    }
    return deadline
  }

  /// Milliseconds to add to cache time to get Unix time, see `ServerClock`.
  public var wallStep: Int64 { server.state.pointee.clock.step }
}

extension CommandError {
  /// An expiry that makes no sense.
  public static func invalidExpiry(_ command: StaticString) -> CommandError {
    .made("ERR invalid expire time in '\(command)' command")
  }

  /// Wrong number of arguments, where the arity alone cannot tell.
  public static func wrongArity(_ command: StaticString) -> CommandError {
    .made("ERR wrong number of arguments for '\(command)' command")
  }
}
