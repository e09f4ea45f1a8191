//! Game keys: several of them, rotation with an overlap, expiry, revocation.

use std::{sync::Arc, time::Duration};

use gateway::{GameEvent, GatewayError, Origin, store::Store};
use protocol::{
    ErrorCode,
    model::{GameKey, Key, KeyId, ProjectRole, UnixMicros},
};

use crate::house::{DAY, House, START, deed, heard, log, refused, until};

async fn keys(house: &House) -> Vec<GameKey> {
    house.gateway.list_keys(&house.owner, house.project.id).await.unwrap()
}

async fn messages(house: &House) -> Vec<String> {
    house.gateway.flush().await.unwrap();
    let mut lines = house.gateway.list_logs(&house.owner, house.project.id, None, 100).await.unwrap();
    lines.reverse();
    lines.into_iter().map(|line| line.message).collect()
}

async fn a_project_has_several_keys(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Designer).await;
    let eve = house.member("eve", ProjectRole::Viewer).await;
    let made = gateway.create_key(&house.owner, id, " QA builds ").await.unwrap();
    assert_eq!((made.name.as_str(), made.created_by.as_deref()), ("QA builds", Some("owner")));
    let shown = made.key.shortened();
    assert_eq!(house.newest_deed().await, deed("key.create", "QA builds", None, Some(&shown)));
    assert!(!shown.contains(made.key.as_str()), "a trail is read by more people than keys are for");
    for bad in ["", "   ", "two\nlines", &"x".repeat(81)] {
        refused!(gateway.create_key(&house.owner, id, bad).await, GatewayError::Invalid(_));
    }

    let listed = gateway.list_keys(&ben, id).await.unwrap();
    let facts: Vec<_> = listed.iter().map(|k| (k.key, k.name.as_str(), k.last_used_at)).collect();
    assert_eq!(facts, [(house.project.key, "first key", None), (made.key, "QA builds", None)]);
    assert!(listed.iter().all(|key| key.is_in_force(START)));
    refused!(gateway.list_keys(&eve, id).await, GatewayError::Forbidden);
    assert_eq!(gateway.get_game_key(&eve, id).await.unwrap(), None);
    assert_eq!(gateway.get_game_key(&ben, id).await.unwrap(), Some(house.project.key));
    refused!(gateway.create_key(&ben, id, "mine").await, GatewayError::Forbidden);
    refused!(gateway.rotate_key(&ben, id, made.id, 0).await, GatewayError::Forbidden);
    refused!(gateway.revoke_key(&ben, id, made.id).await, GatewayError::Forbidden);

    // both lead to the same project
    let mut games = [house.game(house.project.key).await, house.game(made.key).await];
    for (number, game) in games.iter_mut().enumerate() {
        assert_eq!(game.project(), id);
        log(game, &format!("of {number}")).await.unwrap();
        house.gateway.flush().await.unwrap();
    }
    assert_eq!(messages(&house).await, ["of 0", "of 1"]);
    for _ in 2..100 {
        gateway.create_key(&house.owner, id, "one more").await.unwrap();
    }
    let full = gateway.create_key(&house.owner, id, "too many").await;
    refused!(full, GatewayError::Invalid(_));
    // nor is there room to replace one, and that harms nobody
    let full = gateway.rotate_key(&house.owner, id, listed[0].id, 0).await;
    refused!(full, GatewayError::Invalid(_));
    log(&mut games[0], "still here").await.unwrap();
    drop(house.game(house.project.key).await);
    assert_eq!(messages(&house).await, ["of 0", "of 1", "still here"]);
}

async fn a_key_that_is_used_says_so(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let last_used = async || keys(&house).await[0].last_used_at;
    drop(house.game(house.project.key).await);
    until("the use to be noted", async || last_used().await == Some(START)).await;
    house.pass(Duration::from_secs(60));
    drop(house.game(house.project.key).await);
    let then = UnixMicros(START.0 + 60_000_000);
    until("the use to be noted", async || last_used().await == Some(then)).await;
}

async fn both_keys_work_until_the_old_one_ends(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id, old) = (&house.gateway, house.project.id, house.project.key);
    let mut connected = house.game(old).await;
    let old_id = keys(&house).await[0].id;
    let too_long = gateway.rotate_key(&house.owner, id, old_id, 367).await;
    refused!(too_long, GatewayError::Invalid(_));
    let new = gateway.rotate_key(&house.owner, id, old_id, 2).await.unwrap();
    let (from, to) = (old.shortened(), new.key.shortened());
    assert_eq!(house.newest_deed().await, deed("key.rotate", "first key", Some(&from), Some(&to)));
    let end = UnixMicros(START.0 + 2 * DAY.as_micros() as i64);
    assert_eq!(keys(&house).await.iter().map(|key| key.expires_at).collect::<Vec<_>>(), [Some(end), None]);
    assert_eq!(new.name, "first key");
    // what a designer copies now is the one that stays
    assert_eq!(gateway.get_game_key(&house.owner, id).await.unwrap(), Some(new.key));

    house.pass(2 * DAY - Duration::from_micros(1));
    drop((house.game(old).await, house.game(new.key).await));
    log(&mut connected, "in time").await.unwrap();
    assert_eq!(messages(&house).await, ["in time"]);
    house.pass(Duration::from_micros(1));
    assert_eq!(house.refusal(old).await, ErrorCode::Revoked);
    assert!(matches!(heard(&mut connected).await, GameEvent::Revoked));
    refused!(log(&mut connected, "late").await, GatewayError::Refused(_));
    drop(house.game(new.key).await);
    assert_eq!(messages(&house).await, ["in time"]);
}

