//! The seam between committing and showing. The writer publishes committed facts here and does not know who listens; what games
//! and dashboards see follows from these facts alone. Facts that another server commits can come the same way.

use protocol::model::ProjectId;

use crate::store::{Write, Written};

/// A committed fact: a write, and what the database made of it.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) write: Write,
    pub(crate) written: Written,
}

/// One project, loaded from the database. A write holds the topic it is for, which keeps the project in memory until the outcome
/// is published: a copy loaded in the meantime would miss it.
pub(crate) trait Topic: Send + Sync {
    fn project(&self) -> ProjectId;

    /// The epoch of the database from which it was loaded.
    fn epoch(&self) -> i64;

    /// Whether it is out of date: the project is loaded anew.
    fn is_dropped(&self) -> bool;

    /// Whether the project was deleted.
    fn is_deleted(&self) -> bool;

    /// Takes in facts of one commit, in the order of the commit.
    fn publish(&self, facts: Vec<Committed>);

    /// A write was accepted and will never be committed.
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
