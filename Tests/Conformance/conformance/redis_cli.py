"""What people do with redis-cli and redis-benchmark."""

import json
import re
import subprocess
import threading

from .checks import Checks, expect, expect_in

CLI = Checks("redis-cli")
BENCHMARK = Checks("redis-benchmark")

# redis-benchmark's default tests and the command each needs.
BENCHMARKS = {
    "ping_inline": "PING", "ping_mbulk": "PING", "set": "SET", "get": "GET", "incr": "INCR",
    "lpush": "LPUSH", "rpush": "RPUSH", "lpop": "LPOP", "rpop": "RPOP", "sadd": "SADD",
    "hset": "HSET", "spop": "SPOP", "zadd": "ZADD", "zpopmin": "ZPOPMIN", "lrange": "LRANGE",
    "mset": "MSET",
}


class Context:
    """The server to talk to."""

    def __init__(self, port, unix_socket, has_command):
        self.port = port
        self.unix_socket = unix_socket
        self.has_command = has_command

    def run(self, *arguments, text_in=None):
        """Runs redis-cli to its end and returns what it printed; it must succeed."""
        done = subprocess.run(["redis-cli", "-p", str(self.port), *arguments], input=text_in,
                              stdin=subprocess.DEVNULL if text_in is None else None,
                              capture_output=True, timeout=60)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f"redis-cli {' '.join(arguments)}: status {done.returncode} "
                                 f"{done.stderr.decode()}{done.stdout.decode()[:300]}")
        return done.stdout.decode()

    def watch(self, *arguments, until, meanwhile=None, seconds=15):
        """Runs redis-cli until a line matches; for modes that never end. Returns the lines."""
        process = subprocess.Popen(["redis-cli", "-p", str(self.port), *arguments],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        lines = []
        alarm = threading.Timer(seconds, process.kill)
        alarm.start()
        try:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if meanwhile and len(lines) == 1:
                    meanwhile()
                if re.search(until, line):
                    return lines
        finally:
            alarm.cancel()
            process.kill()
            process.wait()
        raise AssertionError(f"no line like {until!r} in {lines[:10]}")

    def reset(self):
        """An empty server with a few keys for the next check."""
        self.run("FLUSHALL")
        for number in range(20):
            self.run("SET", f"key:{number:02}", "x" * (number + 1))


@CLI.check("replies in plain, raw, CSV and JSON form")
def _(context):
    run = context.run
    expect(run("--no-raw", "GET", "key:00"), '"x"\n')
    expect(run("--raw", "GET", "key:01"), "xx\n")
    expect(run("--no-raw", "STRLEN", "key:01"), "(integer) 2\n")
    expect(run("--no-raw", "GET", "none"), "(nil)\n")
    expect(run("--no-raw", "MGET", "key:00", "none"), '1) "x"\n2) (nil)\n')
    expect(run("--csv", "MGET", "key:00", "none"), '"x",NULL\n')
    expect(json.loads(run("--json", "MGET", "key:00", "none")), ["x", None])
    expect(json.loads(run("--json", "CONFIG", "GET", "maxmemory-policy")).keys(),
           {"maxmemory-policy"})
    expect_in("unknown command", run("--raw", "NOSUCH"))


@CLI.check("RESP3 with -3")
def _(context):
    expect_in("=> ", context.run("-3", "--no-raw", "CONFIG", "GET", "port"))
    expect_in('"proto" => (integer) 3', context.run("-3", "--no-raw", "HELLO", "3"))
    expect(context.run("-3", "--no-raw", "GET", "none"), "(nil)\n")


@CLI.check("INFO, database number, socket file, repetition, reading a value from input")
def _(context):
    run = context.run
    expect_in("# Server", run("INFO"))
    expect_in("db0:keys=20", run("INFO", "keyspace"))
    expect(run("-n", "3", "DBSIZE"), "0\n")
    expect(run("-s", context.unix_socket, "GET", "key:00"), "x\n")
    expect(run("-r", "5", "INCR", "count"), "1\n2\n3\n4\n5\n")
    expect(run("-x", "SET", "piped", text_in=b"from input"), "OK\n")
    expect(run("GET", "piped"), "from input\n")


@CLI.check("commands from standard input, MULTI included")
def _(context):
    text = b"MULTI\nSET a 1\nINCR a\nEXEC\nGET a\nSELECT 2\nDBSIZE\n"
    expect(context.run(text_in=text), "OK\nQUEUED\nQUEUED\nOK\n2\n2\nOK\n0\n")


@CLI.check("--scan with a pattern")
def _(context):
    expect(sorted(context.run("--scan", "--pattern", "key:1*").split()),
           [f"key:1{number}" for number in range(10)])


@CLI.check("--bigkeys")
def _(context):
    text = context.run("--bigkeys")
    if not re.search(r"Biggest string found \S*key:19\S* has 20 bytes", text):
        raise AssertionError(text[-600:])
    expect_in("20 strings with 210 bytes", text)


@CLI.check("--memkeys")
def _(context):
    text = context.run("--memkeys")
    expect_in("Sampled 20 keys in the keyspace", text)
    expect_in("Biggest string found", text)


@CLI.check("--stat")
def _(context):
    lines = context.watch("--stat", "-i", "0.1", until=r"^20 +\S+ +\d+ +\d+ +\d+ \(\+[1-9]")
    expect_in("keys", lines[1])


@CLI.check("--latency")
def _(context):
    lowest, highest, average, count = context.run("--latency", "--raw", "-i", "0.3").split()[:4]
    assert 0 <= int(lowest) <= float(average) <= int(highest) and int(count) > 0


@CLI.check("--pipe with 10,000 commands")
def _(context):
    commands = b"".join(b"*3\r\n$3\r\nSET\r\n$%d\r\np%d\r\n$1\r\nv\r\n" % (len(str(n)) + 1, n)
                        for n in range(10_000))
    expect_in("errors: 0, replies: 10000", context.run("--pipe", text_in=commands))
    expect(context.run("DBSIZE"), "10020\n")


@CLI.check("--pipe counts errors and goes on")
def _(context):
    process = subprocess.run(["redis-cli", "-p", str(context.port), "--pipe"],
                             input=b"SET a 1\r\nINCR key:00\r\nSET b 2\r\n",
                             capture_output=True, timeout=60)
    expect_in("errors: 1, replies: 3", process.stdout.decode())
    expect(context.run("GET", "b"), "2\n")


@CLI.check("MONITOR")
def _(context):
    lines = context.watch("MONITOR", until=r'\[0 127\.0\.0\.1:\d+\] "SET" "a" "b\\n\\x01"',
                          meanwhile=lambda: context.run("SET", "a", "b\n\x01"))
    expect(lines[0], "OK")


@CLI.check("SUBSCRIBE")
def _(context):
    context.watch("--csv", "SUBSCRIBE", "channel", until='"message","channel","hello"',
                  meanwhile=lambda: context.run("PUBLISH", "channel", "hello"))


@CLI.check("COMMAND DOCS, which its help comes from")
def _(context):
    docs = json.loads(context.run("--json", "COMMAND", "DOCS", "get"))
    for field in ("summary", "since", "group", "complexity", "arguments"):
        expect_in(field, docs["get"])


@BENCHMARK.check("its default tests, as far as the commands exist")
def _(context):
    tests = [name for name, command in BENCHMARKS.items() if context.has_command(command)]
    if not context.has_command("LPUSH") and "lrange" in tests:
        tests.remove("lrange")
    for pipeline in ("1", "16"):
        done = subprocess.run(
            ["redis-benchmark", "-p", str(context.port), "-q", "-n", "4000", "-c", "20", "-P",
             pipeline, "-r", "1000", "-t", ",".join(tests)], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120)
        output = done.stdout + done.stderr
        expect(done.returncode, 0, output[-300:])
        assert "rror" not in output, output[-300:]
        finished = len(re.findall(r"requests per second", output))
        if finished < len(tests):
            raise AssertionError(f"{finished} of {len(tests)} tests: {output[-300:]}")


@BENCHMARK.check("RESP3, threads, CSV")
def _(context):
    done = subprocess.run(
        ["redis-benchmark", "-p", str(context.port), "-n", "4000", "-c", "20", "-3",
         "--threads", "2", "--csv", "-t", "set,get"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120)
    expect(done.returncode, 0, done.stderr[-300:])
    expect_in('"SET","', done.stdout)
    expect_in('"GET","', done.stdout)
