"""Streams through redis-py: entries, consumer groups, blocking reads."""

import threading
import time

import redis

from .checks import expect, expect_error
from .redis_py_pubsub import run_threads


def streams_of(reply):
    """XREAD's reply as pairs of a name and its entries, whatever shape the protocol gives it."""
    if not reply:
        return []
    pairs = reply.items() if isinstance(reply, dict) else reply
    # RESP3: redis-py wraps the entries of a stream once more.
    return [(name, entries[0] if entries and isinstance(entries[0], list) else entries)
            for name, entries in pairs]


def entries_of(reply):
    """The entries of all streams of a reply."""
    return [tuple(entry) for _, entries in streams_of(reply) for entry in entries]


def add_streams(group):
    """Adding, ranges, trimming, groups, waiting."""

    @group.check("streams: entries, ranges, trimming", needs=("XADD",))
    def _(context):
        client = context.client()
        for number in range(1, 101):
            expect(client.xadd("s", {"n": number, "text": "x" * number}, id=f"{number}-1"),
                   f"{number}-1")
        expect_error(redis.ResponseError, "equal or smaller than the target stream top item",
                     client.xadd, "s", {"a": "b"}, "5-1")
        expect(client.xlen("s"), 100)
        expect([tuple(entry) for entry in client.xrange("s", "3", "(5-1")],
               [("3-1", {"n": "3", "text": "xxx"}), ("4-1", {"n": "4", "text": "xxxx"})])
        expect(client.xrevrange("s", count=1)[0][0], "100-1")
        expect(entries_of(client.xread({"s": "98-1"}, count=1))[0][0], "99-1")
        expect(client.xdel("s", "50-1", "50-2"), 1)
        expect(client.xtrim("s", maxlen=10, approximate=False), 89)
        expect(client.xadd("s", {"last": "1"}, id="200-*", maxlen=5, approximate=False), "200-0")
        expect(client.xlen("s"), 5)
        expect(client.xtrim("s", minid="99-1", approximate=False), 2)
        expect(client.xadd("none", {"a": "b"}, nomkstream=True), None)
        info = client.xinfo_stream("s")
        expect((info["length"], info["last-generated-id"], info["entries-added"]),
               (3, "200-0", 101))
        expect(client.xinfo_stream("s", full=True)["length"], 3)

    @group.check("a consumer group's life", needs=("XGROUP",))
    def _(context):
        client = context.client()
        expect(client.xgroup_create("jobs", "workers", id="0", mkstream=True), True)
        expect_error(redis.ResponseError, "BUSYGROUP", client.xgroup_create, "jobs", "workers")
        for number in range(1, 7):
            client.xadd("jobs", {"n": number}, id=f"{number}-0")
        got = entries_of(client.xreadgroup("workers", "ann", {"jobs": ">"}, count=4))
        expect([entry[0] for entry in got], ["1-0", "2-0", "3-0", "4-0"])
        expect(len(entries_of(client.xreadgroup("workers", "bob", {"jobs": ">"}))), 2)
        expect(entries_of(client.xreadgroup("workers", "bob", {"jobs": ">"})), [])
        expect(client.xack("jobs", "workers", "1-0", "9-0"), 1)
        pending = client.xpending("jobs", "workers")
        expect((pending["pending"], pending["min"], pending["max"]), (5, "2-0", "6-0"))
        expect({one["name"]: int(one["pending"]) for one in pending["consumers"]},
               {"ann": 3, "bob": 2})
        details = client.xpending_range("jobs", "workers", min="-", max="+", count=10,
                                        consumername="ann")
        expect([(one["message_id"], one["times_delivered"]) for one in details],
               [("2-0", 1), ("3-0", 1), ("4-0", 1)])
        # What a consumer asks for again is what it has not acknowledged.
        expect([entry[0] for entry in
                entries_of(client.xreadgroup("workers", "ann", {"jobs": "0"}))],
               ["2-0", "3-0", "4-0"])
        claimed = client.xclaim("jobs", "workers", "bob", 0, ["2-0", "3-0"], justid=True)
        expect(claimed, ["2-0", "3-0"])
        client.xdel("jobs", "4-0")
        cursor, entries, deleted = client.xautoclaim("jobs", "workers", "cid", 0, count=10)
        expect((cursor, [entry[0] for entry in entries], deleted),
               ("0-0", ["2-0", "3-0", "5-0", "6-0"], ["4-0"]))
        groups = client.xinfo_groups("jobs")
        expect((groups[0]["name"], groups[0]["pending"], groups[0]["last-delivered-id"]),
               ("workers", 4, "6-0"))
        expect({one["name"]: one["pending"] for one in client.xinfo_consumers("jobs", "workers")},
               {"ann": 0, "bob": 0, "cid": 4})
        expect(client.xgroup_setid("jobs", "workers", "5-0"), True)
        expect(len(entries_of(client.xreadgroup("workers", "ann", {"jobs": ">"}, noack=True))), 1)
        expect(client.xgroup_createconsumer("jobs", "workers", "dan"), 1)
        expect(client.xgroup_delconsumer("jobs", "workers", "cid"), 4)
        expect(client.xgroup_destroy("jobs", "workers"), True)
        expect_error(redis.ResponseError, "NOGROUP", client.xreadgroup, "workers", "ann",
                     {"jobs": ">"})

    @group.check("blocking reads wake with the entry", needs=("XREAD",))
    def _(context):
        client, heard = context.client(), []
        reader = threading.Thread(target=lambda: heard.extend(
            entries_of(context.client().xread({"a": "$", "b": "$"}, block=10_000))))
        reader.start()
        wait_for_blocked(client, 1)
        client.xadd("b", {"k": "v"}, id="1-1")
        reader.join(10)
        expect(heard, [("1-1", {"k": "v"})])
        began = time.monotonic()
        expect(entries_of(client.xread({"a": "$"}, block=50)), [])
        assert time.monotonic() - began >= 0.045

    @group.check("6 consumers in threads share 600 entries", needs=("XREADGROUP",))
    def _(context):
        client, seen, errors = context.client(), [], []
        client.xgroup_create("jobs", "workers", id="$", mkstream=True)

        def consume(name):
            own = context.client()
            while True:
                entries = entries_of(own.xreadgroup("workers", name, {"jobs": ">"}, count=7,
                                                    block=5000))
                for identity, fields in entries:
                    expect(own.xack("jobs", "workers", identity), 1)
                    if "stop" in fields:
                        return
                    seen.append(fields["n"])
                if not entries:
                    raise AssertionError("nothing came")

        def produce(_):
            with client.pipeline(transaction=False) as pipeline:
                for number in range(600):
                    pipeline.xadd("jobs", {"n": number})
                pipeline.execute()
            # Each consumer ends with one of these; a batch may hold several.
            while any(int(one["idle"]) >= 0 for one in client.xinfo_consumers("jobs", "workers")):
                if len(stopped) == 6:
                    return
                client.xadd("jobs", {"stop": "1"})
                time.sleep(0.005)

        stopped = []

        def consume_and_tell(name):
            try:
                consume(name)
            finally:
                stopped.append(name)

        run_threads([(consume_and_tell, f"c{number}") for number in range(6)]
                    + [(produce, None)], errors)
        expect(errors, [])
        expect(sorted(map(int, seen)), list(range(600)))

    @group.check("a reader of a group that is destroyed is told", needs=("XREADGROUP",))
    def _(context):
        client, caught = context.client(), []
        client.xgroup_create("s", "g", mkstream=True)

        def read():
            try:
                context.client().xreadgroup("g", "c", {"s": ">"}, block=10_000)
            except redis.ResponseError as error:
                caught.append(str(error))

        reader = threading.Thread(target=read)
        reader.start()
        wait_for_blocked(client, 1)
        client.xgroup_destroy("s", "g")
        reader.join(10)
        expect([text.split(" ")[0] for text in caught], ["NOGROUP"])


def wait_for_blocked(client, count):
    """Returns once so many clients wait."""
    deadline = time.monotonic() + 5
    while client.info("clients")["blocked_clients"] < count:
        if time.monotonic() > deadline:
            raise AssertionError("nobody waits")
        time.sleep(0.005)
