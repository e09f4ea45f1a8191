//! A gateway over a fresh database, with an owner and a project, for stories in which time does not pass.

use std::{net::IpAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway::{Caller, Clock, GameLine, Gateway, GatewayError, Origin, store::Store};
use protocol::{
    line::{Caps, Hello, parse_report},
    live::{EditSaved, Snapshot},
    model::{Change, Gesture, Project, Revision, UnixMicros, Value, Var, VarName},
};
use serde_json::Value as Json;

pub const NOW: UnixMicros = UnixMicros(1_790_000_000_000_000);

pub struct House {
    pub gateway: Gateway,
    pub store: Arc<dyn Store>,
    pub owner: Caller,
    pub project: Project,
}

impl House {
    pub async fn new(store: Arc<dyn Store>) -> Self {
        let gateway = open(&store).await;
        let token = gateway.issue_setup_token();
        let owner = gateway.set_up(token.reveal(), None, None, &Origin::default()).await.unwrap().caller;
        let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        Self { gateway, store, owner, project }
    }

    /// The same database with another gateway, which has nothing in memory.
    pub async fn restarted(self) -> Self {
        self.gateway.flush().await.unwrap();
        Self { gateway: open(&self.store).await, ..self }
    }

    /// A game that says what it applied; `held` is up to where it has everything.
    pub async fn game(&self, device: &str, held: Option<i64>) -> GameLine {
        let caps = Caps { rev: true, json: true, ..Caps::default() };
        let epoch = self.store.epoch().await.unwrap().to_string();
        let epoch = held.map(|_| epoch);
        let (device, rev) = (Some(device.to_owned()), held.map(Revision));
        let hello = Hello { proto: 2, device, caps, epoch, rev, ..Hello::default() };
        self.gateway.connect_game(self.project.key, peer(), Some(&hello)).await.unwrap()
    }

    /// A game of the original grammar.
    pub async fn original(&self) -> GameLine {
        self.gateway.connect_game(self.project.key, peer(), None).await.unwrap()
    }

    pub async fn report(&self, game: &mut GameLine, json: &str) {
        game.report_vars(parse_report(json.as_bytes()).unwrap()).await.unwrap();
        self.gateway.flush().await.unwrap();
    }

    pub async fn change(&self, gesture: u64, changes: Vec<Change>) -> Result<EditSaved, GatewayError> {
        self.gateway.edit_vars(&self.owner, self.project.id, Gesture(gesture), changes).await
    }

    pub async fn try_set(&self, gesture: u64, var: &str, value: i64) -> Result<EditSaved, GatewayError> {
        self.change(gesture, vec![(name(var), int(value)).into()]).await
    }

    pub async fn set(&self, gesture: u64, var: &str, value: i64) -> EditSaved {
        self.try_set(gesture, var, value).await.unwrap()
    }

    pub async fn snapshot(&self) -> Snapshot {
        self.gateway.flush().await.unwrap();
        self.gateway.snapshot(&self.owner, self.project.id).await.unwrap()
    }

    pub async fn var(&self, var: &str) -> Var {
        self.snapshot().await.vars.into_iter().find(|found| found.name.as_str() == var).unwrap()
    }
}

async fn open(store: &Arc<dyn Store>) -> Gateway {
    Gateway::open(Arc::clone(store), Clock::new(|| NOW)).await.unwrap()
}

pub fn peer() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

pub fn int(number: i64) -> Value {
    Value::Int(number.into())
}

pub fn name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

/// What a game of version 2 would read: the revision, and the payload.
pub fn pushed(game: &mut GameLine) -> Option<(i64, Json)> {
    let push = game.take_push()?;
    Some((push.revision.0, serde_json::from_slice(&push.payload).unwrap()))
}

/// What a game of the original grammar would read.
pub fn pushed_original(game: &mut GameLine) -> Option<String> {
    let push = game.take_push()?;
    Some(String::from_utf8(STANDARD.decode(&push.payload).unwrap()).unwrap())
}
