/// Every command of the server, one line each. Modules bring their own.
enum CommandCatalog {
  static let commands: [any Command.Type] =
    connection + transactions + string + bitmap + generic + pubSub + server

  private static let connection: [any Command.Type] = [
    EchoCommand.self,
    PingCommand.self,
    SelectCommand.self,
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
    DelIfEqCommand.self,
    DelIfGreaterCommand.self,
    GetCommand.self,
    GetDelCommand.self,
    GetExCommand.self,
    GetIfNotMatchCommand.self,
    GetRangeCommand.self,
    GetSetCommand.self,
    GetWithETagCommand.self,
    IncrByCommand.self,
    IncrByFloatCommand.self,
    IncrCommand.self,
    LcsCommand.self,
    MGetCommand.self,
    MSetCommand.self,
    MSetNXCommand.self,
    PSetExCommand.self,
    SetCommand.self,
    SetExCommand.self,
    SetIfGreaterCommand.self,
    SetIfMatchCommand.self,
    SetNXCommand.self,
    SetRangeCommand.self,
    StrlenCommand.self,
    SubstrCommand.self,
  ]

  private static let bitmap: [any Command.Type] = [
    BitCountCommand.self,
    BitFieldCommand.self,
    BitFieldROCommand.self,
    BitOpCommand.self,
    BitPosCommand.self,
    GetBitCommand.self,
    SetBitCommand.self,
  ]

  private static let generic: [any Command.Type] = [
    CopyCommand.self,
    DelCommand.self,
    ExistsCommand.self,
    ExpireCommand.self,
    ExpireAtCommand.self,
    ExpireTimeCommand.self,
    KeysCommand.self,
    MoveCommand.self,
    ObjectCommand.self,
    ObjectEncodingCommand.self,
    ObjectFreqCommand.self,
    ObjectHelpCommand.self,
    ObjectIdleTimeCommand.self,
    ObjectRefCountCommand.self,
    PersistCommand.self,
    PExpireCommand.self,
    PExpireAtCommand.self,
    PExpireTimeCommand.self,
    PTTLCommand.self,
    RandomKeyCommand.self,
    RenameCommand.self,
    RenameNXCommand.self,
    ScanCommand.self,
    TouchCommand.self,
    TTLCommand.self,
    TypeCommand.self,
    UnlinkCommand.self,
  ]

  private static let pubSub: [any Command.Type] = []

  private static let server: [any Command.Type] = [
    ConfigCommand.self,
    ConfigGetCommand.self,
    ConfigHelpCommand.self,
    ConfigResetStatCommand.self,
    ConfigRewriteCommand.self,
    ConfigSetCommand.self,
    DBSizeCommand.self,
    FlushAllCommand.self,
    FlushDBCommand.self,
    InfoCommand.self,
    LastSaveCommand.self,
    SwapDBCommand.self,
    TimeCommand.self,
  ]
}
