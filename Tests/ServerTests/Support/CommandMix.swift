import SeededRandom

/// Commands of all kinds on few keys, made up at random: what many clients send at once to find
/// races. Names begin with their type's letter, so that most commands find what they work on.
struct CommandMix {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// A command of any group, or several that belong together.
  mutating func next() -> [[String]] {
    let group = Self.groups.randomElement(using: &random) ?? Self.strings
    let line = group.randomElement(using: &random) ?? "PING"
    return line.split(separator: ";").map { command in
      command.split(separator: " ").map { word in fill(word) }
    }
  }

  /// Puts something in the place of a word that begins with "$" or "%".
  private mutating func fill(_ word: Substring) -> String {
    let kind = word.dropFirst()
    let number = Int.random(in: 0...3, using: &random)
    if word.first == "%" { return Self.scripts[String(kind)] ?? "" }
    guard word.first == "$", !kind.isEmpty else { return String(word) }
    switch kind {
    case "v":
      return String(repeating: "v", count: Int.random(in: 0...2 << number * 3, using: &random))
    case "n": return "\(Int.random(in: -5...20, using: &random))"
    case "ms": return "\(Int.random(in: 1...12, using: &random))"
    case "f": return "f\(Int.random(in: 0...9, using: &random))"
    case "c": return "channel\(number)"
    case "u": return "user\(number)"
    case "id": return "\(Int.random(in: 1...60, using: &random))"
    case "k":
      return "\(["s", "l", "S", "h", "z", "x"].randomElement(using: &random) ?? "s")\(number)"
    default: return "\(kind)\(number)"
    }
  }

  private static let scripts = [
    "count": "return redis.call('INCR', KEYS[1])",
    "fill": """
    for i = 1, 20 do redis.call('HSET', KEYS[1], 'f' .. i, i) redis.call('RPUSH', KEYS[2], i) end
    return redis.call('HLEN', KEYS[1])
    """,
    "read": """
    local all = redis.call('HGETALL', KEYS[1])
    redis.setresp(3)
    return {#all, redis.pcall('GET', KEYS[1]), redis.call('TIME')}
    """,
    "work": "local n = 0 for i = 1, 200000 do n = n + i % 7 end return n",
    "library": """
    #!lua name=mix
    redis.register_function('mixed', function(keys, arguments)
      redis.call('SET', keys[1], arguments[1], 'PX', 20)
      return redis.call('GET', keys[1])
    end)
    """,
  ]

  private static let strings = [
    "SET $s $v", "SET $s $v PX $ms", "SET $s $v GET", "GET $s", "GETEX $s PX $ms", "GETDEL $s",
    "INCR $s", "APPEND $s $v", "SETRANGE $s $n $v", "SETBIT $s 77 1", "BITCOUNT $s",
    "MSET $s $v $s $v", "MGET $s $s $k", "DEL $s $s", "SET $s $v IFEQ v", "PFADD $s $v $f",
    "PFCOUNT $s", "GETWITHETAG $s", "BITOP OR $s $s $s", "LCS $s $s",
  ]

  private static let lists = [
    "RPUSH $l $v $f $v", "LPUSH $l $v", "LPOP $l $n", "RPOP $l", "LRANGE $l 0 -1",
    "LMOVE $l $l LEFT RIGHT",
    "LINSERT $l BEFORE $f $v", "LREM $l 0 $f", "LTRIM $l 0 30", "LMPOP 2 $l $l LEFT COUNT 3",
    "LSET $l 0 $v", "SORT $l ALPHA", "SORT $l BY nosort STORE $l", "LPOS $l $f",
  ]

  private static let hashes = [
    "HSET $h $f $v $f $n", "HGETALL $h", "HDEL $h $f", "HINCRBY $h $f 3", "HMGET $h $f $f",
    "HPEXPIRE $h $ms FIELDS 2 $f $f", "HPEXPIRE $h $ms FIELDS 1 $f", "HPERSIST $h FIELDS 1 $f",
    "HPTTL $h FIELDS 2 $f $f", "HGETEX $h PX $ms FIELDS 1 $f", "HGETDEL $h FIELDS 1 $f",
    "HSETEX $h PX $ms FIELDS 1 $f $v", "HSCAN $h 0", "HRANDFIELD $h 3 WITHVALUES", "HVALS $h",
  ]

