//! What a project has room for, at the limit and one beyond it, on both databases.

use std::{fmt::Write as _, net::IpAddr, sync::Arc};

use crate::support::stories;
use gateway::{
    Budgets, Caller, Clock, Content, GameEvent, GameLine, Gateway, GatewayError, Limits, Origin, Watched,
    store::Store,
};
use protocol::{
    ErrorCode,
    limits::{MAX_VARS_PER_LINE, MAX_VARS_PER_PROJECT},
    line::{Caps, Hello, parse_logs, parse_report},
    live::{Event, LeftOut, Snapshot},
    model::{Change, Gesture, Project, Value, VarName},
};

struct House {
    gateway: Gateway,
    owner: Caller,
    project: Project,
}

impl House {
    async fn new(store: Arc<dyn Store>) -> Self {
        let gateway = Gateway::open(store, Clock::system()).await.unwrap();
        let token = gateway.issue_setup_token();
        let owner = gateway.set_up(token.reveal(), None, None, &Origin::default()).await.unwrap().caller;
        let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        Self { gateway, owner, project }
    }

    async fn game(&self, hello: Option<&Hello>) -> GameLine {
        self.gateway.connect_game(self.project.key, peer(), hello).await.unwrap()
    }

    async fn snapshot(&self) -> Snapshot {
        self.gateway.flush().await.unwrap();
        self.gateway.snapshot(&self.owner, self.project.id).await.unwrap()
    }
}

fn peer() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

/// `{"n0":VALUE,"n1":VALUE,…}` of these numbers, and more behind it.
fn values(numbers: std::ops::Range<usize>, value: i64, more: &str) -> Content {
    let mut json = String::from("{");
    for number in numbers {
        write!(json, "\"n{number}\":{value},").unwrap();
    }
    json.push_str(more);
    Content::Report(parse_report(format!("{}}}", json.trim_end_matches(',')).as_bytes()).unwrap())
}

/// Reports all but `left` variables that a project may have.
async fn fill(game: &mut GameLine, left: usize) {
    let most = MAX_VARS_PER_PROJECT - left;
    for start in (0..most).step_by(MAX_VARS_PER_LINE) {
        let line = values(start..most.min(start + MAX_VARS_PER_LINE), 1, "");
        let room = game.reserve(1).await.unwrap();
        assert_eq!(game.submit(room, None, line), Ok(None));
    }
}

fn reported(snapshot: &Snapshot, name: &str) -> Option<Value> {
    let var = snapshot.vars.iter().find(|var| var.name.as_str() == name)?;
    Some(var.reported[0].value.clone())
}

