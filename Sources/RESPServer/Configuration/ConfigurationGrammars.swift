internal import Bytes
internal import CacheCore
internal import Platform

/// The parameters that are more than one value.
extension ConfigurationGrammar {
  /// More addresses than this are refused.
  private static let bindAddressCountMax = 16

  /// `save 900 1 300 10`, `save ""`.
  static let save = ConfigurationGrammar(
    get: { configuration in
      configuration.savePoints.map { "\($0.seconds) \($0.changes)" }.joined(separator: " ")
    },
    set: { configuration, arguments, source in
      var numbers: [Int] = []
      if arguments == [""] {
        configuration.savePoints = []
        configuration.hasDefaultSavePoints = false
        return nil
      }
      guard arguments.count % 2 == 0 else { return "Invalid save parameters" }
      for (index, argument) in arguments.enumerated() {
        guard let number = Int(argument), number >= (index % 2 == 0 ? 1 : 0) else {
          return "Invalid save parameters"
        }
        numbers.append(number)
      }
      if source == .command || configuration.hasDefaultSavePoints { configuration.savePoints = [] }
      configuration.hasDefaultSavePoints = false
      for index in stride(from: 0, to: numbers.count, by: 2) {
        configuration.savePoints.append(
          SavePoint(seconds: numbers[index], changes: numbers[index + 1]))
      }
      return nil
    },
    lines: { configuration, _ in
      if configuration.savePoints.isEmpty { return [Line(text: "save \"\"", isForced: true)] }
      return configuration.savePoints.map {
        Line(text: "save \($0.seconds) \($0.changes)", isForced: true)
      }
    })

  /// `bind * -::*`
  static let bind = ConfigurationGrammar(
    get: { $0.bindAddresses.joined(separator: " ") },
    set: { configuration, arguments, _ in
      guard arguments.count <= bindAddressCountMax else {
        return "Too many bind addresses specified."
      }
      configuration.bindAddresses = arguments == [""] ? [] : arguments
      return nil
    },
    lines: { configuration, defaults in
      guard configuration.bindAddresses != defaults.bindAddresses else { return [] }
      let addresses = configuration.bindAddresses.joined(separator: " ")
      return [Line(text: "bind " + (addresses.isEmpty ? "\"\"" : addresses), isForced: true)]
    })

  /// `client-output-buffer-limit replica 256mb 64mb 60`
  static let clientOutputBufferLimit = ConfigurationGrammar(
    get: { configuration in
      outputBufferClasses.map { names, field in
        let limit = configuration.outputBufferLimits[keyPath: field]
        return "\(names[0]) \(limit.hardBytes) \(limit.softBytes) \(limit.softSeconds)"
      }.joined(separator: " ")
    },
    set: { configuration, arguments, _ in
      guard arguments.count % 4 == 0 else {
        return "Wrong number of arguments in buffer limit configuration."
      }
      var limits = configuration.outputBufferLimits
      for index in stride(from: 0, to: arguments.count, by: 4) {
        let name = arguments[index].lowercased()
        guard let (_, field) = outputBufferClasses.first(where: { $0.0.contains(name) }) else {
          return "Invalid client class specified in buffer limit configuration."
        }
        guard let hard = bytes(arguments[index + 1]), let soft = bytes(arguments[index + 2]),
          let seconds = Int32(arguments[index + 3]), seconds >= 0
        else {
          return "Error in hard, soft or soft_seconds setting in buffer limit configuration."
        }
        limits[keyPath: field] = OutputBufferLimit(
          hardBytes: hard, softBytes: soft, softSeconds: Int(seconds))
      }
      configuration.outputBufferLimits = limits
      return nil
    },
    lines: { configuration, defaults in
      outputBufferClasses.map { names, field in
        let limit = configuration.outputBufferLimits[keyPath: field]
        let hard = ConfigurationParameter.memoryText(limit.hardBytes)
        let soft = ConfigurationParameter.memoryText(limit.softBytes)
        return Line(
          text: "client-output-buffer-limit \(names.last ?? "") \(hard) \(soft) "
            + "\(limit.softSeconds)",
          isForced: limit != defaults.outputBufferLimits[keyPath: field])
      }
    })

  /// The classes of clients: the name that CONFIG GET shows first, the one for files last.
  private static var outputBufferClasses:
    [([String], WritableKeyPath<OutputBufferLimits, OutputBufferLimit>)]
  {
    [(["normal"], \.normal), (["slave", "replica"], \.replica), (["pubsub"], \.pubsub)]
  }

  private static func bytes(_ text: String) -> Int? {
    Array(text.utf8).withByteView { MemorySizeText.parse($0) }.flatMap { Int(exactly: $0) }
  }

