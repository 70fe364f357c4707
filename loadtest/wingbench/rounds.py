"""Runs scenarios on several servers in alternating rounds, and makes figures of the rounds.

Only one server is under load at a time and rounds alternate (A B A B ...), so that what drifts
slowly cancels in the ratios of neighbouring rounds. After half of the rounds all servers are
started afresh in the opposite order: of two equal servers, the one started later may be faster
by nothing but where its memory came to lie. Each round lasts about the same time for every server.
"""

import sys
import time

from . import redis_benchmark, report
from .resp import ServerError
from .servers import HOST, Server
from .stats import figure, median, paired_ratio

CALIBRATION_SECONDS = 0.25
DISTURBED_SHARE = 0.05
METRICS = ("ops_per_second", "p50_ms", "p99_ms", "p999_ms", "cpu_us_per_op")
COLUMNS = ["scenario", "server", "ops/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU us/op",
           "CPU ratio (min-max)", "ops ratio"]


def add_options(parser, rounds, seconds):
    """The options of programs that measure in rounds, with these defaults."""
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=seconds,
                        help="length of a round of one server (default: %(default)s)")
    parser.add_argument("--keys", type=int, default=1_000_000,
                        help="keys, or members, loaded beforehand (default: 1000000)")
    parser.add_argument("--client-threads", type=int, default=1,
                        help="redis-benchmark's --threads (default: 1)")
    parser.add_argument("--quick", action="store_true",
                        help="2 rounds of 0.4 s, 200,000 keys: rough figures, soon")


def checked(parser):
    """The command line's arguments, or the parser's error."""
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds = min(arguments.rounds, 2)
        arguments.seconds = min(arguments.seconds, 0.4)
        arguments.keys = min(arguments.keys, 200_000)
    if arguments.rounds < 1 or arguments.seconds <= 0 or arguments.keys < 1:
        parser.error("--rounds, --seconds and --keys must be above 0")
    return arguments


def words(texts):
    """The words of options that may be given several times or with commas."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def pick(scenarios, names):
    """The scenarios of these names, labels or pipelines; all where no name is given."""
    picked = [scenario for scenario in scenarios if not names or any(
        name.upper() in (scenario.name, scenario.label, f"P{scenario.pipeline}")
        for name in names)]
    if not picked:
        known = dict.fromkeys(scenario.name for scenario in scenarios)
        lengths = dict.fromkeys(f"P{scenario.pipeline}" for scenario in scenarios)
        raise ValueError("no such scenario; there are: " + " ".join([*known, *lengths]))
    return picked


def measure(server, scenario, requests, arguments):
    """One round on one server."""
    with server.connect() as connection:
        scenario.before_round(connection, requests)
    cpu_ns, delay_ns = server.cpu_ns(), server.run_delay_ns()
    started = time.monotonic()
    result = redis_benchmark.run(
        HOST, server.port, scenario.command, test=scenario.test, cores=arguments.client_cores,
        clients=scenario.clients, pipeline=scenario.pipeline, requests=requests,
        keyspace=scenario.keyspace(arguments.keys), threads=arguments.client_threads,
        timeout_seconds=60 + 20 * arguments.seconds)
    # The last disconnects are handled after the client is gone.
    time.sleep(0.01)
    elapsed_ns = (time.monotonic() - started) * 1e9
    result["cpu_us_per_op"] = (server.cpu_ns() - cpu_ns) / 1000 / requests
    result["cpu_share"] = (server.cpu_ns() - cpu_ns) / elapsed_ns
    result["run_delay_share"] = (server.run_delay_ns() - delay_ns) / elapsed_ns
    result["requests"] = requests
    return result


def requests_for(server, scenario, arguments):
    """How many requests fill a round; found by a run that also warms everything up."""
    requests = scenario.clients * scenario.pipeline * (1 if scenario.is_heavy else 40)
    limit = scenario.requests_limit(arguments.keys)
    for _ in range(2):
        rate = measure(server, scenario, requests, arguments)["ops_per_second"]
        if requests / rate >= CALIBRATION_SECONDS / 2:
            break
        requests = min(limit, max(requests, int(rate * CALIBRATION_SECONDS)))
    return min(limit, max(requests, int(rate * arguments.seconds)))


def run_scenario(servers, scenario, rounds, results, arguments):
    """Adds rounds to {server name: {"rounds": [figures or None], "error": text or None}}."""
    requests = {}
    for server in servers:
        result = results[server.name]
        try:
            with server.connect() as connection:
                scenario.probe(connection)
            requests[server.name] = requests_for(server, scenario, arguments)
        except (OSError, ValueError, ServerError, redis_benchmark.BenchmarkError) as error:
            result["error"] = str(error)
    for _ in range(rounds):
        for server in servers:
            result = results[server.name]
            figures = None
            if result["error"] is None:
                try:
                    figures = measure(server, scenario, requests[server.name], arguments)
                except (OSError, ServerError, redis_benchmark.BenchmarkError) as error:
                    result["error"] = str(error)
            result["rounds"].append(figures)


def start_servers(specs, fill, arguments):
    """Fresh servers, filled by `fill(connection)`. They end with the caller's `finally`."""
    servers = []
    try:
        for spec in specs:
            server = Server(spec, arguments.server_cores)
            servers.append(server)
            server.start()
            with server.connect() as connection:
                fill(connection)
    except BaseException:
        stop_servers(servers)
        raise
    return servers


