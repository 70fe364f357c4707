"""What `collections` measures: redis-benchmark's default set, and large collections.

Three sets of data, each on servers of its own:

  default     what redis-benchmark's own tests use: mylist, myset, myhash, myzset and keys, with
              values of 3 bytes and __rand_int__ below 100,000
  large       a hash, a sorted set and a stream of a million members (`--keys`), two sets and two
              sorted sets of 100,000 that share half of their members, a list of 1,000 numbers,
              100,000 places
  values      10,000 keys and a hash of 10,000 fields with values of 10 KB
"""

import random
import sys
import time

from .resp import batches_of, encode, set_commands

DEFAULT_KEYSPACE = 100_000
DATA = "xxx"
ELEMENT = b"element:%012d"
RANDOM_ELEMENT = "element:__rand_int__"
MIDDLE = 100_000
SORTED_NUMBERS = 1000
VALUES = 10_000
VALUE_10KB = "v" * 10_240
MEMBERS_PER_COMMAND = 100
CPU_GOAL = 1.0
LIST_LONG = 1000


class CollectionScenario:
    """One row: a command, how it is sent, what data it needs and what it must find.

    `refill(connection, requests)` runs before every round, outside of what is measured.
    """

    cpu_goal = CPU_GOAL

    def __init__(self, name, command, data, pipeline, *, refill=None, clients=50, test=None,
                 is_heavy=False, takes_entries=False):
        self.name = name
        self.command = command
        self.data = data
        self.pipeline = pipeline
        self.clients = clients
        self.test = test
        self.is_heavy = is_heavy
        self.takes_entries = takes_entries
        self._refill = refill

    @property
    def label(self):
        return f"{self.name} P{self.pipeline}"

    def keyspace(self, keys):
        """How many numbers `__rand_int__` stands for."""
        return {"default": DEFAULT_KEYSPACE, "values": VALUES}.get(self.data, keys)

    def requests_limit(self, keys):
        """The most requests that a round may have: what takes entries ends with them."""
        return keys if self.takes_entries else sys.maxsize

    def before_round(self, connection, requests):
        """Puts back what the requests are going to take."""
        if self._refill:
            self._refill(connection, requests)

    def probe(self, connection):
        """Runs it once: neither an error nor an empty reply may be timed as a fast one."""
        self.before_round(connection, 1)
        reply = connection.command(
            *(word.replace("__rand_int__", "0" * 12) for word in self.command))
        if reply is None or reply == []:
            raise ValueError(f"{self.label}: empty reply")


def fill_list(connection, requests):
    """Lets mylist have an element for each request and some more."""
    missing = requests + LIST_LONG - connection.command("LLEN", "mylist")
    push = encode("RPUSH", "mylist", *[DATA] * MEMBERS_PER_COMMAND)
    connection.load(batches_of((push for _ in range(0, missing, MEMBERS_PER_COMMAND)), 100))


def fill_set(connection, requests):
    """Lets myset have a member for each request."""
    if connection.command("SCARD", "myset") < requests:
        connection.load(adding("SADD", "myset", range(requests)))


def fill_sorted_set(connection, requests):
    """Lets myzset have a member for each request."""
    if connection.command("ZCARD", "myzset") < requests:
        connection.load(adding("ZADD", "myzset", range(requests), lambda n: (n, ELEMENT % n)))


def restart_group(connection, _requests):
    """Lets the group begin at the stream's first entry again."""
    connection.command("XGROUP", "DESTROY", "stream", "group")
    connection.command("XGROUP", "CREATE", "stream", "group", "0")
    time.sleep(0.3)  # What the old group held may be given back in the background.


def adding(command, key, numbers, words=lambda number: (ELEMENT % number,)):
    """Batches of commands that add the members of these numbers, a hundred at a time."""
    def commands():
        numbers_list = list(numbers)
        for start in range(0, len(numbers_list), MEMBERS_PER_COMMAND):
            members = []
            for number in numbers_list[start:start + MEMBERS_PER_COMMAND]:
                members.extend(words(number))
            yield encode(command, key, *members)
    return batches_of(commands(), 100)


def default_set(pipeline):
    """redis-benchmark's default tests, in its order."""
    def row(name, *command, **options):
        return CollectionScenario(name, list(command), "default", pipeline, **options)

    key = "key:__rand_int__"
    rows = [
        row("PING_INLINE", "PING", test="ping_inline"),
        row("PING_MBULK", "PING"),
        row("SET", "SET", key, DATA),
        row("GET", "GET", key),
        row("INCR", "INCR", "counter:__rand_int__"),
        row("LPUSH", "LPUSH", "mylist", DATA),
        row("RPUSH", "RPUSH", "mylist", DATA),
        row("LPOP", "LPOP", "mylist", refill=fill_list),
        row("RPOP", "RPOP", "mylist", refill=fill_list),
        row("SADD", "SADD", "myset", RANDOM_ELEMENT),
        row("HSET", "HSET", "myhash", RANDOM_ELEMENT, DATA),
        row("SPOP", "SPOP", "myset", refill=fill_set),
        row("ZADD", "ZADD", "myzset", "__rand_int__", RANDOM_ELEMENT),
        row("ZPOPMIN", "ZPOPMIN", "myzset", refill=fill_sorted_set),
    ]
    rows += [row(f"LRANGE_{count}", "LRANGE", "mylist", "0", str(count - 1), refill=fill_list)
             for count in (100, 300, 500, 600)]
    return rows + [row("MSET", "MSET", *[key, DATA] * 10)]


