"""Runs one unit of the Tcl suite against one server and gathers what happened to every case.

A hang or a crash costs only the test it happened in: the unit is run again without that test.
"""

from collections import Counter
from dataclasses import dataclass, field
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .resp import Connection
from .servers import Server, ServerError
from .suite_source import ENTRY_POINT

# A unit that stops this often is beyond what skipping single tests can help.
STOPS_MAX = 8

UNKNOWN_COMMAND = re.compile(r"unknown command ['`]([^'`]*)['`]", re.I)


@dataclass
class Limits:
    """Bounds of a run, in seconds."""
    unit_seconds: float = 600
    silent_seconds: float = 120


@dataclass
class Case:
    """One test of a unit: `result` is pass, fail, needs, hang or crash."""
    name: str
    result: str
    message: str = ""
    needs: list = field(default_factory=list)
    used: set = field(default_factory=set, repr=False)


@dataclass
class UnitResult:
    """All cases of a unit, in order, with set-up errors and skipped tests."""
    unit: str
    cases: list = field(default_factory=list)
    setup: list = field(default_factory=list)
    ignored: list = field(default_factory=list)
    ended: str = ""
    seconds: float = 0

    def keyed(self):
        """Cases by name; a name used twice gets a number, as units loop over sizes."""
        seen, keyed = Counter(), {}
        for case in self.cases:
            seen[case.name] += 1
            count = seen[case.name]
            keyed[case.name if count == 1 else f"{case.name} #{count}"] = case
        return keyed


def lacking_commands(suite, server_path, server_arguments=()):
    """The commands of Redis 7.0 that a server does not have, asked by COMMAND INFO."""
    names = []
    for path in (suite / "src" / "commands").glob("*.json"):
        for name, entry in json.loads(path.read_text()).items():
            if "container" not in entry and entry.get("group") != "sentinel":
                names.append(name.upper())
    with Server(server_path, server_arguments) as server:
        with Connection(server.port) as connection:
            reply = connection.call("COMMAND", "INFO", *names)
    if not isinstance(reply, list) or len(reply) != len(names):
        return set()
    return {name for name, info in zip(names, reply) if not info}


def run_unit(suite, unit, server_path, server_arguments=(), limits=Limits(), spawn=False,
             only=(), lacking=frozenset()):
    """Runs a unit to its end, once more for every test that hung or crashed the server.

    A failure of a test that sent one of the `lacking` commands counts as `needs`.
    """
    began = time.monotonic()
    stops = []
    while True:
        arguments = ["--single", unit, "--durable", "--clients", "1"]
        for name in only:
            arguments += ["--only", name]
        for stop in stops:
            arguments += ["--skiptest", stop.name]
        result, stop = attempt(suite, unit, server_path, server_arguments, arguments, limits,
                               spawn)
        if stop is None:
            break
        if not stop.name or stop.name in [other.name for other in stops]:
            result.ended = f"{stop.result} outside a test: {stop.message}"
            break
        stops.append(stop)
        if len(stops) == STOPS_MAX:
            result.ended = f"given up after {STOPS_MAX} hangs and crashes"
            break
    result.cases += stops
    for case in result.cases:
        found = case.used & lacking
        found.update(lacking & {name.upper() for name in UNKNOWN_COMMAND.findall(case.message)})
        if case.result != "pass" and found:
            case.result, case.needs = "needs", sorted(found)
    result.seconds = round(time.monotonic() - began, 1)
    return result


def attempt(suite, unit, server_path, server_arguments, arguments, limits, spawn):
    """One run of the suite's process. Returns the result and the Case that stopped it, if any."""
    if spawn:
        place_wrapper(suite, server_path)
        return watch(suite, unit, arguments, limits, None)
    try:
        with Server(server_path, server_arguments) as server:
            place = ["--host", "127.0.0.1", "--port", str(server.port)]
            return watch(suite, unit, place + arguments, limits, server)
    except ServerError as error:
        return UnitResult(unit), Case("", "crash", str(error))


def place_wrapper(suite, server_path):
    """src/redis-server that starts the server under test.

    The suite waits for ` PID: <pid>` in the log, a line of Redis's own start-up banner.
    """
    target = suite / "src" / "redis-server"
    path = shutil.which(server_path) or server_path
    target.write_text(f'#!/bin/sh\necho " PID: $$"\nexec "{os.path.abspath(path)}" "$@"\n')
    target.chmod(0o755)


