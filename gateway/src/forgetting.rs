//! Forgetting a device: on request, or by a retention policy.

use std::sync::Arc;

use protocol::model::DeviceId;

use crate::{
    GatewayError,
    inner::Inner,
    live::Live,
    store::{AuditRow, StoreError, Write, Written},
};

/// Forgets a device of a project that is not connected; `note` says in the audit trail who did it to the device of that name.
/// It must not be cut off: the state must hear of the outcome.
///
/// # Errors
/// Those of [`Gateway::forget_device`](crate::Gateway::forget_device).
pub(crate) async fn forget_device(
    inner: &Inner,
    live: Arc<Live>,
    device: DeviceId,
    note: impl FnOnce(String) -> AuditRow + Send,
) -> Result<(), GatewayError> {
    // what games have sent is stored first, also that of games which have left since
    inner.writer.flush_soon().await?;
    let project = live.project.id;
    let asked = {
        // until it is queued: a game that comes back as this device has its turn later
        let mut state = live.state();
        let name = state.begin_forget_device(device)?;
        inner.writer.ask_edit(live.clone(), Write::ForgetDevice { project, device, note: note(name) })
    };
    let outcome = match asked {
        Ok(asked) => inner.writer.edited(asked).await,
        Err(error) => Err(error),
    };
    if let Ok(Written::Done) = outcome {
        inner.sweeper.wake();
        return Ok(());
    }
    live.state().end_forget_device(device);
    Err(odd(&outcome?))
}

/// An outcome that nothing has.
pub(crate) fn odd(written: &Written) -> GatewayError {
    GatewayError::Unavailable(StoreError::Damaged(format!("a request to forget was answered by {written:?}")))
}
