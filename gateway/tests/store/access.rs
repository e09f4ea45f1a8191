//! What the store promises about people: each change with its row in the trail, or neither.

use std::sync::Arc;

use gateway::store::{
    Access, AuditRow, Joining, Link, LinkPurpose, NewKey, NewLink, NewToken, NewUser, PAGE_BYTES, Sessions,
    Store, StoreError, TokenHash, Written,
};
use protocol::model::{
    AllowedOrigins, AuditCursor, Handle, Key, KeyId, ProjectId, ProjectRole, Revision, Role, TokenId,
    TokenScope, UnixMicros, User, UserId, Value, VarName, VarRevision, VarSpec, VarType,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    house::{House, KEY, NOW, int, integer, later, make_project, make_user, name, note, session, text},
    support::Place,
    sweeping::sweep,
};

const BEFORE: UnixMicros = UnixMicros(NOW.0 - 1);

fn invitation(token_hash: TokenHash, project: ProjectId, role: ProjectRole, by: &User) -> NewLink {
    let purpose = LinkPurpose::Invitation { project, role };
    link(token_hash, purpose, by)
}

fn link(token_hash: TokenHash, purpose: LinkPurpose, by: &User) -> NewLink {
    let (note, created_by) = ("for somebody".to_owned(), by.clone());
    NewLink { token_hash, purpose, note, created_by, token: None, created_at: NOW, expires_at: later(10) }
}

fn new_user(email: &str) -> NewUser {
    let (name, email) = (email.to_owned(), Some(email.to_owned()));
    NewUser { name, email, password_hash: Some("hash".to_owned()), role: Role::Member, created_at: NOW }
}

fn new_key(key: &str) -> NewKey {
    let (key, name) = (key.parse().unwrap(), "further".to_owned());
    NewKey {
        key,
        name,
        report_only: false,
        origins: AllowedOrigins::default(),
        created_by: Some("Ana".to_owned()),
        created_at: NOW,
    }
}

/// How many rows the trail has.
async fn deeds(access: &dyn Access) -> usize {
    access.list_audit(None, None, 10_000).await.unwrap().len()
}

/// What changes nothing is no deed.
async fn what_changes_nothing_has_no_row(store: Arc<dyn Store>) {
    let access = store.access();
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let owner = make_user(&store, Role::Owner, None).await.unwrap();
    let project = make_project(&store, KEY).await;
    let (nobody, nothing) = (UserId(i64::MAX), ProjectId(i64::MAX));
    let before = deeds(access).await;
    let n = || note("nothing");

    assert!(!access.set_password(nobody, "hash", None, true, n()).await.unwrap());
    assert!(!access.delete_user(nobody, n()).await.unwrap());
    assert!(!access.delete_user(owner.id, n()).await.unwrap(), "the owner stays");
    for which in [Sessions::All, Sessions::One(&[1; 32]), Sessions::Others(&[1; 32])] {
        assert_eq!(access.delete_sessions(ana.id, which, n()).await.unwrap(), 0);
    }
    let taken = access.create_project("thief", None, KEY.parse().unwrap(), NOW, n()).await;
    assert!(matches!(taken, Err(StoreError::KeyTaken)));
    assert!(!access.rename_project(nothing, "x", n()).await.unwrap());
    assert!(!access.delete_project(nothing, n()).await.unwrap());
    assert!(!access.set_member_role(project.id, ana.id, ProjectRole::Admin, n()).await.unwrap());
    assert!(!access.remove_member(project.id, ana.id, n()).await.unwrap());
    assert!(!access.delete_link(&[1; 32], n()).await.unwrap());
    assert!(access.join(&[1; 32], Joining::Known(ana.id), NOW, n()).await.unwrap().is_none());
    assert!(access.reset_password(&[1; 32], "hash", NOW, n()).await.unwrap().is_none());
    let taken = access.create_key(project.id, new_key(KEY), None, n()).await;
    assert!(matches!(taken, Err(StoreError::KeyTaken)));
    let replaces = Some((KeyId(i64::MAX), later(1)));
    let gone = access.create_key(project.id, new_key("another_key_"), replaces, n()).await;
    assert!(matches!(gone, Err(StoreError::Gone)));
    assert_eq!(access.list_keys(project.id).await.unwrap().len(), 1, "the new one is not made either");
    assert_eq!(access.revoke_key(project.id, KeyId(i64::MAX), NOW, n()).await.unwrap(), None);
    assert!(!access.delete_token(ana.id, TokenId(i64::MAX), n()).await.unwrap());
    let exists = access.create_user(new_user("ana@example.org"), n()).await;
    assert!(matches!(exists, Err(StoreError::EmailExists)));
    let exists = access.set_credentials(owner.id, "ana@example.org", "hash", n()).await;
    assert!(matches!(exists, Err(StoreError::EmailExists)));

    assert_eq!(deeds(access).await, before);
    access.record(n()).await.unwrap();
    assert_eq!(deeds(access).await, before + 1);
}