def watch(suite, unit, arguments, limits, server):
    """Starts tclsh, follows its events, and ends it when it hangs or the server is gone."""
    descriptor, name = tempfile.mkstemp(prefix="conformance-events-")
    os.close(descriptor)
    environment = dict(os.environ, CONFORMANCE_EVENTS=name)
    deadline = time.monotonic() + limits.unit_seconds
    try:
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                ["tclsh", ENTRY_POINT, *port_range(), *arguments], cwd=suite, env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True)
            try:
                reason = await_end(process, name, deadline, limits, server)
            finally:
                end_group(process)
            output.seek(0)
            noise = output.read().decode(errors="replace")
        return gather(unit, read_events(name), reason, server, noise)
    finally:
        os.unlink(name)


def port_range():
    """Ports for the suite's own listener and for servers it spawns.

    The suite takes the first port below its base unseen, so two runs on one machine would meet.
    """
    while True:
        base = random.randrange(12_000, 30_000, 250)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", base - 32))
            except OSError:
                continue
        return ["--baseport", str(base), "--portcount", "200"]


def await_end(process, events, deadline, limits, server):
    """Waits for the suite; returns why it had to be stopped, or nothing."""
    size, quiet_since = 0, time.monotonic()
    while True:
        if process.poll() is not None:
            return ""
        now = time.monotonic()
        if os.path.getsize(events) != size:
            size, quiet_since = os.path.getsize(events), now
        if now - quiet_since > limits.silent_seconds:
            return f"no progress for {limits.silent_seconds:.0f} s"
        if now > deadline:
            return f"not done after {limits.unit_seconds:.0f} s"
        if server is not None and not server.alive:
            time.sleep(0.3)
            return "the server ended"
        time.sleep(0.05)


def end_group(process):
    """Ends the suite's process group: its client process, and servers it spawned."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def read_events(name):
    """The lines that tolerant.tcl wrote, as (kind, milliseconds, text)."""
    unescaped = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
    with open(name, encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            kind, elapsed, text = line.rstrip("\n").split("\t", 2)
            yield kind, elapsed, re.sub(r"\\[tnr\\]", lambda m: unescaped[m.group()], text)


def gather(unit, events, reason, server, noise):
    """Turns events into a UnitResult, and the reason for a stop into the Case to blame."""
    result, running, done, dead = UnitResult(unit), "", False, None
    for kind, _, text in events:
        if kind == "testing":
            running = text
        elif kind == "ok":
            result.cases.append(Case(text, "pass"))
            running = ""
        elif kind == "err":
            result.cases.append(failed_case(text))
        elif kind == "ignore":
            result.ignored.append(text)
        elif kind == "used":
            result.cases[-1].used = set(text.split())
        elif kind == "setup":
            result.setup.append(text)
        elif kind == "exception" and not done:
            # After the last unit the suite's processes part in no order: that is no surprise.
            result.ended = text
        elif kind == "done":
            done = True
        elif kind == "dead" and dead is None:
            dead = text.split("\n")[0]
    if server is None:
        dead = None
    elif not server.alive:
        reason = reason or "the server ended"
        dead = dead or running
    if dead is not None:
        result.cases = [case for case in result.cases if case.name != dead]
        return result, Case(dead, "crash", server.epitaph())
    if reason:
        result.cases = [case for case in result.cases if case.name != running]
        return result, Case(running, "hang", reason)
    if not done and not result.ended:
        result.ended = "the suite's process ended early: " + noise.strip()[-2000:]
    return result, None


def failed_case(text):
    """A failure's text is `name in file`, the message, and a Tcl trace for a non-assertion."""
    head, _, rest = text.partition("\n")
    name = re.sub(r" in tests/\S+\.tcl$", "", head)
    lines = rest.split("\n")
    if len(lines) > 1 and lines[1].endswith(lines[0]):
        # Not an assertion: the suite cuts ten characters off the message, the trace has it all.
        lines = lines[1:]
    message = "\n".join(line for line in lines if not line.startswith('    ("uplevel"'))
    return Case(name, "fail", message.strip()[:3000])