  /// `oom-score-adj-values 0 200 800`
  static let oomScoreAdjustments = ConfigurationGrammar(
    get: { $0.oomScoreAdjustments.map(String.init).joined(separator: " ") },
    set: { configuration, arguments, _ in
      guard arguments.count == 3 else { return "wrong number of arguments" }
      var values: [Int] = []
      for argument in arguments {
        guard let value = Int(argument), abs(value) <= 2000 else {
          return "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
        }
        values.append(value)
      }
      configuration.oomScoreAdjustments = values
      return nil
    },
    lines: { configuration, defaults in
      let values = configuration.oomScoreAdjustments.map(String.init).joined(separator: " ")
      return [
        Line(
          text: "oom-score-adj-values \(values)",
          isForced: configuration.oomScoreAdjustments != defaults.oomScoreAdjustments)
      ]
    })

  /// `notify-keyspace-events KEA`
  static let notifyKeyspaceEvents = ConfigurationGrammar(
    get: { $0.notifyKeyspaceEvents.text },
    set: { configuration, arguments, _ in
      guard arguments.count == 1 else { return "wrong number of arguments" }
      guard let events = KeyspaceEvents(text: arguments[0]) else {
        return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
      }
      configuration.notifyKeyspaceEvents = events
      return nil
    },
    lines: { configuration, _ in
      let events = configuration.notifyKeyspaceEvents
      return [Line(text: "notify-keyspace-events \"\(events.text)\"", isForced: !events.isEmpty)]
    })

  /// `dir /var/lib/wingcache`: any folder that exists, kept as an absolute path.
  static let workingFolder = ConfigurationGrammar(
    get: { $0.workingFolder },
    set: { configuration, arguments, _ in
      guard arguments.count == 1 else { return "wrong number of arguments" }
      // A relative path starts at the folder set before, as if the process had gone there.
      let path = arguments[0]
      let full = path.hasPrefix("/") ? path : configuration.workingFolder + "/" + path
      do throws(FileError) {
        configuration.workingFolder = try File.absoluteFolderPath(path.isEmpty ? "" : full)
        return nil
      } catch {
        return error.message
      }
    },
    lines: { configuration, _ in
      let path = ConfigurationParameter.quoted(configuration.workingFolder)
      return [Line(text: "dir \(path)", isForced: true)]
    })

  /// `replicaof 10.0.0.1 6379`, `replicaof no one`
  static let replicaOf = ConfigurationGrammar(
    get: { configuration in
      configuration.replicationSource.map { "\($0.host) \($0.port)" } ?? ""
    },
    set: { configuration, arguments, _ in
      guard arguments.count == 2 else { return "wrong number of arguments" }
      configuration.replicationSource = nil
      if arguments.map({ $0.lowercased() }) == ["no", "one"] { return nil }
      guard let port = Int(arguments[1]), (0...65535).contains(port) else {
        return "Invalid master port"
      }
      configuration.replicationSource = ReplicationSource(host: arguments[0], port: port)
      return nil
    },
    lines: { configuration, _ in
      guard let source = configuration.replicationSource else { return [] }
      return [Line(text: "replicaof \(source.host) \(source.port)", isForced: true)]
    })

  /// `latency-tracking-info-percentiles 50 99 99.9`
  static let latencyPercentiles = ConfigurationGrammar(
    get: { $0.latencyPercentiles.map(percentileText).joined(separator: " ") },
    set: { configuration, arguments, _ in
      var percentiles: [Double] = []
      for argument in arguments == [""] ? [] : arguments {
        guard let value = Array(argument.utf8).withByteView({ FloatText.parse($0) }) else {
          return "Invalid latency-tracking-info-percentiles parameters"
        }
        guard (0...100).contains(value) else {
          return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
        }
        percentiles.append(value)
      }
      configuration.latencyPercentiles = percentiles
      return nil
    },
    lines: { configuration, _ in
      let texts = configuration.latencyPercentiles.map(percentileText)
      let values = texts.isEmpty ? "\"\"" : texts.joined(separator: " ")
      return [Line(text: "latency-tracking-info-percentiles \(values)", isForced: true)]
    })

  /// Six decimals, trailing zeros trimmed.
  private static func percentileText(_ value: Double) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.humanByteCountMax) { room in
      let start = room.baseAddress.unsafelyUnwrapped
      var count = FloatText.writeFixed(value, decimals: 6, to: start)
      while start[count - 1] == 0x30 { count -= 1 }
      if start[count - 1] == 0x2E { count -= 1 }
      return ByteView(base: start, count: count).string
    }
  }
}

extension ConfigurationParameter {
  /// `maxmemory-policy`: Redis's words in Redis's order, then ours.
  static func evictionPolicy(_ name: String, _ summary: String) -> Self {
    let words = [
      "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru",
      "allkeys-lfu", "allkeys-random", "noeviction", "allkeys-adaptive",
    ]
    return Self(
      name: name, kind: .choice(words, synonyms: [:]), flags: [], summary: summary,
      storage: .field(
        get: { .text($0.maxMemoryPolicy.name) },
        set: { configuration, value in
          guard let policy = EvictionPolicy(name: value.text) else { return }
          configuration.maxMemoryPolicy = policy
        }))
  }
}
