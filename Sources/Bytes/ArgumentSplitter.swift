/// Splits a line into arguments as Redis does for inline commands and for its configuration file.
///
/// Blanks separate arguments. Inside double quotes `\n \r \t \a \b`, `\xHH` and `\"` mean what they
/// mean in C; inside single quotes only `\'` is special. A closing quote must end its argument, a
/// quote left open is an error. A NUL byte ends the line.
///
/// `next(into:)` fills a buffer that the caller keeps, so splitting a stream of lines allocates
/// only until that buffer has grown to the longest argument.
public struct ArgumentSplitter {
  /// What `next(into:)` found.
  public enum Step: Sendable {
    /// An argument, now in the buffer.
    case argument
    /// The end of the line.
    case end
    /// A quote that is not closed, or closed in mid-argument.
    case unbalancedQuotes
  }

  private let line: ByteView
  private var index = 0

  /// Starts at the beginning of `line`, which must outlive the splitter.
  public init(_ line: ByteView) {
    self.line = line
  }

  /// Splits all of `line`.
  ///
  /// - Returns: nil when quotes are unbalanced.
  /// - Complexity: O(n), allocates an array per argument.
  public static func split(_ line: ByteView) -> [[UInt8]]? {
    var splitter = ArgumentSplitter(line)
    var arguments: [[UInt8]] = []
    var argument: [UInt8] = []
    while true {
      switch splitter.next(into: &argument) {
      case .argument: arguments.append(argument)
      case .end: return arguments
      case .unbalancedQuotes: return nil
      }
    }
  }

  /// Replaces the contents of `argument` with the next one.
  ///
  /// - Complexity: O(length of the argument), allocates only to grow `argument`.
  public mutating func next(into argument: inout [UInt8]) -> Step {
    argument.removeAll(keepingCapacity: true)
    while Self.isBlank(byte(at: index)) { index += 1 }
    guard byte(at: index) != 0 else { return .end }
    while true {
      switch byte(at: index) {
      case 0, 0x20, 0x0A, 0x0D, 0x09:
        return .argument
      case 0x22:
        index += 1
        return doubleQuoted(into: &argument) ? .argument : .unbalancedQuotes
      case 0x27:
        index += 1
        return singleQuoted(into: &argument) ? .argument : .unbalancedQuotes
      case let other:
        argument.append(other)
        index += 1
      }
    }
  }

  /// The byte at `position`; 0 from the end on, which no line contains.
  private func byte(at position: Int) -> UInt8 {
    position < line.count ? line.base[position] : 0
  }

  private mutating func doubleQuoted(into argument: inout [UInt8]) -> Bool {
    while true {
      let current = byte(at: index)
      switch current {
      case 0:
        return false
      case 0x22:
        return closeQuote()
      case 0x5C:
        appendEscape(to: &argument)
      default:
        argument.append(current)
        index += 1
      }
    }
  }

  private mutating func singleQuoted(into argument: inout [UInt8]) -> Bool {
    while true {
      let current = byte(at: index)
      switch current {
      case 0:
        return false
      case 0x27:
        return closeQuote()
      case 0x5C where byte(at: index + 1) == 0x27:
        argument.append(0x27)
        index += 2
      default:
        argument.append(current)
        index += 1
      }
    }
  }

  /// Steps over a closing quote, which only a blank or the end may follow.
  private mutating func closeQuote() -> Bool {
    index += 1
    let next = byte(at: index)
    return next == 0 || Self.isBlank(next)
  }

  /// Takes the escape at `index`, a backslash.
  private mutating func appendEscape(to argument: inout [UInt8]) {
    let next = byte(at: index + 1)
    if next == 0x78, let high = Self.hexDigit(byte(at: index + 2)),
      let low = Self.hexDigit(byte(at: index + 3))
    {
      argument.append(high << 4 | low)
      index += 4
      return
    }
    index += 1
    switch next {
    case 0:
      // The backslash ends the line: it stands for itself, and the missing quote is found next.
      argument.append(0x5C)
      return
    case 0x6E: argument.append(0x0A)
    case 0x72: argument.append(0x0D)
    case 0x74: argument.append(0x09)
    case 0x62: argument.append(0x08)
    case 0x61: argument.append(0x07)
    default: argument.append(next)
    }
    index += 1
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: return byte - 0x30
    case 0x41...0x46: return byte - 0x41 + 10
    case 0x61...0x66: return byte - 0x61 + 10
    default: return nil
    }
  }
}
