//! What the SDK costs the game's thread, beside what it replaces: `cargo bench -p observerio`.
//!
//! Each figure is the median of many batches, in nanoseconds a call, with a driver that carries everything away in a thread of
//! its own, as in a game.

use std::{
    collections::HashMap,
    hint::black_box,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use observerio::{Driver, Game, Level, Settings, tune};

const BATCHES: usize = 301;

/// Nanoseconds of one call: the median batch. Between batches, it rests for so long.
fn nanoseconds(calls: u32, rest: Duration, mut call: impl FnMut(u32)) -> f64 {
    // where benches are only run to see that they do, one will do
    let batches = if std::env::args().any(|argument| argument == "--bench") { BATCHES } else { 1 };
    let mut all: Vec<f64> = (0..batches)
        .map(|_| {
            thread::sleep(rest);
            let began = Instant::now();
            (0..calls).for_each(&mut call);
            began.elapsed().as_nanos() as f64 / f64::from(calls)
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[batches / 2]
}

/// Takes everything, and answers nothing but its greeting.
struct Nowhere(&'static [u8]);

impl std::io::Read for Nowhere {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match std::io::Read::read(&mut self.0, into)? {
            0 => Err(std::io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl std::io::Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A server of the original grammar acknowledges nothing, so everything goes through.
fn carry(mut driver: Driver, is_over: &AtomicBool) {
    let (began, mut stream) = (Instant::now(), Nowhere(b"OK\n"));
    driver.connected(Duration::ZERO);
    while !is_over.load(Relaxed) {
        driver.poll(&mut stream, began.elapsed()).expect("it takes everything");
        thread::sleep(Duration::from_millis(1));
    }
}

fn row(what: &str, nanoseconds: f64, plain: f64, limit: Option<f64>) {
    let ratio = nanoseconds / plain;
    let limit = limit.map_or_else(String::new, |limit| format!("{limit:>8.0}"));
    println!("{what:<44}{nanoseconds:>10.2}{ratio:>10.1}{limit}");
}

fn reading(game: &Game) {
    let plain = black_box(2.5f64);
    let var = game.var("boss.speed", 2.5).declare();
    let map = Mutex::new(HashMap::from([("boss.speed".to_owned(), 2.5f64)]));
    let of_plain = read(|| *black_box(&plain));
    row("read a plain variable", of_plain, of_plain, None);
    row("read a variable", read(|| black_box(&var).get()), of_plain, Some(2.0));
    row("read tune!(\"boss.jump\", 2.5)", read(|| tune!("boss.jump", 2.5)), of_plain, None);
    let of_map = read(|| black_box(&map).lock().expect("nobody panics")["boss.speed"]);
    row("read a map behind a mutex", of_map, of_plain, None);
}

fn read(mut value: impl FnMut() -> f64) -> f64 {
    nanoseconds(100_000, Duration::ZERO, |_| {
        black_box(value());
    })
}

fn writing(game: &Game) {
    const CALLS: u32 = 100_000;
    let mut plain = 0.0f64;
    let fps = game.measurement("fps", 0.0).declare();
    let of_plain =
        nanoseconds(CALLS, Duration::ZERO, |number| *black_box(&mut plain) = black_box(number.into()));
    row("write a plain variable", of_plain, of_plain, None);
    let of_measurement =
        nanoseconds(CALLS, Duration::ZERO, |number| black_box(&fps).set(black_box(number.into())));
    row("update a measurement", of_measurement, of_plain, None);
}

fn logging(game: &Game) {
    // as many as have room until the driver comes again
    const CALLS: u32 = 500;
    let rest = Duration::from_millis(3);
    let list = Mutex::new(Vec::new());
    let of_list = nanoseconds(CALLS, rest, |_| {
        list.lock().expect("nobody panics").push((Instant::now(), black_box("boss spawned").to_owned()));
    });
    row("push a message to a list behind a mutex", of_list, of_list, None);
    let before = game.stats().dropped;
    let of_log = nanoseconds(CALLS, rest, |_| game.log(Level::Info, black_box("boss spawned")));
    row("log a message", of_log, of_list, Some(200.0));
    assert_eq!(game.stats().dropped, before, "dropping is cheaper");
}

fn main() {
    let key = "0123456789ab".parse().expect("a key");
    let (game, driver) = Game::new(Settings::new(key).outbox_bytes(64 * 1024 * 1024));
    game.install();
    let is_over = AtomicBool::new(false);
    println!("{:<44}{:>10}{:>10}{:>8}", "", "ns", "× plain", "at most");
    thread::scope(|scope| {
        scope.spawn(|| carry(driver, &is_over));
        reading(&game);
        writing(&game);
        logging(&game);
        let frame = nanoseconds(1_000, Duration::ZERO, |_| {
            black_box(game.frame());
        });
        println!("{:<44}{frame:>10.2}", "a frame without news");
        is_over.store(true, Relaxed);
    });
}
