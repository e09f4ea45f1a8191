//! How long the project keeps what: its policy, with what it would remove, its pins, and what was removed.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use protocol::model::{
    Forgotten, LogPin, LogSize, ProjectId, Retention as Kept, RetentionEstimate, UnixMicros,
};

use super::{Frame, RETENTION};
use crate::api::{self, AppError, PolicyForm, RetentionPage};
use crate::components::LowDiskNotice;
use crate::format;
use crate::pages::{loaded, project_in_address};

/// `/p/:id/settings/retention`.
#[component]
pub fn Retention() -> impl IntoView {
    let (project, query) = (project_in_address(), use_query_map());
    loaded(
        "Retention",
        move || (project(), draft(&query.read())),
        |(id, draft)| async move { api::get_retention(id.ok_or(AppError::NotFound)?, draft).await },
        |page| view! { <Content page /> }.into_any(),
    )
}

/// The form that asks what a policy would remove.
fn draft(query: &ParamsMap) -> Option<PolicyForm> {
    query.get("estimate")?;
    let field = |name: &str| query.get(name).unwrap_or_default();
    Some(PolicyForm {
        trace: field("trace"),
        debug: field("debug"),
        info: field("info"),
        warn: field("warn"),
        error: field("error"),
        fatal: field("fatal"),
        log_megabytes: field("log_megabytes"),
        history: field("history"),
        requests: field("requests"),
        devices: field("devices"),
    })
}

#[component]
fn Content(page: RetentionPage) -> impl IntoView {
    let RetentionPage { head, retention, form, estimate, low_disk, now, reply } = page;
    let id = head.id;
    let Kept { policy: _, pins, forgotten, log, instance_bytes } = retention;
    let limit = instance_bytes.map(|bytes| {
        format!(
            " The logs of all projects on this server may take {} together: beyond that, the oldest lines of the largest \
             logs are removed.",
            format::bytes(bytes)
        )
    });
    view! {
        <Frame head current=RETENTION reply>
            {low_disk.map(|disk| view! { <LowDiskNotice disk /> })}
            <p>{words_of_log(log, now)} {forgotten.map(|told| words_of_forgotten(told, now))} {limit}</p>
            <Policy project=id form estimate now />
            <Pins project=id pins now />
        </Frame>
    }
    .into_any()
}

