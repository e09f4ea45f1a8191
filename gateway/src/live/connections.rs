//! This server's bookkeeping about its own connections: who is online, what is on its way to the database, which declarations
//! have a connected game behind them. Nothing of it is stored.

mod announced;
mod arrivals;
mod claims;
mod places;
mod presence;
mod runs;
mod seen;
mod sessions;

use std::collections::HashSet;

use protocol::model::{DeviceId, VarName};

pub use self::runs::ActionCall;
pub(super) use self::seen::Said;
pub(crate) use self::seen::{Seen, lock_seen};
use self::{
    announced::Announced, arrivals::Arrivals, claims::Claims, places::Places, presence::Presence, runs::Runs,
    seen::Speakers, sessions::Sessions,
};
use super::{
    push::PushCache,
    weight::{Held, text_of},
};
use crate::store::{Write, Written};

#[derive(Default)]
pub(crate) struct Connections {
    pub(crate) presence: Presence,
    pub(super) places: Places,
    pub(crate) sessions: Sessions,
    pub(super) speakers: Speakers,
    pub(super) claims: Claims,
    pub(super) announced: Announced,
    /// Text of lines on their way to the database, in bytes.
    pub(super) promised: usize,
    /// What connections remember of what they said.
    pub(super) said: Held,
    pub(super) arrivals: Arrivals,
    /// Variables that a person forgets, on their way to the database: reports declare them anew.
    pub(super) forgetting: HashSet<VarName>,
    pub(crate) runs: Runs,
    pub(super) pushes: PushCache,
}

impl Connections {
    /// The outcome of a write is known.
    pub(super) fn settle(&mut self, write: &Write, written: &Written) {
        self.unannounce(write);
        match (write, written) {
            (Write::Connect { gives_way: Some(device), .. }, Written::Connected { .. })
            | (Write::ForgetDevice { device, .. }, _) => {
                self.presence.forget(*device);
                self.arrivals.let_go(*device);
            }
            (Write::ForgetVar { name, .. }, Written::Forgotten { .. }) => {
                self.forgetting.remove(name);
            }
            _ => {}
        }
    }

    /// A write is no longer on its way: what it declares is stored, or never will be.
    pub(super) fn unannounce(&mut self, write: &Write) {
        // what a person has consented to was not announced
        if let Write::Report { declared, .. } | Write::Declare { declared, note: None, .. } = write {
            self.announced.remove(declared);
        }
        if let Write::Report { declared, values, .. } = write {
            self.promised = self.promised.saturating_sub(text_of(declared, values));
        }
    }

    /// Whether a device may give way to another one: no game is connected as it, or about to be.
    pub(super) fn may_go(&self, device: DeviceId, identity: &str) -> bool {
        !self.presence.is_online(device) && self.arrivals.may_go(device, identity)
    }
}
