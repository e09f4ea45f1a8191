//! The machine's clock jumps, forth and back: nothing changes its order.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use gateway::{
    Clock, Content, GameEvent, Gateway, Origin,
    store::{DeviceInfo, Store, Ticket, Write},
};
use protocol::{
    line::{Caps, Hello, parse_logs, parse_report},
    model::{Gesture, Revision, UnixMicros, Value, VarName},
};
use tokio::time::timeout;

/// Microseconds of a year, about.
const YEAR: i64 = 31_557_600_000_000;
const START: i64 = 56 * YEAR;
/// From one to the next: an hour back, ten years on, to 1970, by a microsecond, and back to the beginning.
const TIMES: [i64; 6] = [START - 3_600_000_000, START + 10 * YEAR, 0, 1, START, START - 1];

/// Logs, reports and edits between jumps: numbers and revisions go up by one, the newest value is the last one said, acknowledgements
/// come, and a project that is loaded anew shows the same.
async fn a_clock_that_jumps_changes_no_order(store: Arc<dyn Store>) {
    let now = Arc::new(AtomicI64::new(START));
    let clock = || {
        let now = Arc::clone(&now);
        Clock::new(move || UnixMicros(now.load(Relaxed)))
    };
    let gateway = Gateway::open(Arc::clone(&store), clock()).await.unwrap();
    let link = gateway.issue_setup_token();
    let owner = gateway.set_up(link.reveal(), None, None, &Origin::default()).await.unwrap().caller;
    let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
    let hello = Hello { proto: 2, session: Some("s".to_owned()), caps: Caps::DEFAULT, ..Hello::default() };
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut game = gateway.connect_game(project.key, peer, Some(&hello)).await.unwrap();
    let speed = VarName::parse("speed").unwrap();

    for (jump, time) in (1..).zip(TIMES) {
        now.store(time, Relaxed);
        let logs = parse_logs(format!(r#"[{{"message":"{jump}"}}]"#).as_bytes()).unwrap().entries;
        let report = parse_report(format!(r#"{{"speed":{jump}}}"#).as_bytes()).unwrap();
        for (seq, content) in [(2 * jump - 1, Content::Logs(logs)), (2 * jump, Content::Report(report))] {
            let room = game.reserve(100).await.unwrap();
            game.submit(room, Some(seq), content).unwrap();
        }
        gateway.flush().await.unwrap();
        let wish = vec![(speed.clone(), Value::Int((100 + jump as i64).into()))];
        let saved = gateway.edit_vars(&owner, project.id, Gesture(jump), wish).await.unwrap();
        assert_eq!(saved.revision, Revision(jump as i64));
        let mut acked = 0;
        while acked < 2 * jump {
            let event = timeout(Duration::from_secs(10), game.next(false)).await.expect("an acknowledgement");
            let GameEvent::Settled(settled) = event else { panic!("{event:?}") };
            acked = settled.up_to;
        }
    }
    let last = TIMES.len() as i64;
    let before = gateway.snapshot(&owner, project.id).await.unwrap();
    let numbers: Vec<_> = before.logs.iter().map(|line| (line.seq as i64, line.message.clone())).collect();
    let expected: Vec<_> = (1..=last).map(|number| (number, number.to_string())).collect();
    assert_eq!(numbers, expected);
    let var = &before.vars[0];
    assert_eq!(var.reported[0].value, Value::Int(last.into()));
    assert_eq!(var.desired.as_ref().unwrap().value, Some(Value::Int((100 + last).into())));
    drop(game);
    gateway.close().await;
}

/// A game is away for a moment while the server starts anew and the clock says that it is three months later. A session that
/// was old before is forgotten.
async fn a_clock_that_jumps_ahead_ends_nobodys_session(store: Arc<dyn Store>) {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    let open = async |now: i64| Gateway::open(Arc::clone(&store), Clock::new(move || UnixMicros(now))).await;
    let gateway = open(START).await.unwrap();
    let link = gateway.issue_setup_token();
    let owner = gateway.set_up(link.reveal(), None, None, &Origin::default()).await.unwrap().caller;
    let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
    let session = Some("away".to_owned());
    let hello = Hello { proto: 2, session, caps: Caps::DEFAULT, ..Hello::default() };
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut game = gateway.connect_game(project.key, peer, Some(&hello)).await.unwrap();
    let room = game.reserve(100).await.unwrap();
    let logs = parse_logs(br#"[{"message":"one"}]"#).unwrap().entries;
    game.submit(room, Some(1), Content::Logs(logs)).unwrap();
    drop(game);
    gateway.flush().await.unwrap();
    // its first look at all of them
    while store.session_clock().await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    drop(gateway);

    let [(away, _)] = store.list_sessions(0, 9).await.unwrap()[..] else { panic!("one session") };
    let epoch = store.epoch().await.unwrap().number;
    let ticket = Ticket { writer: "a story".to_owned(), number: 1, epoch };
    let (name, about, attrs, applied) = ("game".to_owned(), String::new(), None, None);
    let (identity, build) = ("id:game".to_owned(), String::new());
    let device = DeviceInfo { identity, name, about, build, attrs, applied };
    let (session, at) = (Some("old".to_owned()), UnixMicros(START - 100 * DAY));
    let connect = Write::Connect { gives_way: None, project: project.id, device, session, at };
    store.commit(&ticket, &[connect], &mut Vec::new()).await.unwrap();
    let gateway = open(START + 91 * DAY).await.unwrap();
    // it is behind the other one: when it is gone, that one was looked at
    while store.list_sessions(away, 9).await.unwrap().len() == 1 {
        tokio::task::yield_now().await;
    }
    let game = gateway.connect_game(project.key, peer, Some(&hello)).await.unwrap();
    assert_eq!(game.last_seq(), 1);
}

crate::support::stories! { a_clock_that_jumps_changes_no_order, a_clock_that_jumps_ahead_ends_nobodys_session }
