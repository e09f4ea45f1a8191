//! What an admin can forget: variables and devices that nobody uses any more.

use std::sync::Arc;

use protocol::model::{DeviceId, Gesture, ProjectId, VarName};

use crate::{
    Action, Caller, Gateway, GatewayError,
    caller::Deed,
    forgetting::{forget_device, odd},
    live::Live,
    secrets::random,
    store::{Write, Written},
};

impl Gateway {
    /// Forgets a variable: its declaration, what devices reported and what people want of it, which is let go first. Its
    /// history stays. When a game reports it again it is new, and its revisions go on from where they were.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also when there is no such variable, [`GatewayError::Forbidden`];
    /// [`GatewayError::InUse`] when a connected game has reported it; [`GatewayError::Invalid`] when very many were forgotten;
    /// [`GatewayError::Unavailable`] or [`GatewayError::Closed`], and then it is not forgotten later either;
    /// [`GatewayError::Undecided`] when that can't be said.
    pub async fn forget_var(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: &VarName,
    ) -> Result<(), GatewayError> {
        let live = self.live(caller, Action::ForgetData, project).await?;
        let (gateway, caller, name) = (self.clone(), caller.clone(), name.clone());
        whole(async move { gateway.forget_var_now(live, &caller, name).await }).await
    }

    /// Forgets a device that is not connected, with what it reported. Its log lines stay, with its name. When it connects
    /// again it is the same device.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also when there is no such device, [`GatewayError::Forbidden`],
    /// [`GatewayError::InUse`] when it is connected; [`GatewayError::Unavailable`] or [`GatewayError::Closed`], and then it
    /// is not forgotten later either; [`GatewayError::Undecided`] when that can't be said.
    pub async fn forget_device(
        &self,
        caller: &Caller,
        project: ProjectId,
        device: DeviceId,
    ) -> Result<(), GatewayError> {
        let live = self.live(caller, Action::ForgetData, project).await?;
        let (gateway, caller) = (self.clone(), caller.clone());
        whole(async move { gateway.forget_device_now(live, &caller, device).await }).await
    }

    async fn forget_var_now(
        self,
        live: Arc<Live>,
        caller: &Caller,
        name: VarName,
    ) -> Result<(), GatewayError> {
        // what games have sent is stored first, also that of games which have left since
        self.inner.writer.flush_soon().await?;
        let project = live.project.id;
        let asked = {
            // until it is queued: what a game reports from now on has its turn later, and declares the variable anew
            let mut state = live.state();
            state.begin_forget_var(&name)?;
            let deed = Deed::new("variable.forget", name.as_str()).in_project(project);
            let note = deed.by(caller, self.now());
            let (author, gesture, name) =
                (caller.user.id, Gesture(u64::from_le_bytes(random())), name.clone());
            let write = Write::ForgetVar { project, name, author, gesture, note };
            self.inner.writer.ask_edit(live.clone(), write)
        };
        let outcome = match asked {
            Ok(asked) => self.inner.writer.edited(asked).await,
            Err(error) => Err(error),
        };
        if let Ok(Written::Forgotten { .. }) = outcome {
            self.inner.sweeper.wake();
            return Ok(());
        }
        live.state().end_forget_var(&name);
        match outcome? {
            // somebody else was faster
            Written::Done => Err(GatewayError::NotFound),
            other => Err(odd(&other)),
        }
    }

    async fn forget_device_now(
        self,
        live: Arc<Live>,
        caller: &Caller,
        device: DeviceId,
    ) -> Result<(), GatewayError> {
        let (project, at) = (live.project.id, self.now());
        let note = |name| Deed::new("device.forget", name).in_project(project).by(caller, at);
        forget_device(&self.inner, live, device, note).await
    }
}

/// In a task of its own, which goes on when the caller is cut off: the state must hear of the outcome.
async fn whole(
    work: impl Future<Output = Result<(), GatewayError>> + Send + 'static,
) -> Result<(), GatewayError> {
    tokio::spawn(work).await.unwrap_or(Err(GatewayError::Closed))
}
