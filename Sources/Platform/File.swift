public import Glibc

/// Why a file operation failed.
public struct FileError: Error, Equatable, Sendable {
  /// The file or folder it was about.
  public let path: String

  /// The system's `errno`.
  public let code: Int32

  /// The system's text for `code`, as "No such file or directory".
  public var message: String { String(cString: strerror(code)) }

  /// Whether there is no such file.
  public var isMissing: Bool { code == ENOENT }

  public init(path: String, code: Int32) {
    self.path = path
    self.code = code
  }
}

/// Whole files, read and replaced: for configuration, ACL and pid files, not for data.
public enum File {
  /// Reads a whole file.
  ///
  /// - Parameter byteCountMax: a larger file fails with EFBIG.
  /// - Complexity: O(n), allocates.
  public static func read(
    _ path: String, byteCountMax: Int
  ) throws(FileError) -> [UInt8] {
    let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    defer { close(descriptor) }
    return try readAll(descriptor, path: path, byteCountMax: byteCountMax)
  }

  /// Reads standard input to its end.
  ///
  /// - Parameter byteCountMax: more fails with EFBIG.
  /// - Complexity: O(n), allocates.
  public static func readStandardInput(byteCountMax: Int) throws(FileError) -> [UInt8] {
    try readAll(STDIN_FILENO, path: "(standard input)", byteCountMax: byteCountMax)
  }

  /// Replaces a file as a whole: whoever opens it, even after a crash, finds the old or the new
  /// contents. A file beside it is written, synced and renamed over it, then the folder is synced.
  ///
  /// An old file's permissions are kept: a configuration that only its owner may read stays so.
  ///
  /// - Parameter mode: permissions where there was no file, as 0o644.
  /// - Complexity: O(n), waits for the disk.
  public static func replace(
    _ path: String, with contents: [UInt8], mode: mode_t = 0o644
  ) throws(FileError) {
    var template = Array((path + ".XXXXXX").utf8CString)
    let descriptor = makeTemporary(&template)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    let temporary = String(
      decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    var status = stat()
    let permissions = stat(path, &status) == 0 ? status.st_mode & 0o777 : mode
    var isOpen = true
    do throws(FileError) {
      try writeAll(descriptor, contents, path: temporary)
      try check(fchmod(descriptor, permissions), path: temporary)
      try check(fsync(descriptor), path: temporary)
      isOpen = false
      try check(close(descriptor), path: temporary)
      try check(rename(temporary, path), path: path)
    } catch {
      if isOpen { close(descriptor) }
      unlink(temporary)
      throw error
    }
    try syncFolder(of: path)
  }

  /// The paths that match a shell pattern, sorted; none when nothing matches.
  public static func paths(matching pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { index in
      result.gl_pathv[index].map { String(cString: $0) }
    }
  }

  /// The absolute path, without links, of something that exists.
  public static func absolutePath(_ path: String) throws(FileError) -> String {
    guard let resolved = realpath(path, nil) else { throw FileError(path: path, code: errno) }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The absolute path of a folder that exists.
  ///
  /// - Throws: ENOTDIR for a file.
  public static func absoluteFolderPath(_ path: String) throws(FileError) -> String {
    let descriptor = retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    close(descriptor)
    return try absolutePath(path)
  }

  /// The process's working folder; "/" should the system not tell.
  public static var workingFolder: String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }

  /// Changes the process's working folder.
  public static func changeWorkingFolder(to path: String) throws(FileError) {
    try check(chdir(path), path: path)
  }

  /// Opens `path` for appending, creating it if need be, and closes it again: whether a log can be
  /// written there.
  public static func checkAppendable(_ path: String) throws(FileError) {
    let descriptor = retrying { open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    close(descriptor)
  }

  private static func retrying(_ call: () -> Int32) -> Int32 {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  private static func check(_ result: Int32, path: String) throws(FileError) {
    guard result == 0 else { throw FileError(path: path, code: errno) }
  }

  private static func readAll(
    _ descriptor: Int32, path: String, byteCountMax: Int
  ) throws(FileError) -> [UInt8] {
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 {
        guard errno == EINTR else { throw FileError(path: path, code: errno) }
        continue
      }
      if count == 0 { return contents }
      guard contents.count + count <= byteCountMax else {
        throw FileError(path: path, code: EFBIG)
      }
      contents.append(contentsOf: chunk[0..<count])
    }
  }

  private static func writeAll(
    _ descriptor: Int32, _ contents: [UInt8], path: String
  ) throws(FileError) {
    var offset = 0
    while offset < contents.count {
      let count = contents.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress.unsafelyUnwrapped + offset, bytes.count - offset)
      }
      if count < 0 {
        guard errno == EINTR else { throw FileError(path: path, code: errno) }
        continue
      }
      offset += count
    }
  }

  /// Makes a rename in the folder of `path` durable.
  private static func syncFolder(of path: String) throws(FileError) {
    let slash = path.utf8.lastIndex(of: 0x2F)
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = retrying { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw FileError(path: folder, code: errno) }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder, and say so with EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw FileError(path: folder, code: errno)
    }
  }
}

/// A file that only grows: lines are added at its end and made durable.
public struct AppendedFile: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// Opens a file, creating it for its owner alone where there is none.
  public init(_ path: String) throws(FileError) {
    self.path = path
    while true {
      let opened = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
      if opened >= 0 {
        descriptor = opened
        return
      }
      guard errno == EINTR else { throw FileError(path: path, code: errno) }
    }
  }

  deinit { close(descriptor) }

  /// Adds bytes; returns when they are on the disk.
  ///
  /// - Complexity: O(n), waits for the disk.
  public func append(_ bytes: [UInt8]) throws(FileError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        write(descriptor, buffer.baseAddress.unsafelyUnwrapped + offset, buffer.count - offset)
      }
      if count < 0 {
        guard errno == EINTR else { throw FileError(path: path, code: errno) }
        continue
      }
      offset += count
    }
    guard fdatasync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
  }

  /// Cuts the file off after so many bytes.
  public func truncate(to count: Int) throws(FileError) {
    guard ftruncate(descriptor, off_t(count)) == 0 else {
      throw FileError(path: path, code: errno)
    }
  }
}