  private static let sets = [
    "SADD $S $f $n $v", "SREM $S $f", "SMEMBERS $S", "SPOP $S", "SMOVE $S $S $f", "SINTER $S $S",
    "SUNIONSTORE $S $S $S", "SDIFF $S $S", "EXPIREMEMBER $S $f $ms MS", "SSCAN $S 0",
    "SRANDMEMBER $S 4", "SINTERCARD 2 $S $S",
  ]

  private static let sortedSets = [
    "ZADD $z $n $f $n $v", "ZADD $z GT CH $n $f", "EXPIREMEMBER $z $f $ms MS",
    "ZRANGE $z 0 -1 WITHSCORES", "ZREM $z $f",
    "ZINCRBY $z 2 $f", "ZPOPMIN $z 2", "ZRANGEBYSCORE $z -inf +inf", "ZRANGESTORE $z $z 0 5",
    "ZUNIONSTORE $z 2 $z $S", "ZMPOP 2 $z $z MAX", "ZREMRANGEBYRANK $z 0 1", "ZRANK $z $f",
    "GEOADD $z 13.3 38.1 $f", "GEOSEARCH $z FROMLONLAT 13 38 BYRADIUS 200 km", "ZSCAN $z 0",
  ]

  private static let streams = [
    "XADD $x * $f $v", "XADD $x MAXLEN ~ 50 * $f $v", "XRANGE $x - + COUNT 5", "XTRIM $x MAXLEN 20",
    "XGROUP CREATE $x group 0 MKSTREAM", "XREADGROUP GROUP group $u COUNT 3 STREAMS $x >",
    "XAUTOCLAIM $x group $u 0 0 COUNT 5", "XPENDING $x group", "XINFO STREAM $x FULL",
    "XGROUP DESTROY $x group", "XREAD COUNT 2 STREAMS $x $x 0 0", "XLEN $x",
  ]

  private static let blocking = [
    "BLPOP $l $l 0.01", "BRPOP $l 0.005", "BLMOVE $l $l LEFT RIGHT 0.01", "BZPOPMIN $z $z 0.01",
    "BLMPOP 0.01 2 $l $l LEFT", "BZMPOP 0.01 1 $z MAX", "XREAD BLOCK 10 STREAMS $x $x $ $",
    "XREADGROUP GROUP group $u BLOCK 10 STREAMS $x >", "CLIENT UNBLOCK $id",
    "CLIENT UNBLOCK $id ERROR",
  ]

  private static let keys = [
    "DEL $k $k", "UNLINK $k", "PEXPIRE $k $ms", "PERSIST $k", "RENAME $k $k", "COPY $k $k REPLACE",
    "TYPE $k", "TTL $k", "EXISTS $k $k", "OBJECT ENCODING $k", "DUMP $k", "SCAN 0 COUNT 50",
    "KEYS s*", "RANDOMKEY", "TOUCH $k $k", "MOVE $k 1", "MEMORY USAGE $k", "DBSIZE",
    "SELECT 1;RENAME $k $k;MOVE $k 0;SELECT 0",
  ]

  private static let transactions = [
    "MULTI;SET $s $v;HSET $h $f $v;LPUSH $l $v;EXEC", "WATCH $k;MULTI;INCR $s;EXEC",
    "WATCH $s $h;GET $s;UNWATCH", "MULTI;BLPOP $l 0;GET $s;EXEC", "MULTI;SET $s 1;DISCARD",
    "MULTI;EVAL %count 1 $s;PUBLISH $c x;GET $s;EXEC", "MULTI;FLUSHDB;SET $s 1;EXEC",
  ]

