import Bytes
import FuzzSupport

@testable import Caching

// Rules for prefixes of keys, as administrators write them in `cache-rule` and as clients send them
// with CACHE.RULE SET. Byte 0 chooses the subject, and whether personal data can be found.

/// What a key's rule is, asked the obvious way: the longest prefix.
private func longestPrefix(_ rules: [CacheRule], of key: [UInt8]) -> [UInt8]? {
  rules.map(\.prefix).filter { key.starts(with: $0) }.max { $0.count < $1.count }
}

/// Rules that were taken are written as they are read, and each key finds the longest prefix.
private func check(_ rules: [CacheRule], canRedact: Bool, keys: [[UInt8]]) {
  require(rules.count <= RuleSet.rulesMax, "too many rules")
  let set = RuleSet(rules, after: nil)
  let sorted = set.entries.map(\.rule)
  let again = try? RuleSet.parse(set.text, canRedact: canRedact)
  require(again == sorted, "\(set.text) is read as \(String(describing: again))")
  for key in keys + rules.map({ $0.prefix + [0x78] }) {
    let found = key.withByteView { set.match($0) }.map { sorted[$0].prefix }
    require(found == longestPrefix(rules, of: key), "another rule for \(key)")
  }
  for rule in rules {
    require(!rule.prefix.isEmpty && rule.prefix.count <= CacheRule.prefixBytesMax, "a bad prefix")
    require(rule.isSliding ? rule.defaultTTL != nil : true, "slides to no time")
    for seconds in [rule.defaultTTL, rule.maxTTL].compactMap({ $0 }) {
      require((1...CacheRule.secondsMax).contains(seconds), "\(seconds) seconds")
    }
    require(canRedact || rule.personalData == .allow, "nothing here finds personal data")
  }
}

/// The text of `cache-rule`; what stands in it makes good keys, too.
private func fuzzText(_ text: ByteView, canRedact: Bool) {
  do throws(CacheRule.Mistake) {
    let rules = try RuleSet.parse(
      String(decoding: text.buffer, as: UTF8.self), canRedact: canRedact)
    let bytes = text.array
    let keys = [0, bytes.count / 4, bytes.count / 2].map { Array(bytes[$0...]) }
    check(rules, canRedact: canRedact, keys: keys)
  } catch {
    require(!error.reason.isEmpty, "a mistake without a reason")
  }
}

/// The arguments of CACHE.RULE SET: each a byte for its length and so many bytes.
private func fuzzArguments(_ input: inout FuzzInput, canRedact: Bool) {
  var words: [[UInt8]] = []
  for _ in 0..<16 {
    let length = Int(input.byte())
    let word = input.take(length).array
    if word.isEmpty, length > 0 { break }
    words.append(word)
  }
  guard let prefix = words.first else { return }
  do throws(CacheRule.Mistake) {
    let rule = try CacheRule(
      prefix: prefix, options: Array(words.dropFirst()), canRedact: canRedact)
    check([rule], canRedact: canRedact, keys: [prefix, input.takeAll().array])
  } catch {
    require(!error.reason.isEmpty, "a mistake without a reason")
  }
}

/// Many rules of short prefixes, most of them prefixes of one another.
private func fuzzMatching(_ input: inout FuzzInput) {
  var rules: [CacheRule] = []
  for _ in 0..<Int(input.byte() % 32) {
    let prefix = input.take(1 + Int(input.byte() % 6)).array.map { $0 & 3 }
    if !prefix.isEmpty { rules.append(CacheRule(prefix: prefix)) }
  }
  let set = RuleSet(rules, after: nil)
  let sorted = set.entries.map(\.rule)
  var rest = input.takeAll()
  while !rest.isEmpty {
    let key = rest[0..<min(7, rest.count)].array.map { $0 & 3 }
    rest = rest.dropFirst(min(7, rest.count))
    let found = key.withByteView { set.match($0) }.map { sorted[$0].prefix }
    require(found == longestPrefix(rules, of: key), "another rule for \(key)")
  }
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  let choice = input.byte()
  let canRedact = choice & 0x80 != 0
  switch choice % 3 {
  case 0: fuzzText(input.takeAll(), canRedact: canRedact)
  case 1: fuzzArguments(&input, canRedact: canRedact)
  default: fuzzMatching(&input)
  }
  return 0
}