async fn sessions_of_others_are_left_alone(store: Arc<dyn Store>) {
    let access = store.access();
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let ben = make_user(&store, Role::Member, Some("ben@example.org")).await.unwrap();
    for (number, user) in [(1, ana.id), (2, ana.id), (3, ana.id), (4, ben.id)] {
        let begun = session([number; 32], user, later(i64::from(number)), 100);
        access.create_session(begun, note("session.begin")).await.unwrap();
    }
    let hashes = async |user| {
        let listed = access.list_sessions(user, later(50)).await.unwrap();
        listed.into_iter().map(|(hash, _)| hash[0]).collect::<Vec<_>>()
    };
    assert_eq!(hashes(ana.id).await, [3, 2, 1]);
    access.touch_session(&[2; 32], later(60), later(2)).await.unwrap();
    // it was used later than that
    access.touch_session(&[2; 32], later(90), later(59)).await.unwrap();
    let (hash, info) = access.list_sessions(ana.id, NOW).await.unwrap().swap_remove(1);
    assert_eq!(info.id, Handle("0202020202020202".to_owned()), "not enough of it to sign in with");
    assert_eq!((hash, info.last_used_at, info.created_at), ([2; 32], later(60), later(2)));
    assert_eq!((info.address.as_str(), info.agent.as_str()), ("192.0.2.7", "a browser"));
    // somebody else's token is none of his
    let end = |user, which| access.delete_sessions(user, which, note("session.end"));
    assert_eq!(end(ana.id, Sessions::One(&[4; 32])).await.unwrap(), 0);
    assert_eq!(end(ana.id, Sessions::Others(&[1; 32])).await.unwrap(), 2);
    assert_eq!((hashes(ana.id).await, hashes(ben.id).await), (vec![1], vec![4]));
    // by a password, but for the one by which he asks
    access.create_session(session([5; 32], ana.id, later(9), 100), note("session.begin")).await.unwrap();
    access.create_link(link([9; 32], LinkPurpose::Reset { user: ana.id }, &ben), note("x")).await.unwrap();
    assert!(
        access.set_password(ana.id, "new", Some(&[5; 32]), false, note("account.password")).await.unwrap()
    );
    assert_eq!((hashes(ana.id).await, hashes(ben.id).await), (vec![5], vec![4]));
    assert!(access.get_link(&[9; 32], NOW).await.unwrap().is_none());
    assert_eq!(access.get_user(ana.id).await.unwrap().unwrap().1.as_deref(), Some("new"));
    assert_eq!(end(ana.id, Sessions::All).await.unwrap(), 1);
    // 101 = the end of the session that began at 1
    assert_eq!(access.get_session(&[4; 32], later(103)).await.unwrap().map(|found| found.0), Some(ben));
    assert_eq!(access.get_session(&[4; 32], later(104)).await.unwrap(), None);
}

