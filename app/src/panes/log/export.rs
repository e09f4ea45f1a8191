//! A download of all lines that filter and range show, on the page or not.

use leptos::prelude::*;

use super::pane::LogPane;
use crate::live::{LiveState, export_search};

const ID: &str = "log-export";
const FORMATS: [(&str, &str); 2] = [("ndjson", "As NDJSON"), ("csv", "As CSV")];

/// The button, and what it opens. The browser shows how far a download is, and can cancel it; nothing of it is kept in memory.
#[component]
pub(super) fn LogExport(pane: LogPane) -> impl IntoView {
    let live = pane.live;
    // what is shown while the menu is open
    let search = Memo::new(move |_| {
        let range = live.log_range.get();
        pane.now.track();
        live.with_logs(|state| {
            let filter = state.logs.query().whole_filter(|device| state.device_name(device));
            export_search(&filter?, range.resolve(state.now()))
        })
    });
    let path = format!("/api/v1/projects/{}/logs/export", live.read(LiveState::project));
    let link = move |format: &'static str, words: &'static str| {
        let path = path.clone();
        let href = move || search.get().map(|search| format!("{path}?format={format}{search}"));
        view! {
            <a class="button" download="" rel="external" href=href>
                {words}
            </a>
        }
    };
    view! {
        <button type="button" class="button" popovertarget=ID>
            "Export"
        </button>
        <div class="help-text log-look" id=ID popover="auto" role="group" aria-label="Download the lines">
            <p>"All lines that the filter and the time range show, the newest first, whether they are loaded here or not."</p>
            {move || {
                search
                    .with(Option::is_none)
                    .then(|| view! { <p class="filter-fault">"The filter is too long for a download: shorten it."</p> })
            }}
            {FORMATS.map(|(format, words)| link.clone()(format, words)).into_iter().collect_view()}
        </div>
    }
    .into_any()
}
