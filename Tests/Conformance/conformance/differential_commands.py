"""The commands that are compared, by group: patterns (see grammar.py) with how replies compare.

A pattern is a line, or a pair of a line and a way of comparing:

    exact    byte for byte (the default)
    bag      the elements in any order
    pairs    a flat array of pairs, or a map, in any order
    shape    the same number and types of elements: what is random or depends on hashing
    near     numbers within a second: what depends on the clock
    error    only whether it is an error, and which text
"""

STRING = [
    "SET <key:string> <value>",
    "SET <key:string> <value> [NX|XX] [GET] [KEEPTTL|EX <int:100..1000>]",
    "SET <key:string> <value> [KEEPTTL] [NX] [GET]",
    "GET <key:string>",
    "GETDEL <key:string>",
    "GETSET <key:string> <value>",
    ("GETEX <key:string> [PERSIST|EX <int:100..900>]", "exact"),
    "MGET <key:string>+",
    "MSET <key:string> <value>",
    "MSET <key:string> <value> <key:string> <value>",
    "MSETNX <key:string> <value> <key:string> <value>",
    "SETNX <key:string> <value>",
    "SETEX <key:string> <int:100..1000> <value>",
    "PSETEX <key:string> <int:100000..1000000> <value>",
    "APPEND <key:string> <value>",
    "STRLEN <key:string>",
    "SETRANGE <key:string> <int:-1..40> <member>",
    "GETRANGE <key:string> <index> <index>",
    "SUBSTR <key:string> <index> <index>",
    "INCR <key:string>",
    "DECR <key:string>",
    "INCRBY <key:string> <int>",
    "DECRBY <key:string> <int>",
    "INCRBYFLOAT <key:string> <float>",
    "LCS <key:string> <key:string> [LEN|IDX] [MINMATCHLEN <int:0..4>] [WITHMATCHLEN]",
    "SET <key:string>",
    "GET",
    "INCRBY <key:string> x y",
]

BITMAP = [
    "SETBIT <key:string> <int:-1..300> (0|1|2)",
    "GETBIT <key:string> <int:-1..320>",
    "BITCOUNT <key:string>",
    "BITCOUNT <key:string> <index> <index> [BYTE|BIT]",
    "BITPOS <key:string> (0|1)",
    "BITPOS <key:string> (0|1) <index> [<index>]",
    "BITPOS <key:string> (0|1) <index> <index> [BYTE|BIT]",
    "BITOP (AND|OR|XOR) <key:string> <key:string>+",
    "BITOP NOT <key:string> <key:string>",
    "BITFIELD <key:string> (GET u8 <int:0..64>|SET i5 <int:0..64> <int:-20..20>|INCRBY u4 "
    "#<int:0..9> 3)",
    "BITFIELD <key:string> GET (u63|i64|u1|i13|u64) (#2|7) OVERFLOW (SAT|WRAP|FAIL) INCRBY "
    "i8 3 <int:-300..300>",
    "BITFIELD_RO <key:string> GET u16 <int:0..80>",
]

GENERIC = [
    "DEL <anykey>+",
    "UNLINK <anykey>",
    "EXISTS <anykey>+",
    "TYPE <anykey>",
    "TOUCH <anykey>+",
    ("EXPIRE <anykey> <int:1000..9000> [NX|XX|GT|LT]", "exact"),
    ("TTL <anykey>", "near"),
    ("PTTL <anykey>", "near"),
    "PERSIST <anykey>",
    "EXPIREAT <anykey> <int:9000000000..9000001000>",
    "EXPIRETIME <key:zset>",
    "PEXPIREAT <anykey> <int:9000000000000..9000000001000> [GT|LT|NX|XX]",
    "EXPIRE <anykey> (-1|abc|9223372036854775807)",
    "RENAME <key:string> <key:string>",
    "RENAME <key:list> <key:list>",
    "RENAMENX <key:hash> <key:hash>",
    "RENAME <key:zset> <key:zset>",
    "COPY <key:set> <key:set> [REPLACE]",
    "COPY <key:list> <key:list> [REPLACE]",
    "COPY <key:zset> <key:zset> [REPLACE]",
    "COPY <key:hash> <key:hash> [DB <int:0..1>] [REPLACE]",
    "COPY <key:stream> <key:stream> [REPLACE]",
    "COPY <key:string> <key:string> [REPLACE]",
    "MOVE <key:list> <int:0..2>",
    ("KEYS <pattern>", "bag"),
    "DBSIZE",
    ("RANDOMKEY", "shape"),
    ("OBJECT ENCODING <key:hash>", "shape"),
    ("OBJECT ENCODING <key:zset>", "shape"),
    ("OBJECT ENCODING <key:string>", "shape"),
    ("OBJECT REFCOUNT <key:hash>", "shape"),
    ("SCAN 0 COUNT 1000 [MATCH <pattern>] [TYPE <kind>]", "scan"),
    "SORT <key:list> [ALPHA] [LIMIT <int:0..3> <int:-1..6>] [ASC|DESC]",
    "SORT <key:set> ALPHA [DESC] [STORE <key:list>]",
    "SORT <key:list> ALPHA BY hash:*->m1 GET # GET string:*",
    "SORT_RO <key:zset> [ALPHA] [DESC]",
    "SORT <key:zset> BY nosort LIMIT 0 3",
    "SORT <key:list> BY string:* [DESC]",
]

