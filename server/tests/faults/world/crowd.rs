//! Games with the SDK, as studios have them: each with its own thread and connection.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use observerio::{Connection, Game, Level, Settings, Var};

use super::{PATIENCE, designer::VARIABLE, load::KEY};

/// Slow, because there are many of them.
const FRAME: Duration = Duration::from_millis(50);
/// Every so many frames, a game logs.
const FRAMES_PER_ENTRY: u64 = 5;

/// Many games. Their log entries are `<name> 1`, `<name> 2` ….
pub struct Crowd {
    games: Vec<Member>,
    has_ended: Arc<AtomicBool>,
    frames: JoinHandle<()>,
}

struct Member {
    name: String,
    game: Game,
    speed: Var<i64>,
    connection: Connection,
    said: Arc<AtomicU64>,
}

/// What came of a game.
pub struct Life {
    pub name: String,
    /// Entries that it logged.
    pub said: u64,
    /// Entries that the server has acknowledged.
    pub stored: u64,
}

impl Crowd {
    pub fn start(count: u32, server: SocketAddr) -> Self {
        let games: Vec<Member> = (0..count).map(|number| Member::start(number, server)).collect();
        let has_ended = Arc::new(AtomicBool::new(false));
        let (playing, is_over) = (games.iter().map(Member::share).collect(), Arc::clone(&has_ended));
        let frames = thread::spawn(move || play(playing, &is_over));
        Self { games, has_ended, frames }
    }

    /// How many are connected and have this value.
    pub fn count_with(&self, value: i64) -> usize {
        let has = |member: &&Member| member.speed.get() == value && member.game.stats().is_connected;
        self.games.iter().filter(has).count()
    }

    /// Nobody logs any more, and all that was logged is stored.
    pub fn come_to_rest(self) -> Vec<Life> {
        self.has_ended.store(true, Relaxed);
        self.frames.join().unwrap();
        self.games.into_iter().map(Member::come_to_rest).collect()
    }
}

impl Member {
    fn start(number: u32, server: SocketAddr) -> Self {
        let name = format!("train-{number}");
        let settings = Settings::new(KEY.parse().unwrap()).device(&*name).name(&*name);
        let (game, driver) = Game::new(settings);
        let speed = game.var(VARIABLE, 0i64).declare();
        let connection = observerio::connect(driver, server.to_string()).unwrap();
        Self { name, game, speed, connection, said: Arc::default() }
    }

    fn share(&self) -> Player {
        Player { name: self.name.clone(), game: self.game.clone(), said: Arc::clone(&self.said) }
    }

    fn come_to_rest(self) -> Life {
        assert!(self.connection.flush(PATIENCE), "{}: not everything is stored", self.name);
        let stats = self.game.stats();
        assert_eq!((stats.dropped, stats.refused), ([0; 6], 0), "{}: {:?}", self.name, stats.last_error);
        Life { name: self.name, said: self.said.load(Relaxed), stored: stats.stored }
    }
}

/// What the thread of the frames has of a game.
struct Player {
    name: String,
    game: Game,
    said: Arc<AtomicU64>,
}

fn play(players: Vec<Player>, is_over: &AtomicBool) {
    let mut frame = 0;
    while !is_over.load(Relaxed) {
        for Player { name, game, said } in &players {
            game.frame();
            if frame % FRAMES_PER_ENTRY == 0 {
                let number = said.fetch_add(1, Relaxed) + 1;
                game.log(Level::Info, &format!("{name} {number}"));
            }
        }
        frame += 1;
        // not a wait for anything: this is the frame
        thread::sleep(FRAME);
    }
}
