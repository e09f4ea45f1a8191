//! A project's settings: what frames each of their pages.

mod audit;
mod general;
mod keys;
mod members;
mod retention;
mod schema;

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::model::ProjectRole;

pub use audit::ProjectAudit;
pub use general::General;
pub use keys::Keys;
pub use members::Members;
pub use retention::Retention;
pub use schema::Schema;

use super::frame::{Section, Sectioned};
use crate::api::{ProjectHead, Reply};
use crate::components::{Header, ProjectTab, ProjectTabs};

const GENERAL: Section = Section::new("General", "/settings");
const MEMBERS: Section = Section::new("Members", "/settings/members");
const KEYS: Section = Section::new("Keys", "/settings/keys");
const SCHEMA: Section = Section::new("Declarations", "/settings/schema");
const RETENTION: Section = Section::new("Retention", "/settings/retention");
const AUDIT: Section = Section::wide("Audit trail", "/settings/audit");

/// The pages that somebody with this role in the project may open; the server decides by the same rule.
fn sections(role: ProjectRole) -> &'static [Section] {
    match role {
        ProjectRole::Viewer => &[MEMBERS],
        ProjectRole::Designer => &[MEMBERS, KEYS],
        ProjectRole::Admin => &[GENERAL, MEMBERS, KEYS, SCHEMA, RETENTION, AUDIT],
    }
}

/// The frame of a page of the settings.
#[component]
fn Frame(
    /// Which project.
    head: ProjectHead,
    /// Which page.
    current: Section,
    /// How a form on the page was answered.
    #[prop(optional)]
    reply: Reply,
    /// The page's own part.
    children: Children,
) -> impl IntoView {
    let ProjectHead { user, id, name, role, .. } = head;
    view! {
        <Title text=format!("{} · {name}", current.title) />
        <Header user=Some(user)>
            <span class="crumb" aria-hidden="true">
                "/"
            </span>
            <span class="project-title" dir="auto">{name}</span>
            <ProjectTabs project=id role=Signal::stored(role) current=ProjectTab::Settings />
        </Header>
        <Sectioned label="Settings" base=format!("/p/{id}") sections=sections(role) current reply>
            {children()}
        </Sectioned>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_role_keeps_every_page_of_a_lower_one() {
        let roles = [ProjectRole::Viewer, ProjectRole::Designer, ProjectRole::Admin];
        for pair in roles.windows(2) {
            let [lower, higher] = [sections(pair[0]), sections(pair[1])];
            assert!(lower.iter().all(|section| higher.contains(section)) && lower.len() < higher.len());
        }
    }
}
