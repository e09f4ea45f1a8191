"""A boss whose speed people tune while it walks: python3 boss.py YOUR_KEY [HOST:PORT]"""

import logging
import sys
import time

import observerio

key = sys.argv[1] if len(sys.argv) > 1 else "YOUR_KEY"
address = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:6667"
game = observerio.Game(key, device="my-laptop", app="1.0")
speed = game.var("boss.speed", 2.5, min=0, max=20, unit="m/s")
playing = game.var("game.playing", True)

log = logging.getLogger("boss")
log.addHandler(observerio.LogHandler(game))
log.setLevel(logging.INFO)

game.connect(address)
with game:
    x = 0.0
    while playing.value:
        if game.frame():
            log.info("somebody tuned the boss")
        x += speed.value * 0.016
        time.sleep(0.016)
print(f"the boss walked {x:.1f} m")
