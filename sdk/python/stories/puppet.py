"""Plays the game in the stories of sdk/stories, by the package observerio: one command a line, one answer a line."""

import json
import sys
import time

import observerio


class Puppet:
    def __init__(self):
        self.game, self.call, self.vars = None, None, {}

    def new(self, key, device, folder=None):
        self.game = observerio.Game(key, device=device, name="Puppet", app="1.0", values_in=folder, outbox_in=folder)

    def connect(self, address):
        self.game.connect(address)

    def bool(self, name, own):
        self.vars[name] = self.game.var(name, own == "true")

    def int(self, name, own, low, high):
        self.vars[name] = self.game.var(name, int(own), min=int(low), max=int(high))

    def even(self, name, own):
        self.vars[name] = self.game.var(name, int(own), check=only_even)

    def double(self, name, own, low, high, unit):
        spec = {"min": float(low), "max": float(high), "unit": unit, "group": "enemy/boss", "help": "How fast"}
        self.vars[name] = self.game.var(name, float(own), **spec)

    def measure(self, name, first):
        self.vars[name] = self.game.measure(name, float(first))

    def text(self, name, own):
        self.vars[name] = self.game.var(name, own)

    def choice(self, name, own, *options):
        self.vars[name] = self.game.var(name, own, options=options)

    def color(self, name, own):
        self.vars[name] = self.game.color(name, own)

    def action(self, name):
        self.game.action(name, observerio.Game.polled)

    def get(self, name):
        value = self.vars[name].value
        return str(value).lower() if isinstance(value, bool) else format(value, ".15g") if isinstance(value, float) else value

    def set(self, name, word):
        old = self.vars[name].value
        self.vars[name].value = word == "true" if isinstance(old, bool) else type(old)(word)

    def frame(self):
        self.game.frame()
        time.sleep(0.001)

    def log(self, level, message, hp, room):
        self.game.log(level, message, hp=int(hp), room=room)

    def poll(self):
        self.call = self.game.take()
        if self.call is None:
            return "none"
        return f"{self.call.name} {'-' if self.call.args is None else json.dumps(self.call.args, separators=(',', ':'))}"

    def answer(self, result):
        self.call.answer(json.loads(result))

    def fail(self, reason):
        self.call.fail(reason)

    def stats(self):
        stats = self.game.stats()
        return f"{stats.is_connected:d} {stats.is_original:d} {stats.stored} {sum(stats.dropped)}"

    def flush(self, milliseconds):
        return "ok" if self.game.flush(int(milliseconds) / 1000) else "timeout"

    def close(self, milliseconds):
        self.game.close(int(milliseconds) / 1000)


def only_even(wanted):
    if wanted < 0:
        raise observerio.Reject("in a cutscene")
    return observerio.Clamp(wanted - 1, "even numbers only") if wanted % 2 else None


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    puppet = Puppet()
    for line in sys.stdin:
        verb, *words = line.rstrip("\n").split("\t")
        try:
            answer = getattr(puppet, verb)(*words)
        except Exception as fault:
            answer = f"error {type(fault).__name__}: {fault}"
        print("ok" if answer is None else answer, flush=True)


main()
