//! Times and numbers for people, short and without the weight of a formatting library.

use protocol::model::UnixMicros;

/// Time of day as `12:04:31.118`, so many minutes east of UTC.
pub fn time_of_day(at: UnixMicros, minutes_east: i32) -> String {
    const DAY_MS: i64 = 86_400_000;
    let millis = (at.millis() + i64::from(minutes_east) * 60_000).rem_euclid(DAY_MS);
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1_000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", millis % 1_000)
}

/// How long ago, roughly: `just now`, `42 s ago`, `12 min ago`, `3 h ago`, `5 days ago`.
pub fn ago(then: UnixMicros, now: UnixMicros) -> String {
    let seconds = (now.0 - then.0).max(0) / 1_000_000;
    match seconds {
        0..10 => "just now".to_owned(),
        10..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        86_400..172_800 => "1 day ago".to_owned(),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// `1 game`, `3 games`.
pub fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// How long something took: `<0.1 ms`, `0.8 ms`, `23 ms`, `1.2 s`, `14 s`, `3 min`.
pub fn latency(micros: u32) -> String {
    let micros = f64::from(micros);
    match micros {
        ..50.0 => "<0.1 ms".to_owned(),
        ..950.0 => format!("{:.1} ms", micros / 1e3),
        ..999_500.0 => format!("{:.0} ms", micros / 1e3),
        ..9_950_000.0 => format!("{:.1} s", micros / 1e6),
        ..119_500_000.0 => format!("{:.0} s", micros / 1e6),
        _ => format!("{:.0} min", micros / 6e7),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_follows_the_zone_over_midnight() {
        let at = UnixMicros::parse_rfc3339("2026-11-22T23:04:05.006Z").unwrap();
        assert_eq!(time_of_day(at, 0), "23:04:05.006");
        assert_eq!(time_of_day(at, 60), "00:04:05.006");
        assert_eq!(time_of_day(at, -330), "17:34:05.006");
        assert_eq!(time_of_day(UnixMicros(-1_000), 0), "23:59:59.999");
    }

    #[test]
    fn ago_changes_its_unit() {
        let ago_s = |seconds: i64| ago(UnixMicros(0), UnixMicros(seconds * 1_000_000));
        let said: Vec<String> = [-5, 9, 10, 60, 3_599, 3_600, 86_400, 172_800].map(ago_s).into();
        let expected = [
            "just now",
            "just now",
            "10 s ago",
            "1 min ago",
            "59 min ago",
            "1 h ago",
            "1 day ago",
            "2 days ago",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_latency_has_the_digits_that_matter() {
        let said: Vec<String> = [
            0,
            49,
            50,
            840,
            949,
            950,
            1_400,
            23_400,
            999_499,
            999_500,
            1_240_000,
            9_949_999,
            9_950_000,
            119_499_999,
            u32::MAX,
        ]
        .map(latency)
        .into();
        let expected = [
            "<0.1 ms", "<0.1 ms", "0.1 ms", "0.8 ms", "0.9 ms", "1 ms", "1 ms", "23 ms", "999 ms", "1.0 s",
            "1.2 s", "9.9 s", "10 s", "119 s", "72 min",
        ];
        assert_eq!(said, expected);
    }
}
