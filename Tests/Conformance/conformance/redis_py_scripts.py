"""Locks, Lua scripts and function libraries through redis-py."""

import time

import redis

from .checks import expect, expect_error, expect_in
from .redis_py_pubsub import run_threads

# Adds to a field up to a limit; answers the new value and whether the limit was met.
BOUNDED_ADD = """
local value = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') + tonumber(ARGV[2])
local limit = tonumber(ARGV[3])
if value > limit then value = limit end
redis.call('HSET', KEYS[1], ARGV[1], value)
return {value, value == limit, {ok = 'STORED'}}
"""

LIBRARY = """#!lua name=conformance
local function swap(keys, arguments)
  local old = redis.call('GET', keys[1])
  redis.call('SET', keys[1], arguments[1])
  return old
end
redis.register_function('swap', swap)
redis.register_function{function_name = 'peek', flags = {'no-writes'},
  callback = function(keys) return redis.call('GET', keys[1]) end}
"""


def add_locks(group):
    """The lock that redis-py builds from SET, scripts and a token."""

    @group.check("locks", needs=("EVALSHA", "SCRIPT"))
    def _(context):
        client = context.client()
        with client.lock("lock", timeout=10) as lock:
            expect(client.lock("lock", timeout=10).acquire(blocking=False), False)
            expect(lock.extend(10), True)
            assert 15_000 < client.pttl("lock") <= 20_000
            expect(lock.reacquire(), True)
            assert 5_000 < client.pttl("lock") <= 10_000
            expect((lock.locked(), lock.owned()), (True, True))
        expect(client.exists("lock"), 0)

    @group.check("a lock that ran out cannot be released", needs=("EVALSHA", "SCRIPT"))
    def _(context):
        client = context.client()
        lock = client.lock("lock", timeout=0.05)
        expect(lock.acquire(), True)
        expect(client.lock("lock", timeout=10).acquire(blocking_timeout=5), True)
        expect_error(redis.exceptions.LockNotOwnedError, "", lock.release)
        expect_error(redis.exceptions.LockError, "", client.lock("other").release)

    @group.check("a lock lets one of 8 threads in", needs=("EVALSHA", "SCRIPT"))
    def _(context):
        client, inside, errors = context.client(), [], []

        def work(number):
            for _ in range(10):
                with client.lock("lock", timeout=20, sleep=0.001):
                    inside.append(number)
                    value = int(client.get("n") or 0)
                    expect(inside, [number])
                    client.set("n", value + 1)
                    inside.clear()

        run_threads([(work, number) for number in range(8)], errors)
        expect(errors, [])
        expect(client.get("n"), "80")


