import Bytes
import FuzzSupport
import RESPServer

// Texts of every kind that clients and administrators write. Byte 0 chooses the subject; each is
// held against a plainer way of doing the same, or has to come back after a round trip.

/// Glob patterns by the obvious recursion, for texts so short that it ends.
private func matchesPlainly(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
  guard let first = pattern.first else { return text.isEmpty }
  if first == UInt8(ascii: "*") {
    return matchesPlainly(pattern.dropFirst(), text)
      || (!text.isEmpty && matchesPlainly(pattern, text.dropFirst()))
  }
  guard let byte = text.first else { return false }
  if first == UInt8(ascii: "?") { return matchesPlainly(pattern.dropFirst(), text.dropFirst()) }
  return first == byte && matchesPlainly(pattern.dropFirst(), text.dropFirst())
}

private func fuzzGlob(_ input: inout FuzzInput) {
  let pattern = input.take(Int(input.byte()))
  let text = input.takeAll()
  withExactCopy(of: pattern) { patternBytes in
    withExactCopy(of: text) { textBytes in
      let pattern = ByteView(base: UnsafePointer(patternBytes), count: pattern.count)
      let text = ByteView(base: UnsafePointer(textBytes), count: text.count)
      let matches = Glob.matches(pattern, text)
      _ = Glob.matches(pattern, text, ignoringCase: true)
      let prefix = Glob.literalPrefixCount(pattern)
      require(prefix <= pattern.count, "a prefix longer than the pattern")
      if matches {
        require(
          text.count >= prefix && text[0..<prefix].buffer.elementsEqual(pattern[0..<prefix].buffer),
          "a match that does not begin with the literal prefix")
      }
      let isPlain = !pattern.buffer.contains { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "\\") }
      if isPlain, pattern.count <= 12, text.count <= 12 {
        let expected = matchesPlainly(Array(pattern.buffer)[...], Array(text.buffer)[...])
        require(matches == expected, "\(Array(pattern.buffer)) on \(Array(text.buffer))")
      }
    }
  }
}

private func fuzzIntegers(_ text: ByteView) {
  let string = String(decoding: text.buffer, as: UTF8.self)
  let signed = IntegerText.parseInt64(text)
  // Canonical exactly when printing gives the text back.
  let expected = Int64(string).flatMap { String($0) == string ? $0 : nil }
  require(signed == expected, "\(string): \(String(describing: signed))")
  let unsigned = IntegerText.parseUInt64(text)
  let expectedUnsigned = UInt64(string).flatMap { String($0) == string ? $0 : nil }
  require(unsigned == expectedUnsigned, "\(string): \(String(describing: unsigned))")
  _ = IntegerText.parseCursor(text)
  if let signed {
    let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { place in
      let count = IntegerText.write(signed, to: place.baseAddress!)
      require(place[..<count].elementsEqual(text.buffer), "\(signed) is written differently")
      return count
    }
    require(count == IntegerText.byteCount(signed), "\(signed) has another length")
  }
}

private func fuzzFloats(_ text: ByteView) {
  guard let value = FloatText.parse(text) else { return }
  require(!value.isNaN, "a text that is not a number")
  let capacity = FloatText.humanByteCountMax
  withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { place in
    let count = FloatText.write(value, to: place.baseAddress!)
    require(count <= FloatText.byteCountMax, "\(value) takes \(count) bytes")
    let back = FloatText.parse(ByteView(base: UnsafePointer(place.baseAddress!), count: count))
    require(back == value, "\(value) came back as \(String(describing: back))")
    _ = FloatText.write17Digits(value, to: place.baseAddress!)
    let human = FloatText.writeHuman(value, to: place.baseAddress!)
    require(human <= capacity, "\(value) takes \(human) bytes")
  }
}

private func fuzzSums(_ input: inout FuzzInput) {
  let left = input.take(Int(input.byte()))
  let right = input.takeAll()
  withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.sumByteCountMax) { place in
    if let count = try? FloatText.writeSum(left, right, to: place.baseAddress!) {
      require(count <= FloatText.sumByteCountMax, "a sum of \(count) bytes")
    }
  }
}

private func fuzzSplitting(_ line: ByteView) {
  withExactCopy(of: line) { bytes in
    let line = ByteView(base: UnsafePointer(bytes), count: line.count)
    guard let words = ArgumentSplitter.split(line) else { return }
    // Quoted and joined, the words come back.
    let joined = words.map { $0.withByteView(QuotedText.quoted) }.joined(separator: [0x20])
    let again = Array(joined).withByteView(ArgumentSplitter.split)
    // A NUL ends a line, quoted or not, but QuotedText spells it out.
    require(again == words, "\(words) came back as \(String(describing: again))")
  }
}

private func fuzzConfiguration(_ text: ByteView) {
  let string = String(decoding: text.buffer, as: UTF8.self)
  // Files of the machine are no business of a fuzzer.
  guard !string.lowercased().contains("include"), !string.contains("\\x") else { return }
  let registry = Registries.shared
  var loader = ConfigurationLoader(registry: registry)
  do {
    try loader.load(text: string)
  } catch {
    return
  }
}

private enum Registries {
  static let shared = ConfigurationRegistry()
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  switch input.byte() % 8 {
  case 0: fuzzGlob(&input)
  case 1: fuzzIntegers(input.takeAll())
  case 2: fuzzFloats(input.takeAll())
  case 3: fuzzSums(&input)
  case 4: fuzzSplitting(input.takeAll())
  case 5: fuzzConfiguration(input.takeAll())
  case 6:
    let text = input.takeAll()
    _ = MemorySizeText.parse(text)
    _ = MemorySizeText.parsePercent(text)
  default:
    let words = String(decoding: input.takeAll().buffer, as: UTF8.self)
      .split(separator: "\n").map(String.init)
    _ = ConfigurationCommandLine(words)
  }
  return 0
}
