//! Single conversations in the simulated world, without chance in them.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use protocol::model::Key;
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
