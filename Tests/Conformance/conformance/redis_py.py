"""What applications do through redis-py. Every check runs under RESP2 and again under RESP3."""

import asyncio
import os
import threading
import time

import redis
import redis.asyncio

from .checks import Checks, expect, expect_error, expect_in
from .redis_py_caching import add_caching
from .redis_py_collections import add_collections
from .redis_py_pubsub import add_pubsub
from .redis_py_scripts import add_locks, add_scripts
from .redis_py_server import add_security, add_server
from .redis_py_streams import add_streams

BIG_VALUE_BYTES = 32 << 20


class Context:
    """The server to talk to and the protocol to speak."""

    def __init__(self, port, unix_socket, protocol):
        self.port = port
        self.unix_socket = unix_socket
        self.protocol = protocol

    def client(self, **options):
        """A client with decoded replies, unless the options say otherwise."""
        settings = {"protocol": self.protocol, "decode_responses": True, "socket_timeout": 10}
        settings.update(options)
        return redis.Redis(port=self.port, **settings)

    def reset(self):
        """An empty server for the next check."""
        with self.client() as client:
            client.flushall()


def checks(protocol):
    """The checks, titled with the protocol they run under."""
    group = Checks(f"redis-py RESP{protocol}")
    for add in (add_basics, add_pools, add_transactions, add_pubsub, add_locks, add_scripts,
                add_collections, add_streams, add_caching, add_server, add_security, add_asyncio):
        add(group)
    return group


def add_basics(group):
    """Strings, keys, bitmaps, encodings, large values."""

    @group.check("set options")
    def _(context):
        client = context.client()
        expect(client.set("key", "1", nx=True), True)
        expect(client.set("key", "2", nx=True), None)
        expect(client.set("key", "2", xx=True, get=True), "1")
        expect(client.set("key", "3", ex=100), True)
        expect(client.set("key", "4", keepttl=True), True)
        assert 90 < client.ttl("key") <= 100
        expect(client.getex("key", persist=True), "4")
        expect(client.ttl("key"), -1)
        expect(client.getdel("key"), "4")
        expect(client.get("key"), None)

    @group.check("numbers")
    def _(context):
        client = context.client()
        expect(client.incr("n", 5), 5)
        expect(client.decr("n", 7), -2)
        expect(client.incrbyfloat("f", 0.5), 0.5)
        expect(client.append("n", "0"), 3)
        expect(client.mget("n", "f", "none"), ["-20", "0.5", None])

    @group.check("bitmaps and the bitfield builder")
    def _(context):
        client = context.client()
        client.setbit("a", 7, 1)
        client.set("b", "\x01\x03")
        expect(client.bitop("OR", "c", "a", "b"), 2)
        expect(client.bitcount("c"), 3)
        expect(client.bitpos("c", 1), 7)
        field = client.bitfield("d", default_overflow="SAT")
        expect(field.set("u8", 0, 250).incrby("u8", 0, 10).get("u8", 0).execute(), [0, 255, 255])

    @group.check("SCAN iteration over 5,000 keys")
    def _(context):
        client = context.client()
        names = {f"key:{number}" for number in range(5000)}
        client.mset({name: "v" for name in names})
        client.set("other", "v")
        found = list(client.scan_iter(match="key:*", count=300))
        expect(set(found), names)
        expect(set(client.scan_iter(_type="string")), names | {"other"})
        expect(len(client.keys("key:1*")), 1111)

    @group.check("bytes that are not text")
    def _(context):
        data = bytes(range(256))
        raw = context.client(decode_responses=False)
        raw.set(data, data)
        expect(raw.get(data), data)
        expect_error(UnicodeDecodeError, "utf-8", context.client().get, data)
        lenient = context.client(encoding_errors="replace")
        expect_in("\ufffd", lenient.get(data))
        latin = context.client(encoding="latin-1")
        latin.set("latin", "fünf")
        expect(raw.get("latin"), "fünf".encode("latin-1"))

    @group.check("a value of 32 MiB")
    def _(context):
        raw = context.client(decode_responses=False)
        value = os.urandom(1 << 20) * (BIG_VALUE_BYTES >> 20)
        raw.set("big", value)
        expect(raw.strlen("big"), BIG_VALUE_BYTES)
        assert raw.get("big") == value
        expect(raw.getrange("big", BIG_VALUE_BYTES - 10, -1), value[-10:])
        expect(raw.setrange("big", BIG_VALUE_BYTES, b"end"), BIG_VALUE_BYTES + 3)
        assert raw.mget("big", "none", "big") == [value + b"end", None, value + b"end"]

    @group.check("expiry, rename, copy, databases")
    def _(context):
        client, second = context.client(), context.client(db=5)
        client.set("a", "1")
        expect(client.expire("a", 100, gt=True), False)
        expect(client.expire("a", 100), True)
        expect(client.rename("a", "b"), True)
        expect(client.copy("b", "c", destination_db=5), True)
        expect(second.get("c"), "1")
        expect(client.move("b", 5), True)
        expect(second.dbsize(), 2)
        client.swapdb(0, 5)
        expect(client.dbsize(), 2)
        assert 90_000 < client.pttl("b") <= 100_000
        client.pexpire("b", 1)
        time.sleep(0.05)
        expect(client.exists("b", "c"), 1)

    @group.check("unix socket")
    def _(context):
        client = redis.Redis(unix_socket_path=context.unix_socket, protocol=context.protocol,
                             decode_responses=True)
        expect(client.set("key", "over a socket file"), True)
        expect(context.client().get("key"), "over a socket file")


