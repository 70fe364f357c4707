"""A small RESP client that returns replies as they are: no conversion, no reconnection."""

import socket


class ReplyError(Exception):
    """An error reply; equal to another with the same text."""

    def __eq__(self, other):
        return isinstance(other, ReplyError) and str(self) == str(other)

    def __repr__(self):
        return f"error {str(self)!r}"

    __hash__ = Exception.__hash__


class Connection:
    """One connection. `call` sends a command and waits for one reply.

    Bulk and simple strings are bytes, nulls None, arrays, sets and pushes lists, maps dicts.
    Error replies are returned as ReplyError values, not raised.
    """

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the connection."""
        self.file.close()
        self.socket.close()

    def send(self, *words):
        """Sends one command; words are bytes, text or numbers."""
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts)
                            + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))

    def call(self, *words):
        """Sends one command and returns its reply."""
        self.send(*words)
        return self.read()

    def read(self):
        """Reads one reply."""
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return ReplyError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b",":
            return float(rest)
        if kind == b"#":
            return rest == b"t"
        if kind == b"(":
            return int(rest)
        if kind == b"_":
            return None
        count = int(rest)
        if kind in b"$=!":
            return self._read_bulk(kind, count)
        if kind in b"*~>":
            return None if count < 0 else [self.read() for _ in range(count)]
        if kind == b"%":
            return {repr(self.read()): self.read() for _ in range(count)}
        if kind == b"|":
            for _ in range(2 * count):
                self.read()
            return self.read()
        raise ConnectionError(f"not a reply: {line!r}")

    def _read_bulk(self, kind, count):
        if count < 0:
            return None
        data = self.file.read(count + 2)
        if len(data) != count + 2 or data[-2:] != b"\r\n":
            raise ConnectionError("a bulk reply ended early")
        data = data[:-2]
        if kind == b"=":
            return data[4:]
        return ReplyError(data.decode(errors="replace")) if kind == b"!" else data


class Simple(bytes):
    """A simple string."""

    def __repr__(self):
        return f"simple {bytes(self)!r}"


class Typed(list):
    """An aggregate that is no array: its class says which."""

    def __repr__(self):
        return f"{type(self).__name__}{list(self)!r}"


class Set(Typed):
    """A set of RESP3."""


class Push(Typed):
    """A push of RESP3."""


class Replies(Typed):
    """All replies to one command that may have several."""


class Null:
    """A null, which RESP2 has two of."""

    def __init__(self, kind):
        self.kind = kind

    def __repr__(self):
        return f"null {self.kind}"

    def __eq__(self, other):
        return isinstance(other, Null) and self.kind == other.kind

    __hash__ = object.__hash__


class TypedConnection(Connection):
    """A connection whose replies keep their types apart, for comparisons."""

    def read(self):
        """Reads one reply; every type of the protocol has a class of its own."""
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"$" and rest != b"-1":
            return self._read_bulk(kind, int(rest))
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return Simple(rest)
        if kind == b"-":
            # Redis's error texts end at a NUL.
            return ReplyError(rest.split(b"\0")[0].decode(errors="replace"))
        if kind == b"_" or kind in b"$*" and rest == b"-1":
            return Null(kind.decode())
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"~":
            return Set(self.read() for _ in range(int(rest)))
        if kind == b">":
            return Push(self.read() for _ in range(int(rest)))
        if kind == b"%":
            return {repr(self.read()): self.read() for _ in range(int(rest))}
        if kind == b",":
            return float(rest)
        if kind == b"#":
            return rest == b"t"
        if kind == b"(":
            return ("big number", int(rest))
        if kind in b"=!":
            data = self._read_bulk(kind, int(rest))
            return data if kind == b"!" else ("verbatim", data)
        raise ConnectionError(f"not a reply: {line!r}")
