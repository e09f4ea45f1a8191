//! The audit trail: who did what, by what, from where; what it was and what it is.

use std::{collections::HashSet, sync::Arc};

use gateway::{Caller, GatewayError, store::Store};
use protocol::model::{AuditCursor, AuditEntry, Gesture, ProjectRole, Role, TokenScope, Value};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, START, name, origin, refused};

/// Everything that is in the instance's trail or in that of a project, as lines: the newest last.
async fn lines(house: &House) -> Vec<String> {
    let shown = |entry: AuditEntry| {
        let AuditEntry { actor, by, address, action, subject, old, new, .. } = entry;
        let (old, new) = (old.unwrap_or_else(|| "-".into()), new.unwrap_or_else(|| "-".into()));
        format!("{actor} | {by} | {address} | {action} | {subject} | {old} → {new}")
    };
    let mut all: Vec<String> = house.trail(None).await.into_iter().map(shown).collect();
    all.reverse();
    all
}

/// Asserts that what was done since is these lines, each once.
async fn done(house: &House, seen: &mut usize, expected: &[&str]) {
    let all = lines(house).await;
    assert_eq!(all[*seen..], *expected);
    *seen = all.len();
}

async fn each_deed_of_an_admin_has_one_row(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let mut seen = 0;
    let begin = [
        "owner | link | 192.0.2.9 | account.set_up | owner | - → -",
        "owner | link | 192.0.2.9 | session.begin | owner | - → -",
        "owner | session | 192.0.2.9 | project.create | Mr. Rescue | - → -",
    ];
    done(&house, &mut seen, &begin).await;
    let (ben, id) = (house.person("ben").await, house.project.id);
    seen += 1;

    let (link, _) = gateway.invite(&house.owner, id, ProjectRole::Admin, "for Ben").await.unwrap();
    gateway.join(&ben, link.reveal()).await.unwrap();
    gateway.set_member_role(&ben, id, ben.user.id, ProjectRole::Viewer).await.unwrap();
    gateway.remove_member(&ben, id, ben.user.id).await.unwrap();
    let members = [
        "owner | session | 192.0.2.9 | member.invite | for Ben | - → admin",
        "ben | script | 192.0.2.9 | member.join | ben | - → admin",
        "ben | script | 192.0.2.9 | member.role | ben | admin → viewer",
        "ben | script | 192.0.2.9 | member.remove | ben | viewer → -",
    ];
    done(&house, &mut seen, &members).await;

    let (_, open) = gateway.invite(&house.owner, id, ProjectRole::Viewer, "").await.unwrap();
    gateway.revoke_invitation(&house.owner, id, &open.id).await.unwrap();
    let script = house.script(&house.owner, TokenScope::Admin, Some(id)).await;
    gateway.rename_project(&script, id, "Mrs. Rescue").await.unwrap();
    let key = gateway.create_key(&script, id, "QA").await.unwrap();
    let new = gateway.rotate_key(&script, id, key.id, 1).await.unwrap();
    gateway.revoke_key(&script, id, new.id).await.unwrap();
    let token = gateway.list_tokens(&house.owner).await.unwrap()[0].id;
    gateway.delete_token(&house.owner, token).await.unwrap();
    gateway.delete_project(&house.owner, id).await.unwrap();
    let (old, new) = (key.key.shortened(), new.key.shortened());
    let keys = [
        "owner | session | 192.0.2.9 | member.invite |  | - → viewer".to_owned(),
        "owner | session | 192.0.2.9 | member.uninvite |  | viewer → -".to_owned(),
        "owner | session | 192.0.2.9 | token.create | ci | - → admin".to_owned(),
        "owner | token ci | 192.0.2.9 | project.rename | Mrs. Rescue | Mr. Rescue → Mrs. Rescue".to_owned(),
        format!("owner | token ci | 192.0.2.9 | key.create | QA | - → {old}"),
        format!("owner | token ci | 192.0.2.9 | key.rotate | QA | {old} → {new}"),
        format!("owner | token ci | 192.0.2.9 | key.revoke | QA | {new} → -"),
        "owner | session | 192.0.2.9 | token.delete | ci | admin → -".to_owned(),
        "owner | session | 192.0.2.9 | project.delete | Mrs. Rescue | - → -".to_owned(),
    ];
    done(&house, &mut seen, &keys.each_ref().map(String::as_str)).await;
}

