extension Evictor {
  /// Candidates enough: the oldest of 28 is among the oldest 3.4% on average.
  static var candidatesMin: Int { 28 }
  /// How many buckets one choice looks into at most, when they are nearly empty or locked.
  static var bucketsMax: Int { 64 }
  /// How many small entries one choice pops at most before it turns to the main queue.
  private static var popsMax: Int { 64 }
  /// How many second chances one choice gives at most.
  private static var chancesMax: Int { 64 }
  /// Ticks after which an entry with the small flag must have lost its place in the ring.
  private static var orphanAge: UInt8 { 96 }

  /// Chooses an entry to evict; `nil` where the policy allows none or none was found.
  ///
  /// The caller then removes the entry, if it is still there, and calls `evicted`. If it is
  /// gone or its shard is locked, the caller just chooses again.
  ///
  /// - Parameters:
  ///   - hash: the hash of the key that wants room, or any number.
  ///   - shard: the state of the shard whose lock the caller holds.
  ///   - source: where candidates come from.
  /// - Complexity: O(1): 4 buckets as a rule, at most 64 per sample and 64 second chances.
  public func chooseVictim<Source: CandidateSource & ~Copyable>(
    hash: UInt64, shard: inout EvictionShard, from source: inout Source
  ) -> EvictionCandidate? {
    let now = clock.now
    switch now.policy {
    case .noEviction:
      return nil
    case .allKeysRandom, .volatileRandom:
      return chooseRandom(now.policy, &shard, &source)
    case .allKeysAdaptive where now.mode != .lru:
      return chooseByQueues(now.mode, hash, &shard, &source)
    default:
      let candidates = gather(now.policy, &shard, &source)
      return candidates.greatest { rank($0, now.policy) }
    }
  }

  /// How good a victim a candidate is.
  private func rank(_ candidate: EvictionCandidate, _ policy: EvictionPolicy) -> UInt64 {
    switch policy {
    case .volatileTTL:
      return UInt64(bitPattern: Int64.max &- candidate.expiryMilliseconds)
    case .allKeysLFU, .volatileLFU:
      let epoch = UInt8(clock.now.stamp & 7)
      return 255 - UInt64(FrequencyCounter(candidate.access).decayed(to: epoch).counter)
    case .allKeysAdaptive:
      return UInt64(clock.adaptiveAge(AdaptiveBits(candidate.access).stamp))
    default:
      return UInt64(clock.stampRank(candidate.access))
    }
  }

  /// Samples 2 buckets of the own shard and 2 of others, then more until there are enough.
  ///
  /// Half come from the own shard because its lock is held and its lines are likely near; half
  /// from others because the limit is global.
  private func gather<Source: CandidateSource & ~Copyable>(
    _ policy: EvictionPolicy, _ shard: inout EvictionShard, _ source: inout Source
  ) -> CandidateSet {
    var candidates = CandidateSet(volatileOnly: policy.isVolatile)
    for turn in 0..<Self.bucketsMax {
      if turn >= 4 && candidates.count >= Self.candidatesMin { break }
      if turn == 8 && policy.isVolatile && candidates.count < 4 {
        source.sampleExpiring(random: shard.random(), into: &candidates)
        // None in any shard: more buckets would not help, and a refused write must not be dear.
        if candidates.count >= 4 || candidates.count == 0 { break }
      }
      // Beyond the first 4, own buckets come rarely: a small shard has but one or two.
      if turn < 4 ? turn & 1 == 0 : turn & 7 == 7 {
        source.sampleOwnShard(random: shard.random(), into: &candidates)
      } else {
        source.sampleOtherShard(random: shard.random(), into: &candidates)
      }
    }
    return candidates
  }