def add_pools(group):
    """Connections: pools, threads, names, a connection that the server closes."""

    @group.check("a pool of 4 shared by 16 threads")
    def _(context):
        pool = redis.BlockingConnectionPool(port=context.port, protocol=context.protocol,
                                            max_connections=4, timeout=20)
        client = redis.Redis(connection_pool=pool)
        errors = []

        def work():
            try:
                for _ in range(200):
                    client.incr("counter")
            except redis.RedisError as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(errors, [])
        expect(int(client.get("counter")), 3200)
        pool.disconnect()

    @group.check("client names, list, info and id")
    def _(context):
        client = context.client(client_name="conformance", single_connection_client=True)
        expect(client.client_getname(), "conformance")
        own = client.client_id()
        entry = [entry for entry in client.client_list() if int(entry["id"]) == own][0]
        expect(entry["name"], "conformance")
        expect(int(client.client_info()["id"]), own)
        expect(client.client_setname("second"), True)
        expect(client.client_getname(), "second")
        expect_error(redis.ResponseError, "Client names cannot contain spaces",
                     client.client_setname, "two words")

    @group.check("reconnects after CLIENT KILL")
    def _(context):
        victim = context.client(single_connection_client=True)
        identity = victim.client_id()
        expect(context.client().client_kill_filter(_id=str(identity)), 1)
        expect(victim.ping(), True)
        assert victim.client_id() != identity

    @group.check("CLIENT PAUSE holds writes, UNPAUSE releases them")
    def _(context):
        client, writer = context.client(), context.client()
        client.client_pause(10_000, all=False)
        expect(client.get("key"), None)
        thread = threading.Thread(target=writer.set, args=("key", "1"))
        thread.start()
        time.sleep(0.05)
        expect(client.get("key"), None)
        client.client_unpause()
        thread.join(5)
        expect(client.get("key"), "1")

    @group.check("RESET and SELECT on one connection")
    def _(context):
        client = context.client(single_connection_client=True)
        client.select(3)
        client.set("key", "3")
        expect(client.get("key"), "3")
        expect_in(client.execute_command("RESET"), ("RESET", b"RESET"))
        client.set("key", "0")
        expect([context.client(db=number).get("key") for number in (0, 3)], ["0", "3"])


def add_transactions(group):
    """Pipelines, MULTI, WATCH."""

    @group.check("a pipeline of 10,000 commands keeps order")
    def _(context):
        with context.client().pipeline(transaction=False) as pipeline:
            for number in range(5000):
                pipeline.set(f"k{number}", number)
                pipeline.get(f"k{number}")
            replies = pipeline.execute()
        expect(replies[1::2], [str(number) for number in range(5000)])

    @group.check("MULTI and EXEC by pipeline")
    def _(context):
        with context.client().pipeline() as pipeline:
            expect(pipeline.set("a", 1).incr("a").get("a").ttl("a").execute(),
                   [True, 2, "2", -1])

    @group.check("an error inside a transaction stays its own")
    def _(context):
        with context.client().pipeline() as pipeline:
            pipeline.set("a", "x").incr("a").get("a")
            first, second, third = pipeline.execute(raise_on_error=False)
        expect((first, third), (True, "x"))
        expect_in("value is not an integer or out of range", str(second))

    @group.check("a queueing error aborts EXEC")
    def _(context):
        client = context.client(single_connection_client=True)
        client.execute_command("MULTI")
        expect_error(redis.ResponseError, "wrong number of arguments",
                     client.execute_command, "GET")
        expect_error(redis.ResponseError, "Transaction discarded because of previous errors",
                     client.execute_command, "EXEC")

    @group.check("WATCH notices another client's write")
    def _(context):
        client = context.client()
        with client.pipeline() as pipeline:
            pipeline.watch("key")
            context.client().set("key", "changed")
            pipeline.multi()
            pipeline.set("key", "mine")
            expect_error(redis.WatchError, "", pipeline.execute)
        expect(client.get("key"), "changed")

    @group.check("the transaction helper retries until nobody interferes")
    def _(context):
        client = context.client()

        def increment(pipeline):
            value = int(pipeline.get("n") or 0)
            pipeline.multi()
            pipeline.set("n", value + 1)

        threads = [threading.Thread(
            target=lambda: [client.transaction(increment, "n") for _ in range(25)])
            for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(client.get("n"), "100")


def add_asyncio(group):
    """The asyncio client."""

    @group.check("asyncio: pipelines and pub/sub")
    def _(context):
        async def work():
            client = redis.asyncio.Redis(port=context.port, protocol=context.protocol,
                                         decode_responses=True)
            await asyncio.gather(*(client.incr("n") for _ in range(50)))
            expect(await client.get("n"), "50")
            async with client.pipeline(transaction=True) as pipeline:
                expect(await pipeline.set("a", "1").get("a").execute(), [True, "1"])
            async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
                await pubsub.subscribe("channel")
                await pubsub.get_message(timeout=1)
                await client.publish("channel", "hello")
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
                expect(message and message["data"], "hello")
            await client.aclose()

        asyncio.run(work())