LIST = [
    "LPUSH <key:list> <member>+",
    "RPUSH <key:list> <member>+",
    "LPUSHX <key:list> <member>",
    "RPUSHX <key:list> <member>",
    "LPOP <key:list> [<int:0..3>]",
    "RPOP <key:list> [<int:-1..3>]",
    "LLEN <key:list>",
    "LRANGE <key:list> <index> <index>",
    "LRANGE <key:list> 0 -1",
    "LINDEX <key:list> <index>",
    "LSET <key:list> <index> <member>",
    "LREM <key:list> <int:-2..2> <member>",
    "LINSERT <key:list> (BEFORE|AFTER|between) <member> <member>",
    "LTRIM <key:list> <index> <index>",
    "LPOS <key:list> <member> [RANK <int:-2..2>] [COUNT <int:0..3>] [MAXLEN <int:0..9>]",
    "LMOVE <key:list> <key:list> (LEFT|RIGHT) (LEFT|RIGHT)",
    "RPOPLPUSH <key:list> <key:list>",
    "LMPOP (1 <key:list>|2 <key:list> <key:list>|0 <key:list>) (LEFT|RIGHT) [COUNT <int:0..3>]",
]

HASH = [
    "HSET <key:hash> <member> <value>",
    "HSET <key:hash> <member> <value> <member> <value>",
    "HMSET <key:hash> <member> <value> <member> <value>",
    "HSETNX <key:hash> <member> <value>",
    "HGET <key:hash> <member>",
    "HMGET <key:hash> <member>+",
    ("HGETALL <key:hash>", "pairs"),
    ("HKEYS <key:hash>", "bag"),
    ("HVALS <key:hash>", "bag"),
    "HLEN <key:hash>",
    "HSTRLEN <key:hash> <member>",
    "HEXISTS <key:hash> <member>",
    "HDEL <key:hash> <member>+",
    "HINCRBY <key:hash> <member> <int>",
    "HINCRBYFLOAT <key:hash> <member> <float>",
    ("HRANDFIELD <key:hash> [<int:-5..5>] [WITHVALUES]", "shape"),
    ("HRANDFIELD <key:hash> <int:1..3> WITHVALUES", "shape"),
    ("HSCAN <key:hash> 0 COUNT 1000 [MATCH <pattern>]", "scan"),
    "HSET <key:hash> <member>",
]

SET = [
    "SADD <key:set> <member>+",
    "SADD <key:set> <int:0..40>+",
    "SREM <key:set> <member>+",
    "SISMEMBER <key:set> <member>",
    "SMISMEMBER <key:set> <member>+",
    ("SMEMBERS <key:set>", "bag"),
    "SCARD <key:set>",
    ("SPOP <key:set> 1000", "bag"),
    ("SRANDMEMBER <key:set> [<int:-5..5>]", "shape"),
    "SMOVE <key:set> <key:set> <member>",
    ("SINTER <key:set>+", "bag"),
    ("SUNION <key:set>+", "bag"),
    ("SDIFF <key:set>+", "bag"),
    "SINTERSTORE <key:set> <key:set>+",
    "SUNIONSTORE <key:set> <key:set>+",
    "SDIFFSTORE <key:set> <key:set>+",
    "SINTERCARD (1 <key:set>|2 <key:set> <key:set>|3 <key:set>) [LIMIT <int:-1..3>]",
    ("SSCAN <key:set> 0 COUNT 1000 [MATCH <pattern>]", "scan"),
]

