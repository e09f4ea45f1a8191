//! What each device did with a value or an action: the worst first, in the game's own words.

use std::time::Duration;

use leptos::prelude::*;
use protocol::model::{Desired, DeviceId, VarName};

use crate::components::SmallButton;
use crate::format;
use crate::live::{DeviceRow, Fate, Ranking, VarState, use_live};

/// At most so many devices are listed; the others are counted.
const MAX_ROWS: usize = 50;
/// A longer list can be filtered.
const FILTER_FROM: usize = 12;
/// The rows keep their places while devices answer, and are sorted again after so long without an answer.
const QUIET: Duration = Duration::from_millis(400);

/// The rows that a chip opens.
#[component]
pub fn DeliveryList(
    /// Which variable.
    name: VarName,
    /// Its name on the page.
    label: String,
    /// Closes it.
    on_close: Callback<()>,
) -> impl IntoView {
    let label = format!("{label} on each device");
    let name = StoredValue::new(name);
    let wanted = RwSignal::new(String::new());
    let ranking = held_ranking(name, wanted);
    let all = Memo::new(move |_| ranking.with(|ranking| ranking.all));
    view! {
        <div class="delivery" role="group" aria-label=label>
            <Head all wanted on_close />
            <Wanted name />
            <ul>
                <For
                    each=move || ranking.with(|ranking| ranking.shown.clone())
                    key=|device| *device
                    children=move |device| view! { <DeliveryRow name device /> }
                />
            </ul>
            <p class="meta delivery-more">{move || ranking.with(others)}</p>
            <Declarer name />
        </div>
    }
    .into_any()
}

/// Whose declaration counts.
#[component]
fn Declarer(name: StoredValue<VarName>) -> impl IntoView {
    let live = use_live();
    let declarer = Memo::new(move |_| {
        name.with_value(|name| live.with_var(name, |state, var| state.declarer(var))).flatten()
    });
    let words = move || declarer.get().map(|(name, online)| words_of_declarer(&name, online));
    view! { <p class="meta delivery-more delivery-declared">{words}</p> }.into_any()
}

fn words_of_declarer(name: &str, online: bool) -> String {
    let away = if online { "" } else { ", currently offline" };
    format!("Declared by {}{away}.", format::isolated(name))
}

#[component]
fn Head(all: Memo<usize>, wanted: RwSignal<String>, on_close: Callback<()>) -> impl IntoView {
    view! {
        <div class="delivery-head">
            <span class="meta">{move || format::count(all.get(), "device")}</span>
            <input
                type="search"
                class="entry"
                aria-label="Filter devices"
                placeholder="Filter"
                autocomplete="off"
                spellcheck="false"
                hidden=move || all.get() <= FILTER_FROM
                on:input=move |event| wanted.set(event_target_value(&event))
            />
            <span class="spacer"></span>
            <button type="button" class="button button--icon" aria-label="Close" on:click=move |_| on_close.run(())>
                <span aria-hidden="true">"✕"</span>
            </button>
        </div>
    }
    .into_any()
}

/// The desired value, who set it, and what can be done with it.
#[component]
fn Wanted(name: StoredValue<VarName>) -> impl IntoView {
    let live = use_live();
    let locked = live.locked();
    let edit = Memo::new(move |_| name.with_value(|name| live.with_var(name, |_, var| words_of_edit(var))));
    let is_wanted = Memo::new(move |_| {
        name.with_value(|name| live.with_var(name, |_, var| var.wanted().is_some())) == Some(true)
    });
    view! {
        <div class="delivery-wanted" hidden=move || edit.with(|edit| !matches!(edit, Some(Some(_))))>
            <span>{move || edit.get().flatten()}</span>
            <span class="spacer"></span>
            <Show when=move || is_wanted.get() && !locked.get()>
                <SmallButton
                    text="Push again"
                    title="Send it to the games again"
                    on_press=move |()| name.with_value(|name| live.push_again(name))
                />
                <SmallButton
                    text="Let go"
                    title="Let the games go back to their own values"
                    on_press=move |()| name.with_value(|name| live.let_go(name))
                />
            </Show>
        </div>
    }
    .into_any()
}

