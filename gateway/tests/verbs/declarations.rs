//! Whose declaration of a variable counts, on both databases.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use gateway::{Caller, Clock, GameLine, Gateway, GatewayError, Origin, Watched, Watcher, store::Store};
use protocol::{
    ErrorCode,
    line::{Hello, parse_logs, parse_report},
    live::{Event, Snapshot},
    model::{
        AllowedOrigins, Difference, Gesture, Key, Project, Revision, Schema, UnixMicros, Value, Var, VarName,
        VarType, WaitingDeclaration,
    },
};

const START: i64 = 1_790_000_000_000_000;
/// What the real game declares, and what somebody who took its key from it does.
const REAL: &str = r#"[{"name":"speed","type":"integer","value":5,"min":0,"max":10}]"#;
const FALSE: &str = r#"[{"name":"speed","type":"integer","value":5,"readonly":true}]"#;

struct House {
    gateway: Gateway,
    now: Arc<AtomicI64>,
    owner: Caller,
    project: Project,
}

impl House {
    async fn new(store: Arc<dyn Store>) -> Self {
        let now = Arc::new(AtomicI64::new(START));
        let gateway = open(&store, &now).await;
        let token = gateway.issue_setup_token();
        let owner = gateway.set_up(token.reveal(), None, None, &Origin::default()).await.unwrap().caller;
        let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        Self { gateway, now, owner, project }
    }

    fn pass(&self, time: Duration) {
        self.now.fetch_add(time.as_micros() as i64, Relaxed);
    }

    async fn game(&self, device: &str) -> GameLine {
        self.game_of(self.project.key, device).await
    }

    async fn game_of(&self, key: Key, device: &str) -> GameLine {
        let hello = Hello { proto: 2, device: Some(device.to_owned()), ..Hello::default() };
        self.gateway.connect_game(key, peer(), Some(&hello)).await.unwrap()
    }

    /// The newest row of the audit trail that is no edit.
    async fn newest_deed(&self) -> String {
        let trail = self.gateway.list_audit(&self.owner, Some(self.project.id), None, 50).await.unwrap();
        let newest = trail.entries.into_iter().find(|entry| entry.action != "value.edit").unwrap();
        let side = |text: Option<String>| text.unwrap_or_default();
        format!("{} {}: {} → {}", newest.action, newest.subject, side(newest.old), side(newest.new))
    }

    async fn snapshot(&self) -> Snapshot {
        self.gateway.flush().await.unwrap();
        self.gateway.snapshot(&self.owner, self.project.id).await.unwrap()
    }

    async fn var(&self, name: &str) -> Var {
        self.snapshot().await.vars.into_iter().find(|var| var.name.as_str() == name).unwrap()
    }

    /// What speed is declared as, and by which device.
    async fn speed(&self) -> (bool, String) {
        let var = self.var("speed").await;
        let device = var.declared_by.unwrap();
        let devices = self.snapshot().await.devices;
        let name = devices.into_iter().find(|found| found.id == device).unwrap().name;
        (var.spec.readonly, name)
    }

    async fn edit(&self, value: i64) -> Result<Revision, GatewayError> {
        let change = vec![(name("speed"), Value::Int(value.into()))];
        let edit =
            self.gateway.edit_vars(&self.owner, self.project.id, Gesture(value.unsigned_abs()), change);
        edit.await.map(|saved| saved.revision)
    }
}

async fn open(store: &Arc<dyn Store>, now: &Arc<AtomicI64>) -> Gateway {
    let now = Arc::clone(now);
    Gateway::open(Arc::clone(store), Clock::new(move || UnixMicros(now.load(Relaxed)))).await.unwrap()
}

fn peer() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

fn name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

/// A line, and what it is refused with.
async fn refusal(game: &mut GameLine, json: &str) -> Option<(ErrorCode, String)> {
    match game.report_vars(parse_report(json.as_bytes()).unwrap()).await {
        Ok(()) => None,
        Err(GatewayError::Refused(error)) => Some((error.code, error.text)),
        Err(other) => panic!("{other}"),
    }
}

