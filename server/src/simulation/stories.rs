//! Single conversations in the simulated world, without chance in them.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use gateway::Caller;
use protocol::model::{Gesture, Key, Outcome, ProjectId, Role, User, UserId, Value, VarName};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::{
    KEYS,
    database::{Disk, Faults},
    host::Host,
    journal::Journal,
    talk::Talk,
};

const SECOND: Duration = Duration::from_secs(1);
const LONG_LINES: usize = 6;
const ENTRIES: usize = 14;

/// A server without faults.
async fn world() -> std::sync::Arc<Host> {
    let keys = KEYS.map(|key| Key::parse(key.as_bytes()).unwrap());
    let (rng, journal) = (fastrand::Rng::with_seed(1), Journal::new());
    let faults = Faults { slow: 0, hang: 0, fail: 0, cut_off: 0 };
    let disk = Disk::new(rng.clone(), journal.clone(), &keys, faults);
    let host = Host::new(rng, &disk, &journal);
    host.boot().await;
    host
}

/// A game that has its `OK`, as often as it has to come for that.
async fn verified(host: &Host, caps: &[&str]) -> Talk {
    let peer = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    loop {
        let mut talk = Talk::new(host.connect("game", peer, Box::new(|_| ())).unwrap());
        talk.say(&format!("h:{}", json!({"proto": 2, "caps": caps})));
        talk.say(&format!("v:{}", KEYS[0]));
        while let Some(heard) = line(&mut talk).await {
            if heard == "OK" {
                return talk;
            }
        }
        sleep(SECOND).await;
    }
}

/// Says more than one connection may have waiting: the last lines are not read before some are stored.
fn flood(talk: &mut Talk) {
    let message = json!({ "message": "x".repeat(60_000) });
    for _ in 0..LONG_LINES {
        talk.say(&format!("l:{}:{}", KEYS[0], json!(vec![message.clone(); ENTRIES])));
    }
}

/// The owner of the instance.
fn owner() -> Caller {
    User { id: UserId(1), name: "owner".to_owned(), email: None, role: Role::Owner }.into()
}

/// Sets these variables to a text; some game has them.
async fn set(host: &Host, gesture: u64, names: &[String], text: &str) {
    let gateway = host.gateway().unwrap();
    gateway.flush().await.unwrap();
    let change = |name: &String| (VarName::parse(name).unwrap(), Value::Text(text.to_owned()));
    let changes = names.iter().map(change).collect();
    gateway.edit_vars(&owner(), ProjectId(1), Gesture(gesture), changes).await.unwrap();
}

/// Until everything is answered that was said before.
async fn served(talk: &mut Talk) {
    talk.say("p:served");
    while line(talk).await.expect("the connection stays") != "q:served" {}
}

