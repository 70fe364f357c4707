internal import Glibc

/// This process, as the system sees it.
public enum CurrentProcess {
  /// Its number.
  public static var identifier: Int32 { getpid() }

  /// Removes a file that the process has made, if it is there.
  public static func removeFile(_ path: String) { _ = unlink(path) }
}
