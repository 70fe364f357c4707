public import Foundation

/// The bytes of a file.
public func contents(of path: String) throws -> Data {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw Failure("\(path) cannot be read")
  }
  return data
}

/// A file as text.
public func text(of path: String) throws -> String {
  String(decoding: try contents(of: path), as: UTF8.self)
}

/// What gzip packed into a file.
public func unpacked(_ path: String) throws -> Data {
  let gzip = Process()
  gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  gzip.arguments = ["gzip", "-dc", path]
  let pipe = Pipe()
  gzip.standardOutput = pipe
  try gzip.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  gzip.waitUntilExit()
  guard gzip.terminationStatus == 0 else { throw Failure("\(path) cannot be unpacked") }
  return data
}
