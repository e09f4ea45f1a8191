//! Codes beside the password, as a browser and an operator meet them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{
    TestServer,
    http::{Answer, Browser},
    secrets,
};
use gateway::Origin;
use server::{command::Task, recovery::remove_second_factor};
use totp_rs::{Builder, Secret};

const ANN: &str = "ann@example.org";
const PASSWORD: &str = "violet kettle, 41 drums";
const PAGE: &str = "/account/second-factor";

/// What the app shows, so many steps of 30 seconds from now: one to either side is taken, and each once.
fn code(secret: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    app.generate(now.strict_add_signed(30 * steps)).to_string()
}

/// What stands in the page behind `before`.
fn behind<'a>(page: &'a Answer, before: &str, end: char) -> &'a str {
    let (_, rest) = page.body.split_once(before).unwrap_or_else(|| panic!("no {before}: {}", page.body));
    rest.split(end).next().unwrap()
}

async fn owner(server: &TestServer) -> Browser {
    let mut owner = Browser::new(server.http);
    let token = server.set_up_token();
    let fields = [("token", token.as_str()), ("email", ANN), ("password", PASSWORD)];
    assert_eq!(owner.post_form("/setup", &fields).await.location(), "/");
    owner
}

/// Sets one up: the secret of the app, and the recovery codes.
async fn enrol(browser: &mut Browser) -> (String, Vec<String>) {
    let begun = browser.post_form(PAGE, &[("step", "begin")]).await;
    assert_eq!((begun.status, begun.header("cache-control")), (200, Some("no-store")));
    let secret = behind(&begun, "<code class=\"value\">", '<').replace(' ', "");
    secrets::note(&secret);
    assert!(begun.body.contains("class=\"qr\"") && !begun.body.contains("style="), "{}", begun.body);
    let wrong = browser.post_form(PAGE, &[("step", "confirm"), ("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("This code is wrong") && wrong.body.contains("class=\"qr\""));
    let on = browser.post_form(PAGE, &[("step", "confirm"), ("code", &code(&secret, 0))]).await;
    assert_eq!(on.status, 200, "{on:?}");
    let (_, list) = on.body.split_once("class=\"recovery-codes\"").expect("a list of codes");
    let (list, _) = list.split_once("</ul>").expect("the list's end");
    let codes: Vec<String> = list
        .split("class=\"value\">")
        .skip(1)
        .map(|code| code.split('<').next().unwrap().to_owned())
        .collect();
    codes.iter().for_each(|code| secrets::note(code));
    assert_eq!(codes.len(), 10, "{list}");
    (secret, codes)
}

/// Gives the password; the page that asks for the code, and what stands in it for the password.
async fn begin(browser: &mut Browser, next: &str) -> (Answer, String) {
    let fields = [("email", ANN), ("password", PASSWORD), ("next", next)];
    let asks = browser.post_form("/sign-in", &fields).await;
    assert_eq!((asks.status, asks.header("cache-control")), (200, Some("no-store")), "{asks:?}");
    assert!(browser.cookie.is_none() && asks.header("location").is_none());
    let begun = behind(&asks, "name=\"begun\" value=\"", '"').to_owned();
    secrets::note(&begun);
    (asks, begun)
}

#[tokio::test]
async fn signing_in_takes_the_password_and_then_a_code() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let (secret, codes) = enrol(&mut owner).await;
    let page = owner.get(PAGE).await;
    assert!(page.body.contains("10 recovery codes left"), "{}", page.body);
    for said in [&secret, &codes[0]] {
        assert!(!page.body.contains(said.as_str()), "nobody reads it again");
    }

    let mut laptop = Browser::new(server.http);
    let (_, begun) = begin(&mut laptop, PAGE).await;
    let with = |code| [("begun", begun.as_str()), ("next", PAGE), ("code", code)];
    let wrong = laptop.post_form("/sign-in", &with("000000")).await;
    assert!(wrong.status == 422 && wrong.body.contains("This code is wrong"), "{wrong:?}");
    assert_eq!(behind(&wrong, "name=\"begun\" value=\"", '"'), begun);
    assert_eq!(behind(&wrong, "name=\"next\" value=\"", '"'), PAGE);
    let now = code(&secret, 1);
    let answer = laptop.post_form("/sign-in", &with(&now)).await;
    assert_eq!((answer.status, answer.location()), (303, PAGE));
    assert_eq!(laptop.get(PAGE).await.status, 200);
    let again = Browser::new(server.http).post_form("/sign-in", &with(&now)).await;
    assert_eq!(again.location(), "/sign-in?next=%2Faccount%2Fsecond-factor&error=sign_in_expired");

    let mut thief = Browser::new(server.http);
    let (_, begun) = begin(&mut thief, "").await;
    let fields = [("begun", begun.as_str()), ("code", now.as_str())];
    let replayed = thief.post_form("/sign-in", &fields).await;
    assert!(replayed.status == 422 && thief.cookie.is_none(), "a code is taken once");
    let fields = [("begun", begun.as_str()), ("code", codes[0].as_str())];
    assert_eq!(thief.post_form("/sign-in", &fields).await.location(), "/");
    assert!(laptop.get(PAGE).await.body.contains("9 recovery codes left"));
}

