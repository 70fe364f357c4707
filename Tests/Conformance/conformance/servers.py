"""Starting and stopping a server under test: free port, scratch folder, log, cause of death."""

from pathlib import Path
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

# What every run passes, so that DEBUG and protected settings may be used from loopback.
# The spelling is redis.conf's, as arguments.
BASE_ARGUMENTS = [
    "--bind", "127.0.0.1", "--save", "", "--enable-debug-command", "yes",
    "--enable-protected-configs", "yes", "--enable-module-command", "yes",
]

START_SECONDS_MAX = 15
STOP_SECONDS_MAX = 10


def free_port():
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerError(Exception):
    """The server did not start, or is gone."""


class Server:
    """One server process with a working folder of its own; use it in a `with` statement."""

    def __init__(self, path, arguments=(), base=BASE_ARGUMENTS):
        self.path = path
        self.arguments = list(base) + list(arguments)
        self.port = 0
        self.process = None
        self.folder = None

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="conformance-"))
        self.port = free_port()
        self.log = open(self.folder / "server.log", "wb")
        try:
            self.process = subprocess.Popen(
                [self.path, "--port", str(self.port), *self.arguments], cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
            self._await_ping()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _await_ping(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=2) as probe:
                    probe.sendall(b"PING\r\n")
                    if probe.recv(64)[:1] in (b"+", b"-"):
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise ServerError(f"{self.path} did not start: {self.epitaph()}")

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def epitaph(self, lines=12):
        """How the server ended, what its log says of a crash, and the log's last lines."""
        self.log.flush()
        text = (self.folder / "server.log").read_text(errors="replace").splitlines()
        crash = [line for line in text if re.search(r"fatal error|crashed|sanitizer:", line, re.I)]
        # The frames of Swift's own backtrace: "12 [inlined] [system] name in wingcache at /path".
        frames = [line for line in text if re.match(r"\d+ .* in \S+( at |$)", line)]
        tail = crash[:4] + frames[:lines] + text[-lines:]
        status = self.process.poll() if self.process else None
        if status is None:
            state = "still running, but does not answer"
        elif status < 0:
            state = f"killed by {signal.Signals(-status).name}"
        else:
            state = f"exited with status {status}"
        return "\n".join([state, *tail])
