//! Times and numbers for people: short, and without a formatting library, which would weigh down the page.

use protocol::model::UnixMicros;

/// Time of day as `12:04:31.118`, so many minutes east of UTC.
pub fn time_of_day(at: UnixMicros, minutes_east: i32) -> String {
    const DAY_MS: i64 = 86_400_000;
    let millis = (at.millis() + i64::from(minutes_east) * 60_000).rem_euclid(DAY_MS);
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1_000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", millis % 1_000)
}

/// The same to the microsecond: `12:04:31.118042`.
pub fn micros_of_day(at: UnixMicros, minutes_east: i32) -> String {
    format!("{}{:03}", time_of_day(at, minutes_east), at.0.rem_euclid(1_000))
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

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Days since 1970-01-01 on calendars so many minutes east of UTC.
pub fn day_number(at: UnixMicros, minutes_east: i32) -> i64 {
    (at.millis() + i64::from(minutes_east) * 60_000).div_euclid(86_400_000)
}

/// Year, month from 0 and day of a day since 1970-01-01.
fn civil(day_number: i64) -> (i64, usize, i64) {
    // Howard Hinnant's civil_from_days: years begin in March, so that the leap day is the last one
    let days = day_number + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    (year_of_era + era * 400 + i64::from(month < 2), month as usize, day)
}

/// The day in UTC as `3 Dec 2026`.
pub fn day(at: UnixMicros) -> String {
    day_in(at, 0)
}

/// The day as `3 Dec 2026`, so many minutes east of UTC.
pub fn day_in(at: UnixMicros, minutes_east: i32) -> String {
    let (year, month, day) = civil(day_number(at, minutes_east));
    format!("{day} {} {year}", MONTHS[month])
}

/// The day as `Thu, 3 Dec 2026`, so many minutes east of UTC.
pub fn weekday(at: UnixMicros, minutes_east: i32) -> String {
    let weekday = WEEKDAYS[day_number(at, minutes_east).rem_euclid(7) as usize];
    format!("{weekday}, {}", day_in(at, minutes_east))
}

/// Day and time as `3 Dec 2026, 14:05:09`, so many minutes east of UTC.
pub fn moment(at: UnixMicros, minutes_east: i32) -> String {
    let time = time_of_day(at, minutes_east);
    format!("{}, {}", day_in(at, minutes_east), time.split_once('.').map_or("", |(seconds, _)| seconds))
}

/// From one time to another, each with its offset in minutes: `3 Dec 2026, 14:05:09 – 14:05:20`.
pub fn time_span((from, from_east): (UnixMicros, i32), (to, to_east): (UnixMicros, i32)) -> String {
    let end = if day_number(from, from_east) == day_number(to, to_east) {
        time_of_day(to, to_east).split('.').next().unwrap_or_default().to_owned()
    } else {
        moment(to, to_east)
    };
    format!("{} – {end}", moment(from, from_east))
}

/// As [`moment`], to the millisecond.
pub fn exact_moment(at: UnixMicros, minutes_east: i32) -> String {
    format!("{}, {}", day_in(at, minutes_east), time_of_day(at, minutes_east))
}

/// For the time column of a list about the day `day`: the time of day, or, of another day, its date in as many characters.
pub fn time_beside(at: UnixMicros, minutes_east: i32, day: i64) -> String {
    let its_day = day_number(at, minutes_east);
    if its_day == day {
        return time_of_day(at, minutes_east);
    }
    let ((year, month, of_month), (this_year, ..)) = (civil(its_day), civil(day));
    let month = MONTHS[month];
    if year == this_year {
        let time = time_of_day(at, minutes_east);
        format!("{of_month:>2} {month} {}", time.get(..5).unwrap_or_default())
    } else {
        format!("{of_month:>2} {month} {year}")
    }
}

/// Sortable and of fixed width, for files: `2026-12-03 14:05:09.118`.
pub fn stamp(at: UnixMicros, minutes_east: i32) -> String {
    let (year, month, day) = civil(day_number(at, minutes_east));
    format!("{year:04}-{:02}-{day:02} {}", month + 1, time_of_day(at, minutes_east))
}

/// An offset as `UTC+02:00`, and `UTC` for none.
pub fn offset(minutes_east: i32) -> String {
    let (sign, minutes) = if minutes_east < 0 { ('\u{2212}', -minutes_east) } else { ('+', minutes_east) };
    match minutes {
        0 => "UTC".to_owned(),
        _ => format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    }
}

/// A number with thousands separators: `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A browser's usual name, from its user agent: `Firefox on Linux`.
pub fn browser(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    // each also claims to be those below it
    let program = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

/// At most so many characters, with `…` where the rest was cut off.
pub fn shortened(text: &str, chars: usize) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// `1 game`, `3 games`.
pub fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// `512 bytes`, `1.5 MiB`, `8 GiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut size, mut unit) = (number as f64, None);
    for next in UNITS {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, Some(next));
    }
    match unit {
        None => count(usize::try_from(number).unwrap_or(usize::MAX), "byte"),
        Some(unit) if size.fract() < 0.05 => format!("{size:.0} {unit}"),
        Some(unit) => format!("{size:.1} {unit}"),
    }
}

/// `1 line refused`, `12 lines refused`.
pub fn refused(lines: u64) -> String {
    match lines {
        1 => "1 line refused".to_owned(),
        _ => format!("{lines} lines refused"),
    }
}

