//! A pointer that drags a value sideways: whether it drags at all, and how far. Pure, for tests.

/// How far a touch moves before it counts as a drag or a scroll.
const SLOP_PX: f64 = 8.0;

/// What a pointer that is down is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A touch that may still become a scroll.
    Undecided,
    Dragging,
    /// It scrolls the page, and drags nothing until it is lifted.
    Scrolling,
}

/// One pointer from going down to going up.
#[derive(Clone, Copy, Debug)]
pub struct Drag {
    pointer: i32,
    start: (f64, f64),
    x: f64,
    travelled: f64,
    phase: Phase,
}

impl Drag {
    /// It went down. A mouse drags at once; a touch may be about to scroll.
    pub fn begin(pointer: i32, x: f64, y: f64, is_touch: bool) -> Self {
        let phase = if is_touch { Phase::Undecided } else { Phase::Dragging };
        Self { pointer, start: (x, y), x, travelled: 0.0, phase }
    }

    /// It moved. The pixels that it has dragged to the right since it went down, each counted `factor` times; `None` while
    /// it drags nothing.
    pub fn moved(&mut self, pointer: i32, x: f64, y: f64, factor: f64) -> Option<f64> {
        if pointer != self.pointer {
            return None;
        }
        if self.phase == Phase::Undecided {
            let (sideways, down) = ((x - self.start.0).abs(), (y - self.start.1).abs());
            if sideways.max(down) < SLOP_PX {
                return None;
            }
            self.phase = if sideways > down { Phase::Dragging } else { Phase::Scrolling };
        }
        if self.phase == Phase::Scrolling {
            return None;
        }
        self.travelled += (x - self.x) * factor;
        self.x = x;
        Some(self.travelled)
    }

    /// Whether it is this pointer that drags.
    pub fn is_by(&self, pointer: i32) -> bool {
        self.pointer == pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mouse_drags_from_the_first_pixel() {
        let mut drag = Drag::begin(1, 100.0, 50.0, false);
        assert_eq!(drag.moved(1, 101.0, 50.0, 1.0), Some(1.0));
        assert_eq!(drag.moved(1, 90.0, 300.0, 1.0), Some(-10.0));
    }

    #[test]
    fn a_touch_drags_only_after_it_has_moved_sideways() {
        let mut drag = Drag::begin(1, 100.0, 50.0, true);
        assert_eq!(drag.moved(1, 104.0, 52.0, 1.0), None);
        assert_eq!(drag.moved(1, 110.0, 53.0, 1.0), Some(10.0), "the thumb stays under the finger");
        assert_eq!(drag.moved(1, 120.0, 300.0, 1.0), Some(20.0), "once it drags it goes on");
    }

    #[test]
    fn a_touch_that_scrolls_drags_nothing_until_it_is_lifted() {
        let mut drag = Drag::begin(1, 100.0, 50.0, true);
        assert_eq!(drag.moved(1, 103.0, 60.0, 1.0), None);
        assert_eq!(drag.moved(1, 200.0, 60.0, 1.0), None);
    }

    #[test]
    fn it_slows_down_without_a_jump() {
        let mut drag = Drag::begin(1, 0.0, 0.0, false);
        assert_eq!(drag.moved(1, 50.0, 0.0, 1.0), Some(50.0));
        assert_eq!(drag.moved(1, 60.0, 0.0, 0.1), Some(51.0));
        assert_eq!(drag.moved(1, 61.0, 0.0, 1.0), Some(52.0));
    }

    #[test]
    fn a_second_finger_does_not_take_part() {
        let mut drag = Drag::begin(1, 0.0, 0.0, false);
        assert_eq!(drag.moved(2, 50.0, 0.0, 1.0), None);
        assert!(drag.is_by(1) && !drag.is_by(2));
    }
}
