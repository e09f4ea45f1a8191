//! The log that is searched: lines as a game might write them, with words whose frequency is known.

use serde_json::json;

/// Different words beside those that are searched for.
const VOCABULARY: f64 = 50_000.0;
const WORDS: u32 = 8;
pub(super) const DEVICES: i64 = 50;
const ROOMS: u64 = 40;
/// Microseconds that the log covers: 30 days.
pub(super) const SPAN: i64 = 30 * 24 * 3600 * 1_000_000;

/// Words that are searched for, and in how many of a hundred thousand lines they are.
pub(super) const COMMON: &str = "entered";
pub(super) const UNCOMMON: &str = "gatekeeper";
pub(super) const RARE: &str = "overcharged";
pub(super) const NEEDLE: &str = "needle_in_the_log";
pub(super) const ABSENT: &str = "unheardof";
const FREQUENCIES: [(&str, u64); 3] = [(COMMON, 40_000), (UNCOMMON, 300), (RARE, 30)];
const FREQUENCY_OF: u64 = 100_000;

/// One line of the log.
pub(super) struct Line {
    /// From 0, for each project.
    pub(super) device: i64,
    /// Microseconds since the first one.
    pub(super) micros: i64,
    pub(super) level: i32,
    pub(super) message: String,
    pub(super) fields: Option<String>,
}

/// The lines of one project, always the same ones.
pub(super) struct Corpus {
    random: u64,
    next: u64,
    count: u64,
}

impl Corpus {
    pub(super) fn new(project: u64, count: u64) -> Self {
        Self { random: project, next: 0, count }
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random() % bound
    }

    /// A word by Zipf's law: the second most common one is half as common as the first, the third a third.
    fn word(&mut self) -> String {
        let part = self.below(1 << 32) as f64 / f64::from(u32::MAX);
        spelled(VOCABULARY.powf(part) as u64)
    }

    fn message(&mut self) -> String {
        let mut words: Vec<String> = (0..WORDS).map(|_| self.word()).collect();
        for (word, frequency) in FREQUENCIES {
            if self.below(FREQUENCY_OF) < frequency {
                words.push(word.to_owned());
            }
        }
        if self.next == self.count * 37 / 100 {
            words.push(NEEDLE.to_owned());
        }
        let id = self.below(1 << 32);
        words.push(format!("x={}.{} id={id:08x}", self.below(1_000), self.below(10)));
        words.join(" ")
    }
}

impl Iterator for Corpus {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.next == self.count {
            return None;
        }
        let message = self.message();
        let level = match self.below(100) {
            0 => 4,
            1..6 => 3,
            6..20 => 1,
            _ => 2,
        };
        let fields = (self.below(2) == 0).then(|| {
            let (room, hp) = (format!("hall{}", self.below(ROOMS)), self.below(100));
            json!({ "room": room, "hp": hp }).to_string()
        });
        let device = self.below(DEVICES as u64) as i64;
        let micros = (i128::from(SPAN) * i128::from(self.next) / i128::from(self.count)) as i64;
        self.next += 1;
        Some(Line { device, micros, level, message, fields })
    }
}

/// A word for each number from 1 on; common ones are short.
fn spelled(mut number: u64) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta",
        "ve", "wi", "xo", "zu",
    ];
    let mut word = String::new();
    while number > 0 {
        word.push_str(SYLLABLES[(number % 20) as usize]);
        number /= 20;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_frequent_as_it_says() {
        let lines: Vec<Line> = Corpus::new(1, 20_000).collect();
        let with =
            |word: &str| lines.iter().filter(|line| line.message.split(' ').any(|w| w == word)).count();
        assert!((7_500..8_500).contains(&with(COMMON)), "{}", with(COMMON));
        assert!((30..100).contains(&with(UNCOMMON)), "{}", with(UNCOMMON));
        assert_eq!((with(NEEDLE), with(ABSENT)), (1, 0));
        // by Zipf's law the first is in about half of all lines
        let (first, second) = (with(&spelled(1)), with(&spelled(2)));
        assert!(first > second && second > with(&spelled(10)), "{first} {second}");
        assert!(
            lines.iter().all(|line| (0..SPAN).contains(&line.micros) && (0..DEVICES).contains(&line.device))
        );
        // the same again
        assert_eq!(Corpus::new(1, 20_000).last().unwrap().message, lines.last().unwrap().message);
    }
}
