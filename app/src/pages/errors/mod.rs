//! Errors together: what warnings and errors of a project say, how often, and since which build.

mod list;
mod query;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use protocol::model::LogPatterns;

use self::list::PatternList;
use self::query::{LEVELS, Query, RANGES, SORTS};
use super::{loaded, project_in_address};
use crate::api::{self, AppError, ErrorsPage, ProjectHead};
use crate::components::{Header, ProjectTab, ProjectTabs};
use crate::format;
use crate::zone::use_zone;

/// `/p/:id/errors`.
#[component]
pub fn Errors() -> impl IntoView {
    let (id, query) = (project_in_address(), use_query_map());
    loaded(
        "Errors",
        move || (id(), Query::read(&query.read())),
        |(id, query)| async move {
            let question = query.question(id.ok_or(AppError::NotFound)?);
            Ok((query, api::list_log_patterns(question).await?))
        },
        |(query, page)| view! { <Content query page /> }.into_any(),
    )
}

#[component]
fn Content(query: Query, page: ErrorsPage) -> impl IntoView {
    let ErrorsPage { head: ProjectHead { user, id, name, role, .. }, found, now } = page;
    let content = match found {
        Ok(found) => {
            let summary = Summary::of(&found, &query);
            let patterns = query.sorted(found.patterns);
            view! {
                <About summary />
                <PatternList project=id patterns newest=found.build now />
            }
            .into_any()
        }
        Err(why) => view! { <p class="notice notice--error" role="alert">{why}</p> }.into_any(),
    };
    view! {
        <Title text=format!("Errors · {name}") />
        <Header user=Some(user)>
            <span class="crumb" aria-hidden="true">
                "/"
            </span>
            <span class="project-title" dir="auto">{name}</span>
            <ProjectTabs project=id role=Signal::stored(role) current=ProjectTab::Errors />
        </Header>
        <main id="main" class="page page--wide">
            <h1>"Errors"</h1>
            <Filter query />
            {content}
        </main>
    }
    .into_any()
}

#[component]
fn Filter(query: Query) -> impl IntoView {
    let Query { filter, level, range, sort } = query;
    let is_narrowed = !filter.is_empty();
    view! {
        <form class="form form--inline" method="get">
            <label class="form-field form-field--grow">
                <span>"Filter"</span>
                <input
                    type="search"
                    name="q"
                    autocomplete="off"
                    maxlength="512"
                    placeholder="words, device:pixel*, hp<10 …"
                    value=filter
                />
            </label>
            <label class="form-field">
                <span>"Level"</span>
                <select name="level">{options(&LEVELS, level)}</select>
            </label>
            <label class="form-field">
                <span>"Time"</span>
                <select name="range">{options(&RANGES, range)}</select>
            </label>
            <label class="form-field">
                <span>"Order"</span>
                <select name="sort">{options(&SORTS, sort)}</select>
            </label>
            <button class="button" type="submit">
                "Show"
            </button>
            {is_narrowed
                .then(|| {
                    view! {
                        <a class="button" href="?">
                            "Show all"
                        </a>
                    }
                })}
        </form>
    }
    .into_any()
}

/// A choice of a word in the address, with what it is called.
fn options<T: PartialEq + Copy + 'static>(
    all: &'static [(&'static str, &'static str, T)],
    chosen: T,
) -> impl IntoView {
    let option = move |(word, name, value): &(&'static str, &'static str, T)| {
        view! {
            <option value=*word selected=*value == chosen>
                {*name}
            </option>
        }
    };
    all.iter().map(option).collect_view()
}

/// What is said above the list.
struct Summary {
    count: String,
    back_to: Option<protocol::model::UnixMicros>,
    notes: Vec<String>,
}

impl Summary {
    fn of(found: &LogPatterns, query: &Query) -> Self {
        let lines: u64 = found.patterns.iter().map(|pattern| pattern.count).sum();
        let new = found.patterns.iter().filter(|pattern| pattern.is_new).count();
        let plural = |number: u64, one: &str| {
            let end = if number == 1 { "" } else { "s" };
            format!("{} {one}{end}", format::grouped(number))
        };
        let count = match found.patterns.len() {
            0 => "No lines.".to_owned(),
            patterns => format!("{} of {}.", plural(lines, "line"), plural(patterns as u64, "pattern")),
        };
        let mut notes = Vec::new();
        if let Some(build) = found.build.as_ref().filter(|_| new > 0) {
            notes.push(format!("{new} new in {}.", format::isolated(build)));
        }
        if found.other > 0 {
            let lines = plural(found.other, "line");
            notes.push(format!("{lines} of patterns that made room for more recent ones are not listed."));
        }
        if found.uncounted > 0 {
            let lines = plural(found.uncounted, "recent line");
            notes.push(format!("Up to {lines} are not counted yet: reload in some seconds."));
        }
        if query.is_searched() {
            notes.push("Counts are those of one search.".to_owned());
        }
        Self { count, back_to: found.back_to, notes }
    }
}

#[component]
fn About(summary: Summary) -> impl IntoView {
    let zone = use_zone();
    let Summary { count, back_to, notes } = summary;
    let looked = back_to.map(|at| {
        let moment = move || format::moment(at, zone.get().minutes_east(at));
        view! { <p class="notice" role="status">{move || format!("Searched back to {}: earlier lines are not counted. Choose a shorter time, or a filter that fewer lines match.", moment())}</p> }
    });
    view! {
        <p class="meta">{count} {notes.into_iter().map(|note| format!(" {note}")).collect_view()}</p>
        {looked}
    }
    .into_any()
}
