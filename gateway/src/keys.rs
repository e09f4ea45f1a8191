//! Game keys: making, rotating, revoking.

use protocol::model::{AllowedOrigins, GameKey, Key, KeyId, Project, ProjectId, UnixMicros};

use crate::{
    Action, Caller, Gateway, GatewayError, Origin,
    caller::Deed,
    clock::in_microseconds,
    secrets::random,
    store::{NewKey, StoreError},
    text::named,
};

/// Keys of one project, revoked ones too.
const MAX_KEYS: usize = 100;
/// How long an old key may still be in use after it was replaced, in days.
pub const MAX_KEY_OVERLAP_DAYS: u32 = 366;

impl Gateway {
    /// A fresh key of 12 hexadecimal digits that no project has yet.
    pub fn generate_key(&self) -> Key {
        let digits: String = random::<6>().iter().map(|byte| format!("{byte:02x}")).collect();
        Key::parse(digits.as_bytes()).expect("12 hexadecimal digits are a key")
    }

    /// The project with this key, made if there is none. It is the instance owner's.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`] for a key that was revoked, [`GatewayError::Unavailable`].
    pub async fn register_key(&self, key: Key, origin: &Origin) -> Result<Project, GatewayError> {
        if let Some(project) = self.project_with(key).await? {
            return Ok(project);
        }
        // not the whole key: names are shown where keys are not
        let (name, now) = (format!("Game {}", key.shortened()), self.now());
        let deed = Deed::new("project.create", name.clone()).by_visitor(None, "script", origin, now);
        match self.inner.store.access().create_project(&name, None, key, now, deed).await {
            Ok(project) => Ok(project),
            // somebody else was faster
            Err(StoreError::KeyTaken) => self.project_with(key).await?.ok_or(GatewayError::NotFound),
            Err(error) => Err(error.into()),
        }
    }

    async fn project_with(&self, key: Key) -> Result<Option<Project>, GatewayError> {
        let Some(state) = self.inner.store.get_key(key).await? else { return Ok(None) };
        if state.is_revoked {
            return Err(GatewayError::Invalid("this key was revoked; use another one".to_owned()));
        }
        let project = self.inner.store.get_project(state.project).await?;
        Ok(project.map(|project| Project { key, ..project }))
    }

