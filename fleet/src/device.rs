//! One simulated device: a game of the SDK, the simulation behind it, and its connection.

use std::{
    io,
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use fastrand::Rng;
use observerio::{Driver, Game, Level, Settings, Value};

use crate::{
    FleetSettings,
    profile::Profile,
    simulation::{Event, Simulation},
    tunables::Tunables,
};

/// All devices share a thread, so that an address that does not answer must not hold it for long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Measurements are reported at most this often: people can't read faster.
const MEASURE_EVERY: Duration = Duration::from_millis(500);

pub(crate) struct Device {
    game: Game,
    driver: Driver,
    stream: Option<TcpStream>,
    tunables: Tunables,
    simulation: Simulation,
    build: &'static str,
    /// It has crashed, and returns then.
    away_until: Duration,
    has_started: bool,
    /// Why the last connection ended, or could not be made.
    failure: Option<String>,
}

impl Device {
    pub(crate) fn new(settings: &FleetSettings, index: usize) -> Self {
        // the golden ratio's bits keep neighbouring seeds apart
        let mut rng = Rng::with_seed(settings.seed ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let profile = Profile::choose(index, &mut rng);
        let own = Settings::new(settings.key)
            .device(&profile.device)
            .name(&profile.name)
            .platform(profile.platform.name)
            .app(profile.build)
            .measure_every(MEASURE_EVERY);
        let (game, driver) = Game::new(own);
        let tunables = Tunables::declare(&game, &profile);
        let simulation = Simulation::new(profile.platform, profile.mood, rng, tunables.tuning().max_hp);
        Self {
            game,
            driver,
            stream: None,
            tunables,
            simulation,
            build: profile.build,
            away_until: Duration::ZERO,
            has_started: false,
            failure: None,
        }
    }

    /// One frame, `dt` after the last one. `now` is the time since the fleet started.
    pub(crate) fn step(&mut self, address: &str, now: Duration, dt: Duration) {
        if now < self.away_until {
            return;
        }
        if !self.has_started {
            self.has_started = true;
            self.game.log_with(Level::Info, "started", &[("build", Value::Text(self.build.to_owned()))]);
        }
        self.exchange(address, now);
        self.game.frame();
        let tuning = self.tunables.tuning();
        let taken = self.tunables.take_pressed();
        if taken.has_restarted {
            self.simulation.restart(tuning.max_hp);
            self.game.log(Level::Info, "level restarted");
        }
        for _ in 0..taken.bosses {
            let company = Value::Int(i64::from(self.simulation.spawn_boss()).into());
            self.game.log_with(Level::Info, "boss spawned", &[("company", company)]);
        }
        for event in self.simulation.step(&tuning, dt.as_secs_f64()) {
            self.tell(event, address, now);
        }
        self.tunables.show(&self.simulation.measured(&tuning));
    }

    fn tell(&mut self, event: Event, address: &str, now: Duration) {
        match event {
            Event::Log { level, message, fields } => self.game.log_with(level, message, &fields),
            Event::Mark { mark, note } => self.game.mark(mark, note),
            Event::Crash { away } => {
                // the last words leave before the connection is gone
                self.exchange(address, now);
                if self.stream.take().is_some() {
                    self.driver.disconnected(now);
                }
                self.away_until = now + Duration::from_secs_f64(away);
                self.has_started = false;
                self.simulation.restart(self.tunables.tuning().max_hp);
            }
        }
    }

    /// Connects when it is time, and carries what there is to carry.
    fn exchange(&mut self, address: &str, now: Duration) {
        if self.driver.connects_at().is_some_and(|at| now >= at) {
            match open(address) {
                Ok(stream) => {
                    self.driver.connected(now);
                    self.stream = Some(stream);
                }
                Err(error) => self.fail(&error, now),
            }
        }
        if let Some(stream) = &mut self.stream
            && let Err(error) = self.driver.poll(stream, now)
        {
            self.stream = None;
            self.fail(&error, now);
        }
    }

    fn fail(&mut self, error: &io::Error, now: Duration) {
        self.failure = Some(error.to_string());
        self.driver.failed(error, now);
    }

    /// Whether the server knows its key.
    pub(crate) fn is_online(&self) -> bool {
        self.stream.is_some() && self.game.stats().is_connected
    }

    /// What the server refused last, and why the last connection ended.
    pub(crate) fn troubles(&self) -> (Option<String>, Option<String>) {
        (self.game.stats().last_error, self.failure.clone())
    }
}

fn open(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