  private static let scripting = [
    "EVAL %count 1 $s", "EVAL %fill 2 $h $l", "EVAL_RO %read 1 $h", "EVAL %read 1 $k",
    "EVAL %work 0", "SCRIPT LOAD %count", "SCRIPT FLUSH", "SCRIPT EXISTS 0", "FUNCTION LIST",
    "FUNCTION LOAD REPLACE %library", "FCALL mixed 1 $s $v", "FUNCTION FLUSH", "FUNCTION STATS",
    "FUNCTION DUMP", "SCRIPT KILL",
  ]

  private static let messages = [
    "PUBLISH $c $v", "SPUBLISH $c $v", "SUBSCRIBE $c $c", "UNSUBSCRIBE $c", "UNSUBSCRIBE",
    "PSUBSCRIBE chan*", "PUNSUBSCRIBE", "SSUBSCRIBE $c", "SUNSUBSCRIBE $c", "PUBSUB CHANNELS",
    "PUBSUB NUMSUB $c", "SUBSCRIBE __keyevent@0__:expired __keyevent@0__:evicted",
    "PSUBSCRIBE __keyspace@0__:*",
  ]

  private static let caching = [
    "CLIENT TRACKING ON", "CLIENT TRACKING OFF", "CLIENT TRACKING ON BCAST",
    "CLIENT TRACKING ON BCAST PREFIX s PREFIX h NOLOOP", "CLIENT TRACKING ON OPTIN",
    "CLIENT CACHING YES;GET $s", "CLIENT TRACKING ON REDIRECT $id", "CLIENT TRACKINGINFO",
    "CLIENT TRACKING OFF;CLIENT TRACKING ON NOLOOP;MGET $s $s $s",
    "CLIENT TRACKING OFF;CLIENT TRACKING ON REDIRECT $id BCAST", "CLIENT GETREDIR",
    "CONFIG SET tracking-table-max-keys 3", "CONFIG SET tracking-table-max-keys 1000000",
  ]

  private static let users = [
    "ACL SETUSER $u on nopass ~* &* +@all -flushall", "ACL SETUSER $u ~* resetchannels &channel1",
    "ACL SETUSER $u resetkeys ~s* %R~h* +@all",
    "ACL SETUSER $u -@list +@read +@connection +select|1",
    "ACL SETUSER $u clearselectors (~l* +@list) >pw", "ACL DELUSER $u", "AUTH $u pw", "ACL LIST",
    "AUTH default x", "ACL WHOAMI", "ACL LOG", "ACL GETUSER $u", "ACL DRYRUN $u GET s1",
    "RESET;HELLO 3",
  ]

  private static let administration = [
    "INFO everything", "CLIENT LIST", "CLIENT INFO", "CLIENT KILL ID $id", "CONFIG RESETSTAT",
    "CLIENT KILL TYPE pubsub SKIPME yes", "CLIENT NO-EVICT on", "CLIENT SETNAME $u",
    "CLIENT PAUSE $ms WRITE", "CLIENT PAUSE 3;CLIENT UNPAUSE", "SLOWLOG GET 5", "SLOWLOG RESET",
    "LATENCY HISTOGRAM", "LATENCY LATEST", "MEMORY STATS", "COMMAND COUNT", "CONFIG GET *",
    "CONFIG SET slowlog-log-slower-than 0", "CONFIG SET latency-tracking no",
    "CONFIG SET latency-tracking yes", "CONFIG SET notify-keyspace-events KEA",
    "CONFIG SET notify-keyspace-events Ex", "CONFIG SET timeout 100", "CONFIG SET hz 20",
    "CONFIG SET maxmemory 1;SET $s $v;RPUSH $l $v;CONFIG SET maxmemory 0",
    "CONFIG SET maxmemory-policy allkeys-lru", "CONFIG SET maxmemory-policy allkeys-adaptive",
    "CONFIG SET maxmemory-clients 30mb", "FLUSHDB", "FLUSHALL ASYNC", "SWAPDB 0 1",
    "DEBUG SLEEP 0.001", "MEMORY PURGE",
  ]

  private static let groups = [
    strings, lists, hashes, sets, sortedSets, streams, blocking, keys, transactions, scripting,
    messages, caching, users, administration,
  ]
}
