//! Who did what in the project.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{AUDIT, Frame};
use crate::api::{self, AppError, AuditPart, ProjectHead};
use crate::pages::audit::{Clock, Exports, Trail, query_of};
use crate::pages::{loaded, project_in_address};

/// `/p/:id/settings/audit`.
#[component]
pub fn ProjectAudit() -> impl IntoView {
    let (id, query) = (project_in_address(), use_query_map());
    loaded(
        "Audit trail",
        move || (id(), query_of(&query.read())),
        |(id, query)| async move {
            let project = Some(id.ok_or(AppError::NotFound)?);
            let part = api::list_audit(api::AuditQuery { project, ..query.clone() }).await?;
            // the form shows the query
            let head = part.head.clone().ok_or(AppError::NotFound)?;
            Ok((head, query, part))
        },
        |(head, query, part)| view! { <Content head query part /> }.into_any(),
    )
}

#[component]
fn Content(head: ProjectHead, query: api::AuditQuery, part: AuditPart) -> impl IntoView {
    let export = format!("/api/v1/projects/{}/audit/export", head.id);
    view! {
        <Frame head current=AUDIT>
            <p class="meta">
                "Who did what, when, how and from where, value edits included. "
                <Clock />
                <Exports path=export />
            </p>
            <Trail query entries=part.entries next=part.next of_project=true />
        </Frame>
    }
    .into_any()
}
