//! What becomes of what games and people send while their project is being deleted, on both databases.

use std::sync::{
    Arc, Once,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use gateway::{
    Caller, Clock, Content, GameLine, Gateway, GatewayError, Origin,
    store::{AuditRow, Store},
};
use protocol::{
    line::parse_logs,
    model::{Gesture, Project, UnixMicros, Value, VarName},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};

const NOW: UnixMicros = UnixMicros(1_790_000_000_000_000);

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

struct House {
    gateway: Gateway,
    store: Arc<dyn Store>,
    owner: Caller,
    project: Project,
}

impl House {
    async fn new(store: Arc<dyn Store>) -> Self {
        static COUNTING: Once = Once::new();
        COUNTING.call_once(|| tracing::subscriber::set_global_default(Faults).unwrap());
        let gateway = Gateway::open(Arc::clone(&store), Clock::new(|| NOW)).await.unwrap();
        let token = gateway.issue_setup_token();
        let owner = gateway.set_up(token.reveal(), None, None, &Origin::default()).await.unwrap().caller;
        let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        Self { gateway, store, owner, project }
    }

    async fn game(&self) -> GameLine {
        self.gateway.connect_game(self.project.key, "192.0.2.7".parse().unwrap(), None).await.unwrap()
    }

    async fn edit(&self) -> Result<(), GatewayError> {
        let change = vec![(VarName::parse("speed").unwrap(), Value::Int(7i64.into()))];
        self.gateway.edit_vars(&self.owner, self.project.id, Gesture(1), change).await.map(drop)
    }

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
    let house = House::new(store).await;
    let mut game = house.game().await;
    game.report_vars(protocol::line::parse_report(br#"{"speed": 5}"#).unwrap()).await.unwrap();
    house.gateway.flush().await.unwrap();
    house.delete_unheard().await;
    let sent = send(&mut game, 100);
    assert_eq!(sent, 100);
    house.gateway.flush().await.unwrap();
    assert_eq!(house.gateway.status().written.lost_records, sent);
    let edit = house.edit().await;
    assert!(matches!(edit, Err(GatewayError::NotFound)), "{edit:?}");
    assert_eq!(FAULTS.load(Relaxed), 0);
}

async fn a_project_that_is_deleted_under_traffic_is_no_fault(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
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
