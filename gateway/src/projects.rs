//! Projects.

use std::sync::Arc;

use protocol::model::{Project, ProjectId, ProjectInfo, ProjectSummary, Role};

use crate::{Action, Caller, Gateway, GatewayError, caller::Deed, live::Live, text::named};

/// Projects of one person.
const MAX_PROJECTS: usize = 200;

impl Gateway {
    /// Makes a project; the caller becomes its first admin.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`] for a name that is blank or too long or when they have too many,
    /// [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn create_project(&self, caller: &Caller, name: &str) -> Result<Project, GatewayError> {
        self.authorise(caller, Action::CreateProject)?;
        let name = named(name, "the project")?;
        let (access, user) = (self.inner.store.access(), caller.user.id);
        if access.list_memberships(user).await?.len() >= MAX_PROJECTS && caller.user.role != Role::Owner {
            let text = format!("you are in {MAX_PROJECTS} projects already; leave or delete some first");
            return Err(GatewayError::Invalid(text));
        }
        let (key, now) = (self.generate_key(), self.now());
        let deed = Deed::new("project.create", name.as_str()).by(caller, now);
        self.change_rights(access.create_project(&name, Some(user), key, now, deed)).await
    }

    /// The projects that somebody may see, the newest first.
    ///
    /// # Errors
    /// [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn list_projects(&self, caller: &Caller) -> Result<Vec<ProjectSummary>, GatewayError> {
        self.authorise(caller, Action::ListProjects)?;
        let member = match caller.user.role {
            Role::Owner => None,
            Role::Member => Some(caller.user.id),
        };
        let mut projects = self.inner.store.access().list_projects(member).await?;
        if let crate::Credential::Token { project: Some(own), .. } = &caller.by {
            projects.retain(|summary| summary.project.id == *own);
        }
        let now = self.now();
        for summary in &mut projects {
            let today = self.inner.days.of(summary.project.id);
            summary.stored_today = today.bytes(now);
            summary.full_until = today.full(now).map(|full| full.until);
            if let Some(live) = self.inner.projects.peek(summary.project.id) {
                summary.online = live.state().connections.presence.devices();
            }
        }
        Ok(projects)
    }

    /// One project.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] when there is none or it is not for this person,
    /// [`GatewayError::Unavailable`].
    pub async fn get_project(&self, caller: &Caller, id: ProjectId) -> Result<ProjectInfo, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, id).await?;
        let found = self.inner.store.get_project(id).await?.ok_or(GatewayError::NotFound)?;
        Ok(found.into())
    }

    /// Renames a project. Open dashboards show it when they connect again.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Invalid`], [`GatewayError::Unavailable`].
    pub async fn rename_project(
        &self,
        caller: &Caller,
        id: ProjectId,
        name: &str,
    ) -> Result<(), GatewayError> {
        self.authorise_in(caller, Action::RenameProject, id).await?;
        let name = named(name, "the project")?;
        let old = self.project_name(id).await?;
        let deed = Deed::new("project.rename", name.as_str()).in_project(id).from(old).to(name.as_str());
        if self.inner.store.access().rename_project(id, &name, deed.by(caller, self.now())).await? {
            self.inner.projects.rename(id, &name);
            Ok(())
        } else {
            Err(GatewayError::NotFound)
        }
    }

    /// Deletes a project with everything in it. Its games are let go and refused from then on; what is stored of it goes in
    /// the background, also after a stop.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::ConfirmationNeeded`],
    /// [`GatewayError::Unavailable`].
    pub async fn delete_project(&self, caller: &Caller, id: ProjectId) -> Result<(), GatewayError> {
        self.authorise_in(caller, Action::DeleteProject, id).await?;
        self.require_confirmation(caller).await?;
        let name = self.project_name(id).await?;
        let deed = Deed::new("project.delete", name).in_project(id).by(caller, self.now());
        if !self.change_rights(self.inner.store.access().delete_project(id, deed)).await? {
            return Err(GatewayError::NotFound);
        }
        self.let_go_of_deleted(id);
        Ok(())
    }

    /// Forgets a project that is deleted in the database, and disconnects its users. Public for the simulation of the
    /// ingest side, whose database knows nothing of people.
    #[doc(hidden)]
    pub fn let_go_of_deleted(&self, id: ProjectId) {
        self.inner.projects.drop_one(id);
        self.inner.refusals.forget(id);
        self.inner.waiting.forget(id);
        self.inner.days.forget(id);
        self.end_keys_of(id);
        self.inner.sweeper.wake();
    }

    /// The live state of a project, for somebody who may do that with it. One that is in memory costs no query.
    pub(crate) async fn live(
        &self,
        caller: &Caller,
        action: Action,
        id: ProjectId,
    ) -> Result<Arc<Live>, GatewayError> {
        self.authorise_in(caller, action, id).await?;
        self.load(id).await
    }

    /// What a project is called. The caller was already authorised.
    pub(crate) async fn project_name(&self, id: ProjectId) -> Result<String, GatewayError> {
        let found = self.inner.store.get_project(id).await?;
        found.map(|project| project.name).ok_or(GatewayError::NotFound)
    }
}
