//! The one place that decides who may do what. Everything is forbidden that is not allowed here.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use protocol::model::{ProjectId, ProjectRole, Role, TokenScope, UserId};
use tokio::sync::watch;

use crate::{
    Caller, Gateway, GatewayError,
    caller::Credential,
    inner::{Forgets, Memberships},
    store::StoreError,
};

/// Something that somebody may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See a project: values, devices, log, history.
    ReadProject,
    /// Set values and run actions.
    EditValues,
    /// Forget variables and devices.
    ForgetData,
    /// See the project's game keys.
    ReadKeys,
    /// Make, rotate and revoke game keys.
    ManageKeys,
    /// Freeze what games declare, consent to it, dismiss it.
    ManageSchema,
    /// Invite, promote, demote and remove members.
    ManageMembers,
    /// See who did what in the project.
    ReadAudit,
    /// Decide how long the project keeps what, and pin lines of its log.
    ManageRetention,
    /// Rename the project.
    RenameProject,
    /// Delete the project with everything in it.
    DeleteProject,
    /// See the list of one's own projects.
    ListProjects,
    /// Make a project.
    CreateProject,
    /// See and change one's own account: password, sessions, API tokens.
    ManageOwnAccount,
    /// See every account, make reset links, delete accounts.
    ManageAccounts,
    /// See who did what on the whole instance.
    ReadInstanceAudit,
}

/// What an action needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// This role in the project.
    InProject(ProjectRole),
    /// An account.
    Account,
    /// The instance's owner.
    Owner,
}

impl Action {
    /// Each of them.
    pub const ALL: [Self; 16] = [
        Self::ReadProject,
        Self::EditValues,
        Self::ForgetData,
        Self::ReadKeys,
        Self::ManageKeys,
        Self::ManageSchema,
        Self::ManageMembers,
        Self::ReadAudit,
        Self::ManageRetention,
        Self::RenameProject,
        Self::DeleteProject,
        Self::ListProjects,
        Self::CreateProject,
        Self::ManageOwnAccount,
        Self::ManageAccounts,
        Self::ReadInstanceAudit,
    ];

    fn need(self) -> Need {
        match self {
            Self::ReadProject => Need::InProject(ProjectRole::Viewer),
            Self::EditValues | Self::ReadKeys => Need::InProject(ProjectRole::Designer),
            Self::ForgetData
            | Self::ManageKeys
            | Self::ManageSchema
            | Self::ManageMembers
            | Self::ReadAudit
            | Self::ManageRetention
            | Self::RenameProject
            | Self::DeleteProject => Need::InProject(ProjectRole::Admin),
            Self::ListProjects | Self::CreateProject | Self::ManageOwnAccount => Need::Account,
            Self::ManageAccounts | Self::ReadInstanceAudit => Need::Owner,
        }
    }

    /// The least scope that a token needs; `None`: no token may do it, only a person who is signed in.
    fn scope(self) -> Option<TokenScope> {
        match self {
            Self::ReadProject | Self::ListProjects => Some(TokenScope::Read),
            Self::EditValues | Self::ReadKeys => Some(TokenScope::Write),
            Self::ForgetData
            | Self::ManageKeys
            | Self::ManageSchema
            | Self::ManageMembers
            | Self::ReadAudit
            | Self::ManageRetention
            | Self::RenameProject
            | Self::DeleteProject
            | Self::CreateProject
            | Self::ReadInstanceAudit => Some(TokenScope::Admin),
            Self::ManageOwnAccount | Self::ManageAccounts => None,
        }
    }
}

/// Decides. `role` is the caller's role in the project that the action is about; `None` when it is about none, there
/// is none, or they are nothing in it: those look the same from outside.
///
/// # Errors
/// [`GatewayError::NotFound`] when they may not even know of the project, [`GatewayError::Forbidden`].
pub(crate) fn authorise(
    caller: &Caller,
    action: Action,
    project: Option<ProjectId>,
    role: Option<ProjectRole>,
) -> Result<(), GatewayError> {
    let is_owner = caller.user.role == Role::Owner;
    if let Credential::Token { project: Some(own), .. } = &caller.by
        && project.is_some_and(|project| project != *own)
    {
        return Err(GatewayError::NotFound);
    }
    match (action.need(), role) {
        (Need::InProject(_), None) => return Err(GatewayError::NotFound),
        (Need::InProject(least), Some(role)) if role >= least => {}
        (Need::InProject(_), Some(_)) => return Err(GatewayError::Forbidden),
        (Need::Owner, _) if !is_owner => return Err(GatewayError::Forbidden),
        (Need::Owner | Need::Account, _) => {}
    }
    match &caller.by {
        Credential::Session(_) | Credential::Program => Ok(()),
        Credential::Token { scope, project: own, .. } => {
            // a token for one project does nothing outside of it
            let is_outside = own.is_some() && project.is_none() && action != Action::ListProjects;
            match action.scope() {
                Some(least) if *scope >= least && !is_outside => Ok(()),
                _ => Err(GatewayError::Forbidden),
            }
        }
    }
}