async fn line(talk: &mut Talk) -> Option<String> {
    timeout(600 * SECOND, talk.next()).await.expect("a line or the end").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_game_whose_line_waits_for_room_is_asked_and_not_called_idle() {
    let host = world().await;
    let mut talk = verified(&host, &["ping"]).await;
    host.disk.go_away(100 * SECOND);
    flood(&mut talk);
    let end = Instant::now() + 95 * SECOND;
    let mut asked = 0;
    while let Ok(heard) = timeout(end - Instant::now(), talk.next()).await {
        let heard = heard.unwrap().expect("the connection stays");
        let token = heard.strip_prefix("p:").unwrap_or_else(|| panic!("{heard}"));
        talk.say(&format!("q:{token}"));
        asked += 1;
    }
    assert!(asked >= 3, "it was asked {asked} times: it may think that nobody is here");
    // and all of it is taken in when the database is back
    talk.say("p:last");
    while line(&mut talk).await.unwrap() != "q:last" {}
    host.gateway().unwrap().flush().await.unwrap();
    assert_eq!(host.disk.look(|model| model.log_lines(1)), (LONG_LINES * ENTRIES) as u64);
}

#[tokio::test(start_paused = true)]
async fn who_is_silent_after_that_is_called_idle_as_ever() {
    let host = world().await;
    let mut talk = verified(&host, &["ping"]).await;
    host.disk.go_away(50 * SECOND);
    flood(&mut talk);
    let begun = Instant::now();
    let mut last = String::new();
    while let Some(heard) = line(&mut talk).await {
        last = heard;
    }
    assert!(last.starts_with("ERR idle "), "{last}");
    let after = begun.elapsed();
    assert!(after > 80 * SECOND && after < 120 * SECOND, "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_what_is_in_flight_is_refused_once() {
    let host = world().await;
    host.disk.back_up();
    let mut all = verified(&host, &["ack", "drain"]).await;
    let mut impatient = verified(&host, &["ack"]).await;
    for talk in [&mut all, &mut impatient] {
        assert_eq!(line(talk).await.unwrap(), format!("a:{}:0", KEYS[0]));
    }
    host.disk.go_away(3 * SECOND);
    for seq in 1..=3 {
        for talk in [&mut all, &mut impatient] {
            talk.say(&format!("l:{}:{seq}:{}", KEYS[0], json!([{ "message": "in flight" }])));
        }
    }
    for talk in [&mut all, &mut impatient] {
        talk.say("p:taken");
        assert_eq!(line(talk).await.unwrap(), "q:taken");
    }
    sleep(SECOND).await;
    assert!(host.disk.restore());
    let refused = format!("n:{}:1:unavailable:1000", KEYS[0]);
    assert_eq!(line(&mut all).await.as_deref(), Some("d:2000"));
    assert_eq!(line(&mut all).await.as_deref(), Some(refused.as_str()));
    assert_eq!(line(&mut all).await, None);
    assert_eq!(line(&mut impatient).await.as_deref(), Some(refused.as_str()));
    assert!(line(&mut impatient).await.unwrap().starts_with("ERR draining "));
    assert_eq!(line(&mut impatient).await, None);
    // and the next game is served
    let mut next = verified(&host, &["ack", "drain"]).await;
    next.say("p:here");
    while line(&mut next).await.unwrap() != "q:here" {}
}

const TEXTS: usize = 14;
const TEXT_BYTES: usize = 60_000;

/// Says of every variable that another text took the place of what was wanted.
fn answer(talk: &mut Talk, names: &[String], letter: &str) {
    let outcome = |name| json!({"name": name, "status": "clamped", "value": letter.repeat(TEXT_BYTES)});
    let outcomes: Vec<_> = names.iter().map(outcome).collect();
    talk.say(&format!("r:{}:1:{}", KEYS[0], json!(outcomes)));
}

/// A game that has long texts, which people have set.
async fn asked(host: &Host, names: &[String]) -> Talk {
    let mut talk = verified(host, &["rev"]).await;
    let texts: serde_json::Map<_, _> = names.iter().map(|name| (name.clone(), json!("a"))).collect();
    talk.say(&format!("i:{}:{}", KEYS[0], json!(texts)));
    served(&mut talk).await;
    talk
}

#[tokio::test(start_paused = true)]
async fn what_games_answer_takes_room_and_the_newest_takes_the_place_of_what_waits() {
    let host = world().await;
    let names: Vec<String> = (0..TEXTS).map(|i| format!("text{i}")).collect();
    let mut talk = asked(&host, &names).await;
    set(&host, 1, &names, "b").await;
    served(&mut talk).await;
    let waiting = || host.gateway().unwrap().status().queued_bytes as usize;
    host.disk.go_away(1_000 * SECOND);
    for letter in ["c", "d", "e", "f", "g", "h", "i", "j", "k", "l"] {
        answer(&mut talk, &names, letter);
        served(&mut talk).await;
        // one answer is in the writer's hands, and one waits behind it
        let (bytes, one) = (waiting(), TEXTS * TEXT_BYTES);
        assert!((one..3 * one).contains(&bytes), "{bytes} bytes wait after {letter}");
    }
    host.disk.heal();
    host.gateway().unwrap().flush().await.unwrap();
    assert_eq!(waiting(), 0);
    let stored = host.disk.outcomes();
    let value = Some(Value::Text("l".repeat(TEXT_BYTES)));
    let last = (1, Outcome::Clamped { value, reason: None });
    assert_eq!((stored.len(), stored.values().all(|outcome| *outcome == last)), (TEXTS, true));
}

#[tokio::test(start_paused = true)]
async fn what_many_games_answer_is_bounded_and_all_of_it_is_stored() {
    const GAMES: usize = 40;
    let host = world().await;
    let names: Vec<String> = (0..TEXTS).map(|i| format!("text{i}")).collect();
    let mut talks = Vec::new();
    for _ in 0..GAMES {
        talks.push(asked(&host, &names).await);
    }
    set(&host, 1, &names, "b").await;
    for talk in &mut talks {
        served(talk).await;
    }
    host.disk.go_away(400 * SECOND);
    for talk in &mut talks {
        answer(talk, &names, "c");
        talk.say("p:answered");
    }
    let mut peak = 0;
    let all = async {
        for talk in &mut talks {
            while line(talk).await.expect("the connection stays") != "q:answered" {}
        }
    };
    let watching = async {
        loop {
            sleep(SECOND).await;
            peak = peak.max(host.gateway().unwrap().status().queued_bytes);
        }
    };
    tokio::select! {
        () = all => {}
        () = watching => unreachable!("it never ends"),
    }
    let (most, least) = (20 * 1024 * 1024, 8 * 1024 * 1024);
    assert!((least..most).contains(&peak), "{peak} bytes waited");
    host.gateway().unwrap().flush().await.unwrap();
    assert_eq!(host.gateway().unwrap().status().queued_bytes, 0);
    assert_eq!(host.disk.outcomes().len(), GAMES * TEXTS);
}

#[tokio::test(start_paused = true)]
async fn a_game_on_a_slow_line_gets_all_that_people_want() {
    let host = world().await;
    let names: Vec<String> = (0..TEXTS).map(|i| format!("text{i}")).collect();
    drop(asked(&host, &names).await);
    set(&host, 1, &names, &"b".repeat(TEXT_BYTES)).await;
    let mut talk =
        Talk::new(host.connect("slow", IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), Box::new(|_| ())).unwrap());
    talk.slow_down(SECOND / 16);
    let begun = Instant::now();
    talk.say(&format!("h:{}", json!({"proto": 2, "caps": ["rev", "json"]})));
    talk.say(&format!("v:{}", KEYS[0]));
    let mut heard = String::new();
    while !heard.starts_with("v:") {
        heard = match line(&mut talk).await {
            Some(heard) => heard,
            None => panic!("it ends after {:?}: {:?}", begun.elapsed(), host.journal.failure()),
        };
        assert!(!heard.starts_with("ERR"), "{heard}");
    }
    assert!(heard.len() > TEXTS * TEXT_BYTES && begun.elapsed() > 20 * SECOND, "{:?}", begun.elapsed());
    // and one that stops reading is let go as ever
    talk.say("p:again");
    while line(&mut talk).await.unwrap() != "q:again" {}
    set(&host, 2, &names, &"c".repeat(TEXT_BYTES)).await;
    sleep(30 * SECOND).await;
    let mut last = String::new();
    while let Some(heard) = talk.next().await.unwrap_or_default() {
        last = heard;
    }
    assert!(!last.starts_with("v:"), "all of it came");
}
