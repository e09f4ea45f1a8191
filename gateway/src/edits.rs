//! What a designer can do: set desired values, and let go of them.

use protocol::{
    ErrorCode, ProtocolError,
    limits::MAX_EDITS_PER_MESSAGE,
    live::EditSaved,
    model::{Change, Gesture, ProjectId, Revision, UnixMicros, VarName, VarRevision},
};

use crate::{
    Action, Caller, Gateway, GatewayError,
    live::Checked,
    store::{Conflict, GestureRow, StoreError, Write, Written},
};

/// An edit that was saved before.
#[derive(Clone, Debug)]
pub struct FoundEdit {
    /// The project's revision after it.
    pub revision: Revision,
    /// What it was asked to do.
    pub rows: Vec<GestureRow>,
}

impl Gateway {
    /// Sets desired values, or lets go of them. Returns when that is saved and every connected game was told to fetch
    /// it; what is so already changes nothing. A change is a `(name, value)`, or a [`Change`] that says more.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`]; `bad_name`, `bad_shape` or `too_many`, or [`GatewayError::Conflict`] when somebody
    /// else's edit was saved first, and then nothing is changed;
    /// [`GatewayError::Unavailable`] or [`GatewayError::Closed`], and then it is not saved later either;
    /// [`GatewayError::Undecided`] when that can't be said.
    pub async fn edit_vars(
        &self,
        caller: &Caller,
        project: ProjectId,
        gesture: Gesture,
        changes: Vec<impl Into<Change>>,
    ) -> Result<EditSaved, GatewayError> {
        let changes = changes.into_iter().map(Into::into).collect();
        self.save_edit(caller, project, gesture, changes, false).await
    }

    /// The same for a script that says it again when it is cut off: [`Self::find_edit`] finds by the gesture all that was
    /// asked, also what was desired already.
    ///
    /// # Errors
    /// Those of [`Self::edit_vars`].
    pub async fn edit_vars_once(
        &self,
        caller: &Caller,
        project: ProjectId,
        gesture: Gesture,
        changes: Vec<Change>,
    ) -> Result<EditSaved, GatewayError> {
        self.save_edit(caller, project, gesture, changes, true).await
    }

    async fn save_edit(
        &self,
        caller: &Caller,
        project: ProjectId,
        gesture: Gesture,
        changes: Vec<Change>,
        is_remembered: bool,
    ) -> Result<EditSaved, GatewayError> {
        self.authorise_in(caller, Action::EditValues, project).await?;
        if changes.len() > MAX_EDITS_PER_MESSAGE {
            let text = format!("at most {MAX_EDITS_PER_MESSAGE} variables at once");
            return Err(ProtocolError::new(ErrorCode::TooMany, text).into());
        }
        let names: Vec<VarName> = changes.iter().map(|change| change.name.clone()).collect();
        let live = self.load_to_edit(project, &names).await?;
        let (asked, mut vars, changed) = {
            // until it is queued: nobody forgets a variable between the check and its turn
            let state = live.state();
            let Checked { changes, mut unchanged } = state.check_edit(changes)?;
            let vars: Vec<(VarName, VarRevision)> =
                unchanged.iter().map(|(change, edit)| (change.name.clone(), *edit)).collect();
            unchanged.retain(|_| is_remembered);
            if changes.is_empty() && unchanged.is_empty() {
                let (revision, games) = (state.picture.revision(), state.connections.presence.games());
                return Ok(EditSaved { revision, vars, games });
            }
            let changed: Vec<VarName> = changes.iter().map(|change| change.name.clone()).collect();
            let (at, seen) = (self.now(), state.picture.revision());
            let write = write_of(caller, project, gesture, at, Checked { changes, unchanged }, seen);
            (self.inner.writer.ask_edit(live.clone(), write)?, vars, changed)
        };
        let (revision, set) = saved(self.inner.writer.edited(asked).await?)?;
        vars.extend(set.into_iter().flat_map(|set| changed.iter().map(move |name| (name.clone(), set))));
        Ok(EditSaved { revision, vars, games: live.state().connections.presence.games() })
    }

    /// The edit of this caller with this gesture, if there was one: a script that was cut off asks before it says the same
    /// again.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn find_edit(
        &self,
        caller: &Caller,
        project: ProjectId,
        gesture: Gesture,
    ) -> Result<Option<FoundEdit>, GatewayError> {
        self.authorise_in(caller, Action::EditValues, project).await?;
        let rows = self.inner.store.get_gesture(project, caller.user.id, gesture).await?;
        let newest = rows.iter().map(|row| row.revision).max();
        Ok(newest.map(|revision| FoundEdit { revision, rows }))
    }
}

fn write_of(
    caller: &Caller,
    project: ProjectId,
    gesture: Gesture,
    at: UnixMicros,
    Checked { changes, unchanged }: Checked,
    seen: Revision,
) -> Write {
    Write::Edit {
        project,
        author: caller.user.id,
        author_name: caller.user.name.clone(),
        via: caller.by.word(),
        address: caller.address_text(),
        gesture,
        at,
        changes,
        unchanged,
        seen,
    }
}

/// The revision after an edit, and that of the variables that it has changed.
fn saved(written: Written) -> Result<(Revision, Option<VarRevision>), GatewayError> {
    match written {
        Written::Edit { revision, set } => Ok((revision, set)),
        Written::Conflict(conflict) => {
            let Conflict { change, current } = *conflict;
            let current = current.map(Box::new);
            Err(GatewayError::Conflict { name: change.name, wanted: change.value, current })
        }
        other => {
            let text = format!("an edit was answered by {other:?}");
            Err(GatewayError::Unavailable(StoreError::Damaged(text)))
        }
    }
}
