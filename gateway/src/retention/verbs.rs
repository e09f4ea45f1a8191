//! Policies and pins, as people see and change them.

use std::sync::Arc;

use protocol::model::{
    DeviceId, LogBeginning, LogPin, LogSize, MAX_PINS, ProjectId, Retention, RetentionEstimate,
    RetentionPolicy, UnixMicros,
};

use super::{disk::Disk, estimate, pass::MOST_TAIL, rule::Rule, task::pass};
use crate::{
    Action, Caller, Gateway, GatewayError,
    caller::Deed,
    sessions,
    store::{BlockCounts, LineMark},
    text::named,
};

/// Lines that are read at once to find a time.
const PAGE: u32 = 1_000;

/// Lines that are to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPin {
    /// What people call it.
    pub name: String,
    /// Which lines.
    pub range: PinRange,
    /// Only lines of this device; `None`: of every one.
    pub device: Option<DeviceId>,
}

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinRange {
    /// From one number to another, both included.
    Lines(u64, u64),
    /// What was received from one time to another, both included.
    Times(UnixMicros, UnixMicros),
}

/// What is counted of a log, and the lines behind it.
struct Counted {
    blocks: Vec<BlockCounts>,
    tail: Vec<LineMark>,
    /// Lines behind both.
    uncounted: u64,
}

