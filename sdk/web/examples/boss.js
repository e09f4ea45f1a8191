// A boss whose speed people tune while it walks.

import { connect } from "observerio";

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** Plays until somebody switches `game.playing` off. Returns how far the boss walked, in metres. */
export async function play({ key, url }) {
  const game = connect({ key, url, device: "my-browser", app: "1.0" });
  const speed = game.variable("boss.speed", 2.5, { min: 0, max: 20, unit: "m/s" });
  const playing = game.variable("game.playing", true);
  let x = 0;
  while (playing.value) {
    await nextFrame();
    if (game.frame().length > 0) {
      game.log("info", "somebody tuned the boss");
    }
    x += speed.value * 0.016;
  }
  await game.flush();
  game.close();
  return x;
}
