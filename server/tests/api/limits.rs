//! How often a script may ask, and how often anybody may be wrong.

use gateway::Origin;
use protocol::model::TokenScope;

use crate::{
    support::http::{Answer, Browser},
    world::{Script, World, refusal, refused},
};

fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").expect("Retry-After").parse().unwrap()
}

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_when_to_come_back() {
    let world = World::start_with(&["--api-requests-per-second", "1"]).await;
    let mut refusals = 0;
    for _ in 0..20 {
        let answer = world.script.get("/api/v1/me").await;
        if answer.status != 200 {
            assert_eq!(refusal(&answer), refused(429, "rate"));
            assert!((1..=4).contains(&retry_after(&answer)));
            refusals += 1;
        }
    }
    assert!(refusals > 0, "four at once and one a second are less than twenty at once");
    // another token of the same person is not concerned
    let other = Script::of(&world.server, &world.owner, TokenScope::Read).await;
    assert_eq!(other.get("/api/v1/me").await.status, 200);
}

#[tokio::test]
async fn twenty_wrong_tokens_are_enough_for_an_address() {
    let world = World::start().await;
    let wrong = |n: usize| Script { token: format!("obs_wrong{n}"), ..world.script.clone() };
    for n in 0..20 {
        let answer = wrong(n).get("/api/v1/me").await;
        assert_eq!(refusal(&answer), refused(401, "unauthenticated"), "{n}");
    }
    let answer = wrong(20).get("/api/v1/me").await;
    assert_eq!(refusal(&answer), refused(429, "rate"));
    assert!((1..=15).contains(&retry_after(&answer)));
    // a right one can't be guessed, and others share the address
    assert_eq!(world.script.get("/api/v1/me").await.status, 200);
    // who brings none is no guesser
    let answer = Browser::new(world.server.http).get("/api/v1/me").await;
    assert_eq!(refusal(&answer), refused(401, "unauthenticated"));
}

async fn sign_in(world: &World, email: &str, password: &str) -> Answer {
    let mut browser = Browser::new(world.server.http);
    browser.post_form("/sign-in", &[("email", email), ("password", password)]).await
}

#[tokio::test]
async fn ten_wrong_passwords_are_enough_for_an_account_and_an_address() {
    let world = World::start().await;
    let right = "correct horse battery";
    for email in ["ann@example.org", "bob@example.org"] {
        world.server.gateway.register_user(email, right, &Origin::default()).await.unwrap();
    }
    // somebody who has an account, and somebody who has none
    for email in ["ann@example.org", "nobody@example.org"] {
        for n in 0..10 {
            let answer = sign_in(&world, email, &format!("wrong {n}")).await;
            assert_eq!(
                (answer.status, answer.location()),
                (303, "/sign-in?error=wrong_password"),
                "{email} {n}"
            );
        }
        for password in ["wrong again", right] {
            let answer = sign_in(&world, email, password).await;
            assert_eq!(answer.status, 429, "{email}");
            assert!((1..=30).contains(&retry_after(&answer)), "{email}");
            assert!(answer.body.contains("Too many tries"), "{email}: {}", answer.body);
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    assert_eq!(sign_in(&world, "bob@example.org", right).await.location(), "/");
}

#[tokio::test]
async fn from_elsewhere_the_right_password_still_works() {
    let world = World::start_with(&["--trusted-proxies", "127.0.0.1"]).await;
    let right = "correct horse battery";
    world.server.gateway.register_user("ann@example.org", right, &Origin::default()).await.unwrap();
    let from = async |address: &str, password: &str| {
        let mut browser = Browser::new(world.server.http);
        let origin = browser.origin();
        let body = format!("email=ann%40example.org&password={}", password.replace(' ', "+"));
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", origin.as_str()),
            ("x-forwarded-for", address),
        ];
        browser.request("POST", "/sign-in", &headers, &body).await
    };
    for _ in 0..10 {
        assert_eq!(from("192.0.2.1", "wrong").await.status, 303);
    }
    assert_eq!(from("192.0.2.1", right).await.status, 429);
    assert_eq!(from("192.0.2.2", right).await.location(), "/");
}

#[tokio::test]
async fn other_forms_that_take_a_password_or_a_link_count_too() {
    let world = World::start().await;
    let right = "correct horse battery";
    world.server.gateway.register_user("ann@example.org", right, &Origin::default()).await.unwrap();
    let mut browser = Browser::new(world.server.http);
    browser.post_form("/sign-in", &[("email", "ann@example.org"), ("password", right)]).await;
    let new = "another horse battery";
    for n in 0..10 {
        let answer = browser.post_form("/account", &[("current", "wrong"), ("new", new)]).await;
        assert_ne!(answer.status, 429, "{n}");
    }
    let change = browser.post_form("/account", &[("current", right), ("new", new)]).await;
    let mut stranger = Browser::new(world.server.http);
    for n in 0..10 {
        let answer = stranger.post_form("/reset", &[("token", "wrong"), ("password", new)]).await;
        assert_ne!(answer.status, 429, "{n}");
    }
    let wrong = stranger.post_form("/reset", &[("token", "wrong"), ("password", new)]).await;
    // also with a link that is good, which the page keeps
    let gateway = &world.server.gateway;
    let ann = gateway.sign_in("ann@example.org", right, &Origin::default()).await.unwrap().caller.user.id;
    let link = gateway.issue_reset_link(&world.owner, ann).await.unwrap();
    let reset = stranger.post_form("/reset", &[("token", link.reveal()), ("password", new)]).await;
    let kept = format!("name=\"token\" value=\"{}\"", link.reveal());
    assert!(reset.body.contains(&kept), "{}", reset.body);
    for answer in [change, wrong, reset] {
        assert_eq!(answer.status, 429);
        assert!((1..=30).contains(&retry_after(&answer)), "{answer:?}");
        assert!(answer.body.contains("Too many tries"), "{}", answer.body);
    }
    assert!(gateway.sign_in("ann@example.org", right, &Origin::default()).await.is_ok(), "unchanged");
}

#[tokio::test]
async fn right_passwords_are_not_counted() {
    let world = World::start().await;
    let right = "correct horse battery";
    world.server.gateway.register_user("ann@example.org", right, &Origin::default()).await.unwrap();
    for n in 0..12 {
        assert_eq!(sign_in(&world, "ann@example.org", right).await.location(), "/", "{n}");
    }
}
