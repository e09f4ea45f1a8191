//! The list of projects.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use protocol::model::{ProjectSummary, User};

use super::sentence;
use crate::api::{self, AppError};
use crate::components::{Failure, Header};
use crate::format;

/// `/`: projects, and a form for a new one.
#[component]
pub fn Projects() -> impl IntoView {
    let page = api::Page::new_with_options(|| (), |()| load(), true);
    view! {
        <Title text="Projects" />
        <Suspense>
            {move || Suspend::new(async move {
                match page.await {
                    Ok((user, projects)) => view! { <ProjectList user projects /> }.into_any(),
                    Err(error) => {
                        view! {
                            <Header />
                            <main id="main" class="page">
                                <Failure title="The projects cannot be shown" text=error.to_string() />
                            </main>
                        }
                            .into_any()
                    }
                }
            })}
        </Suspense>
    }
}

async fn load() -> Result<(Option<User>, Vec<ProjectSummary>), AppError> {
    Ok((api::get_session().await?, api::list_projects().await?))
}

#[component]
fn ProjectList(user: Option<User>, projects: Vec<ProjectSummary>) -> impl IntoView {
    let error = use_query_map().read_untracked().get("error");
    let first = projects.is_empty();
    view! {
        <Header user />
        <main id="main" class="page">
            <h1>"Projects"</h1>
            {error.map(|code| view! { <p class="notice notice--error" role="alert">{sentence(&code)}</p> })}
            {(!first)
                .then(|| {
                    view! {
                        <ul class="projects">
                            {projects
                                .into_iter()
                                .map(|summary| view! { <ProjectRow summary /> })
                                .collect_view()}
                        </ul>
                    }
                })}
            <section class="new-project" aria-labelledby="new-project">
                <h2 id="new-project">{if first { "Create your first project" } else { "New project" }}</h2>
                <p class="meta">"A project is one game. It gets a key, which the game says when it connects."</p>
                <form class="form form--inline" method="post" action="/projects">
                    <label class="form-field">
                        <span>"Name"</span>
                        <input type="text" name="name" maxlength="100" required autocomplete="off" />
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
fn ProjectRow(summary: ProjectSummary) -> impl IntoView {
    let ProjectSummary { project, devices, online, .. } = summary;
    let live = online > 0;
    view! {
        <li class="project">
            <a class="project-link" href=format!("/p/{}/live", project.id)>
                {project.name}
            </a>
            <span class="pill" class:pill--live=live>
                <span class="dot" class:dot--on=live aria-hidden="true"></span>
                {format!("{online} live")}
            </span>
            <span class="meta">{format!("{} seen", format::count(devices as usize, "device"))}</span>
        </li>
    }
    .into_any()
}