impl Gateway {
    /// How long a project keeps what, and what was forgotten.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn get_retention(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<Retention, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        let store = &self.inner.store;
        let (policy, forgotten) = store.get_policy(project).await?.ok_or(GatewayError::NotFound)?;
        let Counted { blocks, tail, uncounted } = self.measured(project).await?;
        let log = estimate::total(&blocks, &tail);
        let log = LogSize { lines: log.lines + uncounted, ..log };
        let pins = store.list_pins(project).await?;
        let instance_bytes = self.inner.days.limits.log_bytes;
        Ok(Retention { policy, pins, forgotten, log, instance_bytes })
    }

    /// Where a project's log begins, and why not earlier.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn log_beginning(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<LogBeginning, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        let (policy, forgotten) =
            self.inner.store.get_policy(project).await?.ok_or(GatewayError::NotFound)?;
        let oldest = self.inner.store.oldest_line(project).await?;
        Ok(LogBeginning { oldest, forgotten, policy })
    }

    /// What a policy would remove of the log now. Nothing is changed.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`], [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn estimate_retention(
        &self,
        caller: &Caller,
        project: ProjectId,
        policy: &RetentionPolicy,
    ) -> Result<RetentionEstimate, GatewayError> {
        self.authorise_in(caller, Action::ManageRetention, project).await?;
        policy.check().map_err(GatewayError::Invalid)?;
        let pins = self.inner.store.list_pins(project).await?;
        let rule = Rule::new(policy, pins, self.age_now().await?);
        let Counted { blocks, tail, uncounted } = self.measured(project).await?;
        let told = estimate::estimate(&blocks, &tail, &rule, policy.log_bytes);
        Ok(RetentionEstimate { uncounted_lines: uncounted, ..told })
    }

    /// Sets a project's policy, which the next pass follows.
    ///
    /// # Errors
    /// Those of [`Gateway::estimate_retention`].
    pub async fn set_retention(
        &self,
        caller: &Caller,
        project: ProjectId,
        policy: &RetentionPolicy,
    ) -> Result<(), GatewayError> {
        self.authorise_in(caller, Action::ManageRetention, project).await?;
        policy.check().map_err(GatewayError::Invalid)?;
        let store = &self.inner.store;
        let (old, _) = store.get_policy(project).await?.ok_or(GatewayError::NotFound)?;
        let words = |policy| serde_json::to_string(policy).unwrap_or_default();
        let deed = Deed::new("retention.set", self.project_name(project).await?).in_project(project);
        let deed = deed.from(words(&old)).to(words(policy)).by(caller, self.now());
        if store.set_policy(project, policy, deed).await? { Ok(()) } else { Err(GatewayError::NotFound) }
    }

    /// Pins lines: no policy removes them. Returns the pin's number.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`] for a range without lines, a bad name, or when there are too many pins;
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn pin_logs(
        &self,
        caller: &Caller,
        project: ProjectId,
        new: &NewPin,
    ) -> Result<i64, GatewayError> {
        self.authorise_in(caller, Action::ManageRetention, project).await?;
        let (name, at) = (named(&new.name, "the pin")?, self.now());
        let (first_seq, last_seq) = self.range_of(project, new.range).await?;
        let by = caller.user.name.clone();
        let pin = LogPin { id: 0, name, first_seq, last_seq, device: new.device, at, by };
        let deed = Deed::new("log.pin", pin.name.as_str()).in_project(project);
        let deed = deed.to(format!("lines {first_seq} to {last_seq}")).by(caller, at);
        let added = self.inner.store.add_pin(project, &pin, MAX_PINS, deed).await?;
        added.ok_or_else(|| {
            GatewayError::Invalid(format!("a project has at most {MAX_PINS} pins; remove one first"))
        })
    }

    /// Removes a pin: the policy counts for its lines again.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also when there is no such pin, [`GatewayError::Forbidden`],
    /// [`GatewayError::Unavailable`].
    pub async fn unpin_logs(
        &self,
        caller: &Caller,
        project: ProjectId,
        pin: i64,
    ) -> Result<(), GatewayError> {
        self.authorise_in(caller, Action::ManageRetention, project).await?;
        let pins = self.inner.store.list_pins(project).await?;
        let found = pins.iter().find(|known| known.id == pin).ok_or(GatewayError::NotFound)?;
        let deed = Deed::new("log.unpin", found.name.as_str()).in_project(project);
        let deed = deed.from(format!("lines {} to {}", found.first_seq, found.last_seq));
        let removed = self.inner.store.remove_pin(project, pin, deed.by(caller, self.now())).await?;
        if removed { Ok(()) } else { Err(GatewayError::NotFound) }
    }

    /// Forgets now what is too old or too much, without waiting for the next pass. For tests.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`]: what was forgotten until then is gone, the rest goes with the next pass.
    #[doc(hidden)]
    pub async fn forget_now(&self) -> Result<(), GatewayError> {
        Ok(pass(&Arc::downgrade(&self.inner), true).await?)
    }

    /// The time by which things grow old: the clock's, unless that has jumped ahead.
    async fn age_now(&self) -> Result<UnixMicros, GatewayError> {
        let known = self.inner.store.session_clock().await?;
        Ok(sessions::age_time(known, self.now()))
    }

    /// The disk of the database, as last seen, for those who may know; `None` where it can't be asked.
    pub fn disk(&self) -> Option<Disk> {
        self.inner.retained.sizes().disk
    }

    async fn measured(&self, project: ProjectId) -> Result<Counted, GatewayError> {
        let store = &self.inner.store;
        let blocks = store.list_counts(project).await?;
        let indexed = blocks.last().map_or(0, |block| block.last_seq);
        let tail = store.list_marks(project, indexed, u64::MAX, MOST_TAIL).await?;
        let uncounted = match tail.last() {
            Some(last) if tail.len() == MOST_TAIL as usize => store.last_line(project).await? - last.seq,
            _ => 0,
        };
        Ok(Counted { blocks, tail, uncounted })
    }

    /// The numbers of the lines of a range.
    async fn range_of(&self, project: ProjectId, range: PinRange) -> Result<(u64, u64), GatewayError> {
        let last = self.inner.store.last_line(project).await?;
        let (from, to) = match range {
            PinRange::Lines(from, to) => (from, to),
            PinRange::Times(from, to) => {
                let after = self.first_since(project, UnixMicros(to.0.saturating_add(1))).await?;
                (
                    self.first_since(project, from).await?.unwrap_or(u64::MAX),
                    after.map_or(last, |seq| seq - 1),
                )
            }
        };
        let is_range = from >= 1 && from <= to && from <= last;
        let text = "there are no lines in this range; name the first and the last one, by number or by time";
        if is_range { Ok((from, to.min(last))) } else { Err(GatewayError::Invalid(text.to_owned())) }
    }

    /// The first line that was received at a time or later.
    async fn first_since(&self, project: ProjectId, time: UnixMicros) -> Result<Option<u64>, GatewayError> {
        let store = &self.inner.store;
        let blocks = store.list_counts(project).await?;
        let has = |block: &&BlockCounts| block.levels.iter().any(|count| count.latest >= time);
        let mut after = match blocks.iter().find(has) {
            Some(block) => block.first_seq.saturating_sub(1),
            None => blocks.last().map_or(0, |block| block.last_seq),
        };
        loop {
            let page = store.list_marks(project, after, u64::MAX, PAGE).await?;
            let Some(last) = page.last() else { return Ok(None) };
            if let Some(line) = page.iter().find(|line| line.received >= time) {
                return Ok(Some(line.seq));
            }
            after = last.seq;
        }
    }
}
