internal import Glibc

/// The signals that the server answers to.
public enum SignalNumbers {
  public static let terminate = SIGTERM
  public static let interrupt = SIGINT
}
