//! What a game can do: connect, report its variables, log, and be given edits.

use std::{net::IpAddr, sync::Arc};

use protocol::{
    ErrorCode, ProtocolError,
    model::{DeviceId, Key, LogEntry, ProjectId, Report, Revision},
};
use tokio::sync::watch;

use crate::{
    Gateway, GatewayError,
    live::{Forms, Live, Seen},
    store::Write,
};

/// Most devices of a project that a game which says nothing of itself may add to.
const MAX_DEVICES_PER_PROJECT: usize = 10_000;

/// One verified connection of a game. Dropping it marks its device offline.
pub struct GameLine {
    gateway: Gateway,
    live: Arc<Live>,
    key: Key,
    device: DeviceId,
    place: Place,
    seen: Seen,
    forms: Arc<Forms>,
    revisions: watch::Receiver<Revision>,
    pushed: Revision,
}

/// Edits on their way to a game.
#[derive(Clone, Debug)]
pub struct Push {
    /// For `protocol::line::write_edits`; shared by every game that lacks the same.
    pub payload: Arc<[u8]>,
}

/// Keeps a peer's place while its connection lives, so that the next one beside it gets another.
struct Place {
    live: Arc<Live>,
    peer: IpAddr,
    number: u32,
}

impl Place {
    fn reserve(live: &Arc<Live>, peer: IpAddr) -> Self {
        Self { live: Arc::clone(live), peer, number: live.reserve_place(peer) }
    }

    /// What the device is known by, and what people read.
    fn identity(&self) -> (String, String) {
        let name = match self.number {
            1 => self.peer.to_string(),
            number => format!("{} #{number}", self.peer),
        };
        (format!("peer:{}#{}", self.peer, self.number), name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.live.free_place(self.peer, self.number);
    }
}

impl Gateway {
    /// Verifies a key and connects a game.
    ///
    /// A game that says nothing of itself is known by its peer's address and the lowest number that is
    /// free there, so that a game which reconnects is the same device again.
    ///
    /// # Errors
    /// `bad_key` when no project has the key, `quota` when the project has too many devices,
    /// [`GatewayError::Unavailable`].
    pub async fn connect_game(&self, key: Key, peer: IpAddr) -> Result<GameLine, GatewayError> {
        let project = self.project_of(key).await?;
        let live = self.inner.projects.load(&*self.inner.store, project).await?;
        let place = Place::reserve(&live, peer.to_canonical());
        let (identity, name) = place.identity();
        let now = self.inner.clock.now();
        let known = live.state().device_of(&identity);
        let device = match known {
            Some(device) => device,
            None if live.state().device_count() >= MAX_DEVICES_PER_PROJECT => {
                let text = format!("a project has at most {MAX_DEVICES_PER_PROJECT} devices");
                return Err(ProtocolError::new(ErrorCode::Quota, text).into());
            }
            None => self.inner.store.ensure_device(project, &identity, &name, now).await?.id,
        };
        live.connect(identity, device, name, now);
        self.inner.writer.offer(Arc::clone(&live), Write::Seen { device, at: now });
        let (revisions, forms) = (live.revisions(), live.state().forms(&Seen::default()));
        Ok(GameLine {
            gateway: self.clone(),
            key,
            device,
            place,
            seen: Seen::default(),
            forms,
            revisions,
            pushed: Revision(0),
            live,
        })
    }

    async fn project_of(&self, key: Key) -> Result<ProjectId, GatewayError> {
        let keys = || self.inner.keys.lock().expect("no holder of this lock panics");
        if let Some(project) = keys().get(&key) {
            return Ok(*project);
        }
        let Some(project) = self.inner.store.get_project_by_key(key).await? else {
            return Err(ProtocolError::new(ErrorCode::BadKey, "no project has this key").into());
        };
        keys().insert(key, project.id);
        Ok(project.id)
    }
}

impl GameLine {
    /// The key that was verified.
    pub fn key(&self) -> Key {
        self.key
    }

    /// The project it belongs to.
    pub fn project(&self) -> ProjectId {
        self.live.project.id
    }

    /// The device that this connection is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Takes in what the game reports: values that this connection has said before are left out. Returns
    /// when it is queued; it is stored and shown right after. Waits while the queue is full.
    ///
    /// # Errors
    /// `too_many` when the project would get too many variables, [`GatewayError::Closed`].
    pub async fn report_vars(&mut self, reports: Vec<Report>) -> Result<(), GatewayError> {
        let losses = self.live.losses();
        let news = self.live.state().news(&mut self.seen, reports, losses)?;
        if news.forms_changed {
            self.forms = self.live.state().forms(&self.seen);
        }
        if news.values.is_empty() {
            return Ok(());
        }
        let declared = news.declared.len() * size_of_val(&news.declared);
        let bytes =
            declared + news.values.iter().map(|(name, v)| name.as_str().len() + v.weight()).sum::<usize>();
        let at = self.gateway.inner.clock.now();
        let (project, device) = (self.live.project.id, self.device);
        let write = Write::Report { project, device, at, declared: news.declared, values: news.values };
        self.gateway.inner.writer.queue(Arc::clone(&self.live), write, bytes).await
    }

    /// Takes in log entries. Returns when they are queued; they are stored and shown right after. Waits
    /// while the queue is full.
    ///
    /// # Errors
    /// [`GatewayError::Closed`].
    pub async fn append_logs(&mut self, entries: Vec<LogEntry>) -> Result<(), GatewayError> {
        if entries.is_empty() {
            return Ok(());
        }
        let text = |entry: &LogEntry| entry.message.len() + entry.fields.as_ref().map_or(0, String::len);
        let bytes = entries.iter().map(|entry| size_of::<LogEntry>() + text(entry)).sum();
        let received = self.gateway.inner.clock.now();
        let write = Write::Logs { project: self.live.project.id, device: self.device, received, entries };
        self.gateway.inner.writer.queue(Arc::clone(&self.live), write, bytes).await
    }

    /// Returns as soon as the project has edits that this game was not given yet. Cancel-safe.
    pub async fn changed(&mut self) {
        let pushed = self.pushed;
        // an error means that the project is gone, which this line's own hold on it rules out
        let _ = self.revisions.wait_for(|revision| *revision > pushed).await;
    }

    /// Every edit since the last push, the newest value of each variable. `None` when there is none.
    pub fn take_push(&mut self) -> Option<Push> {
        let pushed = self.live.state().push(self.pushed, &self.forms)?;
        self.pushed = pushed.to;
        pushed.payload.map(|payload| Push { payload })
    }
}

impl Drop for GameLine {
    fn drop(&mut self) {
        let at = self.gateway.inner.clock.now();
        self.live.disconnect(self.device, at);
        self.gateway.inner.writer.offer(Arc::clone(&self.live), Write::Seen { device: self.device, at });
    }
}

impl std::fmt::Debug for GameLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GameLine")
            .field("project", &self.live.project.id)
            .field("device", &self.device)
            .field("place", &self.place.number)
            .finish_non_exhaustive()
    }
}