async fn an_invitation_is_spent_once(store: Arc<dyn Store>) {
    let access = store.access();
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let project = make_project(&store, KEY).await;
    for (number, role) in [(1, ProjectRole::Designer), (2, ProjectRole::Viewer), (3, ProjectRole::Admin)] {
        let link = invitation([number; 32], project.id, role, &ana);
        access.create_link(link, note("member.invite")).await.unwrap();
    }
    let open = access.list_invitations(project.id, NOW).await.unwrap();
    let roles: Vec<ProjectRole> = open.iter().map(|(_, invitation)| invitation.role).collect();
    assert_eq!(roles, [ProjectRole::Designer, ProjectRole::Viewer, ProjectRole::Admin]);
    let Some(Link::Invitation(found)) = access.get_link(&[1; 32], later(9)).await.unwrap() else { panic!() };
    assert_eq!((found.project_name.as_str(), found.note.as_str()), ("Mr. Rescue", "for somebody"));
    assert!(access.get_link(&[1; 32], later(10)).await.unwrap().is_none());
    assert!(access.list_invitations(project.id, later(10)).await.unwrap().is_empty());

    let join = async |hash: TokenHash, who, at| access.join(&hash, who, at, note("member.join")).await;
    assert!(join([1; 32], Joining::New(new_user("ben@example.org")), later(10)).await.unwrap().is_none());
    let exists = join([1; 32], Joining::New(new_user("ana@example.org")), NOW).await;
    assert!(matches!(exists, Err(StoreError::EmailExists)));
    assert!(join([1; 32], Joining::Known(UserId(i64::MAX)), NOW).await.unwrap().is_none());
    let joined = join([1; 32], Joining::New(new_user("ben@example.org")), later(5)).await.unwrap();
    let (ben, of) = joined.unwrap();
    assert_eq!((ben.name.as_str(), of), ("ben@example.org", project.id));
    assert!(join([1; 32], Joining::Known(ana.id), NOW).await.unwrap().is_none());
    assert_eq!(access.list_memberships(ben.id).await.unwrap(), [(of, ProjectRole::Designer)]);
    // the trail says who it was and what he became, whatever the note said
    let newest = access.list_audit(Some(of), None, 1).await.unwrap().swap_remove(0).1;
    let facts = (newest.actor.as_str(), newest.subject.as_str(), newest.old, newest.new);
    assert_eq!(facts, ("ben@example.org", "ben@example.org", None, Some("designer".to_owned())));

    // the higher role is kept, and since when he is a member
    for (number, role) in [(2, ProjectRole::Designer), (3, ProjectRole::Admin)] {
        join([number; 32], Joining::Known(ben.id), later(7)).await.unwrap().unwrap();
        let members = access.list_members(of).await.unwrap();
        assert_eq!((members.len(), members[0].role, members[0].added_at), (1, role, later(5)));
    }
}

async fn a_link_is_good_for_one_thing(store: Arc<dyn Store>) {
    let access = store.access();
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let ben = make_user(&store, Role::Member, Some("ben@example.org")).await.unwrap();
    let project = make_project(&store, KEY).await;
    let invited = invitation([1; 32], project.id, ProjectRole::Viewer, &ben);
    access.create_link(invited, note("member.invite")).await.unwrap();
    let reset = link([2; 32], LinkPurpose::Reset { user: ana.id }, &ana);
    access.create_link(reset, note("account.reset_link")).await.unwrap();
    let spend = |hash, at| access.reset_password(hash, "new", at, note("account.password"));
    assert!(access.join(&[2; 32], Joining::Known(ana.id), NOW, note("x")).await.unwrap().is_none());
    assert!(spend(&[1; 32], NOW).await.unwrap().is_none());
    assert!(spend(&[2; 32], later(10)).await.unwrap().is_none());
    assert!(matches!(access.get_link(&[2; 32], NOW).await.unwrap(), Some(Link::Reset(user)) if user == ana));
    access.create_session(session([3; 32], ana.id, NOW, 100), note("session.begin")).await.unwrap();
    assert_eq!(spend(&[2; 32], NOW).await.unwrap(), Some(ana.clone()));
    assert_eq!(access.get_session(&[3; 32], NOW).await.unwrap(), None);
    assert!(spend(&[2; 32], NOW).await.unwrap().is_none());
    assert!(access.get_link(&[1; 32], NOW).await.unwrap().is_some());
    assert!(access.delete_link(&[1; 32], note("member.uninvite")).await.unwrap());
    assert!(access.get_link(&[1; 32], NOW).await.unwrap().is_none());
}

