public import Bytes
import Glibc

/// LZF, the light compression of long strings in DUMP payloads and RDB files.
///
///     000xxxxx            x + 1 bytes follow as they are
///     lllooooo oooooooo   l + 2 bytes (l from 1 to 6) repeat from o + 1 bytes back
///     111ooooo l oooooooo the same for l + 9 bytes
///
/// Format: Marc Lehmann's LibLZF. The compressor is a plain greedy one: it looks at the last place
/// with the same three bytes and takes the match if there is one.
public enum LZF {
  private static let literalMax = 32
  private static let distanceMax = 8192
  private static let matchMax = 264
  /// No compressed byte makes more bytes than this: a match of 264 takes three.
  static let expansionMax = 88

  /// Compresses `input`.
  ///
  /// - Parameter target: room for the result; it must be shorter than the input to be of use.
  /// - Returns: the number of bytes; nil when they do not fit.
  /// - Complexity: O(n)
  public static func compress(
    _ input: ByteView, to target: UnsafeMutableBufferPointer<UInt8>
  ) -> Int? {
    let bits = min(14, max(8, Int.bitWidth - input.count.leadingZeroBitCount))
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 1 << bits) { table in
      table.update(repeating: 0)
      var writer = Writer(input: input, target: target)
      var position = 0
      while position + 2 < input.count {
        let slot = hash(input, position, bits: bits)
        let reference = Int(table[slot]) - 1
        table[slot] = UInt32(truncatingIfNeeded: position + 1)
        let length = reference >= 0 ? match(input, reference, position) : 0
        if length >= 3 {
          guard writer.copy(from: position - reference, length: length, at: position) else {
            return nil
          }
          position += length
        } else {
          position += 1
        }
      }
      return writer.finish() ? writer.count : nil
    }
  }

  private static func hash(_ input: ByteView, _ position: Int, bits: Int) -> Int {
    let word =
      UInt32(input[position]) << 16 | UInt32(input[position + 1]) << 8
      | UInt32(input[position + 2])
    return Int(truncatingIfNeeded: (word &* 2_654_435_761) >> UInt32(32 - bits))
  }

  /// How many bytes at `position` are the same as at `reference`; 0 when that is too far back.
  private static func match(_ input: ByteView, _ reference: Int, _ position: Int) -> Int {
    guard position - reference <= distanceMax else { return 0 }
    let limit = min(matchMax, input.count - position)
    var length = 0
    while length < limit, input[reference + length] == input[position + length] { length += 1 }
    return length
  }

  /// What has been written, and which bytes of the input are still to go as they are.
  private struct Writer {
    let input: ByteView
    let target: UnsafeMutableBufferPointer<UInt8>
    var count = 0
    var literalStart = 0

    mutating func copy(from distance: Int, length: Int, at position: Int) -> Bool {
      guard writeLiterals(upTo: position), count + 3 <= target.count else { return false }
      let far = distance - 1
      let code = length - 2
      if code < 7 {
        put(UInt8(code << 5 | far >> 8))
      } else {
        put(UInt8(7 << 5 | far >> 8))
        put(UInt8(code - 7))
      }
      put(UInt8(far & 0xFF))
      literalStart = position + length
      return true
    }

    mutating func finish() -> Bool { writeLiterals(upTo: input.count) }

    private mutating func writeLiterals(upTo end: Int) -> Bool {
      while literalStart < end {
        let length = min(LZF.literalMax, end - literalStart)
        guard count + 1 + length <= target.count else { return false }
        put(UInt8(length - 1))
        memcpy(target.baseAddress! + count, input.base + literalStart, length)
        count += length
        literalStart += length
      }
      return true
    }

    private mutating func put(_ byte: UInt8) {
      target[count] = byte
      count += 1
    }
  }

  /// Restores what was compressed.
  ///
  /// - Parameter target: room for exactly as many bytes as there were.
  /// - Returns: false when `input` is damaged, or makes another number of bytes.
  /// - Complexity: O(n)
  public static func decompress(
    _ input: ByteView, to target: UnsafeMutableBufferPointer<UInt8>
  ) -> Bool {
    var position = 0
    var count = 0
    while position < input.count {
      let control = Int(input[position])
      position += 1
      if control < literalMax {
        let length = control + 1
        guard position + length <= input.count, count + length <= target.count else {
          return false
        }
        memcpy(target.baseAddress! + count, input.base + position, length)
        position += length
        count += length
        continue
      }
      var length = control >> 5
      if length == 7 {
        guard position < input.count else { return false }
        length += Int(input[position])
        position += 1
      }
      length += 2
      guard position < input.count else { return false }
      let distance = (control & 0x1F) << 8 + Int(input[position]) + 1
      position += 1
      guard distance <= count, count + length <= target.count else { return false }
      // Byte by byte: what is copied may be what is being written.
      for _ in 0..<length {
        target[count] = target[count - distance]
        count += 1
      }
    }
    return count == target.count
  }
}
