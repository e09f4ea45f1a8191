"""A game: its variables, its actions, its log."""

import collections
import ctypes
import inspect
import json
import os

from . import _native as native
from ._native import byref, c_void_p, demand, encode, lib

LEVELS = {word: number for number, word in enumerate(("trace", "debug", "info", "warn", "error", "fatal"))}

Stats = collections.namedtuple("Stats", "is_connected is_original stored dropped refused waiting_bytes revision disk_errors")
Stats.__doc__ = "How it goes: `dropped` counts log entries by level, `stored` those that the server has, `disk_errors` files that failed."


class Reject(Exception):
    """Raised by a check: the game keeps what it has, and people read why."""


class Clamp:
    """Returned by a check: the game takes `value` in place of what people want, and they read why."""

    def __init__(self, value, reason=""):
        self.value, self.reason = value, reason


class Var:
    """A variable, or a measurement. `value` is what is in force; setting it makes it the game's own value."""

    def __init__(self, game, handle, kind):
        # the game lives for as long as one of its variables is held
        self._game, self._handle, self._is_text = game, handle, kind == "text"
        self._get, self._set = getattr(lib, "obs_get_" + kind), getattr(lib, "obs_set_" + kind)

    @property
    def value(self):
        if not self._is_text:
            return self._get(self._handle)
        return native.copy_text(lambda buffer, size: self._get(self._handle, buffer, size))

    @value.setter
    def value(self, value):
        demand(self._set(self._handle, encode(value) if self._is_text else value))

    def __repr__(self):
        return f"<observerio.Var {self.value!r}>"


class Call:
    """Somebody pressed a button. Answer it once, with `answer` or `fail`."""

    def __init__(self, handle):
        args = lib.obs_call_args(handle)
        self._handle = handle
        #: Which action.
        self.name = lib.obs_call_name(handle).decode()
        #: What it was called with: any JSON, or None.
        self.args = None if args is None else json.loads(args)

    def answer(self, result=None):
        """It is done. `result` becomes JSON."""
        text = None if result is None else json.dumps(result, allow_nan=False, default=str)
        self._finish(lib.obs_answer, text)

    def fail(self, reason):
        """It failed, for a reason that people read."""
        self._finish(lib.obs_fail, reason)

    def _finish(self, finish, text):
        if self._handle is None:
            raise RuntimeError("this call was answered before")
        demand(finish(self._handle, encode(text)))
        self._handle = None

    def __del__(self):
        if getattr(self, "_handle", None) is not None:
            lib.obs_fail(self._handle, b"the game did not answer")


