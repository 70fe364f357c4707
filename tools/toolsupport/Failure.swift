/// Something that keeps a tool from doing its work, in words for its user.
public struct Failure: Error, CustomStringConvertible {
  public let description: String

  /// A failure with its reason.
  public init(_ description: String) { self.description = description }
}
