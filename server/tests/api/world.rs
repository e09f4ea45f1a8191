//! A server with an owner, a project, a game that declares some variables, and scripts with tokens.

use std::net::SocketAddr;

use gateway::{Caller, Origin};
use protocol::model::{Project, ProjectRole, TokenId, TokenScope};
use serde_json::{Value as Json, json};

use crate::support::{
    TestServer,
    http::{Answer, Browser},
    line::Game,
};

/// What the game declares.
pub const DECLARED: &str = r#"[
    {"name":"speed","type":"integer","value":5,"min":0,"max":100,"unit":"px/s","group":"player"},
    {"name":"gravity","type":"float","value":9.5},
    {"name":"title","type":"string","value":"hello"},
    {"name":"id","type":"integer","value":0},
    {"name":"layout","type":"json","value":{"b":[1,2],"a":18446744073709551615}},
    {"name":"mode","type":"enum","value":"easy","options":["easy","hard"]},
    {"name":"fps","type":"float","value":60.0,"readonly":true},
    {"name":"spawn","type":"action","value":null}
]"#;

pub struct World {
    pub server: TestServer,
    pub owner: Caller,
    pub project: Project,
    /// May do everything.
    pub script: Script,
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(flags: &[&str]) -> Self {
        let server = TestServer::start_with(flags).await;
        let token = server.set_up_token();
        let signed_in = server.gateway.set_up(&token, None, None, &Origin::default()).await.unwrap();
        let owner = signed_in.caller;
        let project = server.gateway.create_project(&owner, "Aliens").await.unwrap();
        let script = Script::of(&server, &owner, TokenScope::Admin).await;
        Self { server, owner, project, script }
    }

    /// An address below the project's.
    pub fn at(&self, rest: &str) -> String {
        format!("/api/v1/projects/{}{rest}", self.project.id)
    }

    /// A game that has declared what there is.
    pub async fn game(&self) -> Game {
        let mut game = self.server.verified(self.project.key).await;
        let key = self.project.key;
        game.report(key.as_str(), &DECLARED.replace('\n', "")).await;
        game.in_order(key.as_str()).await;
        self.server.gateway.flush().await.unwrap();
        game
    }

    /// Log lines with these messages, stored.
    pub async fn log(&self, game: &mut Game, messages: impl IntoIterator<Item = String>) {
        let key = self.project.key;
        let entries: Vec<_> = messages.into_iter().map(|message| json!({ "message": message })).collect();
        for some in entries.chunks(1_000) {
            game.log_entries(key.as_str(), &Json::from(some.to_vec()).to_string()).await;
        }
        game.in_order(key.as_str()).await;
        self.server.gateway.flush().await.unwrap();
    }

    /// A member with a token of that scope.
    pub async fn member(&self, role: ProjectRole, scope: TokenScope) -> (Caller, Script) {
        let gateway = &self.server.gateway;
        let (link, _) = gateway.invite(&self.owner, self.project.id, role, "").await.unwrap();
        let email = format!("{role}.{scope}@example.org");
        let password = "correct horse battery";
        let joined = gateway.sign_up(link.reveal(), &email, password, &Origin::default()).await.unwrap();
        let caller = joined.0.caller;
        let script = Script::of(&self.server, &caller, scope).await;
        (caller, script)
    }
}

/// Somebody with an API token.
#[derive(Clone)]
pub struct Script {
    pub address: SocketAddr,
    pub token: String,
    pub id: TokenId,
}

impl Script {
    pub async fn of(server: &TestServer, caller: &Caller, scope: TokenScope) -> Self {
        let (secret, token) = server.gateway.create_token(caller, "nightly", scope, None, 30).await.unwrap();
        Self { address: server.http, token: secret.reveal().to_owned(), id: token.id }
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let token = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", token.as_str())];
        if !body.is_empty() {
            all.push(("content-type", "application/json"));
        }
        all.extend(headers);
        Browser::new(self.address).request(method, path, &all, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub async fn json(&self, method: &str, path: &str, body: &Json) -> Answer {
        self.send(method, path, &[], &body.to_string()).await
    }

    /// Every entry of a list, in parts of that size.
    pub async fn all(&self, path: &str, limit: usize) -> Vec<Json> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let answer = self.get(&format!("{path}{separator}limit={limit}{cursor}")).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            let part = answer.json();
            let items = part["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{path}: {}", items.len());
            all.extend(items.iter().cloned());
            match &part["next"] {
                Json::Null => return all,
                Json::String(next) => cursor = format!("&cursor={next}"),
                other => panic!("{path}: {other}"),
            }
        }
    }
}

/// Status and code of a refusal, which has the one shape that refusals have.
pub fn refusal(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    let said = answer.json();
    let message = said["message"].as_str().unwrap_or_else(|| panic!("no message: {said}"));
    assert!(message.len() > 10 && !message.contains('\n'), "{said}");
    (answer.status, said["code"].as_str().unwrap().to_owned())
}

/// The same to compare with.
pub fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
