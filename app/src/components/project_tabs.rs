//! The tabs that lead from one of a project's pages to the others.

use leptos::prelude::*;
use protocol::model::{ProjectId, ProjectRole};

/// Which of the project's tabs is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectTab {
    /// The live page.
    Live,
    /// The log page.
    Logs,
    /// What its warnings and errors say.
    Errors,
    /// One of its settings.
    Settings,
}

/// The tabs of a project, in the bar at the top.
#[component]
pub fn ProjectTabs(
    /// Which project.
    project: ProjectId,
    /// The person's role in it, which decides on the first settings page that they may open.
    #[prop(into)]
    role: Signal<ProjectRole>,
    /// The tab that is shown.
    current: ProjectTab,
) -> impl IntoView {
    let is = move |tab: ProjectTab| (tab == current).then_some("page");
    let settings = move || match role.get() {
        ProjectRole::Admin => format!("/p/{project}/settings"),
        ProjectRole::Viewer | ProjectRole::Designer => format!("/p/{project}/settings/members"),
    };
    view! {
        <nav class="project-tabs" aria-label="Project">
            <a href=format!("/p/{project}/live") aria-current=is(ProjectTab::Live)>
                "Live"
            </a>
            <a href=format!("/p/{project}/logs") aria-current=is(ProjectTab::Logs)>
                "Logs"
            </a>
            <a href=format!("/p/{project}/errors") aria-current=is(ProjectTab::Errors)>
                "Errors"
            </a>
            <a href=settings aria-current=is(ProjectTab::Settings)>
                "Settings"
            </a>
        </nav>
    }
    .into_any()
}
