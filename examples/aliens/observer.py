"""A small client of observerio for any Python game: version 2 of the line protocol, standard library only.

    observer = Observer("127.0.0.1:6667", "0123456789ab")
    observer.var("player.speed", "integer", get=lambda: player.speed, put=player.set_speed, min=1, max=40)
    observer.action("level.restart", level.restart)
    observer.log("info", "new game", level=3)
    while True:
        observer.frame()  # once a frame; never waits

`tls://tune.example.org:6667` encrypts, and trusts whom the system trusts (or the certificate in the file SSL_CERT_FILE).

It lives between two frames of the game and has no thread. The connection comes back by itself when it drops, and log
entries that the server has not stored are sent again. A server that does not answer `h:` is spoken to in the original
grammar.
"""

import base64
import collections
import json
import math
import platform
import random
import secrets
import select
import socket
import ssl
import sys
import time
import uuid

MAX_UNSENT_BYTES = 4 << 20
MAX_UNSTORED_LINES = 64  # a server of version 2 takes 256 before it says "busy"
MAX_ENTRIES_PER_LINE = 100
MEASURE_SECONDS = 0.25
NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
READ = {"integer": int, "float": float, "boolean": bool}  # JSON's value -> Python's


class Observer:
    """Declares variables and actions, applies edits, says what became of them, and sends log entries."""

    def __init__(self, server, key, **about):
        """`about` is what the game says of itself: name, app (its version), device (a stable id)."""
        self.line, self.vars, self.actions, self.said = Line(server, key, about), {}, {}, {}
        self.edited = set()  # variables that have a value of the server's
        self.measure_at = 0.0
        self.logs = collections.deque(maxlen=1000)  # not sent yet; while offline, the newest

    def var(self, name, kind, get, put=None, **spec):
        """`get()` is the value; `put(value)` obeys an edit. Without `put` it is a measurement."""
        spec |= {"default": get()} if put else {"readonly": True}
        self.vars[name] = ({"name": name, "type": kind, "group": name.partition(".")[0], **spec}, get, put)

    def action(self, name, run, **spec):
        """`run()` is done when somebody presses the button; with a `default` it is `run(argument)`."""
        self.actions[name] = run if "default" in spec else lambda _: run()
        spec = {"name": name, "type": "action", "group": name.partition(".")[0], **spec}
        self.vars[name] = (spec, lambda: None, None)

    def log(self, level, message, **fields):
        self.logs.append({"message": message, "level": level, "timestamp": time.time_ns() // 1000, **fields})

    def frame(self):
        """Obeys what came. A variable that was edited is reported at once, another one that changed within a
        quarter of a second."""
        due = {}
        for what, content in self.line.poll():
            if what == "ready":
                due |= self.vars
            elif what == "action":
                self.line.answer(content["id"], self.run(content["name"], content["args"]))
            else:
                values = {edit["name"]: edit["value"] for edit in content["vars"]}
                values |= {name: self.vars[name][0]["default"] for name in self.let_go(content, values)}
                self.line.applied(content.get("rev"), [self.apply(name, value) for name, value in values.items()])
                due |= dict.fromkeys(values)
        if time.monotonic() >= self.measure_at:
            self.measure_at = time.monotonic() + MEASURE_SECONDS
            due |= {name: None for name, (_, get, _) in self.vars.items() if self.said.get(name) != get()}
        if self.line.ready:
            news = {name: self.vars[name][1]() for name in due if name in self.vars}
            self.said |= news
            self.line.report_vars([self.vars[name][0] | {"value": value} for name, value in news.items()])
            while self.logs and self.line.has_room():
                count = min(len(self.logs), MAX_ENTRIES_PER_LINE)
                self.line.append_logs([self.logs.popleft() for _ in range(count)])

    def let_go(self, content, values):
        """The variables that nobody wants anything of any more: they go back to what they were when declared."""
        gone = self.edited - values.keys() if content.get("full") else self.edited & set(content.get("removed", []))
        self.edited = (self.edited | values.keys() & {name for name, (_, _, put) in self.vars.items() if put}) - gone
        return gone

    def apply(self, name, wanted):
        """Sets a variable; what is in force then is what `get` says."""
        spec, get, put = self.vars.get(name, ({}, None, None))
        try:
            if put is None:
                raise ValueError("there is nothing to set")
            wanted = READ.get(spec["type"], str)(wanted)
            put(min(max(wanted, spec["min"]), spec["max"]) if {"min", "max"} <= spec.keys() else wanted)
        except (TypeError, ValueError, OverflowError) as fault:
            self.log("warn", f"edit of {name} rejected: {fault}")
            return {"name": name, "status": "rejected", "reason": str(fault)}
        if get() == wanted:
            return {"name": name, "status": "applied"}
        return {"name": name, "status": "clamped", "value": get(), "reason": f"as near to {wanted} as it goes"}

    def run(self, name, argument):
        try:
            return {"result": self.actions[name](argument)}
        except Exception as fault:  # whatever an action does, the game goes on
            return {"error": f"{type(fault).__name__}: {fault}"}


class Line:
    """`poll` returns what came: ("ready", None) when the key is accepted, ("edits", {rev, full, vars, removed}), ("action",
    {id, name, args}). With nothing but `vars` it came from a server of the original grammar."""

    def __init__(self, server, key, about):
        self.tls = ssl.create_default_context() if server.startswith("tls://") else None
        host, _, port = server.removeprefix("tls://").rpartition(":")
        self.host = host.strip("[]")
        self.family, *_, self.address = socket.getaddrinfo(self.host, port, type=socket.SOCK_STREAM)[0]
        self.key = key.encode()
        # the session's numbers go on over every reconnect; the device stays the same when the game starts again
        self.hello = {"proto": 2, "caps": ["ack", "rev", "ping", "drain", "json"], "sdk": "observer.py/2"}
        self.hello |= {"session": secrets.token_hex(16), "device": f"{uuid.getnode():012x}"}
        self.hello |= {"name": platform.node(), "platform": platform.system()} | about
        self.sock, self.ready, self.is_v2, self.retry_at, self.delay = None, False, False, 0.0, 0.5
        self.seq, self.unstored = 0, collections.deque()  # (seq, payload) of log lines, oldest first
        self.resend = None  # (from which seq, when): until then nothing new is sent
        self.come_back_in = None  # seconds, when the server said that it goes down

    def report_vars(self, variables):
        if variables:  # state, not events: on a new connection all of it is said again
            self._send(b"i:" + self.key, json.dumps(variables))

    def has_room(self):
        return self.ready and self.resend is None and len(self.unstored) < MAX_UNSTORED_LINES

    def append_logs(self, entries):
        if self.is_v2:
            self.seq += 1
            self.unstored.append((self.seq, json.dumps(entries)))
            self._send_unstored(self.seq)
        else:
            self._send(b"l:" + self.key, json.dumps(entries))

    def applied(self, rev, outcomes):
        if rev is not None:
            self.hello["rev"] = rev
            self._send(b"r:%s:%d" % (self.key, rev), json.dumps(outcomes))

    def answer(self, action_id, answer):
        self._send(b"r:%s:%s" % (self.key, action_id), json.dumps(answer, default=str))

    def _send_unstored(self, from_seq):
        for seq, payload in self.unstored:
            if seq >= from_seq:
                self._send(b"l:%s:%d" % (self.key, seq), payload)

    def _begin_session(self):
        """The server was restored from a backup that is older than what is gone from here: it waits for lines that nobody has
        any more. What is left goes as the first lines of another session."""
        self.hello["session"] = secrets.token_hex(16)
        self.unstored = collections.deque(enumerate((payload for _, payload in self.unstored), 1))
        self.seq = len(self.unstored)
        raise OSError("the server was restored from a backup")

    def _send(self, head, payload):
        payload = payload.encode()
        self._write(head + b":" + (payload if self.is_v2 else base64.b64encode(payload)) + b"\n")

    def _write(self, line):
        if self.sock is None:
            return
        self.unsent += line
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
            if self.resend and time.monotonic() >= self.resend[1]:
                self._send_unstored(self.resend[0])
                self.resend = None
            return [event for line in self._exchange() for event in self._read(line.strip())]
        except OSError as fault:
            print(f"observerio: {fault}; trying again", file=sys.stderr)
            self.sock.close()
            self.sock, self.ready, self.resend = None, False, None
            pause = self.delay * random.uniform(0.5, 1) if self.come_back_in is None else self.come_back_in
            self.retry_at, self.come_back_in = time.monotonic() + pause, None
            self.delay = min(self.delay * 2, 8.0)
            return []

    def _connect(self):
        self.is_v2 = False  # until it answers
        self.unsent, self.received = b"h:%s\nv:%s\n" % (json.dumps(self.hello).encode(), self.key), b""
        self.sock = socket.socket(self.family)
        if self.tls:  # sending and receiving shake hands
            self.sock = self.tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect_ex(self.address)

    def _exchange(self):
        sends = [self.sock] if self.unsent else []
        readable, writable, failed = select.select([self.sock], sends, [self.sock], 0)
        if failed or len(self.unsent) > MAX_UNSENT_BYTES:
            raise OSError("the connection failed or is stuck")
        try:
            while readable:
                received = self.sock.recv(1 << 16)
                if not received:
                    raise OSError("the server closed the connection")
                self.received += received
                readable = self.tls and self.sock.pending()  # no select tells of what is decrypted already
            if writable:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
        except NOT_NOW:
            pass
        *lines, self.received = self.received.split(b"\n")
        return lines

    def _read(self, line):
        verb, _, rest = line.partition(b":")
        number, _, payload = rest[len(self.key) + 1 :].partition(b":")
        if verb == b"h":
            self.is_v2 = True
        elif line == b"OK":
            self.ready, self.delay = True, 0.5
            if self.is_v2:
                self.resend = (0, math.inf)  # not before it has said what it has
            else:  # it knows no numbers: what is left goes once
                left, self.unstored = self.unstored, collections.deque()
                for _, payload in left:
                    self._send(b"l:" + self.key, payload)
            yield "ready", None
        elif verb == b"v" and not self.is_v2:
            edits = read(number)
            yield "edits", {"vars": edits if isinstance(edits, list) else [edits]}
        elif verb == b"v":
            edits = read(payload)
            self.hello["epoch"] = edits["epoch"]
            yield "edits", {**edits, "rev": int(number)}
        elif verb == b"x":
            yield "action", {"id": number, **read(payload)}
        elif verb == b"a":  # on its disk up to here
            self.unstored = collections.deque(line for line in self.unstored if line[0] > int(number))
            if self.resend == (0, math.inf):
                self.resend = (0, 0.0)
        elif verb == b"n":
            code, _, retry_ms = payload.partition(b":")
            if code == b"gap" and not any(seq == int(number) for seq, _ in self.unstored):
                self._begin_session()
            elif retry_ms:
                first = min(int(number), self.resend[0] if self.resend else math.inf)
                self.resend = (first, time.monotonic() + int(retry_ms) / 1000)
            else:
                print("observerio refused log entries:", code.decode(), file=sys.stderr)
                self.unstored = collections.deque(line for line in self.unstored if line[0] != int(number))
        elif verb == b"p":
            self._write(b"q:" + rest + b"\n")
        elif verb == b"d":  # shutdown: every game reconnects after a random time
            self.come_back_in = random.uniform(0, int(rest) / 1000)
        elif line and verb not in (b"q", b"s"):
            print("observerio:", line.decode(errors="replace"), file=sys.stderr)


def read(payload):
    return json.loads(payload if payload[:1] in (b"{", b"[") else base64.b64decode(payload))
