"""Publish and subscribe through redis-py: channels, patterns, shards, threads, notifications."""

import threading
import time
import traceback

from .checks import expect


def next_message(pubsub, kind):
    """The next message of a kind, within 5 seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        message = pubsub.get_message(timeout=0.2)
        if message and message["type"] == kind:
            return message
    raise AssertionError(f"no {kind} within 5 s")


def add_pubsub(group):
    """Channels, patterns, keyspace notifications."""

    @group.check("subscribe, publish, unsubscribe")
    def _(context):
        client = context.client()
        pubsub = client.pubsub()
        pubsub.subscribe("news", "sport")
        expect(next_message(pubsub, "subscribe")["data"], 1)
        expect(next_message(pubsub, "subscribe")["data"], 2)
        expect(client.publish("news", "hello"), 1)
        message = next_message(pubsub, "message")
        expect((message["channel"], message["data"]), ("news", "hello"))
        expect([tuple(pair) for pair in client.pubsub_numsub("news", "none")],
               [("news", 1), ("none", 0)])
        expect(sorted(client.pubsub_channels()), ["news", "sport"])
        if context.protocol == 2:
            # RESP3 answers PING as everywhere else; redis-py makes no message of that.
            pubsub.ping("there?")
            expect(next_message(pubsub, "pong")["data"], "there?")
        pubsub.unsubscribe()
        next_message(pubsub, "unsubscribe")
        expect(next_message(pubsub, "unsubscribe")["data"], 0)
        expect(client.publish("news", "nobody"), 0)
        pubsub.close()

    @group.check("patterns with a handler in a thread")
    def _(context):
        client, received, arrived = context.client(), [], threading.Event()

        def handle(message):
            received.append((message["pattern"], message["channel"], message["data"]))
            arrived.set()

        pubsub = client.pubsub(ignore_subscribe_messages=True)
        pubsub.psubscribe(**{"user:[0-9]?:*": handle})
        thread = pubsub.run_in_thread(sleep_time=0.01)
        try:
            deadline = time.monotonic() + 5
            while client.pubsub_numpat() == 0 and time.monotonic() < deadline:
                time.sleep(0.01)
            expect(client.publish("user:x1:no", "miss"), 0)
            expect(client.publish("user:12:login", "hit"), 1)
            expect(arrived.wait(5), True)
        finally:
            thread.stop()
            thread.join(5)
        expect(received, [("user:[0-9]?:*", "user:12:login", "hit")])

    @group.check("keyspace notifications, expired ones included")
    def _(context):
        client = context.client()
        client.config_set("notify-keyspace-events", "KEA")
        pubsub = client.pubsub()
        try:
            pubsub.psubscribe("__key*@0__:*")
            next_message(pubsub, "psubscribe")
            client.set("key", "v", px=30)
            heard = []
            while ("__keyevent@0__:expired", "key") not in heard:
                message = next_message(pubsub, "pmessage")
                heard.append((message["channel"], message["data"]))
            expect(heard, [("__keyspace@0__:key", "set"), ("__keyevent@0__:set", "key"),
                           ("__keyspace@0__:key", "expire"), ("__keyevent@0__:expire", "key"),
                           ("__keyspace@0__:key", "expired"), ("__keyevent@0__:expired", "key")])
        finally:
            client.config_set("notify-keyspace-events", "")
            pubsub.close()

    @group.check("sharded channels", needs=("SPUBLISH",))
    def _(context):
        client = context.client()
        pubsub = client.pubsub()
        pubsub.ssubscribe("shard", "other")
        expect(next_message(pubsub, "ssubscribe")["data"], 1)
        expect(next_message(pubsub, "ssubscribe")["data"], 2)
        expect(client.spublish("shard", "hello"), 1)
        # One name, two channels: the ordinary one has no subscriber.
        expect(client.publish("shard", "nobody"), 0)
        message = pubsub.get_sharded_message(timeout=5)
        expect((message["type"], message["channel"], message["data"]),
               ("smessage", "shard", "hello"))
        expect(sorted(client.pubsub_shardchannels()), ["other", "shard"])
        expect([tuple(pair) for pair in client.pubsub_shardnumsub("shard", "none")],
               [("shard", 1), ("none", 0)])
        pubsub.sunsubscribe("shard")
        next_message(pubsub, "sunsubscribe")
        expect(client.spublish("shard", "nobody"), 0)
        pubsub.close()

    @group.check("20 subscribers in threads hear 4 publishers, each in order")
    def _(context):
        subscribers, errors = [context.client().pubsub() for _ in range(20)], []
        for pubsub in subscribers:
            pubsub.subscribe("load")
            next_message(pubsub, "subscribe")
        pipelines = [context.client().pipeline(transaction=False) for _ in range(4)]

        def publish(number):
            for count in range(250):
                pipelines[number].publish("load", f"{number}:{count}")
            expect(set(pipelines[number].execute()), {len(subscribers)})

        def hear(pubsub):
            following = [0] * len(pipelines)
            for _ in range(250 * len(pipelines)):
                number, count = map(int, next_message(pubsub, "message")["data"].split(":"))
                expect(count, following[number])
                following[number] += 1

        run_threads([(hear, pubsub) for pubsub in subscribers]
                    + [(publish, number) for number in range(len(pipelines))], errors)
        expect(errors, [])
        for pubsub in subscribers:
            pubsub.close()

    @group.check("a channel and a pattern that fits it: two messages")
    def _(context):
        client = context.client()
        pubsub = client.pubsub(ignore_subscribe_messages=True)
        pubsub.subscribe("weather:berlin")
        pubsub.psubscribe("weather:*", "w?ather:*")
        pubsub.get_message(timeout=5)
        while client.pubsub_numpat() < 2:
            time.sleep(0.01)
        expect(client.publish("weather:berlin", "rain"), 3)
        kinds = []
        while len(kinds) < 3:
            message = pubsub.get_message(timeout=5)
            if message:
                kinds.append((message["type"], message["pattern"]))
        expect(kinds[0], ("message", None))
        expect(set(kinds[1:]), {("pmessage", "weather:*"), ("pmessage", "w?ather:*")})
        pubsub.close()

    @group.check("a subscriber whose connection is killed subscribes again")
    def _(context):
        client = context.client()
        pubsub = client.pubsub()
        pubsub.subscribe("news")
        next_message(pubsub, "subscribe")
        killed = client.client_kill_filter(_type="pubsub")
        expect(killed, 1)
        next_message(pubsub, "subscribe")
        expect(client.publish("news", "again"), 1)
        expect(next_message(pubsub, "message")["data"], "again")
        pubsub.close()


def run_threads(work, errors):
    """Calls all functions at once, each with its argument, and gathers what they raise."""
    def guarded(function, argument):
        try:
            function(argument)
        except Exception as error:  # Told by the check.
            errors.append(f"{error!r} {traceback.format_exc()[-600:]}")

    threads = [threading.Thread(target=guarded, args=pair) for pair in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if any(thread.is_alive() for thread in threads):
        errors.append("a thread hangs")