async fn keys_come_and_go(store: Arc<dyn Store>) {
    let access = store.access();
    let project = make_project(&store, KEY).await;
    let other = make_project(&store, "another_key_").await;
    let first = access.list_keys(project.id).await.unwrap().swap_remove(0);
    assert_eq!((first.key.as_str(), first.created_by, first.last_used_at), (KEY, None, None));
    store.touch_key(first.id, later(3)).await.unwrap();
    let made =
        access.create_key(project.id, new_key("a_third_key_"), None, note("key.create")).await.unwrap();
    let replace = |new: &str, end| {
        access.create_key(project.id, new_key(new), Some((first.id, end)), note("key.rotate"))
    };
    replace("a_fourth_key", later(50)).await.unwrap();
    replace("a_fifth_key_", later(90)).await.unwrap();
    let listed = access.list_keys(project.id).await.unwrap();
    let facts: Vec<_> = listed.iter().map(|k| (k.key.as_str(), k.last_used_at, k.expires_at)).collect();
    let expected = [
        (KEY, Some(later(3)), Some(later(50))),
        ("a_third_key_", None, None),
        ("a_fourth_key", None, None),
        ("a_fifth_key_", None, None),
    ];
    assert_eq!(facts, expected, "an end that is set is not put off");
    let state = async |key: &str| store.get_key(key.parse::<Key>().unwrap()).await.unwrap().unwrap();
    assert_eq!((state(KEY).await.expires_at, state(KEY).await.is_revoked), (Some(later(50)), false));

    let revoke = |project, key| access.revoke_key(project, key, later(4), note("key.revoke"));
    assert_eq!(revoke(other.id, made.id).await.unwrap(), None, "it is another project's");
    assert_eq!(revoke(project.id, made.id).await.unwrap(), Some(made.key));
    assert_eq!(revoke(project.id, made.id).await.unwrap(), None);
    assert!(state("a_third_key_").await.is_revoked && !state("another_key_").await.is_revoked);
    let again = access.create_project("thief", None, made.key, NOW, note("x")).await;
    assert!(matches!(again, Err(StoreError::KeyTaken)), "a revoked key stays taken");
    let gone = access.create_key(project.id, new_key("the_last_key"), Some((made.id, NOW)), note("x")).await;
    assert!(matches!(gone, Err(StoreError::Gone)));
    // the key that a project shows is one that stays
    assert_eq!(store.get_project(project.id).await.unwrap().unwrap().key.as_str(), "a_fourth_key");
}

