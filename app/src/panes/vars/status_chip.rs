//! The status of an edit: symbol, words and colour, always all three, on a button that opens the list of devices.

use std::time::Duration;

use leptos::prelude::*;

use crate::format::{self, isolated};
use crate::live::{Spread, Status, Tally};

/// A settled chip keeps its words for so long, then only its symbol.
const FADES_AFTER: Duration = Duration::from_secs(4);
/// Characters of a value in a chip.
const VALUE_CHARS: usize = 24;

/// The chip at the end of a variable's row.
#[component]
pub fn StatusChip(
    /// The variable, for screen readers.
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
    let quiet = fading(status);
    view! {
        <button
            type="button"
            class=move || status.with(look).0
            class:chip--quiet=quiet
            hidden=move || text.with(String::is_empty)
            title=move || status.with(sentence)
            aria-expanded=move || open.get().to_string()
            on:click=move |_| on_toggle.run(())
        >
            <span class="sr-only">{move || format!("{}: ", label.get())}</span>
            <span class="chip-sign" aria-hidden="true">
                {move || status.with(look).1}
            </span>
            // no line starts with the dot
            <span class="chip-text">{move || text.with(|text| text.replace(" · ", "\u{a0}· "))}</span>
            <span class="chip-more" aria-hidden="true">
                {move || if open.get() { "▴" } else { "▾" }}
            </span>
        </button>
    }
    .into_any()
}

/// Whether only the symbol is shown: at once where the chip was settled before, otherwise after a while.
fn fading(status: Signal<Status>) -> RwSignal<bool> {
    let quiet = RwSignal::new(status.with_untracked(is_settled));
    let mut fade = debounce(FADES_AFTER, move |()| {
        if status.try_with_untracked(is_settled) == Some(true) {
            quiet.try_set(true);
        }
    });
    Effect::new(move |was_settled: Option<bool>| {
        let is_settled = status.with(is_settled);
        match (was_settled, is_settled) {
            (_, false) => quiet.set(false),
            (Some(false), true) => fade(()),
            _ => {}
        }
        is_settled
    });
    quiet
}

/// Whether the edit has arrived everywhere, as it was made.
fn is_settled(status: &Status) -> bool {
    match status {
        Status::Sent(tally) | Status::Ran(_, tally) => tally.is_settled(),
        Status::LetGo(tally) => tally.applied == tally.games,
        _ => false,
    }
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
            Tally { drifted: 1.., .. } => ("chip chip--drifted", "≠"),
            Tally { clamped: 1.., .. } => ("chip chip--clamped", "≈"),
            _ => ("chip chip--applied", "✓"),
        },
        Status::LetGo(tally) => match tally {
            Tally { rejected: 1.., .. } => ("chip chip--rejected", "✕"),
            _ if tally.pending() > 0 => ("chip chip--waiting", "◐"),
            Tally { untold: 1.., .. } => ("chip chip--drifted", "≠"),
            _ => ("chip chip--offline", "↩"),
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
        Status::Mixed(spread) => mixed(spread),
        Status::Kept => "kept until reconnected".to_owned(),
        Status::Sending => "sending".to_owned(),
        Status::Sent(tally) if tally.games == 1 => sent_to_one(tally),
        Status::Sent(tally) if tally.pending() == tally.games => asked(tally.games),
        Status::Sent(tally) => sent_to_many(tally),
        Status::LetGo(tally) => let_go(tally),
        Status::Offline(0) => "no game connected".to_owned(),
        Status::Offline(devices) => format!("waiting for {}", format::count(*devices, "device")),
        Status::Refused(text) => text.clone(),
        Status::Ran(games, tally) => ran(*games, tally),
        Status::Interrupted => "some answers missing".to_owned(),
    }
}

/// The words, with what the chip has no room for.
fn sentence(status: &Status) -> String {
    let said = words(status);
    match status {
        Status::Sent(tally) if tally.games > 1 && !tally.is_settled() => said + &p95(tally),
        Status::Interrupted => "The connection dropped before every game had answered.".to_owned(),
        _ => said,
    }
}

