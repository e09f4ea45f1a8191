//! What else grows old: edits, remembered requests, devices that do not come back, and the audit trail.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use protocol::model::{
    DeviceId, KEPT_EDITS, ProjectId, RetentionPolicy, Role, UnixMicros, User, UserId, days_before,
};
use tokio::time::{Instant, sleep};

use crate::{
    Caller, GatewayError,
    caller::Deed,
    forgetting::forget_device,
    inner::Inner,
    steps::{Pace, STEP_BUDGET},
    store::{Result, Store},
};

/// Rows that are looked at once.
const PAGE: u32 = 500;

/// Forgets what a project's policy says of everything but its log.
pub(super) async fn follow(
    gateway: &Weak<Inner>,
    store: &dyn Store,
    project: ProjectId,
    policy: &RetentionPolicy,
    now: UnixMicros,
) -> Result<()> {
    if let Some(days) = policy.history_days {
        forget_edits(store, project, days_before(days, now)).await?;
    }
    if let Some(days) = policy.request_days {
        forget_rows(store, Some(project), days_before(days, now)).await?;
    }
    if let Some(days) = policy.device_days {
        forget_devices(gateway, store, project, days_before(days, now)).await?;
    }
    Ok(())
}

/// Forgets entries of the audit trail that are older.
pub(super) async fn forget_audit(store: &dyn Store, before: UnixMicros) -> Result<()> {
    forget_rows(store, None, before).await
}

/// Forgets older requests of a project, or older entries of the audit trail.
async fn forget_rows(store: &dyn Store, requests: Option<ProjectId>, before: UnixMicros) -> Result<()> {
    let mut pace = Pace::default();
    loop {
        let forgot = match requests {
            Some(project) => store.forget_requests(project, before, pace.rows(), STEP_BUDGET).await?,
            None => store.forget_audit(before, pace.rows(), STEP_BUDGET).await?,
        };
        if forgot.rows == 0 {
            return Ok(());
        }
        sleep(pace.rest(forgot.blocked)).await;
    }
}

/// Forgets edits that are older, but for the newest ones of each variable.
async fn forget_edits(store: &dyn Store, project: ProjectId, before: UnixMicros) -> Result<()> {
    let (mut pace, mut after) = (Pace::default(), (0, String::new()));
    loop {
        let begun = Instant::now();
        let mut page = store.list_edits(project, (after.0, &after.1), KEPT_EDITS, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.revision, last.name.clone());
        let is_young = last.at >= before;
        sleep(begun.elapsed().max(Duration::from_millis(1))).await;
        page.retain(|edit| edit.at < before && edit.newer >= KEPT_EDITS);
        let mut edits = &page[..];
        while !edits.is_empty() {
            let now = &edits[..edits.len().min(pace.rows() as usize)];
            let forgot = store.forget_edits(project, now, STEP_BUDGET).await?;
            edits = &edits[forgot.rows.min(edits.len())..];
            sleep(pace.rest(forgot.blocked)).await;
        }
        if is_young {
            return Ok(());
        }
    }
}

/// Forgets devices that were not seen since, unless a pin names them or they are connected.
async fn forget_devices(
    gateway: &Weak<Inner>,
    store: &dyn Store,
    project: ProjectId,
    before: UnixMicros,
) -> Result<()> {
    let pins = store.list_pins(project).await?;
    let mut after = DeviceId(0);
    loop {
        let page = store.list_unseen(project, before, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = *last;
        for device in page.into_iter().filter(|device| !pins.iter().any(|pin| pin.device == Some(*device))) {
            let Some(inner) = gateway.upgrade() else { return Ok(()) };
            let begun = Instant::now();
            // other errors: it is connected, or somebody else was faster
            if let Err(GatewayError::Unavailable(error)) = forget_unseen(inner, project, device).await {
                return Err(error);
            }
            sleep(begun.elapsed().max(Duration::from_millis(1))).await;
        }
    }
}

/// Forgets a device, if it is not connected.
async fn forget_unseen(
    inner: Arc<Inner>,
    project: ProjectId,
    device: DeviceId,
) -> std::result::Result<(), GatewayError> {
    let is_storing = *inner.writer.storing().borrow();
    let (epoch, beside) = (|| inner.epoch(), || inner.beside(project));
    let live = inner.projects.load(&*inner.store, project, epoch, is_storing, beside).await?;
    let (at, by) = (inner.clock.now(), by_policy());
    let note = |name| Deed::new("device.forget", name).in_project(project).by(&by, at);
    forget_device(&inner, live, device, note).await
}

/// Who the audit trail says it was.
fn by_policy() -> Caller {
    let name = "the retention policy".to_owned();
    Caller::from(User { id: UserId(0), name, email: None, role: Role::Member })
}
