//! What actions leave behind: nothing.
#![expect(clippy::unwrap_used, reason = "a story that meets an error has failed")]

mod support;

use std::sync::Arc;

use gateway::{Caller, Clock, Gateway, Origin, store::Store};
use protocol::{
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

support::stories! { a_run_that_is_over_leaves_no_task }