/// `None` while nobody has edited it.
fn words_of_edit(var: &VarState) -> Option<String> {
    let author = |saved: &Desired| match saved.value {
        Some(_) => format!(", set by {}", format::isolated(&saved.author)),
        None => format!("Let go by {}", format::isolated(&saved.author)),
    };
    match (var.wanted(), &var.desired) {
        (Some(wanted), saved) => {
            let saved = saved.as_ref().filter(|saved| saved.value.as_ref() == Some(wanted));
            let wanted = wanted.to_string();
            Some(format!("Wanted: {}{}", format::isolated(&wanted), saved.map(author).unwrap_or_default()))
        }
        (None, Some(saved)) if saved.value.is_none() => Some(author(saved)),
        (None, _) => var.pending.as_ref().map(|_| "Letting go".to_owned()),
    }
}

/// The ranking that is shown: a new one at once when devices appear or the filter changes, otherwise after a pause, so that
/// no row moves while somebody reads it and answers come in.
fn held_ranking(name: StoredValue<VarName>, wanted: RwSignal<String>) -> RwSignal<Ranking> {
    let live = use_live();
    let newest = Memo::new(move |_| {
        let rank = |name: &VarName| {
            live.with_var(name, |state, _| wanted.with(|wanted| state.rank(name, wanted, MAX_ROWS)))
        };
        name.with_value(rank).unwrap_or_default()
    });
    let held = RwSignal::new(newest.get_untracked());
    let mut sort = debounce(QUIET, move |()| {
        if let Some(newest) = newest.try_get_untracked() {
            held.try_set(newest);
        }
    });
    Effect::new(move |before: Option<(String, usize)>| {
        let now = (wanted.get(), newest.with(|newest| newest.all));
        if before.as_ref() == Some(&now) {
            sort(());
        } else {
            held.set(newest.get());
        }
        now
    });
    held
}

#[component]
fn DeliveryRow(name: StoredValue<VarName>, device: DeviceId) -> impl IntoView {
    let live = use_live();
    let row = Memo::new(move |_| {
        let row = |name: &VarName| live.with_var(name, |state, _| state.device_row(name, device));
        name.with_value(row).flatten()
    });
    let item = move || {
        row.get().map(|row| {
            let (class, sign) = look(row.fate);
            let (words, value) = words(&row);
            let time = row.round_trip_micros.map(format::latency);
            view! {
                <li class=class>
                    <span class="delivery-device" dir="auto">{row.name}</span>
                    <span class="delivery-fate">
                        <span class="chip-sign" aria-hidden="true">
                            {sign}
                        </span>
                        {words}
                        {value.map(|value| view! { " " <bdi class="value">{value}</bdi> })}
                    </span>
                    <span class="delivery-time">{time}</span>
                    {row.reason.map(|reason| view! { <span class="delivery-reason" dir="auto">{reason}</span> })}
                </li>
            }
            .into_any()
        })
    };
    item.into_any()
}

fn look(fate: Fate) -> (&'static str, &'static str) {
    match fate {
        Fate::Rejected | Fate::Failed => ("delivery-row delivery-row--rejected", "✕"),
        Fate::Clamped => ("delivery-row delivery-row--clamped", "≈"),
        Fate::Drifted | Fate::Untold => ("delivery-row", "≠"),
        Fate::Back => ("delivery-row", "↩"),
        Fate::Pending => ("delivery-row delivery-row--pending", "◐"),
        Fate::Waiting => ("delivery-row", "○"),
        Fate::Applied | Fate::Done => ("delivery-row delivery-row--applied", "✓"),
        Fate::Reporting => ("delivery-row", ""),
    }
}

