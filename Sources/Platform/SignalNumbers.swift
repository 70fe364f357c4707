internal import Glibc

/// The signals that the server answers to.
public enum SignalNumbers {
  /// Asks for an orderly end: SIGTERM from supervisors, SIGINT from a terminal.
  public static let terminate = SIGTERM
  public static let interrupt = SIGINT
}
