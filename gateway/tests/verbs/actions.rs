//! What actions leave behind: nothing.

use std::sync::Arc;

use gateway::{Caller, Clock, GameEvent, Gateway, GatewayError, Origin, store::Store};
use protocol::{
    ErrorCode,
    line::{parse_hello, parse_report},
    model::{Project, VarName},
};
use tokio::{runtime::Handle, task::yield_now};

const RUNS: usize = 10;

async fn house(store: Arc<dyn Store>) -> (Gateway, Caller, Project) {
    let gateway = Gateway::open(store, Clock::system()).await.unwrap();
    let link = gateway.issue_setup_token();
    let owner = gateway.set_up(link.reveal(), None, None, &Origin::default()).await.unwrap().caller;
    let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
    (gateway, owner, project)
}

fn spawn() -> VarName {
    VarName::parse("boss.spawn").unwrap()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn a_run_that_is_over_leaves_no_task(store: Arc<dyn Store>) {
    let (gateway, owner, project) = house(store).await;
    let hello = parse_hello(br#"{"proto":2,"caps":["rev"]}"#).unwrap();
    let peer = "192.0.2.7".parse().unwrap();
    let mut game = gateway.connect_game(project.key, peer, Some(&hello)).await.unwrap();
    let action = parse_report(br#"[{"name":"boss.spawn","type":"action"}]"#).unwrap();
    game.report_vars(action).await.unwrap();
    gateway.flush().await.unwrap();
    let before = tasks();
    for _ in 0..RUNS {
        let started = gateway.run_action(&owner, project.id, spawn(), None).await.unwrap();
        assert_eq!(started.games, 1);
        game.record_action(started.run.0, Ok(None));
    }
    // they end by themselves as soon as they have their turn
    while tasks() >= before + RUNS {
        yield_now().await;
    }
    drop(game);
    let before = tasks();
    for _ in 0..RUNS {
        let started = gateway.run_action(&owner, project.id, spawn(), None).await.unwrap();
        assert_eq!(started.games, 0);
    }
    assert!(tasks() < before + RUNS, "{} tasks after {before}", tasks());
}

/// Arguments may be for no other eyes, and who has the game's key can connect.
async fn only_a_game_that_has_declared_an_action_is_told_of_it(store: Arc<dyn Store>) {
    let (gateway, owner, project) = house(store).await;
    let hello = |device: &str| {
        parse_hello(format!(r#"{{"proto":2,"caps":["rev"],"device":"{device}"}}"#).as_bytes()).unwrap()
    };
    let peer = "192.0.2.7".parse().unwrap();
    let mut real = gateway.connect_game(project.key, peer, Some(&hello("real"))).await.unwrap();
    let mut other = gateway.connect_game(project.key, peer, Some(&hello("other"))).await.unwrap();
    real.report_vars(parse_report(br#"[{"name":"boss.spawn","type":"action"}]"#).unwrap()).await.unwrap();
    other.report_vars(parse_report(br#"{"speed":5}"#).unwrap()).await.unwrap();
    gateway.flush().await.unwrap();
    let args = Some(r#"{"token":"secret"}"#.to_owned());
    let started = gateway.run_action(&owner, project.id, spawn(), args).await.unwrap();
    assert_eq!(started.games, 1);
    let GameEvent::Action(call) = real.next(true).await else { panic!("not told") };
    assert_eq!(call.args.as_deref(), Some(r#"{"token":"secret"}"#));
    let _values = other.take_push();
    // it would be there by now
    let told = tokio::select! {
        biased;
        event = other.next(true) => Some(event),
        () = std::future::ready(()) => None,
    };
    assert!(told.is_none(), "{told:?}");
}

async fn arguments_keep_all_their_digits(store: Arc<dyn Store>) {
    let (gateway, owner, project) = house(store).await;
    let hello = parse_hello(br#"{"proto":2,"caps":["rev"]}"#).unwrap();
    let peer = "192.0.2.7".parse().unwrap();
    let mut game = gateway.connect_game(project.key, peer, Some(&hello)).await.unwrap();
    game.report_vars(parse_report(br#"[{"name":"boss.spawn","type":"action"}]"#).unwrap()).await.unwrap();
    gateway.flush().await.unwrap();
    let large = "340282366920938463463374607431768211456";
    for (args, told) in [
        (large.to_owned(), large.to_owned()),
        (format!("-{large}"), format!("-{large}")),
        (
            format!("{{\"seed\" : {large},\n \"at\": [ {large} ]}}"),
            format!("{{\"at\":[{large}],\"seed\":{large}}}"),
        ),
        ("18446744073709551616".to_owned(), "18446744073709551616".to_owned()),
        ("\"a text\"".to_owned(), "\"a text\"".to_owned()),
        ("2.50".to_owned(), "2.5".to_owned()),
    ] {
        gateway.run_action(&owner, project.id, spawn(), Some(args)).await.unwrap();
        let GameEvent::Action(call) = game.next(true).await else { panic!("no action") };
        assert_eq!(call.args.as_deref(), Some(told.as_str()));
        game.record_action(call.id, Ok(None));
    }
    let refused = gateway.run_action(&owner, project.id, spawn(), Some("[1,".to_owned())).await;
    let Err(GatewayError::Refused(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.code, ErrorCode::BadShape);
    assert!(refused.text.starts_with("the arguments are not JSON: "), "{}", refused.text);
}

crate::support::stories! {
    a_run_that_is_over_leaves_no_task,
    only_a_game_that_has_declared_an_action_is_told_of_it,
    arguments_keep_all_their_digits,
}
