"""What `compare` measures: each scenario's command, data set and goal.

redis-benchmark replaces `__rand_int__` by twelve digits, so `key:__rand_int__` is a key of 16
bytes, and `key:000000000000` to `key:000000999999` are what has to be there beforehand.
"""

import sys

from .resp import batches_of, encode, set_commands

KEY = b"key:%012d"
COUNTER = b"counter:%012d"
VALUE_64 = b"v" * 64
VALUE_1MB = b"v" * (1 << 20)
BIG_KEYS = 100
MSET_PAIRS = 10


class Scenario:
    """One row: a command, how it is sent, what data it needs, and its goal.

    `cpu_goal` limits the server CPU per operation as a ratio to the first server's.
    """

    #: A test of redis-benchmark's own to run instead of the command.
    test = None

    def __init__(self, name, command, data, pipeline, cpu_goal, clients=50):
        self.name = name
        self.command = command
        self.data = data
        self.pipeline = pipeline
        self.cpu_goal = cpu_goal
        self.clients = clients

    @property
    def label(self):
        return f"{self.name} P{self.pipeline}"

    @property
    def is_heavy(self):
        """Whether one operation takes long, so that a first look takes few of them."""
        return self.data == "big"

    def keyspace(self, keys):
        """How many numbers `__rand_int__` stands for."""
        return BIG_KEYS if self.data == "big" else keys

    def requests_limit(self, keys):
        """The most requests that a round may have."""
        return sys.maxsize

    def before_round(self, connection, requests):
        """Brings the data into the state that `requests` operations need."""

    def probe(self, connection):
        """Runs it once and compares the reply, so that no error is timed as a fast reply."""
        words = [word.replace("__rand_int__", "0" * 12) for word in self.command]
        reply = connection.command(*words)
        expected = {"GET": VALUE_1MB if self.data == "big" else VALUE_64,
                    "SET": "OK", "MSET": "OK", "PING": "PONG"}
        verb = words[0]
        right = isinstance(reply, int) if verb == "INCR" else reply == expected[verb]
        if not right:
            shown = repr(reply)
            raise ValueError(f"{self.label}: unexpected reply {shown[:80]}")


def all_scenarios():
    """Every scenario, those with the same data next to each other."""
    key = "key:__rand_int__"
    value = VALUE_64.decode()
    pipelines = ((1, 0.90), (16, 0.30), (64, 0.20))
    scenarios = [Scenario("GET", ["GET", key], "keys", p, goal) for p, goal in pipelines]
    scenarios += [Scenario("SET", ["SET", key, value], "keys", p, goal) for p, goal in pipelines]
    scenarios += [
        Scenario("MSET", ["MSET"] + [key, value] * MSET_PAIRS, "keys", 16, 0.50),
        Scenario("PING", ["PING"], "keys", 16, 0.50),
        Scenario("INCR", ["INCR", "counter:__rand_int__"], "counters", 16, 0.50),
        Scenario("GET-1MB", ["GET", key], "big", 1, 1.00),
        Scenario("SET-1MB", ["SET", key, VALUE_1MB.decode()], "big", 1, 1.00),
    ]
    return scenarios


def preload(connection, data, keys):
    """Fills a fresh server with a scenario's data set."""
    if data == "keys":
        connection.load(batches_of(set_commands(KEY, range(keys), VALUE_64)))
    elif data == "counters":
        connection.load(batches_of(set_commands(COUNTER, range(keys), b"0")))
    elif data == "big":
        connection.load(
            batches_of((encode("SET", KEY % i, VALUE_1MB) for i in range(BIG_KEYS)), 1))