/// What a row says, and the value that follows.
fn words(row: &DeviceRow) -> (&'static str, Option<String>) {
    let reports = row.reports.clone();
    match (row.fate, reports.is_some()) {
        (Fate::Rejected, true) => ("rejected, reports", reports),
        (Fate::Rejected, false) => ("rejected", None),
        (Fate::Failed, _) => ("failed", None),
        (Fate::Clamped, _) if row.value.is_some() => ("clamped to", row.value.clone()),
        (Fate::Clamped, _) => ("clamped", None),
        (Fate::Pending, true) => ("pending, reports", reports),
        (Fate::Pending, false) => ("pending", None),
        (Fate::Waiting, _) => ("offline, delivered on reconnect", None),
        (Fate::Drifted, _) => ("applied, is now", reports),
        (Fate::Applied, _) if row.online => ("applied", None),
        (Fate::Applied, _) => ("applied, offline now", None),
        (Fate::Untold, _) => ("can't be told, keeps", reports),
        (Fate::Back, true) => ("went back to", reports),
        (Fate::Back, false) => ("went back to its own value", None),
        (Fate::Done, _) => ("done", row.value.clone()),
        (Fate::Reporting, _) if row.online => ("reports", reports),
        (Fate::Reporting, _) => ("offline, reported", reports),
    }
}

/// `and 950 more: 3 pending, 947 applied`.
fn others(ranking: &Ranking) -> Option<String> {
    let count: usize = ranking.more.iter().map(|(_, count)| count).sum();
    let each: Vec<String> =
        ranking.more.iter().map(|(fate, count)| format!("{count} {}", word(*fate))).collect();
    match each.as_slice() {
        [] if ranking.shown.is_empty() && ranking.all > 0 => Some("No device matches.".to_owned()),
        [] if ranking.all == 0 => Some("No device has answered yet.".to_owned()),
        [] => None,
        [_] => Some(format!("and {count} more that {}", clause(ranking.more[0].0))),
        _ => Some(format!("and {count} more: {}", each.join(", "))),
    }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Rejected => "rejected",
        Fate::Failed => "failed",
        Fate::Clamped => "clamped",
        Fate::Drifted => "differ",
        Fate::Pending => "pending",
        Fate::Untold => "can't be told",
        Fate::Back => "went back",
        Fate::Waiting => "offline",
        Fate::Applied => "applied",
        Fate::Done => "done",
        Fate::Reporting => "reporting",
    }
}

fn clause(fate: Fate) -> &'static str {
    match fate {
        Fate::Pending => "are pending",
        Fate::Waiting => "are offline",
        Fate::Done => "are done",
        Fate::Reporting => "report a value",
        other => word(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fate: Fate) -> DeviceRow {
        DeviceRow {
            name: "pixel".into(),
            online: true,
            fate,
            value: None,
            reports: None,
            reason: None,
            round_trip_micros: None,
        }
    }

    #[test]
    fn a_row_tells_what_is_in_force() {
        let five = Some("5".to_owned());
        let clamped = DeviceRow { value: five.clone(), ..row(Fate::Clamped) };
        assert_eq!(words(&clamped), ("clamped to", five.clone()));
        let drifted = DeviceRow { reports: five.clone(), ..row(Fate::Drifted) };
        assert_eq!(words(&drifted), ("applied, is now", five.clone()));
        let untold = DeviceRow { reports: five.clone(), ..row(Fate::Untold) };
        assert_eq!(words(&untold), ("can't be told, keeps", five.clone()));
        let away = DeviceRow { online: false, reports: five, ..row(Fate::Waiting) };
        assert_eq!(words(&away), ("offline, delivered on reconnect", None));
    }

    #[test]
    fn it_says_whose_declaration_counts() {
        assert_eq!(words_of_declarer("pixel", true), format!("Declared by {}.", format::isolated("pixel")));
        assert!(words_of_declarer("pixel", false).ends_with(", currently offline."));
    }

    #[test]
    fn devices_that_are_not_listed_are_counted() {
        let ranking = |more: &[(Fate, usize)]| Ranking {
            shown: vec![DeviceId(1)],
            more: more.to_vec(),
            all: 1 + more.iter().map(|(_, count)| count).sum::<usize>(),
        };
        assert_eq!(others(&ranking(&[])), None);
        let applied = [(Fate::Applied, 950)];
        assert_eq!(others(&ranking(&applied)).as_deref(), Some("and 950 more that applied"));
        let mixed = [(Fate::Pending, 3), (Fate::Applied, 947)];
        assert_eq!(others(&ranking(&mixed)).as_deref(), Some("and 950 more: 3 pending, 947 applied"));
        let none = Ranking { all: 3, ..Ranking::default() };
        assert_eq!(others(&none).as_deref(), Some("No device matches."));
    }
}
