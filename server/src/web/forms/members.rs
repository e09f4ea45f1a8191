//! Inviting, promoting, demoting and removing members.

use app::api::Reply;
use axum::{
    Form,
    extract::{Path, State},
    http::request::Parts,
    response::Response,
};
use gateway::GatewayError;
use protocol::model::{Handle, ProjectId, ProjectRole, UserId};
use serde::Deserialize;

use super::{back, confirmed::Confirmed, explain, reveal, settle};
use crate::web::{Web, auth::SignedIn, client::Scheme, guard};

fn page(project: ProjectId) -> String {
    format!("/p/{project}/settings/members")
}

#[derive(Deserialize)]
pub(in crate::web) struct Invite {
    role: ProjectRole,
    #[serde(default)]
    note: String,
}

/// `POST /p/:id/settings/members`: the answer shows the invitation's link, once.
pub(in crate::web) async fn invite(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    scheme: Scheme,
    parts: Parts,
    Form(form): Form<Invite>,
) -> Response {
    match web.gateway.invite(&caller, project, form.role, &form.note).await {
        Ok((token, invitation)) => {
            let link = format!(
                "{}/join#token={}",
                web.own_origin(scheme, guard::plain_host(&parts.headers)),
                token.reveal()
            );
            reveal(&web, caller, parts, link, invitation.note).await
        }
        Err(error @ GatewayError::Invalid(_)) => {
            explain(&web, Some(caller), parts, Reply::default(), &error).await
        }
        Err(error) => back(&page(project), '?', &error),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct SetRole {
    user: UserId,
    role: ProjectRole,
}

/// `POST /p/:id/settings/members/role`.
pub(in crate::web) async fn set_role(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<SetRole>,
) -> Response {
    settle(&page(project), web.gateway.set_member_role(&caller, project, form.user, form.role).await)
}

#[derive(Deserialize)]
pub(in crate::web) struct Remove {
    user: UserId,
}

/// `POST /p/:id/settings/members/remove`: also for leaving, which ends at the list of projects.
pub(in crate::web) async fn remove(
    State(web): State<Web>,
    Path(project): Path<ProjectId>,
    Confirmed { caller, form }: Confirmed<Remove>,
) -> Response {
    let page = page(project);
    let removed = web.gateway.remove_member(&caller, project, form.user).await;
    let then = if removed.is_ok() && form.user == caller.user.id { "/" } else { &page };
    settle(then, removed)
}

#[derive(Deserialize)]
pub(in crate::web) struct RevokeInvitation {
    invitation: String,
}

/// `POST /p/:id/settings/members/uninvite`.
pub(in crate::web) async fn revoke_invitation(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<RevokeInvitation>,
) -> Response {
    let invitation = Handle(form.invitation);
    settle(&page(project), web.gateway.revoke_invitation(&caller, project, &invitation).await)
}
