//! What outlives the process, if there is a disk.

use protocol::model::{Value, VarName};

use super::{Good, Records, Session, outbox::Outbox};

impl Session {
    /// Values that were good at the last start: what people want, until a server says otherwise.
    pub(crate) fn recall(&mut self, values: Vec<(VarName, Value)>) {
        for (name, value) in values {
            if self.vars.recall(&name, &value) {
                self.good.recall(name, value);
            }
        }
    }

    /// What is to be kept for the next start.
    pub(crate) fn good(&self) -> &Good {
        &self.good
    }

    /// Goes on with a journal that another process left, also under the session that it had. To be called before anything
    /// is logged or connected. Returns how many bytes at its end were torn.
    pub(crate) fn resume(&mut self, journal: &[u8]) -> Result<usize, &'static str> {
        let resumed = Outbox::resume(self.settings.outbox_bytes, self.settings.key, journal)?;
        (self.outbox, self.settings.session) = (resumed.outbox, resumed.session);
        Ok(resumed.torn)
    }

    /// A new journal of the outbox: what is in it now. From here on, [`Session::take_records`] gives what is to be added.
    pub(crate) fn checkpoint(&mut self) -> Vec<u8> {
        self.outbox.checkpoint(self.settings.key, self.settings.session)
    }

    /// What is to be added to the journal before anything else is sent.
    pub(crate) fn take_records(&mut self) -> Records {
        self.outbox.take_records()
    }
}
