//! Forms for teams: what they answer, and where a secret stands and where not.

use crate::support::{
    TestServer,
    http::{Answer, Browser},
};
use protocol::model::ProjectId;

const BEN: &str = "ben@example.org";
const PASSWORD: &str = "violet kettle, 41 drums";

/// The value of the field with that id.
fn field<'a>(page: &'a Answer, id: &str) -> Option<&'a str> {
    let (_, rest) = page.body.split_once(&format!("id=\"{id}\""))?;
    let (_, rest) = rest.split_once("value=\"")?;
    rest.split('"').next()
}

/// The token of a link that a page shows once. It stands where no browser sends it.
fn token_of(page: &Answer) -> String {
    let link = field(page, "issued").unwrap_or_else(|| panic!("no link: {page:?}"));
    link.split_once("#token=").unwrap().1.to_owned()
}

async fn invite(owner: &mut Browser, project: ProjectId, role: &str) -> String {
    let path = format!("/p/{project}/settings/members");
    let answer = owner.post_form(&path, &[("role", role), ("note", "Ben")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("location").is_none());
    token_of(&answer)
}

/// Somebody with a new account, by an invitation.
async fn member(server: &TestServer, owner: &mut Browser, project: ProjectId, role: &str) -> Browser {
    let token = invite(owner, project, role).await;
    let mut browser = Browser::new(server.http);
    let fields = [("token", token.as_str()), ("email", BEN), ("password", PASSWORD)];
    let answer = browser.post_form("/join", &fields).await;
    assert_eq!((answer.status, answer.location()), (303, format!("/p/{project}/live").as_str()));
    browser
}

#[tokio::test]
async fn an_invitation_is_shown_once_and_spent_once() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let project = server.project().await.id;
    let token = invite(&mut owner, project, "designer").await;
    let members = owner.get(&format!("/p/{project}/settings/members")).await;
    assert!(!members.body.contains(&token), "nobody reads it again");

    let mut ben = Browser::new(server.http);
    let page = ben.get(&format!("/join?token={token}")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    for (email, password, told) in [
        (BEN, "short", "at least 8 characters"),
        (BEN, "password123", "too easy to guess"),
        ("no address", PASSWORD, "not an e-mail address"),
    ] {
        let fields = [("token", token.as_str()), ("email", email), ("password", password)];
        let answer = ben.post_form("/join", &fields).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains(told), "{told}");
        assert!(!answer.body.contains(password), "a password is not said back");
    }
    let fields = [("token", token.as_str()), ("email", BEN), ("password", PASSWORD)];
    assert_eq!(ben.post_form("/join", &fields).await.location(), format!("/p/{project}/live"));

    let mut late = Browser::new(server.http);
    let fields = [("token", token.as_str()), ("email", "late@example.org"), ("password", PASSWORD)];
    let answer = late.post_form("/join", &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("no longer works") && late.cookie.is_none());
}

#[tokio::test]
async fn every_page_is_for_those_who_may_open_it() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let (own, other) = (server.project().await, server.project().await);
    let mut stranger = Browser::new(server.http);
    let mut ben = member(&server, &mut owner, own.id, "viewer").await;
    let cases = [
        ("/settings/members", 200, 200),
        ("/settings/keys", 403, 200),
        ("/settings", 403, 403),
        ("/settings/audit", 403, 403),
    ];
    for (path, viewer, _) in cases {
        let page = format!("/p/{}{path}", own.id);
        assert_eq!(ben.get(&page).await.status, viewer, "{path}");
        assert_eq!(ben.get(&format!("/p/{}{path}", other.id)).await.status, 404, "{path}");
        assert_eq!(ben.get(&format!("/p/999999{path}")).await.status, 404, "{path}");
        assert_eq!(owner.get(&format!("/p/999999{path}")).await.status, 404, "{path}");
        assert_eq!(owner.get(&page).await.status, 200, "{path}");
        let next = page.replace('/', "%2F");
        assert_eq!(stranger.get(&page).await.location(), format!("/sign-in?next={next}"));
    }
    for page in ["/", &format!("/p/{}/live", own.id), &format!("/p/{}/settings/members", own.id)] {
        let answer = ben.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.body.contains(own.key.as_str()), "{page} tells a viewer the key");
    }
    for page in ["/accounts", "/audit"] {
        assert_eq!(ben.get(page).await.status, 403, "{page}");
        assert_eq!(owner.get(page).await.status, 200, "{page}");
    }
    assert_eq!(ben.get("/account").await.status, 200);
    assert_eq!(ben.get("/account/tokens").await.status, 200);

    let user =
        server.gateway.list_accounts(&owner_of(&server, &owner).await).await.unwrap()[1].id.to_string();
    let role = format!("/p/{}/settings/members/role", own.id);
    let answer = ben.post_form(&role, &[("user", &user), ("role", "admin")]).await;
    assert!(answer.location().ends_with("?error=forbidden"), "{answer:?}");
    owner.post_form(&role, &[("user", &user), ("role", "designer")]).await;
    for (path, _, designer) in cases {
        assert_eq!(ben.get(&format!("/p/{}{path}", own.id)).await.status, designer, "{path}");
    }
    let live = ben.get(&format!("/p/{}/live", own.id)).await;
    assert!(live.body.contains(own.key.as_str()), "a designer connects games");
}

