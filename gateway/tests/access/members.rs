//! Invitations, roles, leaving and removal.

use std::{sync::Arc, time::Duration};

use gateway::{
    Caller, Credential, GatewayError,
    store::{LinkPurpose, NewLink, Store},
};
use protocol::model::{Handle, ProjectId, ProjectRole, TokenScope, UnixMicros, UserId};

use crate::house::{DAY, House, OTHER_PASSWORD, PASSWORD, START, at_browser, deed, name, origin, refused};

async fn an_invitation_makes_one_member(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let (ben, eve) = (house.person("ben").await, house.person("eve").await);
    let (secret, made) = gateway.invite(&house.owner, id, ProjectRole::Designer, " for Ben ").await.unwrap();
    assert_eq!((made.note.as_str(), made.project_name.as_str()), ("for Ben", "Mr. Rescue"));
    assert_eq!((made.role, made.invited_by.as_str()), (ProjectRole::Designer, "owner"));
    assert!(!format!("{secret:?}").contains(secret.reveal()), "it is shown where it need not be");
    assert_eq!(house.newest_deed().await, deed("member.invite", "for Ben", None, Some("designer")));
    assert_eq!(gateway.get_invitation(secret.reveal()).await.unwrap(), Some(made.clone()));
    assert_eq!(gateway.list_invitations(&house.owner, id).await.unwrap(), [made]);

    refused!(gateway.join(&ben, "another token").await, GatewayError::LinkSpent);
    assert_eq!(gateway.join(&ben, secret.reveal()).await.unwrap(), id);
    assert_eq!(house.newest_deed().await, deed("member.join", "ben", None, Some("designer")));
    refused!(gateway.join(&eve, secret.reveal()).await, GatewayError::LinkSpent);
    assert_eq!(gateway.get_invitation(secret.reveal()).await.unwrap(), None);
    assert_eq!(gateway.list_invitations(&house.owner, id).await.unwrap(), []);
    refused!(gateway.get_project(&eve, id).await, GatewayError::NotFound);

    let members = gateway.list_members(&ben, id).await.unwrap();
    let facts: Vec<_> = members.iter().map(|m| (m.user, m.name.as_str(), m.role, m.added_at)).collect();
    let owner = house.owner.user.id;
    assert_eq!(
        facts,
        [(ben.user.id, "ben", ProjectRole::Designer, START), (owner, "owner", ProjectRole::Admin, START)]
    );
}

async fn an_invitation_is_good_for_seven_days(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (ben, eve) = (house.person("ben").await, house.person("eve").await);
    let [in_time, late] = [(); 2].map(|()| house.invite(house.project.id, ProjectRole::Viewer));
    let (in_time, late) = (in_time.await, late.await);
    house.pass(7 * DAY - Duration::from_micros(1));
    house.gateway.join(&ben, &in_time).await.unwrap();
    house.pass(Duration::from_micros(1));
    assert_eq!(house.gateway.get_invitation(&late).await.unwrap(), None);
    refused!(house.gateway.join(&eve, &late).await, GatewayError::LinkSpent);
    let sign_up = house.gateway.sign_up(&late, "eve2@example.org", PASSWORD, &origin()).await;
    refused!(sign_up, GatewayError::LinkSpent);
    assert_eq!(house.gateway.list_invitations(&house.owner, house.project.id).await.unwrap(), []);
}

async fn an_invitation_can_be_taken_back(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.person("ben").await;
    let other = gateway.create_project(&ben, "Ben's").await.unwrap();
    let (secret, made) = gateway.invite(&house.owner, id, ProjectRole::Admin, "for Ben").await.unwrap();
    // not by way of another project
    refused!(gateway.revoke_invitation(&ben, other.id, &made.id).await, GatewayError::NotFound);
    gateway.revoke_invitation(&house.owner, id, &made.id).await.unwrap();
    assert_eq!(house.newest_deed().await, deed("member.uninvite", "for Ben", Some("admin"), None));
    for id_of_none in [made.id, Handle("0000000000000000".to_owned())] {
        let again = gateway.revoke_invitation(&house.owner, id, &id_of_none).await;
        refused!(again, GatewayError::NotFound);
    }
    refused!(gateway.join(&ben, secret.reveal()).await, GatewayError::LinkSpent);
    refused!(gateway.get_project(&ben, id).await, GatewayError::NotFound);
}

