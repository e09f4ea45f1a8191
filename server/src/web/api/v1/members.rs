//! Members of a project.

use axum::{Json, extract::State, http::StatusCode};
use protocol::model::{Member, ProjectRole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::Client,
    cursor::{Page, PageQuery},
    error::ApiResult,
    extract::{At, Body, InMember, InProject, Params},
    fields::Time,
};
use crate::web::Web;

/// A member of a project.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberView {
    /// The number of the account.
    user: i64,
    /// The display name.
    name: String,
    #[schema(required)]
    email: Option<String>,
    #[schema(value_type = RoleWord)]
    role: ProjectRole,
    added_at: Time,
}

/// What a member may do. Each role includes those before it.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase", as = Role)]
#[expect(dead_code, reason = "describes the words of `ProjectRole`, which knows no OpenAPI")]
pub(super) enum RoleWord {
    Viewer,
    Designer,
    Admin,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let Member { user, name, email, role, added_at } = member;
        Self { user: user.0, name, email, role, added_at: added_at.into() }
    }
}

/// A role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "designer"}))]
pub(super) struct NewRole {
    #[schema(value_type = RoleWord)]
    role: ProjectRole,
}

/// List a project's members
///
/// Sorted by name. The instance's owner is only listed if they were added.
#[utoipa::path(
    get, operation_id = "list_members", path = "/projects/{project}/members", tag = "members", params(InProject, PageQuery),
    responses((status = 200, body = Page<MemberView>))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<MemberView>>> {
    let members = web.gateway.list_members(&caller, project).await?;
    Ok(Json(page.cut(members, |member| (member.name.clone(), member.user.0))?.map(MemberView::from)))
}

/// Change a member's role
///
/// Takes effect at once, also in open dashboards. Requires the role and the scope `admin`.
#[utoipa::path(
    patch, operation_id = "set_member_role", path = "/projects/{project}/members/{user}", tag = "members", params(InMember), request_body = NewRole,
    responses((status = 204, description = "The role was changed."))
)]
pub(super) async fn set_role(
    State(web): State<Web>,
    Client(caller): Client,
    At(InMember { project, user }): At<InMember>,
    Body(NewRole { role }): Body<NewRole>,
) -> ApiResult<StatusCode> {
    web.gateway.set_member_role(&caller, project, user, role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a member
///
/// Closes their open dashboards of this project. Requires the role and the scope `admin`.
#[utoipa::path(
    delete, operation_id = "remove_member", path = "/projects/{project}/members/{user}", tag = "members", params(InMember),
    responses((status = 204, description = "They are no longer a member."))
)]
pub(super) async fn remove(
    State(web): State<Web>,
    Client(caller): Client,
    At(InMember { project, user }): At<InMember>,
) -> ApiResult<StatusCode> {
    web.gateway.remove_member(&caller, project, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
