public import ArgumentParser

/// A tool that works by its subcommands alone.
public protocol Tool: ParsableCommand {}

extension Tool {
  /// Without a subcommand nothing is done, which a script should notice.
  public func run() throws { throw ValidationError("a subcommand is missing") }
}
