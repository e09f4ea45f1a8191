"""Attaches observerio to the game `pygame.examples.aliens` of pygame-ce, which knows nothing of it.

The game's class and module attributes become variables; births and ends of its sprites become log entries. All of it happens
between two frames, inside the game's `clock.tick`.
"""

import argparse
import math
import os
import platform
import random
import uuid
from types import SimpleNamespace

import observerio
import pygame
from autopilot import Autopilot
from pygame.examples import aliens
from pygame.examples.aliens import Alien, Bomb, Explosion, Player, Shot

ours = SimpleNamespace(god_mode=False, autopilot=False, wave=8, paused=False, fps_cap=40)
ENDS = {Alien: ("info", "alien shot down"), Player: ("warn", "player hit"), Bomb: ("debug", "bomb exploded")}
#: Whose attribute is the variable, and its range, unit and help.
TUNED = {
    "player.speed": (Player, "speed", 1, 40, "px/frame", "How fast the buggy drives"),
    "player.max_shots": (aliens, "MAX_SHOTS", 0, 20, None, "Most shots in the air"),
    "player.god_mode": (ours, "god_mode", None, None, None, "Bombs and aliens pass through the player"),
    "player.autopilot": (ours, "autopilot", None, None, None, "The game plays itself"),
    "alien.odds": (aliens, "ALIEN_ODDS", 1, 120, None, "One frame in so many brings an alien"),
    "alien.reload": (aliens, "ALIEN_RELOAD", 0, 120, "frames", "Least time between two aliens"),
    "alien.speed": (Alien, "speed", 1, 60, "px/frame", "How fast aliens fly, including those on the screen"),
    "alien.wave": (ours, "wave", 1, 50, None, "How many aliens alien.spawn brings at once"),
    "bomb.odds": (aliens, "BOMB_ODDS", 1, 240, None, "One frame in so many drops a bomb"),
    "bomb.speed": (Bomb, "speed", 1, 40, "px/frame", "How fast bombs fall"),
    "shot.speed": (Shot, "speed", -60, -1, "px/frame", "Negative is upwards"),
    "game.paused": (ours, "paused", None, None, None, "Stops the game between two frames"),
    "game.fps_cap": (ours, "fps_cap", 5, 240, "fps", "Most frames a second: how fast the game runs"),
}


def declare(game, clock):
    """What carries values between the game and the variables, once a frame."""
    def tune(name, owner, field, low, high, unit, text):
        spec = {"group": name.partition(".")[0], "min": low, "max": high, "unit": unit, "help": text}
        return game.var(name, getattr(owner, field), **spec), owner, field

    tuned = [tune(name, *what) for name, what in TUNED.items()]
    reads = {"now.fps": lambda: round(clock.get_fps()), "now.score": lambda: aliens.SCORE}
    reads |= {"now.aliens": lambda: len(Alien.containers[0]), "now.bombs": lambda: len(Bomb.containers[0])}
    measured = [(game.measure(name, 0, group="now"), read) for name, read in reads.items()]

    @game.action("alien.spawn", group="alien", help="As many at once as alien.wave says")
    def spawn(_):
        for _ in range(ours.wave):
            Alien().rect.x = random.randrange(aliens.SCREENRECT.width - 60)

    def exchange():
        if game.frame():
            for var, owner, field in tuned:
                setattr(owner, field, var.value)
            for alien in Alien.containers[0]:  # an alien takes its speed at birth
                alien.facing = int(math.copysign(Alien.speed, alien.facing))
        for var, read in measured:
            var.value = read()

    return exchange


def after_birth(kind, act):
    """Runs `act(sprite, ...)` after the constructor of one of the game's classes."""
    birth = kind.__init__
    kind.__init__ = lambda sprite, *args: (birth(sprite, *args), act(sprite, *args))[0]


def attach(game):
    """Puts the adapter between the game and pygame. The game's file on disk stays as it is."""
    clock, collide = pygame.Clock(), pygame.sprite.spritecollide
    exchange, pilot = declare(game, clock), Autopilot(aliens, lambda: ours.autopilot)

    def tick(_fps):
        is_due = True
        while is_due:
            clock.tick(ours.fps_cap)
            exchange()
            is_due = ours.paused and not pygame.event.peek(pygame.QUIT)

    def spritecollide(sprite, *rest):
        return [] if ours.god_mode and isinstance(sprite, Player) else collide(sprite, *rest)

    def log_end(_, victim):
        level, message = ENDS[type(victim)]
        game.log(level, message, x=victim.rect.centerx, y=victim.rect.centery, score=aliens.SCORE)

    pygame.Clock = lambda: SimpleNamespace(tick=tick)
    pygame.key.get_pressed, pygame.sprite.spritecollide = pilot.get_pressed, spritecollide
    after_birth(Player, pilot.take_over)
    after_birth(Alien, lambda alien: game.log("debug", "alien spawned", flies="right" if alien.facing > 0 else "left"))
    after_birth(Bomb, lambda bomb, _: game.log("trace", "bomb dropped", x=bomb.rect.centerx))
    after_birth(Explosion, log_end)
    return pilot


def main():
    options = argparse.ArgumentParser(description="pygame's aliens, tuned with observerio")
    options.add_argument("--key", required=True, help="the project's game key")
    options.add_argument("--server", default="127.0.0.1:6667", metavar="HOST:PORT")
    options.add_argument("--name", help="what this copy is called, if several run on one machine")
    without_window = os.environ.get("SDL_VIDEODRIVER") == "dummy"
    options.add_argument("--autopilot", action=argparse.BooleanOptionalAction, default=without_window)
    options = options.parse_args()
    ours.autopilot = options.autopilot
    name, device = options.name or platform.node(), options.name or f"{uuid.getnode():012x}"
    with observerio.Game(options.key, device=device, name=name, app="aliens of pygame-ce", platform=platform.system()) as game:
        pilot = attach(game)
        game.connect(options.server)
        while not pilot.alive():  # still alive after `main`: the person closed the window
            aliens.SCORE = 0
            game.log("info", "new game")
            aliens.main()
            game.log("info", "game over", score=aliens.SCORE)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
