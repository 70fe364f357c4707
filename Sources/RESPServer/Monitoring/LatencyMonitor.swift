internal import Platform

/// Latency spikes by event, as LATENCY shows them: the worst of each second, 160 of them an event.
final class LatencyMonitor: Sendable {
  struct Sample: Sendable {
    /// Unix time in seconds.
    var time: Int64
    var milliseconds: Int64
  }

  struct Series: Sendable {
    /// Oldest first.
    var samples: [Sample] = []
    /// The worst ever, in milliseconds.
    var worst: Int64 = 0
  }

  /// Samples kept of each event.
  static let samplesMax = 160

  private let series = Guarded<[String: Series]>([:])

  /// Notes that `event` took `milliseconds` at a second of Unix time.
  func record(_ event: String, milliseconds: Int64, at time: Int64) {
    self.series.withLock { all in
      var series = all[event] ?? Series()
      series.worst = max(series.worst, milliseconds)
      if let last = series.samples.last, last.time == time {
        let index = series.samples.count - 1
        series.samples[index].milliseconds = max(last.milliseconds, milliseconds)
      } else {
        series.samples.append(Sample(time: time, milliseconds: milliseconds))
        if series.samples.count > Self.samplesMax { series.samples.removeFirst() }
      }
      all[event] = series
    }
  }

  /// All events.
  var events: [String: Series] { series.withLock { $0 } }

  /// Forgets events, all with nil.
  ///
  /// - Returns: how many there were.
  func reset(_ names: [String]?) -> Int {
    series.withLock { all in
      guard let names else {
        let count = all.count
        all.removeAll()
        return count
      }
      return names.reduce(0) { $0 + (all.removeValue(forKey: $1) == nil ? 0 : 1) }
    }
  }
}

extension EventLoop {
  /// Runs `body`; notes it as `event` when it takes `latency-monitor-threshold` milliseconds.
  func watchingLatency(_ event: StaticString, _ body: () -> Void) {
    let threshold = Int64(server.configuration.latencyMonitorMilliseconds)
    guard threshold > 0 else { return body() }
    let start = Clock.monotonicMicroseconds
    body()
    let milliseconds = (Clock.monotonicMicroseconds - start) / 1000
    guard milliseconds >= threshold else { return }
    server.state.pointee.latency.record(
      "\(event)", milliseconds: milliseconds, at: Clock.wallMicroseconds / 1_000_000)
  }
}
