// Keys, mouse and touch: a direction for the ship, or null while nobody steers.

const DIRECTIONS = {
  ArrowUp: [0, -1], KeyW: [0, -1],
  ArrowDown: [0, 1], KeyS: [0, 1],
  ArrowLeft: [-1, 0], KeyA: [-1, 0],
  ArrowRight: [1, 0], KeyD: [1, 0],
};

export class Steering {
  #pressed = new Set();
  /** Where a finger or the mouse button is down, in CSS pixels of the canvas. */
  #pointer = null;

  constructor(canvas) {
    // while a field or a button has the focus, keys are theirs
    const isOurs = target => target === canvas || target === document.body;
    addEventListener('keydown', event => {
      if (!(event.code in DIRECTIONS) || !isOurs(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.#pressed.add(event.code);
    });
    addEventListener('keyup', event => this.#pressed.delete(event.code));
    addEventListener('blur', () => this.#pressed.clear());
    const follow = event => {
      this.#pointer = { x: event.offsetX, y: event.offsetY };
    };
    canvas.addEventListener('pointerdown', event => {
      canvas.setPointerCapture(event.pointerId);
      follow(event);
    });
    canvas.addEventListener('pointermove', event => {
      if (this.#pointer) follow(event);
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      canvas.addEventListener(end, () => {
        this.#pointer = null;
      });
    }
  }

  /** The direction from the ship, of length 1 at most. */
  direction({ x, y }) {
    if (this.#pointer) {
      const way = { x: (this.#pointer.x - x) / 60, y: (this.#pointer.y - y) / 60 };
      const length = Math.max(1, Math.hypot(way.x, way.y));
      return { x: way.x / length, y: way.y / length };
    }
    if (this.#pressed.size === 0) return null;
    const sum = { x: 0, y: 0 };
    for (const code of this.#pressed) {
      sum.x += DIRECTIONS[code][0];
      sum.y += DIRECTIONS[code][1];
    }
    return sum;
  }
}