/// For a single game there is room to say what it did.
fn sent_to_one(tally: &Tally) -> String {
    let time = tally.p95_micros.map(|micros| format!(" · {}", format::latency(micros))).unwrap_or_default();
    if let Some((wanted, is)) = &tally.drift {
        return format!("wanted {} · is {}", clipped(wanted), clipped(is));
    }
    match (tally, &tally.only) {
        (Tally { rejected: 1.., .. }, Some(reason)) => format!("rejected: {}", isolated(reason)),
        (Tally { rejected: 1.., .. }, None) => "rejected".to_owned(),
        (Tally { clamped: 1.., .. }, Some(value)) => format!("clamped to {}{time}", isolated(value)),
        (Tally { clamped: 1.., .. }, None) => format!("clamped{time}"),
        (Tally { applied: 1.., .. }, _) => format!("applied{time}"),
        (_, Some(reported)) => format!("sent, reports {}", isolated(reported)),
        (_, None) => asked(1),
    }
}

/// Each game counts once.
fn sent_to_many(tally: &Tally) -> String {
    let Tally { games, applied, clamped, drifted, rejected, .. } = tally;
    if clamped + drifted + rejected == 0 {
        let time = if applied == games { p95(tally) } else { String::new() };
        return format!("{applied}/{games} applied{time}");
    }
    let drift = tally.drift.as_ref().map(|(wanted, is)| {
        format!("wanted {} · is {} on {drifted} of {games}", clipped(wanted), clipped(is))
    });
    let counts =
        [(*applied, "applied"), (*rejected, "rejected"), (*clamped, "clamped"), (tally.pending(), "pending")];
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    drift.into_iter().chain(counts).collect::<Vec<_>>().join(" · ")
}

fn let_go(tally: &Tally) -> String {
    let back = tally.games - tally.pending() - tally.untold - tally.rejected;
    let text = match (tally.games, tally.pending()) {
        (0 | 1, 0) => "let go".to_owned(),
        (1, _) => "letting go".to_owned(),
        (games, 0) if back == games => "let go".to_owned(),
        (games, 0) => format!("let go · {back}/{games} back"),
        (games, _) => format!("letting go · {back}/{games} back"),
    };
    match (tally, &tally.only) {
        (Tally { rejected: 1, games: 1, .. }, Some(reason)) => format!("not let go: {}", isolated(reason)),
        (Tally { rejected: 1.., .. }, _) => format!("{text} · {} rejected", tally.rejected),
        (Tally { untold: 1, games: 1, .. }, Some(kept)) => {
            format!("{text} · the game keeps {}", clipped(kept))
        }
        (Tally { untold: 1, .. }, _) => format!("{text} · 1 keeps its value"),
        (Tally { untold: 2.., .. }, _) => format!("{text} · {} keep their value", tally.untold),
        _ => text,
    }
}

fn mixed(Spread { values, shown, is_range }: &Spread) -> String {
    let shown: Vec<String> = shown.iter().map(|value| clipped(value)).collect();
    let more = if !is_range && *values > shown.len() { ", …" } else { "" };
    let between = if *is_range { " to " } else { ", " };
    format!("{values} values: {}{more}", shown.join(between))
}

fn clipped(value: &str) -> String {
    isolated(&format::shortened(value, VALUE_CHARS)).into_owned()
}

