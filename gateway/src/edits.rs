//! What a designer can do: set desired values.

use std::sync::Arc;

use protocol::{
    ErrorCode, ProtocolError,
    limits::MAX_EDITS_PER_MESSAGE,
    live::{EditSaved, Gesture},
    model::{ProjectId, User, Value, VarName},
};

use crate::{
    Gateway, GatewayError,
    store::{StoreError, Write, Written},
};

impl Gateway {
    /// Sets desired values. Returns when they are saved and every connected game was told to fetch them;
    /// values that are desired already change nothing.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`]; `bad_name`, `bad_shape` or `too_many`, and then nothing is changed;
    /// [`GatewayError::Unavailable`] or [`GatewayError::Closed`], and then it is not saved later either;
    /// [`GatewayError::Undecided`] when that can't be said.
    pub async fn edit_vars(
        &self,
        user: &User,
        project: ProjectId,
        gesture: Gesture,
        changes: Vec<(VarName, Value)>,
    ) -> Result<EditSaved, GatewayError> {
        let live = self.live(user, project).await?;
        if changes.len() > MAX_EDITS_PER_MESSAGE {
            let text = format!("at most {MAX_EDITS_PER_MESSAGE} variables at once");
            return Err(ProtocolError::new(ErrorCode::TooMany, text).into());
        }
        let changes = live.state().check_edit(changes)?;
        if changes.is_empty() {
            let state = live.state();
            return Ok(EditSaved { revision: state.revision(), games: state.connections() });
        }
        let write = Write::Edit {
            project,
            author: user.id,
            author_name: user.name.clone(),
            gesture,
            at: self.inner.clock.now(),
            changes,
        };
        match self.inner.writer.edit(Arc::clone(&live), write).await? {
            Written::Edit { revision } => Ok(EditSaved { revision, games: live.state().connections() }),
            other => Err(GatewayError::Unavailable(StoreError::Damaged(format!(
                "an edit was answered by {other:?}"
            )))),
        }
    }
}
