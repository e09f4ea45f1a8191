//! The list of patterns.

use std::fmt::Write as _;

use leptos::prelude::*;
use protocol::model::{LogPattern, ProjectId, UnixMicros};

use crate::format;
use crate::live::log_address;
use crate::zone::use_zone;

/// Builds that are named.
const NAMED_BUILDS: usize = 3;

/// Each pattern with how often, when, where from, and a way to its lines.
#[component]
pub(super) fn PatternList(
    /// Of which project.
    project: ProjectId,
    /// In the order in which they are shown.
    patterns: Vec<LogPattern>,
    /// The newest build.
    newest: Option<String>,
    /// The server's clock.
    now: UnixMicros,
) -> impl IntoView {
    if patterns.is_empty() {
        let text = "Nothing of that kind was logged in this time.";
        return view! { <p class="empty">{text}</p> }.into_any();
    }
    let newest = newest.unwrap_or_default();
    let rows =
        patterns.into_iter().map(|pattern| view! { <Row project pattern newest=newest.clone() now /> });
    view! { <ol class="patterns">{rows.collect_view()}</ol> }.into_any()
}

#[component]
fn Row(project: ProjectId, pattern: LogPattern, newest: String, now: UnixMicros) -> impl IntoView {
    let zone = use_zone();
    let devices = devices(&pattern);
    let LogPattern { level, text, count, first, last, builds, is_new, bars, filter, .. } = pattern;
    let time = move |at: UnixMicros| {
        view! {
            <time
                datetime=at.to_rfc3339()
                title=move || format::moment(at, zone.get().minutes_east(at))
            >
                {format::ago(at, now)}
            </time>
        }
    };
    let badge = is_new.then(|| {
        view! { <span class="pattern-new">"New in " <bdi>{newest}</bdi></span> }
    });
    let builds = (!builds.is_empty()).then(|| {
        let named = builds.iter().take(NAMED_BUILDS).map(|build| format::isolated(build).into_owned());
        let more = if builds.len() > NAMED_BUILDS { " …" } else { "" };
        format!(" · {}{more}", named.collect::<Vec<_>>().join(", "))
    });
    let text = if text.is_empty() { "(an empty message)".to_owned() } else { text };
    view! {
        <li class="pattern" class:pattern--new=is_new>
            <span class=format!("pattern-level pattern-level--{level}")>{level.as_str()}</span>
            <span class="pattern-main">
                <a class="pattern-text" dir="auto" href=log_address(project, &filter)>
                    {text}
                </a>
                {badge}
                <span class="meta">"first " {time(first)} " · last " {time(last)} " · " {devices} {builds}</span>
            </span>
            <svg class="pattern-bars" viewBox="0 0 96 24" preserveAspectRatio="none" aria-hidden="true">
                <path d=outline(&bars) />
            </svg>
            <span class="pattern-count">
                {format::grouped(count)} <span class="meta">{if count == 1 { " line" } else { " lines" }}</span>
            </span>
        </li>
    }
    .into_any()
}

fn devices(pattern: &LogPattern) -> String {
    let more = if pattern.has_more_devices { "more than " } else { "" };
    format!("{more}{}", format::count(pattern.devices as usize, "device"))
}

/// The bars as one path, in a box of 96 by 24: the highest fills it, and one with any line can be seen.
fn outline(bars: &[u64]) -> String {
    const LEAST: f64 = 1.5;
    let most = bars.iter().copied().max().unwrap_or(0).max(1) as f64;
    let width = 96.0 / bars.len().max(1) as f64;
    let mut path = String::new();
    for (nth, count) in bars.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (24.0 * *count as f64 / most).max(LEAST);
        // writing to a text never fails
        let _ = write!(path, "M{:.1} 24v-{height:.1}h{:.1}v{height:.1}z", nth as f64 * width, width * 0.8);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_box_and_the_lowest_can_be_seen() {
        assert_eq!(outline(&[]), "");
        assert_eq!(outline(&[0, 0]), "");
        let path = outline(&[1_000, 0, 500, 1]);
        assert_eq!(path, "M0.0 24v-24.0h19.2v24.0zM48.0 24v-12.0h19.2v12.0zM72.0 24v-1.5h19.2v1.5z");
    }
}
