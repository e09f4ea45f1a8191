//! Who has the last word on what a project's games declare: the newest of them, or, where it is frozen, an admin.

use protocol::model::{
    DeviceId, ProjectId, Schema, VarName, VarSpec, WaitingDeclaration, differences, outline,
};

use crate::{
    Action, Caller, Gateway, GatewayError,
    caller::Deed,
    store::{StoreError, Write, Written},
    waiting::Declaration,
};

impl Gateway {
    /// Whether declarations of a project's games wait for consent, and which do.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn get_schema(&self, caller: &Caller, project: ProjectId) -> Result<Schema, GatewayError> {
        let live = self.live(caller, Action::ReadProject, project).await?;
        let (waiting, gave_way) = live.waiting.list();
        let state = live.state();
        let shown = |(device, name, said): (DeviceId, VarName, Declaration)| {
            let (device_name, is_online) = state.name_of(device);
            let old = state.picture.spec(&name);
            WaitingDeclaration {
                device,
                device_name,
                is_online,
                at: said.at,
                is_new: old.is_none(),
                differences: differences(old.as_ref(), &said.spec),
                name,
            }
        };
        let waiting = waiting.into_iter().map(shown).collect();
        Ok(Schema { is_frozen: state.picture.is_frozen(), waiting, gave_way })
    }

    /// Freezes what a project's games declare, or lets them declare again: then nothing waits any more, and what a game says
    /// next counts.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn freeze(
        &self,
        caller: &Caller,
        project: ProjectId,
        is_frozen: bool,
    ) -> Result<(), GatewayError> {
        // one that is being read just now is there when it is read
        let live = self.live(caller, Action::ManageSchema, project).await?;
        let name = self.project_name(project).await?;
        let word = |is_frozen| if is_frozen { "frozen" } else { "open" };
        let old = word(live.state().picture.is_frozen());
        let deed = Deed::new("schema.freeze", name).in_project(project).from(old).to(word(is_frozen));
        let deed = deed.by(caller, self.now());
        if !self.inner.store.access().set_frozen(project, is_frozen, deed).await? {
            return Err(GatewayError::NotFound);
        }
        live.state().picture.freeze(is_frozen);
        if !is_frozen {
            live.waiting.clear();
            live.note_waiting();
        }
        Ok(())
    }

    /// Lets a declaration count that waits, with the value that came with it.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also when it does not wait, [`GatewayError::Forbidden`]; `too_many` when the project has no
    /// room for the variable, `bad_name` when the device is not there any more; [`GatewayError::Unavailable`] or
    /// [`GatewayError::Closed`], and then it goes on waiting; [`GatewayError::Undecided`] when that can't be said.
    pub async fn consent(
        &self,
        caller: &Caller,
        project: ProjectId,
        device: DeviceId,
        name: &VarName,
    ) -> Result<(), GatewayError> {
        let live = self.live(caller, Action::ManageSchema, project).await?;
        let Declaration { spec, value, .. } = live.waiting.get(device, name).ok_or(GatewayError::NotFound)?;
        let at = self.now();
        let write = {
            let state = live.state();
            let old = state.picture.spec(name);
            let by = state.check_consent(device, name)?;
            let note = deed("schema.consent", name, &by, old.as_ref(), &spec).in_project(project);
            Write::Declare {
                project,
                device,
                at,
                declared: vec![(name.clone(), spec.clone())],
                values: vec![(name.clone(), value)],
                note: Some(note.by(caller, at)),
            }
        };
        let asked = self.inner.writer.ask_edit(live.clone(), write)?;
        match self.inner.writer.edited(asked).await? {
            Written::Done => {
                live.waiting.settle(name, &spec);
                live.note_waiting();
                Ok(())
            }
            other => {
                let text = format!("a consent was answered by {other:?}");
                Err(GatewayError::Unavailable(StoreError::Damaged(text)))
            }
        }
    }

    /// Drops a declaration that waits. It does not wait again in the same words, until the server starts anew.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also when it does not wait, [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn dismiss(
        &self,
        caller: &Caller,
        project: ProjectId,
        device: DeviceId,
        name: &VarName,
    ) -> Result<(), GatewayError> {
        let live = self.live(caller, Action::ManageSchema, project).await?;
        let said = live.waiting.get(device, name).ok_or(GatewayError::NotFound)?;
        let (old, (by, _)) = {
            let state = live.state();
            (state.picture.spec(name), state.name_of(device))
        };
        let note = deed("schema.dismiss", name, &by, old.as_ref(), &said.spec).in_project(project);
        self.inner.store.access().record(note.by(caller, self.now())).await?;
        live.waiting.dismiss(device, name);
        live.note_waiting();
        Ok(())
    }
}

fn deed(action: &'static str, name: &VarName, device: &str, old: Option<&VarSpec>, new: &VarSpec) -> Deed {
    let differences = differences(old, new);
    let deed = Deed::new(action, name.as_str());
    let deed = match old {
        Some(_) => deed.from(outline(&differences, |difference| difference.old.as_ref())),
        None => deed,
    };
    deed.to(format!("{}, by {device}", outline(&differences, |difference| difference.new.as_ref())))
}
