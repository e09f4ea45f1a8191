"""Plays pygame's aliens: dodges bombs, hunts the lowest alien. Presses keys, as a person would."""

import pygame


class Autopilot:
    """Stands in for `pygame.key.get_pressed`; `wanted` says whether it or the person plays."""

    def __init__(self, game, wanted):
        self.game, self.wanted, self.person = game, wanted, pygame.key.get_pressed
        self.player, self.trigger = None, False

    def take_over(self, player):
        self.player = player

    def alive(self):
        return self.player is not None and self.player.alive()

    def get_pressed(self):
        if not self.wanted() or self.player is None:
            return self.person()
        self.trigger = not self.trigger  # the gun fires once a press
        way = self.way(self.player.rect)
        return {pygame.K_LEFT: way < 0, pygame.K_RIGHT: way > 0, pygame.K_SPACE: self.trigger}

    def way(self, me):
        """-1 = left, 0 = stay, 1 = right."""
        bombs, hunted = self.game.Bomb.containers[0].sprites(), self.game.Alien.containers[0].sprites()
        near = [b.rect for b in bombs if abs(b.rect.centerx - me.centerx) < 45 and b.rect.bottom > 250]
        if near:
            away = 1 if me.centerx >= max(near, key=lambda rect: rect.bottom).centerx else -1
            edge = self.game.SCREENRECT.left if away < 0 else self.game.SCREENRECT.right
            cornered = edge in (me.left, me.right)
            return -away if cornered else away
        if not hunted:
            return 0
        alien = max(hunted, key=lambda alien: alien.rect.bottom)
        flight_frames = (me.top - alien.rect.bottom) / -self.game.Shot.speed
        offset = alien.rect.centerx + alien.facing * min(flight_frames, 20) - me.centerx
        return 0 if abs(offset) < 12 else (1 if offset > 0 else -1)