async fn an_end_is_only_ever_made_earlier(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id, old) = (&house.gateway, house.project.id, house.project.key);
    let old_id = keys(&house).await[0].id;
    let _connected = house.game(old).await;
    gateway.rotate_key(&house.owner, id, old_id, 1).await.unwrap();
    gateway.rotate_key(&house.owner, id, old_id, 300).await.unwrap();
    let end = UnixMicros(START.0 + DAY.as_micros() as i64);
    assert_eq!(keys(&house).await[0].expires_at, Some(end));
    house.pass(DAY);
    assert_eq!(house.refusal(old).await, ErrorCode::Revoked);
}

async fn a_key_that_is_replaced_at_once_ends_at_once(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id, old) = (&house.gateway, house.project.id, house.project.key);
    let mut connected = house.game(old).await;
    let old_id = keys(&house).await[0].id;
    let new = gateway.rotate_key(&house.owner, id, old_id, 0).await.unwrap();
    assert!(matches!(heard(&mut connected).await, GameEvent::Revoked));
    assert_eq!(house.refusal(old).await, ErrorCode::Revoked);
    drop(house.game(new.key).await);
}

async fn a_revoked_key_is_refused_at_once_and_for_ever(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id, key) = (&house.gateway, house.project.id, house.project.key);
    let other = gateway.create_key(&house.owner, id, "other").await.unwrap();
    let (mut game, mut unharmed) = (house.game(key).await, house.game(other.key).await);
    log(&mut game, "before").await.unwrap();
    gateway.flush().await.unwrap();
    let key_id = keys(&house).await[0].id;
    let elsewhere = gateway.create_project(&house.owner, "elsewhere").await.unwrap();
    for (project, nothing) in [(id, KeyId(i64::MAX)), (elsewhere.id, key_id)] {
        refused!(gateway.revoke_key(&house.owner, project, nothing).await, GatewayError::NotFound);
        refused!(gateway.rotate_key(&house.owner, project, nothing, 1).await, GatewayError::NotFound);
    }

    gateway.revoke_key(&house.owner, id, key_id).await.unwrap();
    let shown = key.shortened();
    assert_eq!(house.newest_deed().await, deed("key.revoke", "first key", Some(&shown), None));
    // what was on its way is not stored, nor is what comes later
    refused!(log(&mut game, "in flight").await, GatewayError::Refused(_));
    assert!(matches!(heard(&mut game).await, GameEvent::Revoked));
    assert_eq!(house.refusal(key).await, ErrorCode::Revoked);
    refused!(gateway.register_key(key, &Origin::default()).await, GatewayError::Invalid(_));
    log(&mut unharmed, "of another key").await.unwrap();
    assert_eq!(messages(&house).await, ["before", "of another key"]);
    refused!(gateway.revoke_key(&house.owner, id, key_id).await, GatewayError::NotFound);
    refused!(gateway.rotate_key(&house.owner, id, key_id, 1).await, GatewayError::NotFound);
    assert_eq!(keys(&house).await[0].revoked_at, Some(START));
}

/// A game that connects in the moment of the revocation may get in, but it does not stay.
async fn nobody_slips_in_while_a_key_is_revoked(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    for _ in 0..20 {
        let made = gateway.create_key(&house.owner, id, "short-lived").await.unwrap();
        let connecting: Vec<_> = (0..4)
            .map(|_| {
                let (gateway, key) = (gateway.clone(), made.key);
                let peer = "192.0.2.7".parse().unwrap();
                tokio::spawn(async move { gateway.connect_game(key, peer, None).await })
            })
            .collect();
        gateway.revoke_key(&house.owner, id, made.id).await.unwrap();
        for game in connecting {
            if let Ok(mut game) = game.await.unwrap() {
                assert!(matches!(heard(&mut game).await, GameEvent::Revoked));
            }
        }
        assert_eq!(house.refusal(made.key).await, ErrorCode::Revoked);
    }
}

async fn a_registered_key_is_the_owners_and_nobody_elses(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let ben = house.person("ben").await;
    let key: Key = house.gateway.generate_key();
    let project = house.gateway.register_key(key, &Origin::default()).await.unwrap();
    assert!(!project.name.contains(key.as_str()), "{}", project.name);
    refused!(house.gateway.get_project(&ben, project.id).await, GatewayError::NotFound);
    assert!(house.gateway.get_project(&house.owner, project.id).await.is_ok());
    let trail = house.trail(Some(project.id)).await;
    let facts: Vec<_> = trail.iter().map(|e| (e.action.as_str(), e.by.as_str())).collect();
    assert_eq!(facts, [("project.create", "script")]);
}

crate::support::stories! {
    a_project_has_several_keys,
    a_key_that_is_used_says_so,
    both_keys_work_until_the_old_one_ends,
    an_end_is_only_ever_made_earlier,
    a_key_that_is_replaced_at_once_ends_at_once,
    a_revoked_key_is_refused_at_once_and_for_ever,
    nobody_slips_in_while_a_key_is_revoked,
    a_registered_key_is_the_owners_and_nobody_elses,
}
