//! Figures → a table for people, JSON for programs.

use std::{fmt::Write as _, path::Path, time::Duration};

use anyhow::Context as _;
use hdrhistogram::Histogram;
use serde_json::{Map, Value as Json, json};

/// Nanoseconds, from 1 µs to 10 minutes.
pub(crate) type Times = Histogram<u64>;

pub(crate) fn times() -> Times {
    Histogram::new_with_bounds(1_000, 600_000_000_000, 3).expect("the bounds are in order")
}

pub(crate) fn record(times: &mut Times, time: Duration) {
    times.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
}

/// What a scenario found, with the settings that it ran with.
pub(crate) struct Report {
    pub(crate) scenario: &'static str,
    pub(crate) settings: Vec<(&'static str, Json)>,
    pub(crate) runs: Vec<Run>,
}

/// The figures of one run, or of one part of it.
pub(crate) struct Run {
    title: String,
    rows: Vec<Row>,
}

enum Row {
    Times { name: String, times: Times, goal: Option<Goal> },
    Number { name: String, value: Option<f64>, unit: &'static str, n: u64, goal: Option<Goal> },
}

/// What a figure is held against; that of times (in milliseconds) is for the p99.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    fn verdict(self, value: f64) -> String {
        let (sign, bound) = match self {
            Self::AtLeast(bound) => ('≥', bound),
            Self::AtMost(bound) => ('≤', bound),
        };
        format!("{sign} {}: {}", decimal(bound), if self.is_met(value) { "met" } else { "MISSED" })
    }

    fn json(self, value: f64) -> Json {
        let (kind, bound) = match self {
            Self::AtLeast(bound) => ("at_least", bound),
            Self::AtMost(bound) => ("at_most", bound),
        };
        json!({ kind: bound, "met": self.is_met(value) })
    }
}

impl Run {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    pub(crate) fn times(&mut self, name: impl Into<String>, times: Times) {
        self.times_with(name, times, None);
    }

    /// Times whose p99 may have a goal, in milliseconds.
    pub(crate) fn times_with(&mut self, name: impl Into<String>, times: Times, goal: Option<Goal>) {
        self.rows.push(Row::Times { name: name.into(), times, goal });
    }

    /// A figure made of `n` observations.
    pub(crate) fn number(&mut self, name: impl Into<String>, value: f64, unit: &'static str, n: u64) {
        self.number_with(name, value, unit, n, None);
    }

    pub(crate) fn number_with(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        n: u64,
        goal: Option<Goal>,
    ) {
        self.rows.push(Row::Number { name: name.into(), value: Some(value), unit, n, goal });
    }

    /// A single observation that not every system can make.
    pub(crate) fn known(&mut self, name: impl Into<String>, value: Option<f64>, unit: &'static str) {
        self.rows.push(Row::Number { name: name.into(), value, unit, n: 1, goal: None });
    }

    fn write_table(&self, table: &mut String) {
        let mut line = |text: String| writeln!(table, "{}", text.trim_end()).expect("a String takes all");
        line(self.title.clone());
        if self.rows.iter().any(|row| matches!(row, Row::Times { .. })) {
            line(format!("  {:<46}{:>9}{:>10}{:>10}{:>10}", "", "n", "p50 ms", "p99 ms", "max ms"));
        }
        for row in &self.rows {
            match row {
                Row::Times { name, times, goal } => {
                    let figures = quantiles(times);
                    let [p50, p99, max] = figures.map(|ms| format!("{ms:.2}"));
                    let verdict = goal.map_or_else(String::new, |goal| goal.verdict(figures[1]));
                    line(format!("  {name:<46}{:>9}{p50:>10}{p99:>10}{max:>10}  {verdict}", times.len()));
                }
                Row::Number { name, value: None, .. } => line(format!("  {name}: unknown on this system")),
                Row::Number { name, value: Some(value), unit, n, goal } => {
                    let verdict = goal.map_or_else(String::new, |goal| goal.verdict(*value));
                    line(format!("  {name}: {} {unit} (n = {n})  {verdict}", decimal(*value)));
                }
            }
        }
        line(String::new());
    }