async fn a_mistake_leaves_the_link_good(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    house.person("ben").await;
    let link = house.invite(house.project.id, ProjectRole::Designer).await;
    let sign_up = |email: &'static str, password| gateway.sign_up(&link, email, password, origin_ref());
    refused!(sign_up("ben@example.org", PASSWORD).await, GatewayError::EmailExists);
    refused!(sign_up(" BEN@example.org", PASSWORD).await, GatewayError::EmailExists);
    refused!(sign_up("no address", PASSWORD).await, GatewayError::Invalid(_));
    for weak in ["short", "password1", "dora2020", "observerio1"] {
        refused!(sign_up("dora@example.org", weak).await, GatewayError::Invalid(_));
    }
    let accounts = gateway.list_accounts(&house.owner).await.unwrap();
    assert_eq!(accounts.len(), 2, "{accounts:?}");

    let (signed_in, project) = sign_up(" Dora@example.org ", PASSWORD).await.unwrap();
    assert_eq!((project, signed_in.caller.user.name.as_str()), (house.project.id, "dora@example.org"));
    let found = gateway.authenticate(&signed_in.token, None).await.unwrap().unwrap();
    assert_eq!(found.user, signed_in.caller.user);
    assert!(house.gateway.get_project(&found, project).await.is_ok());
    refused!(sign_up("eve@example.org", PASSWORD).await, GatewayError::LinkSpent);
    assert!(gateway.sign_in("dora@example.org", PASSWORD, &origin()).await.is_ok());
}

fn origin_ref() -> &'static gateway::Origin {
    static ORIGIN: std::sync::OnceLock<gateway::Origin> = std::sync::OnceLock::new();
    ORIGIN.get_or_init(origin)
}

async fn two_at_once_make_one_account(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let id = house.project.id;
    let gateway = &house.gateway;
    // one link, two people
    let link = house.invite(id, ProjectRole::Viewer).await;
    let sign_up = |link: String, email: &'static str| async move {
        gateway.sign_up(&link, email, OTHER_PASSWORD, &origin()).await.map(|(_, project)| project)
    };
    let outcomes = tokio::join!(sign_up(link.clone(), "a@example.org"), sign_up(link, "b@example.org"));
    let (won, lost) = if outcomes.0.is_ok() { outcomes } else { (outcomes.1, outcomes.0) };
    assert_eq!(won.unwrap(), id);
    refused!(lost, GatewayError::LinkSpent);
    // one person, two links: the second one is not spent in vain
    let links = (house.invite(id, ProjectRole::Viewer).await, house.invite(id, ProjectRole::Viewer).await);
    let outcomes =
        tokio::join!(sign_up(links.0.clone(), "c@example.org"), sign_up(links.1.clone(), "c@example.org"));
    let (won, lost, kept) = match outcomes.0 {
        Ok(_) => (outcomes.0, outcomes.1, links.1),
        Err(_) => (outcomes.1, outcomes.0, links.0),
    };
    assert_eq!(won.unwrap(), id);
    refused!(lost, GatewayError::EmailExists);
    assert!(gateway.get_invitation(&kept).await.unwrap().is_some());
    assert_eq!(gateway.list_accounts(&house.owner).await.unwrap().len(), 3, "the owner and two more");
    assert_eq!(gateway.list_members(&house.owner, id).await.unwrap().len(), 3);
}

