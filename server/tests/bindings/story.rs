//! Plays a story: `sdk/stories/README.md` says what each step means.

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use protocol::model::{Key, Level, Outcome, ProjectId};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::{
    builds::{self, Line, repository},
    original::Original,
    person::{Person, Sight, json},
    puppet::{PATIENCE, Puppet},
    support::{http::Browser, program::Program},
};

fn read() -> BTreeMap<String, Vec<Vec<Json>>> {
    let text = fs::read_to_string(repository().join("sdk/stories/stories.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Of all stories, in alphabetical order.
pub fn names() -> Vec<String> {
    read().into_keys().collect()
}

/// Plays it with this puppet, if the machine has the language.
pub async fn play(name: &str, puppet: builds::Puppet, line: Line) {
    let Some(words) = puppet else { return };
    let steps = read().remove(name).expect("the story is in the file");
    let folder = TempDir::new().unwrap();
    let mut stage =
        Stage { puppet: Puppet::start(&words), words, line, server: None, key: fresh_key(), folder };
    for step in steps {
        let words: Vec<&str> = step.iter().map_while(Json::as_str).collect();
        match words[..] {
            ["server", what, ..] => stage.server(what, words.get(2) == Some(&"original")).await,
            ["game", "is killed"] => stage.kill().await,
            ["game", ..] => stage.game(&words[1..]).await,
            ["disk", "holds", text] => stage.until_held(text).await,
            ["person", ..] => stage.person(&step).await,
            _ => panic!("nobody acts in {step:?}"),
        }
    }
    assert_eq!(stage.puppet.ask(&["close", "5000"]).await, "ok");
    stage.puppet.end().await;
}

pub fn fresh_key() -> Key {
    let key: String = std::iter::repeat_with(fastrand::alphanumeric).take(12).collect();
    key.parse().unwrap()
}

struct Stage {
    puppet: Puppet,
    /// What starts it.
    words: Vec<String>,
    line: Line,
    server: Option<Server>,
    key: Key,
    /// Of games that are made on disk.
    folder: TempDir,
}

enum Server {
    Real(Box<Real>),
    Original(Box<Original>),
}

/// The real server, a project, and somebody who watches it.
pub struct Real {
    pub program: Program,
    browser: Browser,
    project: ProjectId,
    /// Nobody while it is dead.
    pub person: Option<Person>,
}

impl Stage {
    async fn server(&mut self, what: &str, is_original: bool) {
        if is_original {
            let original = Original::start(self.key, self.line).await;
            self.server = Some(Server::Original(Box::new(original)));
            return;
        }
        if what == "starts" {
            self.server = Some(Server::Real(Box::new(Real::start(self.key).await)));
        }
        let Some(Server::Real(real)) = &mut self.server else { panic!("there is no real server") };
        match what {
            "dies" => {
                real.person = None;
                real.program.kill().await;
            }
            "starts" => {}
            "returns" => {
                real.program.restart_in_place().await;
                real.person = Some(Person::arrive(&real.browser, real.project).await);
            }
            other => panic!("a server never {other}"),
        }
    }

    async fn kill(&mut self) {
        let next = Puppet::start(&self.words);
        std::mem::replace(&mut self.puppet, next).kill().await;
    }

    /// Waits until a file of the game has this text.
    async fn until_held(&mut self, text: &str) {
        let by = Instant::now() + PATIENCE;
        while !holds(self.folder.path(), text.as_bytes()) {
            assert!(Instant::now() < by, "{text} is in no file");
            self.wait().await;
        }
    }

    async fn game(&mut self, words: &[&str]) {
        let (command, expected, is_at_once) = match words {
            [command @ .., "->", answer] => (command, *answer, true),
            [command @ .., "->>", answer] => (command, *answer, false),
            command => (command, "ok", true),
        };
        let address = match (&self.server, self.line) {
            (Some(Server::Real(real)), Line::Tcp) => real.program.tcp.to_string(),
            (Some(Server::Real(real)), Line::WebSocket) => format!("ws://{}/game", real.program.http),
            (Some(Server::Original(original)), Line::Tcp) => original.address.to_string(),
            (Some(Server::Original(original)), Line::WebSocket) => format!("ws://{}", original.address),
            (None, _) => String::new(),
        };
        let (key, folder) = (self.key, self.folder.path().to_str().unwrap().to_owned());
        let folder = folder.as_str();
        let command = match command {
            ["new"] => vec!["new", key.as_str(), "phone"],
            ["new", "on disk"] => vec!["new", key.as_str(), "phone", folder],
            ["connect"] => vec!["connect", &address],
            other => other.to_vec(),
        };
        let by = Instant::now() + PATIENCE;
        loop {
            let answer = self.puppet.ask(&command).await;
            if answer == expected {
                return;
            }
            assert!(!is_at_once && Instant::now() < by, "{command:?}: {answer}, not {expected}");
            self.wait().await;
        }
    }

    /// Lets the game have a frame, and the person see what comes of it.
    async fn wait(&mut self) {
        assert_eq!(self.puppet.ask(&["frame"]).await, "ok");
        match &mut self.server {
            Some(Server::Real(real)) => {
                if let Some(person) = &mut real.person {
                    person.glance().await;
                }
            }
            Some(Server::Original(original)) => original.glance().await,
            None => {}
        }
    }

    fn sight(&mut self) -> &mut Sight {
        match self.server.as_mut().expect("a server was started") {
            Server::Real(real) => &mut real.person.as_mut().expect("the server lives").sight,
            Server::Original(original) => &mut original.sight,
        }
    }

    /// Waits until it is seen.
    async fn until(&mut self, what: &Json, is_seen: impl Fn(&mut Sight) -> bool) {
        let by = Instant::now() + PATIENCE;
        while !is_seen(self.sight()) {
            let is_late = Instant::now() >= by;
            assert!(!is_late, "{what} is not seen, but {:?}", self.sight());
            self.wait().await;
        }
    }

    async fn person(&mut self, step: &[Json]) {
        let what = Json::from(step.to_vec());
        let text = |at: usize| step[at].as_str().expect("a text").to_owned();
        match step[1].as_str().expect("a verb") {
            "finds" => self.until(&what, |sight| has(sight.specs.get(&text(2)), &step[3])).await,
            "sees" => self.until(&what, |sight| sees(sight, &step[2])).await,
            "hears of" => {
                let expected = outcome(&text(3), &step[4], &step[5]);
                self.until(&what, |sight| sight.outcomes.get(&text(2)) == Some(&expected)).await;
            }
            "reads" => {
                let entry = (Level::parse(&text(2)).unwrap(), text(3), step[4].clone());
                self.until(&what, |sight| sight.logs.contains(&entry)).await;
            }
            "reads each once" => {
                let messages: Vec<_> = (2..step.len()).map(text).collect();
                let is_read = |sight: &mut Sight| sight.logs.iter().map(|(_, said, _)| said).eq(&messages);
                self.until(&what, is_read).await;
            }
            "gets" => {
                let expected = if text(2) == "error" { Err(text(3)) } else { Ok(step[3].clone()) };
                self.until(&what, |sight| sight.answers.front().is_some()).await;
                assert_eq!(self.sight().answers.pop_front(), Some(expected));
            }
            _ => self.person_acts(step).await,
        }
    }

    async fn person_acts(&mut self, step: &[Json]) {
        let verb = step[1].as_str().expect("a verb");
        match self.server.as_mut().expect("a server was started") {
            Server::Original(original) if verb == "sets" => original.set(step[2].as_object().unwrap()).await,
            Server::Original(_) => panic!("with the original, nobody {verb}"),
            Server::Real(real) => {
                let person = real.person.as_mut().expect("the server lives");
                match verb {
                    "sets" => person.set(step[2].as_object().unwrap()).await,
                    "lets go" => person.let_go(step[2].as_str().unwrap()).await,
                    "runs" => person.run(step[2].as_str().unwrap(), &step[3]).await,
                    other => panic!("a person never {other}"),
                }
            }
        }
    }
}

impl Real {
    pub async fn start(key: Key) -> Self {
        let program = Program::start(&["--registration", "open"], &[]).await;
        let mut browser = program.owner().await;
        let body = format!("{{\"token\": \"{}\"}}", key.as_str());
        let answer = Browser::new(program.http).post_json("/users/tokens", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let projects = browser.get("/api/v1/projects").await.json();
        let project = ProjectId(projects["items"][0]["id"].as_i64().unwrap());
        let person = Some(Person::arrive(&browser, project).await);
        Self { program, browser, project, person }
    }
}

fn holds(folder: &Path, text: &[u8]) -> bool {
    let mut files = fs::read_dir(folder).unwrap().flatten();
    // a file may be replaced while the folder is read
    files.any(|file| {
        fs::read(file.path()).is_ok_and(|bytes| bytes.windows(text.len()).any(|some| some == text))
    })
}

fn has(spec: Option<&protocol::model::VarSpec>, expected: &Json) -> bool {
    let Some(spec) = spec else { return false };
    let spec = json(&serde_json::to_string(spec).unwrap());
    expected.as_object().unwrap().iter().all(|(field, value)| spec[field] == *value)
}

fn sees(sight: &Sight, expected: &Json) -> bool {
    expected.as_object().unwrap().iter().all(|(name, value)| sight.values.get(name) == Some(value))
}

fn outcome(status: &str, value: &Json, reason: &Json) -> Outcome {
    let reason = reason.as_str().map(str::to_owned);
    match status {
        "applied" => Outcome::Applied,
        "clamped" => Outcome::Clamped { value: protocol::model::Value::from_json(value), reason },
        "rejected" => Outcome::Rejected { reason },
        other => panic!("a game never has {other}"),
    }
}
