//! Every verb of a game's line, with every key.

use std::collections::BTreeSet;

use protocol::line::{Command, Grammar, parse_command};

use crate::{
    people::{People, Shown, Who},
    stage::{PINNED, Stage},
    support::{line::Game, web_game},
    table::Section,
};

const COLUMNS: [&str; 8] =
    ["unsaid", "own", "other's", "revoked", "replaced", "deleted", "unknown", "t:admin"];
/// The columns in which the game has said its own key before.
const VERIFIED: [&str; 2] = ["own", "other's"];
/// A line of each verb. `KEY` stands for a key and `MARK` for what is to be found, or not, where it leads.
const NEWER: [&str; 8] = [
    r#"h:{"proto":2,"device":"phone"}"#,
    "v:KEY",
    r#"i:KEY:1:{"MARK":6}"#,
    r#"l:KEY:1:[{"message":"MARK"}]"#,
    "r:KEY:0",
    "r:KEY:x1:{}",
    "p:1",
    "q:1",
];
/// The same where nobody has said `h:`.
const ORIGINAL: [&str; 3] = ["v:KEY", r#"i:KEY:{"MARK":6}"#, r#"l:KEY:[{"message":"MARK"}]"#];
/// What is always refused, and tells that everything before it was served.
const END: &str = "v:the-end\n";
const END_ANSWER: &str = "ERR bad_key a key is exactly 12 bytes, this one has 7";

fn row_of(line: &str, grammar: Grammar) -> String {
    let line = line.replace("KEY", "0123456789ab");
    let verb = match parse_command(line.as_bytes(), grammar).unwrap() {
        Command::Hello { .. } => "h hello",
        Command::Verify { .. } => "v verify",
        Command::Report { .. } => "i report",
        Command::Log { .. } => "l log",
        Command::Applied { .. } => "r applied",
        Command::ActionDone { .. } => "r action",
        Command::Ping { .. } => "p ping",
        Command::Pong { .. } => "q pong",
    };
    if grammar == Grammar::Original { format!("{verb}, original") } else { verb.to_owned() }
}

/// Where games come in.
#[derive(Clone, Copy)]
enum Door {
    Tcp,
    /// The HTTP port's WebSocket.
    Browser,
}

impl Door {
    async fn open(self, people: &People) -> Game {
        match self {
            Self::Tcp => people.server.game().await,
            Self::Browser => web_game::connect(people.server.http).await,
        }
    }
}

/// A connection with a game's first words.
struct Talk {
    game: Game,
    /// The server has hung up, or will.
    is_closed: bool,
}

impl Talk {
    /// Says who it is, with a key or without, and waits for everything that comes of it.
    async fn begin(mut game: Game, grammar: Grammar, session: &str, key: Option<&str>) -> Self {
        let is_newer = grammar == Grammar::Version2;
        if is_newer {
            let hello = format!(r#"{{"proto":2,"session":"{session}","caps":["ack","rev"]}}"#);
            game.send(&format!("h:{hello}\n")).await;
            assert!(game.line().await.starts_with("h:"));
        }
        let mut talk = Self { game, is_closed: false };
        if let Some(key) = key
            && talk.verify(key).await == "OK"
            && is_newer
        {
            // `a:`, `v:`, and that this was all
            while !talk.game.line().await.starts_with("s:") {}
        }
        talk
    }

    async fn verify(&mut self, key: &str) -> String {
        self.game.send(&format!("v:{key}\n")).await;
        let word = word_of(&self.game.line().await);
        self.is_closed = word == "revoked";
        word
    }

    /// What a line is answered: a code or a verb, `-` when nothing is, `closed` when nobody listens any more.
    async fn say(&mut self, line: &str) -> String {
        if self.is_closed {
            return "closed".to_owned();
        }
        if let Some(key) = line.strip_prefix("v:") {
            return self.verify(key).await;
        }
        self.game.send(&format!("{line}\n{END}")).await;
        let (mut words, mut next) = (Vec::new(), self.game.line().await);
        while next != END_ANSWER {
            words.push(word_of(&next));
            next = self.game.line().await;
        }
        if words.is_empty() && line.contains(":1:") {
            // a receipt comes when the line is on disk, behind what was answered before that
            words.push(word_of(&self.game.line().await));
        }
        if words.is_empty() { "-".to_owned() } else { words.join("+") }
    }
}

fn word_of(line: &str) -> String {
    let line = line.strip_prefix("ERR ").unwrap_or(line);
    line.split([':', ' ']).next().unwrap_or_default().to_owned()
}

/// A key for each column.
async fn keys(people: &People, stage: &Stage) -> [String; 8] {
    let (gateway, owner, id) = (&people.server.gateway, &people.owner, stage.project.id);
    let replaced = gateway.create_key(owner, id, "old").await.unwrap();
    gateway.rotate_key(owner, id, replaced.id, 0).await.unwrap();
    gateway.revoke_key(owner, id, stage.key).await.unwrap();
    let deleted = gateway.create_project(owner, "Deleted").await.unwrap();
    gateway.delete_project(owner, deleted.id).await.unwrap();
    let all = gateway.list_keys(owner, id).await.unwrap();
    let revoked = all.iter().find(|key| key.id == stage.key).unwrap().key;
    let Shown::Bearer(token) = people.shown(Who::ToAdmin) else { panic!("it is a token") };
    let own = stage.project.key;
    let [own, others, revoked, replaced, deleted] =
        [own, people.elsewhere.key, revoked, replaced.key, deleted.key].map(|key| key.as_str().to_owned());
    [own.clone(), own, others, revoked, replaced, deleted, "unknown-key!".to_owned(), token.clone()]
}

#[tokio::test]
async fn every_verb_with_every_key() {
    compare(Door::Tcp).await;
}

#[tokio::test]
async fn every_verb_with_every_key_in_a_browser() {
    compare(Door::Browser).await;
}

async fn compare(door: Door) {
    let people = People::new().await;
    let stage = Stage::new(&people).await;
    let keys = keys(&people, &stage).await;
    let own = stage.project.key.as_str();
    let mut section = Section::new(COLUMNS);
    let newer = NEWER.map(|line| (line, Grammar::Version2));
    let original = ORIGINAL.map(|line| (line, Grammar::Original));
    for (line, grammar) in newer.into_iter().chain(original) {
        let name = row_of(line, grammar);
        let mut row = Vec::new();
        for (column, key) in COLUMNS.into_iter().zip(&keys) {
            let mark = format!("{column} {name}");
            let said_before = match (VERIFIED.contains(&column), line == "v:KEY" || column == "unsaid") {
                (true, _) => Some(own),
                (false, true) => None,
                (false, false) => Some(key.as_str()),
            };
            let mut talk = Talk::begin(door.open(&people).await, grammar, &mark, said_before).await;
            row.push(talk.say(&line.replace("KEY", key).replace("MARK", &mark)).await);
        }
        section.push(name, row);
    }
    section.agrees_with("verbs");
    // what was answered is also what was done
    let arrived = arrived(&people, &stage).await;
    let expected = ["i report", "i report, original", "l log", "l log, original"];
    assert_eq!(arrived, expected.map(|verb| format!("own {verb}")).into());
}

/// Every mark that is stored, wherever.
async fn arrived(people: &People, stage: &Stage) -> BTreeSet<String> {
    let gateway = &people.server.gateway;
    gateway.flush().await.unwrap();
    let mut marks = BTreeSet::new();
    for project in [stage.project.id, people.elsewhere.id] {
        let snapshot = gateway.snapshot(&people.owner, project).await.unwrap();
        let names = snapshot.vars.iter().map(|var| var.name.to_string());
        // but for the line that is there to be pinned
        let said = snapshot.logs.iter().filter(|line| line.message != PINNED);
        let messages = said.map(|line| line.message.clone());
        marks.extend(names.chain(messages).filter(|name| !["speed", "spawn"].contains(&name.as_str())));
    }
    marks
}
