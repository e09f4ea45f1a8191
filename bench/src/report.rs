//! Figures → a table for people, JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::scenario::{Figures, Times};

pub(crate) fn table(runs: &[Figures]) -> String {
    let mut table = String::new();
    for run in runs {
        let [idle, connected, after] = run.resident_kib.map(mebibytes);
        let games = format!("{} {}", run.games, if run.games == 1 { "game" } else { "games" });
        let mut line = |text: String| writeln!(table, "{}", text.trim_end()).expect("a String takes all");
        line(games);
        line(format!("  {:<34}{:>9}{:>10}{:>10}{:>10}", "", "n", "p50 ms", "p99 ms", "max ms"));
        for (name, times) in rows(run) {
            let [p50, p99, max] = quantiles(times).map(|ms| format!("{ms:.2}"));
            line(format!("  {name:<34}{:>9}{p50:>10}{p99:>10}{max:>10}", times.len()));
        }
        line(format!("  server ready after {} ms (n = 1)", run.start_time.as_millis()));
        line(format!(
            "  {} connected and verified in {} ms (n = 1)",
            run.games,
            run.connect_time.as_millis()
        ));
        line(format!(
            "  resident memory: {idle} idle, {connected} with the games, {after} at the end (n = 1)"
        ));
        line(String::new());
    }
    table
}

pub(crate) fn json(runs: &[Figures]) -> Json {
    let run = |run: &Figures| {
        let times: serde_json::Map<String, Json> = rows(run)
            .into_iter()
            .map(|(name, times)| {
                let [p50, p99, max] = quantiles(times);
                (name.to_owned(), json!({"n": times.len(), "p50_ms": p50, "p99_ms": p99, "max_ms": max}))
            })
            .collect();
        json!({
            "games": run.games,
            "times": times,
            "start_ms": run.start_time.as_millis() as u64,
            "connect_ms": run.connect_time.as_millis() as u64,
            "resident_kib": {
                "idle": run.resident_kib[0],
                "connected": run.resident_kib[1],
                "at_the_end": run.resident_kib[2],
            },
        })
    };
    json!({ "version": env!("CARGO_PKG_VERSION"), "runs": runs.iter().map(run).collect::<Vec<_>>() })
}

fn rows(run: &Figures) -> Vec<(&'static str, &Times)> {
    let [first, median, last] = &run.edit_to_game;
    let mut rows = match run.games {
        1 => vec![("edit → game", first)],
        _ => {
            vec![("edit → first game", first), ("edit → median game", median), ("edit → last game", last)]
        }
    };
    rows.push(("edit → saved, told to the dashboard", &run.edit_to_answer));
    rows.push(("log entry → dashboard", &run.log_to_dashboard));
    rows
}

/// p50, p99 and the maximum in milliseconds, to the microsecond.
fn quantiles(times: &Times) -> [f64; 3] {
    [times.value_at_quantile(0.5), times.value_at_quantile(0.99), times.max()]
        .map(|nanos| (nanos as f64 / 1e3).round() / 1e3)
}

fn mebibytes(kib: Option<u64>) -> String {
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn figures(games: usize) -> Figures {
        let mut times = Times::new(3).unwrap();
        for ms in 1..=100 {
            times.record(ms * 1_000_000).unwrap();
        }
        Figures {
            games,
            start_time: Duration::from_millis(40),
            connect_time: Duration::from_millis(7),
            resident_kib: [Some(2048), None, Some(4096)],
            edit_to_game: [times.clone(), times.clone(), times.clone()],
            edit_to_answer: times.clone(),
            log_to_dashboard: times,
        }
    }

    #[test]
    fn each_figure_says_of_how_many_it_is() {
        let table = table(&[figures(1000)]);
        for row in table.lines().filter(|row| row.contains('→')) {
            assert!(row.split_whitespace().any(|cell| cell == "100"), "{row}");
        }
        assert!(table.contains("2.0 MiB idle, unknown with the games"), "{table}");
    }

    #[test]
    fn quantiles_are_milliseconds() {
        let json = json(&[figures(1)]);
        let times = &json["runs"][0]["times"]["edit → game"];
        assert_eq!(times["n"], 100);
        // three digits of precision: within 0.1 %
        assert!((times["p50_ms"].as_f64().unwrap() - 50.0).abs() < 0.1, "{times}");
        assert!((times["max_ms"].as_f64().unwrap() - 100.0).abs() < 0.2, "{times}");
    }
}
