//! What a designer can do: set desired values.

use std::sync::Arc;

use protocol::{
    ErrorCode, ProtocolError,
    limits::MAX_EDITS_PER_MESSAGE,
    live::{Change, EditSaved, Gesture},
    model::{ProjectId, Revision, UserId, Value, VarName},
};

use crate::{
    Action, Caller, Gateway, GatewayError,
    store::{Conflict, StoreError, Write, Written},
};

impl Gateway {
    /// Sets desired values. Returns when they are saved and every connected game was told to fetch them;
    /// values that are desired already change nothing. A change is a `(name, value)`, or a [`Change`] that says what
    /// was seen before it.
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
        let live = self.live(caller, Action::EditValues, project).await?;
        if changes.len() > MAX_EDITS_PER_MESSAGE {
            let text = format!("at most {MAX_EDITS_PER_MESSAGE} variables at once");
            return Err(ProtocolError::new(ErrorCode::TooMany, text).into());
        }
        let (changes, unchanged, seen) = {
            let state = live.state();
            let (changes, mut unchanged) = state.check_edit(changes)?;
            unchanged.retain(|_| is_remembered);
            if changes.is_empty() && unchanged.is_empty() {
                return Ok(EditSaved { revision: state.revision(), games: state.connections() });
            }
            (changes, unchanged, state.revision())
        };
        let write = Write::Edit {
            project,
            author: caller.user.id,
            author_name: caller.user.name.clone(),
            via: caller.by.word(),
            address: caller.address_text(),
            gesture,
            at: self.inner.clock.now(),
            changes,
            unchanged,
            seen,
        };
        match self.inner.writer.edit(Arc::clone(&live), write).await? {
            Written::Edit { revision } => Ok(EditSaved { revision, games: live.state().connections() }),
            Written::Conflict(conflict) => {
                let Conflict { change, current } = *conflict;
                let current = current.map(Box::new);
                Err(GatewayError::Conflict { name: change.name, wanted: change.value, current })
            }
            other => Err(GatewayError::Unavailable(StoreError::Damaged(format!(
                "an edit was answered by {other:?}"
            )))),
        }
    }

    /// What an edit with this gesture has set before, with its newest revision: a script that was cut off asks before it
    /// says the same again. `None`: there was no such edit of this caller.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn find_edit(
        &self,
        caller: &Caller,
        project: ProjectId,
        gesture: Gesture,
    ) -> Result<Option<(Revision, Vec<(VarName, Value)>)>, GatewayError> {
        self.authorise_in(caller, Action::EditValues, project).await?;
        let author: UserId = caller.user.id;
        let rows = self.inner.store.get_gesture(project, author, gesture).await?;
        let newest = rows.iter().map(|(_, _, revision)| *revision).max();
        let values = rows.into_iter().map(|(name, value, _)| (name, value)).collect();
        Ok(newest.map(|revision| (revision, values)))
    }
}