    /// A key that a project's games say: of those in force the oldest. `None`: it is not for this person.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn get_game_key(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<Option<Key>, GatewayError> {
        match self.authorise_in(caller, Action::ReadKeys, project).await {
            Err(GatewayError::Forbidden) => return Ok(None),
            allowed => allowed?,
        };
        let found = self.inner.store.get_project(project).await?.ok_or(GatewayError::NotFound)?;
        Ok(Some(found.key))
    }

    /// The keys of a project, the oldest first, revoked ones too.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn list_keys(&self, caller: &Caller, project: ProjectId) -> Result<Vec<GameKey>, GatewayError> {
        self.authorise_in(caller, Action::ReadKeys, project).await?;
        Ok(self.inner.store.access().list_keys(project).await?)
    }

    /// Makes a further key for a project, with which games may declare variables.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Invalid`], [`GatewayError::Unavailable`].
    pub async fn create_key(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: &str,
    ) -> Result<GameKey, GatewayError> {
        self.create_key_of(caller, project, name, false, AllowedOrigins::default()).await
    }

    /// Makes a further key for a project; with one that is `report_only` games report values and log, and declare nothing. Games
    /// in web pages may connect from these origins.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Invalid`], [`GatewayError::Unavailable`].
    pub async fn create_key_of(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: &str,
        report_only: bool,
        origins: AllowedOrigins,
    ) -> Result<GameKey, GatewayError> {
        self.authorise_in(caller, Action::ManageKeys, project).await?;
        let name = named(name, "the key")?;
        self.add_key(caller, project, (name, report_only, origins), None).await
    }

    /// Sets the web pages whose games may connect with a key. Games that are connected stay connected.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also for a key that was revoked, [`GatewayError::Forbidden`],
    /// [`GatewayError::Unavailable`].
    pub async fn set_origins(
        &self,
        caller: &Caller,
        project: ProjectId,
        id: KeyId,
        origins: AllowedOrigins,
    ) -> Result<GameKey, GatewayError> {
        self.authorise_in(caller, Action::ManageKeys, project).await?;
        let old = self.get_key(project, id).await?;
        let deed = Deed::new("key.origins", old.name).in_project(project);
        let deed = deed.from(pages(&old.origins)).to(pages(&origins)).by(caller, self.now());
        let set = self.inner.store.access().set_origins(project, id, &origins, deed).await?;
        let set = set.ok_or(GatewayError::NotFound)?;
        self.inner.keys.allow(set.key, &origins);
        Ok(set)
    }

    /// Says whether games may declare variables with a key, which holds for those that are connected too. What they have
    /// declared stays.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also for a key that was revoked, [`GatewayError::Forbidden`],
    /// [`GatewayError::Unavailable`].
    pub async fn set_report_only(
        &self,
        caller: &Caller,
        project: ProjectId,
        id: KeyId,
        report_only: bool,
    ) -> Result<GameKey, GatewayError> {
        self.authorise_in(caller, Action::ManageKeys, project).await?;
        let old = self.get_key(project, id).await?;
        let deed = Deed::new("key.rights", old.name).in_project(project);
        let deed = deed.from(rights(old.report_only)).to(rights(report_only)).by(caller, self.now());
        let set = self.inner.store.access().set_report_only(project, id, report_only, deed).await;
        match set {
            Ok(set) => {
                let set = set.ok_or(GatewayError::NotFound)?;
                self.inner.keys.restrict(set.key, report_only);
                Ok(set)
            }
            // it may have come to pass: the stricter of the two holds until somebody says it again
            Err(error) => {
                self.inner.keys.restrict(old.key, old.report_only || report_only);
                Err(error.into())
            }
        }
    }

    /// Makes a key in place of another one, which games may still use for so many days (0: no longer).
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also for a key that was revoked, [`GatewayError::Forbidden`],
    /// [`GatewayError::Invalid`], [`GatewayError::Unavailable`].
    pub async fn rotate_key(
        &self,
        caller: &Caller,
        project: ProjectId,
        id: KeyId,
        overlap_days: u32,
    ) -> Result<GameKey, GatewayError> {
        self.authorise_in(caller, Action::ManageKeys, project).await?;
        if overlap_days > MAX_KEY_OVERLAP_DAYS {
            let text = format!("the old key can stay valid for at most {MAX_KEY_OVERLAP_DAYS} days");
            return Err(GatewayError::Invalid(text));
        }
        let old = self.get_key(project, id).await?;
        let expires_at = UnixMicros(self.now().0 + in_microseconds(i64::from(overlap_days) * 24 * 3600));
        let rights = (old.name.clone(), old.report_only, old.origins.clone());
        let made = self.add_key(caller, project, rights, Some((&old, expires_at))).await;
        match &made {
            Ok(_) => {
                self.inner.keys.limit(old.key, expires_at);
                self.inner.keys.end_expired(self.now());
            }
            // it may have come to pass: games come again, and the key is read anew
            Err(GatewayError::Unavailable(_)) => self.inner.keys.end(|key, _| key == old.key),
            Err(_) => {}
        }
        made
    }

    async fn add_key(
        &self,
        caller: &Caller,
        project: ProjectId,
        (name, report_only, origins): (String, bool, AllowedOrigins),
        replaces: Option<(&GameKey, UnixMicros)>,
    ) -> Result<GameKey, GatewayError> {
        let access = self.inner.store.access();
        if access.list_keys(project).await?.len() >= MAX_KEYS {
            let text = format!("a project has at most {MAX_KEYS} keys, revoked ones included");
            return Err(GatewayError::Invalid(text));
        }
        let (key, now) = (self.generate_key(), self.now());
        let action = if replaces.is_some() { "key.rotate" } else { "key.create" };
        let shown = if report_only { format!("{}, only reports", key.shortened()) } else { key.shortened() };
        let deed = Deed::new(action, name.clone()).in_project(project).to(shown);
        let deed = match replaces {
            Some((old, _)) => deed.from(old.key.shortened()),
            None => deed,
        };
        let created_by = Some(caller.user.name.clone());
        let new = NewKey { key, name, report_only, origins, created_by, created_at: now };
        let replaces = replaces.map(|(old, end)| (old.id, end));
        Ok(access.create_key(project, new, replaces, deed.by(caller, now)).await?)
    }

    /// Revokes a key: games that are connected with it are let go at once, and refused from then on.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also for a key that was revoked, [`GatewayError::Forbidden`],
    /// [`GatewayError::ConfirmationNeeded`], [`GatewayError::Unavailable`].
    pub async fn revoke_key(
        &self,
        caller: &Caller,
        project: ProjectId,
        id: KeyId,
    ) -> Result<(), GatewayError> {
        self.authorise_in(caller, Action::ManageKeys, project).await?;
        self.require_confirmation(caller).await?;
        let (old, now) = (self.get_key(project, id).await?, self.now());
        let deed = Deed::new("key.revoke", old.name).in_project(project).from(old.key.shortened());
        let revoked = self.inner.store.access().revoke_key(project, id, now, deed.by(caller, now)).await;
        self.let_go_of_key(old.key);
        revoked?.map(drop).ok_or(GatewayError::NotFound)
    }

    async fn get_key(&self, project: ProjectId, id: KeyId) -> Result<GameKey, GatewayError> {
        let keys = self.inner.store.access().list_keys(project).await?;
        keys.into_iter().find(|key| key.id == id).ok_or(GatewayError::NotFound)
    }

    /// Lets the games go that are connected with a key which has ended in the database. Public for the simulation of the
    /// ingest side, whose database knows nothing of people.
    #[doc(hidden)]
    pub fn let_go_of_key(&self, key: Key) {
        self.inner.keys.end(|known, _| known == key);
    }

    /// Games of a project that is gone are let go.
    pub(crate) fn end_keys_of(&self, project: ProjectId) {
        self.inner.keys.end(|_, state| state.project == project);
    }

    /// Notes that a game has connected with a key, not more often than lists tell.
    pub(crate) fn note_key_use(&self, key: Key, id: KeyId) {
        let now = self.now();
        if self.inner.keys.begin_note(key, now) {
            let gateway = self.clone();
            // nobody waits for a note
            tokio::spawn(async move { gateway.inner.store.touch_key(id, now).await });
        }
    }
}

/// For the audit trail.
fn pages(origins: &AllowedOrigins) -> String {
    if origins.is_empty() { "any web page".to_owned() } else { origins.to_string() }
}

/// For the audit trail.
fn rights(report_only: bool) -> &'static str {
    if report_only { "only reports" } else { "declares" }
}
