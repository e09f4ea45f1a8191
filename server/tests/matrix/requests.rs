//! What is sent to each address, so that it succeeds if the caller may do it: a refusal is then one of rights.

use gateway::{Caller, Origin};
use protocol::model::{ProjectId, SessionInfo, TokenId, TokenScope, UserId};
use server::{Route, RouteClass};

use crate::{
    people::{PASSWORD, People, Who, email},
    stage::{NAME, Stage},
};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

pub struct Request {
    pub method: String,
    pub path: String,
    pub kind: &'static str,
    pub body: String,
}

impl Request {
    pub fn get(path: String) -> Self {
        Self::json("GET", path, String::new())
    }

    pub fn json(method: &str, path: String, body: String) -> Self {
        let kind = if body.is_empty() { "" } else { JSON };
        Self { method: method.to_owned(), path, kind, body }
    }

    pub fn form(path: &str, body: String) -> Self {
        Self { method: "POST".to_owned(), path: path.to_owned(), kind: FORM, body }
    }
}

/// A session of theirs to end; not the current one, if possible.
async fn own_session(people: &People, who: Who) -> String {
    let (gateway, mut person) = (&people.server.gateway, people.person(who).clone());
    if who.person() == Some(who) {
        let signed_in = gateway.sign_in(&email(who), PASSWORD, &Origin::default()).await.unwrap();
        person = signed_in.caller;
    }
    let sessions = gateway.list_sessions(&person).await.unwrap();
    let is_wanted = |session: &&SessionInfo| session.is_current || who.person() != Some(who);
    sessions.iter().find(is_wanted).map_or_else(|| "none".to_owned(), |session| session.id.to_string())
}

/// A token of theirs to delete.
async fn own_token(people: &People, who: Who) -> TokenId {
    // as if they had just signed in
    let person = Caller::from(people.person(who).user.clone());
    let making = people.server.gateway.create_token(&person, "spare", TokenScope::Read, None, 1);
    making.await.unwrap().1.id
}

/// An account that nobody needs: its number.
async fn spare_account(people: &People) -> UserId {
    const NAME: &str = "spare@example.org";
    let gateway = &people.server.gateway;
    loop {
        let accounts = gateway.list_accounts(&people.owner).await.unwrap();
        match accounts.iter().find(|account| account.name == NAME) {
            Some(account) => return account.id,
            None => gateway.register_user(NAME, PASSWORD, &Origin::default()).await.map(drop).unwrap(),
        }
    }
}

/// As if that person had set one up.
async fn give_second_factor(people: &People, user: UserId) {
    let secret = if people.server.is_on_postgres() { "'\\x00'" } else { "x'00'" };
    let sql = format!(
        "INSERT INTO second_factors (user_id, secret, created_at, confirmed_at) VALUES ({user}, {secret}, 1, 1)
         ON CONFLICT (user_id) DO NOTHING"
    );
    people.server.execute(&sql).await;
}

