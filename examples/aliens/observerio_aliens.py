"""Attaches observerio to the game `pygame.examples.aliens` of pygame-ce, which knows nothing of it.

The game's class and module attributes become variables; births and ends of its sprites become log entries.
All of it happens between two frames, inside the game's `clock.tick`.
"""

import argparse
import math
import os
import random
import time
from types import SimpleNamespace

import pygame
from autopilot import Autopilot
from observer import Observer
from pygame.examples import aliens
from pygame.examples.aliens import Alien, Bomb, Explosion, Player, Score, Shot

ours = SimpleNamespace(paused=False, god_mode=False, autopilot=False, fps_cap=40, music=1.0, score_color="#ffffff")
ENDS = {Alien: ("info", "alien shot down"), Player: ("warn", "player hit"), Bomb: ("debug", "bomb exploded")}


def set_score_color(text):
    pygame.Color(text)  # ValueError when it is none: the edit is refused
    ours.score_color = text


def spawn(count):
    for _ in range(min(int(count), 50)):
        Alien().rect.x = random.randrange(aliens.SCREENRECT.width - 60)


def declare(observer, clock):
    def attribute(name, kind, owner, field, **spec):
        observer.var(name, kind, lambda: getattr(owner, field), lambda value: setattr(owner, field, value), **spec)

    def whole(name, owner, field, low, high, unit="", text=""):
        attribute(name, "integer", owner, field, min=low, max=high, step=1, unit=unit, help=text)

    def on_screen(name, kind):
        observer.var(name, "integer", lambda: len(kind.containers[0]) if kind.containers else 0, help="On the screen")

    whole("player.speed", Player, "speed", 1, 40, "px/frame", "How fast the buggy drives")
    whole("player.bounce", Player, "bounce", 1, 120, "px", "The buggy bounces every so many pixels")
    whole("player.max_shots", aliens, "MAX_SHOTS", 0, 20, "", "Most shots in the air")
    attribute("player.god_mode", "boolean", ours, "god_mode", help="Bombs and aliens pass through the player")
    attribute("player.autopilot", "boolean", ours, "autopilot", help="The game plays itself")
    whole("alien.odds", aliens, "ALIEN_ODDS", 1, 120, "", "One frame in so many brings an alien")
    whole("alien.reload", aliens, "ALIEN_RELOAD", 0, 120, "frames", "Least time between two aliens")
    whole("alien.speed", Alien, "speed", 1, 60, "px/frame", "How fast aliens fly, those on the screen too")
    observer.action("alien.spawn", spawn, default=8, help="So many aliens at once")
    whole("bomb.odds", aliens, "BOMB_ODDS", 1, 240, "", "One frame in so many drops a bomb")
    whole("bomb.speed", Bomb, "speed", 1, 40, "px/frame", "How fast bombs fall")
    whole("shot.speed", Shot, "speed", -60, -1, "px/frame", "Negative is upwards")
    attribute("game.paused", "boolean", ours, "paused", help="Stops the game between two frames")
    whole("game.fps_cap", ours, "fps_cap", 5, 240, "fps", "Most frames a second: how fast the game runs")
    attribute("game.music", "float", ours, "music", min=0.0, max=1.0, step=0.05, help="Volume of the music")
    observer.var("game.score_color", "color", lambda: ours.score_color, set_score_color, help="Colour of the score")
    observer.var("now.fps", "integer", lambda: round(clock.get_fps()), unit="fps", help="Measured")
    observer.var("now.score", "integer", lambda: aliens.SCORE, help="Score of this game")
    on_screen("now.aliens", Alien)
    on_screen("now.bombs", Bomb)
    on_screen("now.shots", Shot)


def after_birth(kind, act):
    """Runs `act(sprite, ...)` behind the constructor of one of the game's classes."""
    birth = kind.__init__
    kind.__init__ = lambda sprite, *args: (birth(sprite, *args), act(sprite, *args))[0]


def attach(observer):
    """Puts the adapter between the game and pygame. The game itself stays as it is on the disk."""
    clock, collide, draw_score = pygame.Clock(), pygame.sprite.spritecollide, Score.update
    pilot = Autopilot(aliens, lambda: ours.autopilot)

    def frame():
        clock.tick(ours.fps_cap)
        observer.frame()
        if pygame.mixer and pygame.mixer.get_init():
            pygame.mixer.music.set_volume(ours.music)
        for alien in Alien.containers[0]:  # an alien takes its speed at birth
            alien.facing = int(math.copysign(Alien.speed, alien.facing))

    def tick(_fps):
        frame()
        while ours.paused and not pygame.event.peek(pygame.QUIT):
            frame()

    def wait(ms):  # the second of silence behind a game, in which pygame's own would be deaf
        until = time.monotonic() + ms / 1000
        while time.monotonic() < until:
            frame()

    def update_score(score):
        if score.color != ours.score_color:
            score.color, score.lastscore = ours.score_color, None  # None: the text is drawn anew
        draw_score(score)

    def spritecollide(sprite, *rest):
        return [] if ours.god_mode and isinstance(sprite, Player) else collide(sprite, *rest)

    def log_end(_, victim):
        level, message = ENDS[type(victim)]
        observer.log(level, message, x=victim.rect.centerx, y=victim.rect.centery, score=aliens.SCORE)

    declare(observer, clock)
    pygame.Clock, pygame.time.wait = lambda: SimpleNamespace(tick=tick), wait
    pygame.key.get_pressed, pygame.sprite.spritecollide, Score.update = pilot.get_pressed, spritecollide, update_score
    after_birth(Player, pilot.take_over)
    after_birth(Alien, lambda alien: observer.log("debug", "alien spawned", flies="right" if alien.facing > 0 else "left"))
    after_birth(Bomb, lambda bomb, _: observer.log("trace", "bomb dropped", x=bomb.rect.centerx))
    after_birth(Explosion, log_end)
    return pilot


def main():
    options = argparse.ArgumentParser(description="pygame's aliens, observed")
    options.add_argument("--key", required=True, help="the project's game key")
    options.add_argument("--server", default="127.0.0.1:6667", metavar="HOST:PORT")
    options.add_argument("--name", help="what this copy is called, where several run on one machine")
    without_window = os.environ.get("SDL_VIDEODRIVER") == "dummy"
    options.add_argument("--autopilot", action=argparse.BooleanOptionalAction, default=without_window)
    options = options.parse_args()
    ours.autopilot = options.autopilot
    self_told = {"name": options.name, "device": options.name} if options.name else {}
    observer = Observer(options.server, options.key, app="aliens of pygame-ce", **self_told)
    pilot = attach(observer)
    while not pilot.alive():  # still alive behind `main`: the person closed the window
        aliens.SCORE = 0
        observer.log("info", "new game")
        aliens.main()
        observer.log("info", "game over", score=aliens.SCORE)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