async fn each_deed_about_an_account_has_one_row(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let mut seen = lines(&house).await.len();
    let email = "ben@example.org";
    let ben = house.signed_in("ben").await;
    gateway.change_password(&ben.caller, PASSWORD, OTHER_PASSWORD, false).await.unwrap();
    let other = gateway.sign_in(email, OTHER_PASSWORD, &origin()).await.unwrap();
    let session = gateway.list_sessions(&ben.caller).await.unwrap();
    let session = session.iter().find(|session| !session.is_current).unwrap();
    gateway.end_session(&ben.caller, &session.id).await.unwrap();
    gateway.sign_out_everywhere(&ben.caller).await.unwrap();
    let link = gateway.issue_reset_link(&house.owner, ben.caller.user.id).await.unwrap();
    let reset = gateway.reset_password(link.reveal(), PASSWORD, &origin()).await.unwrap();
    gateway.sign_out(&reset.caller).await.unwrap();
    // what is over already is no deed
    gateway.sign_out(&reset.caller).await.unwrap();
    gateway.sign_out(&other.caller).await.unwrap();
    gateway.delete_account(&house.owner, ben.caller.user.id).await.unwrap();
    let expected = [
        "ben@example.org | script | 192.0.2.9 | account.register | ben@example.org | - → -",
        "ben@example.org | script | 192.0.2.9 | project.create | ben@example.org | - → -",
        "ben@example.org | password | 192.0.2.9 | session.begin | ben@example.org | - → -",
        "ben@example.org | session | 192.0.2.9 | account.password | ben@example.org | - → -",
        "ben@example.org | password | 192.0.2.9 | session.begin | ben@example.org | - → -",
        "ben@example.org | session | 192.0.2.9 | session.end | ben@example.org | - → -",
        "ben@example.org | session | 192.0.2.9 | session.end_all | ben@example.org | - → -",
        "owner | session | 192.0.2.9 | account.reset_link | ben@example.org | - → -",
        "ben@example.org | link | 192.0.2.9 | account.password | ben@example.org | - → -",
        "ben@example.org | link | 192.0.2.9 | session.begin | ben@example.org | - → -",
        "ben@example.org | session | 192.0.2.9 | session.end | ben@example.org | - → -",
        "owner | session | 192.0.2.9 | account.delete | ben@example.org | - → -",
    ];
    done(&house, &mut seen, &expected).await;
}

async fn a_refused_deed_has_no_row(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Viewer).await;
    let eve = house.person("eve").await;
    let key = gateway.list_keys(&house.owner, id).await.unwrap()[0].id;
    let _game = house.declare_speed().await;
    let before = (lines(&house).await, house.trail(Some(id)).await);
    for somebody in [&ben, &eve] {
        assert!(gateway.invite(somebody, id, ProjectRole::Admin, "").await.is_err());
        assert!(gateway.set_member_role(somebody, id, ben.user.id, ProjectRole::Admin).await.is_err());
        assert!(gateway.remove_member(somebody, id, house.owner.user.id).await.is_err());
        assert!(gateway.create_key(somebody, id, "mine").await.is_err());
        assert!(gateway.rotate_key(somebody, id, key, 0).await.is_err());
        assert!(gateway.revoke_key(somebody, id, key).await.is_err());
        assert!(gateway.rename_project(somebody, id, "mine").await.is_err());
        assert!(gateway.delete_project(somebody, id).await.is_err());
        assert!(gateway.delete_account(somebody, house.owner.user.id).await.is_err());
        assert!(gateway.issue_reset_link(somebody, house.owner.user.id).await.is_err());
        assert!(gateway.join(somebody, "no token").await.is_err());
        assert!(house.edit(somebody, 7).await.is_err());
    }
    assert!(gateway.sign_in("ben@example.org", PASSWORD, &origin()).await.is_err());
    assert!(gateway.delete_account(&house.owner, house.owner.user.id).await.is_err());
    assert!(
        gateway
            .edit_vars(&house.owner, id, Gesture(1), vec![(name("nothing"), Value::Bool(true))])
            .await
            .is_err()
    );
    assert_eq!((lines(&house).await, house.trail(Some(id)).await), before);
}

