"""One client that sends the next GET when the last one is answered, and times each.

Plain sockets and a tight loop: a round trip takes some 20 to 40 us, so a second holds tens of
thousands of samples. The interpreter's garbage collector stands still meanwhile.
"""

import gc
import time

from .resp import encode


class ClosedLoop:
    """Times GETs of keys whose values all have `value_bytes`; None: there are no such keys."""

    def __init__(self, connection, keys, value_bytes):
        self._connection = connection
        self._requests = [encode("GET", key) for key in keys]
        self._reply_bytes = len(b"$-1\r\n")
        if value_bytes is not None:
            self._reply_bytes = len(b"$%d\r\n" % value_bytes) + value_bytes + 2
        self._next = 0

    def run(self, until_ns, stop=None, check_every_ns=2_000_000):
        """GETs until `until_ns` (time.monotonic_ns), or until `stop()` says so.

        `stop` is asked every `check_every_ns`, between two requests, and may use the same
        connection; its own round trips are not samples. Returns latencies in milliseconds.
        """
        socket = self._connection.socket
        send, receive, now = socket.sendall, socket.recv, time.perf_counter_ns
        requests, reply_bytes = self._requests, self._reply_bytes
        latencies = []
        next_check = time.monotonic_ns() + check_every_ns
        gc.disable()
        try:
            while True:
                request = requests[self._next]
                self._next = (self._next + 1) % len(requests)
                started = now()
                send(request)
                missing = reply_bytes
                while missing > 0:
                    data = receive(65536)
                    if not data:
                        raise ConnectionError("the server closed the connection")
                    missing -= len(data)
                latencies.append((now() - started) / 1e6)
                if missing < 0:
                    raise ValueError("a reply that is longer than the value")
                clock = time.monotonic_ns()
                if clock >= until_ns:
                    return latencies
                if stop is not None and clock >= next_check:
                    if stop():
                        return latencies
                    next_check = time.monotonic_ns() + check_every_ns
        finally:
            gc.enable()


def core_waits_ms(server):
    """How long the server and this program have waited for a core in all, in milliseconds."""
    with open("/proc/self/schedstat", encoding="ascii") as file:
        return (int(file.read().split()[1]) + server.run_delay_ns()) / 1e6
