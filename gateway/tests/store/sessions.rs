//! Sequenced lines: each once, in order, from the newest connection only; and commits that were cut off.

use std::sync::Arc;

use gateway::store::{OpenSession, Sequenced, SessionClock, Store, StoreError, Write, Written};
use protocol::model::{DeviceId, Outcome, Revision, VarRevision};

use crate::house::{House, NOW, commit, device_info, entry, int, integer, later, name, ticket};

async fn open(house: &House, sessions: &[&str]) -> Vec<(DeviceId, OpenSession)> {
    let connect = |session: &&str| Write::Connect {
        gives_way: None,
        project: house.project.id,
        device: device_info("one", "one"),
        session: Some((*session).to_owned()),
        at: NOW,
    };
    let written = house.commit(&sessions.iter().map(connect).collect::<Vec<_>>()).await;
    let opened = |written: Written| match written {
        Written::Connected { device, session: Some(session) } => (device, session),
        other => panic!("{other:?}"),
    };
    written.into_iter().map(opened).collect()
}

fn line(house: &House, session: OpenSession, seq: u64) -> Write {
    let line = Some(Sequenced { session: session.id, generation: session.generation, seq });
    let entries = vec![entry(&format!("line {seq}"))];
    Write::Logs { project: house.project.id, device: house.device, received: NOW, entries, line }
}

async fn messages(house: &House) -> Vec<String> {
    house.load().await.logs.into_iter().map(|line| line.message).collect()
}

async fn each_line_is_stored_once_and_in_order(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (device, session) = open(&house, &["s"]).await[0];
    assert_eq!((device, session.last_seq), (house.device, 0));
    let line = |seq| line(&house, session, seq);
    let first = Written::Logs { first_seq: 1 };
    assert_eq!(
        house.commit(&[line(1), line(1), line(3), line(2)]).await,
        [first, Written::Repeated, Written::Gap, Written::Logs { first_seq: 2 }]
    );
    let refused = Sequenced { session: session.id, generation: session.generation, seq: 3 };
    let refused = Write::Refused { project: house.project.id, line: refused, at: NOW };
    assert_eq!(house.commit(&[line(2), refused, line(4)]).await[0], Written::Repeated);
    assert_eq!(messages(&house).await, ["line 1", "line 2", "line 4"]);
    assert_eq!(open(&house, &["s"]).await[0].1.last_seq, 4);
    assert_eq!(open(&house, &["another"]).await[0].1.last_seq, 0);
}

async fn only_the_newest_connection_writes(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let older = open(&house, &["s"]).await[0].1;
    let newer = open(&house, &["s"]).await[0].1;
    let written = house.commit(&[line(&house, older, 1), line(&house, newer, 1)]).await;
    assert_eq!(written, [Written::TakenOver, Written::Logs { first_seq: 1 }]);
    // two that come in one batch: the last one holds the session
    let [(_, first), (_, second)] = open(&house, &["s", "s"]).await[..] else { panic!("not two") };
    let written = house.commit(&[line(&house, first, 2), line(&house, second, 2)]).await;
    assert_eq!(written, [Written::TakenOver, Written::Logs { first_seq: 2 }]);
    assert_eq!(messages(&house).await, ["line 1", "line 2"]);
}

async fn reports_count_as_lines_too(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let session = open(&house, &["s"]).await[0].1;
    let report = |seq, value| {
        let line = Some(Sequenced { session: session.id, generation: session.generation, seq });
        let Write::Report { project, device, at, declared, values, .. } =
            house.report(&[("speed", integer())], &[("speed", int(value))])
        else {
            unreachable!("it is a report")
        };
        Write::Report { project, device, at, declared, values, line }
    };
    house.commit(&[report(1, 5)]).await;
    assert_eq!(house.commit(&[report(1, 6)]).await, [Written::Repeated]);
    assert_eq!(house.load().await.vars[0].reported[0].value, int(5));
}