async fn report(game: &mut GameLine, json: &str) {
    game.report_vars(parse_report(json.as_bytes()).unwrap()).await.unwrap();
}

/// What a dashboard is told next of declarations that wait.
async fn next_waiting(watcher: &mut Watcher) -> u32 {
    loop {
        let Watched::Delta(delta) = watcher.next().await else { panic!("a delta is missing") };
        let told = delta.events.iter().find_map(|event| match event {
            Event::DeclarationsWaiting(count) => Some(*count),
            _ => None,
        });
        if let Some(count) = told {
            return count;
        }
    }
}

async fn dashboards_hear_how_many_declarations_wait(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut real = house.game("real").await;
    report(&mut real, REAL).await;
    let (gateway, owner, project) = (&house.gateway, &house.owner, house.project.id);
    gateway.freeze(owner, project, true).await.unwrap();
    let mut watcher = gateway.watch(owner, project).await.unwrap();
    assert_eq!(watcher.snapshot().declarations_waiting, 0);
    let mut other = house.game("other").await;
    refusal(
        &mut other,
        r#"[{"name":"speed","type":"string","value":"5"},{"name":"new","type":"int","value":1}]"#,
    )
    .await;
    assert_eq!(next_waiting(&mut watcher).await, 2);
    assert_eq!(house.snapshot().await.declarations_waiting, 2);
    gateway.consent(owner, project, other.device(), &name("new")).await.unwrap();
    assert_eq!(next_waiting(&mut watcher).await, 1);
    gateway.dismiss(owner, project, other.device(), &name("speed")).await.unwrap();
    assert_eq!(next_waiting(&mut watcher).await, 0);
    refusal(&mut other, r#"[{"name":"newer","type":"int","value":1}]"#).await;
    assert_eq!(next_waiting(&mut watcher).await, 1);
    gateway.freeze(owner, project, false).await.unwrap();
    assert_eq!(next_waiting(&mut watcher).await, 0);
}

async fn a_game_that_declares_again_is_heard(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut real, mut other) = (house.game("real").await, house.game("other").await);
    report(&mut real, REAL).await;
    report(&mut other, FALSE).await;
    assert_eq!(house.speed().await, (true, "other".to_owned()));
    assert!(house.edit(7).await.is_err());
    // word for word what it has said on this connection before
    report(&mut real, REAL).await;
    assert_eq!(house.speed().await, (false, "real".to_owned()));
    house.edit(7).await.unwrap();
    // a value says nothing of the declaration
    report(&mut other, r#"{"speed":6}"#).await;
    assert_eq!(house.speed().await, (false, "real".to_owned()));
}

async fn who_repeats_a_declaration_all_the_time_is_heard_less_and_less_often(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut real, mut other) = (house.game("real").await, house.game("other").await);
    for _ in 0..2 {
        report(&mut real, REAL).await;
        // both at once would be in either order
        house.gateway.flush().await.unwrap();
        report(&mut other, FALSE).await;
        house.gateway.flush().await.unwrap();
    }
    assert_eq!(house.speed().await, (true, "other".to_owned()));
    report(&mut real, REAL).await;
    assert_eq!(house.speed().await, (true, "other".to_owned()), "it was heard just now");
    house.pass(Duration::from_secs(1));
    report(&mut real, REAL).await;
    assert_eq!(house.speed().await, (false, "real".to_owned()));
}