async fn tokens_come_and_go(store: Arc<dyn Store>) {
    let access = store.access();
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let ben = make_user(&store, Role::Member, Some("ben@example.org")).await.unwrap();
    let project = make_project(&store, KEY).await;
    let token = |number, project| NewToken {
        token_hash: [number; 32],
        shown: "obs_abcd…".to_owned(),
        user: ana.id,
        name: "ci".to_owned(),
        scope: TokenScope::Write,
        project,
        created_at: NOW,
        expires_at: later(10),
    };
    let create = |token| access.create_token(token, note("token.create"));
    let bound = create(token(1, Some(project.id))).await.unwrap();
    let free = create(token(2, None)).await.unwrap();
    assert!(create(token(2, None)).await.is_err(), "a digest is one token's");
    assert_eq!(access.get_token(&[1; 32], later(9)).await.unwrap(), Some((ana.clone(), bound.clone())));
    assert_eq!(access.get_token(&[1; 32], later(10)).await.unwrap(), None);
    assert_eq!(access.get_token(&[3; 32], NOW).await.unwrap(), None);
    access.touch_token(free.id, later(5)).await.unwrap();
    let listed = access.list_tokens(ana.id).await.unwrap();
    assert_eq!(
        listed.iter().map(|t| (t.id, t.last_used_at)).collect::<Vec<_>>(),
        [(free.id, Some(later(5))), (bound.id, None)]
    );
    assert_eq!(access.list_tokens(ben.id).await.unwrap(), []);
    assert_eq!(access.get_token_of(ana.id, bound.id).await.unwrap(), Some(bound.clone()));
    assert_eq!(access.get_token_of(ben.id, bound.id).await.unwrap(), None, "it is somebody else's");
    let delete = |user, id| access.delete_token(user, id, note("token.delete"));
    assert!(!delete(ben.id, free.id).await.unwrap() && delete(ana.id, free.id).await.unwrap());
    assert_eq!(access.get_token(&[2; 32], NOW).await.unwrap(), None);

    // with a membership its tokens go; with an account all of its own
    let invited = invitation([7; 32], project.id, ProjectRole::Admin, &ben);
    access.create_link(invited, note("member.invite")).await.unwrap();
    access.join(&[7; 32], Joining::Known(ana.id), NOW, note("member.join")).await.unwrap().unwrap();
    create(token(4, None)).await.unwrap();
    for number in [8, 9] {
        let link =
            invitation([number; 32], project.id, ProjectRole::Admin, if number == 8 { &ana } else { &ben });
        access.create_link(link, note("member.invite")).await.unwrap();
    }
    assert!(access.remove_member(project.id, ana.id, note("member.remove")).await.unwrap());
    assert_eq!(access.get_token(&[1; 32], NOW).await.unwrap(), None);
    assert!(access.get_token(&[4; 32], NOW).await.unwrap().is_some());
    assert!(access.get_link(&[8; 32], NOW).await.unwrap().is_none());
    assert!(access.get_link(&[9; 32], NOW).await.unwrap().is_some());
    access.create_session(session([5; 32], ana.id, NOW, 100), note("session.begin")).await.unwrap();
    assert!(access.delete_user(ana.id, note("account.delete")).await.unwrap());
    assert_eq!(access.get_token(&[4; 32], NOW).await.unwrap(), None);
    assert_eq!(access.get_session(&[5; 32], NOW).await.unwrap(), None);
    assert_eq!(access.get_user(ana.id).await.unwrap(), None);
}

async fn who_may_do_less_has_no_invitations_open(store: Arc<dyn Store>) {
    let access = store.access();
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let key: Key = KEY.parse().unwrap();
    let project = access.create_project("hers", Some(ana.id), key, NOW, note("x")).await.unwrap().id;
    let other =
        access.create_project("too", Some(ana.id), "another_key_".parse().unwrap(), NOW, note("x")).await;
    let is_good = async |hash: TokenHash| access.get_link(&hash, NOW).await.unwrap().is_some();
    for (number, project) in [(1, project), (2, other.unwrap().id)] {
        let link = invitation([number; 32], project, ProjectRole::Admin, &ana);
        access.create_link(link, note("member.invite")).await.unwrap();
    }
    let set = |role| access.set_member_role(project, ana.id, role, note("member.role"));
    assert!(set(ProjectRole::Admin).await.unwrap() && is_good([1; 32]).await);
    assert!(set(ProjectRole::Viewer).await.unwrap() && !is_good([1; 32]).await);
    assert!(is_good([2; 32]).await, "she is still an admin there");
}

