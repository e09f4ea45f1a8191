//! API tokens: what they may do, for how long, and what ends them.

use std::{sync::Arc, time::Duration};

use gateway::{Caller, Credential, GatewayError, store::Store};
use protocol::model::{ProjectId, ProjectRole, TokenId, TokenScope, UnixMicros};

use crate::house::{DAY, House, START, refused, until};

async fn a_token_does_what_its_scope_and_its_person_may(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let _game = house.declare_speed().await;
    let ben = house.member("ben", ProjectRole::Admin).await;
    let [read, write, admin] = [TokenScope::Read, TokenScope::Write, TokenScope::Admin];
    let read = house.script(&ben, read, None).await;
    let write = house.script(&ben, write, None).await;
    let admin = house.script(&ben, admin, None).await;

    assert_eq!(gateway.snapshot(&read, id).await.unwrap().vars.len(), 1);
    refused!(house.edit(&read, 6).await, GatewayError::Forbidden);
    refused!(gateway.list_keys(&read, id).await, GatewayError::Forbidden);
    house.edit(&write, 6).await.unwrap();
    refused!(gateway.create_key(&write, id, "k").await, GatewayError::Forbidden);
    refused!(gateway.invite(&write, id, ProjectRole::Viewer, "").await, GatewayError::Forbidden);
    gateway.create_key(&admin, id, "k").await.unwrap();
    gateway.create_project(&admin, "made by a script").await.unwrap();
    refused!(gateway.create_project(&write, "made by a script").await, GatewayError::Forbidden);

    // he is less now, and so are they
    gateway.set_member_role(&house.owner, id, ben.user.id, ProjectRole::Viewer).await.unwrap();
    refused!(house.edit(&write, 7).await, GatewayError::Forbidden);
    refused!(house.edit(&admin, 7).await, GatewayError::Forbidden);
    assert!(gateway.get_project(&admin, id).await.is_ok());
    gateway.remove_member(&house.owner, id, ben.user.id).await.unwrap();
    for script in [&read, &write, &admin] {
        refused!(gateway.get_project(script, id).await, GatewayError::NotFound);
    }
}

async fn a_token_for_one_project_is_for_no_other(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Admin).await;
    let other = gateway.create_project(&ben, "Ben's").await.unwrap();
    let stranger = gateway.create_project(&house.owner, "not his").await.unwrap();
    let (secret, _) = gateway.create_token(&ben, "ci", TokenScope::Admin, Some(id), 7).await.unwrap();
    let script = gateway.authenticate_token(secret.reveal(), None).await.unwrap().unwrap();
    let listed = gateway.list_projects(&script).await.unwrap();
    assert_eq!(listed.iter().map(|summary| summary.project.id).collect::<Vec<_>>(), [id]);
    assert!(gateway.list_audit(&script, Some(id), None, 1).await.is_ok());
    for elsewhere in [other.id, stranger.id, ProjectId(i64::MAX)] {
        refused!(gateway.get_project(&script, elsewhere).await, GatewayError::NotFound);
        refused!(house.edit_in(&script, elsewhere, 1).await, GatewayError::NotFound);
        refused!(gateway.list_audit(&script, Some(elsewhere), None, 1).await, GatewayError::NotFound);
    }
    refused!(gateway.create_project(&script, "another").await, GatewayError::Forbidden);
    for not_his in [stranger.id, ProjectId(i64::MAX)] {
        let made = gateway.create_token(&ben, "ci", TokenScope::Read, Some(not_his), 7).await;
        refused!(made, GatewayError::NotFound);
    }
    // the owner's sees one project too
    let owners = house.script(&house.owner, TokenScope::Admin, Some(other.id)).await;
    refused!(gateway.get_project(&owners, id).await, GatewayError::NotFound);
    refused!(gateway.list_audit(&owners, None, None, 1).await, GatewayError::Forbidden);
    // and it goes with his membership, also when he comes back
    gateway.remove_member(&house.owner, id, ben.user.id).await.unwrap();
    let link = house.invite(id, ProjectRole::Admin).await;
    gateway.join(&ben, &link).await.unwrap();
    assert_eq!(gateway.authenticate_token(secret.reveal(), None).await.unwrap(), None);
    assert_eq!(gateway.renew(&script).await.unwrap(), None);
}

