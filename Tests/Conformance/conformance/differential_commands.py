"""The commands that are compared, by group: patterns (see grammar.py) with how replies compare.

A pattern is a line, or a pair of a line and a way of comparing (see compare.py). The way "pause"
is for keys that are about to expire: nothing follows until they have.
"""

from .differential_types import (
    BITMAP, GENERIC, GEO, HASH, HYPERLOGLOG, LIST, SET, SORTED_SET, STREAM, STRING)

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
    "EVAL 'return redis.pcall(unpack(ARGV))' 0 GET <anykey>",
    "EVAL 'return {1,nil,3}' 0",
    "EVAL 'return {ok=ARGV[1]}' 0 <plain>",
    "EVAL 'return {double=tonumber(ARGV[1])}' 0 <float>",
    "EVAL 'redis.setresp(3); return {map={a=1},n=nil}' 0",
    ("EVAL 'redis.setresp(3); return redis.call(\"HGETALL\",KEYS[1])' 1 hash:0", "pairs"),
    "EVAL 'return {true,false,1.9,\"x\",{}}' 0",
    "EVAL 'redis.setresp(3); return {true,false}' 0",
    "EVAL 'return redis.error_reply(ARGV[1])' 0 <plain>",
    "EVAL 'local r=redis.pcall(\"INCR\",KEYS[1]); if type(r)==\"table\" then return r[\"err\"] end "
    "return r' 1 <anykey>",
    "EVAL 'return cjson.encode(cjson.decode(ARGV[1]))' 0 "
    "('{\"a\":[1,2.5,null]}'|'[]'|'[1'|'\"x\"'|nul|'{}')",
    "EVAL 'return cmsgpack.pack({1,ARGV[1],{a=1}})' 0 <value>",
    "EVAL 'return cmsgpack.unpack(ARGV[1])' 0 <member>",
    "EVAL 'return struct.pack(\">Ihb\",tonumber(ARGV[1]),2,3)' 0 <int:0..99>",
    "EVAL 'return bit.tohex(tonumber(ARGV[1]))' 0 <int>",
    "EVAL 'return tostring(tonumber(ARGV[1]))' 0 <float>",
    "EVAL 'return string.format(\"%5.2f %s %d\",1.255,ARGV[1],3)' 0 <member>",
    "EVAL 'x=1' 0",
    "EVAL 'return x' 0",
    "EVAL 'error(ARGV[1])' 0 <plain>",
    "EVAL 'error({err=ARGV[1] or 1})' 0 <plain>",
    "EVAL 'return redis.call(\"nosuch\")' 0",
    "EVAL 'return redis.call()' 0",
    "EVAL 'return redis.call(\"get\")' 0",
    "EVAL 'return redis.call(\"get\",{})' 0",
    "EVAL 'return redis.call(\"SUBSCRIBE\",\"a\")' 0",
    "EVAL 'return redis.REDIS_VERSION_NUM>0' 0",
    "EVAL 'return #KEYS' (-1|abc|1|3) a",
    "EVAL_RO 'return redis.call(\"SET\",KEYS[1],1)' 1 <key>",
    "EVAL_RO 'return redis.call(\"GET\",KEYS[1])' 1 <anykey>",
    "EVAL '#!lua flags=no-writes\nreturn redis.call(\"SET\",KEYS[1],1)' 1 <key>",
    "EVAL '#!lua flags=nonsense\nreturn 1' 0",
    "EVAL '#!lua name=x\nreturn 1' 0",
    "EVAL '#!js\nreturn 1' 0",
    "EVAL 'return loadstring(ARGV[1])' 0 <plain>",
    "EVAL 'return string.dump and 1 or 0' 0",
    "EVAL 'return tostring(loadstring(\"\\27Lua\"))' 0",
    "SCRIPT LOAD <script>",
    "SCRIPT EXISTS <sha>+",
    "SCRIPT (FLUSH|nonsense|KILL|FLUSH ASYNC|FLUSH x)",
    "EVALSHA <sha> (0|1 <key>|1 <anykey> <value>)",
    "EVALSHA <sha> 1 <key:string> <value>",
    "EVALSHA_RO <sha> 1 <key:string> <value>",
]

