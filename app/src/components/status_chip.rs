//! What became of an edit: sign, word and colour, always all three, and a button that opens the devices.

use leptos::prelude::*;

use crate::format;
use crate::live::{Status, Tally};

/// The chip at the end of a variable's row.
#[component]
pub fn StatusChip(
    /// The variable, for whoever hears the chip alone.
    #[prop(into)]
    label: Signal<String>,
    /// What to say.
    #[prop(into)]
    status: Signal<Status>,
    /// Whether the devices are listed.
    #[prop(into)]
    open: Signal<bool>,
    /// Opens and closes the list.
    on_toggle: Callback<()>,
) -> impl IntoView {
    let text = Memo::new(move |_| status.with(words));
    view! {
        <button
            type="button"
            class=move || status.with(look).0
            hidden=move || text.with(String::is_empty)
            title=move || status.with(sentence)
            aria-expanded=move || open.get().to_string()
            on:click=move |_| on_toggle.run(())
        >
            <span class="sr-only">{move || format!("{}: ", label.get())}</span>
            <span class="chip-sign" aria-hidden="true">
                {move || status.with(look).1}
            </span>
            <span class="chip-text">{text}</span>
            <span class="chip-more" aria-hidden="true">
                {move || if open.get() { "▴" } else { "▾" }}
            </span>
        </button>
    }
    .into_any()
}

fn look(status: &Status) -> (&'static str, &'static str) {
    match status {
        Status::Untouched => ("chip", ""),
        Status::Mixed(_) => ("chip chip--mixed", "≠"),
        Status::Kept => ("chip chip--waiting", "●"),
        Status::Sending => ("chip chip--waiting", "◐"),
        Status::Sent(tally) | Status::Ran(_, tally) => match tally {
            Tally { rejected: 1.., .. } => ("chip chip--rejected", "✕"),
            _ if tally.pending() > 0 || tally.games == 0 => ("chip chip--waiting", "◐"),
            Tally { clamped: 1.., .. } => ("chip chip--clamped", "≈"),
            _ => ("chip chip--applied", "✓"),
        },
        Status::Offline(_) => ("chip chip--offline", "○"),
        Status::Refused(_) => ("chip chip--refused", "✕"),
        Status::Interrupted => ("chip chip--offline", "?"),
    }
}

/// The status in words, for the chip and for a screen reader.
pub(super) fn words(status: &Status) -> String {
    match status {
        Status::Untouched => String::new(),
        Status::Mixed(values) => format!("{values} values"),
        Status::Kept => "kept until reconnected".to_owned(),
        Status::Sending => "sending".to_owned(),
        Status::Sent(tally) if tally.games == 1 => sent_to_one(tally),
        Status::Sent(tally) if tally.applied + tally.rejected == 0 => asked(tally.games),
        Status::Sent(tally) => {
            let Tally { games, applied, clamped, rejected, .. } = tally;
            let mut text = format!("{applied}/{games} applied");
            append_count(&mut text, *rejected, "rejected");
            append_count(&mut text, *clamped, "clamped");
            if applied == games && *clamped == 0 {
                text.push_str(&p95(tally));
            }
            text
        }
        Status::Offline(0) => "no game connected".to_owned(),
        Status::Offline(devices) => format!("waits for {}", format::count(*devices, "device")),
        Status::Refused(text) => text.clone(),
        Status::Ran(games, tally) => ran(*games, tally),
        Status::Interrupted => "not every answer heard".to_owned(),
    }
}

/// The words, and what there is no room for.
fn sentence(status: &Status) -> String {
    let said = words(status);
    match status {
        Status::Sent(tally) if tally.games > 1 && tally.clamped + tally.rejected > 0 => said + &p95(tally),
        Status::Interrupted => "The connection broke before every game had answered.".to_owned(),
        _ => said,
    }
}

/// Of a single game there is room to say what it did.
fn sent_to_one(tally: &Tally) -> String {
    let time = tally.p95_micros.map(|micros| format!(" · {}", format::latency(micros))).unwrap_or_default();
    match (tally, &tally.only) {
        (Tally { rejected: 1.., .. }, Some(reason)) => format!("rejected: {reason}"),
        (Tally { rejected: 1.., .. }, None) => "rejected".to_owned(),
        (Tally { clamped: 1.., .. }, Some(value)) => format!("clamped to {value}{time}"),
        (Tally { clamped: 1.., .. }, None) => format!("clamped{time}"),
        (Tally { applied: 1.., .. }, _) => format!("applied{time}"),
        (_, Some(reported)) => format!("sent, reports {reported}"),
        (_, None) => asked(1),
    }
}

