//! Sessions, passwords, reset links and the list of accounts.

use std::{sync::Arc, time::Duration};

use gateway::{Caller, GatewayError, Origin, Secret, store::Store};
use protocol::model::{Handle, ProjectRole, Role, TokenScope, UnixMicros, UserId};

use crate::house::{DAY, House, OTHER_PASSWORD, PASSWORD, START, deed, origin, refused, until};

async fn is_signed_in(house: &House, token: &str) -> bool {
    house.gateway.authenticate(token, None).await.unwrap().is_some()
}

async fn sessions_are_listed_and_ended(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let desk = house.signed_in("ben").await;
    house.pass(Duration::from_secs(1));
    let agent = format!("a phone\r\n{}", "x".repeat(300));
    let phone = Origin { address: Some("::ffff:192.0.2.10".parse().unwrap()), agent, is_encrypted: false };
    let phone = gateway.sign_in("ben@example.org", PASSWORD, &phone).await.unwrap();
    let stranger = house.signed_in("eve").await;

    let listed = gateway.list_sessions(&desk.caller).await.unwrap();
    let facts: Vec<_> =
        listed.iter().map(|s| (s.created_at, s.address.as_str(), s.is_current, s.expires_at)).collect();
    let (first, second) = (START, UnixMicros(START.0 + 1_000_000));
    let end = |begin: UnixMicros| UnixMicros(begin.0 + 30 * DAY.as_micros() as i64);
    let expected = [(second, "192.0.2.10", false, end(second)), (first, "192.0.2.9", true, end(first))];
    assert_eq!(facts, expected);
    assert_eq!(listed[0].agent, format!("a phone{}", "x".repeat(193)), "one line of at most 200 characters");
    assert_eq!(listed[1].agent, "a browser");

    let id = &listed[0].id;
    refused!(gateway.end_session(&stranger.caller, id).await, GatewayError::NotFound);
    refused!(gateway.end_session(&desk.caller, &Handle("x".to_owned())).await, GatewayError::NotFound);
    let mut changes = gateway.access_changes();
    changes.mark_unchanged();
    gateway.end_session(&desk.caller, id).await.unwrap();
    assert!(changes.has_changed().unwrap(), "nobody is told");
    refused!(gateway.end_session(&desk.caller, id).await, GatewayError::NotFound);
    assert!(!is_signed_in(&house, &phone.token).await && is_signed_in(&house, &desk.token).await);
    assert_eq!(gateway.renew(&phone.caller).await.unwrap(), None);
    assert_eq!(gateway.renew(&desk.caller).await.unwrap(), Some(desk.caller.clone()));

    gateway.sign_out(&desk.caller).await.unwrap();
    assert!(!is_signed_in(&house, &desk.token).await && is_signed_in(&house, &stranger.token).await);
}

async fn signing_out_everywhere_ends_every_session(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (one, other) = (house.signed_in("ben").await, house.sign_in("ben").await);
    let stranger = house.signed_in("eve").await;
    house.gateway.sign_out_everywhere(&one.caller).await.unwrap();
    for token in [&one.token, &other.token] {
        assert!(!is_signed_in(&house, token).await);
    }
    assert!(is_signed_in(&house, &stranger.token).await);
}

async fn a_session_that_is_used_says_so(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let session = house.signed_in("ben").await;
    let last_used = async || house.gateway.list_sessions(&session.caller).await.unwrap()[0].last_used_at;
    house.pass(Duration::from_secs(59));
    assert!(is_signed_in(&house, &session.token).await);
    house.pass(Duration::from_secs(1));
    assert!(is_signed_in(&house, &session.token).await);
    until("the use to be noted", async || last_used().await != START).await;
    assert_eq!(last_used().await, UnixMicros(START.0 + 60_000_000), "not before a minute has passed");
}

