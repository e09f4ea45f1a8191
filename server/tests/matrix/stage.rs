//! A project in which everyone has the role in their name, with one of everything that can be requested.

use gateway::{Caller, GatewayError, NewPin, PinRange};
use protocol::{
    ErrorCode,
    line::{parse_logs, parse_report},
    model::{DeviceId, Handle, KeyId, Project, ProjectRole, UserId},
};

use crate::people::{People, Who};

pub const NAME: &str = "Aliens";
/// A line of the log.
pub const PINNED: &str = "pinned";
const DECLARED: &str =
    r#"[{"name":"speed","type":"integer","value":5},{"name":"spawn","type":"action","value":null}]"#;

#[derive(Clone)]
pub struct Stage {
    pub project: Project,
    /// To revoke.
    pub key: KeyId,
    /// To forget.
    pub device: DeviceId,
    /// To promote and to remove.
    pub member: UserId,
    /// To take back.
    pub invitation: Handle,
    /// To remove.
    pub pin: i64,
}

impl Stage {
    pub async fn new(people: &People) -> Self {
        let stage = Self::private(people, NAME).await;
        let (gateway, owner, id) = (&people.server.gateway, &people.owner, stage.project.id);
        for (who, role) in [
            (Who::Viewer, ProjectRole::Viewer),
            (Who::Designer, ProjectRole::Designer),
            (Who::Admin, ProjectRole::Admin),
            (Who::Stale, ProjectRole::Admin),
            (Who::Removed, ProjectRole::Admin),
            // they do nothing any more, so things are done to them
            (Who::SignedOut, ProjectRole::Admin),
        ] {
            join(people, &stage.project, people.person(who), role).await;
        }
        gateway.remove_member(owner, id, people.person(Who::Removed).user.id).await.unwrap();
        Self { member: people.person(Who::SignedOut).user.id, ..stage }
    }

    /// One in which only its owner is anything.
    pub async fn private(people: &People, name: &str) -> Self {
        let (gateway, owner) = (&people.server.gateway, &people.owner);
        let project = gateway.create_project(owner, name).await.unwrap();
        let key = gateway.create_key(owner, project.id, "spare").await.unwrap().id;
        let invitation = gateway.invite(owner, project.id, ProjectRole::Viewer, "").await.unwrap().1.id;
        let stage = Self { project, key, device: DeviceId(0), member: owner.user.id, invitation, pin: 0 };
        let device = stage.declare(people, DECLARED).await;
        stage.log(people, &format!(r#"[{{"message":"{PINNED}"}}]"#)).await;
        let pin = NewPin { name: "crash".to_owned(), range: PinRange::Lines(1, 1), device: None };
        let pin = gateway.pin_logs(owner, stage.project.id, &pin).await.unwrap();
        Self { device, pin, ..stage }
    }

    /// What a game of it says that it has; its device, which has left.
    pub async fn declare(&self, people: &People, variables: &str) -> DeviceId {
        let (gateway, peer) = (&people.server.gateway, "192.0.2.7".parse().unwrap());
        let mut game = gateway.connect_game(self.project.key, peer, None).await.unwrap();
        match game.report_vars(parse_report(variables.as_bytes()).unwrap()).await {
            Err(GatewayError::Refused(error)) => assert_eq!(error.code, ErrorCode::Frozen),
            said => said.unwrap(),
        }
        gateway.flush().await.unwrap();
        game.device()
    }

    /// A declaration of its device that waits for consent, because those of the project are frozen.
    pub async fn let_wait(&self, people: &People, name: &str) {
        let (gateway, owner) = (&people.server.gateway, &people.owner);
        // of a project that nobody has there is nothing to wait for
        if gateway.freeze(owner, self.project.id, true).await.is_ok() {
            self.declare(people, &format!(r#"[{{"name":"{name}","type":"integer","value":1}}]"#)).await;
        }
    }

    /// What a game of it writes.
    pub async fn log(&self, people: &People, lines: &str) {
        let (gateway, peer) = (&people.server.gateway, "192.0.2.7".parse().unwrap());
        let mut game = gateway.connect_game(self.project.key, peer, None).await.unwrap();
        game.append_logs(parse_logs(lines.as_bytes()).unwrap().entries).await.unwrap();
        gateway.flush().await.unwrap();
    }
}

async fn join(people: &People, project: &Project, person: &Caller, role: ProjectRole) {
    let gateway = &people.server.gateway;
    let (link, _) = gateway.invite(&people.owner, project.id, role, "").await.unwrap();
    // as if in a browser: how they signed in does not matter here
    let person = Caller::from(person.user.clone());
    gateway.join(&person, link.reveal()).await.unwrap();
}