/// Panics for a route that nobody has thought of here.
pub async fn request(people: &People, stage: &Stage, project: ProjectId, route: &Route, who: Who) -> Request {
    let Stage { key, device, member, invitation, pin, .. } = stage;
    let path = route
        .path
        .replace("{project}", &project.to_string())
        .replace("schema/{device}/{name}", &format!("schema/{device}/later"))
        .replace("/p/{id}", &format!("/p/{project}"))
        .replace("{key}", &key.to_string())
        .replace("{seq}", "1")
        .replace("{device}", &device.to_string())
        .replace("{user}", &member.to_string())
        .replace("{invitation}", &invitation.to_string())
        .replace("{pin}", &pin.to_string())
        .replace("actions/{name}", "actions/spawn")
        .replace("variables/{name}", "variables/speed")
        .replace("{hash}/{file}", "0/none.js");
    assert!(!path.contains('{'), "{route:?}: say here what stands for the parts of its path");
    let body = match (route.method.as_str(), route.path) {
        ("POST", "/api/v1/projects/{project}/schema/{device}/{name}") => String::new(),
        ("GET" | "DELETE", _)
        | (_, "/sign-out" | "/account/sign-out-everywhere" | "/api/v1/projects/{project}/actions/{name}") => {
            String::new()
        }
        // anybody with such a link may: the stories of teams use good ones
        (_, "/setup" | "/join" | "/reset") => "token=none".to_owned(),
        (_, "/sign-in") => format!("email={}&password={PASSWORD}", email(Who::SignedOut)).replace(' ', "+"),
        (_, "/account") => format!("current={PASSWORD}&new={PASSWORD}").replace(' ', "+"),
        (_, "/account/sessions/end") => format!("session={}", own_session(people, who).await),
        (_, "/account/tokens") => "name=mine&scope=read&project=&days=1".to_owned(),
        (_, "/account/tokens/delete") => format!("token={}", own_token(people, who).await),
        (_, "/account/second-factor") => "step=begin".to_owned(),
        (_, "/accounts") => format!("user={member}"),
        (_, "/accounts/second-factor/remove") => {
            give_second_factor(people, *member).await;
            format!("user={member}")
        }
        (_, "/accounts/delete") => format!("user={}", spare_account(people).await),
        (_, "/projects") => "name=made".to_owned(),
        (_, "/p/{id}/settings" | "/p/{id}/settings/delete") => format!("name={NAME}"),
        (_, "/p/{id}/settings/second-factor") => "required=false".to_owned(),
        (_, "/p/{id}/settings/members") => "role=viewer&note=".to_owned(),
        (_, "/p/{id}/settings/members/role") => format!("user={member}&role=designer"),
        (_, "/p/{id}/settings/members/remove") => format!("user={member}"),
        (_, "/p/{id}/settings/members/uninvite") => format!("invitation={invitation}"),
        (_, "/p/{id}/settings/keys") => "name=further".to_owned(),
        (_, "/p/{id}/settings/keys/rights") => format!("key={key}&report_only=true"),
        (_, "/p/{id}/settings/keys/origins") => format!("key={key}&origins=https://games.example.org"),
        (_, "/p/{id}/settings/schema") => "frozen=true".to_owned(),
        (_, "/p/{id}/settings/schema/consent" | "/p/{id}/settings/schema/dismiss") => {
            format!("device={device}&name=later")
        }
        (_, "/p/{id}/settings/retention") => "debug=7&error=90".to_owned(),
        (_, "/p/{id}/settings/retention/pin") => "name=crash&first=1&last=1".to_owned(),
        (_, "/p/{id}/settings/retention/unpin") => format!("pin={pin}"),
        (_, "/p/{id}/settings/keys/rotate") => format!("key={key}&days=1"),
        (_, "/p/{id}/settings/keys/revoke") => format!("key={key}"),
        (_, "/users/tokens") => r#"{"token":"0123456789ab"}"#.to_owned(),
        (_, "/users") => format!(r#"{{"email":"new-{}","password":"{PASSWORD}"}}"#, email(who)),
        (_, "/api/v1/projects") => r#"{"name":"made"}"#.to_owned(),
        ("PATCH", "/api/v1/projects/{project}") => format!(r#"{{"name":"{NAME}"}}"#),
        (_, "/api/v1/projects/{project}/keys") => r#"{"name":"further"}"#.to_owned(),
        ("PATCH", "/api/v1/projects/{project}/keys/{key}") => r#"{"report_only":true}"#.to_owned(),
        ("PUT", "/api/v1/projects/{project}/schema") => r#"{"frozen":true}"#.to_owned(),
        (
            "PUT" | "POST",
            "/api/v1/projects/{project}/retention" | "/api/v1/projects/{project}/retention/estimate",
        ) => r#"{"log_days":{"debug":7}}"#.to_owned(),
        ("POST", "/api/v1/projects/{project}/pins") => r#"{"name":"crash","first":1,"last":1}"#.to_owned(),
        (_, "/api/v1/projects/{project}/keys/{key}/rotate") => r#"{"overlap_days":1}"#.to_owned(),
        ("PATCH", "/api/v1/projects/{project}/members/{user}") => r#"{"role":"designer"}"#.to_owned(),
        (_, "/api/v1/projects/{project}/invitations") => r#"{"role":"viewer"}"#.to_owned(),
        ("PATCH", "/api/v1/projects/{project}/variables") => {
            r#"{"changes":[{"name":"speed","value":7}]}"#.to_owned()
        }
        ("PUT", "/api/v1/projects/{project}/variables/{name}") => r#"{"value":7}"#.to_owned(),
        _ => panic!("{route:?}: say here what to send to it, and in table.txt who may"),
    };
    let kind = match (route.class, body.is_empty()) {
        (RouteClass::Form, _) => FORM,
        (_, false) => JSON,
        (_, true) => "",
    };
    // what has no end by itself is asked for its head alone
    let is_endless = route.class == RouteClass::Events;
    let method = if is_endless { "HEAD" } else { route.method.as_str() }.to_owned();
    Request { method, path, kind, body }
}

/// Whether it takes something of the stage with it.
pub fn uses_up(route: &Route) -> bool {
    let ends = ["/delete", "/remove", "/uninvite", "/unpin", "/rotate", "/revoke", "/consent", "/dismiss"];
    let is_consent = route.method == "POST" && route.path.ends_with("/schema/{device}/{name}");
    route.method == "DELETE" || is_consent || ends.iter().any(|end| route.path.ends_with(end))
}

/// Whether it is about a declaration that waits.
pub fn needs_one_that_waits(route: &Route) -> bool {
    let ends = ["/schema/consent", "/schema/dismiss", "/schema/{device}/{name}"];
    ends.iter().any(|end| route.path.ends_with(end))
}

/// Whether it ends their session.
pub fn signs_out(route: &Route) -> bool {
    ["/sign-out", "/account/sign-out-everywhere"].contains(&route.path)
}
