//! Following the log together.

use std::sync::Arc;

use protocol::{filter::Filter, model::ProjectId};

use crate::{Gateway, LogVerdicts};

impl Gateway {
    /// What is known of a filter on the newest lines of a project; `None` if it asks for more than the line itself has, such
    /// as its device's name or the time. It is kept as long as somebody holds it.
    pub fn log_verdicts(&self, project: ProjectId, filter: &Filter) -> Option<Arc<LogVerdicts>> {
        self.inner.verdicts.of(project, filter)
    }
}