async fn a_session_that_nobody_uses_ends(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let (desk, phone) = (house.signed_in("ben").await, house.sign_in("ben").await);
    house.pass(6 * DAY);
    assert!(is_signed_in(&house, &desk.token).await);
    let sessions = async || gateway.list_sessions(&desk.caller).await.unwrap();
    let listed = async || sessions().await.len();
    let is_noted = async || sessions().await.iter().any(|session| session.last_used_at != START);
    until("the use to be noted", is_noted).await;
    house.pass(DAY - Duration::from_micros(1));
    // that a page stands open is no use
    assert_eq!(gateway.renew(&phone.caller).await.unwrap(), Some(phone.caller.clone()));
    assert_eq!(listed().await, 2);
    house.pass(Duration::from_micros(1));
    assert_eq!(gateway.renew(&phone.caller).await.unwrap(), None);
    assert!(!is_signed_in(&house, &phone.token).await && is_signed_in(&house, &desk.token).await);
    assert_eq!(listed().await, 1, "nor is it listed");

    // who does something at an open page uses it
    gateway.end_idle_sessions_after(Duration::from_secs(3600));
    let laptop = house.sign_in("ben").await;
    house.pass(Duration::from_secs(3599));
    gateway.note_use(&laptop.caller);
    let noted = async || gateway.list_sessions(&laptop.caller).await.unwrap();
    let is_noted = async || noted().await.iter().any(|session| session.last_used_at == house.now());
    until("the use to be noted", is_noted).await;
    house.pass(Duration::from_secs(3599));
    assert!(gateway.renew(&laptop.caller).await.unwrap().is_some());
    house.pass(Duration::from_secs(1));
    assert!(!is_signed_in(&house, &laptop.token).await);
    // who has none used none
    gateway.note_use(&house.person("eve").await);
}

async fn another_password_ends_the_other_sessions(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let (desk, phone) = (house.signed_in("ben").await, house.sign_in("ben").await);
    let link = gateway.issue_reset_link(&house.owner, desk.caller.user.id).await.unwrap();
    let change = |current, new| gateway.change_password(&desk.caller, current, new, false);
    refused!(change("not his password", OTHER_PASSWORD).await, GatewayError::WrongPassword);
    refused!(change(PASSWORD, "password1").await, GatewayError::Invalid(_));
    refused!(change(PASSWORD, "ben@example.org").await, GatewayError::Invalid(_));
    assert!(is_signed_in(&house, &phone.token).await, "a refusal changes nothing");

    change(PASSWORD, OTHER_PASSWORD).await.unwrap();
    assert!(is_signed_in(&house, &desk.token).await && !is_signed_in(&house, &phone.token).await);
    let sign_in = |password| gateway.sign_in("ben@example.org", password, crate::accounts::nowhere());
    refused!(sign_in(PASSWORD).await, GatewayError::WrongPassword);
    sign_in(OTHER_PASSWORD).await.unwrap();
    assert_eq!(gateway.get_reset(link.reveal()).await.unwrap(), None, "a link to his old account is spent");
    // the owner here has none to change
    let none = gateway.change_password(&house.owner, "", OTHER_PASSWORD, true).await;
    refused!(none, GatewayError::Invalid(_));
}

async fn what_an_account_handed_out_ends_with_its_password(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.signed_in("ben").await;
    gateway.join(&ben.caller, &house.invite(id, ProjectRole::Admin).await).await.unwrap();
    let hand_out = async || {
        let (secret, _) = gateway.create_token(&ben.caller, "ci", TokenScope::Admin, None, 7).await.unwrap();
        let (link, _) = gateway.invite(&ben.caller, id, ProjectRole::Viewer, "").await.unwrap();
        (secret, link)
    };
    let are_good = async |(secret, link): &(Secret, Secret)| {
        let token = gateway.authenticate_token(secret.reveal(), None).await.unwrap().is_some();
        let invitation = gateway.get_invitation(link.reveal()).await.unwrap().is_some();
        assert_eq!(token, invitation);
        token
    };
    let others = house.invite(id, ProjectRole::Viewer).await;
    let first = hand_out().await;
    gateway.change_password(&ben.caller, PASSWORD, OTHER_PASSWORD, false).await.unwrap();
    assert!(are_good(&first).await, "who wants to keep them keeps them");
    gateway.change_password(&ben.caller, OTHER_PASSWORD, PASSWORD, true).await.unwrap();
    assert!(!are_good(&first).await);
    let second = hand_out().await;
    let link = gateway.issue_reset_link(&house.owner, ben.caller.user.id).await.unwrap();
    assert!(are_good(&second).await, "a link that nobody has used yet changes nothing");
    gateway.reset_password(link.reveal(), OTHER_PASSWORD, &origin()).await.unwrap();
    assert!(!are_good(&second).await);
    assert!(gateway.get_invitation(&others).await.unwrap().is_some(), "what others handed out stays");
}