impl Gateway {
    /// What a person is in a project: the owner is an admin in every one that there is.
    pub(crate) async fn role_of(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<Option<ProjectRole>, GatewayError> {
        let user = caller.user.id;
        if caller.user.role == Role::Owner {
            let is_known = self.inner.projects.peek(project).is_some();
            let exists = is_known || self.inner.store.get_project(project).await?.is_some();
            return Ok(exists.then_some(ProjectRole::Admin));
        }
        if let Some(memberships) = self.inner.access.known.get(&user) {
            return Ok(memberships.get(&project).copied());
        }
        let version = self.inner.access.known.version();
        let read = self.inner.store.access().list_memberships(user).await?;
        let memberships: Memberships = Arc::new(read.into_iter().collect());
        let role = memberships.get(&project).copied();
        self.inner.access.known.publish(version, user, memberships);
        Ok(role)
    }

    /// Whether somebody may do something to a project; returns their role in it.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::SecondFactorNeeded`],
    /// [`GatewayError::Unavailable`].
    pub async fn authorise_in(
        &self,
        caller: &Caller,
        action: Action,
        project: ProjectId,
    ) -> Result<ProjectRole, GatewayError> {
        let role = self.role_of(caller, project).await?;
        authorise(caller, action, Some(project), role)?;
        self.require_second_factor(caller, Some(project)).await?;
        role.ok_or(GatewayError::NotFound)
    }

    /// Whether somebody may do something that is about the instance, and not their own account.
    ///
    /// # Errors
    /// [`GatewayError::Forbidden`], [`GatewayError::SecondFactorNeeded`], [`GatewayError::Unavailable`].
    pub(crate) async fn authorise_on_instance(
        &self,
        caller: &Caller,
        action: Action,
    ) -> Result<(), GatewayError> {
        self.authorise(caller, action)?;
        self.require_second_factor(caller, None).await
    }

    /// Runs a change of somebody's rights in the database, and drops what is cached of rights afterwards, whatever the outcome: also
    /// when the caller is cancelled halfway, since the change may have been committed.
    pub(crate) async fn change_rights<T>(
        &self,
        change: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, GatewayError> {
        let _forgets = Forgets(&self.inner.access);
        Ok(change.await?)
    }

    /// From now on every project, and whatever is the owner's, is for people with a second factor.
    pub fn require_second_factors(&self) {
        self.inner.access.all_guarded.store(true, Relaxed);
        self.inner.access.forget();
    }

    /// Keeps people out who have none where one is asked for. A script has no app: its token is another proof.
    async fn require_second_factor(
        &self,
        caller: &Caller,
        project: Option<ProjectId>,
    ) -> Result<(), GatewayError> {
        let Credential::Session(_) = &caller.by else { return Ok(()) };
        let is_guarded = self.inner.access.all_guarded.load(Relaxed)
            || match project {
                Some(project) => self.guarded().await?.contains(&project),
                None => false,
            };
        if is_guarded && !self.has_second_factor(caller.user.id).await? {
            return Err(GatewayError::SecondFactorNeeded);
        }
        Ok(())
    }

    /// The projects that ask for a second factor.
    pub(crate) async fn guarded(&self) -> Result<Arc<HashSet<ProjectId>>, GatewayError> {
        let known = &self.inner.access.guarded;
        if let Some(guarded) = known.get(&()) {
            return Ok(guarded);
        }
        let version = known.version();
        let read: HashSet<_> = self.inner.store.access().list_guarded_projects().await?.into_iter().collect();
        let read = Arc::new(read);
        known.publish(version, (), Arc::clone(&read));
        Ok(read)
    }

    pub(crate) async fn has_second_factor(&self, user: UserId) -> Result<bool, GatewayError> {
        let known = &self.inner.access.with_factor;
        if let Some(has) = known.get(&user) {
            return Ok(has);
        }
        let version = known.version();
        let has = self.factor_of(user).await?.is_some();
        known.publish(version, user, has);
        Ok(has)
    }

    /// Whether somebody may do something that is about no project.
    ///
    /// # Errors
    /// [`GatewayError::Forbidden`].
    pub fn authorise(&self, caller: &Caller, action: Action) -> Result<(), GatewayError> {
        authorise(caller, action, None, None)
    }

    /// Changes whenever somebody's rights change: a session ends, a member is promoted or removed. The holders of connections
    /// then call [`Gateway::renew`] and [`Gateway::authorise_in`] again.
    pub fn access_changes(&self) -> watch::Receiver<u64> {
        self.inner.access.changed.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::{TokenId, User};

    use super::*;

    const PROJECT: ProjectId = ProjectId(1);

    fn caller(role: Role, by: Credential) -> Caller {
        let user = User { id: UserId(7), name: "ann".to_owned(), email: None, role };
        Caller { user, by, address: None }
    }

    fn token(scope: TokenScope, project: Option<ProjectId>) -> Credential {
        Credential::Token { id: TokenId(1), name: "ci".to_owned(), scope, project }
    }

    fn allowed(caller: &Caller, role: Option<ProjectRole>) -> Vec<Action> {
        let about = |action: &Action| matches!(action.need(), Need::InProject(_)).then_some(PROJECT);
        let may = |action: &Action| {
            let project = about(action);
            authorise(caller, *action, project, role.filter(|_| project.is_some())).is_ok()
        };
        Action::ALL.into_iter().filter(may).collect()
    }

    const OF_ANYBODY: [Action; 3] = [Action::ListProjects, Action::CreateProject, Action::ManageOwnAccount];

    #[test]
    fn every_role_may_do_what_is_listed_here_and_nothing_else() {
        use Action::*;
        let member = caller(Role::Member, Credential::Session([0; 32]));
        assert_eq!(allowed(&member, None), OF_ANYBODY);
        let with = |more: &[Action]| {
            let all = [more, &OF_ANYBODY].concat();
            Action::ALL.into_iter().filter(|action| all.contains(action)).collect::<Vec<_>>()
        };
        assert_eq!(allowed(&member, Some(ProjectRole::Viewer)), with(&[ReadProject]));
        assert_eq!(allowed(&member, Some(ProjectRole::Designer)), with(&[ReadProject, EditValues, ReadKeys]));
        let all_of_project = [
            ReadProject,
            EditValues,
            ForgetData,
            ReadKeys,
            ManageKeys,
            ManageSchema,
            ManageMembers,
            ReadAudit,
            ManageRetention,
            RenameProject,
            DeleteProject,
        ];
        assert_eq!(allowed(&member, Some(ProjectRole::Admin)), with(&all_of_project));
        let owner = caller(Role::Owner, Credential::Session([0; 32]));
        assert_eq!(allowed(&owner, Some(ProjectRole::Admin)), Action::ALL);
    }

    #[test]
    fn a_token_never_does_more_than_its_scope_nor_its_person() {
        use Action::*;
        let of = |scope, role| allowed(&caller(Role::Member, token(scope, None)), Some(role));
        assert_eq!(of(TokenScope::Read, ProjectRole::Admin), [ReadProject, ListProjects]);
        assert_eq!(
            of(TokenScope::Write, ProjectRole::Admin),
            [ReadProject, EditValues, ReadKeys, ListProjects]
        );
        assert_eq!(of(TokenScope::Write, ProjectRole::Viewer), [ReadProject, ListProjects]);
        let everything =
            allowed(&caller(Role::Owner, token(TokenScope::Admin, None)), Some(ProjectRole::Admin));
        assert!(!everything.contains(&ManageOwnAccount) && !everything.contains(&ManageAccounts));
    }

    #[test]
    fn a_token_for_one_project_does_not_know_of_others() {
        let caller = caller(Role::Owner, token(TokenScope::Admin, Some(ProjectId(2))));
        let elsewhere = authorise(&caller, Action::ReadProject, Some(PROJECT), Some(ProjectRole::Admin));
        assert!(matches!(elsewhere, Err(GatewayError::NotFound)));
        assert!(
            authorise(&caller, Action::ReadProject, Some(ProjectId(2)), Some(ProjectRole::Admin)).is_ok()
        );
        assert!(matches!(
            authorise(&caller, Action::CreateProject, None, None),
            Err(GatewayError::Forbidden)
        ));
        assert!(authorise(&caller, Action::ListProjects, None, None).is_ok());
    }

    #[test]
    fn who_is_nothing_in_a_project_is_not_told_that_it_exists() {
        let stranger = caller(Role::Member, Credential::Session([0; 32]));
        for action in Action::ALL.into_iter().filter(|action| matches!(action.need(), Need::InProject(_))) {
            let refused = authorise(&stranger, action, Some(PROJECT), None);
            assert!(matches!(refused, Err(GatewayError::NotFound)), "{action:?}");
        }
    }
}
