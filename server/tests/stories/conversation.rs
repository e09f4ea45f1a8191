//! Plays the conversation of docs/protocol.md, line by line, with the real server.

use crate::support::{TestServer, http::Browser, line::Game, live::Dashboard, web_game};
use protocol::{
    live::{ClientMessage, ServerMessage},
    model::{Change, Gesture, Project, Value, VarName},
};
use serde_json::Value as Json;

const PAGE: &str = include_str!("../../../docs/protocol.md");
/// What the page writes for the project's key and for the database's epoch.
const KEY: &str = "0123456789ab";
const EPOCH: &str = "e-1";

/// Every line of the page's blocks of kind `talk`: who, and what.
fn talk() -> Vec<(&'static str, &'static str)> {
    let blocks = PAGE.split("```talk\n").skip(1).map(|rest| rest.split("```").next().expect("a block"));
    let lines = blocks.flat_map(str::lines);
    lines.map(|line| line.split_once(' ').map(|(who, what)| (who, what.trim())).expect(line)).collect()
}

/// The real names for those of the page.
struct Names {
    key: String,
    epoch: String,
}

impl Names {
    /// What the game really sends.
    fn real(&self, line: &str) -> String {
        line.replace(KEY, &self.key).replace(EPOCH, &self.epoch)
    }

    /// What the server said, as the page would have it. The first epoch that is seen is the page's.
    fn paged(&mut self, line: &str) -> String {
        if let Some((_, rest)) = line.split_once(r#""epoch":""#)
            && self.epoch == EPOCH
        {
            self.epoch = rest.split('"').next().expect("an end").to_owned();
        }
        line.replace(&self.key, KEY).replace(&self.epoch, EPOCH)
    }
}

/// `h:` has the server's version and clock in it.
fn without_version_and_clock(line: &str) -> Json {
    let mut hello: Json = serde_json::from_str(line.strip_prefix("h:").expect(line)).unwrap();
    for field in ["server", "t"] {
        assert!(hello.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    hello
}

async fn act(what: &str, server: &TestServer, browser: &Browser, project: &Project) {
    let mut dashboard = Dashboard::open(browser).await;
    dashboard.subscribe(project.id).await;
    let words: Vec<&str> = what.split(' ').collect();
    match words[..] {
        ["sets", ref edits @ ..] => {
            let edits = edits.iter().map(|edit| edit.split_once('=').expect(edit));
            let edits: Vec<(&str, Value)> =
                edits.map(|(name, value)| (name, Value::parse_json(value).expect(value))).collect();
            dashboard.edit(1, project.id, &edits).await;
        }
        ["lets", "go", "of", name] => {
            let changes = vec![Change::let_go(VarName::parse(name).unwrap())];
            let (project, gesture) = (project.id, Gesture(2));
            dashboard.say(&ClientMessage::Edit { id: 1, project, gesture, changes }).await;
        }
        ["runs", name, args] => {
            let (name, args) = (VarName::parse(name).unwrap(), Some(args.to_owned()));
            dashboard.say(&ClientMessage::Run { id: 1, project: project.id, name, args }).await;
        }
        ["stops", "the", "server"] => return server.begin_stop(),
        _ => panic!("nobody knows how a person {what}"),
    }
    loop {
        match dashboard.hear().await {
            ServerMessage::EditResult { outcome, .. } => return assert!(outcome.is_ok(), "{outcome:?}"),
            ServerMessage::RunResult { outcome, .. } => return assert!(outcome.is_ok(), "{outcome:?}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_conversation_of_the_page_is_what_happens() {
    plays(async |server| server.game().await).await;
}

#[tokio::test]
async fn in_a_browser_it_is_the_same() {
    plays(async |server| web_game::connect(server.http).await).await;
}

async fn plays(connect: impl AsyncFn(&TestServer) -> Game) {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let mut names = Names { key: project.key.as_str().to_owned(), epoch: EPOCH.to_owned() };
    let mut game = connect(&server).await;
    let talk = talk();
    assert!(talk.len() > 20, "the page has a conversation");
    for (who, what) in talk {
        match (who, what) {
            ("game", "leaves") => game = connect(&server).await,
            ("game", line) => game.send(&format!("{}\n", names.real(line))).await,
            ("server", line) => {
                let said = names.paged(&game.line().await);
                if line.starts_with("h:") {
                    assert_eq!(without_version_and_clock(&said), without_version_and_clock(line));
                } else {
                    assert_eq!(said, line)
                }
            }
            ("person", what) => act(what, &server, &browser, &project).await,
            _ => panic!("{who} has no part in it"),
        }
    }
    game.hung_up().await;
}
