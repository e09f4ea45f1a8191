//! Rights that end while somebody is connected: games and dashboards hear of it at once.

use std::time::Duration;

use crate::support::{TestServer, http::Browser, line::Game, live::Dashboard, soon};
use gateway::{Caller, Origin, SignedIn};
use protocol::{
    live::{
        CLOSE_FORBIDDEN, CLOSE_RESTART, CLOSE_ROLE, CLOSE_SIGNED_OUT, ClientMessage, LIVE_VERSION,
        ServerMessage,
    },
    model::{Gesture, Project, ProjectId, ProjectRole, Revision, TokenScope, Value, VarName},
};
use serde_json::json;
use tokio::time::timeout;

const PASSWORD: &str = "violet kettle, 41 drums";
const OTHER_PASSWORD: &str = "brown gloves, 92 moons";
/// How soon a game is let go that says nothing.
const GAME_LIMIT: Duration = Duration::from_secs(2);
/// How soon a dashboard is closed.
const DASHBOARD_LIMIT: Duration = Duration::from_secs(1);

/// A server with an owner and his project.
struct House {
    server: TestServer,
    owner: Caller,
    project: Project,
}

impl House {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let token = server.set_up_token();
        let owner = server.gateway.set_up(&token, None, None, &Origin::default()).await.unwrap().caller;
        let project = server.gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        Self { server, owner, project }
    }

    async fn member(&self, name: &str, role: ProjectRole) -> Person {
        let gateway = &self.server.gateway;
        let (link, _) = gateway.invite(&self.owner, self.project.id, role, "").await.unwrap();
        let email = format!("{name}@example.org");
        let joined = gateway.sign_up(link.reveal(), &email, PASSWORD, &Origin::default()).await;
        self.at_browser(joined.unwrap().0)
    }

    /// Somebody at a browser, signed in.
    fn at_browser(&self, signed_in: SignedIn) -> Person {
        let SignedIn { caller, token, .. } = signed_in;
        let mut browser = Browser::new(self.server.http);
        browser.cookie = Some(format!("observerio_session={token}"));
        Person { caller, browser }
    }

    /// The same person at another browser.
    async fn again(&self, person: &Person) -> Person {
        let email = person.caller.user.email.as_deref().unwrap();
        let signed_in = self.server.gateway.sign_in(email, PASSWORD, &Origin::default()).await;
        self.at_browser(signed_in.unwrap())
    }
}

struct Person {
    caller: Caller,
    browser: Browser,
}

impl Person {
    async fn watch(&self, project: ProjectId) -> Dashboard {
        let mut dashboard = Dashboard::open(&self.browser).await;
        dashboard.subscribe(project).await;
        dashboard
    }
}

async fn closes_with(dashboard: &mut Dashboard, code: u16) {
    let closed = timeout(DASHBOARD_LIMIT, dashboard.close_code()).await;
    assert_eq!(closed.expect("it closes within a second"), code);
}

