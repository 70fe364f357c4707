"""Starts servers, pins them to cores, reads what they cost, and never leaves one behind.

A server's CPU time is read from its process CPU clock: nanoseconds, brought up to date by the
kernel at the moment of reading, threads that already ended included. `/proc/PID/stat` counts
in ticks of 10 ms and `/proc/PID/task/*/schedstat` forgets ended threads and may lag a running
thread by a tick. schedstat is still where the run delay comes from: the time in which a thread
wanted to run and another one had the core, so a measure of how much others disturbed us.
"""

import atexit
import glob
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from .resp import Connection, ServerError

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 20
STOP_TIMEOUT_SECONDS = 10
START_ATTEMPTS_MAX = 3
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEFAULT_SERVERS = ("redis=redis-server", "wingcache=.build/release/wingcache")


class StartError(Exception):
    """A server that could not be started, with what it had to say."""


class ServerSpec:
    """One `NAME=COMMAND...` of the command line: how to start a server, and what to call it."""

    def __init__(self, name, command):
        self.name = name
        self.command = command

    @classmethod
    def parse(cls, text):
        """Reads `NAME=COMMAND...`; the command is split like a shell would."""
        name, separator, command = text.partition("=")
        words = shlex.split(command)
        if not separator or not name or not words:
            raise StartError(f"not NAME=COMMAND: {text!r}")
        return cls(name, [find_program(words[0])] + words[1:])

    def adding(self, suffix, arguments):
        """The same server under another name with further arguments."""
        return ServerSpec(self.name + suffix, self.command + arguments)


def find_program(word):
    """The program's absolute path: servers run in a directory of their own."""
    if "/" not in word:
        found = shutil.which(word)
        if found:
            return found
        raise StartError(f"program not found: {word}")
    for root in (os.getcwd(), REPOSITORY):
        path = os.path.join(root, word)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    hint = ": build it with `swift build -c release`" if ".build/" in word else ""
    raise StartError(f"program not found: {word}{hint}")


def add_server_options(parser):
    """The options every program here has in common."""
    cores = sorted(os.sched_getaffinity(0))
    parser.add_argument(
        "--server", action="append", metavar="NAME=COMMAND", dest="servers",
        help="a server to measure, any number of times; the first one is what the others are "
             "compared with (default: %s)" % " and ".join(DEFAULT_SERVERS))
    parser.add_argument(
        "--server-cores", default=str(cores[0]), metavar="LIST",
        help="cores of the servers, as taskset -c takes them (default: %(default)s)")
    parser.add_argument(
        "--client-cores", default=str(cores[-1]), metavar="LIST",
        help="cores of the client (default: %(default)s)")
    parser.add_argument(
        "--save", metavar="DIR", default=None,
        help="where to save the results (default: loadtest/results/)")


def server_specs(arguments):
    """The servers named on the command line, or the usual two."""
    specs = [ServerSpec.parse(text) for text in arguments.servers or DEFAULT_SERVERS]
    names = [spec.name for spec in specs]
    if len(set(names)) != len(names):
        raise StartError("two servers have the same name: " + ", ".join(names))
    return specs


def pin_self(cores):
    """Moves this process, and what it starts later, to the client's cores."""
    os.sched_setaffinity(0, parse_cores(cores))


def parse_cores(text):
    """`0,2-3` as a set of numbers."""
    cores = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cores.update(range(int(first), int(last or first) + 1))
    return cores


class Server:
    """A running server in a directory of its own. Use it with `with`."""

    def __init__(self, spec, cores):
        self.spec = spec
        self.name = spec.name
        self.cores = cores
        self.process = None
        self.port = None
        self.directory = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        """Starts it on a free port and waits until it answers PING."""
        for attempt in range(START_ATTEMPTS_MAX):
            self._spawn()
            try:
                self._await_ping()
                return
            except StartError:
                # Between our probe and its bind somebody else may have taken the port.
                self.stop()
                if attempt == START_ATTEMPTS_MAX - 1:
                    raise

    def _spawn(self):
        self.directory = tempfile.mkdtemp(prefix="wingbench-")
        self.port = free_port()
        command = ["taskset", "-c", self.cores] + self.spec.command + [
            "--port", str(self.port), "--bind", HOST, "--save", ""]
        if shutil.which("setpriv"):
            # Should we be killed without a chance to clean up, the kernel ends the server.
            command = ["setpriv", "--pdeathsig", "KILL"] + command
        with open(self._log_path, "wb") as log:
            # A session of its own: Ctrl-C reaches us, and we stop the servers in order.
            self.process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        _live_servers.add(self)

    @property
    def _log_path(self):
        return os.path.join(self.directory, "log")

    def log_tail(self):
        """The end of what the server printed."""
        with open(self._log_path, "rb") as log:
            return log.read()[-2000:].decode("utf-8", "replace")

    def _await_ping(self):
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise StartError(
                    f"{self.name} ended with status {self.process.returncode}:\n"
                    + self.log_tail())
            try:
                with self.connect() as connection:
                    if connection.command("PING") == "PONG":
                        return
            except (OSError, ServerError):
                pass
            time.sleep(0.02)
        raise StartError(f"{self.name} does not answer PING:\n{self.log_tail()}")

    def connect(self, timeout_seconds=60):
        """A new connection; every wait on it is bounded by the timeout."""
        return Connection(HOST, self.port, timeout_seconds)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Ends the server, by force if it does not go, and removes its directory."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(STOP_TIMEOUT_SECONDS)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            _live_servers.discard(self)
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def cpu_ns(self):
        """CPU time of all its threads since it started, user and kernel, in nanoseconds."""
        # How the kernel's interface encodes "process CPU clock, scheduler's precision, of pid".
        return time.clock_gettime_ns((~self.pid << 3) | 2)

    def run_delay_ns(self):
        """How long its threads have waited for a core in all, in nanoseconds."""
        return sum(self._per_thread("schedstat", lambda text: int(text.split()[1])))

    def context_switches(self):
        """How often its threads went to sleep on their own: an idle server's wake-ups."""
        return sum(self._per_thread(
            "status", lambda text: status_field(text, "voluntary_ctxt_switches")))

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def rss_bytes(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as status:
            return status_field(status.read(), "VmRSS") * 1024

    def _per_thread(self, name, read):
        figures = []
        for path in glob.glob(f"/proc/{self.pid}/task/*/{name}"):
            try:
                with open(path, encoding="ascii", errors="replace") as file:
                    figures.append(read(file.read()))
            except (FileNotFoundError, ProcessLookupError):
                pass  # The thread ended between listing and reading.
        return figures

    def version(self):
        """Name and version as INFO tells them, or an empty string."""
        try:
            with self.connect() as connection:
                info = connection.command("INFO", "server")
        except (OSError, ServerError):
            return ""
        fields = dict(line.split(":", 1) for line in info.decode().splitlines() if ":" in line)
        known = [f"{key}={fields[key]}" for key in (
            "wingcache_version", "redis_version") if key in fields]
        return " ".join(known)


def status_field(text, name):
    """A number out of /proc/PID/status; kB stay kB."""
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


_live_servers = set()


def _stop_all():
    for server in list(_live_servers):
        server.stop()


def _exit_on_signal(number, _frame):
    # SystemExit unwinds the `with` blocks; atexit takes what they left.
    sys.exit(128 + number)


atexit.register(_stop_all)
signal.signal(signal.SIGTERM, _exit_on_signal)
signal.signal(signal.SIGHUP, _exit_on_signal)
