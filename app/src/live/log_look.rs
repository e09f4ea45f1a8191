//! How the log's lines look; with it, a link shows others the same.

/// At most so many fields are columns.
pub const MAX_PINS: usize = 4;
/// Characters of a pinned field's path.
const MAX_PIN_CHARS: usize = 120;

/// How times are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// The time of day, to the millisecond.
    #[default]
    Clock,
    /// The same, to the microsecond.
    Micros,
    /// How long ago.
    Ago,
}

impl TimeStyle {
    /// All of them, each with its name in the address and for people.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Clock, "", "Time of day"),
        (Self::Micros, "us", "To the microsecond"),
        (Self::Ago, "ago", "How long ago"),
    ];
}

/// Which lines that follow each other are shown as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dedup {
    /// None.
    #[default]
    None,
    /// Those of one device that differ in nothing but the time.
    Exact,
    /// Those of one device whose messages differ in numbers only, whatever their fields are.
    Numbers,
}

impl Dedup {
    /// All of them, each with its name in the address and for people.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::None, "", "Show repeats"),
        (Self::Exact, "exact", "Join repeats"),
        (Self::Numbers, "numbers", "Join, numbers aside"),
    ];
}

/// How lines look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLook {
    /// Long lines wrap (`wrap`).
    pub wraps: bool,
    /// How times are written (`time`).
    pub time: TimeStyle,
    /// Which lines are joined (`dedup`).
    pub dedup: Dedup,
    /// Fields that have columns of their own, by their paths (`cols`).
    pub pins: Vec<String>,
    /// Edits and comings and goings of devices have no lines (`events=off`).
    pub hides_events: bool,
}

impl LogLook {
    /// Takes one parameter of an address. What is not understood is ignored.
    pub(super) fn read(&mut self, key: &str, value: &str) {
        match key {
            "wrap" => self.wraps = value == "1",
            "time" => self.time = of_name(&TimeStyle::ALL, value),
            "dedup" => self.dedup = of_name(&Dedup::ALL, value),
            "events" => self.hides_events = value == "off",
            "cols" => value.split(',').map(unescaped).for_each(|path| self.pin(path)),
            _ => {}
        }
    }

    /// The parameters of an address; empty ones are left out of it.
    pub(super) fn parts(&self) -> [(&'static str, String); 5] {
        let flag = |is: bool, word: &str| if is { word.to_owned() } else { String::new() };
        let pins: Vec<String> = self.pins.iter().map(|path| escaped(path)).collect();
        [
            ("wrap", flag(self.wraps, "1")),
            ("time", name_of(&TimeStyle::ALL, self.time).to_owned()),
            ("dedup", name_of(&Dedup::ALL, self.dedup).to_owned()),
            ("events", flag(self.hides_events, "off")),
            ("cols", pins.join(",")),
        ]
    }

    /// Gives a field a column, if there is room.
    pub fn pin(&mut self, path: String) {
        let fits = self.pins.len() < MAX_PINS && (1..=MAX_PIN_CHARS).contains(&path.chars().count());
        if fits && !self.pins.contains(&path) {
            self.pins.push(path);
        }
    }

    /// Takes a field's column away.
    pub fn unpin(&mut self, path: &str) {
        self.pins.retain(|pin| pin != path);
    }
}

/// The one with this name in an address; the first one if there is none.
pub fn of_name<T: Copy + Default>(all: &[(T, &str, &str)], name: &str) -> T {
    all.iter().find(|(_, known, _)| *known == name).map_or_else(T::default, |(value, ..)| *value)
}

/// The name in an address.
pub fn name_of<T: Copy + PartialEq>(all: &[(T, &'static str, &str)], value: T) -> &'static str {
    all.iter().find(|(known, ..)| *known == value).map_or("", |(_, name, _)| *name)
}

/// Commas stand between paths.
fn escaped(path: &str) -> String {
    path.replace('~', "~0").replace(',', "~1")
}

fn unescaped(path: &str) -> String {
    path.replace("~1", ",").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn again(look: &LogLook) -> LogLook {
        let mut read = LogLook::default();
        look.parts().iter().for_each(|(key, value)| read.read(key, value));
        read
    }

    #[test]
    fn at_most_four_fields_are_columns_each_of_them_once() {
        let mut look = LogLook::default();
        for path in ["hp", "pos.x", "hp", "", "a,b~1", "tags[0]", "one too many"] {
            look.pin(path.to_owned());
        }
        assert_eq!(look.pins, ["hp", "pos.x", "a,b~1", "tags[0]"]);
        assert_eq!(again(&look), look);
        look.unpin("pos.x");
        assert_eq!(look.pins, ["hp", "a,b~1", "tags[0]"]);
        look.read("cols", &"x".repeat(MAX_PIN_CHARS + 1));
        assert_eq!(look.pins.len(), 3);
    }

    #[test]
    fn every_look_comes_back_from_its_parts() {
        for (time, ..) in TimeStyle::ALL {
            for (dedup, ..) in Dedup::ALL {
                let look = LogLook { wraps: true, time, dedup, pins: Vec::new(), hides_events: true };
                assert_eq!(again(&look), look);
            }
        }
        assert!(LogLook::default().parts().iter().all(|(_, value)| value.is_empty()));
    }

    proptest! {
        #[test]
        fn any_path_comes_back(path in "\\PC{1,20}") {
            let look = LogLook { pins: vec![path], ..LogLook::default() };
            prop_assert_eq!(again(&look), look);
        }
    }
}
