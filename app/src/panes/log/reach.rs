//! How far back the log was searched, and the way further: what was not searched is never skipped silently.

use leptos::prelude::*;

use protocol::model::Forgotten;

use super::pane::LogPane;
use crate::api;
use crate::format;
use crate::live::{Gap, LiveState, Logs, Search};
use crate::zone::Zone;

/// What the row says, and what its button does.
#[derive(Clone, PartialEq)]
struct Said {
    words: String,
    button: Option<(&'static str, Step)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Search(Gap),
    ForgetNewer,
    UndoClear,
}

/// The first row.
#[component]
pub(super) fn LogReach(pane: LogPane) -> impl IntoView {
    let removed = RwSignal::new(None::<Forgotten>);
    let is_at_beginning = Memo::new(move |_| pane.live.with_logs(|state| is_at_beginning(&state.logs)));
    Effect::new(move |_| {
        if is_at_beginning.get() {
            let project = pane.live.read(LiveState::project);
            leptos::task::spawn_local(async move {
                if let Ok(beginning) = api::get_log_beginning(project).await {
                    // the pane may be gone by now
                    let _ = removed.try_set(beginning.forgotten);
                }
            });
        }
    });
    let said = Memo::new(move |_| {
        pane.live.with_logs(|state| reach(state, removed.get().as_ref(), pane.zone.get()))
    });
    view! { <SaidRow said pane /> }
}

/// Lines that arrived while the connection was lost.
#[component]
pub(super) fn LogGap(gap: Gap, pane: LogPane) -> impl IntoView {
    let said = Memo::new(move |_| {
        pane.live.with_logs(|state| {
            let lines = format!("{} arrived while disconnected", lines_of(gap.lines()));
            match state.logs.search() {
                Search::Asking(asked) if *asked == gap => {
                    Said { words: format!("{lines}. Loading…"), button: None }
                }
                Search::Failed(asked, why) if *asked == gap => Said {
                    words: format!("{lines}. {}", failed(why)),
                    button: Some(("Try again", Step::Search(gap))),
                },
                _ => Said { words: lines, button: Some(("Load them", Step::Search(gap))) },
            }
        })
    });
    view! { <SaidRow said pane /> }
}

#[component]
fn SaidRow(said: Memo<Said>, pane: LogPane) -> impl IntoView {
    let run = move |deed: Step| match deed {
        Step::Search(gap) => pane.live.look(gap),
        Step::ForgetNewer => pane.live.update_logs(|state| state.logs.forget_newer()),
        Step::UndoClear => pane.live.update_logs(|state| state.logs.undo_clear()),
    };
    view! {
        <div class="log-reach" role="status">
            <span>{move || said.with(|said| said.words.clone())}</span>
            {move || {
                said.with(|said| said.button)
                    .map(|(word, deed)| {
                        view! {
                            <button type="button" class="button" on:click=move |_| run(deed)>
                                {word}
                            </button>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

/// Whether everything is shown from the first line on that there is.
fn is_at_beginning(logs: &Logs) -> bool {
    logs.older().is_none() && !logs.is_cleared() && logs.query().bounds.since.is_none()
}

/// What stands above the first line of all: the log's beginning, or what a policy has removed before it.
fn beginning(removed: Option<&Forgotten>, zone: Zone) -> String {
    match removed {
        None => "The log starts here.".to_owned(),
        Some(Forgotten { lines, at, .. }) => {
            let day = format::day_in(*at, zone.minutes_east(*at));
            format!("{} were removed by the retention policy, the last on {day}.", lines_of(*lines))
        }
    }
}

fn reach(state: &LiveState, removed: Option<&Forgotten>, zone: Zone) -> Said {
    let logs = &state.logs;
    let window = logs.window();
    let plain = |words: String| Said { words, button: None };
    let with = |words: String, word, deed| Said { words, button: Some((word, deed)) };
    let nothing = if logs.shown().is_empty() { "No matches so far. " } else { "" };
    let Some(older) = logs.older() else {
        let is_all = logs.query().bounds.since.is_none();
        return match (logs.is_cleared(), logs.shown().is_empty()) {
            (false, true) if !is_all => plain("No matches in this time range.".to_owned()),
            (false, false) if !is_all => plain("The time range starts here.".to_owned()),
            (true, _) => with("Older lines were cleared.".to_owned(), "Show them", Step::UndoClear),
            (false, true) => plain(format!("No matches in all {}.", lines_of(window.looked_at()))),
            (false, false) => plain(beginning(removed, zone)),
        };
    };
    let back_to = window
        .back_to()
        .map_or_else(String::new, |at| format!(", back to {}", format::moment(at, zone.minutes_east(at))));
    let looked = format!("{nothing}Searched {}{back_to}.", lines_of(window.looked_at()));
    let is_older = |gap: &Gap| gap.before == older.before;
    match logs.search() {
        Search::Asking(gap) if is_older(gap) => plain(format!("{looked} Searching further…")),
        Search::Failed(gap, why) if is_older(gap) => {
            with(format!("{looked} {}", failed(why)), "Try again", Step::Search(older))
        }
        _ if logs.is_full() => with(
            format!("{} are loaded, the most that fit.", lines_of(logs.shown().len() as u64)),
            "Drop the newer ones and search further",
            Step::ForgetNewer,
        ),
        _ => with(looked, "Search further", Step::Search(older)),
    }
}

fn failed(why: &str) -> String {
    format!("They could not be loaded: {why}")
}

fn lines_of(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} line{plural}", format::grouped(count))
}

#[cfg(test)]
mod tests {
    use protocol::model::UnixMicros;

    use super::*;

    #[test]
    fn a_beginning_says_what_was_removed_before_it() {
        let east = Zone::default();
        assert_eq!(beginning(None, east), "The log starts here.");
        let at = UnixMicros(86_400_000_000);
        let removed = Forgotten { lines: 1_200, bytes: 9, at, last_lines: 3 };
        let words = "1,200 lines were removed by the retention policy, the last on 2 Jan 1970.";
        assert_eq!(beginning(Some(&removed), east), words);
    }
}
