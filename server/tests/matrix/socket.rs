//! Every message of a dashboard, as everybody who can be at one.

use gateway::GatewayError;
use protocol::{
    live::{ClientMessage, LIVE_VERSION, ServerMessage},
    model::{Change, Gesture, ProjectId, Value, VarName},
};

use crate::{
    people::{People, Who},
    stage::Stage,
    support::live::Dashboard,
    table::Section,
};

/// Who may have a cookie. What others show counts nothing here: the row for `GET /live` says so.
const AT_BROWSERS: [Who; 8] = [
    Who::Nobody,
    Who::Viewer,
    Who::Designer,
    Who::Admin,
    Who::Owner,
    Who::Stranger,
    Who::Removed,
    Who::SignedOut,
];

/// One of each that would be done if the sender may do it. The compiler asks here for a message that comes later.
pub fn messages(project: ProjectId) -> Vec<ClientMessage> {
    let change = |name, value: i64| Change::from((VarName::parse(name).unwrap(), Value::Int(value.into())));
    let first = ClientMessage::Subscribe { project };
    let mut all = vec![first];
    loop {
        all.push(match all.last().unwrap() {
            ClientMessage::Subscribe { .. } => {
                ClientMessage::Edit { id: 1, project, gesture: Gesture(1), changes: vec![change("speed", 7)] }
            }
            ClientMessage::Edit { .. } => {
                ClientMessage::Run { id: 1, project, name: VarName::parse("spawn").unwrap(), args: None }
            }
            ClientMessage::Run { .. } => ClientMessage::Ping { token: 7 },
            ClientMessage::Ping { .. } => return all,
        });
    }
}

pub fn row_of(message: &ClientMessage) -> &'static str {
    match message {
        ClientMessage::Subscribe { .. } => "Subscribe",
        ClientMessage::Edit { .. } => "Edit",
        ClientMessage::Run { .. } => "Run",
        ClientMessage::Ping { .. } => "Ping",
    }
}

/// What it is answered; deltas are no answers.
pub async fn answer(dashboard: &mut Dashboard, message: &ClientMessage) -> ServerMessage {
    dashboard.say(message).await;
    loop {
        match dashboard.hear().await {
            ServerMessage::Delta { .. } => {}
            answer => return answer,
        }
    }
}

/// In a word of the table.
fn outcome(answer: &ServerMessage) -> String {
    let word_of = |code: &str| match code {
        "forbidden" => "no".to_owned(),
        "not_found" => "none".to_owned(),
        other => other.to_owned(),
    };
    match answer {
        // the role that they are told: their controls are locked or not
        ServerMessage::Snapshot(snapshot) => snapshot.role.to_string(),
        ServerMessage::EditResult { outcome: Ok(_), .. }
        | ServerMessage::RunResult { outcome: Ok(_), .. }
        | ServerMessage::Pong { .. } => "yes".to_owned(),
        ServerMessage::EditResult { outcome: Err(refused), .. }
        | ServerMessage::RunResult { outcome: Err(refused), .. } => word_of(&refused.code),
        ServerMessage::Refused { text } if *text == GatewayError::NotFound.to_string() => "none".to_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn every_message_as_everybody() {
    let people = People::new().await;
    let stage = Stage::new(&people).await;
    let mut section = Section::new(AT_BROWSERS.map(Who::column));
    for message in messages(stage.project.id) {
        let mut row = Vec::new();
        for who in AT_BROWSERS {
            let browser = people.browser(who);
            // each on a socket of its own: what may be done does not depend on what was asked before
            row.push(match Dashboard::try_open(&browser, Some(&browser.origin()), LIVE_VERSION).await {
                Err(401) => "who".to_owned(),
                Err(status) => status.to_string(),
                Ok(mut dashboard) => outcome(&answer(&mut dashboard, &message).await),
            });
        }
        section.push(row_of(&message), row);
    }
    section.agrees_with("messages");
}
