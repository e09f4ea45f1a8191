//! Searches of the log that people keep for themselves, or share in the project.

use protocol::model::{ProjectId, ProjectRole, SavedSearch};

use crate::{Action, Caller, Gateway, GatewayError, store::NewSearch, text::named};

/// Searches of one person in one project; with those that everybody shares, the list stays short enough to be read.
const MAX_SEARCHES: usize = 50;
/// Bytes of what is kept: a filter has 512, which may take three each in an address.
const MAX_SEARCH_BYTES: usize = 4_096;

impl Gateway {
    /// Keeps a search of the log under a name, in place of one that the person has called so before; for everybody in the
    /// project, if they may edit values there. `search` is the query string of the log page.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`], [`GatewayError::NotFound`], [`GatewayError::Forbidden`] also for a token,
    /// [`GatewayError::Unavailable`].
    pub async fn save_search(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: &str,
        search: &str,
        is_shared: bool,
    ) -> Result<(), GatewayError> {
        let action = if is_shared { Action::EditValues } else { Action::ReadProject };
        self.authorise_in(caller, action, project).await?;
        self.authorise(caller, Action::ManageOwnAccount)?;
        let name = named(name, "a search")?;
        let is_query = search.is_empty() || search.starts_with('?');
        if !is_query || search.len() > MAX_SEARCH_BYTES || search.chars().any(char::is_control) {
            let text =
                format!("a search is the query string of the log page, of at most {MAX_SEARCH_BYTES} bytes");
            return Err(GatewayError::Invalid(text));
        }
        let access = self.inner.store.access();
        let own = access.list_searches(project, caller.user.id).await?;
        let mut own = own.iter().filter(|search| search.is_own);
        if own.clone().count() >= MAX_SEARCHES && own.all(|search| search.name != name) {
            let text = format!("at most {MAX_SEARCHES} searches of one person are kept; delete some first");
            return Err(GatewayError::Invalid(text));
        }
        let created_at = self.now();
        let (user, search) = (caller.user.id, search.to_owned());
        access.save_search(NewSearch { project, user, name, search, is_shared, created_at }).await?;
        Ok(())
    }

    /// The caller's own searches of a project's log, and those that others share, by name.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn list_searches(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<Vec<SavedSearch>, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        Ok(self.inner.store.access().list_searches(project, caller.user.id).await?)
    }

    /// Deletes one of the caller's searches; as an admin of the project also a shared one of somebody else.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn delete_search(
        &self,
        caller: &Caller,
        project: ProjectId,
        id: i64,
    ) -> Result<(), GatewayError> {
        let role = self.authorise_in(caller, Action::ReadProject, project).await?;
        self.authorise(caller, Action::ManageOwnAccount)?;
        let access = self.inner.store.access();
        let is_deleted = access.delete_search(project, id, Some(caller.user.id)).await?
            || (role >= ProjectRole::Admin && access.delete_search(project, id, None).await?);
        if is_deleted { Ok(()) } else { Err(GatewayError::NotFound) }
    }
}