fn ran(games: Option<usize>, tally: &Tally) -> String {
    let time = tally.p95_micros.map(|micros| format!(" · {}", format::latency(micros))).unwrap_or_default();
    match (games, tally) {
        (Some(0), _) => "no game could run it".to_owned(),
        (_, Tally { games: 1, rejected: 1, only: Some(text), .. }) => format!("failed: {text}"),
        (_, Tally { games: 1, applied: 1, .. }) => format!("done{time}"),
        (Some(games), Tally { applied: 0, rejected: 0, .. }) => asked(games),
        (games, Tally { applied, rejected, .. }) => {
            let mut text = match games {
                Some(games) => format!("{applied}/{games} done"),
                None => format!("{applied} done"),
            };
            append_count(&mut text, *rejected, "failed");
            if *rejected == 0 && tally.pending() == 0 {
                text.push_str(&p95(tally));
            }
            text
        }
    }
}

fn asked(games: usize) -> String {
    format!("sent to {}", format::count(games, "game"))
}

fn append_count(text: &mut String, count: usize, word: &str) {
    if count > 0 {
        text.push_str(&format!(", {count} {word}"));
    }
}

fn p95(tally: &Tally) -> String {
    tally.p95_micros.map(|micros| format!(" · p95 {}", format::latency(micros))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(games: usize, applied: usize, clamped: usize, rejected: usize) -> Tally {
        Tally { games, applied, clamped, rejected, p95_micros: Some(23_000), only: None }
    }

    fn with(only: &str, tally: Tally) -> Tally {
        Tally { only: Some(only.to_owned()), ..tally }
    }

    fn said(status: &Status) -> (String, &'static str) {
        (words(status), look(status).1)
    }

    #[test]
    fn many_games_are_counted() {
        let told =
            |games, applied, clamped, rejected| said(&Status::Sent(tally(games, applied, clamped, rejected)));
        assert_eq!(told(12, 0, 0, 0), ("sent to 12 games".into(), "◐"));
        assert_eq!(told(12, 7, 0, 0), ("7/12 applied".into(), "◐"));
        assert_eq!(told(12, 12, 0, 0), ("12/12 applied · p95 23 ms".into(), "✓"));
        assert_eq!(told(12, 12, 1, 0), ("12/12 applied, 1 clamped".into(), "≈"));
        assert_eq!(told(12, 11, 0, 1), ("11/12 applied, 1 rejected".into(), "✕"));
        assert_eq!(told(12, 7, 1, 1), ("7/12 applied, 1 rejected, 1 clamped".into(), "✕"));
        let both = Status::Sent(tally(12, 7, 1, 1));
        assert_eq!(sentence(&both), "7/12 applied, 1 rejected, 1 clamped · p95 23 ms");
        let clamped = Status::Sent(tally(12, 12, 1, 0));
        assert_eq!(sentence(&clamped), "12/12 applied, 1 clamped · p95 23 ms");
    }

    #[test]
    fn a_single_game_says_what_it_did() {
        let told = |tally| said(&Status::Sent(tally));
        assert_eq!(told(tally(1, 1, 0, 0)), ("applied · 23 ms".into(), "✓"));
        assert_eq!(told(with("5", tally(1, 1, 1, 0))), ("clamped to 5 · 23 ms".into(), "≈"));
        assert_eq!(told(with("in a cutscene", tally(1, 0, 0, 1))), ("rejected: in a cutscene".into(), "✕"));
        assert_eq!(told(with("7", tally(1, 0, 0, 0))), ("sent, reports 7".into(), "◐"));
        assert_eq!(told(tally(1, 0, 0, 0)), ("sent to 1 game".into(), "◐"));
        let original = Tally { p95_micros: None, ..tally(1, 1, 0, 0) };
        assert_eq!(told(original), ("applied".into(), "✓"));
    }

    #[test]
    fn a_run_is_counted_too() {
        let told = |games, tally| said(&Status::Ran(games, tally));
        assert_eq!(told(Some(3), tally(3, 0, 0, 0)), ("sent to 3 games".into(), "◐"));
        assert_eq!(told(Some(3), tally(3, 3, 0, 0)), ("3/3 done · p95 23 ms".into(), "✓"));
        assert_eq!(told(Some(3), tally(3, 1, 0, 1)), ("1/3 done, 1 failed".into(), "✕"));
        assert_eq!(told(None, tally(2, 2, 0, 0)), ("2 done · p95 23 ms".into(), "✓"));
        assert_eq!(told(Some(1), with("no boss", tally(1, 0, 0, 1))), ("failed: no boss".into(), "✕"));
        assert_eq!(told(Some(0), tally(0, 0, 0, 0)), ("no game could run it".into(), "◐"));
    }

    #[test]
    fn every_other_state_but_the_untouched_has_a_sign_and_words() {
        let states = [
            Status::Mixed(2),
            Status::Kept,
            Status::Sending,
            Status::Offline(0),
            Status::Offline(3),
            Status::Refused("too large".into()),
            Status::Interrupted,
        ];
        for state in &states {
            let (words, sign) = said(state);
            assert!(!sign.is_empty() && !words.is_empty(), "{state:?}");
        }
        assert_eq!(words(&states[4]), "waits for 3 devices");
        assert_eq!(words(&Status::Untouched), "");
    }
}
