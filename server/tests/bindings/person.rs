//! Somebody who watches a project, and edits it.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use protocol::{
    live::{ClientMessage, Event, ServerMessage},
    model::{Change, Gesture, Level, Outcome, ProjectId, Value, VarName, VarSpec},
};
use serde_json::Value as Json;
use tokio::time::timeout;

use crate::support::{http::Browser, live::Dashboard};

/// Between two looks at the game.
const GLANCE: Duration = Duration::from_millis(1);

/// What is seen of a game.
#[derive(Debug, Default)]
pub struct Sight {
    pub specs: BTreeMap<String, VarSpec>,
    pub values: BTreeMap<String, Json>,
    pub outcomes: BTreeMap<String, Outcome>,
    pub logs: Vec<(Level, String, Json)>,
    pub answers: VecDeque<Result<Json, String>>,
}

impl Sight {
    pub fn see_value(&mut self, name: &VarName, value: &Value) {
        self.values.insert(name.to_string(), json(&value.to_json()));
    }
}

pub fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

pub struct Person {
    dashboard: Dashboard,
    project: ProjectId,
    edits: u32,
    pub sight: Sight,
}

impl Person {
    /// At the dashboard of a project.
    pub async fn arrive(browser: &Browser, project: ProjectId) -> Self {
        let mut dashboard = Dashboard::open(browser).await;
        let snapshot = dashboard.subscribe(project).await;
        let mut sight = Sight::default();
        for var in snapshot.vars {
            if let Some(reported) = var.reported.last() {
                sight.see_value(&var.name, &reported.value);
            }
            if let Some(applied) = var.applied.last() {
                sight.outcomes.insert(var.name.to_string(), applied.outcome.clone());
            }
            sight.specs.insert(var.name.to_string(), var.spec);
        }
        let entry = |line: protocol::model::LogLine| {
            (line.level, line.message, line.fields.map_or(Json::Null, |fields| json(&fields)))
        };
        sight.logs = snapshot.logs.into_iter().map(entry).collect();
        Self { dashboard, project, edits: 0, sight }
    }

    /// Takes notice of what has come, for a moment.
    pub async fn glance(&mut self) {
        while let Ok(message) = timeout(GLANCE, self.dashboard.hear()).await {
            self.notice(message);
        }
    }

    fn notice(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Delta { events, .. } => events.into_iter().for_each(|event| self.see(event)),
            ServerMessage::EditResult { outcome, .. } => drop(outcome.expect("the edit is taken")),
            ServerMessage::RunResult { outcome, .. } => {
                assert_eq!(outcome.expect("the action is run").games, 1);
            }
            _ => {}
        }
    }

    fn see(&mut self, event: Event) {
        let sight = &mut self.sight;
        match event {
            Event::Reported { declared, values, .. } => {
                sight.specs.extend(declared.into_iter().map(|(name, spec)| (name.to_string(), spec)));
                values.iter().for_each(|(name, value)| sight.see_value(name, value));
            }
            Event::Applied { vars, .. } => {
                for (name, applied) in vars {
                    let newest =
                        applied.into_iter().next_back().map(|applied| (name.to_string(), applied.outcome));
                    sight.outcomes.extend(newest);
                }
            }
            Event::Logs(lines) => {
                for line in lines {
                    let fields = line.fields.map_or(Json::Null, |fields| json(&fields));
                    sight.logs.push((line.level, line.message, fields));
                }
            }
            Event::ActionDone { outcome, .. } => {
                let read = |result: Option<String>| result.map_or(Json::Null, |result| json(&result));
                sight.answers.push_back(outcome.map(read));
            }
            _ => {}
        }
    }

    pub async fn set(&mut self, values: &serde_json::Map<String, Json>) {
        let change = |(name, value): (&String, &Json)| {
            (VarName::parse(name).unwrap(), Value::from_json(value).unwrap()).into()
        };
        let changes: Vec<Change> = values.iter().map(change).collect();
        self.edit(changes).await;
    }

    pub async fn let_go(&mut self, name: &str) {
        self.edit(vec![Change::let_go(VarName::parse(name).unwrap())]).await;
    }

    async fn edit(&mut self, changes: Vec<Change>) {
        // what became of an earlier edit is not what becomes of this one
        self.glance().await;
        for change in &changes {
            self.sight.outcomes.remove(change.name.as_str());
        }
        self.edits += 1;
        let (id, gesture) = (self.edits, Gesture(self.edits.into()));
        self.dashboard.say(&ClientMessage::Edit { id, project: self.project, gesture, changes }).await;
    }

    pub async fn run(&mut self, name: &str, args: &Json) {
        self.edits += 1;
        let (id, name) = (self.edits, VarName::parse(name).unwrap());
        let args = (!args.is_null()).then(|| args.to_string());
        self.dashboard.say(&ClientMessage::Run { id, project: self.project, name, args }).await;
    }
}
