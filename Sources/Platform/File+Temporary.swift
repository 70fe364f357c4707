internal import CPlatform

extension File {
  /// Makes a new file that no process started by this one inherits.
  ///
  /// - Parameter template: a path that ends in six "X", NUL behind it; becomes the file's path.
  /// - Returns: its descriptor; -1, with `errno`, on failure.
  static func makeTemporary(_ template: inout [CChar]) -> Int32 { cp_make_temporary(&template) }
}
