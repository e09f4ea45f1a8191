//! The one task that writes.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use protocol::ErrorCode;
use tokio::time::{Instant, sleep, timeout};

use super::{
    job::{Job, Reply, Target},
    shared::Shared,
};
use crate::{
    GatewayError,
    bus::{Committed, Topic},
    store::{Commits, StoreError, Ticket, Write, Written},
    vitals::{PLACE, Vitals},
};

/// Records of one transaction: from here on its cost is the rows, no longer the fsync.
const MAX_BATCH_RECORDS: usize = 1_000;
/// An attempt that takes longer is given up: the database hangs.
pub(super) const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts while the database is away; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Task {
    store: Arc<dyn Commits>,
    shared: Arc<Shared>,
    vitals: Vitals,
    ticket: Ticket,
    pause: Duration,
}

/// Whether an attempt is over.
enum Attempt {
    Committed(Vec<Written>),
    /// Nothing was stored; the same may be stored later.
    Away(StoreError),
    /// The database said no, or has another epoch.
    Refused(StoreError),
}

/// What became of a part of a batch.
enum Part {
    /// Each of its jobs was answered.
    Done,
    /// The database said no, and nothing of it is stored.
    Refused(Vec<Job>, StoreError),
    /// Another server has taken the database.
    Lost,
}

impl Task {
    pub(super) fn new(store: Arc<dyn Commits>, writer: String, shared: Arc<Shared>, vitals: Vitals) -> Self {
        let epoch = shared.epoch.load(Relaxed);
        Self { store, shared, vitals, ticket: Ticket { writer, number: 0, epoch }, pause: FIRST_PAUSE }
    }

    pub(super) async fn run(mut self) {
        loop {
            let mut batch = self.shared.queues().take(MAX_BATCH_RECORDS);
            if batch.is_empty() {
                // filled since: then this returns at once
                self.shared.filled.notified().await;
                continue;
            }
            self.write(mem::take(&mut batch.jobs)).await;
            if self.vitals.death().is_some_and(|death| death.part == PLACE) {
                return;
            }
            batch.pass();
        }
    }

    /// Tries until the jobs are committed or refused, each for itself: one that the database does not take is found in few
    /// attempts, and takes no other with it.
    async fn write(&mut self, jobs: Vec<Job>) {
        let mut left = VecDeque::from(jobs);
        // how many are tried next, and among how many of the first there is one that is bad
        let (mut count, mut suspects) = (left.len(), 0_usize);
        while !left.is_empty() {
            let part: Vec<Job> = left.drain(..count.min(left.len())).collect();
            let tried = part.len();
            match self.write_part(part).await {
                Part::Done => {
                    suspects = suspects.saturating_sub(tried);
                    count = if suspects > 0 { suspects.div_ceil(2) } else { 2 * tried };
                }
                Part::Refused(jobs, error) if jobs.len() == 1 => {
                    let number = jobs.into_iter().next().and_then(|job| self.refuse(job, error));
                    number.into_iter().for_each(|job| left.push_front(job));
                    // where one is bad, the next may be too
                    (count, suspects) = (1, 0);
                }
                Part::Refused(jobs, _) => {
                    suspects = jobs.len();
                    count = suspects / 2;
                    jobs.into_iter().rev().for_each(|job| left.push_front(job));
                }
                Part::Lost => return,
            }
        }
    }