def large_set():
    """Commands on large collections."""
    def row(name, *command, pipeline=16, **options):
        return CollectionScenario(name, list(command), "large", pipeline, **options)

    def heavy(name, *command):
        return row(name, *command, pipeline=1, clients=4, is_heavy=True)

    return [
        row("HGET 1M", "HGET", "hash", RANDOM_ELEMENT),
        row("HSET 1M", "HSET", "hash", RANDOM_ELEMENT, DATA),
        row("SISMEMBER 1M", "SISMEMBER", "set", RANDOM_ELEMENT),
        row("ZSCORE 1M", "ZSCORE", "zset", RANDOM_ELEMENT),
        row("ZADD 1M", "ZADD", "zset", "__rand_int__", RANDOM_ELEMENT),
        row("ZRANGE BYSCORE 1M", "ZRANGE", "zset", "__rand_int__", "+inf", "BYSCORE",
            "LIMIT", "0", "10"),
        row("ZRANK 1M", "ZRANK", "zset", RANDOM_ELEMENT),
        row("XADD", "XADD", "added", "*", "field", DATA),
        row("XRANGE 1M", "XRANGE", "stream", "__rand_int__", "+", "COUNT", "10"),
        row("XREADGROUP 1M", "XREADGROUP", "GROUP", "group", "consumer", "COUNT", "1",
            "STREAMS", "stream", ">", refill=restart_group, takes_entries=True),
        row("HGETALL small", "HGETALL", "small"),
        row("PFADD", "PFADD", "hll", RANDOM_ELEMENT),
        row("EVAL", "EVAL", "return 1", "0"),
        row("EVAL GET SET", "EVAL",
            "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", "1",
            "key:__rand_int__", DATA),
        row("EVAL 34 HSET", "EVAL",
            "for i = 1, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], i) end "
            "return redis.call('HLEN', KEYS[1])", "1", "hash:__rand_int__",
            *(f"f{number}" for number in range(34))),
        row("GEOSEARCH", "GEOSEARCH", "places", "FROMLONLAT", "10", "50", "BYRADIUS", "20", "km",
            "ASC", "COUNT", "10", pipeline=1),
        row("SORT 1000", "SORT", "numbers", pipeline=1),
        heavy("SINTER 100k", "SINTER", "set:a", "set:b"),
        heavy("SUNIONSTORE 100k", "SUNIONSTORE", "set:union", "set:a", "set:b"),
        heavy("ZUNIONSTORE 100k", "ZUNIONSTORE", "zset:union", "2", "zset:a", "zset:b"),
    ]


def value_set():
    """Values of 10 KB, alone and in a hash."""
    def rows(pipeline):
        def row(name, *command):
            return CollectionScenario(name, list(command), "values", pipeline)
        return [row("GET 10KB", "GET", "key:__rand_int__"),
                row("SET 10KB", "SET", "key:__rand_int__", VALUE_10KB),
                row("HGET 10KB", "HGET", "hash", RANDOM_ELEMENT),
                row("HSET 10KB", "HSET", "hash", RANDOM_ELEMENT, VALUE_10KB)]
    return rows(1) + rows(16)


def collection_scenarios():
    """Every scenario, those with the same data next to each other."""
    return default_set(1) + default_set(16) + large_set() + value_set()


def preload_collections(connection, data, keys):
    """Fills a fresh server with a data set."""
    if data == "default":
        connection.load(batches_of(set_commands(b"key:%012d", range(DEFAULT_KEYSPACE), b"xxx")))
        fill_list(connection, 0)
    elif data == "large":
        preload_large(connection, keys)
    elif data == "values":
        value = VALUE_10KB.encode()
        connection.load(batches_of(set_commands(b"key:%012d", range(VALUES), value), 20))
        connection.load(batches_of(
            (encode("HSET", "hash", ELEMENT % n, value) for n in range(VALUES)), 20))


def preload_large(connection, keys):
    """The large collections."""
    draw = random.Random(1)
    connection.load(adding("HSET", "hash", range(keys), lambda n: (ELEMENT % n, DATA)))
    connection.load(adding("SADD", "set", range(keys)))
    connection.load(adding("ZADD", "zset", range(keys), lambda n: (n, ELEMENT % n)))
    connection.load(adding("SADD", "set:a", range(MIDDLE)))
    connection.load(adding("SADD", "set:b", range(MIDDLE // 2, MIDDLE * 3 // 2)))
    for name, first in (("zset:a", 0), ("zset:b", MIDDLE // 2)):
        connection.load(adding("ZADD", name, range(first, first + MIDDLE),
                               lambda n: (n, ELEMENT % n)))
    connection.load(adding("GEOADD", "places", range(MIDDLE), lambda n: (
        f"{draw.uniform(0, 20):.6f}", f"{draw.uniform(40, 60):.6f}", ELEMENT % n)))
    numbers = list(range(SORTED_NUMBERS))
    draw.shuffle(numbers)
    connection.command("RPUSH", "numbers", *numbers)
    connection.command("HSET", "small", *[word for n in range(5) for word in (f"field:{n}", DATA)])
    with_ids = (b"XADD stream %d-1 field xxx\r\n" % (n + 1) for n in range(keys))
    fill_stream(connection, with_ids)


def fill_stream(connection, commands):
    """Adds entries one by one. Each is answered in two lines: the length of the ID, and the ID."""
    for data, count in batches_of(commands):
        connection.load([(data, 2 * count)])
