//! A long bad day in small: games with the SDK on a network that loses three packets of ten and has gaps of two seconds, while
//! the server is killed again and again. Everything that was logged is stored once, and everybody is soon back in sync.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::world::{
    crowd::{Crowd, Life},
    designer::Designer,
    load::KEY,
    lossy::LossyNetwork,
    rounds,
    server::Server,
    truth::Truth,
};

const GAP: Duration = Duration::from_secs(2);
/// From one gap to the next one, with the gap.
const ROUND: Duration = Duration::from_secs(7);
/// In every so many rounds, the server is killed.
const ROUNDS_PER_KILL: u32 = 3;
/// From the end of the last gap until every game has the newest value.
const MOST_TIME_TO_SYNC: Duration = Duration::from_secs(5);
/// Between two looks at the games.
const GLANCE: Duration = Duration::from_millis(10);

#[tokio::test]
async fn sdk_games_on_a_lossy_network() {
    let story = "sdk_games_on_a_lossy_network";
    let games = rounds::count("OBSERVERIO_SOAK_GAMES", 10);
    let length = rounds::seconds("OBSERVERIO_SOAK_SECONDS", 5);
    let mut server = Server::start().await;
    let owner = server.owner().await;
    server.register(KEY).await;
    let mut truth = Truth::open(&server).await;
    let network = LossyNetwork::before(server.tcp, rounds::chance(story)).await;
    let crowd = Crowd::start(games, network.address);
    let mut designer = Designer::start(&owner, truth.project);
    designer.saves().await;

    let kills = suffer(&mut server, &network, length).await;
    let healed = Instant::now();
    let edits = designer.finish().await;
    let desired = truth.desired().await.1.expect("an edit was saved");
    while crowd.count_with(desired) < games as usize {
        let late = games as usize - crowd.count_with(desired);
        assert!(
            healed.elapsed() <= MOST_TIME_TO_SYNC,
            "{late} games are not in sync after {:?}",
            healed.elapsed()
        );
        sleep(GLANCE).await;
    }
    let in_sync = healed.elapsed();

    // its connections are carried by this thread
    let lives = tokio::task::spawn_blocking(|| crowd.come_to_rest()).await.unwrap();
    check(&lives, &truth.messages().await);
    truth.check_edits(&edits).await;
    truth.check_integrity().await;
    let (sent, lost, cut) = network.tally();
    println!(
        "{story}: {games} games, {kills} kills, {lost} of {sent} packets lost, {cut} connections cut, in sync after {in_sync:?}, \
         {} log lines, {} edits; nothing lost, nothing twice",
        lives.iter().map(|life| life.said).sum::<u64>(),
        edits.len(),
    );
}

/// Rounds of work and a gap, and one more gap at the end. How often the server was killed.
async fn suffer(server: &mut Server, network: &LossyNetwork, length: Duration) -> u32 {
    let (began, mut round, mut kills) = (Instant::now(), 0, 0);
    let work = ROUND.min(length).saturating_sub(GAP);
    while began.elapsed() < length {
        // not a wait for anything: this is the work
        sleep(work).await;
        network.gap(GAP).await;
        if round % ROUNDS_PER_KILL == 0 {
            server.kill().await;
            server.restart().await;
            kills += 1;
        }
        round += 1;
    }
    network.gap(GAP).await;
    kills
}

/// Of each game, everything that it logged is there, once and in order, and nothing else is.
fn check(lives: &[Life], messages: &[String]) {
    let mut newest: HashMap<&str, u64> = HashMap::new();
    for message in messages {
        let (name, number) = message.split_once(' ').unwrap();
        let newest = newest.entry(name).or_default();
        assert_eq!(number.parse::<u64>().unwrap(), *newest + 1, "{name}: {message:?} follows {newest}");
        *newest += 1;
    }
    for Life { name, said, stored } in lives {
        let found = newest.remove(&**name).unwrap_or_default();
        assert_eq!((found, *stored), (*said, *said), "{name}: in the database, and acknowledged");
    }
    assert!(newest.is_empty(), "nobody has logged as {newest:?}");
}
