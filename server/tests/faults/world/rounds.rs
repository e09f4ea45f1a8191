//! How often and how long: a few rounds in the test command, many when a variable says so.

use std::{fmt, str::FromStr, time::Duration};

/// The number in the variable, or else `few`.
pub fn count(variable: &str, few: u32) -> u32 {
    read(variable).unwrap_or(few)
}

/// The seconds in the variable, or else `short`.
pub fn seconds(variable: &str, short: u64) -> Duration {
    Duration::from_secs(read(variable).unwrap_or(short))
}

/// Chance that can be repeated: the seed is printed, and `OBSERVERIO_SEED` sets it.
pub fn chance(story: &str) -> fastrand::Rng {
    let seed = read("OBSERVERIO_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("{story}: repeat it with OBSERVERIO_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

fn read<T: FromStr<Err: fmt::Display>>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|why| panic!("{variable}={text}: {why}")))
}
