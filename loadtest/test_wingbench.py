#!/usr/bin/env python3
"""Tests of the benchmarks' own arithmetic and parsers: `python3 loadtest/test_wingbench.py`."""

import collections
import math
import random
import socket
import unittest
import xml.dom.minidom

from wingbench import redis_benchmark, report
from wingbench.platform_parts import parse_info, parse_list, shortened_classes
from wingbench.platform_users import Window, Zipf, partners, summary
from wingbench.resp import Connection, ServerError, batches_of, encode, set_commands
from wingbench.servers import ServerSpec, StartError, parse_cores
from wingbench.stats import Goal, figure, paired_ratio, percentile, waiting_percentile
from wingbench.svg import bar_chart

BENCHMARK_OUTPUT = """\
 GET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)\r====== GET ======
  1000 requests completed in 0.01 seconds
Latency by percentile distribution:
0.000% <= 0.100 milliseconds (cumulative count 1)
50.000% <= 0.400 milliseconds (cumulative count 520)
75.000% <= 0.500 milliseconds (cumulative count 760)
99.805% <= 1.847 milliseconds (cumulative count 998)
99.902% <= 1.927 milliseconds (cumulative count 999)
100.000% <= 2.031 milliseconds (cumulative count 1000)

Cumulative distribution of latencies:
52.000% <= 0.407 milliseconds (cumulative count 520)
99.000% <= 1.607 milliseconds (cumulative count 990)
100.000% <= 2.103 milliseconds (cumulative count 1000)

Summary:
  throughput summary: 763358.81 requests per second
"""


class PlatformTests(unittest.TestCase):
    def test_info_and_its_lists(self):
        info = parse_info("# Postgres\r\npostgres_loads:7\r\npostgres_class_a:hits=3,state=ok\r\n")
        self.assertEqual(info["postgres_loads"], "7")
        self.assertEqual(parse_list(info["postgres_class_a"]), {"hits": 3, "state": "ok"})
        self.assertEqual(parse_list("no list"), {})

    def test_times_of_classes(self):
        text = "class a\n  key  k:{id:int}\n  ttl       1h\n  stale     10m\n  negative 5s\n"
        self.assertEqual(
            shortened_classes(text, 4, 60),
            "class a\n  key  k:{id:int}\n  ttl       4s\n  stale     60s\n  negative 5s\n")

    def test_zipf_favours_few(self):
        zipf = Zipf(100, random.Random(1))
        counts = collections.Counter(zipf.draw() for _ in range(20000))
        self.assertTrue(set(counts) <= set(range(1, 101)))
        self.assertGreater(counts.most_common(1)[0][1], 20000 * 0.15)

    def test_partners_are_others(self):
        pairs = partners()
        self.assertTrue(all(user not in others for user, others in pairs.items()))

    def test_summary_of_seconds(self):
        one, two = Window(), Window()
        one.reads, two.reads = [0.001] * 99, [0.5]
        one.ask_errors, two.ask_errors = {"BUSY": 1}, {"BUSY": 2, "ERR": 1}
        two.flying = 7
        figures = summary([one, two])
        self.assertEqual(figures["reads"], 100)
        self.assertEqual(figures["read_p99_ms"], 1)
        self.assertEqual(figures["read_max_ms"], 500)
        self.assertEqual(figures["ask_errors"], {"BUSY": 3, "ERR": 1})
        self.assertEqual(figures["flying"], 7)