async fn a_project_goes_with_all_but_its_trail(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (access, id) = (house.store.access(), house.project.id);
    let other = make_project(&house.store, "another_key_").await;
    house
        .commit(&[house.report(&[("speed", integer())], &[("speed", int(5))]), house.logs(&["a"; 25])])
        .await;
    house.commit(&[house.edit(1, &[("speed", int(6))])]).await;
    // nothing is ever taken away before its project
    while sweep(&house.store, 10).await {}
    assert_eq!(house.history().await.len(), 1);
    let noted = AuditRow { project: Some(id), ..note("project.delete") };
    assert!(access.delete_project(id, noted).await.unwrap());
    assert!(!access.delete_project(id, note("project.delete")).await.unwrap());
    assert_eq!(house.store.get_project(id).await.unwrap(), None);
    assert_eq!(house.store.get_key(house.project.key).await.unwrap(), None);
    while sweep(&house.store, 10).await {}
    assert_eq!(house.history().await, []);
    assert_eq!(house.store.list_logs(id, None, 10).await.unwrap(), []);
    assert!(house.store.get_project(other.id).await.unwrap().is_some());
    let trail = access.list_audit(Some(id), None, 10).await.unwrap();
    assert_eq!(
        trail.iter().map(|(_, entry)| entry.action.as_str()).collect::<Vec<_>>(),
        ["project.delete", "project.create"]
    );
}

async fn history_gestures_and_logs_are_read_in_parts(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    house.commit(&[house.report(&[("size", integer()), ("speed", integer())], &[])]).await;
    house.commit(&[house.edit(1, &[("size", int(1)), ("speed", int(2))])]).await;
    house.commit(&[house.edit(2, &[("speed", int(3))]), house.edit(3, &[("speed", text("x"))])]).await;
    let revisions = async |of: Option<&str>, behind: Option<(i64, &str)>, limit| {
        let of = of.map(name);
        let behind = behind.map(|(revision, last)| (Revision(revision), name(last)));
        let behind = behind.as_ref().map(|(revision, last)| (*revision, last));
        let rows = store.list_history(id, of.as_ref(), behind, limit).await.unwrap();
        rows.into_iter().map(|row| (row.name.to_string(), row.revision.0)).collect::<Vec<_>>()
    };
    let row = |name: &str, revision| (name.to_owned(), revision);
    assert_eq!(revisions(None, None, 2).await, [row("speed", 3), row("speed", 2)]);
    assert_eq!(revisions(None, Some((2, "speed")), 9).await, [row("size", 1), row("speed", 1)]);
    assert_eq!(revisions(None, Some((1, "size")), 9).await, [row("speed", 1)]);
    assert_eq!(revisions(Some("speed"), Some((3, "speed")), 1).await, [row("speed", 2)]);
    assert_eq!(revisions(Some("size"), None, 9).await, [row("size", 1)]);
    assert_eq!(revisions(Some("nothing"), None, 9).await, []);

    let gesture = async |author, gesture| {
        let rows = store.get_gesture(id, UserId(author), protocol::model::Gesture(gesture)).await.unwrap();
        rows.into_iter()
            .map(|row| (row.name.to_string(), row.value, row.revision.0, row.set_by.0))
            .collect::<Vec<_>>()
    };
    let expected = [("size".to_owned(), Some(int(1)), 1, 1), ("speed".to_owned(), Some(int(2)), 1, 1)];
    assert_eq!(gesture(7, 1).await, expected);
    assert_eq!((gesture(8, 1).await, gesture(7, 9).await), (vec![], vec![]));
    // what it asked to remember comes beside what it changed, which may be nothing
    for (number, changes, revision) in [(4, &[("size", int(5))][..], 4), (5, &[], 3)] {
        let edit = house.edit_beside(number, changes, &[("speed", text("x"))], 3);
        let set = (!changes.is_empty()).then_some(VarRevision(revision));
        let written = Written::Edit { revision: Revision(revision), set };
        assert_eq!(house.commit(&[edit]).await, [written]);
        let row =
            |name: &str, value: &Value, set_by| (name.to_owned(), Some(value.clone()), revision, set_by);
        let mut expected: Vec<_> = changes.iter().map(|(name, value)| row(name, value, revision)).collect();
        expected.push(row("speed", &text("x"), 3));
        assert_eq!(gesture(7, number).await, expected);
    }
    assert_eq!(house.load().await.revision, Revision(4));

    house.commit(&[house.logs(&["a", "b", "c", "d"])]).await;
    let seqs = async |before, limit| {
        let lines = store.list_logs(id, before, limit).await.unwrap();
        lines.into_iter().map(|line| line.seq).collect::<Vec<_>>()
    };
    assert_eq!((seqs(None, 2).await, seqs(Some(3), 9).await), (vec![4, 3], vec![2, 1]));
    assert_eq!(seqs(Some(1), 9).await, Vec::<u64>::new());
}

