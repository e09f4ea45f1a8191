//! What games sent and what was refused for good, for people.

use protocol::{
    ErrorCode, ProtocolError,
    model::{ProjectId, Refused},
};

use crate::{Action, Caller, Gateway, GatewayError, inner::refused_line};

impl Gateway {
    /// How often something was refused with this code, since the server started.
    pub fn refused(&self, code: ErrorCode) -> u64 {
        self.inner.refusals.counted(code)
    }

    /// Notes that something was refused of a game that no project is known of.
    pub fn note_refusal(&self, code: ErrorCode) {
        if code.is_refusal() {
            self.inner.refusals.count(code);
        }
    }

    /// What was refused in a project, since the server started: of its devices, and of games that were turned away.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn list_refused(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<Vec<Refused>, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        Ok(self.inner.refusals.ledger(project).all())
    }

    /// A game has a key of the project and is turned away all the same: for the project's people to see.
    pub(crate) fn turn_away(
        &self,
        project: ProjectId,
        peer: std::net::IpAddr,
        error: ProtocolError,
    ) -> GatewayError {
        if error.code.is_refusal() {
            let refused = refused_line(self.now(), &error, format!("v:… from {}", peer.to_canonical()));
            self.inner.refusals.ledger(project).record(None, refused);
            if let Some(live) = self.inner.projects.peek(project) {
                live.note_refusal(None);
            }
        }
        error.into()
    }
}