#[tokio::test]
async fn codes_are_tried_five_times_for_a_password_and_ten_from_an_address() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let (secret, _) = enrol(&mut owner).await;
    let mut thief = Browser::new(server.http);
    for _ in 0..2 {
        let (_, begun) = begin(&mut thief, "").await;
        let fields = [("begun", begun.as_str()), ("code", "000000")];
        for _ in 0..4 {
            assert_eq!(thief.post_form("/sign-in", &fields).await.status, 422);
        }
        assert_eq!(thief.post_form("/sign-in", &fields).await.location(), "/sign-in?error=sign_in_expired");
    }
    let (_, begun) = begin(&mut thief, "").await;
    let right = code(&secret, 1);
    let answer = thief.post_form("/sign-in", &[("begun", &begun), ("code", &right)]).await;
    assert_eq!(answer.status, 429, "the right one is not told apart by then: {answer:?}");
    assert!(answer.header("retry-after").is_some() && thief.cookie.is_none());
}

#[tokio::test]
async fn a_reset_link_does_not_pass_it_by_and_the_owner_can_remove_it() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    server.gateway.register_user("ben@example.org", PASSWORD, &Origin::default()).await.unwrap();
    let mut ben = Browser::new(server.http);
    ben.post_form("/sign-in", &[("email", "ben@example.org"), ("password", PASSWORD)]).await;
    enrol(&mut ben).await;
    let accounts = owner.get("/accounts").await;
    let user = behind(&accounts, "name=\"user\" value=\"", '"').to_owned();
    assert!(accounts.body.contains("Remove second factor…"));

    let made = owner.post_form("/accounts", &[("user", &user)]).await;
    let link = behind(&made, "id=\"issued\"", '>');
    let token = link.split("#token=").nth(1).unwrap().split('"').next().unwrap();
    let mut reader = Browser::new(server.http);
    let answer =
        reader.post_form("/reset", &[("token", token), ("password", "brown gloves, 92 moons")]).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?done=reset"));
    assert!(reader.cookie.is_none());
    assert!(reader.get("/sign-in?done=reset").await.body.contains("Your new password is set"));

    let remove = owner.post_form("/accounts/second-factor/remove", &[("user", &user)]).await;
    assert_eq!(remove.location(), "/accounts");
    let fields = [("email", "ben@example.org"), ("password", "brown gloves, 92 moons")];
    assert_eq!(reader.post_form("/sign-in", &fields).await.location(), "/");
}

#[tokio::test]
async fn a_project_that_asks_for_one_says_so_and_closes() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    let made = owner.post_form("/projects", &[("name", "Aliens")]).await;
    let project = made.location().trim_end_matches("/live").to_owned();
    let guard = format!("{project}/settings/second-factor");
    let answer = owner.post_form(&guard, &[("required", "true")]).await;
    assert_eq!(answer.location(), format!("{project}/settings?error=own_factor"));
    enrol(&mut owner).await;
    let answer = owner.post_form(&guard, &[("required", "true")]).await;
    assert_eq!(answer.location(), format!("{project}/settings?done=guard"));
    assert_eq!(owner.get(&format!("{project}/live")).await.status, 200);

    let removed = owner.post_form(PAGE, &[("step", "remove")]).await;
    assert_eq!(removed.location(), "/account/second-factor?done=factor_removed");
    for page in ["/live", "/settings", "/settings/keys"] {
        let closed = owner.get(&format!("{project}{page}")).await;
        assert_eq!(closed.status, 403, "{page}");
        assert!(closed.body.contains("requires a second factor") && closed.body.contains(PAGE), "{page}");
    }
    let api = format!("/api/v1/projects/{}/variables", project.trim_start_matches("/p/"));
    let refused = owner.get(&api).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("second_factor_needed")));
}

#[tokio::test]
async fn an_instance_can_ask_for_one_of_everybody() {
    let server = TestServer::start_with(&["--require-second-factor"]).await;
    let mut owner = owner(&server).await;
    assert_eq!(owner.get("/accounts").await.status, 403);
    let made = owner.post_form("/projects", &[("name", "Aliens")]).await;
    assert_eq!(owner.get(made.location()).await.status, 403);
    assert_eq!(owner.get("/").await.status, 200);
    enrol(&mut owner).await;
    assert_eq!(owner.get("/accounts").await.status, 200);
    assert_eq!(owner.get(made.location()).await.status, 200);
}

#[tokio::test]
async fn the_command_line_lets_an_owner_in_who_has_lost_the_app() {
    let server = TestServer::start().await;
    let mut owner = owner(&server).await;
    enrol(&mut owner).await;
    let url = server.database_url();
    let parsed = |email: &str| {
        let arguments = ["observerio", "remove-second-factor", email, "--database-url", &url];
        match Task::parse(arguments).unwrap() {
            Task::RemoveSecondFactor(email, database) => (email, database),
            other => panic!("{other:?}"),
        }
    };
    let (nobody, database) = parsed("nobody@example.org");
    assert!(remove_second_factor(&nobody, &database).await.is_err());
    let (email, _) = parsed(" Ann@Example.org");
    let told = remove_second_factor(&email, &database).await.unwrap();
    assert!(told.starts_with("ann@example.org now signs in with the password alone"), "{told}");
    assert!(remove_second_factor(&email, &database).await.is_err(), "there is none any more");
    // beside the server that runs
    assert!(owner.get("/").await.location().starts_with("/sign-in"));
    let fields = [("email", ANN), ("password", PASSWORD)];
    assert_eq!(Browser::new(server.http).post_form("/sign-in", &fields).await.location(), "/");
}
