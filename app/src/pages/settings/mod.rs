//! A project's settings: what frames each of their pages.

mod audit;
mod general;
mod keys;
mod members;
mod schema;

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::model::ProjectRole;

pub use audit::ProjectAudit;
pub use general::General;
pub use keys::Keys;
pub use members::Members;
pub use schema::Schema;

use super::Problem;
use crate::api::{ProjectHead, Reply};
use crate::components::{Header, ProjectTab, ProjectTabs};

/// A page of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    General,
    Members,
    Keys,
    Schema,
    Audit,
}

impl Section {
    const ALL: [Self; 5] = [Self::General, Self::Members, Self::Keys, Self::Schema, Self::Audit];

    fn title(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Members => "Members",
            Self::Keys => "Keys",
            Self::Schema => "Declarations",
            Self::Audit => "Audit trail",
        }
    }

    /// Behind `/p/:id`.
    fn path(self) -> &'static str {
        match self {
            Self::General => "/settings",
            Self::Members => "/settings/members",
            Self::Keys => "/settings/keys",
            Self::Schema => "/settings/schema",
            Self::Audit => "/settings/audit",
        }
    }

    /// Whether whoever is this in the project may open it; the server decides by the same table.
    fn is_for(self, role: ProjectRole) -> bool {
        let least = match self {
            Self::Members => ProjectRole::Viewer,
            Self::Keys => ProjectRole::Designer,
            Self::General | Self::Schema | Self::Audit => ProjectRole::Admin,
        };
        role >= least
    }
}

/// Header, the settings' pages, heading, and what became of the last form.
#[component]
fn Frame(
    /// Which project.
    head: ProjectHead,
    /// Which page.
    current: Section,
    /// What a form of the page was answered with.
    #[prop(optional)]
    reply: Option<Reply>,
    /// The page's own part.
    children: Children,
) -> impl IntoView {
    let ProjectHead { user, id, name, role, .. } = head;
    let links = Section::ALL.into_iter().filter(|section| section.is_for(role)).map(|section| {
        view! {
            <a href=format!("/p/{id}{}", section.path()) aria-current=(section == current).then_some("page")>
                {section.title()}
            </a>
        }
    });
    view! {
        <Title text=format!("{} · {name}", current.title()) />
        <Header user=Some(user)>
            <span class="crumb" aria-hidden="true">
                "/"
            </span>
            <span class="project-title" dir="auto">{name}</span>
            <ProjectTabs project=id role=Signal::stored(role) current=ProjectTab::Settings />
        </Header>
        <main id="main" class="page" class:page--wide=current == Section::Audit>
            <nav class="subnav" aria-label="Settings">
                {links.collect_view()}
            </nav>
            <h1>{current.title()}</h1>
            <Problem reply=reply.unwrap_or_default() />
            {children()}
        </main>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_shown_a_link_that_he_may_not_follow() {
        let of = |role| Section::ALL.into_iter().filter(|section| section.is_for(role)).collect::<Vec<_>>();
        assert_eq!(of(ProjectRole::Viewer), [Section::Members]);
        assert_eq!(of(ProjectRole::Designer), [Section::Members, Section::Keys]);
        assert_eq!(of(ProjectRole::Admin), Section::ALL);
    }
}
