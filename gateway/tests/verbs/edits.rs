//! What the gateway promises to games and designers, on both databases.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway::{
    Caller, Clock, Content, GameEvent, GameLine, Gateway, GatewayError, Origin, Watched, Watcher,
    store::{AuditRow, DeviceInfo, Store, Ticket, Write},
};
use protocol::{
    ErrorCode,
    line::{Caps, Hello, parse_logs, parse_report},
    live::{Event, Snapshot},
    model::{
        Bound, Change, Gesture, Level, Project, Revision, UnixMicros, User, UserId, Value, VarName,
        VarRevision, VarType,
    },
};

const START: UnixMicros = UnixMicros(1_790_000_000_000_000);
const PEER: &str = "192.0.2.7";
const PASSWORD: &str = "violet kettle, 41 drums";

/// A gateway over a fresh database, with an owner, a project and a clock that tests move.
struct House {
    gateway: Gateway,
    store: Arc<dyn Store>,
    now: Arc<AtomicI64>,
    owner: Caller,
    project: Project,
}

impl House {
    async fn new(store: Arc<dyn Store>) -> Self {
        let now = Arc::new(AtomicI64::new(START.0));
        let gateway = open(&store, &now).await;
        let token = gateway.issue_setup_token();
        let owner = gateway.set_up(token.reveal(), None, None, &Origin::default()).await.unwrap().caller;
        let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        Self { gateway, store, now, owner, project }
    }

    fn pass(&self, time: Duration) {
        self.now.fetch_add(time.as_micros() as i64, Relaxed);
    }

    async fn game(&self) -> GameLine {
        self.gateway.connect_game(self.project.key, peer(), None).await.unwrap()
    }

    async fn snapshot(&self) -> Snapshot {
        self.gateway.flush().await.unwrap();
        self.gateway.snapshot(&self.owner, self.project.id).await.unwrap()
    }

    async fn watch(&self) -> Watcher {
        self.gateway.watch(&self.owner, self.project.id).await.unwrap()
    }

    async fn edit(&self, name: &str, value: Value) -> Result<Revision, GatewayError> {
        let changes = vec![(VarName::parse(name).unwrap(), value)];
        let edit = self.gateway.edit_vars(&self.owner, self.project.id, Gesture(1), changes);
        edit.await.map(|saved| saved.revision)
    }
}

async fn open(store: &Arc<dyn Store>, now: &Arc<AtomicI64>) -> Gateway {
    let now = Arc::clone(now);
    Gateway::open(Arc::clone(store), Clock::new(move || UnixMicros(now.load(Relaxed)))).await.unwrap()
}

fn peer() -> IpAddr {
    PEER.parse().unwrap()
}

fn int(number: i64) -> Value {
    Value::Int(number.into())
}

async fn report(game: &mut GameLine, json: &str) {
    game.report_vars(parse_report(json.as_bytes()).unwrap()).await.unwrap();
}

/// What a game would read.
fn pushed(game: &mut GameLine) -> Option<String> {
    let push = game.take_push()?;
    Some(String::from_utf8(STANDARD.decode(&push.payload).unwrap()).unwrap())
}

async fn next_events(watcher: &mut Watcher) -> Vec<Event> {
    let next = tokio::time::timeout(Duration::from_secs(10), watcher.next()).await;
    match next.expect("an event within 10 s") {
        Watched::Delta(delta) => delta.events.clone(),
        other => panic!("{other:?}"),
    }
}

async fn the_setup_link_works_once_and_for_half_an_hour(store: Arc<dyn Store>) {
    let now = Arc::new(AtomicI64::new(START.0));
    let gateway = open(&store, &now).await;
    assert!(gateway.needs_setup_link().await.unwrap());

    let old = gateway.issue_setup_token();
    let link = gateway.issue_setup_token();
    assert!(!gateway.is_setup_token(old.reveal()));
    now.fetch_add(30 * 60 * 1_000_000, Relaxed);
    let late = gateway.set_up(link.reveal(), None, None, &Origin::default()).await;
    assert!(matches!(late, Err(GatewayError::SetupLinkSpent)));

    let link = gateway.issue_setup_token();
    let half = gateway.set_up(link.reveal(), Some("ann@example.org"), None, &Origin::default()).await;
    assert!(matches!(half, Err(GatewayError::Invalid(_))));
    // a mistake does not spend the link
    let done = gateway
        .set_up(link.reveal(), Some(" Ann@Example.org "), Some(PASSWORD), &Origin::default())
        .await
        .unwrap();
    assert_eq!(done.caller.user.email.as_deref(), Some("ann@example.org"));
    let again = gateway.set_up(link.reveal(), None, None, &Origin::default()).await;
    assert!(matches!(again, Err(GatewayError::SetupLinkSpent)));
    assert!(!gateway.needs_setup_link().await.unwrap());

    // nor does a later link make a second owner
    let link = gateway.issue_setup_token();
    let second = gateway.set_up(link.reveal(), None, None, &Origin::default()).await;
    assert!(matches!(second, Err(GatewayError::SetupLinkSpent)));
}