async fn a_member_who_is_invited_keeps_the_higher_role(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let ben = house.member("ben", ProjectRole::Designer).await;
    let id = house.project.id;
    for (offered, old, then) in [
        (ProjectRole::Viewer, "designer", "designer"),
        (ProjectRole::Admin, "designer", "admin"),
        (ProjectRole::Designer, "admin", "admin"),
    ] {
        let link = house.invite(id, offered).await;
        house.gateway.join(&ben, &link).await.unwrap();
        assert_eq!(house.newest_deed().await, deed("member.join", "ben", Some(old), Some(then)));
        assert_eq!(role_of(&house, &ben).await.unwrap().as_str(), then);
    }
    assert_eq!(house.gateway.list_members(&ben, id).await.unwrap().len(), 2, "he is in it once");
}

async fn role_of(house: &House, person: &Caller) -> Option<ProjectRole> {
    let members = house.gateway.list_members(&house.owner, house.project.id).await.unwrap();
    members.into_iter().find(|member| member.user == person.user.id).map(|member| member.role)
}

async fn a_role_counts_from_the_next_deed_on(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id, user) = (&house.gateway, house.project.id, |caller: &Caller| caller.user.id);
    let ben = house.member("ben", ProjectRole::Designer).await;
    let _game = house.declare_speed().await;
    let mut changes = gateway.access_changes();
    let run = || gateway.run_action(&ben, id, name("jump"), None);
    house.edit(&ben, 6).await.unwrap();
    // there is no such action, which he may know
    refused!(run().await, GatewayError::Refused(_));
    assert_eq!(gateway.watch(&ben, id).await.unwrap().role(), ProjectRole::Designer);

    changes.mark_unchanged();
    gateway.set_member_role(&house.owner, id, user(&ben), ProjectRole::Viewer).await.unwrap();
    assert!(changes.has_changed().unwrap(), "nobody is told");
    assert_eq!(house.newest_deed().await, deed("member.role", "ben", Some("designer"), Some("viewer")));
    refused!(house.edit(&ben, 7).await, GatewayError::Forbidden);
    refused!(run().await, GatewayError::Forbidden);
    assert_eq!(gateway.watch(&ben, id).await.unwrap().snapshot().role, ProjectRole::Viewer);

    gateway.set_member_role(&house.owner, id, user(&ben), ProjectRole::Admin).await.unwrap();
    house.edit(&ben, 8).await.unwrap();
    assert!(gateway.list_audit(&ben, Some(id), None, 1).await.is_ok());
    // what he is already is no deed
    let before = house.trail(Some(id)).await.len();
    gateway.set_member_role(&house.owner, id, user(&ben), ProjectRole::Admin).await.unwrap();
    assert_eq!(house.trail(Some(id)).await.len(), before);

    changes.mark_unchanged();
    gateway.remove_member(&house.owner, id, user(&ben)).await.unwrap();
    assert!(changes.has_changed().unwrap(), "nobody is told");
    assert_eq!(house.newest_deed().await, deed("member.remove", "ben", Some("admin"), None));
    refused!(house.edit(&ben, 9).await, GatewayError::NotFound);
    refused!(run().await, GatewayError::NotFound);
    refused!(gateway.watch(&ben, id).await.map(drop), GatewayError::NotFound);
    refused!(gateway.list_history(&ben, id, None, None, 1).await, GatewayError::NotFound);
    refused!(gateway.list_logs(&ben, id, None, 1).await, GatewayError::NotFound);
    assert_eq!(gateway.list_projects(&ben).await.unwrap(), []);
    let snapshot = gateway.snapshot(&house.owner, id).await.unwrap();
    assert_eq!(
        snapshot.vars[0].desired.as_ref().unwrap().value,
        Some(protocol::model::Value::Int(8_i64.into()))
    );
}

