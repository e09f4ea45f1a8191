//! The list of projects.

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::model::User;

use super::{Problem, loaded};
use crate::api::{self, ListedProject, LowDisk};
use crate::components::{Header, LowDiskNotice};
use crate::format;

/// `/`: projects, and a form for a new one.
#[component]
pub fn Projects() -> impl IntoView {
    loaded(
        "Projects",
        || (),
        |()| api::list_projects(),
        |(user, projects, low_disk)| view! { <ProjectList user projects low_disk /> }.into_any(),
    )
}

#[component]
fn ProjectList(user: User, projects: Vec<ListedProject>, low_disk: Option<LowDisk>) -> impl IntoView {
    let first = projects.is_empty();
    view! {
        <Title text="Projects" />
        <Header user=Some(user) />
        <main id="main" class="page">
            <h1>"Projects"</h1>
            <Problem />
            {low_disk.map(|disk| view! { <LowDiskNotice disk /> })}
            {(!first)
                .then(|| {
                    view! {
                        <ul class="projects">
                            {projects
                                .into_iter()
                                .map(|project| view! { <ProjectRow project /> })
                                .collect_view()}
                        </ul>
                    }
                })}
            <section class="new-project" aria-labelledby="new-project">
                <h2 id="new-project">{if first { "Create your first project" } else { "New project" }}</h2>
                <p class="meta">"A project is one game. It gets a key, which the game sends when it connects."</p>
                <form class="form form--inline" method="post" action="/projects">
                    <label class="form-field">
                        <span>"Name"</span>
                        <input type="text" name="name" maxlength="80" required autocomplete="off" />
                    </label>
                    <button class="button button--primary" type="submit">
                        "Create project"
                    </button>
                </form>
            </section>
        </main>
    }
    .into_any()
}

#[component]
fn ProjectRow(project: ListedProject) -> impl IntoView {
    let ListedProject { id, name, role, devices, online } = project;
    let live = online > 0;
    view! {
        <li class="project">
            <a class="project-link" href=format!("/p/{id}/live")>
                <bdi>{name}</bdi>
            </a>
            <span class="pill">{role.to_string()}</span>
            <span class="pill" class:pill--live=live>
                <span class="dot" class:dot--on=live aria-hidden="true"></span>
                {format!("{online} live")}
            </span>
            <span class="meta">{format!("{} seen", format::count(devices as usize, "device"))}</span>
        </li>
    }
    .into_any()
}