def add_scripts(group):
    """EVAL and its cache, pipelines with scripts, libraries."""

    @group.check("scripts are loaded when they are missing", needs=("EVALSHA", "SCRIPT"))
    def _(context):
        client = context.client()
        add = client.register_script(BOUNDED_ADD)
        # Lua's true is 1.
        expect(add(keys=["h"], args=["f", 4, 10]), [4, None, "STORED"])
        client.script_flush()
        expect(client.script_exists(add.sha), [False])
        expect(add(keys=["h"], args=["f", 40, 10]), [10, 1, "STORED"])
        expect(client.script_exists(add.sha, "0" * 40), [True, False])
        expect(client.hgetall("h"), {"f": "10"})

    @group.check("a script in a pipeline", needs=("EVALSHA", "SCRIPT"))
    def _(context):
        client = context.client()
        client.script_flush()
        add = client.register_script(BOUNDED_ADD)
        for transaction in (True, False):
            with client.pipeline(transaction=transaction) as pipeline:
                pipeline.delete("h")
                add(keys=["h"], args=["f", 1, 5], client=pipeline)
                add(keys=["h"], args=["f", 1, 5], client=pipeline)
                pipeline.hget("h", "f")
                expect(pipeline.execute()[1:],
                       [[1, None, "STORED"], [2, None, "STORED"], "2"])

    @group.check("errors of scripts", needs=("EVAL", "SCRIPT"))
    def _(context):
        client = context.client()
        expect_error(redis.exceptions.NoScriptError, "No matching script",
                     client.evalsha, "f" * 40, 0)
        expect_error(redis.ResponseError, "Error compiling script", client.eval, "return (", 0)
        expect_error(redis.ResponseError, "value is not an integer",
                     client.eval, "redis.call('SET', KEYS[1], 'x') return redis.call('INCR', "
                     "KEYS[1])", 1, "k")
        expect(client.get("k"), "x")
        expect(client.eval("local r = redis.pcall('INCR', KEYS[1]) return r.err ~= nil", 1, "k"),
               1)
        expect_error(redis.ResponseError, "Write commands are not allowed",
                     client.eval_ro, "return redis.call('SET', KEYS[1], '1')", 1, "k")
        expect_error(redis.ResponseError, "readonly table", client.eval, "x = 1", 0)

    @group.check("values keep their kind", needs=("EVAL",))
    def _(context):
        client = context.client(single_connection_client=True)
        expect(client.eval("return {1, 2.9, 'a', false, {3, {}}, nil, 4}", 0),
               [1, 2, "a", None, [3, []]])
        expect(client.eval("return redis.status_reply('FINE')", 0), "FINE")
        expect(client.eval("return #ARGV[1]", 0, b"\x00\xff\r\n"), 4)
        answer = client.eval("redis.setresp(3) return {double = 2.5}", 0)
        expect(float(answer), 2.5)
        if context.protocol == 3:
            expect(client.eval("redis.setresp(3) return {map = {a = 1}}", 0), {"a": 1})
            expect(client.eval("redis.setresp(3) return true", 0), True)

    @group.check("SCRIPT KILL ends a script that only reads", needs=("EVAL", "SCRIPT"))
    def _(context):
        client, caught, errors = context.client(), [], []
        before = client.config_get("busy-reply-threshold")["busy-reply-threshold"]
        client.config_set("busy-reply-threshold", "20")

        def run_forever(_):
            try:
                context.client(socket_timeout=30, retry=None).eval("while true do end", 0)
            except redis.ResponseError as error:
                caught.append(str(error))

        def kill(_):
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    return expect(client.script_kill(), True)
                except redis.ResponseError as error:
                    expect_in("NOTBUSY", "NOTBUSY" if "No scripts" in str(error) else str(error))
                    time.sleep(0.01)
            raise AssertionError("there is no script to kill")

        try:
            run_threads([(run_forever, None), (kill, None)], errors)
        finally:
            client.config_set("busy-reply-threshold", before)
        expect(errors, [])
        expect_in("Script killed by user", str(caught))
        expect(client.ping(), True)

    @group.check("function libraries", needs=("FUNCTION", "FCALL"))
    def _(context):
        client = context.client()
        client.function_flush()
        expect(client.function_load(LIBRARY), "conformance")
        expect_error(redis.ResponseError, "already exists", client.function_load, LIBRARY)
        expect(client.function_load(LIBRARY, replace=True), "conformance")
        expect(client.fcall("swap", 1, "k", "new"), None)
        expect(client.fcall("swap", 1, "k", "newer"), "new")
        expect(client.fcall_ro("peek", 1, "k"), "newer")
        expect_error(redis.ResponseError, "Can not execute a script with write flag",
                     client.fcall_ro, "swap", 1, "k", "x")
        dump = context.client(decode_responses=False).function_dump()
        expect(client.function_delete("conformance"), True)
        expect_error(redis.ResponseError, "Function not found", client.fcall, "swap", 1, "k", "x")
        expect(client.function_restore(dump), True)
        expect(client.fcall_ro("peek", 1, "k"), "newer")
        listed = str(client.function_list(library="conf*", withcode=True))
        for part in ("swap", "peek", "no-writes", "register_function"):
            expect_in(part, listed)
        expect_in("conformance", str(client.function_list()))
        client.function_flush()
        expect(client.function_list(), [])