async fn owner_of(server: &TestServer, browser: &Browser) -> gateway::Caller {
    let cookie = browser.cookie.as_deref().unwrap();
    let token = cookie.split_once('=').unwrap().1;
    server.gateway.authenticate(token, None).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_token_stands_in_one_answer_and_in_no_address() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let fields = [("name", "nightly"), ("scope", "read"), ("project", ""), ("days", "7")];
    let answer = owner.post_form("/account/tokens", &fields).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    assert!(answer.header("location").is_none());
    let secret = field(&answer, "issued").unwrap();
    let caller = server.gateway.authenticate_token(secret, None).await.unwrap().expect("it works");
    assert_eq!(caller.user.name, "owner");
    let page = owner.get("/account/tokens").await;
    assert!(page.body.contains("nightly") && !page.body.contains(secret));

    for (fields, told) in [
        ([("name", " "), ("scope", "read"), ("project", ""), ("days", "7")], "Give a token a name."),
        ([("name", "x"), ("scope", "read"), ("project", ""), ("days", "0")], "valid for 1 to 366 days"),
    ] {
        let answer = owner.post_form("/account/tokens", &fields).await;
        assert!(answer.status == 422 && answer.body.contains(told), "{told}: {answer:?}");
    }
    let fields = [("name", "x"), ("scope", "read"), ("project", "999999"), ("days", "7")];
    assert_eq!(
        owner.post_form("/account/tokens", &fields).await.location(),
        "/account/tokens?error=not_found"
    );
}

