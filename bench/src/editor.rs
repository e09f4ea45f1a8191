//! A designer who edits one variable at fixed moments, whatever happens.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use protocol::{
    live::{EditSaved, ServerMessage},
    model::{ProjectId, Value, VarName},
};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{sleep_until, timeout},
};

use crate::{
    client::{Arrived, VARIABLE},
    dashboard::Dashboard,
};

/// A designer at work. Edit 1 sets the variable to 1, edit 2 to 2, and so on.
pub(crate) struct Editor {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<Vec<Edit>>>,
}

/// One edit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edit {
    /// When it should have been made.
    pub(crate) due: Instant,
    /// When the dashboard was told that it is saved; `None` when it was refused.
    pub(crate) saved: Option<Instant>,
}

/// Answers that are still to come when the editing ends.
const LAST_ANSWERS: Duration = Duration::from_secs(30);

impl Editor {
    /// Begins to edit the variable of a project that is on the screen of `dashboard`.
    pub(crate) fn start(dashboard: Dashboard, project: ProjectId, every: Duration) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(edit(dashboard, project, every, stopped)) }
    }

    /// Ends, and tells of each edit.
    pub(crate) async fn stop(self) -> anyhow::Result<Vec<Edit>> {
        // it may have failed, which the task tells
        self.stop.send(()).ok();
        self.task.await?
    }
}

async fn edit(
    mut dashboard: Dashboard,
    project: ProjectId,
    every: Duration,
    mut stopped: oneshot::Receiver<()>,
) -> anyhow::Result<Vec<Edit>> {
    let name = VarName::parse(VARIABLE)?;
    let mut edits: Vec<Edit> = Vec::new();
    let mut unanswered = VecDeque::new();
    let mut due = Instant::now() + every;
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            () = sleep_until(due.into()) => {
                let value = Value::Int((edits.len() as u64 + 1).into());
                let id = dashboard.edit(project, &name, value).await?;
                unanswered.push_back((id, edits.len()));
                edits.push(Edit { due, saved: None });
                due += every;
            }
            message = dashboard.next() => answer(&message?, &mut unanswered, &mut edits),
        }
    }
    while !unanswered.is_empty() {
        let message = timeout(LAST_ANSWERS, dashboard.next()).await.context("an edit was not answered")??;
        answer(&message, &mut unanswered, &mut edits);
    }
    Ok(edits)
}

fn answer(message: &ServerMessage, unanswered: &mut VecDeque<(u32, usize)>, edits: &mut [Edit]) {
    let ServerMessage::EditResult { id, outcome } = message else { return };
    if let Some(place) = unanswered.iter().position(|(unanswered, _)| unanswered == id) {
        let (_, edit) = unanswered.remove(place).expect("it was found there");
        edits[edit].saved = matches!(outcome, Ok(EditSaved { .. })).then(Instant::now);
    }
}

/// When a game knew of each saved edit: the moment at which its value, or a newer one, came; `None` when
/// neither did. Newer values take the place of older ones that are still on their way.
pub(crate) fn known_at<'a>(
    edits: &'a [Edit],
    arrived: &'a [Arrived],
) -> impl Iterator<Item = (Edit, Option<Instant>)> + 'a {
    let mut arrived = arrived.iter().peekable();
    let numbered = (1..).zip(edits).filter(|(_, edit)| edit.saved.is_some());
    numbered.map(move |(number, edit)| {
        while arrived.next_if(|arrived| arrived.value < number).is_some() {}
        (*edit, arrived.peek().map(|arrived| arrived.at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_value_stands_for_the_older_ones() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let edit = |due, saved: bool| Edit { due: at(due), saved: saved.then(|| at(due)) };
        // the third one was refused, the last one never came
        let edits = [edit(0, true), edit(50, true), edit(100, false), edit(150, true), edit(200, true)];
        let arrived = [Arrived { value: 2, at: at(55) }, Arrived { value: 4, at: at(160) }];
        let known: Vec<_> = known_at(&edits, &arrived).map(|(edit, known)| (edit.due, known)).collect();
        assert_eq!(
            known,
            [(at(0), Some(at(55))), (at(50), Some(at(55))), (at(150), Some(at(160))), (at(200), None)]
        );
    }
}
