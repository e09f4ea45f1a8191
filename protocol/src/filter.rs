//! The log filter: what is typed into the box above the log.
//!
//! Terms are joined by AND: `word`, `"a phrase"`, `level>=warn` (and `>`, `<=`, `<`, `=`, `!=`, `:`), `device:name`,
//! `device:"a name"`, and `-` or `!` before any of them for its opposite. Neither case nor the way in which an accent is
//! written matters. A term is looked for in the message and in the further fields.

mod fold;
mod read;
mod term;

pub use self::term::{Candidate, FilterError};
use self::{read::Reader, term::Term};

/// A filter, parsed once and matched many times. The empty filter matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Reads what was typed.
    ///
    /// # Errors
    /// What has no meaning here, such as an unknown level or field, a quote without its end, `OR` or `*`; with the place
    /// and what to write instead. It never repeats what was typed.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Ok(Self { terms: Reader::new(text).terms()? })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a line passes.
    pub fn matches(&self, line: &Candidate<'_>) -> bool {
        self.terms.iter().all(|term| term.passes(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Level;

    fn passes(filter: &str, message: &str) -> bool {
        let line =
            Candidate { level: Level::Warn, message, fields: Some(r#"{"tag":"AI"}"#), device: "Pixel 7" };
        Filter::parse(filter).unwrap().matches(&line)
    }

    #[test]
    fn terms_are_joined_by_and() {
        assert!(passes("", "x"));
        assert!(passes("boss spawn", "Spawned the BOSS"));
        assert!(!passes("boss lost", "Spawned the BOSS"));
        assert!(passes("\"the boss\"", "Spawned the BOSS"));
        assert!(!passes("\"boss the\"", "Spawned the BOSS"));
        assert!(passes("straße", "DIE STRASSE, die STRAßE"));
        assert!(passes("Σ", "ΟΔΟΣ"));
        assert!(passes("οδοσ", "ΟΔΟΣ 7"));
    }

    #[test]
    fn minus_is_the_opposite_and_alone_is_text() {
        assert!(!passes("-boss", "the boss"));
        assert!(passes("-level:error", "x"));
        assert!(passes("a - b", "a - b"));
        assert!(!passes("-", "x"));
    }

    #[test]
    fn levels_fields_and_devices_are_found() {
        assert!(passes("level>=warn", "x"));
        assert!(!passes("level>=error", "x"));
        assert!(passes("level:warn ai device:pixel", "x"));
        assert!(!passes("device:steam", "x"));
    }

    #[test]
    fn levels_are_compared_as_they_are_ordered() {
        let passing = |filter: &str| -> Vec<&str> {
            let filter = Filter::parse(filter).unwrap();
            let line = |level| Candidate { level, message: "", fields: None, device: "" };
            Level::ALL.into_iter().filter(|level| filter.matches(&line(*level))).map(Level::as_str).collect()
        };
        assert_eq!(passing("level>warn"), ["error", "fatal"]);
        assert_eq!(passing("level>=warn"), ["warn", "error", "fatal"]);
        assert_eq!(passing("level<=info"), ["trace", "debug", "info"]);
        assert_eq!(passing("level<info"), ["trace", "debug"]);
        assert_eq!(passing("LEVEL=Warning level==warn level:warn"), ["warn"]);
        assert_eq!(passing("level!=warn"), passing("!level:warn"));
        assert_eq!(passing("-level!=\"warn\""), ["warn"]);
        assert_eq!(passing("level>debug level<error"), ["info", "warn"]);
    }

    #[test]
    fn a_device_is_named_with_its_spaces() {
        let line = Candidate { level: Level::Info, message: "x", fields: None, device: "Ana's phone" };
        let passes = |filter: &str| Filter::parse(filter).unwrap().matches(&line);
        assert!(passes(r#"device:"Ana's phone""#) && passes("device:“ana's phone” x"));
        assert!(!passes(r#"device:"Ben's phone""#) && !passes(r#"device!="Ana's phone""#));
        assert!(passes(r#"-device:"Ben's phone""#));
    }

    #[test]
    fn an_exclamation_mark_is_the_opposite_too() {
        assert!(!passes("!boss", "the boss") && passes("!boss", "x") && !passes("!\"the boss\"", "the boss"));
        assert!(passes("a != b", "a != b") && passes("!!!", "fire!!!") && passes("!", "fire!"));
    }

    #[test]
    fn accents_are_found_however_they_are_written() {
        assert!(passes("caf\u{e9}", "CAFE\u{301} open") && passes("cafe\u{301}", "Caf\u{e9} open"));
        assert!(!passes("caf\u{e9}", "cafe"));
    }

    #[test]
    fn what_is_wrong_is_underlined() {
        for (filter, wrong, advice) in [
            ("a level>=loud", "level>=loud", "trace, debug"),
            ("a -\"open", "-\"open", "no end"),
            ("level >= warn", "level >=", "without a space"),
            ("level>= warn", "level>=", "without a space"),
            ("level>fatal", "level>fatal", ">="),
            ("level<trace", "level<trace", "<="),
            ("device: phone", "device:", "device:phone"),
            ("device:'Ana's phone'", "device:'Ana's", "double quotes"),
            ("boss room:hall", "room:hall", "double quotes"),
            ("boss room=\"big hall\" x", "room=\"big hall\"", "double quotes"),
            ("hp>5", "hp>5", "level and device"),
            ("since:5m", "since:5m", "time"),
            ("error OR fatal", "OR", "level>="),
            ("error || fatal", "||", "level>="),
            ("error AND fatal", "AND", "all terms"),
            ("NOT error", "NOT", "-boss"),
            ("(error)", "(error)", "double quotes"),
            ("error fatal)", "fatal)", "double quotes"),
            ("fat*", "fat*", "leave the *"),
            ("-fat*", "-fat*", "leave the *"),
            ("device:pix*", "device:pix*", "leave the *"),
        ] {
            let fault = Filter::parse(filter).unwrap_err();
            assert_eq!(&filter[fault.start..fault.end], wrong);
            assert!(fault.text.contains(advice), "{filter}: {}", fault.text);
        }
        let long = "é".repeat(crate::limits::MAX_FILTER_BYTES / 2 + 1);
        assert_eq!(Filter::parse(&long).unwrap_err().end, long.len());
    }

    #[test]
    fn what_only_looks_like_a_field_is_text() {
        for text in
            ["error:", "std::fmt", "http://x/", r"C:\games", "12:30", "a->b", "spawn()", "*", "or", "x-"]
        {
            assert!(passes(text, &format!("so {text} it is")), "{text}");
        }
    }
}