async fn edits_are_in_the_trail_of_their_project(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let _game = house.declare_speed().await;
    let script = house.script(&house.owner, TokenScope::Write, None).await;
    let set = async |caller: &Caller, gesture, value: i64| {
        let change = vec![(name("speed"), Value::Int(value.into()))];
        gateway.edit_vars(caller, id, Gesture(gesture), change).await.unwrap();
    };
    // a drag is one deed
    for value in 6..=9 {
        set(&house.owner, 1, value).await;
    }
    set(&script, 2, 10).await;
    // what is so already is none
    set(&house.owner, 3, 10).await;
    let trail = house.trail(Some(id)).await;
    let edits: Vec<_> = trail.iter().filter(|entry| entry.action == "value.edit").collect();
    let facts: Vec<_> = edits
        .iter()
        .map(|e| (e.by.as_str(), e.address.as_str(), e.subject.as_str(), e.old.as_deref(), e.new.as_deref()))
        .collect();
    let expected = [
        ("token ci", "192.0.2.9", "speed", Some("9"), Some("10")),
        ("session", "192.0.2.9", "speed", None, Some("9")),
    ];
    assert_eq!(facts, expected);
    assert!(edits.iter().all(|edit| edit.actor == "owner" && edit.project == Some(id) && edit.at == START));
    assert!(house.trail(None).await.iter().all(|entry| entry.action != "value.edit"), "there are too many");
}

async fn pages_have_neither_gaps_nor_repeats(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let mut game = house.game(house.project.key).await;
    let names: Vec<String> = (0..9).map(|n| format!("v{n}")).chain(["Ω".into(), "a.b-c".into()]).collect();
    let declared: Vec<String> = names.iter().map(|name| format!("\"{name}\":1")).collect();
    let declared = format!("{{{}}}", declared.join(","));
    game.report_vars(protocol::line::parse_report(declared.as_bytes()).unwrap()).await.unwrap();
    gateway.flush().await.unwrap();
    // many in one moment: the clock stands still. Several values have one revision
    for round in 2..5_i64 {
        let changes = names.iter().map(|n| (name(n), Value::Int(round.into()))).collect();
        gateway.edit_vars(&house.owner, id, Gesture(round.unsigned_abs()), changes).await.unwrap();
        for _ in 0..5 {
            gateway.create_key(&house.owner, id, "k").await.unwrap();
        }
    }
    let whole = house.trail(Some(id)).await;
    assert_eq!(whole.len(), 1 + 15 + 33);
    for size in [1, 2, 7, 16, 48, 49] {
        let (mut pages, mut after) = (Vec::new(), None::<AuditCursor>);
        loop {
            let page = gateway.list_audit(&house.owner, Some(id), after.as_ref(), size).await.unwrap();
            assert!(!page.entries.is_empty() && page.entries.len() <= size as usize);
            pages.extend(page.entries);
            let Some(next) = page.next else { break };
            // as it comes back from an address
            after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(pages, whole, "in pages of {size}");
    }
    let edits = whole.iter().filter(|entry| entry.action == "value.edit");
    let distinct: HashSet<_> = edits.map(|entry| (&entry.subject, &entry.new)).collect();
    assert_eq!(distinct.len(), 33);
    // asked for too much or too little
    assert_eq!(gateway.list_audit(&house.owner, Some(id), None, 0).await.unwrap().entries.len(), 1);
    assert_eq!(gateway.list_audit(&house.owner, Some(id), None, u32::MAX).await.unwrap().entries.len(), 49);
}

async fn a_trail_is_for_admins(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Admin).await;
    let dora = house.member("dora", ProjectRole::Designer).await;
    let eve = house.person("eve").await;
    let other = gateway.create_project(&eve, "Eve's").await.unwrap();
    let trail = async |caller: &Caller, project| gateway.list_audit(caller, project, None, 200).await;
    let own = trail(&ben, Some(id)).await.unwrap().entries;
    assert!(!own.is_empty() && own.iter().all(|entry| entry.project == Some(id)));
    refused!(trail(&dora, Some(id)).await, GatewayError::Forbidden);
    refused!(trail(&eve, Some(id)).await, GatewayError::NotFound);
    refused!(trail(&ben, Some(other.id)).await, GatewayError::NotFound);
    assert_eq!(ben.user.role, Role::Member);
    refused!(trail(&ben, None).await, GatewayError::Forbidden);
    // a cursor of one project shows nothing of another
    let cursor = gateway.list_audit(&house.owner, Some(id), None, 1).await.unwrap().next.unwrap();
    let behind = gateway.list_audit(&eve, Some(other.id), Some(&cursor), 200).await.unwrap();
    assert!(behind.entries.iter().all(|entry| entry.project == Some(other.id)));
}

crate::support::stories! {
    each_deed_of_an_admin_has_one_row,
    each_deed_about_an_account_has_one_row,
    a_refused_deed_has_no_row,
    edits_are_in_the_trail_of_their_project,
    pages_have_neither_gaps_nor_repeats,
    a_trail_is_for_admins,
}
