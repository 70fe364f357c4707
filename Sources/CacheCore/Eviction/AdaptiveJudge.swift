/// What the adaptive policy does at the moment.
public enum AdaptiveMode: UInt8, Sendable {
  /// Evicts the least recently used.
  case lru
  /// S3-FIFO; two hits in the small queue lead to the main queue.
  case s3Two
  /// S3-FIFO; one hit does.
  case s3One
}

/// Decides the adaptive policy's mode by trying all three on a sample of the traffic.
///
/// No static policy wins everywhere, and an estimate from the big cache's own behaviour says
/// nothing about what another policy would have done. So three small exact caches replay a
/// slice of the requests: the keys whose hash is under `sampleLimit`, with the capacity cut in
/// the same proportion (at most 4,096; a smaller cache is replayed whole). A slice by hash
/// preserves reuse distances in proportion (Waldspurger et al., SHARDS, FAST 2015; Miniature
/// simulations, ATC 2017).
///
/// Hits are summed with a weight that falls by 0.7 per 8 capacities' worth of sampled requests,
/// and compared 4 times per capacity, so that a short history decides as soon as it can. The
/// mode changes to the best if that gains more than 0.2 points over the present mode and more
/// than 3 standard deviations of the difference, whose variance is the number of requests on
/// which exactly one of the two hit. The way back to LRU takes half of each: losing to plain
/// LRU is the one thing that users would not forgive.
///
/// A memory this long is on purpose. Faster tests (CUSUM, a second and shorter horizon) followed
/// every phase of the traffic, and lost more by changing than they won.
///
/// Memory: 3 tables of 5,121 to 10,242 nodes, about 0.5 MB together, whatever the cache's size.
struct AdaptiveJudge: ~Copyable {
  static let sampleCapacity = 4096
  /// Room for the capacity to grow by before the slice is halved.
  private static let capacityMax = 5120
  /// How often per capacity of requests the modes are compared.
  private static let looksPerCapacity = 4
  /// The weight of older hits at each look: 0.7 in 32 looks, the 32nd root of 0.7.
  private static let decay = 0.988916
  private static let gainMin = 0.002
  private static let sigmas = 3.0
  private static let easeTowardsLRU = 0.5

  private var lru = MiniLRU(capacity: 1, capacityMax: capacityMax)
  private var s3Two = MiniS3FIFO(capacity: 1, capacityMax: capacityMax, promotionThreshold: 2)
  private var s3One = MiniS3FIFO(capacity: 1, capacityMax: capacityMax, promotionThreshold: 1)
  private var halvings: UInt32 = 0
  private var capacity = 1

  private var requests = 0.0
  private var hits = InlineArray<3, Double>(repeating: 0)
  /// Requests on which modes (0,1), (0,2), (1,2) differed.
  private var differences = InlineArray<3, Double>(repeating: 0)
  private var windowRequests = 0
  private(set) var mode = AdaptiveMode.lru

  init() {}

  /// Keys whose sample hash is at most this are in the slice.
  var sampleLimit: UInt32 { UInt32.max >> halvings }

  /// Fits the slice to a cache of `entries`.
  mutating func setCapacity(_ entries: Int) {
    let old = halvings
    while entries >> halvings > Self.capacityMax { halvings += 1 }
    while halvings > 0, entries >> (halvings - 1) <= Self.sampleCapacity { halvings -= 1 }
    capacity = max(1, entries >> halvings)
    lru.capacity = capacity
    s3Two.capacity = capacity
    s3One.capacity = capacity
    if halvings > old {
      lru.removeAll(above: sampleLimit)
      s3Two.removeAll(above: sampleLimit)
      s3One.removeAll(above: sampleLimit)
    }
  }

  /// Replays one request of the slice; answers whether the mode changed.
  ///
  /// - Complexity: O(1) amortised, about 100 ns.
  mutating func replay(_ key: UInt32) -> Bool {
    let first = lru.access(key)
    let second = s3Two.access(key)
    let third = s3One.access(key)
    requests += 1
    windowRequests += 1
    if first { hits[0] += 1 }
    if second { hits[1] += 1 }
    if third { hits[2] += 1 }
    if first != second { differences[0] += 1 }
    if first != third { differences[1] += 1 }
    if second != third { differences[2] += 1 }
    if windowRequests < max(1, capacity / Self.looksPerCapacity) { return false }
    return compare()
  }

  private mutating func compare() -> Bool {
    let old = mode
    var best = Int(mode.rawValue)
    for other in 0..<3 where hits[other] > hits[best] { best = other }
    let current = Int(mode.rawValue)
    if best != current {
      let gain = hits[best] - hits[current]
      let varied = differences[best + current - 1]
      let ease = best == 0 ? Self.easeTowardsLRU : 1
      if gain > Self.gainMin * ease * requests,
        gain > Self.sigmas * ease * varied.squareRoot()
      {
        mode = AdaptiveMode(rawValue: UInt8(best)) ?? .lru
      }
    }
    for index in 0..<3 {
      hits[index] *= Self.decay
      differences[index] *= Self.decay
    }
    requests *= Self.decay
    windowRequests = 0
    return mode != old
  }

  func checkInvariants() {
    lru.table.checkInvariants()
    s3Two.checkInvariants()
    s3One.checkInvariants()
    precondition(lru.table.count(in: 0) <= Self.capacityMax + 1)
  }
}
