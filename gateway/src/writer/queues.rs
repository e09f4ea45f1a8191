//! What waits to be written, and in which order it goes.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use protocol::model::{DeviceId, ProjectId};
use tokio::sync::oneshot;

use super::{
    Lane, Room,
    batch::{Batch, Flushed, Item},
    job::{Asked, Job},
    lanes::Lanes,
    notes::Note,
};

/// Records that one project may write before the next one has its turn.
const TURN_RECORDS: usize = 128;
/// Three queues: people, games that connect, and what games send. In the last one projects take turns, and within a
/// project its connections do, so that a flood holds up nobody else.
#[derive(Default)]
pub(super) struct Queues {
    edits: VecDeque<Item>,
    connects: VecDeque<Item>,
    ingest: HashMap<ProjectId, Lanes>,
    /// Projects that have something in `ingest`, whose turn is next first.
    turns: VecDeque<ProjectId>,
}

impl Queues {
    pub(super) fn push_edit(&mut self, job: Job) {
        self.edits.push_back(Item::Job(Box::new(job)));
    }

    pub(super) fn push_connect(&mut self, job: Job) {
        self.connects.push_back(Item::Job(Box::new(job)));
    }

    pub(super) fn push_ingest(&mut self, lane: Lane, job: Job) {
        self.lanes(lane.project).push(lane.number, Item::Job(Box::new(job)));
    }

    /// Notes something of a device of that project; returns room that is not needed any more.
    pub(super) fn note(&mut self, project: ProjectId, device: DeviceId, note: Note) -> Option<Room> {
        self.lanes(project).note(Lane::of_notes(project), device, note)
    }

    /// Whether something of that device waits to be noted.
    pub(super) fn has_notes(&self, project: ProjectId, device: DeviceId) -> bool {
        self.ingest.get(&project).is_some_and(|lanes| lanes.has_notes(device))
    }

    /// The lanes of a project, to which something is added.
    fn lanes(&mut self, project: ProjectId) -> &mut Lanes {
        let lanes = self.ingest.entry(project).or_default();
        if lanes.is_empty() {
            self.turns.push_back(project);
        }
        lanes
    }

    /// `done` is told when everything that is here now is done.
    pub(super) fn push_flush(&mut self, done: oneshot::Sender<()>) {
        let flushed = Arc::new(Flushed::new(done));
        let flush = || Item::Flush(Arc::clone(&flushed));
        self.edits.push_back(flush());
        self.connects.push_back(flush());
        self.ingest.values_mut().for_each(|lanes| lanes.push_flush(flush));
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.connects.is_empty() && self.turns.is_empty()
    }

    /// Takes the job back, unless the writer has it: then it may still be written. The same lock as around
    /// [`Queues::take`] decides. Everybody waits equally long, so those who have given up stand in front.
    pub(super) fn withdraw(&mut self, asked: &mut Asked) -> bool {
        let is_here = !asked.is_taken();
        if is_here {
            asked.outcome.close();
            for queue in [&mut self.edits, &mut self.connects] {
                while queue.pop_front_if(|item| item.is_abandoned()).is_some() {}
            }
        }
        is_here
    }

    /// Takes about as many records as a transaction should hold.
    pub(super) fn take(&mut self, max_records: usize) -> Batch {
        let mut batch = Batch::default();
        while batch.records < max_records
            && let Some(item) = self.edits.pop_front()
        {
            batch.push(item);
        }
        while batch.records < max_records
            && let Some(item) = self.connects.pop_front()
        {
            batch.push(item);
        }
        while batch.records < max_records
            && let Some(project) = self.turns.pop_front()
        {
            self.take_turn(project, max_records, &mut batch);
        }
        batch
    }

    fn take_turn(&mut self, project: ProjectId, max_records: usize, batch: &mut Batch) {
        let Some(lanes) = self.ingest.get_mut(&project) else { return };
        let until = max_records.min(batch.records + TURN_RECORDS);
        while batch.records < until && !lanes.is_empty() {
            lanes.take_turn(until, batch);
        }
        if lanes.is_empty() {
            self.ingest.remove(&project);
        } else {
            self.turns.push_back(project);
        }
    }

