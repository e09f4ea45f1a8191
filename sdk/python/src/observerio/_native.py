"""The C interface, as include/observerio.h declares it."""

import ctypes
import os
import pathlib
import sys
from ctypes import POINTER, Structure, byref, c_bool, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32
from ctypes import c_uint64, c_void_p

OK, TIMEOUT = 0, -6
BOOL, INT, DOUBLE, TEXT, JSON = range(5)
TAKE, CLAMP, REJECT = range(3)
REASON_BYTES = 256
#: The header's version that the declarations below are of: major << 16 | minor << 8 | patch.
HEADER_VERSION = 0 << 16 | 1 << 8 | 0


class Error(Exception):
    """A call that did nothing, and why. `status` is the number that `obs_status` has for it."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Settings(Structure):
    _fields_ = [(name, c_char_p) for name in ("key", "device", "name", "app", "platform")]
    _fields_ += [("outbox_bytes", c_size_t), ("report_ms", c_uint32), ("values_in", c_char_p), ("outbox_in", c_char_p)]


class Value(Structure):
    _fields_ = [("kind", c_int32), ("boolean", c_bool), ("integer", c_int64), ("number", c_double), ("text", c_char_p)]


class Field(Structure):
    _fields_ = [("name", c_char_p), ("value", Value)]


class Verdict(Structure):
    _fields_ = [("value", Value), ("reason", c_char * REASON_BYTES)]


CHECK = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(Value), POINTER(Verdict))


class Spec(Structure):
    _fields_ = [(name, c_char_p) for name in ("label", "help", "unit", "group", "source")]
    _fields_ += [("has_range", c_bool), ("min", c_double), ("max", c_double)]
    _fields_ += [("min_int", c_int64), ("max_int", c_int64), ("step", c_double)]
    _fields_ += [("options", POINTER(c_char_p)), ("option_count", c_size_t), ("check", CHECK), ("context", c_void_p)]


class RawStats(Structure):
    _fields_ = [("is_connected", c_bool), ("is_original", c_bool), ("stored", c_uint64), ("dropped", c_uint64 * 6)]
    _fields_ += [("refused", c_uint64), ("waiting_bytes", c_uint64), ("revision", c_int64), ("disk_errors", c_uint64)]


_DECLARE = [c_void_p, c_char_p, None, POINTER(Spec), POINTER(c_void_p)]
_FUNCTIONS = {
    "obs_version": (c_uint32, []),
    "obs_is_compatible": (c_bool, [c_uint32]),
    "obs_last_error": (c_char_p, []),
    "obs_game_new": (c_int32, [POINTER(Settings), POINTER(c_void_p)]),
    "obs_game_free": (None, [c_void_p]),
    "obs_frame": (c_int32, [c_void_p]),
    "obs_get_stats": (c_int32, [c_void_p, POINTER(RawStats)]),
    "obs_server_error": (c_int64, [c_void_p, c_char_p, c_size_t]),
    "obs_disk_error": (c_int64, [c_void_p, c_char_p, c_size_t]),
    "obs_connect": (c_int32, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "obs_flush": (c_int32, [c_void_p, c_uint32]),
    "obs_close": (c_int32, [c_void_p, c_uint32]),
    "obs_declare_action": (c_int32, [c_void_p, c_char_p, POINTER(Spec)]),
    "obs_poll_action": (c_int32, [c_void_p, POINTER(c_void_p)]),
    "obs_call_name": (c_char_p, [c_void_p]),
    "obs_call_args": (c_char_p, [c_void_p]),
    "obs_answer": (c_int32, [c_void_p, c_char_p]),
    "obs_fail": (c_int32, [c_void_p, c_char_p]),
    "obs_log_fields": (c_int32, [c_void_p, c_int32, c_char_p, POINTER(Field), c_size_t]),
    "obs_get_text": (c_int64, [c_void_p, c_char_p, c_size_t]),
}
for _word, _own in {"bool": c_bool, "int": c_int64, "double": c_double, "text": c_char_p, "color": c_char_p}.items():
    _FUNCTIONS["obs_declare_" + _word] = (c_int32, [_own if part is None else part for part in _DECLARE])
    if _word != "color":
        _FUNCTIONS["obs_set_" + _word] = (c_int32, [c_void_p, _own])
    if _word in ("int", "double"):
        _FUNCTIONS["obs_measure_" + _word] = (c_int32, [_own if part is None else part for part in _DECLARE])
    if _own is not c_char_p:
        _FUNCTIONS["obs_get_" + _word] = (_own, [c_void_p])


def _load():
    """The library that OBSERVERIO_LIBRARY names, or the one inside the package, or the system's."""
    file = {"darwin": "libobserverio.dylib", "win32": "observerio.dll"}.get(sys.platform, "libobserverio.so")
    inside = pathlib.Path(__file__).with_name(file)
    named = os.environ.get("OBSERVERIO_LIBRARY")
    loaded = ctypes.CDLL(named or (str(inside) if inside.is_file() else file))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    if not loaded.obs_is_compatible(HEADER_VERSION):
        raise ImportError(f"{named or file} has version {loaded.obs_version():#x}, not one that serves {HEADER_VERSION:#x}")
    return loaded


lib = _load()


def version():
    """The library's version, such as "0.1.0"."""
    number = lib.obs_version()
    return f"{number >> 16}.{number >> 8 & 255}.{number & 255}"


def demand(status):
    """Raises what a call could not do."""
    if status < 0:
        raise Error(status, lib.obs_last_error().decode())
    return status


def encode(text):
    """As C reads it. A surrogate that stands alone is no character."""
    return None if text is None else str(text).encode(errors="replace")


def copy_text(ask):
    """Asks for a text's length, then for the text; once more if it has grown since."""
    size = 0
    while True:
        buffer = ctypes.create_string_buffer(size + 1)
        length = demand(ask(buffer, size + 1))
        if length <= size:
            return buffer.value.decode()
        size = length


__all__ = ["byref", "c_void_p"]
