//! A project in memory: its picture, this server's connections to it, and the feed of its dashboards. What needs more than one of
//! these is here. No locks and no clock.

mod arrivals;
mod budget;
mod edit;
mod forget;
mod news;
mod parts;
mod settle;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use protocol::{
    ErrorCode, ProtocolError,
    live::{Event, RunStarted},
    model::{Device, DeviceId, Outcome, Revision, UnixMicros, VarName, VarRevision, VarType},
};
use tokio::{sync::oneshot, time::Instant};

pub(crate) use self::{
    edit::Checked,
    news::{News, Restored, Speaker},
    parts::{PART_BYTES, Walk},
};
use super::{
    connections::{Connections, Seen},
    feed::Feed,
    picture::{DeviceState, Picture},
    push::{Forms, NoRoom, Pushed, Wire},
};
use crate::store::{DeviceInfo, ProjectState, Write, Written};

pub(crate) struct State {
    pub(crate) picture: Picture,
    pub(crate) connections: Connections,
    pub(super) feed: Feed,
}

impl State {
    pub(crate) fn new(loaded: ProjectState, storing: bool) -> Self {
        let (picture, connections) = (Picture::new(loaded), Connections::default());
        Self { picture, connections, feed: Feed::new(storing) }
    }

    /// Applies a committed fact; returns what dashboards are told of it.
    pub(crate) fn apply(&mut self, write: Write, written: Written) -> [Option<Event>; 2] {
        let Self { picture, connections, .. } = self;
        // dashboards hear of it when its game is connected, or at once if that has left
        let left = match (&write, &written) {
            (Write::Connect { device: info, .. }, Written::Connected { device, .. }) => {
                let is_told =
                    picture.devices.contains_key(device) || connections.arrivals.is_new(&info.identity);
                (!is_told).then_some(*device)
            }
            _ => None,
        };
        connections.settle(&write, &written);
        let event = picture.apply(write, written, &|name, spec| connections.claims.share(name, spec));
        [event, left.and_then(|device| self.device(device)).map(Event::Device)]
    }

    pub(crate) fn connect(&mut self, id: DeviceId, info: &DeviceInfo, now: UnixMicros) -> Option<Device> {
        self.picture.put_device(id, info, now);
        self.connections.presence.connect(id, now);
        self.device(id)
    }

    /// The device as it is now, if that was its last connection.
    pub(crate) fn disconnect(&mut self, id: DeviceId, now: UnixMicros) -> Option<Device> {
        let is_last = self.connections.presence.disconnect(id);
        self.picture.devices.get_mut(&id)?.last_seen = now;
        self.device(id).filter(|_| is_last)
    }

    /// Takes in what a device did with everything up to `revision`, and returns what is worth keeping.
    pub(crate) fn record_applied(
        &mut self,
        device: DeviceId,
        revision: Revision,
        outcomes: Vec<(VarName, Outcome)>,
        round_trip: Option<Duration>,
    ) -> Vec<(VarName, VarRevision, Outcome)> {
        let promised = self.connections.promised;
        let noted = self.picture.record_applied(device, revision, outcomes, round_trip, promised);
        let Some((revision, noted)) = noted else { return Vec::new() };
        self.feed.gather_device(device, revision);
        let mut kept = Vec::new();
        for noted in noted {
            if let Some(outcome) = noted.kept {
                kept.push((noted.name.clone(), noted.mark.revision, outcome));
            }
            self.feed.gather_mark(noted.name, noted.mark);
        }
        kept
    }

    /// The desired values that a game lacks which has everything up to `since`, encoded for it.
    ///
    /// # Errors
    /// There is no memory for them now.
    pub(crate) fn push(
        &mut self,
        since: Option<Revision>,
        forms: &Arc<Forms>,
        wire: Wire,
        epoch: &str,
    ) -> Result<Option<Pushed>, NoRoom> {
        let Self { picture, connections, .. } = self;
        let to = (picture.revision(), picture.rewritten());
        let is_whole = picture.left_out.vars.is_empty();
        connections.pushes.get(since, to, forms, (wire, epoch, is_whole), || picture.lacking(since))
    }

    /// The JSON types that a game uses, shared with every game that uses the same.
    pub(crate) fn forms(&mut self, seen: &Seen) -> Arc<Forms> {
        self.connections.pushes.intern(seen.forms())
    }

    /// A connection may report variables from now on.
    pub(crate) fn begin_speaking(&mut self, line: u64, device: DeviceId, seen: &Arc<Mutex<Seen>>) {
        self.connections.speakers.insert(line, device, seen);
    }

    /// Has every game run an action that has declared it.
    pub(crate) fn start_run(
        &mut self,
        name: &VarName,
        args: Option<Arc<str>>,
        now: Instant,
    ) -> Result<(RunStarted, Option<oneshot::Receiver<()>>), ProtocolError> {
        if self.picture.vars.get(name).is_none_or(|var| var.spec.var_type != VarType::Action) {
            return Err(ProtocolError::new(ErrorCode::BadName, format!("there is no action {name}")));
        }
        self.connections.runs.start(name, args, now)
    }

    /// In the order in which they were first seen.
    pub(crate) fn devices(&self) -> Vec<Device> {
        self.picture.devices.iter().map(|(id, device)| self.shown(*id, device)).collect()
    }

    fn device(&self, id: DeviceId) -> Option<Device> {
        self.picture.devices.get(&id).map(|device| self.shown(id, device))
    }

    fn shown(&self, id: DeviceId, device: &DeviceState) -> Device {
        let presence = &self.connections.presence;
        Device {
            id,
            name: device.name.clone(),
            online: presence.is_online(id),
            since: presence.since(id).unwrap_or(device.last_seen),
            last_seen: device.last_seen,
            about: device.about.clone(),
            acknowledges: device.applied.is_some(),
            applied: device.applied.unwrap_or(Revision(0)),
        }
    }

    /// The name of a device, also of one that is not there any more and wrote some of the log, and whether it is connected.
    pub(crate) fn name_of(&self, id: DeviceId) -> (String, bool) {
        match self.picture.devices.get(&id) {
            Some(device) => (device.name.clone(), self.connections.presence.is_online(id)),
            None => {
                let name = self.picture.log().gone().get(&id).cloned();
                (name.unwrap_or_else(|| format!("device {id}")), false)
            }
        }
    }

    /// About what it takes in memory, in bytes.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.picture.footprint()
    }
}
