//! The people of a project: invitations, roles, removal.

use protocol::model::{Handle, Invitation, Member, ProjectId, ProjectRole, UserId};

use crate::{
    Action, Caller, Gateway, GatewayError, Origin, Secret, SignedIn,
    accounts::{check_email, check_password},
    caller::{Credential, Deed},
    clock::in_microseconds,
    secrets::{digest, random_token},
    store::{Joining, Link, LinkPurpose, NewLink, NewUser},
    text::one_line,
};

/// How long an invitation is good.
const INVITATION_MICROS: i64 = in_microseconds(7 * 24 * 3600);
/// Open invitations of a project.
const MAX_INVITATIONS: usize = 100;
const MAX_NOTE_CHARS: usize = 200;
/// Wrong passwords that may come with an invitation for accounts that exist. Each tells that there is one, so it falls then.
const MAX_WRONG_PASSWORDS: i64 = 5;

impl Gateway {
    /// The members of a project, by name. The instance's owner is one only if they were added.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn list_members(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<Vec<Member>, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        Ok(self.inner.store.access().list_members(project).await?)
    }

    /// Makes an invitation, good for seven days and for one person. Returns the token for its link.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Invalid`] when there are too many or the
    /// note is too long, [`GatewayError::Unavailable`].
    pub async fn invite(
        &self,
        caller: &Caller,
        project: ProjectId,
        role: ProjectRole,
        note: &str,
    ) -> Result<(Secret, Invitation), GatewayError> {
        self.authorise_in(caller, Action::ManageMembers, project).await?;
        let project_name = self.project_name(project).await?;
        let note = one_line(note, MAX_NOTE_CHARS, "a note")?;
        let (access, now) = (self.inner.store.access(), self.now());
        if access.list_invitations(project, now).await?.len() >= MAX_INVITATIONS {
            let text = format!("at most {MAX_INVITATIONS} invitations can be open; revoke some first");
            return Err(GatewayError::Invalid(text));
        }
        let token = random_token();
        let link = NewLink {
            token_hash: digest(&token),
            purpose: LinkPurpose::Invitation { project, role },
            note: note.clone(),
            created_by: caller.user.clone(),
            token: match &caller.by {
                Credential::Token { id, .. } => Some(*id),
                _ => None,
            },
            created_at: now,
            expires_at: protocol::model::UnixMicros(now.0 + INVITATION_MICROS),
        };
        let invitation = Invitation {
            id: crate::store::handle(&link.token_hash),
            project,
            project_name,
            role,
            note: note.clone(),
            invited_by: caller.user.name.clone(),
            created_at: now,
            expires_at: link.expires_at,
        };
        let deed = Deed::new("member.invite", note).in_project(project).to(role.as_str());
        access.create_link(link, deed.by(caller, now)).await?;
        Ok((Secret(token), invitation))
    }

    /// The open invitations of a project.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn list_invitations(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<Vec<Invitation>, GatewayError> {
        self.authorise_in(caller, Action::ManageMembers, project).await?;
        let open = self.inner.store.access().list_invitations(project, self.now()).await?;
        Ok(open.into_iter().map(|(_, invitation)| invitation).collect())
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn revoke_invitation(
        &self,
        caller: &Caller,
        project: ProjectId,
        id: &Handle,
    ) -> Result<(), GatewayError> {
        self.authorise_in(caller, Action::ManageMembers, project).await?;
        let (access, now) = (self.inner.store.access(), self.now());
        let open = access.list_invitations(project, now).await?;
        let found = open.into_iter().find(|(_, invitation)| invitation.id == *id);
        let (hash, invitation) = found.ok_or(GatewayError::NotFound)?;
        let deed = Deed::new("member.uninvite", invitation.note).in_project(project);
        if access.delete_link(&hash, deed.from(invitation.role.as_str()).by(caller, now)).await? {
            Ok(())
        } else {
            Err(GatewayError::NotFound)
        }
    }

    /// What the invitation of a link says; `None` when the link is not good (any more).
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn get_invitation(&self, token: &str) -> Result<Option<Invitation>, GatewayError> {
        match self.inner.store.access().get_link(&digest(token), self.now()).await? {
            Some(Link::Invitation(invitation)) => Ok(Some(invitation)),
            _ => Ok(None),
        }
    }

    /// Takes an invitation, as somebody who is signed in. Who is a member already keeps the higher role.
    ///
    /// # Errors
    /// [`GatewayError::LinkSpent`], [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn join(&self, caller: &Caller, token: &str) -> Result<ProjectId, GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        let now = self.now();
        let deed = Deed::new("member.join", caller.user.name.clone()).by(caller, now);
        let joining = Joining::Known(caller.user.id);
        let access = self.inner.store.access();
        let joined = self.change_rights(access.join(&digest(token), joining, now, deed)).await?;
        let (_, project) = joined.ok_or(GatewayError::LinkSpent)?;
        Ok(project)
    }

    /// Takes an invitation with a new account, and signs it in.
    ///
    /// # Errors
    /// [`GatewayError::LinkSpent`]; [`GatewayError::EmailExists`] or [`GatewayError::Invalid`], after which the link
    /// still works; [`GatewayError::Unavailable`].
    pub async fn sign_up(
        &self,
        token: &str,
        email: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<(SignedIn, ProjectId), GatewayError> {
        let email = check_email(email)?;
        check_password(password, &email)?;
        if self.get_invitation(token).await?.is_none() {
            return Err(GatewayError::LinkSpent);
        }
        let access = self.inner.store.access();
        if access.get_user_by_email(&email).await?.is_some() {
            return Err(GatewayError::EmailExists);
        }
        let password_hash = Some(self.inner.hasher.hash(password.to_owned()).await?);
        let now = self.now();
        let (name, role) = (email.clone(), protocol::model::Role::Member);
        let user = NewUser { name, email: Some(email), password_hash, role, created_at: now };
        let deed = Deed::new("member.join", user.name.clone()).by_visitor(None, "link", origin, now);
        let joined = self.change_rights(access.join(&digest(token), Joining::New(user), now, deed)).await?;
        let (user, project) = joined.ok_or(GatewayError::LinkSpent)?;
        Ok((self.begin_session(user, "link", origin).await?, project))
    }

    /// Takes an invitation with e-mail and password: those of an account, or of one that is made by it.
    ///
    /// # Errors
    /// [`GatewayError::WrongPassword`] when there is an account with another password, by the fifth of which the invitation
    /// falls; [`GatewayError::CodeNeeded`] when the account has a second factor; those of [`Self::sign_up`].
    pub async fn take_invitation(
        &self,
        token: &str,
        email: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<(SignedIn, ProjectId), GatewayError> {
        match self.sign_up(token, email, password, origin).await {
            Err(GatewayError::EmailExists) => {}
            other => return other,
        }
        match self.sign_in(email, password, origin).await {
            Ok(signed_in) => {
                let project = self.join(&signed_in.caller, token).await?;
                Ok((signed_in, project))
            }
            Err(GatewayError::WrongPassword) => {
                let deed = Deed::new("member.uninvite", "tried with wrong passwords");
                let deed = deed.by_visitor(None, "link", origin, self.now());
                let access = self.inner.store.access();
                access.count_wrong_password(&digest(token), MAX_WRONG_PASSWORDS, deed).await?;
                Err(GatewayError::WrongPassword)
            }
            Err(error) => Err(error),
        }
    }

    /// Changes what a member may do. Their open dashboards change at once; the invitations of somebody who is no longer an
    /// admin are taken back.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn set_member_role(
        &self,
        caller: &Caller,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
    ) -> Result<(), GatewayError> {
        self.authorise_in(caller, Action::ManageMembers, project).await?;
        let member = self.get_member(project, user).await?;
        if member.role == role {
            return Ok(());
        }
        let deed = Deed::new("member.role", member.name).in_project(project);
        let deed = deed.from(member.role.as_str()).to(role.as_str()).by(caller, self.now());
        let access = self.inner.store.access();
        let changed = self.change_rights(access.set_member_role(project, user, role, deed)).await?;
        if changed { Ok(()) } else { Err(GatewayError::NotFound) }
    }

    /// Removes a member, or lets somebody leave by themselves. Their open dashboards of the project close.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::ConfirmationNeeded`] except for leaving,
    /// [`GatewayError::Unavailable`].
    pub async fn remove_member(
        &self,
        caller: &Caller,
        project: ProjectId,
        user: UserId,
    ) -> Result<(), GatewayError> {
        // leaving is a matter of one's own account
        let needed = if user == caller.user.id { Action::ReadProject } else { Action::ManageMembers };
        self.authorise_in(caller, needed, project).await?;
        match needed {
            Action::ReadProject => self.authorise(caller, Action::ManageOwnAccount)?,
            _ => self.require_confirmation(caller).await?,
        }
        let member = self.get_member(project, user).await?;
        let deed = Deed::new("member.remove", member.name).in_project(project).from(member.role.as_str());
        let deed = deed.by(caller, self.now());
        let access = self.inner.store.access();
        let removed = self.change_rights(access.remove_member(project, user, deed)).await?;
        if removed { Ok(()) } else { Err(GatewayError::NotFound) }
    }

    async fn get_member(&self, project: ProjectId, user: UserId) -> Result<Member, GatewayError> {
        let members = self.inner.store.access().list_members(project).await?;
        members.into_iter().find(|member| member.user == user).ok_or(GatewayError::NotFound)
    }
}
