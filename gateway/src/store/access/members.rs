//! Members of projects.

use async_trait::async_trait;
use protocol::model::{Member, ProjectId, ProjectRole, UnixMicros, UserId};

use crate::store::{cells, error::Result, note::AuditRow, sql::row, sql_store::SqlStore};

/// Members of projects.
#[async_trait]
pub trait Members: Send + Sync {
    /// The projects of a person, with their roles.
    async fn list_memberships(&self, user: UserId) -> Result<Vec<(ProjectId, ProjectRole)>>;

    /// The members of a project, by name.
    async fn list_members(&self, project: ProjectId) -> Result<Vec<Member>>;

    /// Changes a member's role; the open invitations of someone who is no longer an admin are withdrawn. Returns whether they
    /// are a member.
    async fn set_member_role(
        &self,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
        note: AuditRow,
    ) -> Result<bool>;

    /// Removes a member, with their tokens for this project alone and the invitations they made. Returns whether they were one.
    async fn remove_member(&self, project: ProjectId, user: UserId, note: AuditRow) -> Result<bool>;
}

row! {
    struct MembershipRecord { project_id: i64, role: String } -> (ProjectId, ProjectRole) {
        Ok((ProjectId(project_id), cells::project_role(&role)?))
    }
}

row! {
    struct MemberRecord { id: i64, name: String, email: Option<String>, role: String, added_at: i64 } -> Member {
        let (user, role, added_at) = (UserId(id), cells::project_role(&role)?, UnixMicros(added_at));
        Ok(Member { user, name, email, role, added_at })
    }
}

/// Withdraws the invitations that a member made.
const TAKE_BACK: &str = "DELETE FROM links WHERE project_id = $1 AND created_by_id = $2";

#[async_trait]
impl Members for SqlStore {
    async fn list_memberships(&self, user: UserId) -> Result<Vec<(ProjectId, ProjectRole)>> {
        let sql = "SELECT project_id, role FROM members WHERE user_id = $1";
        self.read(sql).bind(user.0).read_all::<MembershipRecord>().await
    }

    async fn list_members(&self, project: ProjectId) -> Result<Vec<Member>> {
        self.read(
            "SELECT u.id, u.name, u.email, m.role, m.added_at FROM members m
             JOIN users u ON u.id = m.user_id WHERE m.project_id = $1 ORDER BY u.name, u.id",
        )
        .bind(project.0)
        .read_all::<MemberRecord>()
        .await
    }

    async fn set_member_role(
        &self,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
        note: AuditRow,
    ) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let change = tx.query("UPDATE members SET role = $3 WHERE project_id = $1 AND user_id = $2");
        let changed = change.bind(project.0).bind(user.0).bind(role.as_str()).run().await?;
        if changed > 0 && role < ProjectRole::Admin {
            // otherwise they could invite themselves back
            tx.query(TAKE_BACK).bind(project.0).bind(user.0).run().await?;
        }
        tx.finish_if(changed, note).await
    }

    async fn remove_member(&self, project: ProjectId, user: UserId, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let remove = tx.query("DELETE FROM members WHERE project_id = $1 AND user_id = $2");
        let removed = remove.bind(project.0).bind(user.0).run().await?;
        if removed > 0 {
            for sql in [TAKE_BACK, "DELETE FROM api_tokens WHERE project_id = $1 AND user_id = $2"] {
                tx.query(sql).bind(project.0).bind(user.0).run().await?;
            }
        }
        tx.finish_if(removed, note).await
    }
}