#[tokio::test]
async fn a_reset_link_sets_a_password_and_ends_what_was_open() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let project = server.project().await.id;
    let mut ben = member(&server, &mut owner, project, "viewer").await;
    let accounts = server.gateway.list_accounts(&owner_of(&server, &owner).await).await.unwrap();
    let user = accounts.iter().find(|account| account.name == BEN).unwrap().id.to_string();
    assert_eq!(ben.post_form("/accounts", &[("user", &user)]).await.location(), "/accounts?error=forbidden");
    let answer = owner.post_form("/accounts", &[("user", &user)]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let token = token_of(&answer);

    let mut elsewhere = Browser::new(server.http);
    assert_eq!(elsewhere.get(&format!("/reset?token={token}")).await.status, 200);
    let weak = elsewhere.post_form("/reset", &[("token", &token), ("password", "12345678")]).await;
    assert_eq!(weak.status, 422);
    let new = "quite another sentence";
    let answer = elsewhere.post_form("/reset", &[("token", &token), ("password", new)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert_eq!(elsewhere.get("/").await.status, 200);
    assert_eq!(ben.get("/").await.location(), "/sign-in");
    let again = elsewhere.post_form("/reset", &[("token", &token), ("password", new)]).await;
    assert!(again.status == 422 && again.body.contains("no longer works"));
}

#[tokio::test]
async fn signing_in_leads_on_to_a_page_of_ours_and_nowhere_else() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let project = server.project().await.id;
    member(&server, &mut owner, project, "viewer").await;
    let live = format!("/p/{project}/live");
    for (next, then) in [
        (live.as_str(), live.as_str()),
        ("/join?token=abc", "/join?token=abc"),
        ("", "/"),
        ("http://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("/\r\nset-cookie: a=b", "/"),
    ] {
        let mut ben = Browser::new(server.http);
        let fields = [("email", BEN), ("password", PASSWORD), ("next", next)];
        let answer = ben.post_form("/sign-in", &fields).await;
        assert_eq!((answer.status, answer.location()), (303, then), "{next:?}");
        let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        let names: Vec<_> = cookies.map(|(_, cookie)| cookie.split('=').next().unwrap()).collect();
        assert_eq!(names, ["observerio_session", "observerio_device"]);
        let wrong = [("email", BEN), ("password", "wrong"), ("next", next)];
        let answer = Browser::new(server.http).post_form("/sign-in", &wrong).await;
        assert!(
            answer.location().starts_with("/sign-in?") && !answer.location().contains("evil"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn members_leave_and_projects_end_by_their_name() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let project = server.project().await;
    let id = project.id;
    let mut ben = member(&server, &mut owner, id, "viewer").await;
    let me = owner_of(&server, &ben).await.user.id.to_string();
    let leave = format!("/p/{id}/settings/members/remove");
    assert_eq!(ben.post_form(&leave, &[("user", &me)]).await.location(), "/");
    assert_eq!(ben.get(&format!("/p/{id}/live")).await.status, 404);

    let delete = format!("/p/{id}/settings/delete");
    let answer = owner.post_form(&delete, &[("name", "another")]).await;
    assert_eq!(answer.location(), format!("/p/{id}/settings?error=wrong_name"));
    let answer = ben.post_form(&delete, &[("name", &project.name)]).await;
    assert_eq!(answer.location(), format!("/p/{id}/settings?error=not_found"));
    assert_eq!(owner.get(&format!("/p/{id}/live")).await.status, 200);
    assert_eq!(owner.post_form(&delete, &[("name", &project.name)]).await.location(), "/");
    assert_eq!(owner.get(&format!("/p/{id}/live")).await.status, 404);
}

#[tokio::test]
async fn a_link_is_opened_by_a_form_and_stands_in_no_address() {
    let server = TestServer::start().await;
    let set_up = server.set_up_link.clone().unwrap();
    assert!(set_up.contains("/setup#token="), "{set_up}");
    let mut visitor = Browser::new(server.http);
    for page in ["/setup", "/join", "/reset"] {
        let empty = visitor.get(page).await;
        assert!(empty.status == 200 && empty.body.contains("name=\"open\""), "{page}: {}", empty.body);
    }
    let opened = visitor.post_form("/setup", &[("token", &set_up), ("open", "1")]).await;
    assert!(opened.status == 200 && opened.body.contains("Create owner account"), "{opened:?}");

    let mut owner = server.owner().await;
    let project = server.project().await.id;
    let invitation = invite(&mut owner, project, "designer").await;
    member(&server, &mut owner, project, "viewer").await;
    let accounts = server.gateway.list_accounts(&owner_of(&server, &owner).await).await.unwrap();
    let user = accounts.iter().find(|account| account.name == BEN).unwrap().id.to_string();
    let reset = token_of(&owner.post_form("/accounts", &[("user", &user)]).await);
    for (page, token, shown) in [
        ("/join", &invitation, "Sign in or create an account, then join"),
        ("/reset", &reset, "Set password and sign in"),
    ] {
        // as often as somebody likes, by the token or the whole link: nothing is spent
        for pasted in [token.clone(), format!("http://localhost{page}#token={token}"), token.clone()] {
            let opened = visitor.post_form(page, &[("token", &pasted), ("open", "1")]).await;
            assert_eq!((opened.status, opened.header("cache-control")), (200, Some("no-store")), "{page}");
            assert!(opened.header("location").is_none() && opened.body.contains(shown), "{page}");
            assert!(opened.body.contains(&format!("value=\"{token}\"")), "{page}: the next form has it");
        }
        let wrong = visitor.post_form(page, &[("token", "none"), ("open", "1")]).await;
        assert!(wrong.body.contains("no longer works"), "{page}");
        // links that were sent out before
        assert!(visitor.get(&format!("{page}?token={token}")).await.body.contains(shown), "{page}");
        assert!(visitor.cookie.is_none());
    }
}

#[tokio::test]
async fn an_invitation_is_taken_with_an_account_and_tells_little_of_others() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let (first, second) = (server.project().await.id, server.project().await.id);
    member(&server, &mut owner, first, "viewer").await;
    let token = invite(&mut owner, second, "designer").await;
    let with = |password| [("token", token.as_str()), ("email", BEN), ("password", password)];
    let mut ben = Browser::new(server.http);
    let wrong = ben.post_form("/join", &with("brown gloves, 92 moons")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("if you have an account here, enter its password"), "{}", wrong.body);
    assert!(wrong.body.contains(&format!("value=\"{token}\"")) && ben.cookie.is_none());
    let joined = ben.post_form("/join", &with(PASSWORD)).await;
    assert_eq!((joined.status, joined.location()), (303, format!("/p/{second}/live").as_str()));
    assert_eq!(ben.get(&format!("/p/{first}/live")).await.status, 200, "it is the same account");

    let token = invite(&mut owner, second, "designer").await;
    let fields = [("token", token.as_str()), ("email", BEN), ("password", "brown gloves, 92 moons")];
    for _ in 0..5 {
        assert_eq!(Browser::new(server.http).post_form("/join", &fields).await.status, 422);
    }
    let spent = Browser::new(server.http).post_form("/join", &[("token", &token), ("open", "1")]).await;
    assert!(spent.body.contains("no longer works"), "{}", spent.body);
}