async fn who_is_no_member_can_be_neither_promoted_nor_removed(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Admin).await;
    let eve = house.person("eve").await;
    for nobody in [eve.user.id, UserId(i64::MAX)] {
        let promoted = gateway.set_member_role(&ben, id, nobody, ProjectRole::Viewer).await;
        refused!(promoted, GatewayError::NotFound);
        refused!(gateway.remove_member(&ben, id, nobody).await, GatewayError::NotFound);
    }
    let no_project = ProjectId(i64::MAX);
    refused!(gateway.remove_member(&house.owner, no_project, ben.user.id).await, GatewayError::NotFound);
    refused!(gateway.invite(&house.owner, no_project, ProjectRole::Viewer, "").await, GatewayError::NotFound);
}

async fn anybody_may_leave_and_only_admins_remove_others(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Viewer).await;
    let dora = house.member("dora", ProjectRole::Designer).await;
    let eve = house.person("eve").await;
    refused!(gateway.remove_member(&ben, id, dora.user.id).await, GatewayError::Forbidden);
    refused!(gateway.remove_member(&dora, id, ben.user.id).await, GatewayError::Forbidden);
    refused!(gateway.remove_member(&eve, id, ben.user.id).await, GatewayError::NotFound);
    refused!(gateway.remove_member(&eve, id, eve.user.id).await, GatewayError::NotFound);
    // a script does not leave for its person, whatever its scope
    let script = house.script(&ben, TokenScope::Admin, None).await;
    refused!(gateway.remove_member(&script, id, ben.user.id).await, GatewayError::Forbidden);

    gateway.remove_member(&ben, id, ben.user.id).await.unwrap();
    assert_eq!(house.newest_deed().await, deed("member.remove", "ben", Some("viewer"), None));
    assert_eq!(role_of(&house, &ben).await, None);
    refused!(gateway.get_project(&ben, id).await, GatewayError::NotFound);
}

async fn the_owner_is_an_admin_everywhere(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let ben = house.person("ben").await;
    let project = gateway.create_project(&ben, "Ben's").await.unwrap();
    assert_eq!(gateway.watch(&house.owner, project.id).await.unwrap().role(), ProjectRole::Admin);
    gateway.rename_project(&house.owner, project.id, "Ours").await.unwrap();
    // also when he was made less, and when he was removed
    let owner = house.owner.user.id;
    let link = house.invite(project.id, ProjectRole::Viewer).await;
    gateway.join(&house.owner, &link).await.unwrap();
    assert_eq!(gateway.watch(&house.owner, project.id).await.unwrap().role(), ProjectRole::Admin);
    gateway.remove_member(&ben, project.id, owner).await.unwrap();
    gateway.rename_project(&house.owner, project.id, "Mine").await.unwrap();
    let listed = gateway.list_projects(&house.owner).await.unwrap();
    let roles: Vec<_> = listed.iter().map(|summary| (summary.project.id, summary.role)).collect();
    assert_eq!(roles, [(project.id, ProjectRole::Admin), (house.project.id, ProjectRole::Admin)]);
}

async fn who_loses_a_role_keeps_nothing_of_it(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    for (role, kept) in [(Some(ProjectRole::Designer), Some(ProjectRole::Designer)), (None, None)] {
        let ben = house.member(&format!("ben{}", u8::from(kept.is_some())), ProjectRole::Admin).await;
        // a way back in, laid by for later
        let (secret, _) = gateway.invite(&ben, id, ProjectRole::Admin, "").await.unwrap();
        let owners = house.invite(id, ProjectRole::Viewer).await;
        match role {
            Some(role) => gateway.set_member_role(&house.owner, id, ben.user.id, role).await.unwrap(),
            None => gateway.remove_member(&house.owner, id, ben.user.id).await.unwrap(),
        }
        refused!(gateway.join(&ben, secret.reveal()).await, GatewayError::LinkSpent);
        assert_eq!(role_of(&house, &ben).await, kept);
        assert!(gateway.get_invitation(&owners).await.unwrap().is_some(), "another admin's is still good");
    }
}

