"""Runs redis-benchmark for one command and reads throughput and latencies from its output.

Its summary ends at p99; the percentile distribution above it goes further, in steps that halve
the rest (99.805 %, 99.902 %, ...), each line with the count of requests at or below a latency.
So p99.9 is the latency of the first line that covers 99.9 % of the requests: never too small,
and too large by one step at most.
"""

import re
import subprocess

_DISTRIBUTION = re.compile(
    r"^\s*[\d.]+% <= ([\d.]+) milliseconds \(cumulative count (\d+)\)", re.MULTILINE)
_THROUGHPUT = re.compile(r"throughput summary: ([\d.]+) requests per second")


class BenchmarkError(Exception):
    """A run that failed, ran too long, or printed something unknown."""


def run(host, port, command, *, cores, clients, pipeline, requests, keyspace=None,
        threads=1, timeout_seconds=120, test=None):
    """One run; returns operations per second and p50, p99, p99.9 in milliseconds.

    `test` names a test of redis-benchmark's own to run instead of the command.
    """
    line = ["taskset", "-c", cores, "redis-benchmark", "-h", host, "-p", str(port),
            "-c", str(clients), "-P", str(pipeline), "-n", str(requests), "--precision", "3"]
    if keyspace:
        line += ["-r", str(keyspace)]
    if threads > 1:
        line += ["--threads", str(threads)]
    words, value = command[:max(1, len(command) - 1)], ""
    if test:
        words = ["-t", test]
    elif len(command) > 1:
        words, value = ["-x"] + words, command[-1]
    try:
        # The command's last argument comes from standard input: a value of 1 MB is too long
        # for a command line (the kernel allows 128 KB an argument).
        result = subprocess.run(
            line + words, input=value, capture_output=True, text=True,
            timeout=timeout_seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"not done within {timeout_seconds} s") from error
    if result.returncode != 0 or "Error from server" in result.stdout + result.stderr:
        message = (result.stderr.strip() or result.stdout.strip())[-300:]
        raise BenchmarkError(f"redis-benchmark, status {result.returncode}: {message}")
    return parse(result.stdout, requests)


def parse(output, requests):
    """Reads one test's output."""
    throughput = _THROUGHPUT.search(output)
    distribution = sorted(
        (int(count), float(latency)) for latency, count in _DISTRIBUTION.findall(output))
    if not throughput or not distribution:
        raise BenchmarkError("unknown output: " + output[-300:])
    total = distribution[-1][0]
    if total < requests:
        raise BenchmarkError(f"{total} of {requests} requests were answered")

    def at(share):
        return min(latency for count, latency in distribution if count >= share * total)

    return {"ops_per_second": float(throughput.group(1)),
            "p50_ms": at(0.5), "p99_ms": at(0.99), "p999_ms": at(0.999)}