/// The form: one button tells, the other one saves.
#[component]
fn Policy(
    project: ProjectId,
    form: PolicyForm,
    estimate: Option<Result<RetentionEstimate, String>>,
    now: UnixMicros,
) -> impl IntoView {
    let [page, asking] = [(); 2].map(|()| format!("/p/{project}/settings/retention"));
    let days = |name: &'static str, text: &'static str, value: String, least: &'static str| {
        view! {
            <label class="form-field">
                <span>{text}</span>
                <input type="number" name=name min=least max="3650" placeholder="no limit" value=value />
            </label>
        }
    };
    let told = estimate.map(|estimate| {
        let words = match estimate {
            Ok(told) => words_of_estimate(told, now),
            Err(why) => format!("This can't be estimated: {why}."),
        };
        view! {
            <p class="notice" role="status">
                {words}
            </p>
        }
    });
    view! {
        <section class="section" aria-labelledby="policy">
            <h2 id="policy">"Policy"</h2>
            <p class="meta">
                "What is older is removed for good, within ten minutes after you save, in small steps. An empty field is no \
                 limit. Pinned lines are never removed."
            </p>
            {told}
            <form class="form" method="post" action=page>
                <fieldset class="form-grid">
                    <legend>"Days that log lines are kept"</legend>
                    {days("trace", "Trace", form.trace, "1")}
                    {days("debug", "Debug", form.debug, "1")}
                    {days("info", "Info", form.info, "1")}
                    {days("warn", "Warnings", form.warn, "1")}
                    {days("error", "Errors", form.error, "1")}
                    {days("fatal", "Fatal", form.fatal, "1")}
                </fieldset>
                <label class="form-field">
                    <span>"Most megabytes of log; the oldest lines are removed first"</span>
                    <input
                        type="number"
                        name="log_megabytes"
                        min="2"
                        placeholder="no limit"
                        value=form.log_megabytes
                    />
                </label>
                <fieldset class="form-grid">
                    <legend>"Days that other things are kept"</legend>
                    {days("history", "Edits, except the newest ten of each variable", form.history, "30")}
                    {days("requests", "Repeated requests that changed nothing", form.requests, "1")}
                    {days("devices", "Devices that don't come back", form.devices, "1")}
                </fieldset>
                <div class="row-buttons">
                    <button
                        class="button"
                        type="submit"
                        name="estimate"
                        value="1"
                        formmethod="get"
                        formaction=asking
                    >
                        "Show what would be removed"
                    </button>
                    <button class="button button--primary" type="submit">
                        "Save"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn Pins(project: ProjectId, pins: Vec<LogPin>, now: UnixMicros) -> impl IntoView {
    let is_empty = pins.is_empty();
    let rows = pins.into_iter().map(move |pin| view! { <Pin project pin now /> }).collect_view();
    view! {
        <section class="section" aria-labelledby="pins">
            <h2 id="pins">"Pinned lines"</h2>
            {is_empty.then(|| view! { <p class="meta">"Nothing is pinned."</p> })}
            <ul class="rows">{rows}</ul>
            <form class="form form--inline" method="post" action=format!("/p/{project}/settings/retention/pin")>
                <label class="form-field form-field--grow">
                    <span>"Name"</span>
                    <input type="text" name="name" maxlength="80" required autocomplete="off" />
                </label>
                <label class="form-field">
                    <span>"First line"</span>
                    <input type="number" name="first" min="1" required />
                </label>
                <label class="form-field">
                    <span>"Last line"</span>
                    <input type="number" name="last" min="1" required />
                </label>
                <label class="form-field">
                    <span>"Device number"</span>
                    <input type="number" name="device" min="1" placeholder="all" />
                </label>
                <button class="button" type="submit">
                    "Pin"
                </button>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn Pin(project: ProjectId, pin: LogPin, now: UnixMicros) -> impl IntoView {
    let LogPin { id, name, first_seq, last_seq, device, at, by } = pin;
    let of = device.map(|device| format!(" of device {device}")).unwrap_or_default();
    let lines = format!("lines {} to {}{of}", format::grouped(first_seq), format::grouped(last_seq));
    let meta = format!("{lines} · {} · {}", format::isolated(&by), format::ago(at, now));
    view! {
        <li class="row">
            <span class="row-main">
                <strong dir="auto">{name.clone()}</strong>
                <span class="meta">{meta}</span>
            </span>
            <form method="post" action=format!("/p/{project}/settings/retention/unpin")>
                <input type="hidden" name="pin" value=id.to_string() />
                <button class="button" type="submit">
                    "Remove"
                    <span class="sr-only">{format!(" the pin {name}")}</span>
                </button>
            </form>
        </li>
    }
    .into_any()
}

fn lines(count: u64) -> String {
    format!("{} line{}", format::grouped(count), if count == 1 { "" } else { "s" })
}

fn words_of_log(log: LogSize, now: UnixMicros) -> String {
    match log.oldest {
        None => "The log is empty.".to_owned(),
        Some(oldest) => format!(
            "The log has {} ({}); the oldest was received {}.",
            lines(log.lines),
            format::bytes(log.bytes),
            format::ago(oldest, now)
        ),
    }
}

fn words_of_forgotten(told: Forgotten, now: UnixMicros) -> String {
    format!(
        " {} removed so far, the last {} {}.",
        lines(told.lines),
        format::grouped(told.last_lines),
        format::ago(told.at, now)
    )
}

fn words_of_estimate(told: RetentionEstimate, now: UnixMicros) -> String {
    let RetentionEstimate { removed_lines, removed_bytes, kept, uncounted_lines } = told;
    let oldest = kept.oldest.map(|oldest| format!(", the oldest received {}", format::ago(oldest, now)));
    let uncounted = match uncounted_lines {
        0 => String::new(),
        count => format!(" {} not counted yet.", lines(count)),
    };
    format!(
        "This would remove about {} ({}) now and keep {}{}.{uncounted} Nothing is saved yet.",
        lines(removed_lines),
        format::bytes(removed_bytes),
        lines(kept.lines),
        oldest.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_go_is_told_in_words() {
        let now = UnixMicros(100 * 24 * 3600 * 1_000_000);
        let kept = LogSize { lines: 1, bytes: 90, oldest: None };
        let told = RetentionEstimate { removed_lines: 12_000, removed_bytes: 0, kept, uncounted_lines: 0 };
        let words = words_of_estimate(told, now);
        assert!(words.contains(&format!("{} lines", format::grouped(12_000))), "{words}");
        assert!(words.contains("keep 1 line.") && words.ends_with("Nothing is saved yet."), "{words}");
        let rest = RetentionEstimate { uncounted_lines: 3, ..told };
        assert!(words_of_estimate(rest, now).contains("3 lines not counted yet."));
    }
}