fn ran(games: Option<usize>, tally: &Tally) -> String {
    let time = tally.p95_micros.map(|micros| format!(" · {}", format::latency(micros))).unwrap_or_default();
    match (games, tally) {
        (Some(0), _) => "no game could run it".to_owned(),
        (_, Tally { games: 1, rejected: 1, only: Some(text), .. }) => format!("failed: {}", isolated(text)),
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
        Tally { games, applied, clamped, rejected, p95_micros: Some(23_000), ..Tally::default() }
    }

    fn with(only: &str, tally: Tally) -> Tally {
        Tally { only: Some(only.to_owned()), ..tally }
    }

    fn drifted(drifted: usize, tally: Tally) -> Tally {
        Tally { drifted, drift: Some(("100".to_owned(), "70".to_owned())), ..tally }
    }

    fn said(status: &Status) -> (String, &'static str) {
        (words(status), look(status).1)
    }

    #[test]
    fn many_games_are_counted_each_once() {
        let told =
            |games, applied, clamped, rejected| said(&Status::Sent(tally(games, applied, clamped, rejected)));
        assert_eq!(told(12, 0, 0, 0), ("sent to 12 games".into(), "◐"));
        assert_eq!(told(12, 7, 0, 0), ("7/12 applied".into(), "◐"));
        assert_eq!(told(12, 12, 0, 0), ("12/12 applied · p95 23 ms".into(), "✓"));
        assert_eq!(told(3, 2, 1, 0), ("2 applied · 1 clamped".into(), "≈"));
        assert_eq!(told(12, 11, 0, 1), ("11 applied · 1 rejected".into(), "✕"));
        assert_eq!(told(12, 6, 1, 1), ("6 applied · 1 rejected · 1 clamped · 4 pending".into(), "✕"));
        let both = Status::Sent(tally(12, 10, 1, 1));
        assert_eq!(sentence(&both), "10 applied · 1 rejected · 1 clamped · p95 23 ms");
    }

    #[test]
    fn games_that_have_another_value_by_now_show_both() {
        let one = Status::Sent(drifted(1, tally(1, 0, 0, 0)));
        assert_eq!(said(&one), ("wanted 100 · is 70".into(), "≠"));
        let some = Status::Sent(drifted(2, tally(3, 1, 0, 0)));
        assert_eq!(said(&some), ("wanted 100 · is 70 on 2 of 3 · 1 applied".into(), "≠"));
        let long = Tally { drift: Some(("x".repeat(30), "y".into())), ..drifted(1, tally(1, 0, 0, 0)) };
        assert_eq!(words(&Status::Sent(long)), format!("wanted {}… · is y", "x".repeat(24)));
    }

    #[test]
    fn what_was_let_go_says_who_went_back() {
        let told = |tally| said(&Status::LetGo(tally));
        let untold = |untold, tally| Tally { untold, ..tally };
        assert_eq!(told(tally(0, 0, 0, 0)), ("let go".into(), "↩"));
        assert_eq!(told(tally(1, 0, 0, 0)), ("letting go".into(), "◐"));
        assert_eq!(told(tally(3, 1, 0, 0)), ("letting go · 1/3 back".into(), "◐"));
        assert_eq!(told(tally(3, 3, 0, 0)), ("let go".into(), "↩"));
        let one = with("100", untold(1, tally(1, 0, 0, 0)));
        assert_eq!(told(one), ("let go · the game keeps 100".into(), "≠"));
        assert_eq!(told(untold(1, tally(3, 2, 0, 0))), ("let go · 2/3 back · 1 keeps its value".into(), "≠"));
        assert_eq!(told(with("in a cutscene", tally(1, 0, 0, 1))).0, "not let go: in a cutscene");
    }

    #[test]
    fn only_what_is_as_wanted_fades() {
        assert!(
            is_settled(&Status::Sent(tally(3, 3, 0, 0))) && is_settled(&Status::LetGo(tally(2, 2, 0, 0)))
        );
        for open in [tally(3, 2, 0, 0), tally(3, 2, 1, 0), tally(3, 2, 0, 1), drifted(1, tally(3, 2, 0, 0))] {
            assert!(!is_settled(&Status::Sent(open.clone())), "{open:?}");
        }
        assert!(!is_settled(&Status::Untouched) && !is_settled(&Status::Offline(0)));
    }

    #[test]
    fn values_that_differ_are_told() {
        let spread = |values, shown: &[&str], is_range| {
            let shown = shown.iter().map(|value| (*value).to_owned()).collect();
            said(&Status::Mixed(Spread { values, shown, is_range }))
        };
        assert_eq!(spread(3, &["1", "8"], true), ("3 values: 1 to 8".into(), "≠"));
        assert_eq!(spread(2, &["easy", "hard"], false), ("2 values: easy, hard".into(), "≠"));
        assert_eq!(spread(5, &["a", "b", "c"], false), ("5 values: a, b, c, …".into(), "≠"));
    }

    #[test]
    fn a_single_game_says_what_it_did() {
        let told = |tally| said(&Status::Sent(tally));
        assert_eq!(told(tally(1, 1, 0, 0)), ("applied · 23 ms".into(), "✓"));
        assert_eq!(told(with("5", tally(1, 0, 1, 0))), ("clamped to 5 · 23 ms".into(), "≈"));
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
            Status::Mixed(Spread { values: 2, shown: vec!["1".into(), "2".into()], is_range: true }),
            Status::LetGo(Tally::default()),
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
        assert_eq!(words(&states[5]), "waiting for 3 devices");
        assert_eq!(words(&Status::Untouched), "");
    }
}
