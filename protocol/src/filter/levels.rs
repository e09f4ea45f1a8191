//! Filters that ask for nothing but the level: what they let through can be counted without reading it.

use super::expr::{Expr, Term};
use crate::model::Level;

impl Expr {
    /// Which levels pass, if it asks for nothing else.
    pub(super) fn levels(&self) -> Option<[bool; 6]> {
        let join = |parts: &[Self], none: bool, join: fn(bool, bool) -> bool| {
            parts.iter().try_fold([none; 6], |sum, part| {
                let levels = part.levels()?;
                Some(std::array::from_fn(|level| join(sum[level], levels[level])))
            })
        };
        match self {
            Self::All(parts) => join(parts, true, |one, other| one && other),
            Self::Any(parts) => join(parts, false, |one, other| one || other),
            Self::Not(inner) => inner.levels().map(|levels| levels.map(|level| !level)),
            Self::Term(Term::Level { from, to }) => {
                Some(Level::ALL.map(|level| (*from..=*to).contains(&level)))
            }
            Self::Term(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Candidate, Filter};
    use crate::model::{Level, UnixMicros};

    #[test]
    fn levels_that_pass_are_those_that_the_filter_lets_through() {
        for filter in [
            "",
            "level:warn",
            "level>=warn",
            "-level:info",
            "level!=info level<fatal",
            "level:debug OR level>error",
            "-(level:debug OR level>error)",
            "level:trace level:warn",
        ] {
            let filter = Filter::parse(filter).unwrap();
            let passes = Level::ALL.map(|level| {
                let line =
                    Candidate { level, message: "", fields: None, device: "", received: UnixMicros(0) };
                filter.matches(&line, UnixMicros(0))
            });
            assert_eq!(filter.levels(), Some(passes), "{filter}");
        }
        for filter in
            ["boss", "level:warn boss", "level:warn OR boss", "since:5m level:warn", "-boss", "device:x"]
        {
            assert_eq!(Filter::parse(filter).unwrap().levels(), None, "{filter}");
        }
    }
}
