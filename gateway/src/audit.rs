//! Who did what, when and from where.

use protocol::model::{AuditCursor, AuditPage, ProjectId};

use crate::{Action, Caller, Gateway, GatewayError, store::PAGE_BYTES};

/// Entries of one part.
pub const MAX_AUDIT_ENTRIES: u32 = 200;

impl Gateway {
    /// The newest entries behind a cursor, fewer than `limit` when their values are long: of one project, with its edits of values, or of the whole instance, without
    /// them.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn list_audit(
        &self,
        caller: &Caller,
        project: Option<ProjectId>,
        after: Option<&AuditCursor>,
        limit: u32,
    ) -> Result<AuditPage, GatewayError> {
        match project {
            Some(project) => self.authorise_in(caller, Action::ReadAudit, project).await.map(drop)?,
            None => self.authorise_on_instance(caller, Action::ReadInstanceAudit).await?,
        }
        let limit = limit.clamp(1, MAX_AUDIT_ENTRIES);
        // one more tells whether there are more
        let mut found = self.inner.store.access().list_audit(project, after, limit + 1).await?;
        let text = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        let bytes: usize = found.iter().map(|(_, entry)| text(&entry.old) + text(&entry.new)).sum();
        let has_more = found.len() > limit as usize || bytes >= PAGE_BYTES;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| has_more).map(|(cursor, _)| cursor.clone());
        Ok(AuditPage { entries: found.into_iter().map(|(_, entry)| entry).collect(), next })
    }
}
