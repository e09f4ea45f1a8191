//! Projects, their keys, and who may see them.

use std::sync::Arc;

use protocol::model::{Key, Project, ProjectId, ProjectSummary, Role, User};

use crate::{Gateway, GatewayError, accounts::random, live::Live, store::StoreError};

/// Longest name of a project, in characters.
const MAX_PROJECT_NAME_CHARS: usize = 80;

/// Whether a person may see and edit a project. The one place that decides it.
fn may_use(user: &User, project: &Project) -> bool {
    match user.role {
        Role::Owner => true,
        Role::Member => project.owner == Some(user.id),
    }
}

impl Gateway {
    /// A fresh key of 12 hexadecimal digits that no project has yet.
    pub fn generate_key(&self) -> Key {
        let digits: String = random::<6>().iter().map(|byte| format!("{byte:02x}")).collect();
        Key::parse(digits.as_bytes()).expect("12 hexadecimal digits are a key")
    }

    /// Makes a project.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`] for a name that is blank or too long, [`GatewayError::Unavailable`].
    pub async fn create_project(&self, user: &User, name: &str) -> Result<Project, GatewayError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(GatewayError::Invalid("give the project a name".to_owned()));
        }
        if name.chars().count() > MAX_PROJECT_NAME_CHARS || name.chars().any(char::is_control) {
            let text = format!("a name is one line of at most {MAX_PROJECT_NAME_CHARS} characters");
            return Err(GatewayError::Invalid(text));
        }
        let (key, now) = (self.generate_key(), self.inner.clock.now());
        Ok(self.inner.store.create_project(name, Some(user.id), key, now).await?)
    }

    /// The project with this key, made if there is none. It is the instance owner's.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn register_key(&self, key: Key) -> Result<Project, GatewayError> {
        if let Some(project) = self.inner.store.get_project_by_key(key).await? {
            return Ok(project);
        }
        // not the whole key: names are shown where keys are not
        let name = format!("Game {}…", &key.as_str()[..4]);
        match self.inner.store.create_project(&name, None, key, self.inner.clock.now()).await {
            Ok(project) => Ok(project),
            // somebody else was faster
            Err(StoreError::KeyTaken) => {
                self.inner.store.get_project_by_key(key).await?.ok_or(GatewayError::NotFound)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The projects that a person may see, the newest first.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn list_projects(&self, user: &User) -> Result<Vec<ProjectSummary>, GatewayError> {
        let owner = match user.role {
            Role::Owner => None,
            Role::Member => Some(user.id),
        };
        let mut projects = self.inner.store.list_projects(owner).await?;
        for summary in &mut projects {
            if let Some(live) = self.inner.projects.peek(summary.project.id) {
                summary.online = live.state().online();
            }
        }
        Ok(projects)
    }

    /// One project.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] when there is none or it is not for this person,
    /// [`GatewayError::Unavailable`].
    pub async fn get_project(&self, user: &User, id: ProjectId) -> Result<Project, GatewayError> {
        let project = self.inner.store.get_project(id).await?;
        project.filter(|project| may_use(user, project)).ok_or(GatewayError::NotFound)
    }

    /// The live state of a project, for somebody who may use it. One that is in memory costs no query.
    pub(crate) async fn live(&self, user: &User, id: ProjectId) -> Result<Arc<Live>, GatewayError> {
        let live = match self.inner.projects.peek(id) {
            Some(live) => live,
            None => {
                self.get_project(user, id).await?;
                self.load(id).await?
            }
        };
        match may_use(user, &live.project) {
            true => Ok(live),
            false => Err(GatewayError::NotFound),
        }
    }
}
