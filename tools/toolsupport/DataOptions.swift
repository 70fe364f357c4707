public import ArgumentParser

/// The option that says where the public sets are.
public struct DataOptions: ParsableArguments {
  @Option(
    name: .customLong("data"),
    help: ArgumentHelp("The folder of the public sets.", valueName: "folder"))
  private var folder = "../shared/data/coach"

  /// What the parser fills in.
  public init() {}

  /// The public sets there.
  public var sets: PublicSets { PublicSets(folder: folder) }
}
