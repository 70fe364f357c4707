"""What the platform's load test starts: PostgreSQL with the platform's tables, the stand-in of
Claude's API, and the server between them; and a small asyncio client for the server.

Everything lives in one temporary directory and ends with the program.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.request

from .resp import ServerError, encode
from .servers import HOST, REPOSITORY, free_port

SCRATCH = os.path.join(REPOSITORY, "scripts", "scratch-postgres")
PLATFORM = os.path.join(REPOSITORY, "loadtest", "platform")
KEY = "sk-stand-in-of-the-load-test"
START_TIMEOUT_SECONDS = 60


class PartError(Exception):
    """Something that the load test needs did not start."""


def parse_info(text):
    """INFO as a dictionary."""
    lines = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name: value for name, value in lines}


def parse_list(text):
    """A field's value that is a list, such as "hits=1,loads=2"."""
    pairs = (part.split("=", 1) for part in text.split(",") if "=" in part)
    return {name: int(value) if value.lstrip("-").isdigit() else value for name, value in pairs}


def shortened_classes(text, ttl_seconds, stale_seconds):
    """A file of key classes with other times, so that values grow stale within a test."""
    text = re.sub(r"(?m)^(\s+ttl\s+)\S+", rf"\g<1>{ttl_seconds}s", text)
    return re.sub(r"(?m)^(\s+stale\s+)\S+", rf"\g<1>{stale_seconds}s", text)


class Client:
    """A connection to the server that asyncio tasks use one at a time."""

    def __init__(self, port):
        self.port = port
        self._reader = None
        self._writer = None

    async def command(self, *arguments):
        """Sends a command and returns its reply; an error reply is a ServerError as a value."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(HOST, self.port)
        self._writer.write(encode(*arguments))
        return await self._reply()

    async def _reply(self):
        line = (await self._reader.readuntil(b"\r\n"))[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            count = int(rest)
            return None if count < 0 else (await self._reader.readexactly(count + 2))[:-2]
        if kind == b"*":
            return [await self._reply() for _ in range(max(0, int(rest)))]
        if kind == b":":
            return int(rest)
        if kind == b"-":
            return ServerError(rest.decode("utf-8", "replace"))
        return rest.decode()

    async def info(self, *sections):
        """INFO of some sections as a dictionary."""
        text = await self.command("INFO", *sections)
        return parse_info(text.decode() if isinstance(text, bytes) else "")

    def close(self):
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class Parts:
    """All programs of a run. Use it with `with`."""

    def __init__(self, server, stand_in, classes, questions=()):
        self.server_program = server
        self.stand_in_program = stand_in
        self.classes = classes
        self.questions = questions
        self.folder = tempfile.mkdtemp(prefix="wingcache-platform-")
        # PostgreSQL runs as another user when root starts it.
        os.chmod(self.folder, 0o755)
        self.postgres = os.path.join(self.folder, "postgres")
        self.port = free_port()
        self.stand_in_port = free_port()
        self.database = ""
        self._processes = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts everything and waits until the server answers."""
        self.start_postgres()
        classes = self._write("classes.conf", self.classes)
        key = self._write("key", KEY)
        questions = self._write("questions", "\n".join(self.questions) + "\n")
        self._spawn("stand-in", [
            self.stand_in_program, "--port", str(self.stand_in_port), "--key", KEY])
        self._spawn("wingcache", [
            self.server_program, "--port", str(self.port), "--bind", HOST, "--dir", self.folder,
            "--postgres-url", self.database, "--cache-classes-file", classes,
            "--postgres-install-triggers", "yes", "--coach-api-key-file", key,
            "--coach-static-questions-file", questions,
            "--coach-api-url", f"http://{HOST}:{self.stand_in_port}"])
        asyncio.run(self._await_answer())

    def _write(self, name, text):
        """Makes a file in the folder and returns its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start_postgres(self):
        """Starts the database, with the platform's tables when it is new."""
        result = subprocess.run(
            [SCRATCH, self.postgres, os.path.join(PLATFORM, "platform.sql")],
            capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise PartError(f"PostgreSQL: {result.stderr.strip()}")
        self.database = result.stdout.strip().splitlines()[-1]

    def stop_postgres(self):
        """Ends the database as a crash would."""
        subprocess.run([SCRATCH, "--stop", self.postgres], capture_output=True, check=False)

    def _spawn(self, name, command):
        log = os.path.join(self.folder, name + ".log")
        environment = dict(os.environ)
        environment.pop("ANTHROPIC_API_KEY", None)
        with open(log, "wb") as output:
            process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True, env=environment)
        self._processes.append((name, process))

    async def _await_answer(self):
        for _ in range(START_TIMEOUT_SECONDS * 20):
            for name, process in self._processes:
                if process.poll() is not None:
                    raise PartError(f"{name} ended: {self.log_tail(name)}")
            client = Client(self.port)
            try:
                info = await client.info("postgres")
                if info.get("postgres_listening") == "1":
                    return
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                client.close()
            await asyncio.sleep(0.05)
        raise PartError(f"the server is not ready: {self.log_tail('wingcache')}")

    def log_tail(self, name):
        """The end of what a program printed."""
        with open(os.path.join(self.folder, name + ".log"), "rb") as log:
            return log.read()[-1500:].decode("utf-8", "replace")

    def script(self, *lines):
        """Tells the stand-in what to answer from now on; nothing: what it answers by itself."""
        self._order("reset", "")
        if lines:
            self._order("script", "\n".join(lines))

    def _order(self, name, text):
        request = urllib.request.Request(
            f"http://{HOST}:{self.stand_in_port}/standin/{name}", data=text.encode(),
            method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()

    def stop(self):
        """Ends everything and removes the directory."""
        for _, process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self._processes = []
        self.stop_postgres()
        shutil.rmtree(self.folder, ignore_errors=True)