class StatsTests(unittest.TestCase):
    def test_percentile_is_a_sample(self):
        samples = list(range(1, 101))
        self.assertEqual(percentile(samples, 50), 50)
        self.assertEqual(percentile(samples, 99), 99)
        self.assertEqual(percentile(samples, 100), 100)
        self.assertEqual(percentile([7], 99), 7)
        self.assertTrue(math.isnan(percentile([], 99)))

    def test_never_noticed_counts_as_infinite(self):
        self.assertEqual(percentile([1.0] * 98 + [math.inf] * 2, 99), math.inf)

    def test_waiting_percentile_sees_one_stall(self):
        # 1 s in all: 9,500 requests of 0.1 ms and a stall of 50 ms. 1 % of the time, 10 ms,
        # is spent waiting longer than 40 ms.
        samples = [0.1] * 9500 + [50.0]
        self.assertAlmostEqual(waiting_percentile(samples, 99), 40.0)
        self.assertAlmostEqual(percentile(sorted(samples), 99), 0.1)

    def test_waiting_percentile_of_equal_requests(self):
        self.assertAlmostEqual(waiting_percentile([2.0] * 10, 50), 1.0)
        self.assertAlmostEqual(waiting_percentile([2.0] * 10, 0), 0.0)

    def test_paired_ratio_skips_failed_rounds(self):
        ratio = paired_ratio([1, None, 3, 8], [2, 2, 2, None])
        self.assertEqual(ratio, {"median": 1.0, "min": 0.5, "max": 1.5})
        self.assertIsNone(paired_ratio([None], [1]))

    def test_goal(self):
        self.assertEqual(Goal("g", 1, 1.0).verdict, "met")
        self.assertEqual(Goal("g", 1, math.inf).verdict, "missed")
        self.assertEqual(Goal("g", 1, None).verdict, "not measured")
        self.assertEqual(Goal("g", 1, None).row()[2], "-")
        self.assertEqual(Goal("g", 1, math.inf).as_json()["measured"], "never")

    def test_figure(self):
        self.assertEqual([figure(x) for x in (1234.5, 12.34, 1.234, 0.1234, math.nan, 0)],
                         ["1,234", "12.3", "1.23", "0.123", "-", "0"])


class RedisBenchmarkTests(unittest.TestCase):
    def test_parse(self):
        self.assertEqual(redis_benchmark.parse(BENCHMARK_OUTPUT, 1000), {
            "ops_per_second": 763358.81, "p50_ms": 0.4, "p99_ms": 1.607, "p999_ms": 1.927})

    def test_missing_replies_are_an_error(self):
        with self.assertRaises(redis_benchmark.BenchmarkError):
            redis_benchmark.parse(BENCHMARK_OUTPUT, 1001)
        with self.assertRaises(redis_benchmark.BenchmarkError):
            redis_benchmark.parse("", 1)


class RespTests(unittest.TestCase):
    def connection(self):
        """A connection and the server's end of it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            connection = Connection(*listener.getsockname(), 5)
            server, _ = listener.accept()
        self.addCleanup(connection.close)
        self.addCleanup(server.close)
        return connection, server

    def test_replies_split_at_every_byte(self):
        wire = b"+OK\r\n:12\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n:1\r\n$0\r\n\r\n"
        for split in range(len(wire) + 1):
            connection, server = self.connection()
            server.sendall(wire[:split])
            if split < len(wire):
                server.sendall(wire[split:])
            replies = [connection.reply() for _ in range(5)]
            self.assertEqual(replies, ["OK", 12, b"a\r\n", None, [1, b""]], f"split at {split}")

    def test_load_counts_lines_and_finds_errors(self):
        connection, server = self.connection()
        server.sendall(b"+OK\r\n:1\r\n+OK\r\n-ERR no\r\n")
        self.assertEqual(connection.load([(b"a", 1), (b"b", 2)]), 3)
        with self.assertRaisesRegex(ServerError, "ERR no"):
            connection.load([(b"c", 1)])

    def test_commands_on_the_wire(self):
        self.assertEqual(encode("GET", b"k", 7), b"*3\r\n$3\r\nGET\r\n$1\r\nk\r\n$1\r\n7\r\n")
        made = b"".join(set_commands(b"key:%012d", [5], b"50%d"))
        self.assertEqual(made, encode("SET", "key:000000000005", b"50%d"))
        self.assertEqual(list(batches_of([b"a", b"b", b"c"], 2)), [(b"ab", 2), (b"c", 1)])


class ServersTests(unittest.TestCase):
    def test_spec(self):
        spec = ServerSpec.parse("x=sh -c 'a b'").adding("-t2", ["--threads", "2"])
        self.assertEqual(spec.name, "x-t2")
        self.assertEqual(spec.command[1:], ["-c", "a b", "--threads", "2"])
        for wrong in ("sh", "=sh", "x=", "x=no-such-program-anywhere"):
            with self.assertRaises(StartError):
                ServerSpec.parse(wrong)

    def test_cores(self):
        self.assertEqual(parse_cores("0,2-4"), {0, 2, 3, 4})


class ReportTests(unittest.TestCase):
    def test_table(self):
        self.assertEqual(report.table(["a", "bc"], [["x", 1]]),
                         "| a | bc |\n| - | -: |\n| x |  1 |")

    def test_picture_is_xml(self):
        groups = [("<1>", {"a": (1.0, "1 & only"), "b": (0.0, "0")})]
        xml.dom.minidom.parseString(bar_chart("t", "s", ["a", "b"], groups, reference=1))


if __name__ == "__main__":
    unittest.main()