async fn an_invitation_has_bounds(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    for bad in ["two\nlines", &"x".repeat(201)] {
        let refused = gateway.invite(&house.owner, id, ProjectRole::Viewer, bad).await;
        refused!(refused, GatewayError::Invalid(_));
    }
    for number in 0..100 {
        let link = NewLink {
            token_hash: [number; 32],
            purpose: LinkPurpose::Invitation { project: id, role: ProjectRole::Viewer },
            note: String::new(),
            created_by: house.owner.user.clone(),
            token: None,
            created_at: house.now(),
            expires_at: UnixMicros(house.now().0 + 1_000),
        };
        let note = crate::house::note("member.invite");
        house.store.access().create_link(link, note).await.unwrap();
    }
    let invite = || gateway.invite(&house.owner, id, ProjectRole::Viewer, "");
    refused!(invite().await, GatewayError::Invalid(_));
    // what has expired takes no room
    house.pass(Duration::from_millis(1));
    invite().await.unwrap();
}

async fn an_invitation_tells_little_of_who_has_an_account(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ben = house.signed_in("ben").await.caller;
    let take = async |link: &str, email: &str, password: &str| {
        gateway.take_invitation(link, email, password, &origin()).await.map(|(signed_in, project)| {
            assert_eq!(project, id);
            signed_in.caller.user
        })
    };
    let link = house.invite(id, ProjectRole::Designer).await;
    refused!(take(&link, "ben@example.org", OTHER_PASSWORD).await, GatewayError::WrongPassword);
    assert_eq!(
        take(&link, " Ben@example.org", PASSWORD).await.unwrap(),
        ben.user,
        "the account that there is"
    );
    assert!(gateway.snapshot(&ben, id).await.is_ok());
    refused!(take(&link, "ben@example.org", PASSWORD).await, GatewayError::LinkSpent);
    let link = house.invite(id, ProjectRole::Designer).await;
    assert_eq!(take(&link, "eve@example.org", PASSWORD).await.unwrap().name, "eve@example.org", "a new one");

    let link = house.invite(id, ProjectRole::Designer).await;
    // what is refused for every account tells nothing, and does not count
    for _ in 0..9 {
        refused!(take(&link, "ben@example.org", "short").await, GatewayError::Invalid(_));
    }
    for _ in 0..5 {
        refused!(take(&link, "ben@example.org", OTHER_PASSWORD).await, GatewayError::WrongPassword);
    }
    let told = deed("member.uninvite", "tried with wrong passwords", None, None);
    assert_eq!(house.newest_deed().await, told);
    refused!(take(&link, "ben@example.org", PASSWORD).await, GatewayError::LinkSpent);
    assert!(gateway.get_invitation(&link).await.unwrap().is_none());
    // a link that is none is no way to try passwords
    refused!(take("made up", "ben@example.org", PASSWORD).await, GatewayError::LinkSpent);
}

async fn a_script_joins_nothing(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let ben = house.person("ben").await;
    let link = house.invite(house.project.id, ProjectRole::Viewer).await;
    let script = house.script(&ben, TokenScope::Admin, None).await;
    refused!(house.gateway.join(&script, &link).await, GatewayError::Forbidden);
    let person = at_browser(&ben, 1);
    assert!(matches!(person.by, Credential::Session(_)));
    house.gateway.join(&person, &link).await.unwrap();
}

crate::support::stories! {
    an_invitation_makes_one_member,
    an_invitation_is_good_for_seven_days,
    an_invitation_can_be_taken_back,
    a_mistake_leaves_the_link_good,
    two_at_once_make_one_account,
    a_member_who_is_invited_keeps_the_higher_role,
    a_role_counts_from_the_next_deed_on,
    who_is_no_member_can_be_neither_promoted_nor_removed,
    anybody_may_leave_and_only_admins_remove_others,
    the_owner_is_an_admin_everywhere,
    who_loses_a_role_keeps_nothing_of_it,
    an_invitation_has_bounds,
    an_invitation_tells_little_of_who_has_an_account,
    a_script_joins_nothing,
}