    /// Everything, when it can't be written any more.
    pub(super) fn take_all(&mut self) -> Batch {
        self.take(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::{
        super::job::{Reply, Target},
        *,
    };
    use crate::{
        bus::{Topic, test_topic},
        interleaved::{Step, in_every_order},
        store::Write,
    };

    fn logs(topic: &Arc<dyn Topic>, count: usize) -> Job {
        let entry = || protocol::model::LogEntry {
            message: String::new(),
            level: protocol::model::Level::Info,
            at: None,
            fields: None,
        };
        let write = Write::Logs {
            project: topic.project(),
            device: protocol::model::DeviceId(1),
            received: protocol::model::UnixMicros(0),
            entries: (0..count).map(|_| entry()).collect(),
            line: None,
        };
        Job { write, target: Target { topic: Arc::clone(topic), reply: Reply::None, room: None } }
    }

    fn lane(project: i64, number: u64) -> Lane {
        Lane { project: ProjectId(project), number }
    }

    fn projects_of(batch: &Batch) -> Vec<i64> {
        batch.jobs.iter().map(|job| job.target.topic.project().0).collect()
    }

    #[test]
    fn a_flood_in_one_project_holds_up_no_other() {
        let (flood, calm) = (test_topic(1), test_topic(2));
        let mut queues = Queues::default();
        for _ in 0..100 {
            queues.push_ingest(lane(1, 1), logs(&flood, 100));
        }
        queues.push_ingest(lane(2, 2), logs(&calm, 1));
        let batch = queues.take(1_000);
        assert!(projects_of(&batch).contains(&2), "the calm project waits for the flood");
        assert!(batch.records >= 1_000 && batch.records < 1_300, "{}", batch.records);
    }

    #[test]
    fn a_connection_that_floods_holds_up_no_other_of_its_project() {
        let topic = test_topic(1);
        let mut queues = Queues::default();
        for _ in 0..100 {
            queues.push_ingest(lane(1, 1), logs(&topic, 10));
            queues.push_ingest(lane(1, 2), logs(&topic, 10));
        }
        queues.push_ingest(lane(1, 3), logs(&topic, 1));
        let batch = queues.take(2 * TURN_RECORDS);
        let place = batch.jobs.iter().position(|job| job.write.records() == 1);
        assert!(
            place.is_some_and(|place| place <= 4),
            "the calm connection has its turn after both others: {place:?}"
        );
    }

    #[test]
    fn each_connection_keeps_its_order() {
        let topics = [test_topic(1), test_topic(2)];
        let lanes = [lane(1, 1), lane(1, 2), lane(2, 3)];
        let mut queues = Queues::default();
        for size in 0..50 {
            for (i, lane) in lanes.iter().enumerate() {
                let topic = &topics[lane.project.0 as usize - 1];
                // the remainder tells the lane
                queues.push_ingest(*lane, logs(topic, 3 * size + i));
            }
        }
        let batch = queues.take_all();
        for i in 0..lanes.len() {
            let sizes = batch.jobs.iter().map(|job| job.write.records()).filter(|size| size % 3 == i);
            assert!(sizes.eq((0..50).map(|size| 3 * size + i)));
        }
        assert!(queues.is_empty());
    }

    #[test]
    fn a_flush_ends_with_the_last_job_before_it() {
        let topic = test_topic(1);
        let mut queues = Queues::default();
        queues.push_ingest(lane(1, 1), logs(&topic, 200));
        queues.push_ingest(lane(1, 2), logs(&topic, 200));
        let (done, mut flushed) = oneshot::channel();
        queues.push_flush(done);
        queues.take(100).pass();
        assert!(flushed.try_recv().is_err(), "half of it is still waiting");
        queues.take_all().pass();
        assert_eq!(flushed.try_recv(), Ok(()));
        // and one that will never be done says so
        let (done, mut flushed) = oneshot::channel();
        queues.push_flush(done);
        drop(queues.take_all());
        assert_eq!(flushed.try_recv(), Err(TryRecvError::Closed));
    }

    #[test]
    fn an_edit_that_nobody_waits_for_is_not_made() {
        let topic = test_topic(1);
        let (answer, asked) = Asked::new();
        let mut queues = Queues::default();
        let mut job = logs(&topic, 1);
        job.target.reply = Reply::Answer(answer);
        queues.push_edit(job);
        drop(asked);
        assert!(queues.take_all().jobs.is_empty());
    }

    #[test]
    fn an_edit_is_taken_back_until_the_writer_takes_it() {
        let topic = test_topic(1);
        let mut queues = Queues::default();
        let mut asked = Vec::new();
        for _ in 0..2 {
            let (answer, asker) = Asked::new();
            let mut job = logs(&topic, 1);
            job.target.reply = Reply::Answer(answer);
            queues.push_edit(job);
            asked.push(asker);
        }
        assert!(queues.withdraw(&mut asked[0]));
        assert_eq!(queues.take_all().jobs.len(), 1);
        assert!(!queues.withdraw(&mut asked[1]));
    }

    /// Two who edit and lose their patience, and the writer.
    struct Desk {
        queues: Queues,
        topic: Arc<dyn Topic>,
        asked: [Option<Asked>; 2],
        is_withdrawn: [Option<bool>; 2],
        batch: Batch,
    }

    /// An edit of so many records tells whose it is.
    fn editor<const I: usize>() -> [Step<Desk>; 2] {
        [
            |w| {
                let (answer, asked) = Asked::new();
                let mut job = logs(&w.topic, I + 1);
                job.target.reply = Reply::Answer(answer);
                w.queues.push_edit(job);
                w.asked[I] = Some(asked);
            },
            |w| w.is_withdrawn[I] = w.asked[I].as_mut().map(|asked| w.queues.withdraw(asked)),
        ]
    }

    #[test]
    fn whatever_the_order_an_edit_is_taken_back_or_written_and_never_both() {
        let take: Step<Desk> = |w| w.batch.jobs.extend(w.queues.take(1).jobs);
        let begin = || Desk {
            queues: Queues::default(),
            topic: test_topic(1),
            asked: [None, None],
            is_withdrawn: [None, None],
            batch: Batch::default(),
        };
        let threads: [&[Step<Desk>]; 3] = [&editor::<0>(), &editor::<1>(), &[take; 3]];
        let orders = in_every_order(&threads, begin, |mut w, order| {
            w.batch.jobs.extend(w.queues.take_all().jobs);
            for i in 0..2 {
                let times = w.batch.jobs.iter().filter(|job| job.write.records() == i + 1).count();
                let expected = usize::from(w.is_withdrawn[i] == Some(false));
                assert_eq!(times, expected, "edit {i} after {order:?}");
            }
            assert!(w.queues.is_empty());
        });
        assert_eq!(orders, 210);
    }
}