SORTED_SET = [
    "ZADD <key:zset> [NX|XX] [GT|LT] [CH] <score> <member>",
    "ZADD <key:zset> <score> <member> <score> <member>",
    "ZADD <key:zset> [NX|XX|GT|LT] INCR <score> <member>",
    "ZINCRBY <key:zset> <score> <member>",
    "ZSCORE <key:zset> <member>",
    "ZMSCORE <key:zset> <member>+",
    "ZCARD <key:zset>",
    "ZCOUNT <key:zset> <bound> <bound>",
    "ZLEXCOUNT <key:lexset> <lex> <lex>",
    "ZRANK <key:zset> <member>",
    "ZREVRANK <key:zset> <member>",
    "ZRANGE <key:zset> <index> <index> [REV] [WITHSCORES]",
    "ZRANGE <key:zset> <bound> <bound> BYSCORE [REV] [LIMIT <int:-1..3> <int:-1..4>] "
    "[WITHSCORES]",
    "ZRANGE <key:lexset> <lex> <lex> BYLEX [REV] [LIMIT <int:0..3> <int:-1..4>]",
    "ZREVRANGE <key:zset> <index> <index> [WITHSCORES]",
    "ZRANGEBYSCORE <key:zset> <bound> <bound> [WITHSCORES] [LIMIT <int:-1..3> <int:-1..4>]",
    "ZREVRANGEBYSCORE <key:zset> <bound> <bound> [WITHSCORES]",
    "ZRANGEBYLEX <key:lexset> <lex> <lex> [LIMIT 1 2]",
    "ZREVRANGEBYLEX <key:lexset> <lex> <lex>",
    "ZRANGESTORE <key:zset> <key:zset> <index> <index> [REV]",
    "ZRANGESTORE <key:zset> <key:zset> <bound> <bound> BYSCORE [LIMIT 0 2]",
    "ZREM <key:zset> <member>+",
    "ZREMRANGEBYRANK <key:zset> <index> <index>",
    "ZREMRANGEBYSCORE <key:zset> <bound> <bound>",
    "ZADD <key:lexset> 0 <member>",
    "ZADD <key:lexset> 0 <member> 0 <member>",
    "ZREMRANGEBYLEX <key:lexset> <lex> <lex>",
    "ZPOPMIN <key:zset> [<int:0..2>]",
    "ZPOPMAX <key:zset> [<int:-1..2>]",
    "ZMPOP (1 <key:zset>|2 <key:zset> <key:zset>) (MIN|MAX) [COUNT <int:0..3>]",
    ("ZRANDMEMBER <key:zset> [<int:-4..4>] [WITHSCORES]", "shape"),
    ("ZSCAN <key:zset> 0 COUNT 1000 [MATCH <pattern>]", "scan"),
    "ZUNION 2 <key:zset> <key:zset> [WEIGHTS <score> <score>] [AGGREGATE (SUM|MIN|MAX)] "
    "[WITHSCORES]",
    "ZINTER 2 <key:zset> <key:set> [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]",
    "ZDIFF 2 <key:zset> <key:zset> [WITHSCORES]",
    "ZINTERCARD 2 <key:zset> <key:zset> [LIMIT <int:-1..3>]",
    "ZUNIONSTORE <key:zset> 2 <key:zset> <key:set> [WEIGHTS 2 <score>] [AGGREGATE "
    "(SUM|MIN|MAX)]",
    "ZINTERSTORE <key:zset> 2 <key:zset> <key:zset> [AGGREGATE (SUM|MIN|MAX)]",
    "ZDIFFSTORE <key:zset> 2 <key:zset> <key:zset>",
]

GEO = [
    "GEOADD <key:zset> [NX|XX] [CH] <place> <member>",
    "GEODIST <key:zset> <member> <member> [m|km|ft|mi|yd]",
    "GEOHASH <key:zset> <member>+",
    "GEOPOS <key:zset> <member>+",
    ("GEOSEARCH <key:zset> FROMLONLAT <place> (BYRADIUS 900 km|BYBOX 1200 1500 km) "
     "(ASC|DESC) [WITHDIST] [WITHCOORD] [WITHHASH]",
     "exact"),
    ("GEOSEARCH <key:zset> FROMMEMBER <member> BYRADIUS <int:1..3000> mi ASC [COUNT "
     "<int:0..3>]",
     "exact"),
    ("GEORADIUS <key:zset> <place> 700 km [WITHDIST] ASC", "exact"),
    ("GEORADIUSBYMEMBER_RO <key:zset> <member> 500 km DESC", "exact"),
    "GEOSEARCHSTORE <key:zset> <key:zset> FROMLONLAT <place> BYRADIUS 2000 km [STOREDIST]",
]

HYPERLOGLOG = [
    "PFADD <key:string> <member>+",
    "PFADD hll:1 <member>+",
    "PFADD hll:2 <value>+",
    "PFCOUNT hll:1",
    "PFCOUNT hll:1 hll:2",
    "PFMERGE hll:3 hll:1 hll:2",
    "PFCOUNT <key:string>",
    "GETRANGE hll:1 0 60",
    "PFMERGE hll:1 <key:string>",
    "PFADD hll:1",
    "STRLEN hll:3",
]