  private func chooseRandom<Source: CandidateSource & ~Copyable>(
    _ policy: EvictionPolicy, _ shard: inout EvictionShard, _ source: inout Source
  ) -> EvictionCandidate? {
    var candidates = CandidateSet(volatileOnly: policy.isVolatile)
    for turn in 0..<Self.bucketsMax where candidates.count == 0 {
      if turn == 8 && policy.isVolatile {
        source.sampleExpiring(random: shard.random(), into: &candidates)
      } else if turn & 7 == 7 {
        source.sampleOwnShard(random: shard.random(), into: &candidates)
      } else {
        source.sampleOtherShard(random: shard.random(), into: &candidates)
      }
    }
    if candidates.count == 0 { return nil }
    return candidates[Int(shard.random() % UInt64(candidates.count))]
  }

  // MARK: S3-FIFO

  private func chooseByQueues<Source: CandidateSource & ~Copyable>(
    _ mode: AdaptiveMode, _ hash: UInt64, _ shard: inout EvictionShard,
    _ source: inout Source
  ) -> EvictionCandidate? {
    guard let adaptive else { return nil }
    let threshold: UInt8 = mode == .s3Two ? 2 : 1
    for evenBelowLimit in [false, true] {
      for _ in 0..<Self.popsMax {
        guard
          let (word, lane) = adaptive.pointee.popSmall(hash, evenBelowLimit: evenBelowLimit)
        else { break }
        switch source.findSmallEntry(word) {
        case .absent:
          adaptive.pointee.noteAbsence(lane: lane)
        case .busy:
          adaptive.pointee.pushBack(word, lane: lane)
        case .found(let candidate):
          if AdaptiveBits(candidate.access).frequency < threshold { return candidate }
          let stamp = UInt8(truncatingIfNeeded: clock.now.stamp)
          source.setAccess(AdaptiveBits(stamp: stamp).accessBits, of: candidate.reference)
          shard.step(clock)
        }
      }
      if let victim = chooseFromMain(&shard, &source) { return victim }
    }
    return nil
  }

  /// The oldest sampled main entry without hits; those with hits get a second chance.
  private func chooseFromMain<Source: CandidateSource & ~Copyable>(
    _ shard: inout EvictionShard, _ source: inout Source
  ) -> EvictionCandidate? {
    var chances = 0
    while true {
      var candidates = gather(.allKeysAdaptive, &shard, &source)
      for index in stride(from: candidates.count - 1, through: 0, by: -1) {
        let parts = AdaptiveBits(candidates[index].access)
        if parts.isSmall && clock.adaptiveAge(parts.stamp) < Self.orphanAge {
          candidates.remove(at: index)
        }
      }
      for _ in 0..<Self.chancesPerSample {
        guard let oldest = candidates.indexOfGreatest({ rank($0, .allKeysAdaptive) })
        else { return nil }
        var parts = AdaptiveBits(candidates[oldest].access)
        if parts.frequency == 0 || chances == Self.chancesMax { return candidates[oldest] }
        chances += 1
        parts.frequency -= 1
        parts.isSmall = false
        parts.stamp = UInt8(truncatingIfNeeded: clock.now.stamp)
        candidates[oldest].access = parts.accessBits
        source.setAccess(parts.accessBits, of: candidates[oldest].reference)
        shard.step(clock)
      }
    }
  }

  /// How many second chances are given within one sample before another is drawn.
  private static var chancesPerSample: Int { 4 }
}

extension CandidateSet {
  /// The index of the candidate with the greatest rank, the first of equals; `nil` if empty.
  borrowing func indexOfGreatest(_ rank: (EvictionCandidate) -> UInt64) -> Int? {
    if count == 0 { return nil }
    var best = 0
    var bestRank = rank(self[0])
    for index in 1..<count {
      let other = rank(self[index])
      if other > bestRank {
        best = index
        bestRank = other
      }
    }
    return best
  }

  /// The candidate with the greatest rank; `nil` if empty.
  borrowing func greatest(_ rank: (EvictionCandidate) -> UInt64) -> EvictionCandidate? {
    indexOfGreatest(rank).map { self[$0] }
  }
}
