import Glibc
import Logging
import RESPServer
import Synchronization

/// Writes log lines as an operator wants them: when, how bad, what, and the details behind it.
///
///     2026-11-23 06:40:00.123 notice Ready to accept connections address=127.0.0.1:6379
///
/// Lines go to standard output, or to the end of `logfile`, one `write` each, so that lines of
/// several threads do not mix.
struct ServerLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  private let threshold: LogThreshold
  private let fd: Int32

  /// A logger as the configuration asks for.
  ///
  /// - Parameter threshold: how much is logged; the server may change it.
  static func logger(for configuration: Configuration, threshold: LogThreshold) -> Logger {
    var fd: Int32 = 1
    if !configuration.logFile.isEmpty {
      // The loader has checked that it can be opened.
      let opened = open(configuration.logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
      if opened >= 0 { fd = opened }
    }
    return Logger(label: "wingcache") { _ in ServerLogHandler(threshold: threshold, fd: fd) }
  }

  private init(threshold: LogThreshold, fd: Int32) {
    self.threshold = threshold
    self.fd = fd
  }

  /// As the threshold says; it is not set by itself.
  var logLevel: Logger.Level {
    get {
      switch threshold.verbosity {
      case .debug: .debug
      case .verbose: .info
      case .notice: .notice
      case .warning: .warning
      }
    }
    set {}
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = "\(Self.timestamp()) \(event.level) \(event.message)"
    let details = metadata.merging(event.metadata ?? [:]) { $1 }
    for (name, value) in details.sorted(by: { $0.key < $1.key }) { line += " \(name)=\(value)" }
    line += "\n"
    line.withUTF8 { bytes in _ = write(fd, bytes.baseAddress, bytes.count) }
  }

  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    localtime_r(&now.tv_sec, &parts)
    func padded(_ value: Int32, _ width: Int = 2) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    let time = "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
    return "\(date) \(time).\(padded(Int32(now.tv_nsec / 1_000_000), 3))"
  }
}