FUNCTIONS = [
    "FUNCTION LOAD '#!lua name=lib\nredis.register_function(\"f\",function(k,a) return {k,a} end)'",
    "FUNCTION LOAD REPLACE '#!lua name=lib\nredis.register_function(\"f\",function(k,a) "
    "return redis.call(\"GET\",k[1]) end)'",
    "FUNCTION LOAD REPLACE '#!lua name=lib2\nredis.register_function{function_name=\"g\","
    "callback=function(k,a) return redis.call(\"GET\",k[1]) end,flags={\"no-writes\"}}'",
    "FUNCTION LOAD REPLACE '#!lua name=lib3\nredis.register_function(\"f\",function() end)'",
    "FUNCTION LOAD '#!lua name=bad name\nreturn 1'",
    "FUNCTION LOAD '#!lua name=empty\nreturn 1'",
    "FUNCTION LOAD 'return 1'",
    "FUNCTION LOAD REPLACE '#!lua name=lib4\nx = 1'",
    "FCALL (f|g|h) (0|1 <key>|1 <anykey> <value>|abc|-1|9)",
    "FCALL_RO (f|g) 1 <key>",
    "FCALL_RO (f|g) 1 <anykey> <member>",
    ("FUNCTION LIST [LIBRARYNAME (lib*|lib2|x)]", "bag"),
    ("FUNCTION LIST [WITHCODE] LIBRARYNAME lib2", "bag"),
    "FUNCTION DELETE (lib|lib2|x)",
    "FUNCTION FLUSH [SYNC|ASYNC|x]",
    ("FUNCTION STATS", "shape"),
    ("FUNCTION DUMP", "shape"),
    "FUNCTION RESTORE (broken|) [FLUSH|APPEND|REPLACE|x]",
    ("FUNCTION (KILL|nonsense|LIST x|LOAD)", "bag"),
]

TRANSACTIONS = [
    "MULTI",
    "EXEC",
    "EXEC",
    "EXEC",
    "DISCARD",
    "WATCH <anykey>+",
    "WATCH <anykey>",
    "UNWATCH",
    "SET <key:string> <value>",
    "GET <anykey>",
    "INCR <key:string>",
    "nonsense",
    "GET",
]

# On its own connection, so that its replies stay in step: see `fenced` in `differential`.
PUBSUB = [
    "SUBSCRIBE <channel>+",
    ("UNSUBSCRIBE <channel>+", "left"),
    ("UNSUBSCRIBE", "left"),
    "PSUBSCRIBE <channelpattern>+",
    ("PUNSUBSCRIBE <channelpattern>+", "left"),
    ("PUNSUBSCRIBE", "left"),
    "SSUBSCRIBE <channel>",
    ("SUNSUBSCRIBE <channel>", "left"),
    ("SUNSUBSCRIBE", "left"),
    ("PUBLISH <channel> <member>", "bag"),
    "SPUBLISH <channel> <member>",
    ("PUBSUB CHANNELS [<channelpattern>]", "bag"),
    "PUBSUB NUMSUB [<channel>]",
    "PUBSUB NUMPAT",
    ("PUBSUB SHARDCHANNELS [<channelpattern>]", "bag"),
    "PUBSUB SHARDNUMSUB [<channel>]",
    "PUBSUB (nonsense|NUMPAT x)",
    "PING [<member>]",
    "GET <key:string>",
    "SET <key:string> <value>",
    "ECHO <member>",
    "RESET",
]

