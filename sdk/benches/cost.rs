//! What the SDK costs the game's thread, beside what it replaces: `cargo bench -p observerio --bench cost`.
//!
//! Each figure is the median of many batches, in nanoseconds a call, and beside it the fastest batch. A driver carries
//! everything away in a thread of its own, as in a game.

use std::{
    collections::HashMap,
    fs,
    hint::black_box,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use observerio::{Driver, Game, Level, Settings, Value, tune};

const BATCHES: usize = 301;
/// Of one batch: so few that most batches are over before another program gets the processor.
const CALLS: u32 = 10_000;
/// As long as several turns of the driver.
const A_WHILE: Duration = Duration::from_millis(50);

/// Nanoseconds of one call.
#[derive(Clone, Copy)]
struct Cost {
    median: f64,
    fastest: f64,
}

/// Between batches, it rests for so long.
fn cost(calls: u32, rest: Duration, mut call: impl FnMut(u32)) -> Cost {
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
    Cost { median: all[batches / 2], fastest: all[0] }
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

fn row(what: &str, cost: Cost, plain: Cost, limit: Option<f64>) {
    let ratio = cost.median / plain.median;
    let limit = limit.map_or_else(String::new, |limit| format!("{limit:>9.0}"));
    println!("{what:<44}{:>9.2}{:>9.2}{ratio:>9.1}{limit}", cost.median, cost.fastest);
}

fn reading(game: &Game) {
    let plain = black_box(2.5f64);
    let var = game.var("boss.speed", 2.5).declare();
    let title = game.text("title", "Level 1").declare();
    let map = Mutex::new(HashMap::from([("boss.speed".to_owned(), 2.5f64)]));
    let of_plain = read(|| *black_box(&plain));
    row("read a plain variable", of_plain, of_plain, None);
    row("read a variable", read(|| black_box(&var).get()), of_plain, Some(2.0));
    row("read tune!(\"boss.jump\", 2.5)", read(|| tune!("boss.jump", 2.5)), of_plain, None);
    row("read a text", read(|| black_box(&title).get()), of_plain, None);
    let of_map = read(|| black_box(&map).lock().expect("nobody panics")["boss.speed"]);
    row("read a map behind a mutex", of_map, of_plain, None);
}

fn read<T>(mut value: impl FnMut() -> T) -> Cost {
    cost(CALLS, Duration::ZERO, |_| {
        black_box(value());
    })
}

fn writing(game: &Game) {
    let mut plain = 0.0f64;
    let fps = game.measurement("fps", 0.0).declare();
    let map = Mutex::new(HashMap::from([("fps".to_owned(), 0.0f64)]));
    let of_plain = cost(CALLS, Duration::ZERO, |number| *black_box(&mut plain) = black_box(number.into()));
    row("write a plain variable", of_plain, of_plain, None);
    let of_measurement = cost(CALLS, Duration::ZERO, |number| black_box(&fps).set(black_box(number.into())));
    row("update a measurement", of_measurement, of_plain, None);
    let of_map = cost(CALLS, Duration::ZERO, |number| {
        *black_box(&map).lock().expect("nobody panics").get_mut("fps").expect("it is there") =
            black_box(number.into());
    });
    row("update a map behind a mutex", of_map, of_plain, None);
}

fn logging(game: &Game) {
    // as many as have room until the driver comes again
    const CALLS: u32 = 500;
    let rest = Duration::from_millis(3);
    let list = Mutex::new(Vec::new());
    let of_list = cost(CALLS, rest, |_| {
        list.lock().expect("nobody panics").push((Instant::now(), black_box("boss spawned").to_owned()));
    });
    row("push a message to a list behind a mutex", of_list, of_list, None);
    let of_log = cost(CALLS, rest, |_| game.log(Level::Info, black_box("boss spawned")));
    row("log a message", of_log, of_list, Some(200.0));
    let of_fields = cost(CALLS, rest, |number| {
        let fields = [("hp", Value::Int(u64::from(number).into())), ("room", Value::Text("hall".to_owned()))];
        game.log_with(Level::Info, black_box("boss spawned"), &fields);
    });
    row("log a message with two fields", of_fields, of_list, None);
    thread::sleep(A_WHILE);
    assert_eq!(game.stats().dropped, [0; 6], "dropping is another row");
    logging_without_room(of_list);
}

/// Nobody carries anything away, and there is no more room.
fn logging_without_room(of_list: Cost) {
    let (game, mut driver) = Game::new(Settings::new("0123456789ab".parse().expect("a key")));
    (0..10_000).for_each(|_| game.log(Level::Info, "boss spawned"));
    let of_log = cost(500, Duration::ZERO, |_| game.log(Level::Info, black_box("boss spawned")));
    row("log a message when there is no room", of_log, of_list, Some(200.0));
    // the first look counts what was lost, the second one tells
    let _ = (driver.is_settled(), driver.is_settled());
    assert!(game.stats().dropped[Level::Info as usize] > 0, "there was room");
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn main() {
    let key = "0123456789ab".parse().expect("a key");
    let (game, driver) = Game::new(Settings::new(key).outbox_bytes(64 * 1024 * 1024));
    game.install();
    let is_over = AtomicBool::new(false);
    println!("load average: {}", load());
    println!("{:<44}{:>9}{:>9}{:>9}{:>9}", "", "ns", "fastest", "× plain", "at most");
    thread::scope(|scope| {
        scope.spawn(|| carry(driver, &is_over));
        reading(&game);
        writing(&game);
        logging(&game);
        let frame = cost(1_000, Duration::ZERO, |_| {
            black_box(game.frame());
        });
        println!("{:<44}{:>9.2}{:>9.2}", "a frame without news", frame.median, frame.fastest);
        is_over.store(true, Relaxed);
    });
    println!("load average: {}", load());
}
