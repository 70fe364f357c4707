internal import Platform

/// The key to the provider's API. It is never shown: not in a description, not in a mirror, not in
/// an error.
public struct APIKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private let secret: String

  /// Bytes that a key may have.
  public static let bytesMax = 4096

  /// The variable of the environment in which the key is looked for.
  public static let variable = "ANTHROPIC_API_KEY"

  /// Takes a key; white space around it is dropped.
  ///
  /// - Returns: nil for nothing, and for what cannot stand in a header.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(where: { $0 > 0x20 }),
      let last = bytes.lastIndex(where: { $0 > 0x20 })
    else { return nil }
    let key = bytes[first...last]
    guard key.count <= Self.bytesMax, key.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      return nil
    }
    secret = String(decoding: key, as: UTF8.self)
  }

  /// The key of the environment; nil when there is none.
  public static func ofEnvironment() -> APIKey? {
    CurrentProcess.environment(variable).flatMap { APIKey($0) }
  }

  /// The key that a file consists of.
  ///
  /// - Throws: `ClaudeSettings.Mistake`, which names the file and nothing of its contents.
  public static func file(_ path: String) throws(ClaudeSettings.Mistake) -> APIKey {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try File.read(path, byteCountMax: bytesMax + 2)
    } catch {
      throw ClaudeSettings.Mistake("\(path): \(error.message)")
    }
    guard let key = APIKey(String(decoding: bytes, as: UTF8.self)) else {
      throw ClaudeSettings.Mistake("\(path) holds no key")
    }
    return key
  }

  /// The header that carries it.
  var headerLine: String { "x-api-key: \(secret)" }

  /// `text` without the key, should it be in there.
  func removed(from text: String) -> String {
    guard text.utf8.count >= secret.utf8.count else { return text }
    let key = Array(secret.utf8)
    var bytes = Array(text.utf8)
    var index = 0
    while index + key.count <= bytes.count {
      if bytes[index..<index + key.count].elementsEqual(key) {
        bytes.replaceSubrange(index..<index + key.count, with: "(key)".utf8)
      }
      index += 1
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  public var description: String { "(an API key)" }
  public var debugDescription: String { description }
  /// Nothing to see.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
