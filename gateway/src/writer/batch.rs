//! What is written in one go.

use std::sync::Arc;

use protocol::model::DeviceId;
use tokio::sync::oneshot;

use super::job::Job;

/// Tells when everything before it is done: when the last of its copies is passed. One that is dropped tells that it never
/// will be.
pub(super) struct Flushed(oneshot::Sender<()>);

impl Flushed {
    pub(super) fn new(done: oneshot::Sender<()>) -> Self {
        Self(done)
    }

    fn pass(copy: Arc<Self>) {
        if let Some(Self(done)) = Arc::into_inner(copy) {
            // the caller may have gone
            let _ = done.send(());
        }
    }
}

/// What waits in a queue.
pub(super) enum Item {
    Job(Box<Job>),
    Flush(Arc<Flushed>),
    /// What is noted of a device by the time of its turn.
    Notes(DeviceId),
}

impl Item {
    pub(super) fn is_abandoned(&self) -> bool {
        matches!(self, Self::Job(job) if job.is_abandoned())
    }
}

/// One batch: jobs, and who waits until they are done.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) jobs: Vec<Job>,
    flushed: Vec<Arc<Flushed>>,
    pub(super) records: usize,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.flushed.is_empty()
    }

    /// Its jobs are done: those who wait for them are told, unless they wait for others too.
    pub(super) fn pass(self) {
        self.flushed.into_iter().for_each(Flushed::pass);
    }

    pub(super) fn push(&mut self, item: Item) {
        match item {
            Item::Flush(flushed) => self.flushed.push(flushed),
            Item::Job(job) if job.is_abandoned() => {}
            Item::Job(job) => {
                job.take();
                self.push_job(*job);
            }
            Item::Notes(_) => unreachable!("its lane has put jobs in its place"),
        }
    }

    pub(super) fn push_job(&mut self, job: Job) {
        self.records += job.write.records();
        self.jobs.push(job);
    }
}