async fn is_open(dashboard: &mut Dashboard) {
    dashboard.say(&ClientMessage::Ping { token: 9 }).await;
    loop {
        match dashboard.hear().await {
            ServerMessage::Pong { token } => return assert_eq!(token, 9),
            ServerMessage::Delta { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A session that is over is worth nothing at any door.
async fn is_signed_out(mut browser: Browser) {
    assert_eq!(browser.get("/api/v1/me").await.status, 401);
    let answer = browser.get("/").await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().starts_with("/sign-in"), "{}", answer.location());
    let origin = browser.origin();
    let refused = Dashboard::try_open(&browser, Some(&origin), LIVE_VERSION).await;
    assert_eq!(refused.err(), Some(401));
}

/// What it hears, and that it is hung up on.
async fn is_let_go(game: &mut Game) {
    let line = timeout(GAME_LIMIT, game.line()).await.expect("it is let go within two seconds");
    assert!(line.starts_with("ERR revoked "), "{line}");
    game.hung_up().await;
}

async fn is_refused(house: &House, key: &str) {
    for hello in ["", "h:{\"proto\":2,\"device\":\"phone\"}\n"] {
        let mut game = house.server.game().await;
        game.send(&format!("{hello}v:{key}\n")).await;
        let mut line = game.line().await;
        if line.starts_with("h:") {
            line = game.line().await;
        }
        assert!(line.starts_with("ERR revoked "), "{line}");
        game.hung_up().await;
    }
}

async fn version_2(house: &House, key: &str) -> Game {
    let mut game = house.server.game().await;
    game.greet(&json!({"proto": 2, "device": "phone", "session": "s", "caps": ["ack"]}), key).await;
    assert_eq!(game.line().await, "OK");
    assert_eq!(game.line().await, format!("a:{key}:0"));
    game
}

#[tokio::test]
async fn silent_games_are_let_go_when_their_key_is_revoked() {
    let house = House::new().await;
    let gateway = &house.server.gateway;
    let (id, key) = (house.project.id, house.project.key);
    let other = gateway.create_key(&house.owner, id, "other").await.unwrap().key;
    let mut original = house.server.verified(key).await;
    let mut newer = version_2(&house, key.as_str()).await;
    let mut unharmed = house.server.verified(other).await;

    let key_id = gateway.list_keys(&house.owner, id).await.unwrap()[0].id;
    gateway.revoke_key(&house.owner, id, key_id).await.unwrap();
    is_let_go(&mut original).await;
    is_let_go(&mut newer).await;
    is_refused(&house, key.as_str()).await;
    unharmed.log(other.as_str(), "still here").await;
    unharmed.in_order(other.as_str()).await;
    gateway.flush().await.unwrap();
    let logs = gateway.snapshot(&house.owner, id).await.unwrap().logs;
    assert_eq!(logs.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), ["still here"]);
}

#[tokio::test]
async fn games_are_let_go_when_their_key_is_replaced_without_an_overlap() {
    let house = House::new().await;
    let gateway = &house.server.gateway;
    let (id, key) = (house.project.id, house.project.key);
    let mut game = version_2(&house, key.as_str()).await;
    let key_id = gateway.list_keys(&house.owner, id).await.unwrap()[0].id;
    let overlapping = gateway.rotate_key(&house.owner, id, key_id, 1).await.unwrap();
    game.log_numbered(key.as_str(), 1, r#"[{"message":"both work"}]"#).await;
    assert_eq!(game.line().await, format!("a:{}:1", key.as_str()));
    let new = gateway.rotate_key(&house.owner, id, key_id, 0).await.unwrap();
    is_let_go(&mut game).await;
    is_refused(&house, key.as_str()).await;
    for key in [overlapping.key, new.key] {
        house.server.verified(key).await;
    }
}

#[tokio::test]
async fn games_of_a_deleted_project_are_let_go() {
    let house = House::new().await;
    let key = house.project.key;
    let mut games = [house.server.verified(key).await, version_2(&house, key.as_str()).await];
    house.server.gateway.delete_project(&house.owner, house.project.id).await.unwrap();
    for game in &mut games {
        let ended = async { while game.next_line().await.is_some() {} };
        timeout(GAME_LIMIT, ended).await.expect("it is let go within two seconds");
    }
    let mut late = house.server.game().await;
    late.verify(key.as_str()).await;
    assert_eq!(late.error().await, "bad_key");
}

#[tokio::test]
async fn a_role_that_changes_closes_the_dashboard() {
    let house = House::new().await;
    let (gateway, id) = (&house.server.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Designer).await;
    let dora = house.member("dora", ProjectRole::Designer).await;
    let mut game = house.server.verified(house.project.key).await;
    let key = house.project.key.as_str();
    game.report(key, r#"{"speed":5}"#).await;
    game.in_order(key).await;
    gateway.flush().await.unwrap();
    let mut bystander = dora.watch(id).await;
    for role in [ProjectRole::Viewer, ProjectRole::Admin] {
        let mut dashboard = ben.watch(id).await;
        gateway.set_member_role(&house.owner, id, ben.caller.user.id, role).await.unwrap();
        closes_with(&mut dashboard, CLOSE_ROLE).await;
        assert_eq!(Dashboard::open(&ben.browser).await.subscribe(id).await.role, role);
    }

    // an edit that was on its way when he was demoted is not saved
    let mut dashboard = ben.watch(id).await;
    gateway.set_member_role(&house.owner, id, ben.caller.user.id, ProjectRole::Viewer).await.unwrap();
    dashboard.edit(1, id, &[("speed", Value::Int(6_i64.into()))]).await;
    closes_with(&mut dashboard, CLOSE_ROLE).await;
    assert_eq!(gateway.snapshot(&house.owner, id).await.unwrap().revision, Revision(0));
    is_open(&mut bystander).await;
}

#[tokio::test]
async fn a_member_who_is_removed_is_shown_nothing_more() {
    let house = House::new().await;
    let (gateway, id) = (&house.server.gateway, house.project.id);
    let mut ben = house.member("ben", ProjectRole::Admin).await;
    let mut dashboards = [ben.watch(id).await, ben.watch(id).await];
    // one that is open and watches nothing
    let mut idle = Dashboard::open(&ben.browser).await;
    gateway.remove_member(&house.owner, id, ben.caller.user.id).await.unwrap();
    for dashboard in &mut dashboards {
        closes_with(dashboard, CLOSE_FORBIDDEN).await;
    }
    idle.say(&ClientMessage::Subscribe { project: id }).await;
    assert!(matches!(idle.hear().await, ServerMessage::Refused { .. }));
    // he is still somebody
    assert_eq!(ben.browser.get("/").await.status, 200);
    assert_eq!(ben.browser.get(&format!("/p/{id}/live")).await.status, 404);
    assert_eq!(ben.browser.get(&format!("/api/v1/projects/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_project_that_is_deleted_is_watched_by_nobody() {
    let house = House::new().await;
    let ben = house.member("ben", ProjectRole::Designer).await;
    let mut dashboard = ben.watch(house.project.id).await;
    house.server.gateway.delete_project(&house.owner, house.project.id).await.unwrap();
    let code = timeout(DASHBOARD_LIMIT, dashboard.close_code()).await.expect("it closes within a second");
    assert!([CLOSE_FORBIDDEN, CLOSE_RESTART].contains(&code), "{code}");
    let mut again = Dashboard::open(&ben.browser).await;
    again.say(&ClientMessage::Subscribe { project: house.project.id }).await;
    assert!(matches!(again.hear().await, ServerMessage::Refused { .. }));
}

#[tokio::test]
async fn signing_out_closes_every_dashboard_of_that_session() {
    let house = House::new().await;
    let id = house.project.id;
    let ben = house.member("ben", ProjectRole::Designer).await;
    let other = house.again(&ben).await;
    let (mut dashboard, mut elsewhere) = (ben.watch(id).await, other.watch(id).await);
    let mut tab = ben.browser.clone();
    tab.post_form("/sign-out", &[]).await;
    closes_with(&mut dashboard, CLOSE_SIGNED_OUT).await;
    is_signed_out(ben.browser).await;
    is_open(&mut elsewhere).await;

    let third = house.again(&other).await;
    let mut on_third = third.watch(id).await;
    third.browser.clone().post_form("/account/sign-out-everywhere", &[]).await;
    for dashboard in [&mut elsewhere, &mut on_third] {
        closes_with(dashboard, CLOSE_SIGNED_OUT).await;
    }
    for browser in [other.browser, third.browser] {
        is_signed_out(browser).await;
    }
}

#[tokio::test]
async fn another_password_closes_the_other_dashboards() {
    let house = House::new().await;
    let (gateway, id) = (&house.server.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Designer).await;
    let other = house.again(&ben).await;
    let (mut own, mut others) = (ben.watch(id).await, other.watch(id).await);
    let fields = [("current", PASSWORD), ("new", OTHER_PASSWORD)];
    let answer = ben.browser.clone().post_form("/account", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    closes_with(&mut others, CLOSE_SIGNED_OUT).await;
    is_signed_out(other.browser).await;
    is_open(&mut own).await;

    // by a link, also the one by which nobody asked
    let link = gateway.issue_reset_link(&house.owner, ben.caller.user.id).await.unwrap();
    gateway.reset_password(link.reveal(), PASSWORD, &Origin::default()).await.unwrap();
    closes_with(&mut own, CLOSE_SIGNED_OUT).await;
    is_signed_out(ben.browser).await;
}

#[tokio::test]
async fn a_deleted_account_is_signed_out() {
    let house = House::new().await;
    let gateway = &house.server.gateway;
    let ben = house.member("ben", ProjectRole::Admin).await;
    let mut dashboard = ben.watch(house.project.id).await;
    gateway.delete_account(&house.owner, ben.caller.user.id).await.unwrap();
    closes_with(&mut dashboard, CLOSE_SIGNED_OUT).await;
    is_signed_out(ben.browser).await;
}

/// What a script is told as it is written ends with the token, and with the membership.
#[tokio::test]
async fn a_log_that_is_followed_ends_with_the_right_to_it() {
    let house = House::new().await;
    let (gateway, id) = (&house.server.gateway, house.project.id);
    for is_removed in [false, true] {
        let ben = house.member(&format!("ben{is_removed}"), ProjectRole::Viewer).await;
        let made = gateway.create_token(&ben.caller, "tail", TokenScope::Read, None, 1).await.unwrap();
        let authorization = format!("Bearer {}", made.0.reveal());
        let mut script = Browser::new(house.server.http);
        let path = format!("/api/v1/projects/{id}/logs/live");
        let watchers = || gateway.status().watchers;
        let before = watchers();
        let headers = [("authorization", authorization.as_str())];
        let following = script.request("GET", &path, &headers, "");
        let ending = async {
            let begun = async {
                while watchers() == before {
                    tokio::task::yield_now().await;
                }
            };
            soon("the script to follow", begun).await;
            if is_removed {
                gateway.remove_member(&house.owner, id, ben.caller.user.id).await.unwrap()
            } else {
                gateway.delete_token(&ben.caller, made.1.id).await.unwrap()
            }
        };
        // the answer is whole when it ends
        let (answer, ()) = tokio::join!(following, ending);
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.contains("event: line"), "{}", answer.body);
    }
}

/// A gesture of one project is none of another, whatever number it has.
#[tokio::test]
async fn an_edit_of_a_project_that_is_not_watched_needs_its_role_too() {
    let house = House::new().await;
    let (gateway, id) = (&house.server.gateway, house.project.id);
    let ben = house.member("ben", ProjectRole::Viewer).await;
    let own = gateway.create_project(&ben.caller, "Ben's").await.unwrap();
    let mut dashboard = ben.watch(own.id).await;
    let speed = vec![(VarName::parse("speed").unwrap(), Value::Bool(true)).into()];
    for (id_of_message, project, code) in [(1, id, "forbidden"), (2, ProjectId(i64::MAX), "not_found")] {
        let edit =
            ClientMessage::Edit { id: id_of_message, project, gesture: Gesture(1), changes: speed.clone() };
        dashboard.say(&edit).await;
        match dashboard.hear().await {
            ServerMessage::EditResult { outcome: Err(refused), .. } => assert_eq!(refused.code, code),
            other => panic!("{other:?}"),
        }
    }
}
