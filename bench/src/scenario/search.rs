//! A large log is searched: the newest two hundred lines with a word, over all time and over a part of it.

mod corpus;
mod database;

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, ensure};
use clap::Args;
use protocol::model::{Level, ProjectId, UnixMicros};
use serde_json::{Value as Json, json};

use self::corpus::{ABSENT, COMMON, Corpus, NEEDLE, RARE, SPAN, UNCOMMON};
use super::{Common, project::Project};
use crate::{
    http,
    report::{Report, Run, Times, record, times},
    stored::Stored,
};

/// How many of the newest lines are wanted.
const LINES: usize = 200;
/// Bars of a histogram.
const BARS: u16 = 120;
/// How often SQL alone and ripgrep are asked: they read everything each time.
const SLOW_REPEATS: usize = 3;
/// Of so many parts of the time one is searched, the newest or one in the middle.
const PARTS: i64 = 25;
/// Of ten lines, so many are of the project that is searched.
const OF_FIRST: u64 = 7;
const OTHERS: u64 = 3;

/// How much is searched, and how often.
#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    common: Common,
    /// Lines in the database: seven of ten are of the project that is searched
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    rows: u64,
    /// How often each search is repeated
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
}

/// A search, as a filter and as SQL.
struct Case {
    name: String,
    filter: String,
    condition: String,
}

/// A part of the time, in microseconds since 1970.
struct Range {
    name: &'static str,
    from: i64,
    until: i64,
}

