"""A small RESP2 client with two ways in: single commands, and bulk loading by pipelines.

`Connection.command` understands every RESP2 reply. `Connection.load` is for filling a server
with millions of keys in seconds: it only counts reply lines, so it takes commands whose reply
is one line (`+OK`, `:1`), and it keeps one batch on the way while it makes the next one.
"""

import socket

RECEIVE_BYTES = 1 << 18


class ServerError(Exception):
    """An error reply."""


def encode(*arguments):
    """A command as bytes on the wire; texts, bytes and integers are allowed."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        if not isinstance(argument, bytes):
            argument = str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(argument), argument))
    return b"".join(parts)


class Connection:
    """A connection to one server; blocking, with a timeout on every wait."""

    def __init__(self, host, port, timeout_seconds):
        self.socket = socket.create_connection((host, port), timeout_seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def command(self, *arguments):
        """Sends one command and returns its reply. Raises ServerError on an error reply."""
        self.socket.sendall(encode(*arguments))
        reply = self.reply()
        if isinstance(reply, ServerError):
            raise reply
        return reply

    def reply(self):
        """The next reply: str, int, bytes, None, list, or a ServerError as a value."""
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return ServerError(rest.decode("utf-8", "replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._bytes(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        raise ServerError(f"not a RESP2 reply: {line[:60]!r}")

    def _receive(self):
        data = self.socket.recv(RECEIVE_BYTES)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._buffer += data

    def _line(self):
        searched = 0
        while True:
            end = self._buffer.find(b"\r\n", searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[:end + 2]
                return line
            # The last byte may be the \r of a line end that is still on its way.
            searched = max(0, len(self._buffer) - 1)
            self._receive()

    def _bytes(self, count):
        while len(self._buffer) < count + 2:
            self._receive()
        value = bytes(self._buffer[:count])
        del self._buffer[:count + 2]
        return value

    def load(self, batches):
        """Sends batches of commands and awaits one reply line per command.

        `batches` yields (bytes, number of commands); a batch's replies must fit the socket's
        buffers, so a few thousand commands at most. Returns the number of commands.
        Raises ServerError with the first error reply.
        """
        total = awaited = 0
        for data, count in batches:
            self.socket.sendall(data)
            self._await_lines(awaited)
            awaited = count
            total += count
        self._await_lines(awaited)
        return total

    def _await_lines(self, count):
        while count > 0:
            lines = self._buffer.count(b"\n")
            if lines == 0:
                self._receive()
                continue
            taken = min(lines, count)
            end = len(self._buffer) if taken == lines and self._buffer.endswith(b"\n") else (
                self._end_of_line(taken))
            replies = bytes(self._buffer[:end])
            del self._buffer[:end]
            count -= taken
            self._raise_error_in(replies)

    def _end_of_line(self, number):
        end = 0
        for _ in range(number):
            end = self._buffer.index(b"\n", end) + 1
        return end

    @staticmethod
    def _raise_error_in(replies):
        start = 0 if replies.startswith(b"-") else replies.find(b"\n-") + 1
        if start > 0 or replies.startswith(b"-"):
            end = replies.index(b"\r", start)
            raise ServerError(replies[start + 1:end].decode("utf-8", "replace"))


def batches_of(commands, count_per_batch=1000):
    """Groups single encoded commands into batches for `Connection.load`."""
    batch = []
    for command in commands:
        batch.append(command)
        if len(batch) == count_per_batch:
            yield b"".join(batch), len(batch)
            batch = []
    if batch:
        yield b"".join(batch), len(batch)


def set_commands(template, numbers, value):
    """`SET key value` for each number; `template` is the key with one %d in it.

    Made from one format string, so that a million of them take about half a second.
    """
    length = len(template % 0)
    head = b"*3\r\n$3\r\nSET\r\n$%d\r\n" % length
    form = head + template + b"\r\n$%d\r\n" % len(value)
    tail = value + b"\r\n"
    for number in numbers:
        yield form % number + tail