STREAM = [
    "XADD <key:stream> <id> <member> <value>",
    "XADD <key:stream> [NOMKSTREAM] [MAXLEN <int:0..5>] <id> <member> <value> <member> <value>",
    "XADD <key:stream> MINID <id> <int:5..9>-<int:0..9> <member> <value>",
    "XADD <key:stream> <int:3..9>-* <member> <value>",
    "XLEN <key:stream>",
    "XRANGE <key:stream> <range> <range> [COUNT <int:-1..4>]",
    "XRANGE <key:stream> - +",
    "XREVRANGE <key:stream> <range> <range> [COUNT <int:0..3>]",
    "XREVRANGE <key:stream> + -",
    "XDEL <key:stream> <id>+",
    "XTRIM <key:stream> MAXLEN [=] <int:0..6>",
    "XTRIM <key:stream> MINID <id>",
    "XREAD [COUNT <int:0..3>] STREAMS <key:stream> <id>",
    "XREAD STREAMS <key:stream> <key:stream> <id> 0",
    "XGROUP CREATE <key:stream> (g1|g2) (0|$|<id>) [MKSTREAM] [ENTRIESREAD <int:-1..9>]",
    "XGROUP SETID <key:stream> (g1|g2) (0|$|<id>)",
    "XGROUP DESTROY <key:stream> g2",
    ("XGROUP CREATECONSUMER <key:stream> g1 (c1|c2)", "shape"),
    "XGROUP DELCONSUMER <key:stream> g1 (c1|c2)",
    "XREADGROUP GROUP (g1|g2) (c1|c2) [COUNT <int:0..3>] [NOACK] STREAMS <key:stream> "
    "(>|0|<id>)",
    "XACK <key:stream> (g1|g2) <id>+",
    "XPENDING <key:stream> g1",
    ("XPENDING <key:stream> g1 - + 10 [c1]", "pending"),
    "XCLAIM <key:stream> g1 (c1|c2) 0 <id>+ [JUSTID] [FORCE]",
    "XAUTOCLAIM <key:stream> g1 (c1|c2) 0 0 [COUNT <int:1..3>] [JUSTID]",
    ("XINFO STREAM <key:stream>", "shape"),
    ("XINFO GROUPS <key:stream>", "groups"),
    "XSETID <key:stream> <id>",
]

SCRIPTING = [
    "EVAL 'return redis.call(\"GET\",KEYS[1])' 1 <key:string>",
    "EVAL 'return {1,2,{3,ARGV[1]}}' 0 <value>",
    "EVAL 'return redis.pcall(\"INCR\",KEYS[1])' 1 <anykey>",
    "EVAL 'return redis.call(\"LRANGE\",KEYS[1],0,-1)' 1 <key:list>",
    "EVAL 'return tonumber(ARGV[1])' 0 <float>",
    "EVAL 'return #ARGV' 0 <member>+",
    "EVAL 'return redis.call(\"ZADD\",KEYS[1],ARGV[1],ARGV[2])' 1 <key:zset> <score> <member>",
    "EVAL 'return cjson.encode({ARGV[1],1,true})' 0 <key>",
    "EVAL 'return redis.sha1hex(ARGV[1])' 0 <value>",
    "EVAL 'return {err=\"MY error\"}' 0",
    "EVAL 'return redis.status_reply(ARGV[1])' 0 fine",
]

GROUPS = {
    "string": STRING, "bitmap": BITMAP, "generic": GENERIC, "list": LIST, "hash": HASH, "set": SET,
    "sorted_set": SORTED_SET, "geo": GEO, "hyperloglog": HYPERLOGLOG, "stream": STREAM,
    "scripting": SCRIPTING,
}

# What is read back, and compared, at the end of each round.
STATE = {
    b"string": [("GET", (), "exact")],
    b"list": [("LRANGE", ("0", "-1"), "exact")],
    b"hash": [("HGETALL", (), "pairs")],
    b"set": [("SMEMBERS", (), "bag")],
    b"zset": [("ZRANGE", ("0", "-1", "WITHSCORES"), "exact")],
    b"stream": [("XRANGE", ("-", "+"), "exact"), ("XINFO GROUPS", (), "groups")],
}

# Thresholds, so that structures change their form often. Both servers get the same.
SETTINGS = [
    ("hash-max-listpack-entries", ["4", "128"]), ("hash-max-listpack-value", ["16", "64"]),
    ("list-max-listpack-size", ["3", "-2", "-1"]), ("set-max-intset-entries", ["4", "512"]),
    ("zset-max-listpack-entries", ["4", "128"]), ("zset-max-listpack-value", ["16", "64"]),
    ("stream-node-max-entries", ["3", "100"]), ("hll-sparse-max-bytes", ["100", "3000"]),
]
