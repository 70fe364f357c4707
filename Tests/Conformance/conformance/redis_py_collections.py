"""Lists, sets, hashes, sorted sets, places and estimates through redis-py."""

import threading

import redis

from .checks import expect, expect_error, expect_in
from .redis_py_streams import wait_for_blocked


def pairs(reply):
    """Members with scores, whatever the protocol makes of a pair."""
    return [(member, float(score)) for member, score in reply]


def add_collections(group):
    """Each type by what applications do with it."""

    @group.check("lists", needs=("RPUSH",))
    def _(context):
        client = context.client()
        expect(client.rpush("l", *range(10)), 10)
        expect(client.lpush("l", "x"), 11)
        expect(client.lrange("l", 0, 2), ["x", "0", "1"])
        expect(client.lpos("l", "5"), 6)
        expect(client.lset("l", 0, "y"), True)
        expect(client.linsert("l", "BEFORE", "0", "z"), 12)
        expect(client.lindex("l", 1), "z")
        expect(client.lrem("l", 0, "z"), 1)
        expect(client.ltrim("l", 0, 4), True)
        expect(client.lpop("l", 2), ["y", "0"])
        expect(client.rpop("l"), "3")
        expect(client.lmove("l", "m", "RIGHT", "LEFT"), "2")
        expect(client.lmpop(2, "none", "l", direction="LEFT", count=5), ["l", ["1"]])
        expect(client.llen("l"), 0)
        expect(client.lpushx("l", "a"), 0)
        expect(client.rpush("big", *(f"value {number}" * 20 for number in range(2000))), 2000)
        expect(client.lindex("big", 1500), "value 1500" * 20)
        expect_error(redis.ResponseError, "WRONGTYPE", client.get, "big")

    @group.check("lists that are waited for", needs=("BLPOP",))
    def _(context):
        client = context.client()

        def waiting(call, change):
            got = []
            thread = threading.Thread(target=lambda: got.append(call(context.client())))
            thread.start()
            wait_for_blocked(client, 1)
            change()
            thread.join(10)
            return got and got[0]

        expect(list(waiting(lambda one: one.blpop(["a", "b"], 10),
                            lambda: client.rpush("b", "1", "2"))), ["b", "1"])
        expect(waiting(lambda one: one.blmove("src", "dst", 10, "LEFT", "RIGHT"),
                       lambda: client.rpush("src", "v")), "v")
        expect(waiting(lambda one: one.blmpop(10, 2, "x", "y", direction="LEFT", count=3),
                       lambda: client.rpush("y", "1", "2", "3", "4")), ["y", ["1", "2", "3"]])
        name, member, score = waiting(lambda one: one.bzpopmin("z", 10),
                                      lambda: client.zadd("z", {"m": 1.5}))
        expect((name, member, float(score)), ("z", "m", 1.5))
        expect(client.brpop("none", 0.05), None)
        expect(waiting(lambda one: one.brpop("k", 10),
                       lambda: client.pipeline().rpush("k", "a").rpush("k", "b").execute()),
               ["k", "b"] if context.protocol == 3 else ("k", "b"))

    @group.check("sets", needs=("SADD",))
    def _(context):
        client = context.client()
        expect(client.sadd("a", 1, 2, 3, "x"), 4)
        client.sadd("b", 2, 3, "y")
        expect(client.smembers("a"), {"1", "2", "3", "x"})
        expect((client.sinter("a", "b"), client.sunion("a", "b"), client.sdiff("a", "b")),
               ({"2", "3"}, {"1", "2", "3", "x", "y"}, {"1", "x"}))
        expect(client.sintercard(2, ["a", "b"], limit=1), 1)
        expect(client.smismember("a", ["1", "9"]), [1, 0])
        expect(client.sismember("a", "x"), 1)
        expect(client.smove("a", "b", "x"), True)
        expect(client.sunionstore("c", "a", "b"), 5)
        assert client.spop("c") not in client.smembers("c")
        expect(len(client.srandmember("c", 3)), 3)
        expect(client.srem("c", *client.smembers("c")), 4)
        client.sadd("big", *range(20_000))
        expect({int(member) for member in client.sscan_iter("big", count=500)},
               set(range(20_000)))

    @group.check("hashes and deadlines of fields", needs=("HSET",))
    def _(context):
        client = context.client()
        expect(client.hset("h", "f", "1", mapping={"g": 2, "text": "x" * 100}), 3)
        expect(client.hgetall("h"), {"f": "1", "g": "2", "text": "x" * 100})
        expect((client.hincrby("h", "f", 4), client.hincrbyfloat("h", "g", 0.5)), (5, 2.5))
        expect(client.hmget("h", "f", "none"), ["5", None])
        expect((client.hlen("h"), client.hexists("h", "f"), client.hstrlen("h", "text")),
               (3, True, 100))
        expect(client.hsetnx("h", "f", "9"), 0)
        expect(sorted(client.hkeys("h")), ["f", "g", "text"])
        expect(dict(client.hscan_iter("h", match="[fg]")), {"f": "5", "g": "2.5"})
        expect(client.hdel("h", "f", "none"), 1)
        expect_in(client.hrandfield("h"), ("g", "text"))

    @group.check("deadlines of fields, ranks with scores: after 7.0", needs=("HEXPIRE",))
    def _(context):
        client = context.client()
        client.hset("h", mapping={"f": "1", "g": "2"})
        expect(client.hexpire("h", 100, "f", "none"), [1, -2])
        expect(client.hexpire("h", 50, "f", gt=True), [0])
        expect(client.httl("h", "f", "g", "none"), [100, -1, -2])
        expect(client.hpersist("h", "f"), [1])
        expect(client.hpexpire("h", 1, "g"), [1])
        thread = threading.Event()
        for _ in range(100):
            if client.hgetall("h") == {"f": "1"}:
                break
            thread.wait(0.01)
        expect(client.hgetall("h"), {"f": "1"})
        expect(sorted(client.hscan_iter("h", no_values=True)), ["f"])
        client.zadd("z", {f"m{number}": number for number in range(1000)})
        expect(client.zrank("z", "m777", withscore=True), [777, 777.0])

    @group.check("sorted sets", needs=("ZADD",))
    def _(context):
        client = context.client()
        expect(client.zadd("z", {"a": 1, "b": 2, "c": 3, "d": 4.5}), 4)
        expect(client.zadd("z", {"a": 10, "e": 5}, nx=True), 1)
        expect(client.zadd("z", {"a": 0.5}, lt=True, ch=True), 1)
        expect(float(client.zadd("z", {"a": 1}, incr=True)), 1.5)
        expect(pairs(client.zrange("z", 0, 1, withscores=True)), [("a", 1.5), ("b", 2)])
        expect(client.zrange("z", "(2", "+inf", byscore=True, offset=1, num=2), ["d", "e"])
        expect(client.zrevrange("z", 0, 0), ["e"])
        expect((client.zrank("z", "b"), client.zrevrank("z", "b"), client.zrank("z", "x")),
               (1, 3, None))
        expect(float(client.zscore("z", "d")), 4.5)
        expect(client.zmscore("z", ["a", "none"]), [1.5, None])
        expect((client.zcount("z", 2, "(4.5"), client.zcard("z")), (2, 5))
        client.zadd("y", {"b": 10, "x": 20})
        expect(pairs(client.zinter({"z": 2, "y": 1}, aggregate="SUM", withscores=True)),
               [("b", 14)])
        expect(client.zunionstore("u", ["z", "y"]), 6)
        expect(client.zdiff(["z", "y"]), ["a", "c", "d", "e"])
        expect(pairs(client.zpopmax("u", 1)), [("x", 20)])
        expect(client.zremrangebyscore("u", "-inf", 3), 2)
        client.zadd("lex", dict.fromkeys("abcdef", 0))
        expect(client.zrangebylex("lex", "[b", "(e"), ["b", "c", "d"])
        expect(client.zrangestore("copy", "lex", 0, 2), 3)
        name, popped = client.zmpop(2, ["none", "lex"], min=True, count=2)
        expect((name, [member for member, _ in popped]), ("lex", ["a", "b"]))
        client.zadd("big", {f"m{number}": number for number in range(10_000)})
        expect(client.zrange("big", 5000, 5002), ["m5000", "m5001", "m5002"])
        expect(len(list(client.zscan_iter("big", match="m1*"))), 1111)

    @group.check("places", needs=("GEOADD",))
    def _(context):
        client = context.client()
        client.geoadd("g", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"))
        expect(round(client.geodist("g", "Palermo", "Catania", unit="km")), 166)
        expect(client.geohash("g", "Palermo"), ["sqc8b49rny0"])
        expect(client.geosearch("g", longitude=15, latitude=37, radius=200, unit="km",
                                sort="ASC"), ["Catania", "Palermo"])
        found = client.geosearch("g", member="Palermo", width=400, height=400, unit="km",
                                 withdist=True, withcoord=True)
        expect(sorted(one[0] for one in found), ["Catania", "Palermo"])
        expect(client.geosearchstore("near", "g", member="Catania", radius=1, unit="m"), 1)

    @group.check("estimates of how many", needs=("PFADD",))
    def _(context):
        client = context.client()
        for start in range(0, 20_000, 1000):
            client.pfadd("p", *range(start, start + 1000))
        assert abs(client.pfcount("p") - 20_000) < 600
        client.pfadd("q", "another")
        expect(client.pfmerge("both", "p", "q"), True)
        assert client.pfcount("both") >= client.pfcount("p")

    @group.check("SORT, DUMP and RESTORE, OBJECT of collections", needs=("SORT", "DUMP"))
    def _(context):
        client, raw = context.client(), context.client(decode_responses=False)
        client.rpush("ids", 3, 1, 2)
        client.mset({"name:1": "c", "name:2": "b", "name:3": "a"})
        expect(client.sort("ids"), ["1", "2", "3"])
        expect(client.sort("ids", by="name:*", get=["#", "name:*"], alpha=True, groups=True),
               [("3", "a"), ("2", "b"), ("1", "c")])
        expect(client.sort("ids", desc=True, store="sorted"), 3)
        for name, make in (("list", lambda key: client.rpush(key, "a", "b")),
                           ("set", lambda key: client.sadd(key, "a")),
                           ("hash", lambda key: client.hset(key, mapping={"f": "v"})),
                           ("zset", lambda key: client.zadd(key, {"m": 1})),
                           ("stream", lambda key: client.xadd(key, {"f": "v"}))):
            make(name)
            payload = raw.dump(name)
            expect(raw.restore(name + ":copy", 100_000, payload), b"OK")
            expect(client.type(name + ":copy"), name)
            expect(raw.dump(name + ":copy"), payload)
            expect_error(redis.ResponseError, "BUSYKEY", raw.restore, name, 0, payload)
        expect(client.object("encoding", "hash"), "listpack")
