"""Very large collections that grow, go and expire beside a client that reads other keys.

A collection is filled once and copied (COPY) for each way to go, so that what goes lies scattered
in memory as what clients have filled does not; filling ten times would take many minutes.
"""

import multiprocessing
import os
import random
import time

from .closed_loop import ClosedLoop, core_waits_ms
from .resp import batches_of, encode, set_commands
from .stats import percentile, waiting_percentile

KEY = b"key:%012d"
READ_KEYS = 10_000
VALUE = b"v" * 64
MEMBER = b"m:%014d"
PER_COMMAND = 100
GROWING_ON_THE_WAY = 100
BEFORE_SECONDS = 1.5
DURING_SECONDS_MIN = 0.5
DURING_SECONDS_MAX = 30
GROWING_SECONDS = 8
CHECK_EVERY_NS = 20_000_000

#: What adds members, and the arguments of one member.
KINDS = {
    "hash": ("HSET", lambda number: (MEMBER % number, b"value")),
    "set": ("SADD", lambda number: (MEMBER % number,)),
    "zset": ("ZADD", lambda number: (number * 7919 % 10_000_019, MEMBER % number)),
    "list": ("RPUSH", lambda number: (MEMBER % number,)),
}

#: How a collection goes: the command sent, with what the server shall do by itself.
EVENTS = {
    "DEL": ("DEL", "giant"),
    "UNLINK": ("UNLINK", "giant"),
    "overwriting": ("SET", "giant", "small"),
    "expiry": ("PEXPIRE", "giant", "1"),
    "FLUSHALL": ("FLUSHALL",),
}


def fill(connection, kind, key, members, per_command):
    """Adds all members, so many a command."""
    command, words = KINDS[kind]

    def commands():
        for start in range(0, members, per_command):
            arguments = []
            for number in range(start, min(start + per_command, members)):
                arguments.extend(words(number))
            yield encode(command, key, *arguments)
    connection.load(batches_of(commands(), GROWING_ON_THE_WAY))


def grow(connect, kind, members):
    """Adds members one by one until it is stopped; a process of its own."""
    with connect() as connection:
        fill(connection, kind, "growing", members, 1)


def pending(connection):
    """How much the server has still to free in the background."""
    for line in connection.command("INFO", "memory").split(b"\r\n"):
        if line.startswith(b"lazyfree_pending_objects:"):
            return int(line.split(b":")[1])
    return 0


def figures(server, loop, seconds, stop=None):
    """Runs the loop; returns figures of the latencies in milliseconds."""
    waits, started = core_waits_ms(server), time.monotonic_ns()
    samples = loop.run(started + int(seconds * 1e9), stop, CHECK_EVERY_NS)
    ordered = sorted(samples)
    return {
        "seconds": (time.monotonic_ns() - started) / 1e9,
        "requests": len(samples),
        "p50_ms": percentile(ordered, 50),
        "p99_ms": percentile(ordered, 99),
        "time_p99_ms": waiting_percentile(ordered, 99),
        "max_ms": ordered[-1],
        "core_waits_ms": core_waits_ms(server) - waits,
    }


def prioritize(server, is_on):
    """Lets server and client run before everybody else, or like everybody else again."""
    policy = os.SCHED_RR if is_on else os.SCHED_OTHER
    threads = [0] + [int(name) for name in os.listdir(f"/proc/{server.pid}/task")]
    for thread in threads:
        os.sched_setscheduler(thread, policy, os.sched_param(1 if is_on else 0))


def measure_event(server, loop, reader, command, is_realtime):
    """Latencies before, and from the command on until everything is freed."""
    if not is_realtime:
        return measure_event_now(server, loop, reader, command)
    prioritize(server, True)
    try:
        return measure_event_now(server, loop, reader, command)
    finally:
        prioritize(server, False)


def measure_event_now(server, loop, reader, command):
    """The same, with whatever priority there is."""
    before = figures(server, loop, BEFORE_SECONDS)
    with server.connect(timeout_seconds=120) as trigger:
        trigger.socket.sendall(encode(*command))
        ends_no_sooner = time.monotonic_ns() + int(DURING_SECONDS_MIN * 1e9)

        def is_over():
            return time.monotonic_ns() >= ends_no_sooner and pending(reader) == 0

        during = figures(server, loop, DURING_SECONDS_MAX, is_over)
        trigger.reply()
    return {"before": before, "during": during}


def measure_giants(server, kind, arguments):
    """All events for one type; {event: {"before": figures, "during": figures}}."""
    results = {}
    keys = [KEY % number for number in range(READ_KEYS)]
    random.Random(arguments.seed).shuffle(keys)
    with server.connect(timeout_seconds=300) as connection, server.connect() as reader:
        connection.load(batches_of(set_commands(KEY, range(READ_KEYS), VALUE)))
        loop = ClosedLoop(reader, keys, len(VALUE))
        # For FLUSHALL, which takes the other keys as well.
        missing = ClosedLoop(reader, [b"missing"], None)
        results["growing"] = measure_growth(server, loop, kind, arguments)
        connection.command("UNLINK", "growing")
        fill(connection, kind, "source", arguments.members, PER_COMMAND)
        for event, command in EVENTS.items():
            if event != "FLUSHALL":
                connection.command("COPY", "source", "giant")
            time.sleep(1)
            results[event] = measure_event(
                server, missing if event == "FLUSHALL" else loop, reader, command,
                arguments.realtime)
    return results


def measure_growth(server, loop, kind, arguments):
    """Latencies before, and while another process adds members one by one."""
    before = figures(server, loop, BEFORE_SECONDS)
    process = multiprocessing.get_context("fork").Process(
        target=grow, args=(server.connect, kind, arguments.members), daemon=True)
    process.start()
    try:
        during = figures(server, loop, GROWING_SECONDS, lambda: not process.is_alive())
    finally:
        process.kill()
        process.join()
    return {"before": before, "during": during}
