// Draws the world on a canvas. It changes nothing in it.

const STARS = 90;
const TRAIL_POINTS = 36;
const PARTICLES = 14;
const MAX_PARTICLES = 400;
const PARTICLE_LIFE_S = 0.7;
const HUES = 8;

/** Top and bottom of the sky, and its stars, in the dark and in the light. */
const SKIES = {
  dusk: { dark: ['#1a1033', '#43234f', '#ffd9c2'], light: ['#fdf0e6', '#f5d3d9', '#b56a86'] },
  ocean: { dark: ['#04182b', '#0a3d4f', '#bdeeff'], light: ['#eaf8fb', '#c3e6ee', '#4a91a8'] },
  forest: { dark: ['#07190f', '#1c3d29', '#d6ffd0'], light: ['#f1f8ec', '#d0e8cd', '#5d9a6a'] },
  space: { dark: ['#05060d', '#0d1224', '#ffffff'], light: ['#f4f4f8', '#dcdfea', '#8188a5'] },
};

export class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.light = matchMedia('(prefers-color-scheme: light)');
    this.still = matchMedia('(prefers-reduced-motion: reduce)');
    this.stars = Array.from({ length: STARS }, () => [Math.random(), Math.random(), 0.4 + Math.random() * 1.2]);
    this.glows = new Map();
    this.clear();
  }

  /** Nothing of what happened is shown any more. */
  clear() {
    this.trail = [];
    this.particles = [];
    this.flashS = 0;
  }

  /** The size of the canvas on the page, in CSS pixels; makes it as sharp as the display. */
  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    // more than two pixels each way cost time, and nobody sees them
    this.scale = Math.min(devicePixelRatio || 1, 2);
    this.canvas.width = Math.max(1, Math.round(width * this.scale));
    this.canvas.height = Math.max(1, Math.round(height * this.scale));
    this.clear();
    return [Math.max(1, width), Math.max(1, height)];
  }

  /** Something happened in the world. */
  show(event) {
    if (event.kind === 'hit') this.flashS = 0.35;
    if (event.kind === 'lost') this.trail = [];
    if (event.kind !== 'caught' || this.still.matches || this.particles.length > MAX_PARTICLES) return;
    for (let i = 0; i < PARTICLES; i++) {
      const [angle, pace] = [Math.random() * 2 * Math.PI, 40 + Math.random() * 140];
      const [vx, vy] = [Math.cos(angle) * pace, Math.sin(angle) * pace];
      this.particles.push({ x: event.x, y: event.y, vx, vy, hue: event.hue, ageS: 0 });
    }
  }

  draw(world, tuned, dt) {
    const { context } = this;
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    this.drawSky(world, tuned);
    this.drawTrail(world, tuned);
    for (const spark of world.sparks) this.drawSpark(spark);
    for (const rock of world.rocks) this.drawRock(rock);
    this.drawParticles(dt);
    this.drawShip(world, tuned);
    this.flashS = Math.max(0, this.flashS - dt);
  }

  colors(sky) {
    const theme = document.documentElement.dataset.theme ?? (this.light.matches ? 'light' : 'dark');
    return (SKIES[sky] ?? SKIES.dusk)[theme];
  }

  drawSky(world, { sky }) {
    const { context } = this;
    const [top, bottom, star] = this.colors(sky);
    const gradient = context.createLinearGradient(0, 0, 0, world.height);
    gradient.addColorStop(0, top);
    gradient.addColorStop(1, bottom);
    context.fillStyle = gradient;
    context.fillRect(0, 0, world.width, world.height);
    context.fillStyle = star;
    context.globalAlpha = 0.55;
    for (const [x, y, radius] of this.stars) context.fillRect(x * world.width, y * world.height, radius, radius);
    context.globalAlpha = 1;
  }

  drawTrail(world, { trail, shipColor }) {
    if (!trail || this.still.matches) {
      this.trail = [];
      return;
    }
    this.trail.push([world.ship.x, world.ship.y]);
    if (this.trail.length > TRAIL_POINTS) this.trail.shift();
    const { context } = this;
    context.strokeStyle = shipColor;
    context.lineCap = 'round';
    for (let i = 1; i < this.trail.length; i++) {
      const [[ax, ay], [bx, by]] = [this.trail[i - 1], this.trail[i]];
      // not across the whole picture when the ship leaves on one side
      if (Math.hypot(ax - bx, ay - by) > 120) continue;
      context.globalAlpha = (i / this.trail.length) * 0.5;
      context.lineWidth = (i / this.trail.length) * 6;
      context.beginPath();
      context.moveTo(ax, ay);
      context.lineTo(bx, by);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** A glowing dot, drawn once for each hue. */
  glow(hue) {
    const index = Math.floor(hue * HUES) % HUES;
    const known = this.glows.get(index);
    if (known) return known;
    const dot = document.createElement('canvas');
    dot.width = dot.height = 64;
    const context = dot.getContext('2d');
    const gradient = context.createRadialGradient(32, 32, 0, 32, 32, 32);
    const color = alpha => `hsl(${35 + (index / HUES) * 300} 95% 65% / ${alpha})`;
    gradient.addColorStop(0, '#fff');
    gradient.addColorStop(0.18, color(1));
    gradient.addColorStop(0.45, color(0.35));
    gradient.addColorStop(1, color(0));
    context.fillStyle = gradient;
    context.fillRect(0, 0, 64, 64);
    this.glows.set(index, dot);
    return dot;
  }

  drawSpark({ x, y, hue, ageS }) {
    const pulse = this.still.matches ? 1 : 1 + 0.18 * Math.sin(ageS * 5);
    const size = 34 * pulse * Math.min(1, ageS * 4);
    this.context.drawImage(this.glow(hue), x - size / 2, y - size / 2, size, size);
  }

  drawRock({ x, y, radius, angle, corners }) {
    const { context } = this;
    context.beginPath();
    corners.forEach((part, i) => {
      const at = angle + (i / corners.length) * 2 * Math.PI;
      context.lineTo(x + Math.cos(at) * radius * part, y + Math.sin(at) * radius * part);
    });
    context.closePath();
    context.fillStyle = '#77809466';
    context.strokeStyle = '#8d97ad';
    context.lineWidth = 2;
    context.fill();
    context.stroke();
  }

  drawParticles(dt) {
    for (const particle of this.particles) {
      particle.ageS += dt;
      particle.x += particle.vx * dt;
      particle.y += particle.vy * dt;
    }
    this.particles = this.particles.filter(({ ageS }) => ageS < PARTICLE_LIFE_S);
    for (const { x, y, hue, ageS } of this.particles) {
      this.context.globalAlpha = 1 - ageS / PARTICLE_LIFE_S;
      this.context.drawImage(this.glow(hue), x - 5, y - 5, 10, 10);
    }
    this.context.globalAlpha = 1;
  }

  drawShip({ ship, safeS }, { shipColor }) {
    const { context } = this;
    context.save();
    context.translate(ship.x, ship.y);
    context.rotate(ship.angle);
    context.beginPath();
    for (const [x, y] of [[17, 0], [-11, 10], [-6, 0], [-11, -10]]) context.lineTo(x, y);
    context.closePath();
    context.fillStyle = shipColor;
    context.globalAlpha = safeS > 0 ? 0.55 : 1;
    context.fill();
    context.restore();
    if (safeS > 0) this.ring(ship, 24, shipColor, 1);
    if (this.flashS > 0) this.ring(ship, 24 + (0.35 - this.flashS) * 120, '#ff7a7a', this.flashS / 0.35);
  }

  ring({ x, y }, radius, color, alpha) {
    const { context } = this;
    context.globalAlpha = alpha * 0.6;
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
    context.globalAlpha = 1;
  }
}