impl Search {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        self.common.prepare(1)?;
        let mut server = self.common.start().await?;
        let cookie = http::set_up(&server.http, &server.setup_token).await?;
        let mut stored = Stored::open(&server).await?;
        let begin = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())? - SPAN;

        let mut projects = Vec::new();
        for number in 0..=OTHERS {
            projects.push(Project::create(&server, &mut stored, number as u32 + 1).await?.id);
        }
        // it indexes what an older version has stored from its start on
        server.kill().await?;
        let (filled, lines) = self.fill(&mut stored, &projects, begin).await?;
        server.restart().await?;
        let indexed = database::indexed(&mut stored).await?;
        let mut weight = Run::new("the database");
        let (log, index) = database::bytes(&mut stored).await?;
        weight.number("filled past the server", per_second(self.rows, filled), "lines/s", self.rows);
        weight.number("indexed in the background", per_second(self.rows, indexed), "lines/s", self.rows);
        weight.number("log and all else", log as f64 / self.rows as f64, "bytes/line", self.rows);
        weight.number("index", index as f64 / self.rows as f64, "bytes/line", self.rows);
        weight.known(
            "resident memory of the server, most",
            server.peak_resident_kib().map(super::mebibytes),
            "MiB",
        );

        let mut runs = vec![weight];
        let asker = Asker { host: &server.http, cookie: &cookie, project: projects[0] };
        for (title, cases) in [("words", word_cases(begin)), ("other conditions", other_cases())] {
            runs.push(self.measure(title, &cases, &asker, &mut stored).await?);
        }
        runs.push(self.histograms(begin, &asker, &mut stored).await?);
        runs.push(self.sql(&word_cases(begin)[..5], projects[0], &mut stored).await?);
        runs.push(ripgrep(Corpus::new(0, lines))?);
        let settings = vec![("lines", json!(self.rows)), ("repeats", json!(self.repeats))];
        self.common.publish(&Report { scenario: "search", settings, runs })
    }

    /// Fills the projects; how long that took, and how many lines the first one has.
    async fn fill(
        &self,
        stored: &mut Stored,
        projects: &[ProjectId],
        begin: i64,
    ) -> anyhow::Result<(Duration, u64)> {
        let (begun, mut first) = (Instant::now(), 0);
        for (number, project) in projects.iter().enumerate() {
            let tenths = if number == 0 { OF_FIRST } else { 1 };
            let corpus = Corpus::new(number as u64, self.rows * tenths / (OF_FIRST + OTHERS));
            let device = database::add_devices(stored, *project, begin).await?;
            let lines = database::fill(stored, *project, device, begin, corpus).await?;
            if number == 0 {
                first = lines;
            }
        }
        if matches!(stored, Stored::Postgres(_)) {
            database::execute(stored, "ANALYZE logs").await?;
        }
        Ok((begun.elapsed(), first))
    }

    /// Each of them several times, compared with what SQL alone finds.
    async fn measure(
        &self,
        title: &str,
        cases: &[Case],
        asker: &Asker<'_>,
        stored: &mut Stored,
    ) -> anyhow::Result<Run> {
        let mut run = Run::new(format!("newest {LINES} lines through the HTTP API: {title}"));
        for Case { name, filter, condition } in cases {
            let (mut took, mut requests) = (times(), 0);
            let mut found = Vec::new();
            for _ in 0..self.repeats {
                let begun = Instant::now();
                (found, requests) = asker.newest(filter).await?;
                record(&mut took, begun.elapsed());
            }
            let expected = database::newest(stored, asker.project, condition, LINES).await?;
            ensure!(found == expected, "{filter}: {} lines found, {} expected", found.len(), expected.len());
            run.times(format!("{name}: {} found, requests {requests}", found.len()), took);
        }
        Ok(run)
    }

    /// Counts over time, compared with what SQL alone counts; with a word, as far back as one request counted.
    async fn histograms(&self, begin: i64, asker: &Asker<'_>, stored: &mut Stored) -> anyhow::Result<Run> {
        let mut run = Run::new(format!("histogram of {BARS} bars through the HTTP API"));
        let (end, part) = (begin + SPAN, SPAN / PARTS);
        for (name, filter, condition, from) in [
            ("no filter, all", "", "TRUE", begin),
            ("no filter, newest 4 %", "", "TRUE", end - part),
            ("level>=warn, all", "level>=warn", "level >= 3", begin),
            ("0.3 %, as far as it counts", UNCOMMON, &*format!("message LIKE '%{UNCOMMON}%'"), begin),
        ] {
            let (mut took, mut counted) = (times(), (0, from));
            for _ in 0..self.repeats {
                let begun = Instant::now();
                counted = asker.histogram(filter, from, end).await?;
                record(&mut took, begun.elapsed());
            }
            let (count, counted_from) = counted;
            let expected = database::count(stored, asker.project, condition, counted_from, end).await?;
            ensure!(count == expected, "{name}: {count} lines counted, {expected} expected");
            run.times(format!("{name}: {count} lines"), took);
        }
        Ok(run)
    }

    async fn sql(&self, cases: &[Case], project: ProjectId, stored: &mut Stored) -> anyhow::Result<Run> {
        let mut run = Run::new("the same by SQL alone, on the same tables");
        for Case { name, condition, .. } in cases {
            let mut took = times();
            for _ in 0..SLOW_REPEATS {
                let begun = Instant::now();
                database::newest(stored, project, condition, LINES).await?;
                record(&mut took, begun.elapsed());
            }
            run.times(name.clone(), took);
        }
        Ok(run)
    }
}

/// Somebody who searches a project.
struct Asker<'a> {
    host: &'a str,
    cookie: &'a str,
    project: ProjectId,
}

impl Asker<'_> {
    /// The numbers of the newest lines that pass, and how many requests that took.
    async fn newest(&self, filter: &str) -> anyhow::Result<(Vec<i64>, usize)> {
        let (mut found, mut cursor, mut requests) = (Vec::new(), String::new(), 0);
        loop {
            let path = format!(
                "/api/v1/projects/{}/logs?limit={}&q={}{cursor}",
                self.project,
                LINES - found.len(),
                encoded(filter)
            );
            let page: Json = serde_json::from_str(&http::get(self.host, &path, self.cookie).await?)?;
            requests += 1;
            let items = page["items"].as_array().context("a page has items")?;
            found.extend(items.iter().filter_map(|line| line["seq"].as_i64()));
            match page["next"].as_str().filter(|_| found.len() < LINES) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok((found, requests)),
            }
        }
    }
}