async fn a_full_project_takes_values_of_what_it_knows(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game(None).await;
    fill(&mut game, 1).await;
    // one that still fits, and one that does not
    let room = game.reserve(1).await.unwrap();
    let error = game.submit(room, None, values(0..3, 2, r#""last":2,"new":2"#)).unwrap().unwrap();
    assert_eq!(error.code, ErrorCode::TooMany);
    assert!(error.text.ends_with("left out: new"), "{}", error.text);
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.vars.len(), MAX_VARS_PER_PROJECT);
    for (name, value) in [("n0", 2i64), ("n2", 2), ("n3", 1), ("last", 2)] {
        assert_eq!(reported(&snapshot, name), Some(Value::Int(value.into())), "{name}");
    }
    assert_eq!(reported(&snapshot, "new"), None);

    // so it is for another game, which has said nothing yet, and for a line of which nothing is left
    let mut other = house.game(None).await;
    let many: String = (0..8).map(|n| format!("\"new{n}\":1,")).collect();
    let room = other.reserve(1).await.unwrap();
    let error = other.submit(room, None, values(0..1, 3, many.trim_end_matches(','))).unwrap().unwrap();
    assert!(error.text.ends_with("left out: new0, new1, new2, new3, new4 and 3 more"), "{}", error.text);
    let room = other.reserve(1).await.unwrap();
    assert_eq!(other.submit(room, None, values(0..0, 0, r#""new":1"#)).unwrap_err().code, ErrorCode::TooMany);
    let error = other.report_vars(parse_report(br#"{"new":1}"#).unwrap()).await.unwrap_err();
    assert!(matches!(error, GatewayError::Refused(error) if error.code == ErrorCode::TooMany));
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.vars.len(), MAX_VARS_PER_PROJECT);
    let n0 = snapshot.vars.iter().find(|var| var.name.as_str() == "n0").unwrap();
    let seen: Vec<&Value> = n0.reported.iter().map(|reported| &reported.value).collect();
    assert_eq!(seen, [&Value::Int(2i64.into()), &Value::Int(3i64.into())]);
}

async fn a_numbered_line_with_one_too_many_counts(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let hello = Hello { proto: 2, session: Some("s".to_owned()), caps: Caps::DEFAULT, ..Hello::default() };
    let mut game = house.game(Some(&hello)).await;
    fill(&mut game, 0).await;
    for (seq, more) in [(1, values(0..1, 2, r#""new":1"#)), (2, values(0..0, 0, r#""new":1"#))] {
        let room = game.reserve(1).await.unwrap();
        let told = game.submit(room, Some(seq), more);
        assert_eq!(told.is_ok(), seq == 1, "{told:?}");
        loop {
            if let GameEvent::Settled(settled) = game.next(false).await
                && settled.up_to == seq
            {
                break;
            }
        }
    }
    assert_eq!(reported(&house.snapshot().await, "n0"), Some(Value::Int(2i64.into())));
}

/// Most devices of a project.
const MAX_DEVICES: usize = 10_000;

fn named(device: &str) -> Hello {
    let caps = Caps { ack: false, ..Caps::DEFAULT };
    Hello { proto: 2, device: Some(device.to_owned()), caps, ..Hello::default() }
}

impl House {
    async fn named(&self, device: &str) -> Result<GameLine, GatewayError> {
        self.gateway.connect_game(self.project.key, peer(), Some(&named(device))).await
    }

    /// Makes so many names, a few at once as a flood would, and keeps their games or lets them go.
    async fn flood(&self, names: std::ops::Range<usize>) -> Vec<GameLine> {
        let names: Vec<usize> = names.collect();
        let mut games = Vec::new();
        for some in names.chunks(500) {
            let connecting =
                some.iter().map(|name| async move { self.named(&format!("flood-{name:05}")).await.unwrap() });
            games.extend(futures_util::future::join_all(connecting).await);
        }
        games
    }
}

fn names(snapshot: &Snapshot) -> std::collections::BTreeSet<String> {
    snapshot.devices.iter().map(|device| device.name.clone()).collect()
}

async fn after_a_flood_of_names_an_honest_game_gets_in(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    // one that has said something, and one that is there all the time
    let mut tablet = house.named("tablet").await.unwrap();
    tablet.report_vars(parse_report(br#"{"speed":1}"#).unwrap()).await.unwrap();
    drop(tablet);
    let steady = house.named("steady").await.unwrap();
    let mut games = house.flood(0..MAX_DEVICES - 3).await;
    games[0].append_logs(parse_logs(br#"[{"message":"from the flood"}]"#).unwrap().entries).await.unwrap();
    drop(games);
    let at_the_limit = house.flood(MAX_DEVICES..MAX_DEVICES + 1).await;
    let snapshot = house.snapshot().await;
    assert_eq!((snapshot.devices.len(), snapshot.gave_way), (MAX_DEVICES, 0));

    // one beyond it, of the original grammar and from elsewhere
    let elsewhere = "198.51.100.1".parse().unwrap();
    let mut honest = house.gateway.connect_game(house.project.key, elsewhere, None).await.unwrap();
    honest.report_vars(parse_report(br#"{"speed":2}"#).unwrap()).await.unwrap();
    let snapshot = house.snapshot().await;
    assert_eq!((snapshot.devices.len(), snapshot.gave_way), (MAX_DEVICES, 1));
    let there = names(&snapshot);
    // a device is shown by the beginning of its id
    for name in ["tablet", "steady", "198.51.100.1"] {
        assert!(there.contains(name), "{name}");
    }
    assert_eq!(snapshot.vars[0].reported.len(), 2);
    assert_eq!(house.gateway.status().written.displaced_devices, 1);

    // the flood goes on: it takes the places of its own
    drop(house.flood(20_000..20_100).await);
    let snapshot = house.snapshot().await;
    assert_eq!((snapshot.devices.len(), snapshot.gave_way), (MAX_DEVICES, 101));
    assert!(["tablet", "steady", "198.51.100.1"].iter().all(|name| names(&snapshot).contains(*name)));
    drop((steady, at_the_limit));
}

async fn what_gave_way_leaves_its_name_and_comes_back_as_it_was(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let mut first = house.named("first").await.unwrap();
    first.append_logs(parse_logs(br#"[{"message":"hello"}]"#).unwrap().entries).await.unwrap();
    first.report_vars(parse_report(br#"{"speed":1}"#).unwrap()).await.unwrap();
    let id = first.device();
    drop(first);
    // all others are connected, so that it is the one
    let mut games = house.flood(0..MAX_DEVICES).await;
    let mut watcher = house.gateway.watch(&house.owner, house.project.id).await.unwrap();
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.gone, [(id, "first".to_owned())]);
    assert!(snapshot.vars[0].reported.is_empty());
    let GatewayError::Refused(full) = house.named("one more").await.unwrap_err() else {
        panic!("not refused")
    };
    assert_eq!(full.code, ErrorCode::Quota);
    let refused = house.gateway.list_refused(&house.owner, house.project.id).await.unwrap();
    assert_eq!(refused[0].counts, [(ErrorCode::Quota, 1)]);

    // it is the same after a restart
    let again = Gateway::open(Arc::clone(&store), Clock::system()).await.unwrap();
    let loaded = again.snapshot(&house.owner, house.project.id).await.unwrap();
    assert_eq!((loaded.devices.len(), loaded.gone), (MAX_DEVICES, vec![(id, "first".to_owned())]));
    drop(again);

    let left = games.pop().unwrap().device();
    let back = house.named("first").await.unwrap();
    assert_eq!(back.device(), id);
    let forgotten = async {
        loop {
            if let Watched::Delta(delta) = watcher.next().await
                && let Some(Event::Forgotten { devices, gave_way }) =
                    delta.events.iter().find(|event| matches!(event, Event::Forgotten { .. }))
            {
                return (devices.clone(), *gave_way);
            }
        }
    };
    assert_eq!(forgotten.await, (vec![left], 2));
    let snapshot = house.snapshot().await;
    assert!(snapshot.gone.is_empty());
    assert!(snapshot.devices.iter().any(|device| device.id == id && device.online));
}

/// What one project may take in the tests below, in bytes.
const SHARE: usize = 1024 * 1024;

impl House {
    /// The same with a gateway that has read nothing yet, in which a project may take [`SHARE`].
    async fn with_less_memory(self, store: Arc<dyn Store>) -> Self {
        self.gateway.flush().await.unwrap();
        let budgets = Budgets { projects: 2 * SHARE, ..Budgets::default() };
        let gateway = Gateway::open_within(store, Clock::system(), budgets, Limits::default());
        Self { gateway: gateway.await.unwrap(), ..self }
    }
}

fn var_name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

async fn report(game: &mut GameLine, json: &str) -> Result<(), GatewayError> {
    game.report_vars(parse_report(json.as_bytes()).unwrap()).await
}

fn refusal(outcome: Result<(), GatewayError>) -> String {
    match outcome {
        Err(GatewayError::Refused(error)) => error.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}

async fn of_what_grew_under_a_looser_limit_the_longest_values_are_left_out(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let mut game = house.named("pc").await.unwrap();
    let long = "x".repeat(60_000);
    report(&mut game, r#"{"speed":1,"name":"Ana"}"#).await.unwrap();
    for number in 0..40 {
        report(&mut game, &format!(r#"{{"long{number}":"{long}"}}"#)).await.unwrap();
    }
    drop(game);
    let house = house.with_less_memory(store).await;
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.left_out, Some(LeftOut { vars: 0, names: Vec::new(), values: 40 }));
    let held = house.gateway.status().project_bytes;
    assert!(held <= SHARE as u64, "{held}");
    assert_eq!((snapshot.vars.len(), reported(&snapshot, "speed")), (42, Some(Value::Int(1i64.into()))));
    let shown = snapshot.vars.iter().find(|var| var.name.as_str() == "long7").unwrap();
    assert!(shown.reported.is_empty());

    // who looks at it gets it
    let (owner, project) = (&house.owner, house.project.id);
    let page = house.gateway.get_var(owner, project, &var_name("long7"), None).await.unwrap();
    assert_eq!(page.var.reported[0].value, Value::Text(long));
    // and its game goes on
    let mut game = house.named("pc").await.unwrap();
    report(&mut game, r#"{"speed":2,"long7":"short"}"#).await.unwrap();
    let snapshot = house.snapshot().await;
    assert_eq!(reported(&snapshot, "long7"), Some(Value::Text("short".to_owned())));
}

/// An enum that takes 40 KB or more to declare.
fn declared(name: &str) -> String {
    let options: Vec<String> = (0..200).map(|n| format!("\"{n:0>200}\"")).collect();
    format!(r#"[{{"name":"{name}","type":"enum","value":"x","options":[{}]}}]"#, options.join(","))
}

async fn a_variable_that_is_too_large_is_named_and_can_be_forgotten(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let mut game = house.named("pc").await.unwrap();
    report(&mut game, r#"{"speed":1}"#).await.unwrap();
    for number in 10..40 {
        report(&mut game, &declared(&format!("choice{number}"))).await.unwrap();
    }
    house.gateway.flush().await.unwrap();
    let (owner, project, choice) = (house.owner.clone(), house.project.id, var_name("choice10"));
    let value = Value::Text(format!("{:0>200}", 7));
    let set = vec![Change::from((choice.clone(), value.clone()))];
    house.gateway.edit_vars(&owner, project, Gesture(1), set.clone()).await.unwrap();
    drop(game);
    let house = house.with_less_memory(store).await;
    let snapshot = house.snapshot().await;
    let left_out = snapshot.left_out.unwrap();
    assert_eq!((left_out.vars, left_out.names.len(), left_out.values), (30, 30, 0));
    assert_eq!((left_out.names[0].as_str(), snapshot.vars.len()), ("choice10", 1));
    assert!(house.gateway.status().project_bytes <= SHARE as u64);
    let page = house.gateway.get_var(&owner, project, &choice, None).await.unwrap();
    let options = page.var.spec.options.len() + page.options_left_out;
    assert_eq!((options, page.var.desired.unwrap().value), (200, Some(value)));
    let told = house.gateway.edit_vars(&owner, project, Gesture(2), set).await.map(drop);
    assert!(refusal(told).contains("choice10 is too large to be loaded"));

    let mut game = house.named("pc").await.unwrap();
    let told = report(&mut game, &declared("choice10")).await;
    assert!(refusal(told).ends_with("left out: choice10"));
    house.gateway.forget_var(&owner, project, &choice).await.unwrap();
    report(&mut game, r#"[{"name":"choice10","type":"boolean","value":true}]"#).await.unwrap();
    let snapshot = house.snapshot().await;
    assert_eq!((snapshot.left_out.as_ref().unwrap().vars, snapshot.vars.len()), (29, 2));
    assert_eq!(reported(&snapshot, "choice10"), Some(Value::Bool(true)));
}

/// A project with a text of so many bytes that people want, and a game of it.
async fn with_long_value(gateway: &Gateway, owner: &Caller, bytes: usize) -> GameLine {
    let project = gateway.create_project(owner, "Mr. Rescue").await.unwrap();
    let mut game = gateway.connect_game(project.key, peer(), None).await.unwrap();
    report(&mut game, r#"{"essay":"short"}"#).await.unwrap();
    gateway.flush().await.unwrap();
    let change = Change::from((var_name("essay"), Value::Text("x".repeat(bytes))));
    gateway.edit_vars(owner, project.id, Gesture(1), vec![change]).await.unwrap();
    game
}

async fn values_wait_until_other_games_have_read_theirs(store: Arc<dyn Store>) {
    const LONG: usize = 48 * 1024;
    let budgets = Budgets { outgoing: 200 * 1024, ..Budgets::default() };
    let gateway = Gateway::open_within(store, Clock::system(), budgets, Limits::default()).await.unwrap();
    let token = gateway.issue_setup_token();
    let owner = gateway.set_up(token.reveal(), None, None, &Origin::default()).await.unwrap().caller;
    let mut first = with_long_value(&gateway, &owner, LONG).await;
    let mut second = with_long_value(&gateway, &owner, LONG).await;
    let reading = first.take_push().unwrap();
    assert!(second.take_push().is_none());
    let status = gateway.status();
    assert!(status.push_bytes >= LONG as u64 && status.push_bytes <= 100 * 1024, "{status:?}");
    assert!(status.postponed > 0 && reading.payload.is_wanted());
    // what nobody reads any more is not kept for long
    drop(reading);
    assert!(matches!(second.next(true).await, GameEvent::Pushable));
    assert!(second.take_push().unwrap().payload.len() > LONG);
}

stories! {
    values_wait_until_other_games_have_read_theirs,
    of_what_grew_under_a_looser_limit_the_longest_values_are_left_out,
    a_variable_that_is_too_large_is_named_and_can_be_forgotten,
    a_full_project_takes_values_of_what_it_knows,
    a_numbered_line_with_one_too_many_counts,
    after_a_flood_of_names_an_honest_game_gets_in,
    what_gave_way_leaves_its_name_and_comes_back_as_it_was,
}