async fn pages_of_long_rows_are_cut_by_bytes(store: Arc<dyn Store>) {
    const LONG: usize = 60_000;
    let house = House::new(store).await;
    let (store, access, id) = (&house.store, house.store.access(), house.project.id);
    let names: Vec<String> = (0..20).map(|n| format!("v{n:02}")).collect();
    let long = |n: usize| text(&format!("{n:02}{}", "x".repeat(LONG)));
    let declared: Vec<_> = names.iter().map(|name| (name.as_str(), VarSpec::bare(VarType::String))).collect();
    house.commit(&[house.report(&declared, &[])]).await;
    let changes: Vec<_> = names.iter().enumerate().map(|(n, name)| (name.as_str(), long(n))).collect();
    house.commit(&[house.edit(1, &changes)]).await;
    let messages: Vec<String> = (0..20).map(|n| format!("{n:02}{}", "y".repeat(LONG))).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    house.commit(&[house.logs(&messages)]).await;
    // five of them are more than a page may have
    let fits = PAGE_BYTES / LONG + 1;

    let (mut seen, mut before) = (Vec::new(), None);
    while let page @ [_, ..] = &store.list_logs(id, before, 1_000).await.unwrap()[..] {
        assert!(page.len() <= fits, "{}", page.len());
        seen.extend(page.iter().map(|line| line.seq));
        before = seen.last().copied();
    }
    assert_eq!(seen, (1..=20).rev().collect::<Vec<u64>>());
    let (mut seen, mut after) = (Vec::new(), 0);
    while let page @ [_, ..] = &store.list_logs_after(id, after, 1_000).await.unwrap()[..] {
        assert!(page.len() <= fits, "{}", page.len());
        seen.extend(page.iter().map(|line| line.seq));
        after = *seen.last().unwrap();
    }
    assert_eq!(seen, (1..=20).collect::<Vec<u64>>());

    let (mut seen, mut last) = (Vec::new(), None::<(Revision, VarName)>);
    loop {
        let behind = last.as_ref().map(|(revision, name)| (*revision, name));
        let page = store.list_history(id, None, behind, 1_000).await.unwrap();
        assert!(page.len() <= fits, "{}", page.len());
        let Some(row) = page.last() else { break };
        last = Some((row.revision, row.name.clone()));
        seen.extend(page.into_iter().map(|row| row.name.to_string()));
    }
    assert_eq!(seen, names);

    let (mut seen, mut after) = (Vec::new(), None);
    while let page @ [_, ..] = &access.list_audit(Some(id), after.as_ref(), 1_000).await.unwrap()[..] {
        let edits = page.iter().filter(|(_, entry)| entry.action == "value.edit");
        assert!(edits.count() <= fits);
        seen.extend(page.iter().map(|(_, entry)| entry.subject.clone()));
        after = page.last().map(|(cursor, _)| cursor.clone());
    }
    assert_eq!(seen.iter().filter(|subject| names.contains(subject)).count(), 20);

    let loaded = house.load().await;
    assert!(loaded.logs.len() <= fits, "{}", loaded.logs.len());
    assert_eq!(loaded.logs.last().unwrap().seq, 20);
}

