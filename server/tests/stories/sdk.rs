//! A game with the SDK, against the real server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use crate::support::{PATIENCE, TestServer, live::Dashboard};
use observerio::{Game, Level, Settings};
use protocol::{
    live::Event,
    model::{Outcome, Value},
};

/// How long the game's frames are.
const FRAME: Duration = Duration::from_millis(1);

#[tokio::test]
async fn what_people_set_is_in_force_and_answered_and_what_the_game_logs_is_stored() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let mut dashboard = Dashboard::open(&browser).await;
    dashboard.subscribe(project.id).await;

    let (game, driver) = Game::new(Settings::new(project.key).device("phone").name("Ana's phone"));
    let speed = game.var("speed", 5i64).range(0..=1_000).unit("m/s").declare();
    let in_a_cutscene = |_: &Value| Err("in a cutscene".to_owned());
    let sky = game.text("sky", "blue").check(in_a_cutscene).declare();
    let connection = observerio::connect(driver, server.tcp.to_string()).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let (player, player_is_over) = (game.clone(), Arc::clone(&is_over));
    let playing = thread::spawn(move || {
        while !player_is_over.load(Relaxed) {
            player.frame();
            thread::sleep(FRAME);
        }
    });

    let declared = dashboard.event(|event| match event {
        Event::Reported { declared, .. } => Some(declared),
        _ => None,
    });
    let declared = declared.await;
    assert_eq!(declared.len(), 2, "{declared:?}");
    assert!(
        declared.iter().any(|(name, spec)| name.as_str() == "speed" && spec.unit.as_deref() == Some("m/s"))
    );

    let changes = [("speed", Value::Int(900i64.into())), ("sky", Value::Text("red".to_owned()))];
    dashboard.edit(1, project.id, &changes).await;
    let outcomes = dashboard.event(|event| match event {
        Event::Applied { vars, .. } if !vars.is_empty() => Some(vars),
        _ => None,
    });
    let outcomes = outcomes.await;
    let outcome =
        |name: &str| outcomes.iter().find(|(known, _)| known.as_str() == name).unwrap().1[0].outcome.clone();
    assert_eq!(outcome("speed"), Outcome::Applied);
    assert_eq!(outcome("sky"), Outcome::Rejected { reason: Some("in a cutscene".to_owned()) });
    assert_eq!((speed.get(), &*sky.get()), (900, "blue"));

    game.log_with(Level::Warn, "boss spawned", &[("hp", Value::Int(30i64.into()))]);
    tokio::task::spawn_blocking(move || connection.close(PATIENCE)).await.unwrap();
    is_over.store(true, Relaxed);
    playing.join().unwrap();
    let logs = Dashboard::open(&browser).await.subscribe(project.id).await.logs;
    let [line] = &logs[..] else { panic!("{logs:?}") };
    assert_eq!(
        (&*line.message, line.level, line.fields.as_deref()),
        ("boss spawned", Level::Warn, Some(r#"{"hp":30}"#))
    );
}