impl Asker<'_> {
    /// How many lines a histogram counts, and from what time on, in microseconds since 1970.
    async fn histogram(&self, filter: &str, from: i64, to: i64) -> anyhow::Result<(i64, i64)> {
        let query = format!("bars={BARS}&from={from}&to={to}&q={}", encoded(filter));
        let path = format!("/api/v1/projects/{}/logs/histogram?{query}", self.project);
        let histogram: Json = serde_json::from_str(&http::get(self.host, &path, self.cookie).await?)?;
        let bars = histogram["bars"].as_array().context("a histogram has bars")?;
        let levels = Level::ALL.map(Level::as_str);
        let counts = bars.iter().flat_map(|bar| levels.map(|level| bar[level].as_i64().unwrap_or(0)));
        let counted_from = histogram["counted_from"].as_str().and_then(UnixMicros::parse_rfc3339);
        Ok((counts.sum(), counted_from.context("it says from what time on it has counted")?.0))
    }
}

/// For a query parameter.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Each class of words over each part of the time; those over all of it come first.
fn word_cases(begin: i64) -> Vec<Case> {
    let (end, part) = (begin + SPAN, SPAN / PARTS);
    let middle = begin + PARTS / 2 * part;
    let ranges = [
        Range { name: "all", from: begin, until: end + part },
        Range { name: "newest 4 %", from: end - part, until: end + part },
        Range { name: "middle 4 %", from: middle, until: middle + part },
    ];
    let classes =
        [("40 %", COMMON), ("0.3 %", UNCOMMON), ("0.03 %", RARE), ("one line", NEEDLE), ("no line", ABSENT)];
    let case = |range: &Range, (class, word): (&str, &str)| {
        let Range { name, from, until } = range;
        let times = if *name == "all" { String::new() } else { format!(" since:{from} before:{until}") };
        Case {
            name: format!("{class}, {name}"),
            filter: format!("{word}{times}"),
            condition: format!("message LIKE '%{word}%' AND received >= {from} AND received < {until}"),
        }
    };
    ranges.iter().flat_map(|range| classes.map(|class| case(range, class))).collect()
}

/// Levels, devices, fields and regular expressions.
fn other_cases() -> Vec<Case> {
    let uncommon = format!("message LIKE '%{UNCOMMON}%'");
    let device = "device_id IN (SELECT id FROM devices WHERE name = 'bench device 07')";
    let cases = [
        ("level", "level:error".to_owned(), "level = 4".to_owned()),
        ("0.3 % and a level", format!("{UNCOMMON} level>=warn"), format!("{uncommon} AND level >= 3")),
        ("device", "device:\"device 07\"".to_owned(), device.to_owned()),
        (
            "0.3 % and a device",
            format!("{UNCOMMON} device:\"device 07\""),
            format!("{uncommon} AND {device}"),
        ),
        (
            "0.3 % and a field",
            format!("{UNCOMMON} room:hall11"),
            format!("{uncommon} AND fields LIKE '%\"room\":\"hall11\"%'"),
        ),
        (
            "0.3 % and a regular expression",
            format!("{UNCOMMON} /x=7[0-9]*\\.5 /"),
            format!("{uncommon} AND message LIKE '%x=7%' AND message LIKE '%.5 id%'"),
        ),
    ];
    let case =
        |(name, filter, condition): (&str, String, String)| Case { name: name.to_owned(), filter, condition };
    cases.map(case).into()
}

/// The same words in a file with the same lines.
fn ripgrep(corpus: Corpus) -> anyhow::Result<Run> {
    let mut run = Run::new("ripgrep, all matches in a file with the project's lines");
    if Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_err() {
        run.known("ripgrep is not installed", None, "ms");
        return Ok(run);
    }
    let mut file = std::io::BufWriter::new(tempfile::NamedTempFile::new()?);
    for line in corpus {
        writeln!(file, "{} {}", line.message, line.fields.unwrap_or_default())?;
    }
    file.flush()?;
    let path = file.get_ref().path().to_owned();
    for word in [COMMON, UNCOMMON, RARE, NEEDLE, ABSENT] {
        let mut took: Times = times();
        for _ in 0..SLOW_REPEATS {
            let begun = Instant::now();
            let search =
                Command::new("rg").args(["-i", "-F", "--no-config", "--", word]).arg(&path).output()?;
            ensure!(search.status.code().is_some_and(|code| code <= 1), "ripgrep failed");
            record(&mut took, begun.elapsed());
        }
        run.times(word, took);
    }
    Ok(run)
}

fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(1e-6)
}
