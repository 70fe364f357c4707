/// Rates of the recent past, such as operations per second: 16 samples at least 100 ms apart, taken
/// by the loop as it works. An idle loop takes none, so the time since the last one counts too.
struct RateSampler {
  struct Rates {
    var commands: Double = 0
    var bytesReceived: Double = 0
    var bytesSent: Double = 0
  }

  private static let sampleCount = 16
  private static let interval: Int64 = 100

  private var samples: [Rates] = []
  private var next = 0
  private var lastTime: Int64 = 0
  private var last = LoopCounters()

  /// Takes a sample if it is time to.
  ///
  /// - Parameter now: cache time in milliseconds.
  mutating func sample(_ counters: LoopCounters, now: Int64) {
    let elapsed = now - lastTime
    guard elapsed >= Self.interval else { return }
    if lastTime > 0 {
      let scale = 1000 / Double(elapsed)
      let rates = Rates(
        commands: Double(counters.commands &- last.commands) * scale,
        bytesReceived: Double(counters.bytesReceived &- last.bytesReceived) * scale,
        bytesSent: Double(counters.bytesSent &- last.bytesSent) * scale)
      if samples.count < Self.sampleCount {
        samples.append(rates)
      } else {
        samples[next] = rates
      }
      next = (next + 1) % Self.sampleCount
    }
    lastTime = now
    last = counters
  }

  /// The mean of the samples; zero when the last one is older than they reach back together.
  func rates(now: Int64) -> Rates {
    let age = now - lastTime
    guard !samples.isEmpty, age < Self.interval * Int64(Self.sampleCount) else { return Rates() }
    var sum = Rates()
    for sample in samples {
      sum.commands += sample.commands
      sum.bytesReceived += sample.bytesReceived
      sum.bytesSent += sample.bytesSent
    }
    let count = Double(samples.count)
    return Rates(
      commands: sum.commands / count, bytesReceived: sum.bytesReceived / count,
      bytesSent: sum.bytesSent / count)
  }
}
