//! Actions: things that a game does when a person tells it to.
//!
//! They are events, not state: nothing is kept for a game that is away, and each connected one that has declared the action
//! and says what it does is told once.

use std::sync::Arc;

use protocol::{
    ErrorCode, ProtocolError, limits,
    line::compact_json,
    live::RunStarted,
    model::{ProjectId, VarName},
};
use tokio::time::{Instant, timeout};

use crate::{Action, Caller, Gateway, GatewayError};

impl Gateway {
    /// Runs an action on every connected game that has declared it. Returns when they were told; what became of it comes
    /// to the dashboards as one event for each game.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`]; `bad_name` when there is no such action, `bad_shape` for arguments that are no
    /// JSON, `busy` when too many runs are under way.
    pub async fn run_action(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: VarName,
        args: Option<String>,
    ) -> Result<RunStarted, GatewayError> {
        let live = self.live(caller, Action::EditValues, project).await?;
        // once, for however many games
        let args = args.map(|args| compact(&args)).transpose()?.map(Arc::from);
        let (started, over) = live.state().start_run(&name, args, Instant::now())?;
        if let Some(over) = over {
            tokio::spawn(async move {
                if timeout(limits::ACTION_TIMEOUT, over).await.is_err() {
                    live.give_up_run(started.run, "no answer came in time");
                }
            });
        }
        Ok(started)
    }
}

/// JSON on one line, as a game's line needs it.
fn compact(args: &str) -> Result<String, ProtocolError> {
    let refuse = |why: String| ProtocolError::new(ErrorCode::BadShape, why);
    if args.len() > limits::MAX_VALUE_BYTES {
        return Err(refuse(format!("arguments are at most {} bytes", limits::MAX_VALUE_BYTES)));
    }
    compact_json(args).map_err(|fault| refuse(format!("the arguments are not JSON: {}", fault.text)))
}
