// Runs the example in Node: node --experimental-websocket boss.js KEY URL

import { play } from "../examples/boss.js";

globalThis.requestAnimationFrame = (next) => setTimeout(next, 16);
const [key, url] = process.argv.slice(2);
const metres = await play({ key, url });
console.log(`the boss walked ${metres.toFixed(1)} m`);
