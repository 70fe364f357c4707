import Foundation

/// A server with a certificate that nobody vouches for: `openssl s_server`, which answers every
/// request with a page about the connection.
final class TLSServer {
  struct Failure: Error {}

  let port: Int
  let certificatePath: String
  private let process = Process()
  private let folder: String

  init(_ openssl: String) throws {
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
      folder + "/key.pem", "-www",
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
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

  func stop() {
    kill(process.processIdentifier, SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }
}