async fn when_a_device_goes_the_newest_declaration_of_those_that_are_there_counts(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let (mut real, mut other) = (house.game("real").await, house.game("other").await);
    report(&mut real, REAL).await;
    report(&mut other, FALSE).await;
    let mut third = house.game("third").await;
    report(&mut third, r#"[{"name":"speed","type":"string","value":"5"}]"#).await;
    assert_eq!(house.var("speed").await.spec.var_type, VarType::String);
    drop(third);
    assert_eq!(house.speed().await, (true, "other".to_owned()));
    drop(other);
    assert_eq!(house.speed().await, (false, "real".to_owned()));
    house.edit(7).await.unwrap();
    // it is stored like that, and stays when nobody is there
    drop(real);
    house.gateway.flush().await.unwrap();
    let gateway = open(&store, &house.now).await;
    let snapshot = gateway.snapshot(&house.owner, house.project.id).await.unwrap();
    let speed = &snapshot.vars[0];
    let by = snapshot.devices.iter().find(|device| Some(device.id) == speed.declared_by).unwrap();
    assert_eq!((speed.spec.readonly, by.name.as_str()), (false, "real"));
}

async fn a_game_that_says_values_only_keeps_what_it_had(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut real = house.game("real").await;
    report(&mut real, r#"{"speed":5}"#).await;
    let mut other = house.game("other").await;
    report(&mut other, FALSE).await;
    report(&mut real, r#"{"speed":6}"#).await;
    assert!(house.speed().await.0);
    drop(other);
    let speed = house.var("speed").await;
    assert_eq!((speed.spec.readonly, speed.spec.inferred), (false, true));
    house.edit(7).await.unwrap();
}

async fn what_a_device_declares_that_others_declare_too_stays_when_it_goes(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut one, mut two) = (house.game("one").await, house.game("two").await);
    let mut old = house.game("old").await;
    report(&mut old, FALSE).await;
    report(&mut one, REAL).await;
    report(&mut two, REAL).await;
    drop(one);
    assert!(!house.speed().await.0);
    drop(two);
    assert_eq!(house.speed().await, (true, "old".to_owned()));
}

/// An integer as text and one as a number are one declaration: each game is told its own.
async fn games_that_write_a_value_in_two_ways_declare_nothing_against_each_other(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut text, mut number) = (house.game("text").await, house.game("number").await);
    report(&mut text, r#"[{"name":"speed","type":"integer","value":"5"}]"#).await;
    report(&mut number, r#"[{"name":"speed","type":"int","value":5}]"#).await;
    let before = house.snapshot().await.vars[0].clone();
    for value in 6..20 {
        report(&mut text, &format!(r#"[{{"name":"speed","type":"integer","value":"{value}"}}]"#)).await;
        assert_eq!(house.var("speed").await.spec, before.spec);
        report(&mut number, &format!(r#"[{{"name":"speed","type":"int","value":{value}}}]"#)).await;
        assert_eq!(house.var("speed").await.spec, before.spec);
    }
    drop(number);
    assert_eq!(house.var("speed").await.spec, before.spec);
}

async fn a_key_for_reports_declares_nothing_and_reports_what_is_known(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, owner, id) = (&house.gateway, &house.owner, house.project.id);
    let mut real = house.game("real").await;
    report(&mut real, REAL).await;
    gateway.flush().await.unwrap();
    let key =
        gateway.create_key_of(owner, id, "in the shops", true, AllowedOrigins::default()).await.unwrap();
    assert!(key.report_only && gateway.list_keys(owner, id).await.unwrap()[1].report_only);
    let mut shop = house.game_of(key.key, "shop").await;
    let (code, text) = refusal(&mut shop, FALSE).await.unwrap();
    assert_eq!(code, ErrorCode::ReportOnly);
    assert!(text.contains("speed") && text.contains("may only report"), "{text}");
    assert_eq!(house.speed().await, (false, "real".to_owned()));
    // the value is taken all the same, and it is told once
    let reported = house.var("speed").await.reported;
    assert_eq!(reported.iter().filter(|said| said.device == shop.device()).count(), 1);
    assert_eq!(refusal(&mut shop, &FALSE.replace('5', "6")).await, None);
    assert_eq!(refusal(&mut shop, r#"{"speed":7.5}"#).await, None);
    let (code, text) = refusal(&mut shop, r#"{"made.up":1,"speed":8}"#).await.unwrap();
    assert_eq!(
        (code, text.contains("made.up"), text.contains("speed")),
        (ErrorCode::ReportOnly, true, false)
    );
    assert_eq!(refusal(&mut shop, r#"{"made.up":2}"#).await, None);
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.vars.len(), 1);
    let values: Vec<_> = snapshot.vars[0].reported.iter().map(|said| said.value.clone()).collect();
    assert_eq!(values, [Value::Int(5i64.into()), Value::Int(8i64.into())]);
    shop.append_logs(parse_logs(br#"[{"message":"hello"}]"#).unwrap().entries).await.unwrap();
    assert_eq!(house.snapshot().await.logs.len(), 1);
    house.edit(7).await.unwrap();
    // what it says when it leaves is nothing either
    drop(real);
    drop(shop);
    assert_eq!(house.speed().await, (false, "real".to_owned()));
}

async fn the_rights_of_a_key_change_for_games_that_are_connected(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let (gateway, owner, id) = (&house.gateway, &house.owner, house.project.id);
    let key = gateway.list_keys(owner, id).await.unwrap().remove(0);
    let mut game = house.game("real").await;
    report(&mut game, REAL).await;
    assert!(gateway.set_report_only(owner, id, key.id, true).await.unwrap().report_only);
    assert_eq!(house.newest_deed().await, "key.rights first key: declares → only reports");
    assert_eq!(refusal(&mut game, FALSE).await.unwrap().0, ErrorCode::ReportOnly);
    // a new key in its place has the same rights, also for a server that has just been started
    let next = gateway.rotate_key(owner, id, key.id, 0).await.unwrap();
    assert!(next.report_only);
    let restarted = open(&store, &house.now).await;
    let hello = Hello { proto: 2, device: Some("late".to_owned()), ..Hello::default() };
    let mut late = restarted.connect_game(next.key, peer(), Some(&hello)).await.unwrap();
    assert_eq!(refusal(&mut late, FALSE).await.unwrap().0, ErrorCode::ReportOnly);
    restarted.set_report_only(owner, id, next.id, false).await.unwrap();
    assert_eq!(refusal(&mut late, &FALSE.replace("\"readonly\":true", "\"order\":3")).await, None);
}

async fn what_is_frozen_waits_until_somebody_consents(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let (gateway, owner, id) = (&house.gateway, &house.owner, house.project.id);
    let (mut real, mut other) = (house.game("real").await, house.game("other").await);
    report(&mut real, REAL).await;
    gateway.flush().await.unwrap();
    gateway.freeze(owner, id, true).await.unwrap();
    assert_eq!(house.newest_deed().await, "schema.freeze Mr. Rescue: open → frozen");
    let (code, text) = refusal(&mut other, FALSE).await.unwrap();
    assert_eq!((code, text.contains("speed")), (ErrorCode::Frozen, true));
    assert_eq!(refusal(&mut other, r#"{"made.up":1}"#).await.unwrap().0, ErrorCode::Frozen);
    assert_eq!(refusal(&mut other, r#"{"made.up":2,"speed":6}"#).await, None, "it is told once");
    assert_eq!(house.speed().await, (false, "real".to_owned()));
    assert_eq!(house.snapshot().await.vars.len(), 1);
    house.edit(7).await.unwrap();

    let schema = gateway.get_schema(owner, id).await.unwrap();
    let shown: Vec<_> = schema.waiting.iter().map(in_words).collect();
    assert_eq!(
        shown,
        [
            "other changes speed: min 0 → -, max 10 → -, readonly - → yes",
            "other makes made.up: type - → integer (inferred)",
        ]
    );
    let [speed, made_up] = &schema.waiting[..] else { panic!("{schema:?}") };
    gateway.dismiss(owner, id, speed.device, &speed.name).await.unwrap();
    assert_eq!(
        house.newest_deed().await,
        "schema.dismiss speed: min 0, max 10, no readonly → no min, no max, readonly yes, by other"
    );
    gateway.consent(owner, id, made_up.device, &made_up.name).await.unwrap();
    assert_eq!(house.newest_deed().await, "schema.consent made.up:  → type integer (inferred), by other");
    assert_eq!(gateway.get_schema(owner, id).await.unwrap().waiting, []);
    for again in [
        gateway.consent(owner, id, speed.device, &speed.name).await,
        gateway.dismiss(owner, id, speed.device, &speed.name).await,
    ] {
        assert!(matches!(again, Err(GatewayError::NotFound)));
    }
    // the value that came with it is there, and the next one is taken
    assert_eq!(house.var("made.up").await.reported[0].value, Value::Int(2i64.into()));
    report(&mut other, r#"{"made.up":3}"#).await;
    assert_eq!(house.var("made.up").await.reported[0].value, Value::Int(3i64.into()));
    // what was dismissed does not come back with the next connection
    drop(other);
    let mut other = house.game("other").await;
    assert_eq!(refusal(&mut other, FALSE).await.unwrap().0, ErrorCode::Frozen);
    assert_eq!(gateway.get_schema(owner, id).await.unwrap().waiting, []);

    // it is frozen after a restart, too
    drop((real, other));
    gateway.flush().await.unwrap();
    let restarted = open(&store, &house.now).await;
    assert!(restarted.get_schema(owner, id).await.unwrap().is_frozen);
    let mut late = restarted.connect_game(house.project.key, peer(), None).await.unwrap();
    assert_eq!(refusal(&mut late, FALSE).await.unwrap().0, ErrorCode::Frozen);
    restarted.freeze(owner, id, false).await.unwrap();
    assert_eq!(restarted.get_schema(owner, id).await.unwrap(), Schema::default());
    assert_eq!(refusal(&mut late, FALSE).await, None);
    restarted.flush().await.unwrap();
    assert!(restarted.snapshot(owner, id).await.unwrap().vars[0].spec.readonly, "nothing waits any more");
}

fn in_words(waiting: &WaitingDeclaration) -> String {
    let WaitingDeclaration { name, device_name, is_new, differences, .. } = waiting;
    let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let said = |one: &Difference| format!("{} {} → {}", one.field, side(&one.old), side(&one.new));
    let differences: Vec<_> = differences.iter().map(said).collect();
    let verb = if *is_new { "makes" } else { "changes" };
    format!("{device_name} {verb} {name}: {}", differences.join(", "))
}

async fn one_game_does_not_fill_what_may_wait(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, owner, id) = (&house.gateway, &house.owner, house.project.id);
    gateway.freeze(owner, id, true).await.unwrap();
    let (mut real, mut other) = (house.game("real").await, house.game("other").await);
    refusal(&mut real, REAL).await.unwrap();
    for line in 0..5 {
        let vars: Vec<_> = (0..1_000).map(|n| format!(r#""v{}":1"#, 1_000 * line + n)).collect();
        refusal(&mut other, &format!("{{{}}}", vars.join(","))).await.unwrap();
    }
    let schema = gateway.get_schema(owner, id).await.unwrap();
    assert_eq!((schema.waiting.len(), schema.gave_way), (500, 4_501));
    assert_eq!(schema.waiting[0].name.as_str(), "speed");
    gateway.consent(owner, id, real.device(), &name("speed")).await.unwrap();
    assert_eq!(house.speed().await, (false, "real".to_owned()));
}

crate::support::stories! {
    dashboards_hear_how_many_declarations_wait,
    a_key_for_reports_declares_nothing_and_reports_what_is_known,
    the_rights_of_a_key_change_for_games_that_are_connected,
    what_is_frozen_waits_until_somebody_consents,
    one_game_does_not_fill_what_may_wait,
    a_game_that_declares_again_is_heard,
    who_repeats_a_declaration_all_the_time_is_heard_less_and_less_often,
    when_a_device_goes_the_newest_declaration_of_those_that_are_there_counts,
    a_game_that_says_values_only_keeps_what_it_had,
    what_a_device_declares_that_others_declare_too_stays_when_it_goes,
    games_that_write_a_value_in_two_ways_declare_nothing_against_each_other,
}
