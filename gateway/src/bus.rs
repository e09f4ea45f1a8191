//! The way from what is committed to what is shown. The writer publishes here and does not know who listens; what a project's
//! games and dashboards see follows from what is published and from nothing else. Facts that another server commits would
//! come the same way.

use protocol::model::ProjectId;

use crate::store::{Write, Written};

/// A fact: a write, and what the database gave to it.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) write: Write,
    pub(crate) written: Written,
}

/// A project as it was once read from the database. Whoever writes something says for which reading it is, which keeps that in
/// memory until the outcome is published: whoever reads the project meanwhile would not hear of it.
pub(crate) trait Topic: Send + Sync {
    fn project(&self) -> ProjectId;

    /// The epoch of the database in which it was read.
    fn epoch(&self) -> i64;

    /// Whether it counts no longer: it starts over from the database.
    fn is_dropped(&self) -> bool;

    /// Whether the project was deleted.
    fn is_deleted(&self) -> bool;

    /// Takes in what was committed together, in its order.
    fn publish(&self, facts: Vec<Committed>);

    /// A write was taken in and will never be committed.
    fn give_up(&self, write: &Write);
}

/// A project to which nobody listens, in the epoch 1.
#[cfg(test)]
pub(crate) fn test_topic(id: i64) -> std::sync::Arc<dyn Topic> {
    struct Nobody(ProjectId);

    impl Topic for Nobody {
        fn project(&self) -> ProjectId {
            self.0
        }

        fn epoch(&self) -> i64 {
            1
        }

        fn is_dropped(&self) -> bool {
            false
        }

        fn is_deleted(&self) -> bool {
            false
        }

        fn publish(&self, _: Vec<Committed>) {}

        fn give_up(&self, _: &Write) {}
    }

    std::sync::Arc::new(Nobody(ProjectId(id)))
}
