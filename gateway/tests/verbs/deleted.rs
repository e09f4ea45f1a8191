//! What becomes of what games and people send while their project is being deleted, on both databases.

use std::sync::{
    Arc, Once,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use gateway::{
    Content, GameLine, GatewayError,
    store::{AuditRow, Store},
};
use protocol::line::parse_logs;
use tracing::{
    Event, Level, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};

use crate::house::{House, NOW};

/// Events at the level of errors, of all stories of this file.
static FAULTS: AtomicU32 = AtomicU32::new(0);

/// Counts faults that are logged.
struct Faults;

impl Subscriber for Faults {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        FAULTS.fetch_add(1, Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

async fn watched(store: Arc<dyn Store>) -> House {
    static COUNTING: Once = Once::new();
    COUNTING.call_once(|| tracing::subscriber::set_global_default(Faults).unwrap());
    House::new(store).await
}

impl House {
    /// In the database alone: the gateway has not heard of it yet.
    async fn delete_unheard(&self) {
        let deed = AuditRow {
            at: NOW,
            actor_id: None,
            actor: "Ana".to_owned(),
            via: "session".to_owned(),
            address: String::new(),
            project: Some(self.project.id),
            action: "project.delete",
            subject: "something".to_owned(),
            old: None,
            new: None,
        };
        assert!(self.store.access().delete_project(self.project.id, deed).await.unwrap());
    }
}

/// Sends lines until the game is let go; how many were taken in.
fn send(game: &mut GameLine, lines: u64) -> u64 {
    let taken = |_: &u64| {
        let logs = parse_logs(br#"[{"message":"goes on"}]"#).unwrap().entries;
        let Ok(room) = game.try_reserve(64) else { return false };
        game.submit(room, None, Content::Logs(logs)).is_ok()
    };
    (0..lines).take_while(taken).count() as u64
}

async fn lines_on_their_way_are_counted_and_no_faults(store: Arc<dyn Store>) {
    let house = watched(store).await;
    let mut game = house.original().await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    house.delete_unheard().await;
    let sent = send(&mut game, 100);
    assert_eq!(sent, 100);
    house.gateway.flush().await.unwrap();
    assert_eq!(house.gateway.status().written.lost_records, sent);
    let edit = house.try_set(1, "speed", 7).await;
    assert!(matches!(edit, Err(GatewayError::NotFound)), "{edit:?}");
    assert_eq!(FAULTS.load(Relaxed), 0);
}

async fn a_project_that_is_deleted_under_traffic_is_no_fault(store: Arc<dyn Store>) {
    let house = watched(store).await;
    let mut game = house.original().await;
    // queued, and not yet written when the project goes
    let before = send(&mut game, 100);
    let gateway = house.gateway.clone();
    let (owner, id) = (house.owner.clone(), house.project.id);
    let deleting = tokio::spawn(async move { gateway.delete_project(&owner, id).await });
    let mut during = 0;
    while !deleting.is_finished() {
        during += send(&mut game, 1);
        tokio::task::yield_now().await;
    }
    deleting.await.unwrap().unwrap();
    house.gateway.flush().await.unwrap();
    let status = house.gateway.status();
    assert!(
        status.written.lost_records <= before + during,
        "{} of {before} + {during}",
        status.written.lost_records
    );
    assert_eq!(send(&mut game, 1), 0, "its key is worth nothing any more");
    drop(game);
    house.gateway.flush().await.unwrap();
    assert_eq!(FAULTS.load(Relaxed), 0);
}

crate::support::stories! {
    lines_on_their_way_are_counted_and_no_faults,
    a_project_that_is_deleted_under_traffic_is_no_fault,
}