/// `1 offline device made room for a new one`.
pub fn gave_way(devices: u64) -> String {
    match devices {
        1 => "1 offline device made room for a new one".to_owned(),
        _ => format!("{devices} offline devices made room for new ones"),
    }
}

/// A name or a value inside a sentence of ours. Right-to-left text and direction marks affect nothing but themselves.
pub fn isolated(text: &str) -> std::borrow::Cow<'_, str> {
    const ISOLATE: char = '\u{2068}';
    const END: char = '\u{2069}';
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_rtl = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}');
    if !text.contains(|c| turns(c) || is_rtl(c)) {
        return text.into();
    }
    // a mark of its own could close the isolate early
    let plain = text.chars().filter(|c| !turns(*c));
    std::iter::once(ISOLATE).chain(plain).chain([END]).collect::<String>().into()
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
    fn bytes_have_a_unit() {
        let said = [1, 1_023, 1_024, 1_572_864, 8 << 30, 5 << 40].map(bytes);
        assert_eq!(said, ["1 byte", "1023 bytes", "1 KiB", "1.5 MiB", "8 GiB", "5 TiB"]);
    }

    #[test]
    fn the_time_of_day_follows_the_zone_over_midnight() {
        let at = UnixMicros::parse_rfc3339("2026-11-22T23:04:05.006Z").unwrap();
        assert_eq!(time_of_day(at, 0), "23:04:05.006");
        assert_eq!(time_of_day(at, 60), "00:04:05.006");
        assert_eq!(time_of_day(at, -330), "17:34:05.006");
        assert_eq!(time_of_day(UnixMicros(-1_000), 0), "23:59:59.999");
        assert_eq!(micros_of_day(UnixMicros(at.0 + 42), 60), "00:04:05.006042");
        assert_eq!(micros_of_day(UnixMicros(-1), 0), "23:59:59.999999");
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
    fn days_follow_the_calendar() {
        let said = |text: &str| day(UnixMicros::parse_rfc3339(text).unwrap());
        assert_eq!(said("1970-01-01T00:00:00Z"), "1 Jan 1970");
        assert_eq!(said("2026-12-31T23:59:59.999Z"), "31 Dec 2026");
        assert_eq!(said("2028-02-29T12:00:00Z"), "29 Feb 2028");
        assert_eq!(said("2028-03-01T00:00:00Z"), "1 Mar 2028");
        assert_eq!(said("2100-02-28T23:00:00Z"), "28 Feb 2100");
        assert_eq!(said("2100-03-01T00:00:00Z"), "1 Mar 2100");
        assert_eq!(day(UnixMicros(-1)), "31 Dec 1969");
        let at = UnixMicros::parse_rfc3339("2026-11-22T23:04:05.006Z").unwrap();
        assert_eq!(moment(at, 0), "22 Nov 2026, 23:04:05");
        assert_eq!(moment(at, 60), "23 Nov 2026, 00:04:05");
        assert_eq!(weekday(at, 60), "Mon, 23 Nov 2026");
        let later = UnixMicros(at.0 + 3_600_000_000);
        assert_eq!(time_span((at, 60), (later, 60)), "23 Nov 2026, 00:04:05 – 01:04:05");
        assert_eq!(time_span((at, 0), (later, 0)), "22 Nov 2026, 23:04:05 – 23 Nov 2026, 00:04:05");
        assert_eq!(exact_moment(at, -330), "22 Nov 2026, 17:34:05.006");
        assert_eq!(stamp(at, 60), "2026-11-23 00:04:05.006");
    }

    #[test]
    fn a_time_of_another_day_says_so_in_the_same_width() {
        let at = |text: &str| UnixMicros::parse_rfc3339(text).unwrap();
        let today = day_number(at("2026-11-22T12:00:00Z"), 60);
        let said = |text: &str| time_beside(at(text), 60, today);
        assert_eq!(said("2026-11-22T12:00:00Z"), "13:00:00.000");
        assert_eq!(said("2026-11-22T23:30:00Z"), "23 Nov 00:30");
        assert_eq!(said("2026-07-05T12:00:00Z"), " 5 Jul 13:00");
        assert_eq!(said("2025-07-05T12:00:00Z"), " 5 Jul 2025");
    }

    #[test]
    fn offsets_and_long_numbers_can_be_read() {
        assert_eq!([0, 60, 345, -210].map(offset), ["UTC", "UTC+01:00", "UTC+05:45", "UTC\u{2212}03:30"]);
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_browser_is_called_by_its_own_name() {
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(browser(edge), "Edge on Windows");
        assert_eq!(
            browser("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Linux"
        );
        assert_eq!(
            browser("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"),
            "Safari on iPhone"
        );
        assert_eq!(browser("curl/8.5.0"), "curl");
        assert_eq!(browser(""), "Unknown browser");
    }

    #[test]
    fn a_name_turns_nothing_but_itself() {
        assert_eq!(isolated("Ana – 50 %, naïve 日本"), "Ana – 50 %, naïve 日本");
        assert_eq!(isolated("דנה"), "\u{2068}דנה\u{2069}");
        assert_eq!(isolated("سرعة 5"), "\u{2068}سرعة 5\u{2069}");
        assert_eq!(isolated("a\u{202e}cba\u{2069}"), "\u{2068}acba\u{2069}");
        assert_eq!(isolated(""), "");
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
