import Foundation

/// A server with a certificate that nobody vouches for: `openssl s_server`, which answers every
/// request with a page about the connection; or, where it offers a protocol, with what it is told
/// to send.
final class TLSServer {
  struct Failure: Error {}

  let port: Int
  let certificatePath: String
  private let process = Process()
  private let folder: String
  private let output = Pipe()
  private let input = Pipe()

  /// - Parameter name: of the protocol that it offers by ALPN; nil: nothing.
  init(_ openssl: String, offering name: String? = nil) throws {
    folder = NSTemporaryDirectory() + "wingcache-tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    certificatePath = folder + "/certificate.pem"
    let make = Process()
    make.executableURL = URL(fileURLWithPath: openssl)
    make.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
      folder + "/key.pem", "-out", certificatePath, "-days", "2", "-subj", "/CN=localhost",
      "-addext", "subjectAltName=IP:127.0.0.1",
    ]
    make.standardError = FileHandle.nullDevice
    // waitUntilExit would run the loop of a thread that is not ours.
    let made = DispatchSemaphore(value: 0)
    make.terminationHandler = { _ in made.signal() }
    try make.run()
    guard made.wait(timeout: .now() + 20) == .success, make.terminationStatus == 0 else {
      throw Failure()
    }
    process.executableURL = URL(fileURLWithPath: openssl)
    process.arguments = [
      "s_server", "-accept", "127.0.0.1:0", "-cert", certificatePath, "-key",
      folder + "/key.pem",
    ]
    process.arguments? += name.map { ["-alpn", $0] } ?? ["-www"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = input
    try process.run()
    // It says where it listens: "ACCEPT 127.0.0.1:12345".
    var text = ""
    while !text.contains("ACCEPT "), !text.hasSuffix("\n") || !text.contains("ACCEPT") {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Failure() }
      text += String(decoding: data, as: UTF8.self)
    }
    let words = text.split { $0 == " " || $0 == "\n" || $0 == ":" }
    guard let place = words.firstIndex(of: "ACCEPT"), place + 2 < words.count,
      let port = Int(words[place + 2])
    else { throw Failure() }
    self.port = port
  }

  /// Reads what a client sends until `text` is in it.
  func waitForInput(_ text: String) throws -> [UInt8] {
    let pattern = Array(text.utf8)
    var bytes: [UInt8] = []
    while !(0...bytes.count).contains(where: { bytes[$0...].starts(with: pattern) }) {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Failure() }
      bytes += data
    }
    return bytes
  }

  /// Sends to the client that is connected.
  func send(_ bytes: [UInt8]) throws { try input.fileHandleForWriting.write(contentsOf: bytes) }

  func stop() {
    kill(process.processIdentifier, SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }
}