async fn sessions_are_listed_in_parts_and_old_ones_forgotten(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let opened = open(&house, &["old", "used", "idle"]).await;
    let [old, used, idle] = [opened[0].1, opened[1].1, opened[2].1];
    assert_eq!(house.store.list_sessions(0, 2).await.unwrap(), [(old.id, NOW), (used.id, NOW)]);
    let mut line = line(&house, used, 1);
    if let Write::Logs { received, .. } = &mut line {
        *received = later(2);
    }
    house.commit(&[line]).await;
    assert_eq!(house.store.list_sessions(old.id, 9).await.unwrap(), [(used.id, later(2)), (idle.id, NOW)]);
    // not one that was used since, even if it is asked for, nor one that nobody asks for
    house.store.forget_sessions(&[old.id, used.id], later(1)).await.unwrap();
    assert_eq!(house.store.list_sessions(0, 9).await.unwrap(), [(used.id, later(2)), (idle.id, NOW)]);
    assert_eq!(house.commit(&[self::line(&house, old, 1)]).await, [Written::TakenOver]);
    assert_eq!(open(&house, &["used"]).await[0].1.last_seq, 1);
}

async fn the_time_of_sessions_is_kept(store: Arc<dyn Store>) {
    assert_eq!(store.session_clock().await.unwrap(), None);
    let clock = SessionClock { time: NOW, seen: later(-1) };
    store.set_session_clock(clock).await.unwrap();
    assert_eq!(store.session_clock().await.unwrap(), Some(clock));
}

async fn a_commit_can_be_asked_about(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (mut written, done) = (Vec::new(), ticket());
    house.store.commit(&done, &[house.logs(&["a"])], &mut written).await.unwrap();
    assert!(house.store.is_committed(&done).await.unwrap());
    assert!(!house.store.is_committed(&ticket()).await.unwrap());
    let (mut refused, failed) = (Vec::new(), ticket());
    let bad = house.edit(1, &[("never declared", int(1))]);
    assert!(house.store.commit(&failed, &[bad], &mut refused).await.is_err());
    assert_eq!(refused, []);
    assert!(!house.store.is_committed(&failed).await.unwrap());
}

async fn another_epoch_takes_nothing(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let epoch = house.store.epoch().await.unwrap();
    assert_eq!((epoch.number, epoch.to_string()), (1, format!("{}-1", epoch.instance)));
    let mut ticket = ticket();
    ticket.epoch = 2;
    let outcome = house.store.commit(&ticket, &[house.logs(&["a"])], &mut Vec::new()).await;
    assert!(matches!(outcome, Err(StoreError::Restored)));
    assert_eq!(messages(&house).await, Vec::<String>::new());
}

async fn what_devices_did_is_kept(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    house.commit(&[house.report(&[("size", integer()), ("speed", integer())], &[])]).await;
    house.commit(&[house.edit(1, &[("size", int(1)), ("speed", int(900))])]).await;
    let outcomes = |outcomes: &[(&str, Outcome)]| Write::Outcomes {
        project: house.project.id,
        device: house.device,
        outcomes: outcomes.iter().map(|(n, outcome)| (name(n), VarRevision(1), outcome.clone())).collect(),
    };
    let clamped = Outcome::Clamped { value: Some(int(100)), reason: Some("'; too fast".to_owned()) };
    let rejected = Outcome::Rejected { reason: None };
    let seen = Write::Seen { device: house.device, at: NOW, applied: Some(Revision(1)) };
    house.commit(&[outcomes(&[("speed", rejected.clone()), ("size", rejected)]), seen]).await;
    house.commit(&[outcomes(&[("speed", clamped.clone()), ("size", Outcome::Applied)])]).await;
    // what says nothing of it changes nothing
    house.commit(&[Write::Seen { device: house.device, at: later(1), applied: None }]).await;
    let state = house.load().await;
    let device = &state.devices[0].device;
    assert_eq!((device.acknowledges, device.applied, device.last_seen), (true, Revision(1), later(1)));
    let kept: Vec<Vec<&Outcome>> =
        state.vars.iter().map(|var| var.applied.iter().map(|mark| &mark.outcome).collect()).collect();
    assert_eq!(kept, [vec![], vec![&clamped]]);
    let no_device = Write::Outcomes {
        project: house.project.id,
        device: DeviceId(i64::MAX),
        outcomes: vec![(name("speed"), VarRevision(1), clamped)],
    };
    assert!(commit(&house.store, &[no_device]).await.is_err());
}

crate::support::stories! {
    each_line_is_stored_once_and_in_order,
    only_the_newest_connection_writes,
    reports_count_as_lines_too,
    sessions_are_listed_in_parts_and_old_ones_forgotten,
    the_time_of_sessions_is_kept,
    a_commit_can_be_asked_about,
    another_epoch_takes_nothing,
    what_devices_did_is_kept,
}
