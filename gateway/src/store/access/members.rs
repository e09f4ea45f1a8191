//! Members: who is what in which project.

use protocol::model::{Member, ProjectId, ProjectRole, UserId};

use super::{AccessStore, AuditRow, both};
use crate::store::{Result, access_rows};

impl AccessStore {
    /// What a person is in which projects.
    pub async fn list_memberships(&self, user: UserId) -> Result<Vec<(ProjectId, ProjectRole)>> {
        both!(self, db, {
            let cells = sqlx::query_as("SELECT project_id, role FROM members WHERE user_id = $1")
                .bind(user.0)
                .fetch_all(&db.reader)
                .await?;
            cells.into_iter().map(access_rows::membership).collect()
        })
    }

    /// The members of a project, by name.
    pub async fn list_members(&self, project: ProjectId) -> Result<Vec<Member>> {
        both!(self, db, {
            let cells = sqlx::query_as(
                "SELECT u.id, u.name, u.email, m.role, m.added_at FROM members m
                 JOIN users u ON u.id = m.user_id WHERE m.project_id = $1 ORDER BY u.name, u.id",
            )
            .bind(project.0)
            .fetch_all(&db.reader)
            .await?;
            cells.into_iter().map(access_rows::member).collect()
        })
    }

    /// Changes what a member may do; the open invitations of one who is no admin any more are taken back. Returns
    /// whether he is one.
    pub async fn set_member_role(
        &self,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
        note: AuditRow,
    ) -> Result<bool> {
        both!(self, db, {
            let change = sqlx::query("UPDATE members SET role = $3 WHERE project_id = $1 AND user_id = $2")
                .bind(project.0)
                .bind(user.0)
                .bind(role.as_str());
            // or he would keep a way back
            let take_back = (role < ProjectRole::Admin).then(|| {
                sqlx::query("DELETE FROM links WHERE project_id = $1 AND created_by_id = $2")
                    .bind(project.0)
                    .bind(user.0)
            });
            Ok(db.change(change, take_back, note).await? > 0)
        })
    }

    /// Removes a member, and his tokens for this project alone. Returns whether he was one.
    pub async fn remove_member(&self, project: ProjectId, user: UserId, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let [remove, take_back, delete] = [
                "DELETE FROM members WHERE project_id = $1 AND user_id = $2",
                // what he could hand on goes with him
                "DELETE FROM links WHERE project_id = $1 AND created_by_id = $2",
                "DELETE FROM api_tokens WHERE project_id = $1 AND user_id = $2",
            ]
            .map(|sql| sqlx::query(sql).bind(project.0).bind(user.0));
            Ok(db.change(remove, [take_back, delete], note).await? > 0)
        })
    }
}
