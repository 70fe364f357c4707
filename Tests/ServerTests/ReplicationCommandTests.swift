import Testing

/// What is asked of a server that has no replicas, is none, and is no node of a cluster.
@Suite struct ReplicationCommandTests {
  @Test func waitLastsAsLongAsItWasTold() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    #expect(try client.send("WAIT", "0", "0") == .integer(0))
    #expect(try client.send("WAIT", "-1", "0") == .integer(0))
    let clock = ContinuousClock()
    let start = clock.now
    #expect(try client.send("WAIT", "1", "60") == .integer(0))
    #expect(clock.now - start >= .milliseconds(55))
    #expect(try client.send("WAITAOF", "0", "1", "10") == .array([.integer(0), .integer(0)]))
    #expect(try client.send("WAIT", "a", "0").isError("ERR value is not an integer"))
    #expect(try client.send("WAIT", "1", "-1") == .error("ERR timeout is negative"))
    #expect(
      try client.send("WAITAOF", "2", "0", "0")
        == .error("ERR value is out of range, value must between 0 and 1"))
    #expect(
      try client.send("WAITAOF", "0", "-1", "0")
        == .error("ERR value is out of range, must be positive"))
  }

  @Test func waitIsEndedByUnblock() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    let other = try server.connect()
    let id = try #require(client.send("CLIENT", "ID").number)
    for (word, reply) in [
      ("TIMEOUT", Reply.integer(0)),
      ("ERROR", .error("UNBLOCKED client unblocked via CLIENT UNBLOCK")),
    ] {
      try client.write("WAIT 1 0\r\n")
      #expect(try server.wait { try server.info("blocked_clients", other) == "1" })
      #expect(try other.send("CLIENT", "UNBLOCK", "\(id)", word) == .integer(1))
      #expect(try client.read() == reply)
    }
    #expect(try client.send("PING") == .simple("PONG"))
  }

  @Test func waitDoesNotLastWhereNothingMay() throws {
    let server = try TestServer()
    let client = try server.connect()
    let replies = try client.pipeline([
      ["MULTI"], ["WAIT", "1", "0"], ["WAITAOF", "0", "1", "0"], ["REPLCONF", "ACK", "1"], ["EXEC"],
    ])
    #expect(
      replies[4] == .array([.integer(0), .array([.integer(0), .integer(0)]), .ok]))
    #expect(try client.send("EVAL", "return redis.call('WAIT', 1, 0)", "0") == .integer(0))
  }

  @Test func clusterCommandsSayThatThereIsNone() throws {
    let server = try TestServer()
    let client = try server.connect()
    let refusal = Reply.error("ERR This instance has cluster support disabled")
    for command in [
      "CLUSTER INFO", "CLUSTER NODES", "CLUSTER SLOTS", "CLUSTER HELP", "CLUSTER KEYSLOT a",
      "CLUSTER ADDSLOTS 1 2", "CLUSTER SETSLOT 1 STABLE", "CLUSTER RESET", "CLUSTER MYID",
      "READONLY", "READWRITE", "ASKING",
    ] {
      #expect(try client.send(command.split(separator: " ").map(String.init)) == refusal)
    }
    #expect(
      try client.send("CLUSTER", "NOSUCH")
        == .error("ERR unknown subcommand 'NOSUCH'. Try CLUSTER HELP."))
    #expect(
      try client.send("CLUSTER", "KEYSLOT")
        == .error("ERR wrong number of arguments for 'cluster|keyslot' command"))
  }

  @Test func replicationIsRefusedInWords() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(try client.send("REPLICAOF", "no", "one") == .ok)
    #expect(try client.send("SLAVEOF", "NO", "ONE") == .ok)
    #expect(try client.send("REPLICAOF", "host", "x") == .error("ERR Invalid master port"))
    #expect(try client.send("REPLICAOF", "host", "1").isError("ERR This server does not repl"))
    #expect(try client.send("SYNC").isError("ERR This server does not replicate"))
    #expect(try client.send("PSYNC", "?", "-1").isError("ERR This server does not replicate"))
    #expect(try client.send("REPLCONF", "LISTENING-PORT", "1", "CAPA", "eof") == .ok)
    #expect(try client.send("REPLCONF", "x") == .error("ERR syntax error"))
    #expect(
      try client.send("REPLCONF", "x", "y") == .error("ERR Unrecognized REPLCONF option: x"))
    // Those say nothing, and the next command is answered.
    try client.write("REPLCONF ACK 1\r\nECHO next\r\n")
    #expect(try client.read() == .text("next"))
    #expect(
      try client.send("FAILOVER", "TIMEOUT", "0")
        == .error("ERR FAILOVER timeout must be greater than 0"))
    #expect(
      try client.send("FAILOVER", "TO", "a", "1", "FORCE")
        == .error("ERR FAILOVER requires connected replicas."))
  }

  @Test func nothingIsSaidToBeSavedThatIsNot() throws {
    let server = try TestServer()
    let client = try server.connect()
    for command in [["SAVE"], ["BGSAVE"], ["BGSAVE", "SCHEDULE"], ["BGREWRITEAOF"]] {
      #expect(try client.send(command).isError("ERR This server keeps its data in memory only"))
    }
    #expect(try client.send("BGSAVE", "x") == .error("ERR syntax error"))
    #expect(
      try client.pipeline([["MULTI"], ["SAVE"], ["DISCARD"]])[1]
        == .error("ERR Command not allowed inside a transaction"))
  }
}
