//! Who did what, when and from where.

use protocol::model::{AuditCursor, AuditEntry, AuditPage, ProjectId};

use crate::{Action, Caller, Gateway, GatewayError, store::PAGE_BYTES};

/// Entries of one part.
const MAX_ENTRIES: u32 = 200;
/// Entries that one search looks at: a filter that matches nothing must not read a year.
const MAX_LOOKED_THROUGH: usize = 2_000;

/// Which entries of the audit trail are wanted; empty texts: all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only of people whose name contains this, in upper or lower case.
    pub person: String,
    /// Only actions that begin with this, such as `member`.
    pub action: String,
}

impl Gateway {
    /// The newest entries behind a cursor, at most 200, and fewer than `limit` when their values are long: of one project, with
    /// its edits of values, or of the whole instance, without them.
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
        let limit = limit.clamp(1, MAX_ENTRIES);
        // one more tells whether there are more
        let mut found = self.inner.store.access().list_audit(project, after, limit + 1).await?;
        let text = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        let bytes: usize = found.iter().map(|(_, entry)| text(&entry.old) + text(&entry.new)).sum();
        let has_more = found.len() > limit as usize || bytes >= PAGE_BYTES;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| has_more).map(|(cursor, _)| cursor.clone());
        Ok(AuditPage { entries: found.into_iter().map(|(_, entry)| entry).collect(), next })
    }

    /// The newest entries behind a cursor that pass a filter, at most `limit`. It looks through 2,000 at most, so there may be
    /// fewer and still a next part.
    ///
    /// # Errors
    /// Those of [`Gateway::list_audit`].
    pub async fn search_audit(
        &self,
        caller: &Caller,
        project: Option<ProjectId>,
        filter: &AuditFilter,
        mut after: Option<AuditCursor>,
        limit: usize,
    ) -> Result<AuditPage, GatewayError> {
        let person = filter.person.trim().to_lowercase();
        let is_wanted = |entry: &AuditEntry| {
            entry.actor.to_lowercase().contains(&person) && entry.action.starts_with(&filter.action)
        };
        let (mut entries, mut looked_through) = (Vec::new(), 0);
        loop {
            let wanted = u32::try_from(limit - entries.len()).unwrap_or(MAX_ENTRIES);
            let page = self.list_audit(caller, project, after.as_ref(), wanted).await?;
            looked_through += page.entries.len();
            entries.extend(page.entries.into_iter().filter(is_wanted));
            after = page.next;
            if after.is_none() || entries.len() >= limit || looked_through >= MAX_LOOKED_THROUGH {
                return Ok(AuditPage { entries, next: after });
            }
        }
    }
}

/// An audit trail page by page, the newest entry first.
#[derive(Debug)]
pub struct AuditPages {
    gateway: Gateway,
    caller: Caller,
    project: Option<ProjectId>,
    after: Option<AuditCursor>,
    is_over: bool,
}

impl AuditPages {
    /// From the newest entry on.
    pub fn new(gateway: Gateway, caller: Caller, project: Option<ProjectId>) -> Self {
        Self { gateway, caller, project, after: None, is_over: false }
    }

    /// The next entries; none: that was all.
    ///
    /// # Errors
    /// Those of [`Gateway::list_audit`].
    pub async fn next(&mut self) -> Result<Vec<AuditEntry>, GatewayError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let after = self.after.take();
        let page = self.gateway.list_audit(&self.caller, self.project, after.as_ref(), MAX_ENTRIES).await?;
        self.is_over = page.next.is_none();
        self.after = page.next;
        Ok(page.entries)
    }
}
