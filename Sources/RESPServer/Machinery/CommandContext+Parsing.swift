internal import Bytes
public import CacheCore

extension CommandContext {
  /// The argument at `index` as an integer.
  public func integer(at index: Int) throws(CommandError) -> Int64 {
    guard let value = IntegerText.parseInt64(arguments[index]) else { throw .notInteger }
    return value
  }

  /// The argument at `index` as an integer within `range`, with an error text for anything else.
  public func integer(
    at index: Int, in range: ClosedRange<Int64>, orThrow error: CommandError = .notInteger
  ) throws(CommandError) -> Int64 {
    guard let value = IntegerText.parseInt64(arguments[index]), range.contains(value) else {
      throw error
    }
    return value
  }

  /// The argument at `index` as a finite or infinite double.
  public func double(at index: Int) throws(CommandError) -> Double {
    guard let value = FloatText.parse(arguments[index]) else { throw .notFloat }
    return value
  }

  /// Whether the argument at `index` is `word`, in any case.
  public func argument(at index: Int, is word: StaticString) -> Bool {
    arguments[index].equalsIgnoringCase(word)
  }

  /// The argument at `index` as a database number.
  ///
  /// - Parameter error: what is thrown for anything but a 32-bit number; nil: Redis's usual words.
  public func databaseIndex(
    at index: Int, orThrow error: CommandError? = nil
  ) throws(CommandError) -> DatabaseIndex {
    guard let value = IntegerText.parseInt64(arguments[index]) else { throw error ?? .notInteger }
    guard Int32(exactly: value) != nil else { throw error ?? .notInt32 }
    guard value >= 0, value < server.configuration.databaseCount else { throw .databaseIndex }
    return DatabaseIndex(rawValue: UInt8(value))
  }
}