def stop_servers(servers):
    """Ends them all."""
    for server in servers:
        server.stop()


def run_groups(specs, scenarios, groups, preload, arguments, when_loaded=None):
    """Runs all scenarios, those with the same data on the same servers.

    `preload(connection, data, keys)` fills a server with the data named; `when_loaded(data,
    servers)` may measure what it likes before the first scenario of a group. Returns
    ({scenario label: {server name: results}}, {server name: version}).
    """
    results, versions = {}, {}
    for scenario in scenarios:
        results[scenario.label] = {spec.name: {"rounds": [], "error": None} for spec in specs}
    halves = [(specs, (arguments.rounds + 1) // 2), (specs[::-1], arguments.rounds // 2)]
    for data in groups:
        group = [scenario for scenario in scenarios if scenario.data == data]
        for order, rounds in halves if group else halves[:1]:
            if rounds == 0:
                continue
            progress(f"starting and loading ({data}): " + ", ".join(spec.name for spec in order))
            servers = start_servers(
                order, lambda connection, data=data: preload(connection, data, arguments.keys),
                arguments)
            try:
                versions = versions or {server.name: server.version() for server in servers}
                if when_loaded:
                    when_loaded(data, servers)
                for scenario in group:
                    progress(scenario.label)
                    run_scenario(servers, scenario, rounds, results[scenario.label], arguments)
            finally:
                stop_servers(servers)
    return results, versions


def progress(text):
    """Tells on standard error where we are."""
    print(f"  {text}", file=sys.stderr, flush=True)


def summarize(results, baseline):
    """Adds medians and ratios to each server's rounds."""
    for by_server in results.values():
        reference = by_server[baseline]
        for result in by_server.values():
            for metric in METRICS:
                result[metric] = median([r[metric] for r in result["rounds"] if r])
            for metric in ("cpu_us_per_op", "ops_per_second"):
                result[metric + "_ratio"] = paired_ratio(
                    [r and r[metric] for r in result["rounds"]],
                    [r and r[metric] for r in reference["rounds"]])


def table(results, baseline):
    """The table of all results."""
    rows = []
    for label, by_server in results.items():
        for name, result in by_server.items():
            if not any(result["rounds"]):
                rows.append([label, name, "failed"] + [""] * 6)
                continue
            is_baseline = name == baseline
            ops_ratio = result["ops_per_second_ratio"]
            rows.append([label, name] + [figure(result[metric]) for metric in METRICS] + [
                "1" if is_baseline else report.ratio_cell(result["cpu_us_per_op_ratio"]),
                "1" if is_baseline else figure(ops_ratio["median"]) if ops_ratio else "-"])
    return report.table(COLUMNS, rows)


def notes(results):
    """What failed and which figures were disturbed by others."""
    lines, disturbed = [], []
    for label, by_server in results.items():
        for name, result in by_server.items():
            if result["error"]:
                first_line = result["error"].strip().splitlines()[0]
                lines.append(f"- {label}, {name}: failed: {first_line}")
            delay = max((r["run_delay_share"] for r in result["rounds"] if r), default=0)
            if delay > DISTURBED_SHARE:
                disturbed.append(f"{label} {name} {delay:.0%}")
    if disturbed:
        lines.append(
            "- Disturbed: in these rounds the server waited for its core for the given part of "
            "the time, because of other programs or of more threads than cores: "
            + ", ".join(disturbed) + ".")
    return lines
