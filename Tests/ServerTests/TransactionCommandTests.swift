import Testing

/// MULTI, EXEC, DISCARD and WATCH.
@Suite struct TransactionCommandTests {
  @Test func errorsAbort() throws {
    let server = try TestServer()
    let client = try server.connect()
    let aborted = "EXECABORT Transaction discarded because of"
    #expect(
      try client.pipeline([["MULTI"], ["SET", "a"], ["SET", "a", "1"], ["EXEC"]]).last
        == .error("\(aborted) previous errors."))
    #expect(
      try client.pipeline([["MULTI"], ["EXEC", "x"]]).last
        == .error("\(aborted): wrong number of arguments for 'exec' command"))
    #expect(try client.send("EXEC") == .error("ERR EXEC without MULTI"))
    let replies = try client.pipeline([["MULTI"], ["MULTI"], ["WATCH", "k"], ["EXEC"]])
    #expect(replies.last == .array([]))
    #expect(try client.send("DISCARD") == .error("ERR DISCARD without MULTI"))
  }

  @Test func watchedKeysSpoil() throws {
    let server = try TestServer("--threads", "4")
    let client = try server.connect()
    let other = try server.connect()
    let changes: [[[String]]] = [
      [["SET", "k", "2"]], [["DEL", "k"]], [["FLUSHALL"]], [["FLUSHDB"]], [["SWAPDB", "0", "1"]],
      [["EXPIRE", "k", "100"]], [["MULTI"], ["SET", "k", "3"], ["EXEC"]],
    ]
    for change in changes {
      try client.send("SET", "k", "1")
      try client.send("WATCH", "k")
      _ = try other.pipeline(change)
      #expect(try client.pipeline([["MULTI"], ["PING"], ["EXEC"]]).last == .null, "\(change)")
      try other.send("FLUSHALL")
    }
    // The same key of another database, and a key that neither database has, are no change.
    try client.send("WATCH", "k")
    _ = try other.pipeline([["SELECT", "3"], ["SET", "k", "1"], ["SWAPDB", "4", "5"]])
    #expect(
      try client.pipeline([["MULTI"], ["PING"], ["EXEC"]]).last == .array([.simple("PONG")]))
  }

  @Test func watchedKeysAreLookedAtWhereScriptsRun() throws {
    let server = try TestServer("--threads", "4")
    let client = try server.connect()
    let other = try server.connect()
    for isSpoiled in [false, true] {
      try client.send("SET", "k", "1", "PX", "600000")
      try client.send("WATCH", "k")
      if isSpoiled { try other.send("SET", "k", "2") }
      let replies = try client.pipeline([
        ["MULTI"], ["EVAL", "return redis.call('GET', 'k')", "0"], ["EXEC"],
      ])
      #expect(replies.last == (isSpoiled ? .null : .texts("1")))
    }
  }

  @Test func streamsGroupsAreNotWatched() throws {
    let server = try TestServer()
    let client = try server.connect()
    _ = try client.pipeline([
      ["XADD", "s", "1-1", "a", "b"], ["XADD", "s", "2-1", "a", "b"],
      ["XGROUP", "CREATE", "s", "g", "0"],
    ])
    let leaving: [[String]] = [
      ["XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">"],
      ["XACK", "s", "g", "1-1"],
      ["XCLAIM", "s", "g", "d", "0", "1-1", "JUSTID"], ["XGROUP", "SETID", "s", "g", "0"],
      ["XGROUP", "CREATECONSUMER", "s", "g", "e"], ["XGROUP", "CREATE", "s", "h", "0"],
      ["XGROUP", "DESTROY", "s", "h"], ["XSETID", "s", "9-9"],
    ]
    for command in leaving {
      let replies = try client.pipeline([["WATCH", "s"], command, ["MULTI"], ["EXEC"]])
      #expect(replies.last == .array([]), "\(command)")
    }
    let replies = try client.pipeline([["WATCH", "s"], ["XDEL", "s", "1-1"], ["MULTI"], ["EXEC"]])
    #expect(replies.last == .null)
  }

  @Test func quitAndResetAreNotQueued() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(
      try client.pipeline([["MULTI"], ["RESET"], ["EXEC"]]).last?.isError("ERR EXEC") == true)
    #expect(try client.pipeline([["MULTI"], ["SET", "q", "1"], ["QUIT"]]).last == .ok)
    #expect(client.isClosedByServer())
    #expect(try server.connect().send("EXISTS", "q") == .integer(0))
  }

  @Test func subscribingInsideAnswersEachName() throws {
    let server = try TestServer()
    let client = try server.connect()
    _ = try client.pipeline([["MULTI"], ["PING"], ["SUBSCRIBE", "a"], ["PING"]])
    #expect(
      try client.send("EXEC")
        == .array([
          .simple("PONG"), .array([.text("subscribe"), .text("a"), .integer(1)]),
          .array([.text("pong"), .text("")]),
        ]))
  }
}
