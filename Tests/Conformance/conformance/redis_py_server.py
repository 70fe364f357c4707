"""What operators and their tools do through redis-py: INFO, CONFIG, MONITOR, users, limits."""

import time

import redis

from .checks import expect, expect_error, expect_in


def add_server(group):
    """INFO, CONFIG, COMMAND, MONITOR, SLOWLOG, memory."""

    @group.check("INFO in sections that tools read")
    def _(context):
        client = context.client()
        client.set("key", "v", ex=100)
        info = client.info()
        for field in ("redis_version", "uptime_in_seconds", "connected_clients", "used_memory",
                      "used_memory_rss", "maxmemory", "maxmemory_policy", "tcp_port",
                      "total_connections_received", "total_commands_processed", "expired_keys",
                      "evicted_keys", "keyspace_hits", "keyspace_misses", "role",
                      "used_cpu_user", "process_id", "run_id", "blocked_clients"):
            expect_in(field, info)
        expect(info["db0"]["keys"], 1)
        expect(info["db0"]["expires"], 1)
        expect_in("cmdstat_set", client.info("commandstats"))
        expect(set(client.info("server")) & {"used_memory"}, set())

    @group.check("CONFIG")
    def _(context):
        client = context.client()
        before = client.config_get("maxmemory*")
        expect_in("maxmemory-policy", before)
        try:
            expect(client.config_set("maxmemory", "100mb"), True)
            expect(client.config_get("maxmemory")["maxmemory"], str(100 << 20))
        finally:
            client.config_set("maxmemory", before["maxmemory"])
        expect_error(redis.ResponseError, "", client.config_set, "no-such-parameter", "1")
        expect(client.config_resetstat(), True)

    @group.check("COMMAND")
    def _(context):
        client = context.client()
        expect(client.command_count() > 50, True)
        expect_in("get", {name.lower() for name in client.command()})
        expect(client.command_getkeys("MSET", "a", "1", "b", "2"), ["a", "b"])
        expect_in("get", {name.lower() for name in client.command_list()})

    @group.check("memory, encoding, time, slow log")
    def _(context):
        client = context.client()
        client.set("n", 12345)
        client.set("s", "short")
        client.set("l", "x" * 100)
        expect([client.object("encoding", key) for key in "nsl"], ["int", "embstr", "raw"])
        assert 40 <= client.memory_usage("l") <= 1000
        seconds, microseconds = client.time()
        assert abs(time.time() - seconds) < 5 and 0 <= microseconds < 1_000_000
        old = client.config_get("slowlog-log-slower-than")["slowlog-log-slower-than"]
        client.config_set("slowlog-log-slower-than", 0)
        try:
            client.slowlog_reset()
            client.get("s")
            expect(any("GET" in str(entry["command"]) for entry in client.slowlog_get()), True)
        finally:
            client.config_set("slowlog-log-slower-than", old)

    @group.check("MONITOR shows other clients' commands")
    def _(context):
        client = context.client()
        with context.client().monitor() as monitor:
            client.set("key", 'a "quoted" value')
            for _ in range(20):
                seen = monitor.next_command()
                if seen["command"].startswith("SET"):
                    break
            expect(seen["command"], 'SET key a "quoted" value')
            expect(seen["db"], 0)


def add_security(group):
    """Passwords, users, limits: the errors that redis-py turns into its own classes."""

    @group.check("AUTH without and with a password")
    def _(context):
        client = context.client(single_connection_client=True)
        expect_error(redis.AuthenticationError, "", client.execute_command, "AUTH", "x")
        client.config_set("requirepass", "secret")
        try:
            refusal = ("Authentication required" if context.protocol == 2 else
                       "HELLO must be called with the client already authenticated")
            expect_error(redis.AuthenticationError, refusal, context.client().ping)
            expect_error(redis.AuthenticationError, "",
                         context.client(password="wrong").ping)
            expect(context.client(password="secret").ping(), True)
            expect(context.client(username="default", password="secret").ping(), True)
        finally:
            client.config_set("requirepass", "")

    @group.check("a user with few rights", needs=("ACL",))
    def _(context):
        client = context.client()
        client.acl_setuser("reader", enabled=True, passwords=["+pw"], categories=["+@read"],
                           commands=["+ping"], keys=["open:*"])
        try:
            reader = context.client(username="reader", password="pw")
            expect(reader.get("open:1"), None)
            expect_error(redis.exceptions.NoPermissionError, "", reader.set, "open:1", "x")
            expect_error(redis.exceptions.NoPermissionError, "", reader.get, "closed")
            expect_in("reader", client.acl_users())
        finally:
            client.acl_deluser("reader")

    @group.check("out of memory without eviction")
    def _(context):
        client = context.client()
        old = client.config_get("maxmemory*")
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        try:
            expect_error(redis.exceptions.OutOfMemoryError, "maxmemory", client.set, "key", "v")
            expect(client.get("key"), None)
        finally:
            client.config_set("maxmemory", old["maxmemory"])
            client.config_set("maxmemory-policy", old["maxmemory-policy"])

    @group.check("errors name what is wrong")
    def _(context):
        client = context.client()
        expect_error(redis.ResponseError, "unknown command", client.execute_command, "NOSUCH")
        expect_error(redis.ResponseError, "wrong number of arguments",
                     client.execute_command, "GET")
        expect_error(redis.ResponseError, "syntax error", client.execute_command,
                     "SET", "a", "b", "XX", "NX")
        expect_error(redis.ResponseError, "DB index is out of range",
                     client.execute_command, "SELECT", "9999")
