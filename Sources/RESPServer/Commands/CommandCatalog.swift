/// Every command of the server, one line each. Modules bring their own.
enum CommandCatalog {
  static let commands: [any Command.Type] =
    connection + transactions + string + bitmap + generic + pubSub + server

  private static let connection: [any Command.Type] = [
    EchoCommand.self,
    PingCommand.self,
  ]

  private static let transactions: [any Command.Type] = [
    DiscardCommand.self,
    ExecCommand.self,
    MultiCommand.self,
    UnwatchCommand.self,
    WatchCommand.self,
  ]

  private static let string: [any Command.Type] = [
    AppendCommand.self,
    DecrByCommand.self,
    DecrCommand.self,
    GetCommand.self,
    GetRangeCommand.self,
    IncrByCommand.self,
    IncrByFloatCommand.self,
    IncrCommand.self,
    MGetCommand.self,
    MSetCommand.self,
    MSetNXCommand.self,
    SetCommand.self,
    SetRangeCommand.self,
    StrlenCommand.self,
    SubstrCommand.self,
  ]

  private static let bitmap: [any Command.Type] = []

  private static let generic: [any Command.Type] = [
    DelCommand.self
  ]

  private static let pubSub: [any Command.Type] = []

  private static let server: [any Command.Type] = []
}
