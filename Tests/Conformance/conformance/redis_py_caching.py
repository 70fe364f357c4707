"""Client-side caching: redis-py's own, and the messages that it is made of."""

import time

import redis
from redis.cache import CacheConfig

from .checks import expect, expect_in
from .redis_py_pubsub import next_message, run_threads


def expect_ok(reply):
    """OK, which redis-py passes on as it came or as True."""
    expect_in(reply, (True, "OK"))


def expect_soon(read, wanted):
    """Reads until what is wanted comes.

    redis-py answers from its cache without asking the server, so a message that is still on its
    way is missed.
    """
    deadline = time.monotonic() + 5
    while read() != wanted and time.monotonic() < deadline:
        time.sleep(0.0005)
    expect(read(), wanted)


def add_caching(group):
    """CLIENT TRACKING; redis-py caches under RESP3 only, from Redis 7.4 on (which has HEXPIRE)."""

    @group.check("redis-py's cache: hits, and invalidation by another client",
                 needs=("HEXPIRE",))
    def _(context):
        if context.protocol != 3:
            return
        cached = context.client(cache_config=CacheConfig(), single_connection_client=True)
        other, cache = context.client(), cached.get_cache()
        other.set("k", "1")
        other.hset("h", "f", "1")
        expect((cached.get("k"), cached.hgetall("h")), ("1", {"f": "1"}))
        expect(cache.size, 2)
        hits = int(other.info("stats")["keyspace_hits"])
        for _ in range(50):
            expect((cached.get("k"), cached.hgetall("h")), ("1", {"f": "1"}))
        expect(int(other.info("stats")["keyspace_hits"]), hits, "reads that reached the server")
        for number in range(200):
            other.set("k", number)
            expect_soon(lambda: cached.get("k"), str(number))
        other.hset("h", "f", "2")
        expect_soon(lambda: cached.hgetall("h"), {"f": "2"})
        other.delete("k")
        expect_soon(lambda: cached.get("k"), None)

    @group.check("redis-py's cache: expiry, flush, scripts, transactions, elements",
                 needs=("HEXPIRE",))
    def _(context):
        if context.protocol != 3:
            return
        cached = context.client(cache_config=CacheConfig(max_size=100),
                                single_connection_client=True)
        other = context.client()

        def follows(change, read, before, after):
            expect(read(), before)
            expect(read(), before)
            change()
            expect_soon(read, after)

        other.set("k", "1")
        follows(lambda: other.pexpire("k", 20), lambda: cached.get("k"), "1", None)
        other.set("k", "1")
        follows(other.flushall, lambda: cached.get("k"), "1", None)
        other.rpush("l", "a")
        follows(lambda: other.eval("redis.call('RPUSH', KEYS[1], 'b')", 1, "l"),
                lambda: cached.lrange("l", 0, -1), ["a"], ["a", "b"])
        other.hset("h", mapping={"f": "1", "g": "2"})
        follows(lambda: other.hpexpire("h", 20, "f"), lambda: cached.hgetall("h"),
                {"f": "1", "g": "2"}, {"g": "2"})
        other.set("a", "1")
        follows(lambda: other.pipeline().rename("a", "b").execute(),
                lambda: cached.mget("a", "b"), ["1", None], [None, "1"])
        other.sadd("s", "x")
        follows(lambda: other.smove("s", "t", "x"), lambda: cached.smembers("s"), {"x"}, set())

    @group.check("6 caching readers in threads, 2 writers: no value comes back",
                 needs=("HEXPIRE",))
    def _(context):
        if context.protocol != 3:
            return
        # Each reader has a connection of its own: redis-py 8.1 lets threads of one pool read each
        # other's sockets for invalidations, and trips over that.
        cached = [context.client(cache_config=CacheConfig(), single_connection_client=True)
                  for _ in range(6)]
        writers, errors = [context.client() for _ in range(2)], []
        names = [f"k{number}" for number in range(8)]
        # Each key has one writer, and its values grow.
        def write(number):
            for value in range(150):
                for name in names[number::2]:
                    writers[number].set(name, value)

        def read(number):
            least = dict.fromkeys(names, -1)
            for _ in range(100):
                for name in names:
                    value = int(cached[number].get(name) or -1)
                    if value < least[name]:
                        raise AssertionError(f"{name} went from {least[name]} back to {value}")
                    least[name] = value

        run_threads([(write, number) for number in range(2)]
                    + [(read, number) for number in range(6)], errors)
        expect(errors, [])
        for client in cached:
            for name in names:
                expect_soon(lambda: client.get(name), "149")

    @group.check("invalidations redirected to a subscriber under RESP2")
    def _(context):
        if context.protocol != 2:
            return
        listener, client = context.client(single_connection_client=True), context.client()
        identity = listener.client_id()
        pubsub = listener.pubsub()
        pubsub.connection = listener.connection
        reader = context.client(single_connection_client=True)
        pubsub.subscribe("__redis__:invalidate")
        next_message(pubsub, "subscribe")
        expect_ok(reader.client_tracking_on(clientid=identity))
        expect(reader.client_getredir(), identity)
        expect_in("'on'", str(reader.client_trackinginfo()))
        reader.mget("a", "b")
        client.mset({"a": "1", "b": "2"})
        changed = {str(next_message(pubsub, "message")["data"]) for _ in range(2)}
        expect(changed, {"['a']", "['b']"})
        reader.get("a")
        client.flushall()
        expect(next_message(pubsub, "message")["data"], None)
        expect_ok(reader.client_tracking_off())
        expect(reader.client_getredir(), -1)

    @group.check("OPTIN, prefixes and their errors")
    def _(context):
        client = context.client(single_connection_client=True)
        expect_ok(client.client_tracking_on(optin=True))
        expect_ok(client.execute_command("CLIENT", "CACHING", "YES"))
        expect_in("optin", str(client.client_trackinginfo()))
        expect_ok(client.client_tracking_off())
        expect_ok(client.client_tracking_on(bcast=True, prefix=["user:", "item:"]))
        expect_in("user:", str(client.client_trackinginfo()))
        try:
            client.client_tracking_on(bcast=True, prefix=["user:1"])
        except redis.ResponseError as error:
            expect_in("overlaps with an existing prefix", str(error))
        else:
            raise AssertionError("prefixes that overlap are taken")
        expect_ok(client.client_tracking_off())
