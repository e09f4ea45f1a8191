//! Projects get other names and go, and nobody else loses anything by it.

use std::sync::Arc;

use gateway::{GameEvent, GatewayError, Origin, Watched, store::Store};
use protocol::{
    ErrorCode,
    line::parse_logs,
    model::{ProjectId, ProjectRole, TokenScope},
};

use crate::house::{House, deed, heard, log, refused, soon, until};

async fn a_project_gets_another_name(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Designer).await;
    let _game = house.game(house.project.key).await;
    for bad in ["", " ", "two\nlines", &"x".repeat(81), &format!("\n{}", "x".repeat(80))] {
        refused!(gateway.rename_project(&house.owner, id, bad).await, GatewayError::Invalid(_));
        refused!(gateway.create_project(&house.owner, bad).await, GatewayError::Invalid(_));
    }
    refused!(gateway.rename_project(&ben, id, "Ben's").await, GatewayError::Forbidden);
    gateway.rename_project(&house.owner, id, " Mrs. Rescue ").await.unwrap();
    let expected = deed("project.rename", "Mrs. Rescue", Some("Mr. Rescue"), Some("Mrs. Rescue"));
    assert_eq!(house.newest_deed().await, expected);
    assert_eq!(gateway.get_project(&ben, id).await.unwrap().name, "Mrs. Rescue");
    assert_eq!(gateway.list_projects(&ben).await.unwrap()[0].project.name, "Mrs. Rescue");
    // also of a project that is in memory
    assert_eq!(gateway.snapshot(&ben, id).await.unwrap().name, "Mrs. Rescue");
    let nothing = gateway.rename_project(&house.owner, ProjectId(i64::MAX), "x").await;
    refused!(nothing, GatewayError::NotFound);
}

async fn a_deleted_project_is_gone_with_everything(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Designer).await;
    let invitation = house.invite(id, ProjectRole::Viewer).await;
    let (token, _) = gateway.create_token(&ben, "ci", TokenScope::Read, Some(id), 7).await.unwrap();
    let other = gateway.create_project(&house.owner, "unharmed").await.unwrap();
    let (mut game, mut unharmed) = (house.declare_speed().await, house.game(other.key).await);
    log(&mut game, "of the one").await.unwrap();
    log(&mut unharmed, "of the other").await.unwrap();
    gateway.flush().await.unwrap();
    house.edit(&ben, 6).await.unwrap();
    let mut watcher = gateway.watch(&ben, id).await.unwrap();
    refused!(gateway.delete_project(&ben, id).await, GatewayError::Forbidden);

    let mut changes = gateway.access_changes();
    changes.mark_unchanged();
    gateway.delete_project(&house.owner, id).await.unwrap();
    assert!(changes.has_changed().unwrap(), "nobody is told");
    assert!(matches!(heard(&mut game).await, GameEvent::Revoked | GameEvent::StartOver));
    let told = async {
        loop {
            if let Watched::StartOver = watcher.next().await {
                break;
            }
        }
    };
    soon("the dashboard to be let go", told).await;
    assert_eq!(house.refusal(house.project.key).await, ErrorCode::BadKey);
    for person in [&ben, &house.owner] {
        refused!(gateway.get_project(person, id).await, GatewayError::NotFound);
        refused!(gateway.watch(person, id).await.map(drop), GatewayError::NotFound);
        refused!(house.edit(person, 7).await, GatewayError::NotFound);
    }
    assert_eq!(gateway.list_projects(&ben).await.unwrap(), []);
    assert_eq!(gateway.get_invitation(&invitation).await.unwrap(), None);
    assert_eq!(gateway.authenticate_token(token.reveal(), None).await.unwrap(), None);
    refused!(gateway.delete_project(&house.owner, id).await, GatewayError::NotFound);
    until("the log to go", async || house.store.list_logs(id, None, 1).await.unwrap().is_empty()).await;
    let history = async || house.store.list_history(id, None, None, 10).await.unwrap().is_empty();
    until("the history to go", history).await;
    // who did it stays
    let trail = house.trail(None).await;
    let entry = trail.iter().find(|entry| entry.action == "project.delete").unwrap();
    assert_eq!((entry.subject.as_str(), entry.project), ("Mr. Rescue", Some(id)));

    log(&mut unharmed, "and goes on").await.unwrap();
    gateway.flush().await.unwrap();
    assert_eq!(gateway.list_logs(&house.owner, other.id, None, 10).await.unwrap().len(), 2);
    // neither its number nor its key brings anything of it back
    let next = gateway.register_key(house.project.key, &Origin::default()).await.unwrap();
    assert!(next.id > other.id);
    assert!(gateway.snapshot(&house.owner, next.id).await.unwrap().vars.is_empty());
    refused!(gateway.get_project(&ben, next.id).await, GatewayError::NotFound);
}

/// What games of a project write while it is deleted is in one commit with what others write.
async fn others_lose_nothing_while_a_project_goes(store: Arc<dyn Store>) {
    const LINES: u32 = 200;
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let other = gateway.create_project(&house.owner, "unharmed").await.unwrap();
    let write = |mut game: gateway::GameLine| {
        tokio::spawn(async move {
            for number in 0..LINES {
                let line = format!(r#"[{{"message":"{number}"}}]"#);
                // its project may be gone by now
                if game.append_logs(parse_logs(line.as_bytes()).unwrap().entries).await.is_err() {
                    return number;
                }
                tokio::task::yield_now().await;
            }
            LINES
        })
    };
    let doomed = write(house.game(house.project.key).await);
    let unharmed = write(house.game(other.key).await);
    gateway.delete_project(&house.owner, house.project.id).await.unwrap();
    assert_eq!(unharmed.await.unwrap(), LINES);
    doomed.await.unwrap();
    gateway.flush().await.unwrap();
    let lines = gateway.list_logs(&house.owner, other.id, None, 1_000).await.unwrap();
    let expected: Vec<String> = (0..LINES).rev().map(|number| number.to_string()).collect();
    assert_eq!(lines.iter().map(|line| line.message.clone()).collect::<Vec<_>>(), expected);
    assert!(gateway.is_storing());
    until("its log to go", async || {
        house.store.list_logs(house.project.id, None, 1).await.unwrap().is_empty()
    })
    .await;
}

crate::support::stories! {
    a_project_gets_another_name,
    a_deleted_project_is_gone_with_everything,
    others_lose_nothing_while_a_project_goes,
}