async fn the_trail_is_read_in_parts(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (access, id) = (house.store.access(), house.project.id);
    house.commit(&[house.report(&[("a", integer()), ("b", integer())], &[])]).await;
    for round in 1..=3 {
        house.commit(&[house.edit(round, &[("a", int(round as i64)), ("b", int(round as i64))])]).await;
        for at in [BEFORE, NOW, later(1)] {
            access.record(AuditRow { at, project: Some(id), ..note("a.deed") }).await.unwrap();
        }
    }
    for project in [Some(id), None] {
        let whole = access.list_audit(project, None, 1_000).await.unwrap();
        assert!(whole.is_sorted_by(|(a, _), (b, _)| key(a) > key(b)), "the newest first, none twice");
        for size in 1..=whole.len() {
            let (mut parts, mut after) = (Vec::new(), None);
            while let part @ [_, ..] =
                &access.list_audit(project, after.as_ref(), size as u32).await.unwrap()[..]
            {
                parts.extend(part.to_vec());
                after = parts.last().map(|(cursor, _)| cursor.clone());
            }
            assert_eq!(parts, whole, "in parts of {size}");
        }
    }
    let of_project = access.list_audit(Some(id), None, 1_000).await.unwrap();
    let edits: Vec<_> = of_project.iter().filter(|(cursor, _)| cursor.is_edit).collect();
    assert_eq!((of_project.len(), edits.len()), (1 + 9 + 6, 6));
    let (_, edit) = edits[0];
    assert_eq!(
        (edit.actor.as_str(), edit.by.as_str(), edit.address.as_str()),
        ("Ana", "session", "192.0.2.7")
    );
    assert_eq!(
        (edit.subject.as_str(), edit.old.as_deref(), edit.new.as_deref()),
        ("b", Some("2"), Some("3"))
    );
}

fn key(cursor: &AuditCursor) -> (i64, bool, i64, &str) {
    (cursor.at.0, cursor.is_edit, cursor.number, &cursor.name)
}

async fn the_trail_never_changes(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    store.access().record(note("a.deed")).await.unwrap();
    let before = store.access().list_audit(None, None, 10).await.unwrap();
    for sql in ["UPDATE audit SET actor = 'somebody else'", "UPDATE audit SET at = at + 1 WHERE id > 0"] {
        let refusal = execute(&place, sql).await.unwrap_err().to_string();
        assert!(refusal.contains("the audit trail never changes"), "{refusal}");
    }
    assert_eq!(store.access().list_audit(None, None, 10).await.unwrap(), before);
    store.close().await;
}

/// What another program does to the database.
async fn execute(place: &Place, sql: &'static str) -> sqlx::Result<()> {
    match place {
        Place::Sqlite { .. } => {
            let options = SqliteConnectOptions::new().filename(place.name());
            let mut connection = SqliteConnection::connect_with(&options).await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.map(drop)
        }
        Place::Postgres { .. } => {
            let mut connection = PgConnection::connect(&place.name()).await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.map(drop)
        }
    }
}

crate::support::stories! {
    what_changes_nothing_has_no_row,
    sessions_of_others_are_left_alone,
    an_invitation_is_spent_once,
    a_link_is_good_for_one_thing,
    keys_come_and_go,
    tokens_come_and_go,
    who_may_do_less_has_no_invitations_open,
    a_project_goes_with_all_but_its_trail,
    history_gestures_and_logs_are_read_in_parts,
    pages_of_long_rows_are_cut_by_bytes,
    the_trail_is_read_in_parts,
    the_trail_never_changes,
}
