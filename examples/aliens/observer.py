"""A small client of observerio for any Python game: the original grammar, standard library only.

    observer = Observer("127.0.0.1:6667", "0123456789ab")
    observer.var("player.speed", "integer", get=lambda: player.speed, put=player.set_speed, min=1, max=40)
    observer.log("info", "new game", level=3)
    while True:
        observer.frame()  # once a frame; never waits

It lives between two frames of the game and has no thread. The connection comes back by itself when it drops.
"""

import base64
import collections
import json
import random
import select
import socket
import sys
import time

MAX_UNSENT_BYTES = 1 << 20
MEASURE_SECONDS = 0.25
READ = {"integer": int, "float": float, "boolean": bool}  # JSON's value -> Python's


class Observer:
    """Declares variables, applies edits, reports what the variables really are, and sends log entries."""

    def __init__(self, server, key):
        self.line, self.vars, self.said, self.measure_at = Line(server, key), {}, {}, 0.0
        self.logs = collections.deque(maxlen=1000)  # not sent yet; while offline, the newest

    def var(self, name, kind, get, put=None, **spec):
        """`get()` is the value; `put(value)` obeys an edit. Without `put` it is a measurement."""
        spec |= {"default": get()} if put else {"readonly": True}
        self.vars[name] = ({"name": name, "type": kind, "group": name.partition(".")[0], **spec}, get, put)

    def log(self, level, message, **fields):
        self.logs.append({"message": message, "level": level, "timestamp": time.time_ns() // 1000, **fields})

    def frame(self):
        """Applies the edits that came. A changed variable is reported at once after an edit, which confirms
        it, and else within a quarter of a second."""
        due = {}
        for what, edit in self.line.poll():
            due |= self.vars if what == "ready" else {edit["name"]: None}
            if edit:
                self.apply(edit["name"], edit["value"])
        if time.monotonic() >= self.measure_at:
            self.measure_at = time.monotonic() + MEASURE_SECONDS
            due |= {name: None for name, (_, get, _) in self.vars.items() if self.said.get(name) != get()}
        if self.line.ready:
            news = {name: self.vars[name][1]() for name in due if name in self.vars}
            self.said |= news
            self.line.report_vars([self.vars[name][0] | {"value": value} for name, value in news.items()])
            self.line.append_logs(list(self.logs))
            self.logs.clear()

    def apply(self, name, value):
        spec, _, put = self.vars.get(name, ({}, None, None))
        if put is None:
            return self.log("warn", f"edit of {name} refused: there is nothing to set")
        try:
            value = READ.get(spec["type"], str)(value)
            put(min(max(value, spec["min"]), spec["max"]) if {"min", "max"} <= spec.keys() else value)
        except (TypeError, ValueError, OverflowError) as fault:
            self.log("warn", f"edit of {name} refused: {fault}")


class Line:
    """`poll` returns what came: ("ready", None) when the key is accepted, ("edit", {name, type, value})."""

    def __init__(self, server, key):
        host, _, port = server.rpartition(":")
        self.family, *_, self.address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        self.key = key.encode()
        self.sock, self.ready, self.retry_at, self.delay = None, False, 0.0, 0.5

    def report_vars(self, variables):
        self._send(b"i:", variables)

    def append_logs(self, entries):
        self._send(b"l:", entries)

    def _send(self, verb, items):
        if self.ready and items:
            payload = base64.b64encode(json.dumps(items).encode())
            self.unsent += verb + self.key + b":" + payload + b"\n"
            try:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
            except OSError:
                pass  # the pipe is full, or broken, which the next poll finds out

    def poll(self):
        if self.sock is None and time.monotonic() < self.retry_at:
            return []
        try:
            if self.sock is None:
                self._connect()
            return [event for line in self._exchange() for event in self._read(line.strip())]
        except OSError as fault:
            print(f"observerio: {fault}; trying again", file=sys.stderr)
            self.sock.close()
            self.sock, self.ready = None, False
            self.retry_at = time.monotonic() + self.delay * random.uniform(0.5, 1)
            self.delay = min(self.delay * 2, 8.0)
            return []

    def _connect(self):
        self.unsent, self.received = b"v:" + self.key + b"\n", b""
        self.sock = socket.socket(self.family)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect_ex(self.address)

    def _exchange(self):
        sends = [self.sock] if self.unsent else []
        readable, writable, failed = select.select([self.sock], sends, [self.sock], 0)
        if failed or len(self.unsent) > MAX_UNSENT_BYTES:
            raise OSError("the connection failed or is stuck")
        if readable:
            received = self.sock.recv(1 << 16)
            if not received:
                raise OSError("the server closed the connection")
            self.received += received
        if writable:
            self.unsent = self.unsent[self.sock.send(self.unsent) :]
        *lines, self.received = self.received.split(b"\n")
        return lines

    def _read(self, line):
        if line == b"OK":
            self.ready, self.delay = True, 0.5
            yield "ready", None
        elif line.startswith(b"v:" + self.key + b":"):
            edits = json.loads(base64.b64decode(line[len(self.key) + 3 :]))
            for edit in edits if isinstance(edits, list) else [edits]:
                yield "edit", edit
        elif line:
            print("observerio:", line.decode(errors="replace"), file=sys.stderr)