class Game:
    """A game with this key. It can declare, read and log before it is connected, and without a server.

    `device` is what stays the same for one installation, `name` what people read in its place, `app` the game's version.
    `values_in` and `outbox_in` are folders that keep the values people set, and what is not stored yet: a start without a
    server begins with those values, and what a killed game had logged is sent by its next start.
    """

    def __init__(
        self,
        key,
        *,
        device=None,
        name=None,
        app=None,
        platform=None,
        outbox_bytes=0,
        report_ms=0,
        values_in=None,
        outbox_in=None,
    ):
        texts = [encode(text) for text in (key, device, name, app, platform)]
        folders = [None if folder is None else encode(os.fsdecode(folder)) for folder in (values_in, outbox_in)]
        settings, self._game = native.Settings(*texts, outbox_bytes, report_ms, *folders), c_void_p()
        self._connection, self._runs, self._calls, self._kept = None, {}, collections.deque(), []
        demand(lib.obs_game_new(byref(settings), byref(self._game)))

    def var(self, name, own, *, check=None, **spec):
        """Declares a variable that people tune; `own` says its type: bool, int, float or str.

        `min`, `max`, `step`, `unit`, `group`, `label`, `help`; `options` makes a text one of these. `check(wanted)` is asked
        inside `frame`: it returns None to take the value, a Clamp, or raises Reject.
        """
        kind = {bool: "bool", int: "int", float: "double", str: "text"}[type(own)]
        return self._declare("obs_declare_", kind, kind, name, own, spec, check)

    def color(self, name, own, *, check=None, **spec):
        """As `var`, of a colour in one of the ways of CSS, such as "#ff8844"."""
        return self._declare("obs_declare_", "color", "text", name, own, spec, check)

    def measure(self, name, first, **spec):
        """Something that the game measures, an int or a float: shown, never edited. Set it as often as you like."""
        kind = {int: "int", float: "double"}[type(first)]
        return self._declare("obs_measure_", kind, kind, name, first, spec, None)

    def action(self, name, run=None, **spec):
        """A button. `run(args)` is run inside `frame`, and what it returns is the result; also as a decorator.

        With `run=Game.polled`, the game takes calls itself, with `take`.
        """
        if run is None:
            return lambda run: (self.action(name, run, **spec), run)[1]
        demand(lib.obs_declare_action(self._game, encode(name), byref(self._spec(spec, None, None))))
        if run is not Game.polled:
            self._runs[name] = run
        return None

    #: For `action`: its calls are taken with `take`.
    polled = object()

    def take(self):
        """The oldest call that `frame` has brought of an action that is `polled`, or None."""
        return self._calls.popleft() if self._calls else None

    def connect(self, address):
        """Connects to "host:port", and connects again whenever it must. Once for each game; it returns at once."""
        connection = c_void_p()
        demand(lib.obs_connect(self._game, encode(address), byref(connection)))
        self._connection = connection

    def frame(self):
        """A boundary between two frames: applies what people want, asks checks, runs actions. How many variables changed."""
        changed = demand(lib.obs_frame(self._game))
        handle = c_void_p()
        while demand(lib.obs_poll_action(self._game, byref(handle))) == 0 and handle.value is not None:
            self._run(Call(handle.value))
        return changed

    def _run(self, call):
        run = self._runs.get(call.name)
        if run is None:
            self._calls.append(call)
            return
        try:
            call.answer(run(call.args))
        except Exception as fault:  # whatever an action does, the game goes on
            call.fail(f"{type(fault).__name__}: {fault}")

    def log(self, level, message, **fields):
        """Logs at a level such as "info". Fields are bool, int, float or str; anything else becomes JSON."""
        raw = (native.Field * len(fields))(*(native.Field(encode(name), _value(value)) for name, value in fields.items()))
        demand(lib.obs_log_fields(self._game, LEVELS[level], encode(message).replace(b"\0", b""), raw, len(fields)))

    def stats(self):
        """How it goes."""
        raw = native.RawStats()
        demand(lib.obs_get_stats(self._game, byref(raw)))
        counts = (raw.stored, tuple(raw.dropped), raw.refused, raw.waiting_bytes, raw.revision, raw.disk_errors)
        return Stats(raw.is_connected, raw.is_original, *counts)

    def server_error(self):
        """What the server last refused; empty if nothing."""
        return native.copy_text(lambda buffer, size: lib.obs_server_error(self._game, buffer, size))

    def disk_error(self):
        """The last file that could not be read or written, and why; empty if there was none."""
        return native.copy_text(lambda buffer, size: lib.obs_disk_error(self._game, buffer, size))

    def flush(self, timeout=2.0):
        """Waits until everything that was logged is stored, at most so many seconds; whether it is."""
        if self._connection is None:
            return False
        status = lib.obs_flush(self._connection, _milliseconds(timeout))
        return status == native.OK if status == native.TIMEOUT else demand(status) == native.OK

    def close(self, timeout=2.0):
        """Disconnects; what was logged has so many seconds to be stored. The variables keep their values."""
        connection, self._connection = self._connection, None
        if connection is not None:
            demand(lib.obs_close(connection, _milliseconds(timeout)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_connection", None) is not None:
            lib.obs_close(self._connection, 0)
        if getattr(self, "_game", None) is not None:
            lib.obs_game_free(self._game)

    def _declare(self, verb, kind, read, name, own, spec, check):
        var = c_void_p()
        raw = self._spec(spec, check, read)
        own = encode(own) if read == "text" else own
        demand(getattr(lib, verb + kind)(self._game, encode(name), own, byref(raw), byref(var)))
        return Var(self, var, read)

    def _spec(self, spec, check, kind):
        spec = {"source": _source()} | spec
        raw = native.Spec()
        for text in ("label", "help", "unit", "group", "source"):
            setattr(raw, text, encode(spec.pop(text, None)))
        low, high = spec.pop("min", None), spec.pop("max", None)
        raw.has_range = low is not None or high is not None
        if kind == "int":
            raw.min_int, raw.max_int = (-(2**63) if low is None else low), (2**63 - 1 if high is None else high)
        elif raw.has_range:
            raw.min, raw.max = (-1.7e308 if low is None else low), (1.7e308 if high is None else high)
        raw.step = spec.pop("step", 0)
        options = [encode(option) for option in spec.pop("options", ())]
        raw.options, raw.option_count = (ctypes.c_char_p * len(options))(*options), len(options)
        if spec:
            raise TypeError(f"a variable has no {', '.join(spec)}")
        if check is not None:
            raw.check = native.CHECK(_Check(check, kind))
            self._kept.append(raw.check)
        return raw


class _Check:
    """Called by the library, inside `frame`."""

    def __init__(self, check, kind):
        self.check, self.kind, self.said = check, kind, None

    def __call__(self, _context, wanted, verdict):
        try:
            said = self.check(self.read(wanted.contents))
            if said is None:
                return native.TAKE
            # the library reads its text after this call
            self.said = verdict.contents.value = _value(said.value)
            self.explain(verdict, said.reason)
            return native.CLAMP
        except Reject as reason:
            self.explain(verdict, str(reason))
        except Exception as fault:  # whatever a check does, the game goes on
            self.explain(verdict, f"{type(fault).__name__}: {fault}")
        return native.REJECT

    def read(self, wanted):
        if self.kind == "double":
            return float(wanted.integer) if wanted.kind == native.INT else wanted.number
        return {"bool": wanted.boolean, "int": wanted.integer}.get(self.kind, (wanted.text or b"").decode())

    @staticmethod
    def explain(verdict, reason):
        cut = encode(reason)[: native.REASON_BYTES - 1]
        verdict.contents.reason = cut.decode(errors="ignore").encode()


def _value(value):
    raw = native.Value()
    if isinstance(value, bool):
        raw.kind, raw.boolean = native.BOOL, value
    elif isinstance(value, int) and -(2**63) <= value < 2**63:
        raw.kind, raw.integer = native.INT, value
    elif isinstance(value, float) and value - value == 0:  # neither infinite nor nan
        raw.kind, raw.number = native.DOUBLE, value
    elif isinstance(value, (list, tuple, dict, int)) or value is None:
        raw.kind, raw.text = native.JSON, json.dumps(value, default=str).encode()
    else:
        raw.kind, raw.text = native.TEXT, encode(value).replace(b"\0", b"")
    return raw


def _source():
    """The file and line that declares."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("observerio"):
        frame = frame.f_back
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else None


def _milliseconds(seconds):
    return max(0, min(round(seconds * 1000), 2**32 - 1))
