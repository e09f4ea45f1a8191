//! The times of which the log shows lines: always visible.

use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;

use super::pane::LogPane;
use crate::live::{LogRange, read_moment, write_moment};

const CUSTOM: &str = "custom";
const WRONG: &str = "Type a length such as 90m or 2h30m, or a time such as 2026-12-03 14:05.";

/// A list of ranges, of which the last one is typed.
#[component]
pub(super) fn LogRangeList(pane: LogPane) -> impl IntoView {
    let range = pane.live.log_range;
    let preset = Memo::new(move |_| range.get().preset());
    let value = move || if pane.typing_range.get() { CUSTOM } else { preset.get().unwrap_or(CUSTOM) };
    let words = move || match preset.get() {
        Some(_) => "Custom…".to_owned(),
        None => {
            let zone = pane.zone.get();
            range.get().words(|at| zone.minutes_east(at))
        }
    };
    let first = value_now(pane);
    let options = LogRange::PRESETS.map(|(words, length)| {
        view! {
            <option value=length selected=first == length>
                {words}
            </option>
        }
    });
    view! {
        <select
            class="entry log-range"
            aria-label="Time range"
            prop:value=value
            on:change=move |event| {
                let chosen = event_target_value(&event);
                pane.typing_range.set(chosen == CUSTOM);
                if chosen != CUSTOM {
                    range.set(LogRange::last(&chosen));
                }
            }
        >
            {options.into_iter().collect_view()}
            <option value=CUSTOM selected=first == CUSTOM>
                {words}
            </option>
        </select>
    }
    .into_any()
}

fn value_now(pane: LogPane) -> &'static str {
    pane.live.log_range.get_untracked().preset().unwrap_or(CUSTOM)
}

/// Both ends, where they are not one of the list.
#[component]
pub(super) fn LogRangeEnds(pane: LogPane) -> impl IntoView {
    let range = pane.live.log_range;
    let shown = Memo::new(move |_| pane.typing_range.get() || range.get().preset().is_none());
    move || shown.get().then(|| view! { <Ends pane /> })
}

#[component]
fn Ends(pane: LogPane) -> impl IntoView {
    let (range, zone) = (pane.live.log_range, pane.zone);
    let (from, to) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let wrong = RwSignal::new(false);
    let east = move |at| zone.get().minutes_east(at);
    let read = move |field: NodeRef<Input>| {
        let zone = zone.get_untracked();
        read_moment(&field.get_untracked()?.value(), |at| zone.minutes_east(at))
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = read(from).zip(read(to));
        wrong.set(typed.is_none());
        if let Some((from, to)) = typed {
            pane.typing_range.set(false);
            range.set(LogRange { from, to });
        }
    };
    let field =
        move |label: &'static str, name: &'static str, node: NodeRef<Input>, placeholder: &'static str| {
            let end = move || if name == "from" { range.get().from } else { range.get().to };
            view! {
                <label>
                    <span class="meta">{label}</span>
                    <input
                        class="entry"
                        name=name
                        autocomplete="off"
                        spellcheck="false"
                        placeholder=placeholder
                        node_ref=node
                        prop:value=move || write_moment(end(), east)
                        aria-invalid=move || wrong.get().then_some("true")
                        aria-describedby="log-range-fault"
                    />
                </label>
            }
        };
    view! {
        <form class="log-ends" on:submit=submit>
            {field("From", "from", from, "the beginning")}
            {field("To", "to", to, "now")}
            <button type="submit" class="button">
                "Show"
            </button>
            {move || {
                wrong
                    .get()
                    .then(|| {
                        view! {
                            <p class="filter-fault" id="log-range-fault" role="alert">
                                {WRONG}
                            </p>
                        }
                    })
            }}
        </form>
    }
    .into_any()
}