async fn an_invitation_falls_with_the_token_that_made_it(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let (secret, token) = gateway.create_token(&house.owner, "ci", TokenScope::Admin, None, 7).await.unwrap();
    let script = gateway.authenticate_token(secret.reveal(), None).await.unwrap().unwrap();
    let (scripts, _) = gateway.invite(&script, id, ProjectRole::Viewer, "").await.unwrap();
    let owners = house.invite(id, ProjectRole::Viewer).await;
    let is_good = async |link: &str| gateway.get_invitation(link).await.unwrap().is_some();
    assert!(is_good(scripts.reveal()).await);
    gateway.delete_token(&house.owner, token.id).await.unwrap();
    assert!(!is_good(scripts.reveal()).await && is_good(&owners).await);
}

fn nowhere() -> &'static Origin {
    const NOWHERE: &Origin = &Origin { address: None, agent: String::new(), is_encrypted: false };
    NOWHERE
}

async fn a_reset_link_sets_a_password_once(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let ben = house.signed_in("ben").await;
    let id = ben.caller.user.id;
    refused!(gateway.issue_reset_link(&ben.caller, id).await, GatewayError::Forbidden);
    let of_nobody = gateway.issue_reset_link(&house.owner, UserId(i64::MAX)).await;
    refused!(of_nobody, GatewayError::NotFound);

    let late = gateway.issue_reset_link(&house.owner, id).await.unwrap();
    house.pass(DAY);
    let reset = |token: &str, password: &'static str| {
        let token = token.to_owned();
        async move { gateway.reset_password(&token, password, &origin()).await }
    };
    refused!(reset(late.reveal(), OTHER_PASSWORD).await, GatewayError::LinkSpent);

    let [link, second] = [(); 2].map(|()| gateway.issue_reset_link(&house.owner, id));
    let (link, second) = (link.await.unwrap(), second.await.unwrap());
    assert_eq!(gateway.get_reset(link.reveal()).await.unwrap().map(|user| user.id), Some(id));
    // it is no invitation, nor is an invitation one of these
    refused!(gateway.join(&ben.caller, link.reveal()).await, GatewayError::LinkSpent);
    let invitation = house.invite(house.project.id, ProjectRole::Viewer).await;
    assert_eq!(gateway.get_reset(&invitation).await.unwrap(), None);
    refused!(reset(&invitation, OTHER_PASSWORD).await, GatewayError::LinkSpent);
    refused!(reset(link.reveal(), "password1").await, GatewayError::Invalid(_));

    let signed_in = reset(link.reveal(), OTHER_PASSWORD).await.unwrap();
    assert_eq!(signed_in.caller.user.id, id);
    assert!(is_signed_in(&house, &signed_in.token).await && !is_signed_in(&house, &ben.token).await);
    for spent in [link, second] {
        refused!(reset(spent.reveal(), PASSWORD).await, GatewayError::LinkSpent);
    }
    let old = gateway.sign_in("ben@example.org", PASSWORD, &origin()).await;
    refused!(old, GatewayError::WrongPassword);
    assert!(gateway.get_invitation(&invitation).await.unwrap().is_some());
}

async fn two_that_reset_at_once_set_one_password(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let ben = house.signed_in("ben").await;
    let link = house.gateway.issue_reset_link(&house.owner, ben.caller.user.id).await.unwrap();
    let origin = origin();
    let reset = |password| house.gateway.reset_password(link.reveal(), password, &origin);
    let outcomes = tokio::join!(reset(OTHER_PASSWORD), reset("seven pale onions, 8"));
    let (lost, password) = match outcomes {
        (Ok(_), lost) => (lost, OTHER_PASSWORD),
        (lost, _) => (lost, "seven pale onions, 8"),
    };
    refused!(lost, GatewayError::LinkSpent);
    house.gateway.sign_in("ben@example.org", password, &origin).await.unwrap();
}

