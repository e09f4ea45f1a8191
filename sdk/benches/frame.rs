//! A game of 60 frames a second, with observerio and without: `cargo bench -p observerio --bench frame`.
//!
//! Both do the same work: things that fall and bounce, ten values that people tune, four measurements, and two log entries a
//! frame. One has its values in a struct and its log in a list; the other one has them from the SDK, whose thread sends them
//! to a socket. They take turns, a second each, so that both meet the same load. The figure is the work of a frame, without
//! the wait for the next one.

use std::{
    hint::black_box,
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use observerio::{Connection, Game, Level, Settings, Var};

const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);
const FRAMES_OF_A_TURN: usize = 60;
const TURNS: usize = 10;
const THINGS: usize = 5_000;
const TUNED: usize = 10;
const MEASURED: usize = 4;

/// What a game reads and says in a frame.
trait Side {
    fn boundary(&mut self);
    fn tuned(&self) -> [f64; TUNED];
    fn measured(&mut self, values: [f64; MEASURED]);
    fn say(&mut self, message: &str);
}

/// Without observerio.
struct Plain {
    tuned: [f64; TUNED],
    measured: [f64; MEASURED],
    log: Vec<(Instant, String)>,
}

impl Side for Plain {
    fn boundary(&mut self) {}

    fn tuned(&self) -> [f64; TUNED] {
        *black_box(&self.tuned)
    }

    fn measured(&mut self, values: [f64; MEASURED]) {
        *black_box(&mut self.measured) = values;
    }

    fn say(&mut self, message: &str) {
        if self.log.len() > 1_000 {
            self.log.clear();
        }
        self.log.push((Instant::now(), message.to_owned()));
    }
}

/// With observerio.
struct Observed {
    game: Game,
    tuned: [Var<f64>; TUNED],
    measured: [Var<f64>; MEASURED],
    _connection: Connection,
}

impl Observed {
    fn connected() -> Self {
        let key = "0123456789ab".parse().expect("a key");
        let (game, driver) = Game::new(Settings::new(key));
        let tuned = std::array::from_fn(|at| {
            game.var(&format!("boss.value{at}"), start(at)).range(-100.0..=100.0).declare()
        });
        let measured = std::array::from_fn(|at| game.measurement(&format!("measured{at}"), 0.0).declare());
        let connection = observerio::connect(driver, sink()).expect("a thread");
        Self { game, tuned, measured, _connection: connection }
    }
}

impl Side for Observed {
    fn boundary(&mut self) {
        self.game.frame();
    }

    fn tuned(&self) -> [f64; TUNED] {
        std::array::from_fn(|at| self.tuned[at].get())
    }

    fn measured(&mut self, values: [f64; MEASURED]) {
        self.measured.iter().zip(values).for_each(|(var, value)| var.set(value));
    }

    fn say(&mut self, message: &str) {
        self.game.log(Level::Info, message);
    }
}

/// A server of the original grammar that takes everything: where it listens.
fn sink() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound").to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a game");
        stream.write_all(b"OK\n").expect("it reads");
        let mut buffer = vec![0; 64 * 1024];
        while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
    address
}

fn start(at: usize) -> f64 {
    1.0 + at as f64 / 10.0
}

/// Things that fall and bounce.
struct World {
    things: Vec<(f64, f64)>,
    frame: u64,
}

impl World {
    fn new() -> Self {
        Self { things: (0..THINGS).map(|at| (at as f64 % 50.0, 0.0)).collect(), frame: 0 }
    }

    fn step(&mut self, side: &mut impl Side) {
        side.boundary();
        let tuned = side.tuned();
        let (gravity, bounce, drag) =
            (tuned[0], 0.9 / tuned[1], 1.0 / (1.0 + tuned[2..].iter().sum::<f64>()));
        let (mut energy, mut bounces) = (0.0, 0.0);
        for (height, speed) in &mut self.things {
            *speed = (*speed - gravity / 60.0) * (1.0 - drag / 60.0);
            *height += *speed / 60.0;
            if *height < 0.0 {
                (*height, *speed) = (-*height, -*speed * bounce);
                bounces += 1.0;
            }
            energy += *height * gravity + *speed * *speed / 2.0;
        }
        self.frame += 1;
        side.measured([energy, bounces, self.frame as f64, drag]);
        side.say("a thing has bounced");
        side.say("another one, too");
    }

    /// The work of each frame.
    fn play(&mut self, frames: usize, side: &mut impl Side) -> Vec<Duration> {
        let mut next = Instant::now();
        (0..frames)
            .map(|_| {
                next += FRAME;
                let began = Instant::now();
                self.step(side);
                let work = began.elapsed();
                thread::sleep(next.saturating_duration_since(Instant::now()));
                work
            })
            .collect()
    }
}

fn row(what: &str, mut works: Vec<Duration>) {
    works.sort_unstable();
    let micros = |at: usize| works[at.min(works.len() - 1)].as_secs_f64() * 1e6;
    let (median, p99) = (micros(works.len() / 2), micros(works.len() * 99 / 100));
    println!("{what:<24}{median:>10.1}{:>10.1}{p99:>10.1}{:>10.1}", micros(0), micros(works.len() - 1));
}

fn main() {
    // where benches are only run to see that they do, two frames will do
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (turns, frames) = if is_measured { (TURNS, FRAMES_OF_A_TURN) } else { (1, 2) };
    let mut plain = Plain { tuned: std::array::from_fn(start), measured: [0.0; MEASURED], log: Vec::new() };
    let mut observed = Observed::connected();
    let (mut first, mut second) = (World::new(), World::new());
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        without.extend(first.play(frames, &mut plain));
        with.extend(second.play(frames, &mut observed));
    }
    println!("the work of a frame, in µs (n = {})", without.len());
    println!("{:<24}{:>10}{:>10}{:>10}{:>10}", "", "median", "least", "p99", "most");
    row("without observerio", without);
    row("with observerio", with);
    assert_eq!(observed.game.stats().dropped, [0; 6], "everything had room");
    assert!(!is_measured || observed.game.stats().is_connected, "it was connected");
}
