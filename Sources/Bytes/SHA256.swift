/// SHA-256 (FIPS 180-4): passwords of ACL users are kept by it, as 64 hexadecimal digits.
///
///     SHA256.hexadecimal(of: password)   // "ab530a13…"
///
/// The message is padded with a 1 bit, zeros and its length in bits to whole blocks of 64 bytes;
/// each block is spread over 64 words and mixed into eight words of state, 64 rounds a block.
/// Written for passwords, not for speed: about 10 ns a byte.
public enum SHA256 {
  /// Bytes of a digest.
  public static let byteCount = 32

  /// The digest of `message`.
  ///
  /// - Complexity: O(n)
  public static func digest(of message: ByteView) -> [UInt8] {
    var state: [UInt32] = [
      0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
      0x5be0_cd19,
    ]
    var schedule = [UInt32](repeating: 0, count: 64)
    let wholeBlocks = message.count / 64
    for block in 0..<wholeBlocks {
      mix(message[block * 64..<block * 64 + 64], into: &state, &schedule)
    }
    var tail = message.dropFirst(wholeBlocks * 64).array
    tail.append(0x80)
    while tail.count % 64 != 56 { tail.append(0) }
    let bitCount = UInt64(message.count) &* 8
    for shift in stride(from: 56, through: 0, by: -8) {
      tail.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(shift)))
    }
    tail.withByteView { bytes in
      for start in stride(from: 0, to: bytes.count, by: 64) {
        mix(bytes[start..<start + 64], into: &state, &schedule)
      }
    }
    return state.flatMap { word in
      stride(from: 24, through: 0, by: -8).map {
        UInt8(truncatingIfNeeded: word >> UInt32($0))
      }
    }
  }

  /// The digest of `message` as 64 lower-case hexadecimal digits.
  ///
  /// - Complexity: O(n)
  public static func hexadecimal(of message: ByteView) -> [UInt8] {
    digest(of: message).flatMap { [digit($0 >> 4), digit($0 & 15)] }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  /// Mixes one block of 64 bytes into the state.
  private static func mix(
    _ block: ByteView, into state: inout [UInt32], _ schedule: inout [UInt32]
  ) {
    func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
      word >> count | word << (32 - count)
    }
    for index in 0..<16 {
      let first = UInt32(block[index * 4]) << 24 | UInt32(block[index * 4 + 1]) << 16
      schedule[index] = first | UInt32(block[index * 4 + 2]) << 8 | UInt32(block[index * 4 + 3])
    }
    for index in 16..<64 {
      let early = schedule[index - 15]
      let late = schedule[index - 2]
      let low = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
      let high = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
      schedule[index] = schedule[index - 16] &+ low &+ schedule[index - 7] &+ high
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let sumE = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let choice = e & f ^ ~e & g
      let first = h &+ sumE &+ choice &+ constants[index] &+ schedule[index]
      let sumA = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      let majority = a & b ^ a & c ^ b & c
      (h, g, f, e) = (g, f, e, d &+ first)
      (d, c, b, a) = (c, b, a, first &+ sumA &+ majority)
    }
    let mixed = [a, b, c, d, e, f, g, h]
    for index in 0..<8 { state[index] &+= mixed[index] }
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]
}
