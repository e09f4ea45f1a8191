//! The password again, before what outlives a session or can't be undone.

use std::{sync::Arc, time::Duration};

use gateway::{Caller, GatewayError, store::Store};
use protocol::model::{ProjectRole, TokenScope};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, at_browser, deed, origin, refused};

const TEN_MINUTES: Duration = Duration::from_secs(10 * 60);

/// An owner who can sign in, and has just done so.
async fn owner(house: &House) -> Caller {
    let token = house.gateway.issue_setup_token();
    let (email, origin) = (Some("ann@example.org"), origin());
    house.gateway.set_up(token.reveal(), email, Some(PASSWORD), &origin).await.unwrap().caller
}

/// What is refused without a fresh proof, each on something of its own. Panics for every other outcome.
async fn asked_for(house: &House, owner: &Caller) -> Vec<bool> {
    let (gateway, program) = (&house.gateway, Caller::from(owner.user.clone()));
    let project = gateway.create_project(&program, "spare").await.unwrap().id;
    let key = gateway.create_key(&program, project, "spare").await.unwrap().id;
    let member = house.member_of(project, &format!("m{}", project.0), ProjectRole::Viewer).await.user.id;
    let outcomes = [
        gateway.create_token(owner, "ci", TokenScope::Read, None, 1).await.map(drop),
        gateway.issue_reset_link(owner, member).await.map(drop),
        gateway.revoke_key(owner, project, key).await,
        gateway.remove_member(owner, project, member).await,
        gateway.delete_account(owner, member).await,
        gateway.delete_project(owner, project).await,
    ];
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Ok(()) => false,
            Err(GatewayError::ConfirmationNeeded) => true,
            Err(other) => panic!("{other:?}"),
        })
        .collect()
}

async fn ten_minutes_after_signing_in_the_password_is_asked_for(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let owner = owner(&house).await;
    assert_eq!(asked_for(&house, &owner).await, [false; 6]);
    house.pass(TEN_MINUTES - Duration::from_micros(1));
    assert_eq!(asked_for(&house, &owner).await, [false; 6]);
    assert!(!house.gateway.asks_password(&owner).await.unwrap());
    house.pass(Duration::from_micros(1));
    assert!(house.gateway.asks_password(&owner).await.unwrap());
    assert_eq!(asked_for(&house, &owner).await, [true; 6]);
}

async fn the_password_counts_for_ten_minutes_in_that_session(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, desk) = (&house.gateway, owner(&house).await);
    let phone = gateway.sign_in("ann@example.org", PASSWORD, &origin()).await.unwrap().caller;
    house.pass(TEN_MINUTES);
    refused!(gateway.confirm(&desk, OTHER_PASSWORD).await, GatewayError::WrongPassword);
    assert_eq!(asked_for(&house, &desk).await, [true; 6], "a wrong one counts for nothing");
    gateway.confirm(&desk, PASSWORD).await.unwrap();
    let newest = house.trail(None).await.swap_remove(0);
    let told = (newest.action, newest.subject, newest.old, newest.new);
    assert_eq!(told, deed("session.confirm", "ann@example.org", None, None));
    assert_eq!(asked_for(&house, &desk).await, [false; 6]);
    assert_eq!(asked_for(&house, &phone).await, [true; 6], "another browser may be in other hands");
    house.pass(TEN_MINUTES);
    assert_eq!(asked_for(&house, &desk).await, [true; 6]);
}

async fn what_protects_an_account_is_never_asked_for(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.signed_in("ben").await.caller;
    gateway.join(&ben, &house.invite(id, ProjectRole::Viewer).await).await.unwrap();
    let token = gateway.create_token(&ben, "ci", TokenScope::Read, None, 1).await.unwrap().1.id;
    let phone = house.sign_in("ben").await;
    house.pass(TEN_MINUTES);
    gateway.delete_token(&ben, token).await.unwrap();
    gateway.remove_member(&ben, id, ben.user.id).await.unwrap();
    gateway.sign_out(&phone.caller).await.unwrap();
    gateway.sign_out_everywhere(&ben).await.unwrap();
    // a session that is over confirms nothing
    refused!(gateway.confirm(&ben, PASSWORD).await, GatewayError::NotFound);
}

async fn who_has_no_password_is_not_asked_for_it(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    house.pass(TEN_MINUTES);
    // the owner here came by the link alone
    assert_eq!(asked_for(&house, &house.owner).await, [false; 6]);
    let script = house.script(&house.owner, TokenScope::Admin, None).await;
    house.pass(TEN_MINUTES);
    assert!(!house.gateway.asks_password(&script).await.unwrap());
    house.gateway.delete_project(&script, house.project.id).await.unwrap();
    refused!(house.gateway.confirm(&script, PASSWORD).await, GatewayError::Forbidden);
}

async fn a_clock_that_was_ahead_proves_nothing(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    house.pass(Duration::from_secs(3600));
    let owner = owner(&house).await;
    house.turn_back(Duration::from_secs(3600));
    assert!(house.gateway.asks_password(&owner).await.unwrap());
    house.gateway.confirm(&owner, PASSWORD).await.unwrap();
    assert!(!house.gateway.asks_password(&owner).await.unwrap());
    // nor does a session that never was
    assert!(house.gateway.asks_password(&at_browser(&owner, 1)).await.unwrap());
}

crate::support::stories! {
    ten_minutes_after_signing_in_the_password_is_asked_for,
    the_password_counts_for_ten_minutes_in_that_session,
    what_protects_an_account_is_never_asked_for,
    who_has_no_password_is_not_asked_for_it,
    a_clock_that_was_ahead_proves_nothing,
}
