internal import RESP

/// The versions that the server speaks of.
public enum Version {
  /// Wingcache's own.
  public static let number = "0.1.0"

  /// The Redis version whose commands and replies it has; clients choose what they use by it.
  /// From 7.4 on, redis-py offers client-side caching.
  public static let redis = "7.4.0"

  /// What `--version` prints.
  public static var text: String { "wingcache \(number) (speaks Redis \(redis))" }
}