SERVER = [
    "PING [<member>]",
    "ECHO <member>",
    "SELECT (0|0|0|1|2|99|-1|abc)",
    "SELECT 0",
    "SWAPDB <int:0..2> <int:0..2>",
    "SWAPDB (0|abc|99) (1|abc|-1)",
    "FLUSHDB [SYNC|ASYNC|x]",
    "DBSIZE",
    "CLIENT SETNAME (name|'bad name'|'')",
    "CLIENT GETNAME",
    ("CLIENT ID", "shape"),
    "CLIENT NO-EVICT (on|off|x)",
    "CLIENT (nonsense|GETREDIR|KILL x|REPLY x|UNBLOCK 999999|UNBLOCK abc|PAUSE abc|PAUSE -1)",
    ("CLIENT TRACKINGINFO", "pairs"),
    ("CONFIG GET (maxmemory-policy|list-max-listpack-size|hash-max-*-value|nothing|databases)",
     "pairs"),
    "CONFIG SET (nothing 1|maxmemory abc|hz|timeout -1)",
    "COMMAND GETKEYS <kind> a b",
    ("COMMAND COUNT", "shape"),
    ("COMMAND (LIST FILTERBY nonsense x|nonsense|GETKEYS)", "exact"),
    ("MEMORY USAGE <anykey> [SAMPLES <int:0..5>]", "shape"),
    "MEMORY (nonsense|USAGE)",
    ("TIME", "shape"),
    "RESET",
    "HELLO (1|4|abc)",
    "AUTH (x|default x|a b c)",
    "OBJECT nonsense",
    "nonsense a b",
    "'get|set' x",
    "'CONFIG|GET' x",
    "SET <key:string> <value>",
    "LPUSH <key:list> <member>",
    "DEBUG nonsense",
    "LATENCY (nonsense|RESET x)",
    "SLOWLOG (nonsense|GET abc|GET -2)",
    "ACL (WHOAMI|USERS|CAT nonsense|nonsense|GETUSER nobody)",
    ("ACL CAT (bitmap|hyperloglog|pubsub|transaction)", "bag"),
]

# What only clusters, replicas and files have is refused with the same words.
ADMIN = [
    "(READONLY|READWRITE|ASKING)",
    "WAIT <int:0..1> 1",
    "WAIT (abc|-1) (0|abc|-1)",
    "CLUSTER (INFO|SLOTS|NODES|SHARDS|MYID|KEYSLOT a|nonsense)",
    "ROLE",
    ("LASTSAVE", "shape"),
    ("SLOWLOG LEN", "shape"),
    "SLOWLOG (RESET|LEN x|GET -2|GET x)",
    "CLIENT (REPLY ON|UNPAUSE|KILL ID 999999|KILL ID x|KILL 1.2.3.4:5|KILL TYPE x|KILL SKIPME x)",
    "CLIENT (KILL ID 999999 TYPE normal|KILL USER nobody|LIST TYPE x|LIST ID x|INFO x)",
    "CLIENT (CACHING YES|CACHING NO|CACHING x|GETREDIR|UNBLOCK 999999 (ERROR|TIMEOUT|x))",
    "CLIENT TRACKING (OFF|x|ON REDIRECT 999999|ON OPTIN OPTOUT|ON BCAST OPTIN|ON PREFIX a)",
    "CLIENT SETNAME <member>",
    "LATENCY (RESET|HISTORY x|LATEST|nonsense|GRAPH x)",
    "MEMORY (PURGE|nonsense|USAGE a SAMPLES x)",
    ("OBJECT (FREQ|IDLETIME|REFCOUNT|ENCODING) nothing", "error"),
    "SCRIPT (nonsense|EXISTS)",
    "DEBUG (SET-ACTIVE-EXPIRE x y|OBJECT nothing|DIGEST-VALUE nothing)",
    "DEBUG DIGEST-VALUE <anykey>+",
    "CONFIG (SET|GET|REWRITE x|RESETSTAT x|SET a 1 a 2|SET maxmemory 1 maxmemory 2)",
    "CONFIG SET (timeout abc|notify-keyspace-events '!'|save x|databases 3)",
    "FAILOVER (x|TO a|TIMEOUT x|ABORT)",
    "REPLICAOF (a|a b c)",
    "SUBSTR <key:string> <index> <index>",
    "RESTORE-ASKING <key:string> 0 x",
    "RESTORE <key:string> (0|-1|abc) x (REPLACE|IDLETIME -1|IDLETIME x|FREQ 256|FREQ x|ABSTTL|x)",
    "MIGRATE 127.0.0.1 (1|abc) (nothing|'') 0 (10|abc) [COPY] [REPLACE] [KEYS <anykey>+]",
    "MODULE (LOAD /nothing|UNLOAD nothing|nonsense)",
    "PFDEBUG (GETREG|DECODE|ENCODING|TODENSE|x) nothing",
]