async fn an_owner_without_a_password_gets_in_by_a_new_link(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    assert!(house.gateway.needs_setup_link().await.unwrap());
    let link = house.gateway.issue_setup_token();
    let same = house
        .gateway
        .set_up(link.reveal(), Some("ann@example.org"), Some(PASSWORD), &Origin::default())
        .await
        .unwrap();
    assert_eq!(same.caller.user.id, house.owner.user.id);
    assert!(house.gateway.sign_in("ann@example.org", PASSWORD, &Origin::default()).await.is_ok());
}

async fn sessions_begin_and_end(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    gateway.register_user("ben@example.org", PASSWORD, &Origin::default()).await.unwrap();
    for (email, password) in [("ben@example.org", "wrong password"), ("eve@example.org", PASSWORD)] {
        assert!(matches!(
            gateway.sign_in(email, password, &Origin::default()).await,
            Err(GatewayError::WrongPassword)
        ));
    }
    let session = gateway.sign_in("BEN@example.org", PASSWORD, &Origin::default()).await.unwrap();
    assert_eq!(gateway.authenticate(&session.token, None).await.unwrap(), Some(session.caller.clone()));
    assert_eq!(gateway.authenticate("someone else's", None).await.unwrap(), None);
    gateway.sign_out(&session.caller).await.unwrap();
    assert_eq!(gateway.authenticate(&session.token, None).await.unwrap(), None);

    let session = gateway.sign_in("ben@example.org", PASSWORD, &Origin::default()).await.unwrap();
    house.pass(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(gateway.authenticate(&session.token, None).await.unwrap(), None);
}

async fn a_member_sees_his_projects_and_the_owner_all(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let key = gateway.register_user("ben@example.org", PASSWORD, &Origin::default()).await.unwrap();
    assert!(matches!(
        gateway.register_user("ben@example.org", "brown gloves, 92 moons", &Origin::default()).await,
        Err(GatewayError::EmailExists)
    ));
    let ben = gateway.sign_in("ben@example.org", PASSWORD, &Origin::default()).await.unwrap().caller;

    let bens = gateway.list_projects(&ben).await.unwrap();
    assert_eq!(bens.len(), 1);
    assert_eq!(gateway.get_game_key(&ben, bens[0].project.id).await.unwrap(), Some(key));
    assert_eq!(gateway.list_projects(&house.owner).await.unwrap().len(), 2);

    // whether the project is in memory makes no difference
    for _game in [None, Some(house.game().await)] {
        assert!(matches!(gateway.watch(&ben, house.project.id).await, Err(GatewayError::NotFound)));
        let change = vec![(VarName::parse("speed").unwrap(), int(1))];
        let edit = gateway.edit_vars(&ben, house.project.id, Gesture(1), change).await;
        assert!(matches!(edit, Err(GatewayError::NotFound)));
    }
}

async fn a_registered_key_is_one_project_however_often(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let key = house.gateway.generate_key();
    let first = house.gateway.register_key(key, &Origin::default()).await.unwrap();
    assert_eq!(house.gateway.register_key(key, &Origin::default()).await.unwrap(), first);
    assert!(house.gateway.connect_game(key, peer(), None).await.is_ok());
    let unknown = house.gateway.connect_game(house.gateway.generate_key(), peer(), None).await;
    let Err(GatewayError::Refused(error)) = unknown else { panic!("{unknown:?}") };
    assert_eq!(error.code, ErrorCode::BadKey);
}

async fn a_game_that_reconnects_is_the_same_device(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let first = house.game().await;
    let second = house.game().await;
    assert_ne!(first.device(), second.device());
    let names: Vec<String> = house.snapshot().await.devices.into_iter().map(|d| d.name).collect();
    assert_eq!(names, [PEER.to_owned(), format!("{PEER} #2")]);

    let device = first.device();
    house.pass(Duration::from_secs(60));
    drop(first);
    let gone = house.snapshot().await;
    assert_eq!((gone.devices[0].online, gone.devices[1].online), (false, true));
    assert_eq!(gone.devices[0].last_seen, UnixMicros(START.0 + 60_000_000));

    let back = house
        .gateway
        .connect_game(house.project.key, "::ffff:192.0.2.7".parse().unwrap(), None)
        .await
        .unwrap();
    assert_eq!(back.device(), device);
    assert_eq!(house.snapshot().await.devices.len(), 2);
    assert_eq!(house.gateway.list_projects(&house.owner).await.unwrap()[0].online, 2);
}

async fn an_edit_reaches_every_game_in_its_own_json_type(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut texts, mut numbers) = (house.game().await, house.game().await);
    report(&mut texts, r#"[{"name":"speed","type":"integer","value":"5"}]"#).await;
    report(
        &mut numbers,
        r#"[{"name":"speed","type":"integer","value":5},{"name":"god","type":"boolean","value":false}]"#,
    )
    .await;
    house.gateway.flush().await.unwrap();
    // a game's own report is not an edit
    assert_eq!((pushed(&mut texts), pushed(&mut numbers)), (None, None));

    assert_eq!(house.edit("speed", int(7)).await.unwrap(), Revision(1));
    assert!(matches!(texts.next(true).await, GameEvent::Pushable));
    assert_eq!(pushed(&mut texts).unwrap(), r#"{"name":"speed","type":"integer","value":"7"}"#);
    assert_eq!(pushed(&mut numbers).unwrap(), r#"{"name":"speed","type":"integer","value":7}"#);
    assert_eq!(pushed(&mut numbers), None);

    // what is desired already is no edit
    assert_eq!(house.edit("speed", int(7)).await.unwrap(), Revision(1));

    // a newcomer gets everything that was ever edited
    house.edit("god", Value::Bool(true)).await.unwrap();
    let mut newcomer = house.game().await;
    let next = tokio::time::timeout(Duration::from_secs(10), newcomer.next(true)).await;
    assert!(matches!(next, Ok(GameEvent::Pushable)));
    let all = pushed(&mut newcomer).unwrap();
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
}

async fn a_drag_is_coalesced_for_games_and_in_the_history(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    report(&mut game, r#"{"speed": 5}"#).await;
    house.gateway.flush().await.unwrap();
    for value in 6..=20 {
        house.edit("speed", int(value)).await.unwrap();
    }
    assert_eq!(pushed(&mut game).unwrap(), r#"{"name":"speed","type":"integer","value":20}"#);
    let history = house.store.list_history(house.project.id, None, None, 10).await.unwrap();
    let [row] = &history[..] else { panic!("{history:?}") };
    assert_eq!((&row.old, &row.new, row.revision), (&None, &Some(int(20)), Revision(15)));
}

async fn a_refused_edit_changes_nothing(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    let declared = r#"[{"name":"speed","type":"integer","value":5,"min":0,"max":10},
        {"name":"fps","type":"float","value":60.0,"readonly":true},
        {"name":"mode","type":"enum","value":"easy","options":["easy",{"label":"Hard!","value":"hard"}]}]"#;
    report(&mut game, declared).await;
    house.gateway.flush().await.unwrap();
    let text = |s: &str| Value::Text(s.to_owned());
    for (name, value) in [
        ("speed", int(11)),
        ("speed", text("fast")),
        ("fps", Value::Float(30.0)),
        ("mode", text("Hard!")),
        ("nothing", int(1)),
    ] {
        let refused = house.edit(name, value).await;
        assert!(matches!(refused, Err(GatewayError::Refused(_))), "{name}: {refused:?}");
    }
    // one bad change among good ones takes them all back
    let both = ["speed", "nothing"].map(|name| (VarName::parse(name).unwrap(), int(3)));
    assert!(
        house.gateway.edit_vars(&house.owner, house.project.id, Gesture(2), both.to_vec()).await.is_err()
    );
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.revision, Revision(0));
    assert!(snapshot.vars.iter().all(|var| var.desired.is_none()));
    assert_eq!(pushed(&mut game), None);
    assert!(house.edit("mode", text("hard")).await.is_ok());
}

/// An edit of `speed` that was made on this revision of it.
async fn edit_on(
    house: &House,
    by: &Caller,
    gesture: u64,
    value: i64,
    base: i64,
) -> Result<i64, GatewayError> {
    let name = VarName::parse("speed").unwrap();
    let change = Change::from((name, int(value))).on(VarRevision(base));
    let edit = house.gateway.edit_vars(by, house.project.id, Gesture(gesture), vec![change]);
    edit.await.map(|saved| saved.revision.0)
}

fn assert_conflict(outcome: Result<i64, GatewayError>, wanted_before: i64, text: &str) {
    let Err(error) = outcome else { panic!("revision {outcome:?}") };
    assert_eq!((error.code(), error.to_string().as_str()), ("conflict", text));
    let GatewayError::Conflict { name, current, .. } = error else { panic!("{error}") };
    assert_eq!((name.as_str(), current.unwrap().value), ("speed", Some(int(wanted_before))));
}

async fn an_edit_on_an_old_view_is_refused_with_both_values(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    report(&mut game, r#"{"speed": 5, "lives": 3}"#).await;
    house.gateway.flush().await.unwrap();
    let by = &house.owner;
    assert_eq!(edit_on(&house, by, 1, 6, 0).await.unwrap(), 1);
    let text = format!("Conflict: {} set speed to 6 first. Your 7 was not set.", by.user.name);
    assert_conflict(edit_on(&house, by, 2, 7, 0).await, 6, &text);
    assert_eq!(house.snapshot().await.revision, Revision(1));
    // who has seen it may, and who does not say what he saw
    assert_eq!(edit_on(&house, by, 2, 7, 1).await.unwrap(), 2);
    assert_eq!(house.edit("speed", int(8)).await.unwrap(), Revision(3));
    // what is desired already is nothing to fight for
    assert_eq!(edit_on(&house, by, 3, 8, 1).await.unwrap(), 3);
    // a revision that nobody has made yet was not seen here
    assert!(matches!(edit_on(&house, by, 3, 9, 70).await, Err(GatewayError::Conflict { .. })));

    // one old change takes the others with it
    let change = |name| Change::from((VarName::parse(name).unwrap(), int(1)));
    let both = vec![change("lives"), change("speed").on(VarRevision(1))];
    let edit = house.gateway.edit_vars(by, house.project.id, Gesture(4), both).await;
    assert!(matches!(edit, Err(GatewayError::Conflict { .. })), "{edit:?}");
    let snapshot = house.snapshot().await;
    assert_eq!(
        (snapshot.revision, &snapshot.vars[0].desired),
        (Revision(3), &None),
        "{:?}",
        snapshot.vars[0].name
    );
    // a row for each gesture that was saved
    assert_eq!(house.store.list_history(house.project.id, None, None, 10).await.unwrap().len(), 2);
}

async fn a_drag_goes_on_from_its_own_values_until_somebody_else_comes(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    report(&mut game, r#"{"speed": 5}"#).await;
    house.gateway.flush().await.unwrap();
    let by = &house.owner;
    for value in 6..=9 {
        assert_eq!(edit_on(&house, by, 1, value, 0).await.unwrap(), value - 5);
    }
    // the same number of somebody else is another gesture
    let user = User { id: UserId(by.user.id.0 + 1), name: "Ben".to_owned(), ..by.user.clone() };
    let ben = Caller::from(user);
    assert!(matches!(edit_on(&house, &ben, 1, 70, 0).await, Err(GatewayError::Conflict { .. })));
    assert_eq!(edit_on(&house, &ben, 2, 70, 4).await.unwrap(), 5);
    assert_conflict(
        edit_on(&house, by, 1, 10, 0).await,
        70,
        "Conflict: Ben set speed to 70 first. Your 10 was not set.",
    );
}

async fn of_two_edits_on_the_same_view_the_second_is_refused(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    report(&mut game, r#"{"speed": 5}"#).await;
    house.gateway.flush().await.unwrap();
    let by = &house.owner;
    for round in 0..20 {
        let base = house.snapshot().await.vars[0].desired.as_ref().map_or(0, |desired| desired.revision.0);
        let one = |place: i64| edit_on(&house, by, 1 + (4 * round + place) as u64, 4 * round + place, base);
        let (a, b, c) = tokio::join!(one(1), one(2), one(3));
        let outcomes = [a, b, c];
        let saved: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(saved, [&(base + 1)], "round {round}: {outcomes:?}");
        let refused = outcomes.iter().filter(|o| matches!(o, Err(GatewayError::Conflict { .. })));
        assert_eq!(refused.count(), 2, "round {round}");
    }
}

async fn a_dashboard_gets_a_snapshot_and_then_every_delta(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut watcher = house.watch().await;
    assert!(watcher.snapshot().devices.is_empty());

    let mut game = house.game().await;
    let [Event::Device(device)] = &next_events(&mut watcher).await[..] else { panic!() };
    assert!(device.online && device.id == game.device());

    report(&mut game, r#"{"speed": 5}"#).await;
    let [Event::Reported { values, declared, .. }] = &next_events(&mut watcher).await[..] else { panic!() };
    assert_eq!((declared.len(), values.len()), (1, 1));

    // the same again is no news; what comes next is the log line
    report(&mut game, r#"{"speed": 5}"#).await;
    let logs = parse_logs(br#"[{"message":"a","level":3},{"message":"b","boss":1}]"#).unwrap().entries;
    game.append_logs(logs).await.unwrap();
    let [Event::Logs(lines)] = &next_events(&mut watcher).await[..] else { panic!() };
    assert_eq!(lines.iter().map(|l| l.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((lines[0].level, lines[1].fields.as_deref()), (Level::Warn, Some(r#"{"boss":1}"#)));

    house.edit("speed", int(6)).await.unwrap();
    let [Event::Edited { desired }] = &next_events(&mut watcher).await[..] else { panic!() };
    assert_eq!((&desired[0].1.value, desired[0].1.author.as_str()), (&Some(int(6)), "owner"));

    drop(game);
    let [Event::Device(device)] = &next_events(&mut watcher).await[..] else { panic!() };
    assert!(!device.online);
}

async fn a_dashboard_that_lags_gets_a_snapshot_and_goes_on(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    let mut watcher = house.watch().await;
    for n in 0..400 {
        report(&mut game, &format!(r#"{{"speed": {n}}}"#)).await;
        house.gateway.flush().await.unwrap();
    }
    let Watched::Lagged = watcher.next().await else { panic!("must have lagged") };
    let snapshot = watcher.snapshot();
    assert_eq!(snapshot.vars[0].reported[0].value, int(399));
    report(&mut game, r#"{"speed": 1000}"#).await;
    let [Event::Reported { values, .. }] = &next_events(&mut watcher).await[..] else { panic!() };
    assert_eq!(values[0].1, int(1000));
}

async fn declarations_are_remembered(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut new_build, mut old_build) = (house.game().await, house.game().await);
    let max = |snapshot: &Snapshot| snapshot.vars[0].spec.max.map(Bound::as_f64);
    report(&mut new_build, r#"[{"name":"speed","type":"float","value":5,"max":10}]"#).await;
    // a bare value, with or without the same type, is no new declaration, and is read by the known type
    report(&mut new_build, r#"{"speed": 6}"#).await;
    report(&mut old_build, r#"[{"name":"speed","type":"float","value":"7"}]"#).await;
    let snapshot = house.snapshot().await;
    assert_eq!(max(&snapshot), Some(10.0));
    let values: Vec<&Value> = snapshot.vars[0].reported.iter().map(|r| &r.value).collect();
    assert_eq!(values, [&Value::Float(6.0), &Value::Float(7.0)]);
    // two builds that declare differently don't fight with every report
    let mut changes = 0;
    let mut before = max(&snapshot);
    for value in 7..107 {
        for (build, most) in [(&mut old_build, 20), (&mut new_build, 10)] {
            let line = format!(r#"[{{"name":"speed","type":"float","value":{value},"max":{most}}}]"#);
            report(build, &line).await;
            let now = max(&house.snapshot().await);
            changes += u32::from(now != before);
            before = now;
        }
    }
    assert_eq!(changes, 3, "the other one's, and each of them has said its own again once");
}

async fn an_inferred_number_widens_for_all_games_and_stays_wide(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let spec = |snapshot: &Snapshot| (snapshot.vars[0].spec.var_type.clone(), snapshot.vars[0].spec.inferred);
    let values = |snapshot: &Snapshot| {
        snapshot.vars[0].reported.iter().map(|reported| reported.value.clone()).collect::<Vec<_>>()
    };
    let (mut whole, mut fractions) = (house.game().await, house.game().await);
    report(&mut whole, r#"{"speed": 5}"#).await;
    assert_eq!(spec(&house.snapshot().await), (VarType::Integer, true));
    report(&mut fractions, r#"{"speed": 5.5}"#).await;
    assert_eq!(spec(&house.snapshot().await), (VarType::Float, true));
    let mut watcher = house.watch().await;
    // from here on it is a float for both of them, and neither declares it anew
    for speed in 6..9 {
        report(&mut whole, &format!(r#"{{"speed": {speed}}}"#)).await;
        report(&mut fractions, &format!(r#"{{"speed": {speed}.25}}"#)).await;
        let snapshot = house.snapshot().await;
        let float = f64::from(speed);
        assert_eq!(spec(&snapshot), (VarType::Float, true));
        assert_eq!(values(&snapshot), [Value::Float(float), Value::Float(float + 0.25)]);
        let mut heard = 0;
        while heard < 2 {
            for event in next_events(&mut watcher).await {
                let Event::Reported { declared, .. } = event else { panic!("{event:?}") };
                assert_eq!(declared.len(), 0);
                heard += 1;
            }
        }
    }
    house.edit("speed", Value::Float(6.25)).await.unwrap();
    assert_eq!(pushed(&mut whole).unwrap(), r#"{"name":"speed","type":"float","value":6.25}"#);
    drop((whole, fractions));
    house.gateway.flush().await.unwrap();

    let gateway = open(&store, &house.now).await;
    let mut whole = gateway.connect_game(house.project.key, peer(), None).await.unwrap();
    report(&mut whole, r#"{"speed": 9}"#).await;
    gateway.flush().await.unwrap();
    let snapshot = gateway.snapshot(&house.owner, house.project.id).await.unwrap();
    assert_eq!(spec(&snapshot), (VarType::Float, true));
    assert_eq!(values(&snapshot)[0], Value::Float(9.0));

    // until a game says what it is
    report(&mut whole, r#"[{"name":"speed","type":"int","value":9}]"#).await;
    gateway.flush().await.unwrap();
    let snapshot = gateway.snapshot(&house.owner, house.project.id).await.unwrap();
    assert_eq!(spec(&snapshot), (VarType::Integer, false));
    report(&mut whole, r#"{"speed": 9.5}"#).await;
    gateway.flush().await.unwrap();
    let snapshot = gateway.snapshot(&house.owner, house.project.id).await.unwrap();
    assert_eq!(spec(&snapshot), (VarType::Integer, false), "a declared type stands");
}

async fn an_edit_alone_widens_an_inferred_number(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let mut game = house.game().await;
    report(&mut game, r#"[{"name":"declared","type":"int","value":5}]"#).await;
    report(&mut game, r#"{"speed": 5}"#).await;
    house.gateway.flush().await.unwrap();
    let refused = house.edit("declared", Value::Float(6.25)).await;
    assert!(matches!(refused, Err(GatewayError::Refused(_))));
    house.edit("speed", Value::Float(6.25)).await.unwrap();
    assert_eq!(pushed(&mut game).unwrap(), r#"{"name":"speed","type":"float","value":6.25}"#);
    let shown = |snapshot: &Snapshot| {
        let var = snapshot.vars.iter().find(|var| var.name.as_str() == "speed").unwrap();
        (var.spec.var_type.clone(), var.desired.clone().unwrap().value, var.reported[0].value.clone())
    };
    let expected = (VarType::Float, Some(Value::Float(6.25)), Value::Float(5.0));
    assert_eq!(shown(&house.snapshot().await), expected);
    // an older game than that edit declares it once more
    drop(game);
    let mut game = house.game().await;
    report(&mut game, r#"[{"name":"speed","value":5,"max":10}]"#).await;
    assert_eq!(shown(&house.snapshot().await), expected);
    // a whole number is no way back
    house.edit("speed", int(7)).await.unwrap();
    assert_eq!(shown(&house.snapshot().await).1, Some(Value::Float(7.0)));
    house.edit("speed", Value::Float(6.25)).await.unwrap();
    house.gateway.flush().await.unwrap();
    let gateway = open(&store, &house.now).await;
    let snapshot = gateway.snapshot(&house.owner, house.project.id).await.unwrap();
    assert_eq!(shown(&snapshot), expected);
}

async fn a_game_hears_its_own_name_of_a_type(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut one, mut other, mut third) = (house.game().await, house.game().await, house.game().await);
    report(&mut one, r#"[{"name":"speed","type":"int","value":"5"}]"#).await;
    report(&mut other, r#"[{"name":"speed","type":"Integer","value":5}]"#).await;
    report(&mut third, r#"{"speed":5}"#).await;
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.vars[0].spec.var_type, VarType::Integer);
    house.edit("speed", int(7)).await.unwrap();
    assert_eq!(pushed(&mut one).unwrap(), r#"{"name":"speed","type":"int","value":"7"}"#);
    assert_eq!(pushed(&mut other).unwrap(), r#"{"name":"speed","type":"Integer","value":7}"#);
    assert_eq!(
        pushed(&mut third).unwrap(),
        r#"{"name":"speed","type":"Integer","value":7}"#,
        "the newest one"
    );
}

async fn a_game_that_comes_after_a_new_declaration_hears_of_the_type_that_counts(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    report(&mut game, r#"[{"name":"speed","type":"integer","value":5}]"#).await;
    house.gateway.flush().await.unwrap();
    house.edit("speed", int(8)).await.unwrap();
    assert_eq!(pushed(&mut house.game().await).unwrap(), r#"{"name":"speed","type":"integer","value":8}"#);
    report(&mut game, r#"[{"name":"speed","type":"float","value":"5"}]"#).await;
    house.gateway.flush().await.unwrap();
    // two of them: what the first one is told is kept for the second one
    for mut next in [house.game().await, house.game().await] {
        assert_eq!(pushed(&mut next).unwrap(), r#"{"name":"speed","type":"float","value":"8"}"#);
    }
}

async fn a_json_variable_that_holds_text_takes_an_object(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut game, mut texts) = (house.game().await, house.game().await);
    let json = |text: &str| Value::parse_json(text).unwrap();
    report(&mut game, r#"[{"name":"loot","type":"json","value":"none"}]"#).await;
    report(&mut texts, r#"[{"name":"loot","type":"json","value":"{\"gold\": 1}"}]"#).await;
    house.gateway.flush().await.unwrap();
    house.edit("loot", json(r#"{"gold":2}"#)).await.unwrap();
    assert_eq!(pushed(&mut game).unwrap(), r#"{"name":"loot","type":"json","value":{"gold":2}}"#);
    assert_eq!(pushed(&mut texts).unwrap(), r#"{"name":"loot","type":"json","value":"{\"gold\":2}"}"#);
}

async fn a_declaration_that_came_to_nothing_is_made_by_the_next_report(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let session = Some("session".to_owned());
    let hello = Hello { proto: 2, session: session.clone(), caps: Caps::DEFAULT, ..Hello::default() };
    let key = house.project.key;
    let mut fenced = house.gateway.connect_game(key, peer(), Some(&hello)).await.unwrap();
    // the session goes on at another server, of which this one hears with the next line only
    let epoch = house.store.epoch().await.unwrap().number;
    let ticket = Ticket { writer: "another server".to_owned(), number: 1, epoch };
    let (name, about, attrs, applied) = ("game".to_owned(), String::new(), None, None);
    let (identity, build) = ("id:game".to_owned(), String::new());
    let device = DeviceInfo { identity, name, about, build, attrs, applied };
    let connect = Write::Connect { gives_way: None, project: house.project.id, device, session, at: START };
    house.store.commit(&ticket, &[connect], &mut Vec::new()).await.unwrap();

    let speed = parse_report(br#"[{"name":"speed","type":"integer","value":5}]"#).unwrap();
    let room = fenced.try_reserve(64).unwrap();
    fenced.submit(room, Some(1), Content::Report(speed.clone())).unwrap();
    let mut other = house.game().await;
    other.report_vars(speed).await.unwrap();
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.vars[0].reported.len(), 1, "of the one that was not fenced");
    assert_eq!((snapshot.lost, house.gateway.status().written.fenced_lines), (0, 1));
}

async fn games_that_take_all_the_room_they_get_leave_some_for_a_calm_one(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (first, second, calm) = (house.game().await, house.game().await, house.game().await);
    let line_bytes = 10_000;
    let fill =
        |game: &GameLine| -> Vec<_> { std::iter::from_fn(|| game.try_reserve(line_bytes).ok()).collect() };
    let (held, more) = (fill(&first), fill(&second));
    assert!(
        held.len() > more.len() && !more.is_empty(),
        "the second has what the first left, but for a share"
    );
    assert_eq!(first.try_reserve(line_bytes).unwrap_err(), ErrorCode::Busy);
    let mut rooms: Vec<_> = (0..2).map(|_| calm.try_reserve(line_bytes).unwrap()).collect();

    // the first waits until its own lines are written, the calm one goes on
    let waiting = tokio::spawn(first.reserve(line_bytes));
    rooms.push(calm.try_reserve(line_bytes).unwrap());
    assert!(!waiting.is_finished());
    assert!(house.gateway.status().written.busy_lines >= 3);
    drop(held);
    waiting.await.unwrap().unwrap();
}

async fn everything_is_there_after_a_restart(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let mut game = house.game().await;
    let declared = r#"[{"name":"big","type":"integer","value":"18446744073709551615"},
        {"name":"odd","type":"money","value":[1,{"a":null}],"unit":"€"}]"#;
    report(&mut game, declared).await;
    game.append_logs(parse_logs(br#"[{"message":"one"},{"message":"two"}]"#).unwrap().entries).await.unwrap();
    house.gateway.flush().await.unwrap();
    house.edit("big", int(i64::MIN)).await.unwrap();
    drop(game);
    let mut before = house.snapshot().await;
    house.gateway.flush().await.unwrap();

    let gateway = open(&store, &house.now).await;
    let mut after = gateway.snapshot(&house.owner, house.project.id).await.unwrap();
    (before.seq, after.seq) = (0, 0);
    assert_eq!(after, before);
    // the JSON type in which the game wants its value is remembered too
    let mut game = gateway.connect_game(house.project.key, peer(), None).await.unwrap();
    assert_eq!(
        pushed(&mut game).unwrap(),
        r#"{"name":"big","type":"integer","value":"-9223372036854775808"}"#
    );
}

async fn what_is_not_stored_is_not_shown_and_is_counted(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    report(&mut game, r#"{"speed": 5}"#).await;
    let before = house.snapshot().await;
    let mut watcher = house.watch().await;

    house.store.close().await;
    assert!(matches!(house.edit("speed", int(6)).await, Err(GatewayError::Unavailable(_))));
    report(&mut game, r#"{"speed": 7}"#).await;
    assert!(house.gateway.check().await.is_err());
    assert!(!house.gateway.is_storing());
    let shown = watcher.snapshot();
    assert_eq!(
        (&shown.vars, &shown.devices, shown.revision),
        (&before.vars, &before.devices, before.revision)
    );
    assert_eq!(pushed(&mut game), None);
    assert_eq!(house.gateway.status().written.lost_records, 0, "it is kept as long as there is hope");
    house.gateway.close().await;
    assert_eq!(house.gateway.status().written.lost_records, 1);
}

/// As a stop leaves it: the mark is there, and the rows too.
async fn what_a_deleted_project_left_goes_after_a_restart(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let mut game = house.game().await;
    game.append_logs(parse_logs(br#"[{"message":"left behind"}]"#).unwrap().entries).await.unwrap();
    house.gateway.flush().await.unwrap();
    let (id, action) = (house.project.id, "project.delete");
    let note = AuditRow {
        at: START,
        actor_id: None,
        actor: "Ana".to_owned(),
        via: "session".to_owned(),
        address: String::new(),
        project: Some(id),
        action,
        subject: "something".to_owned(),
        old: None,
        new: None,
    };
    assert!(store.access().delete_project(id, note).await.unwrap());
    assert_eq!(store.list_logs(id, None, 10).await.unwrap().len(), 1);
    let _next = open(&store, &house.now).await;
    while !store.list_logs(id, None, 10).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

async fn a_closed_gateway_says_so(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game().await;
    report(&mut game, r#"{"speed": 5}"#).await;
    house.gateway.close().await;
    let late = game.report_vars(parse_report(br#"{"speed": 6}"#).unwrap()).await;
    assert!(matches!(late, Err(GatewayError::Closed)));
}

crate::support::stories! {
    the_setup_link_works_once_and_for_half_an_hour,
    an_owner_without_a_password_gets_in_by_a_new_link,
    sessions_begin_and_end,
    a_member_sees_his_projects_and_the_owner_all,
    a_registered_key_is_one_project_however_often,
    a_game_that_reconnects_is_the_same_device,
    an_edit_reaches_every_game_in_its_own_json_type,
    a_drag_is_coalesced_for_games_and_in_the_history,
    a_refused_edit_changes_nothing,
    an_edit_on_an_old_view_is_refused_with_both_values,
    a_drag_goes_on_from_its_own_values_until_somebody_else_comes,
    of_two_edits_on_the_same_view_the_second_is_refused,
    a_dashboard_gets_a_snapshot_and_then_every_delta,
    a_dashboard_that_lags_gets_a_snapshot_and_goes_on,
    declarations_are_remembered,
    an_inferred_number_widens_for_all_games_and_stays_wide,
    an_edit_alone_widens_an_inferred_number,
    a_game_hears_its_own_name_of_a_type,
    a_game_that_comes_after_a_new_declaration_hears_of_the_type_that_counts,
    a_json_variable_that_holds_text_takes_an_object,
    a_declaration_that_came_to_nothing_is_made_by_the_next_report,
    games_that_take_all_the_room_they_get_leave_some_for_a_calm_one,
    everything_is_there_after_a_restart,
    what_a_deleted_project_left_goes_after_a_restart,
    what_is_not_stored_is_not_shown_and_is_counted,
    a_closed_gateway_says_so,
}