async fn a_deleted_account_leaves_its_name_in_histories(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.signed_in("ben").await;
    let _game = house.declare_speed().await;
    let link = house.invite(id, ProjectRole::Admin).await;
    gateway.join(&ben.caller, &link).await.unwrap();
    let (secret, _) = gateway.create_token(&ben.caller, "ci", TokenScope::Admin, None, 7).await.unwrap();
    let (invitation, _) = gateway.invite(&ben.caller, id, ProjectRole::Admin, "").await.unwrap();
    house.edit(&ben.caller, 6).await.unwrap();
    let his_own = gateway.list_projects(&ben.caller).await.unwrap()[1].project.clone();

    let facts = async || {
        let accounts = gateway.list_accounts(&house.owner).await.unwrap();
        accounts.into_iter().map(|a| (a.name, a.role, a.projects)).collect::<Vec<_>>()
    };
    let owner = ("owner".to_owned(), Role::Owner, 1);
    assert_eq!(facts().await, [owner.clone(), ("ben@example.org".to_owned(), Role::Member, 2)]);
    refused!(gateway.list_accounts(&ben.caller).await, GatewayError::Forbidden);
    refused!(gateway.delete_account(&ben.caller, house.owner.user.id).await, GatewayError::Forbidden);
    let delete = |user| gateway.delete_account(&house.owner, user);
    refused!(delete(house.owner.user.id).await, GatewayError::NotFound);
    refused!(delete(UserId(i64::MAX)).await, GatewayError::NotFound);
    delete(ben.caller.user.id).await.unwrap();
    refused!(delete(ben.caller.user.id).await, GatewayError::NotFound);

    assert_eq!(facts().await, [owner]);
    assert!(!is_signed_in(&house, &ben.token).await);
    assert_eq!(gateway.renew(&ben.caller).await.unwrap(), None);
    assert_eq!(gateway.authenticate_token(secret.reveal(), None).await.unwrap(), None);
    assert_eq!(gateway.get_invitation(invitation.reveal()).await.unwrap(), None);
    refused!(house.edit(&ben.caller, 7).await, GatewayError::NotFound);
    let sign_in = gateway.sign_in("ben@example.org", PASSWORD, &origin()).await;
    refused!(sign_in, GatewayError::WrongPassword);
    let history = gateway.list_history(&house.owner, id, None, None, 10).await.unwrap();
    assert_eq!(history.rows[0].author, "ben@example.org");
    assert_eq!(house.newest_deed().await, deed("value.edit", "speed", None, Some("6")));
    assert!(house.trail(Some(id)).await.iter().any(|entry| entry.actor == "ben@example.org"));
    // and what he made is still there, for the owner
    assert_eq!(gateway.get_project(&house.owner, his_own.id).await.unwrap(), his_own);
    // nor does a new account of the same e-mail get anything of it
    let again = house.signed_in("ben").await;
    refused!(gateway.get_project(&again.caller, id).await, GatewayError::NotFound);
}

async fn what_is_ones_own_is_for_people_only(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let ben = house.signed_in("ben").await;
    let id = gateway.list_sessions(&ben.caller).await.unwrap()[0].id.clone();
    let script: Caller = house.script(&house.owner, TokenScope::Admin, None).await;
    let his: Caller = house.script(&ben.caller, TokenScope::Admin, None).await;
    refused!(gateway.list_sessions(&his).await, GatewayError::Forbidden);
    refused!(gateway.end_session(&his, &id).await, GatewayError::Forbidden);
    refused!(gateway.sign_out_everywhere(&his).await, GatewayError::Forbidden);
    refused!(gateway.change_password(&his, PASSWORD, OTHER_PASSWORD, true).await, GatewayError::Forbidden);
    // nor do accounts, also for the owner's script
    refused!(gateway.list_accounts(&script).await, GatewayError::Forbidden);
    refused!(gateway.issue_reset_link(&script, ben.caller.user.id).await, GatewayError::Forbidden);
    refused!(gateway.delete_account(&script, ben.caller.user.id).await, GatewayError::Forbidden);
    gateway.sign_out(&his).await.unwrap();
    assert!(is_signed_in(&house, &ben.token).await);
}

crate::support::stories! {
    sessions_are_listed_and_ended,
    signing_out_everywhere_ends_every_session,
    a_session_that_is_used_says_so,
    a_session_that_nobody_uses_ends,
    another_password_ends_the_other_sessions,
    what_an_account_handed_out_ends_with_its_password,
    an_invitation_falls_with_the_token_that_made_it,
    a_reset_link_sets_a_password_once,
    two_that_reset_at_once_set_one_password,
    a_deleted_account_leaves_its_name_in_histories,
    what_is_ones_own_is_for_people_only,
}
