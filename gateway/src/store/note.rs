//! Rows of the audit trail. A change writes its row in its own transaction.

use protocol::model::{ProjectId, UnixMicros, User, UserId};

use super::{error::Result, sql::Tx};

/// A row of the audit trail that is yet to be written.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Now.
    pub at: UnixMicros,
    /// Who, if there is an account.
    pub actor_id: Option<UserId>,
    /// Their name, kept after the account is deleted.
    pub actor: String,
    /// By what.
    pub via: String,
    /// From where; may be empty.
    pub address: String,
    /// In which project.
    pub project: Option<ProjectId>,
    /// What: a stable code.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is now.
    pub new: Option<String>,
}

impl AuditRow {
    /// Attributes the row to `user` if it names no account: for people who get or prove their account by this very change.
    pub(super) fn by(self, user: &User) -> Self {
        match self.actor_id {
            Some(_) => self,
            None => Self { actor_id: Some(user.id), actor: user.name.clone(), ..self },
        }
    }
}

impl Tx<'_> {
    /// Writes an audit row.
    pub(super) async fn write_note(&mut self, note: &AuditRow) -> Result<()> {
        self.query(
            "INSERT INTO audit (at, actor_id, actor, via, address, project_id, action, subject, old, new)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(note.at.0)
        .bind(note.actor_id.map(|id| id.0))
        .bind(&note.actor)
        .bind(&note.via)
        .bind(&note.address)
        .bind(note.project.map(|id| id.0))
        .bind(note.action)
        .bind(&note.subject)
        .bind(&note.old)
        .bind(&note.new)
        .run()
        .await?;
        Ok(())
    }

    /// Writes the audit row of a change, and commits.
    pub(super) async fn finish(mut self, note: AuditRow) -> Result<()> {
        self.write_note(&note).await?;
        self.commit().await
    }

    /// Does that if any rows were changed, and otherwise rolls back. Returns whether any were.
    pub(super) async fn finish_if(self, changed: u64, note: AuditRow) -> Result<bool> {
        if changed > 0 {
            self.finish(note).await?;
        }
        Ok(changed > 0)
    }
}
