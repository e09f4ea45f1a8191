//! Invitations to a project.

use std::cmp::Reverse;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use protocol::model::{Invitation, ProjectRole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::Client,
    cursor::{Page, PageQuery},
    error::ApiResult,
    extract::{At, Body, InInvitation, InProject, Params},
    fields::Time,
    members::RoleWord,
};
use crate::web::{Web, client::Scheme, guard};

/// An invitation that was not accepted yet.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct InvitationView {
    #[schema(example = "0f3a9b2c4d5e6f70")]
    id: String,
    #[schema(value_type = RoleWord)]
    role: ProjectRole,
    /// Who it is for; may be empty.
    note: String,
    invited_by: String,
    created_at: Time,
    expires_at: Time,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.0,
            role: invitation.role,
            note: invitation.note,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at.into(),
            expires_at: invitation.expires_at.into(),
        }
    }
}

/// A new invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "designer", "note": "for Ana"}))]
pub(super) struct NewInvitation {
    #[schema(value_type = RoleWord)]
    role: ProjectRole,
    /// Who it is for: one line of at most 200 characters.
    #[serde(default)]
    #[schema(max_length = 200)]
    note: String,
}

/// An invitation with its link.
#[derive(Serialize, ToSchema)]
pub(super) struct Invited {
    invitation: InvitationView,
    /// The link for the invited person. It is only shown once.
    #[schema(example = "https://tune.example.org/join#token=…")]
    link: String,
}

/// List a project's open invitations
///
/// Newest first, without their links. Requires the role and the scope `admin`.
#[utoipa::path(
    get, operation_id = "list_invitations", path = "/projects/{project}/invitations", tag = "members", params(InProject, PageQuery),
    responses((status = 200, body = Page<InvitationView>))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<InvitationView>>> {
    let open = web.gateway.list_invitations(&caller, project).await?;
    let key = |invitation: &Invitation| (Reverse(invitation.created_at.0), invitation.id.0.clone());
    Ok(Json(page.cut(open, key)?.map(InvitationView::from)))
}

/// Invite someone
///
/// The link is valid for seven days and one person. Requires the role and the scope `admin`.
#[utoipa::path(
    post, operation_id = "invite", path = "/projects/{project}/invitations", tag = "members", params(InProject), request_body = NewInvitation,
    responses((status = 201, body = Invited))
)]
pub(super) async fn create(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    scheme: Scheme,
    headers: HeaderMap,
    Body(NewInvitation { role, note }): Body<NewInvitation>,
) -> ApiResult<(StatusCode, Json<Invited>)> {
    let (token, invitation) = web.gateway.invite(&caller, project, role, &note).await?;
    let link =
        format!("{}/join#token={}", web.own_origin(scheme, guard::plain_host(&headers)), token.reveal());
    Ok((StatusCode::CREATED, Json(Invited { invitation: invitation.into(), link })))
}

/// Revoke an invitation
///
/// Requires the role and the scope `admin`.
#[utoipa::path(
    delete, operation_id = "revoke_invitation", path = "/projects/{project}/invitations/{invitation}", tag = "members", params(InInvitation),
    responses((status = 204, description = "Its link is no longer valid."))
)]
pub(super) async fn revoke(
    State(web): State<Web>,
    Client(caller): Client,
    At(InInvitation { project, invitation }): At<InInvitation>,
) -> ApiResult<StatusCode> {
    web.gateway.revoke_invitation(&caller, project, &invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}