# Users u1 and u2 are forgotten before every round.
ACL_RULE = (
    "(on|off|+@all|-@all|allcommands|nocommands|+get|-get|+set|-set|+@read|-@read|+@write|-@write|"
    "-@dangerous|+@string|'+config|get'|'-config|set'|'+config|nothing'|+nothing|+@nothing|"
    "~*|~a:*|~string:*|%R~r:*|%W~w:*|%RW~b|%X~a|allkeys|resetkeys|&*|&news|allchannels|"
    "resetchannels|'>pw'|'<pw'|'>other'|nopass|resetpass|!abc|reset|clearselectors|"
    "'(+get ~s:*)'|'(+@all -set %R~x)'|'(nonsense)'|nonsense|+select|'+select|0'|"
    "sanitize-payload|skip-sanitize-payload)")
ACL = [
    f"ACL SETUSER (u1|u2) {ACL_RULE}",
    f"ACL SETUSER (u1|u2) {ACL_RULE} {ACL_RULE}",
    f"ACL SETUSER u1 on nopass {ACL_RULE} {ACL_RULE} {ACL_RULE}",
    "ACL SETUSER u1 on nopass ~* &* +@all",
    "ACL SETUSER u1 '(' +get [~a:*] [')']",
    ("ACL GETUSER (u1|u2|nobody)", "rules"),
    ("ACL GETUSER u1", "rules"),
    ("ACL LIST", "rules"),
    ("ACL USERS", "bag"),
    "ACL DELUSER (u2|nobody|default)",
    "ACL WHOAMI",
    "ACL DRYRUN (u1|u2|nobody) (GET a:1|SET string:0 1|PUBLISH news x|CONFIG GET x|nonsense|GET)",
    "ACL DRYRUN u1 (MSET a:1 1 b 2|COPY r:1 w:1|SUBSCRIBE news|SELECT 0|FLUSHALL|SORT s:1 BY x)",
    "ACL (nonsense|SETUSER|GENPASS 0|GENPASS 9999|GENPASS x|DRYRUN u1|LOAD|SAVE|CAT nothing)",
    ("ACL GENPASS <int:1..40>", "shape"),
    "AUTH (u1|u2) (pw|x)",
    "AUTH u1 pw",
    "RESET",
    ("HELLO 2 AUTH (u1|u2) pw", "error"),
    "GET (a:1|string:0|r:1|x)",
    "SET (a:1|string:0|w:1|b) 1",
    "PUBLISH news <member>",
    "EVAL 'return redis.call(unpack(ARGV))' 0 (GET|SET) (a:1|w:1) 1",
    "EVAL 'return redis.acl_check_cmd(unpack(ARGV))' 0 (GET|SET|nothing) (a:1|w:1)",
]

GROUPS = {
    "string": STRING, "bitmap": BITMAP, "generic": GENERIC, "list": LIST, "hash": HASH, "set": SET,
    "sorted_set": SORTED_SET, "geo": GEO, "hyperloglog": HYPERLOGLOG, "stream": STREAM,
    "scripting": SCRIPTING, "functions": FUNCTIONS, "transactions": TRANSACTIONS,
    "pubsub": PUBSUB, "server": SERVER, "admin": ADMIN, "acl": ACL,
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

# Never spoiled: they could take part of a set by chance, wait without end, put two members at one
# place, or shut a server up.
LEFT_WHOLE = {
    "SPOP", "BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP",
    "ACL", "COMMAND", "GEOADD", "SLOWLOG", "LATENCY", "CLIENT", "CONFIG", "AUTH", "DEBUG", "WAIT",
    "RESET", "HELLO", "MEMORY", "MIGRATE"}

# Thresholds, so that structures change their form often. Both servers get the same.
SETTINGS = [
    ("hash-max-listpack-entries", ["4", "128"]), ("hash-max-listpack-value", ["16", "64"]),
    ("list-max-listpack-size", ["3", "-2", "-1"]), ("set-max-intset-entries", ["4", "512"]),
    ("zset-max-listpack-entries", ["4", "128"]), ("zset-max-listpack-value", ["16", "64"]),
    ("stream-node-max-entries", ["3", "100"]), ("hll-sparse-max-bytes", ["100", "3000"]),
]
