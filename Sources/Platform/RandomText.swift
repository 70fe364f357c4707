/// Random identifiers, from the system's random source.
public enum RandomText {
  /// Twice as many hexadecimal digits as `bytes`.
  public static func hexadecimal(bytes: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef")
    return String((0..<(bytes * 2)).map { _ in digits[Int(generator.next() & 15)] })
  }
}
