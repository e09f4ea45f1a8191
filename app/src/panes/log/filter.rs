//! The filter above the log: level and text.

use leptos::html::Input;
use leptos::prelude::*;
use protocol::filter::{Filter, FilterError};
use protocol::model::Level;

use super::filter_help::FilterHelp;
use super::pane::LogPane;
use super::range::LogRangeList;
use crate::components::take_typed;
use crate::live::{Live, LogRange, MAX_FILTER_CHARS};

/// What can't be parsed is underlined, with what to write instead, and the last valid filter stays.
#[component]
pub(super) fn LogFilter(pane: LogPane) -> impl IntoView {
    let live = pane.live;
    let (text, at_least) = (live.log_filter, live.log_level);
    let parsed = Memo::new(move |_| text.with(|text| Filter::parse(text)));
    let field = NodeRef::<Input>::new();
    take_typed(field, text);
    Effect::new(move || {
        at_least.track();
        let filter = parsed.get().ok();
        if apply(live, filter) {
            pane.all.set(false);
        }
    });
    let range = live.log_range;
    Effect::new(move |before: Option<LogRange>| {
        let range = range.get();
        if before.is_some_and(|before| before != range) {
            pane.all.set(false);
            live.update_logs(|state| {
                let bounds = range.resolve(state.now());
                state.set_log_bounds(bounds);
                state.logs.resume_following();
            });
        }
        range
    });
    let levels = Level::ALL.map(|level| {
        let word = if level == Level::Trace { "all levels" } else { level.as_str() };
        view! {
            <option value=level.as_str() selected=level == at_least.get_untracked()>
                {word}
            </option>
        }
    });
    view! {
        <div class="log-filter">
            <select
                class="entry"
                aria-label="Lowest level"
                prop:value=move || at_least.get().as_str()
                on:change=move |event| {
                    at_least.set(Level::parse(&event_target_value(&event)).unwrap_or(Level::Trace));
                }
            >
                {levels.into_iter().collect_view()}
            </select>
            <LogRangeList pane />
            <input
                type="search"
                class="entry"
                aria-label="Filter log lines"
                aria-invalid=move || parsed.with(Result::is_err).then_some("true")
                aria-describedby="filter-fault"
                placeholder="Filter: words, \"a phrase\", -not, device:name, hp<10"
                autocomplete="off"
                spellcheck="false"
                maxlength=MAX_FILTER_CHARS
                node_ref=field
                value=text.get_untracked()
                prop:value=move || text.get()
                on:input=move |event| text.set(event_target_value(&event))
            />
            <FilterHelp />
            {move || parsed.get().err().map(|fault| text.with(|text| fault_line(text, &fault)))}
        </div>
    }
    .into_any()
}

/// Whether other lines are shown now.
fn apply(live: Live, filter: Option<Filter>) -> bool {
    let Some((text, at_least)) = live.log_filter.try_get_untracked().zip(live.log_level.try_get_untracked())
    else {
        return false;
    };
    let mut is_new = false;
    live.update_logs(|state| is_new = state.set_log_filter(text, filter, at_least));
    is_new
}

fn fault_line(typed: &str, fault: &FilterError) -> impl IntoView + use<> {
    let part = |from, to| typed.get(from..to).unwrap_or_default().to_owned();
    let (before, wrong) = (part(0, fault.start), part(fault.start, fault.end));
    let after = part(fault.end, typed.len());
    view! {
        <p class="filter-fault" id="filter-fault" role="alert">
            <code>{before}<u>{wrong}</u>{after}</code>
            " "
            {fault.text.clone()}
        </p>
    }
}
