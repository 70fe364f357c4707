/// The LFU policies' reading of the access bits: Redis's logarithmic counter.
///
/// A hit raises the counter with probability `1 / ((counter - 5) * logFactor + 1)`, so that 8
/// bits count to about a million hits at factor 10. It falls by one per decay period. Redis
/// keeps 16 bits of minutes per key to know how many periods have passed; we keep the period's
/// number modulo 8 and let the aging sweep bring every entry up to date at least once in 4
/// periods, so that the difference never wraps.
///
/// Credits: counter, probabilities and start value after Redis's `evict.c` (LFU by Salvatore
/// Sanfilippo), after Morris, "Counting large numbers of events in small registers", 1978.
public struct FrequencyCounter: Equatable, Sendable {
  /// The logarithmic counter; OBJECT FREQ shows it.
  public var counter: UInt8
  /// The decay period in which `counter` was last brought up to date, modulo 8.
  public var epoch: UInt8

  /// A new key's counter, so that it is not the next victim at once.
  public static let counterInitial: UInt8 = 5

  /// A counter of the parts.
  public init(counter: UInt8 = FrequencyCounter.counterInitial, epoch: UInt8) {
    self.counter = counter
    self.epoch = epoch & 7
  }

  /// The parts of stored bits.
  public init(_ bits: AccessBits) {
    counter = UInt8(truncatingIfNeeded: bits.rawValue >> 3)
    epoch = UInt8(truncatingIfNeeded: bits.rawValue) & 7
  }

  /// The bits to store.
  public var accessBits: AccessBits {
    AccessBits(rawValue: UInt16(counter) << 3 | UInt16(epoch))
  }

  /// The counter as of `now`, one less for each period that has passed.
  public func decayed(to now: UInt8) -> FrequencyCounter {
    let periods = (now &- epoch) & 7
    return FrequencyCounter(
      counter: counter > periods ? counter - periods : 0, epoch: now)
  }

  /// The counter after a hit.
  ///
  /// - Parameters:
  ///   - random: 32 random bits.
  ///   - logFactor: `lfu-log-factor`; 0 counts every hit.
  public func incremented(random: UInt32, logFactor: UInt32) -> FrequencyCounter {
    if counter == 255 { return self }
    let base = counter > Self.counterInitial ? UInt64(counter - Self.counterInitial) : 0
    // p = 1 / (base * factor + 1), in integers: random * (base * factor + 1) < 2^32. The
    // factor has 32 bits and base 8, so the product is taken saturating.
    let (denominator, _) = (base * UInt64(logFactor)).addingReportingOverflow(1)
    let (product, overflow) = UInt64(random).multipliedReportingOverflow(by: denominator)
    var next = self
    if !overflow && product < 1 << 32 { next.counter += 1 }
    return next
  }
}
