import Foundation
import ToolSupport

/// A trace with its ids renumbered densely.
struct Trace {
  let name: String
  let ids: [Int32]
  let idCount: Int

  /// What the files of traces end with.
  static let suffix = ".u32.gz"

  /// Reads `*.u32.gz`: gzip of little-endian 32-bit ids, one per request.
  init(path: String) throws {
    let data = try unpacked(path)
    name = (path as NSString).lastPathComponent.replacingOccurrences(of: Self.suffix, with: "")
    var dense: [UInt32: Int32] = [:]
    ids = data.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { index in
        let id = UInt32(
          littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        if let known = dense[id] { return known }
        let fresh = Int32(dense.count)
        dense[id] = fresh
        return fresh
      }
    }
    idCount = dense.count
  }
}