async fn a_token_ends(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let ben = house.person("ben").await;
    let make = || gateway.create_token(&ben, "nightly build", TokenScope::Read, None, 1);
    let (short, deleted) = (make().await.unwrap(), make().await.unwrap());
    let (secret, facts) = &short;
    assert!(secret.reveal().starts_with("obs_") && secret.reveal().len() > 40);
    assert_eq!(facts.shown, format!("{}…", &secret.reveal()[..8]));
    assert!(!format!("{secret:?}{facts:?}").contains(secret.reveal()), "it is shown where it need not be");
    assert_eq!(facts.expires_at, UnixMicros(START.0 + DAY.as_micros() as i64));
    let caller = async |secret: &str| gateway.authenticate_token(secret, None).await.unwrap();
    let his = caller(secret.reveal()).await.unwrap();
    assert_eq!(his.user, ben.user);
    assert!(matches!(&his.by, Credential::Token { name, scope: TokenScope::Read, project: None, .. }
        if name == "nightly build"));
    let unprefixed = &secret.reveal()[4..];
    for nobody in ["", "obs_", "obs_nonsense", unprefixed, &format!("{} ", secret.reveal())] {
        assert_eq!(caller(nobody).await, None, "{nobody}");
    }
    // a session's token is none of these
    let session = house.signed_in("eve").await;
    assert_eq!(caller(&session.token).await, None);
    assert_eq!(gateway.authenticate(secret.reveal(), None).await.unwrap(), None);

    let eve = house.person("dora").await;
    refused!(gateway.delete_token(&eve, deleted.1.id).await, GatewayError::NotFound);
    let other: Caller = caller(deleted.0.reveal()).await.unwrap();
    gateway.delete_token(&ben, deleted.1.id).await.unwrap();
    refused!(gateway.delete_token(&ben, deleted.1.id).await, GatewayError::NotFound);
    assert_eq!(caller(deleted.0.reveal()).await, None);
    assert_eq!(gateway.renew(&other).await.unwrap(), None);
    assert_eq!(gateway.renew(&his).await.unwrap(), Some(his.clone()));

    house.pass(DAY - Duration::from_micros(1));
    assert!(caller(secret.reveal()).await.is_some());
    house.pass(Duration::from_micros(1));
    assert_eq!(caller(secret.reveal()).await, None);
    assert_eq!(gateway.renew(&his).await.unwrap(), None);
    // it is still listed, so that he sees why his build fails
    assert_eq!(gateway.list_tokens(&ben).await.unwrap().len(), 1);
}

async fn a_token_that_is_used_says_so(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let ben = house.person("ben").await;
    let (secret, made) = house.gateway.create_token(&ben, "ci", TokenScope::Read, None, 1).await.unwrap();
    assert_eq!(made.last_used_at, None);
    house.gateway.authenticate_token(secret.reveal(), None).await.unwrap();
    let last_used = async || house.gateway.list_tokens(&ben).await.unwrap()[0].last_used_at;
    until("the use to be noted", async || last_used().await == Some(START)).await;
}

async fn a_token_has_bounds(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let ben = house.person("ben").await;
    let make = async |caller: &Caller, name: &str, days| {
        gateway.create_token(caller, name, TokenScope::Read, None, days).await
    };
    for (name, days) in [("ci", 0), ("ci", 367), ("", 1), ("  ", 1), ("two\nlines", 1), (&"x".repeat(81), 1)]
    {
        refused!(make(&ben, name, days).await, GatewayError::Invalid(_));
    }
    for days in [1, 366].into_iter().cycle().take(100) {
        make(&ben, "ci", days).await.unwrap();
    }
    refused!(make(&ben, "one more", 1).await, GatewayError::Invalid(_));
    let script = house.script(&house.owner, TokenScope::Admin, None).await;
    refused!(make(&script, "made by a token", 1).await, GatewayError::Forbidden);
    refused!(gateway.list_tokens(&script).await, GatewayError::Forbidden);
    refused!(gateway.delete_token(&script, TokenId(1)).await, GatewayError::Forbidden);
}

crate::support::stories! {
    a_token_does_what_its_scope_and_its_person_may,
    a_token_for_one_project_is_for_no_other,
    a_token_ends,
    a_token_that_is_used_says_so,
    a_token_has_bounds,
}