    /// Tries until these are committed together, or are not.
    async fn write_part(&mut self, jobs: Vec<Job>) -> Part {
        self.ticket.epoch = self.shared.epoch.load(Relaxed);
        let (deleted, jobs): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| job.target.topic.is_deleted());
        self.refuse_deleted(deleted);
        // a dropped one no longer matches the database: connections made since have read the project again and would not hear of it
        let is_current =
            |job: &Job| job.target.topic.epoch() == self.ticket.epoch && !job.target.topic.is_dropped();
        let (jobs, stale): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(is_current);
        self.refuse_restored(stale.into_iter());
        let (mut writes, mut targets): (Vec<Write>, Vec<Target>) =
            jobs.into_iter().map(|job| (job.write, job.target)).unzip();
        while !writes.is_empty() {
            match self.attempt(&writes).await {
                Attempt::Committed(written) => {
                    self.is_storing(true);
                    self.publish(writes, targets, written);
                    return Part::Done;
                }
                Attempt::Away(error) => {
                    self.report_away(&error);
                    (writes, targets) = answer_the_impatient(writes, targets);
                    self.pause().await;
                }
                Attempt::Refused(StoreError::Restored) => {
                    self.refuse_restored(jobs_of(writes, targets));
                    self.find_epoch().await;
                    return Part::Done;
                }
                // what was in hand is neither saved nor refused, for all that can be known
                Attempt::Refused(error @ StoreError::InUse(_)) => {
                    self.vitals.report(PLACE, error.to_string());
                    return Part::Lost;
                }
                Attempt::Refused(error) => return Part::Refused(jobs_of(writes, targets).collect(), error),
            }
        }
        if !*self.shared.storing.borrow() {
            self.probe().await;
        }
        Part::Done
    }

    /// A write that the database does not take, now or ever. The number of a line counts all the same: what is returned
    /// stores that.
    fn refuse(&mut self, Job { write, target }: Job, error: StoreError) -> Option<Job> {
        match error {
            // the sender is about to be disconnected
            StoreError::Gone => tracing::debug!("what came for a project that was just deleted is dropped"),
            _ => tracing::error!(%error, "something could not be stored and is dropped"),
        }
        self.shared.counters.lost_records.add(write.records());
        target.topic.give_up(&write);
        match target.reply {
            Reply::Answer(answer) => {
                answer.send(Err(error.into()));
                None
            }
            Reply::Receipt(receipts) => {
                let (line, at) = (write.line()?, write.received()?);
                if matches!(write, Write::Refused { .. }) {
                    // not even the number can be stored: the line will come again
                    receipts.end(ErrorCode::Internal);
                    return None;
                }
                receipts.refuse_when_settled(line.seq);
                let write = Write::Refused { project: target.topic.project(), line, at };
                Some(Job { write, target: Target { reply: Reply::Receipt(receipts), ..target } })
            }
            Reply::None => None,
        }
    }

    async fn attempt(&mut self, writes: &[Write]) -> Attempt {
        self.ticket.number += 1;
        let started = Instant::now();
        let mut written = Vec::with_capacity(writes.len());
        let commit = self.store.commit(&self.ticket, writes, &mut written);
        let outcome = timeout(COMMIT_TIMEOUT, commit).await.unwrap_or(Err(StoreError::TimedOut));
        self.shared.counters.commit_micros.add(started.elapsed().as_micros() as usize);
        match outcome {
            Ok(()) => Attempt::Committed(written),
            Err(error) if !written.is_empty() => match self.is_committed(&error).await {
                Ok(true) => Attempt::Committed(written),
                Ok(false) => Attempt::Away(error),
                Err(error) => Attempt::Refused(error),
            },
            Err(error) if error.is_unavailable() => Attempt::Away(error),
            Err(error) => Attempt::Refused(error),
        }
    }

    /// The commit was sent and its answer did not come: asks until the database says whether it has happened.
    ///
    /// # Errors
    /// [`StoreError::InUse`]: nobody here will ever know.
    async fn is_committed(&mut self, error: &StoreError) -> Result<bool, StoreError> {
        self.report_away(error);
        loop {
            match timeout(COMMIT_TIMEOUT, self.store.is_committed(&self.ticket)).await {
                Ok(Ok(is_committed)) => return Ok(is_committed),
                Ok(Err(error @ StoreError::InUse(_))) => return Err(error),
                Ok(Err(error)) => self.report_away(&error),
                Err(_) => self.report_away(&StoreError::TimedOut),
            }
            self.pause().await;
        }
    }

    /// Nothing is left to try with: asks until the database can be written to.
    async fn probe(&mut self) {
        loop {
            self.pause().await;
            if matches!(timeout(COMMIT_TIMEOUT, self.store.check()).await, Ok(Ok(()))) {
                return self.is_storing(true);
            }
        }
    }

    /// A backup was restored: nothing of what is in memory counts. Waits until the gateway has let go of it.
    async fn find_epoch(&mut self) {
        tracing::warn!("a backup was restored; starting over from the database");
        loop {
            if let Ok(Ok(epoch)) = timeout(COMMIT_TIMEOUT, self.store.epoch()).await {
                let _nobody_left = self.shared.restored.send(Some(epoch));
                break;
            }
            self.pause().await;
        }
        while self.shared.epoch.load(Relaxed) == self.ticket.epoch {
            self.shared.filled.notified().await;
        }
    }

    /// Nothing of it was written, nor will it be: its project was loaded before a backup was restored. A line with a number will
    /// come again; any other is lost.
    fn refuse_restored(&self, jobs: impl Iterator<Item = Job>) {
        for Job { write, target } in jobs {
            match target.reply {
                Reply::Answer(answer) => answer.send(Err(GatewayError::Unavailable(StoreError::Restored))),
                Reply::Receipt(receipts) => receipts.end(ErrorCode::Unavailable),
                Reply::None if write.received().is_some() => {
                    self.shared.counters.lost_records.add(write.records());
                }
                Reply::None => {}
            }
        }
    }

    /// Its project is not there any more: nobody waits for it but a person.
    fn refuse_deleted(&self, jobs: Vec<Job>) {
        for Job { write, target } in jobs {
            if write.received().is_some() {
                self.shared.counters.lost_records.add(write.records());
            }
            match target.reply {
                Reply::Answer(answer) => answer.send(Err(GatewayError::NotFound)),
                Reply::Receipt(receipts) => receipts.end(ErrorCode::Revoked),
                Reply::None => {}
            }
        }
    }

    fn report_away(&mut self, error: &StoreError) {
        self.shared.counters.retries.add(1);
        if *self.shared.storing.borrow() {
            tracing::error!(%error, "the database can't store anything; what games sent is kept and retried");
        }
        self.is_storing(false);
    }

    fn is_storing(&mut self, storing: bool) {
        if storing {
            self.pause = FIRST_PAUSE;
        }
        self.shared.storing.send_if_modified(|known| {
            let changed = *known != storing;
            *known = storing;
            if changed && storing {
                tracing::info!("the database stores again");
            }
            changed
        });
    }

    async fn pause(&mut self) {
        sleep(self.pause).await;
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
    }

    /// Publishes project by project, in the order of the commit, one delta for each project; then answers.
    fn publish(&self, writes: Vec<Write>, targets: Vec<Target>, written: Vec<Written>) {
        let records: usize = writes.iter().map(Write::records).sum();
        self.shared.counters.commits.add(1);
        self.shared.counters.committed_records.add(records);
        let displaced =
            writes.iter().filter(|write| matches!(write, Write::Connect { gives_way: Some(_), .. }));
        self.shared.counters.displaced_devices.add(displaced.count());
        let mut projects: Vec<(Arc<dyn Topic>, Vec<Committed>)> = Vec::new();
        let mut replies = Vec::with_capacity(targets.len());
        let mut rooms = Vec::with_capacity(targets.len());
        for ((write, target), written) in writes.into_iter().zip(targets).zip(written) {
            let Target { topic, reply, room } = target;
            let seq = write.line().map(|line| line.seq);
            let fact = Committed { write, written: written.clone() };
            match projects.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &topic)) {
                Some((_, facts)) => facts.push(fact),
                None => projects.push((topic, vec![fact])),
            }
            replies.push((reply, seq, written));
            rooms.extend(room);
        }
        self.shared.rooms.give_back(rooms);
        for (topic, facts) in projects {
            topic.publish(facts);
        }
        for (reply, seq, written) in replies {
            self.reply(reply, seq, written);
        }
    }

    fn reply(&self, reply: Reply, seq: Option<u64>, written: Written) {
        match (reply, seq) {
            (Reply::Answer(answer), _) => answer.send(Ok(written)),
            (Reply::Receipt(receipts), Some(seq)) => match written {
                Written::TakenOver => {
                    self.shared.counters.fenced_lines.add(1);
                    receipts.end(ErrorCode::TakenOver);
                }
                Written::Gap => receipts.end(ErrorCode::Gap),
                Written::Repeated => {
                    self.shared.counters.repeated_lines.add(1);
                    receipts.commit(seq);
                }
                _ => receipts.commit(seq),
            },
            (Reply::Receipt(_) | Reply::None, _) => {}
        }
    }
}

fn jobs_of(writes: Vec<Write>, targets: Vec<Target>) -> impl Iterator<Item = Job> {
    writes.into_iter().zip(targets).map(|(write, target)| Job { write, target })
}

/// A person and a game that connects are told now; what games sent stays.
fn answer_the_impatient(writes: Vec<Write>, targets: Vec<Target>) -> (Vec<Write>, Vec<Target>) {
    let mut patient = (Vec::new(), Vec::new());
    for (write, target) in writes.into_iter().zip(targets) {
        match target.reply {
            Reply::Answer(answer) => answer.send(Err(GatewayError::Unavailable(StoreError::TimedOut))),
            reply => {
                patient.0.push(write);
                patient.1.push(Target { reply, ..target });
            }
        }
    }
    patient
}
