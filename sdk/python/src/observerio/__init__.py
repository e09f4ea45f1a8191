"""The game's side of observerio: variables that people tune while the game runs, and its log.

    game = observerio.Game("0123456789ab", device="my-laptop")
    speed = game.var("boss.speed", 2.5, min=0, max=20, unit="m/s")
    game.connect("127.0.0.1:6667")
    while playing:
        game.frame()  # what people want is applied here, all of it together
        x += speed.value * dt

The game never waits for the network, but in `flush` and `close`, which have a deadline. `frame` belongs to one thread at a
time; everything else may be used from any thread.
"""

from ._game import Call, Clamp, Game, Reject, Stats, Var
from ._logging import LogHandler
from ._native import Error, version

__all__ = ["Call", "Clamp", "Error", "Game", "LogHandler", "Reject", "Stats", "Var", "version"]