    fn json(&self) -> Json {
        let (mut all_times, mut numbers) = (Map::new(), Map::new());
        for row in &self.rows {
            match row {
                Row::Times { name, times, goal } => {
                    let [p50, p99, max] = quantiles(times);
                    let mut figures = json!({"n": times.len(), "p50_ms": p50, "p99_ms": p99, "max_ms": max});
                    if let Some(goal) = goal {
                        figures["goal"] = goal.json(p99);
                    }
                    all_times.insert(name.clone(), figures);
                }
                Row::Number { name, value, unit, n, goal } => {
                    let mut figure = json!({"n": n, "value": value, "unit": unit});
                    if let (Some(goal), Some(value)) = (goal, value) {
                        figure["goal"] = goal.json(*value);
                    }
                    numbers.insert(name.clone(), figure);
                }
            }
        }
        json!({"title": self.title, "times": all_times, "numbers": numbers})
    }
}

impl Report {
    pub(crate) fn table(&self) -> String {
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let mut table = format!("{}: {}\n\n", self.scenario, settings.join(", "));
        for run in &self.runs {
            run.write_table(&mut table);
        }
        table
    }

    pub(crate) fn json(&self) -> Json {
        let settings: Map<_, _> =
            self.settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "scenario": self.scenario,
            "settings": settings,
            "runs": self.runs.iter().map(Run::json).collect::<Vec<_>>(),
        })
    }

    /// The table to standard output, and the JSON to a file; `-`: the JSON to standard output instead.
    pub(crate) fn publish(&self, json: Option<&Path>) -> anyhow::Result<()> {
        let text = || format!("{:#}\n", self.json());
        match json {
            Some(path) if path.as_os_str() == "-" => print!("{}", text()),
            Some(path) => {
                print!("{}", self.table());
                std::fs::write(path, text()).with_context(|| format!("can't write {}", path.display()))?;
            }
            None => print!("{}", self.table()),
        }
        Ok(())
    }
}

/// p50, p99 and the maximum in milliseconds, to the microsecond.
pub(crate) fn quantiles(times: &Times) -> [f64; 3] {
    [times.value_at_quantile(0.5), times.value_at_quantile(0.99), times.max()]
        .map(|nanos| (nanos as f64 / 1e3).round() / 1e3)
}

/// Whole thousands are set apart; small numbers keep two digits behind the point.
fn decimal(value: f64) -> String {
    if value.abs() < 100.0 && value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
    let mut text = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut milliseconds = times();
        for ms in 1..=100 {
            record(&mut milliseconds, Duration::from_millis(ms));
        }
        let mut run = Run::new("a thousand games");
        run.times("edit → game", milliseconds.clone());
        run.times_with("line → ack", milliseconds, Some(Goal::AtMost(40.0)));
        run.number_with("acknowledged", 51_234.0, "records/s", 512_340, Some(Goal::AtLeast(50_000.0)));
        run.known("resident memory", None, "MiB");
        Report { scenario: "latency", settings: vec![("games", json!(1000))], runs: vec![run] }
    }

    #[test]
    fn the_table_says_of_how_many_each_figure_is_and_whether_its_goal_is_met() {
        let table = report().table();
        for row in table.lines().filter(|row| row.contains('→')) {
            assert!(row.split_whitespace().any(|cell| cell == "100"), "{row}");
        }
        for text in [
            "latency: games 1000",
            "≤ 40: MISSED",
            "acknowledged: 51,234 records/s (n = 512340)  ≥ 50,000: met",
            "resident memory: unknown on this system",
        ] {
            assert!(table.contains(text), "{text} is not in:\n{table}");
        }
    }

    #[test]
    fn quantiles_are_milliseconds() {
        let json = report().json();
        let times = &json["runs"][0]["times"]["edit → game"];
        assert_eq!(times["n"], 100);
        // three digits of precision: within 0.1 %
        assert!((times["p50_ms"].as_f64().unwrap() - 50.0).abs() < 0.1, "{times}");
        assert!((times["max_ms"].as_f64().unwrap() - 100.0).abs() < 0.2, "{times}");
        assert_eq!(json["runs"][0]["times"]["line → ack"]["goal"], json!({"at_most": 40.0, "met": false}));
        let number = &json["runs"][0]["numbers"]["acknowledged"];
        assert_eq!(number["goal"], json!({"at_least": 50_000.0, "met": true}));
    }

    #[test]
    fn numbers_are_readable() {
        let texts = [0.5, 7.0, 99.994, 1234.5, 1_000_000.0, -1234.0].map(decimal);
        assert_eq!(texts, ["0.50", "7", "99.99", "1,234", "1,000,000", "-1,234"]);
    }
}
