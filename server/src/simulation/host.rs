//! The machine that the server runs on: starts the real gateway and real connections, and kills them.

use std::{
    future::poll_fn,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use futures_util::FutureExt as _;
use gateway::{Clock, Gateway};
use protocol::model::{Key, ProjectId, UnixMicros};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    database::{Disk, OpenDisk},
    journal::Journal,
    link::{self, End, Link, Tap},
};
use crate::ingest::{AddressLimits, Admission, Connection, GameLimits, GameTimes};

/// What a task may do while no time passes.
const MOST_POLLS: u32 = 10_000;
/// Everything that a drained server still waits for takes less.
const DRAIN_TIME: Duration = Duration::from_secs(30);
/// 91 days.
const JUMP_MICROS: i64 = 91 * 24 * 3600 * 1_000_000;
/// As the settings have them.
const TIMES: GameTimes = GameTimes {
    verify: Duration::from_secs(10),
    write: Duration::from_secs(10),
    ping: Duration::from_secs(20),
    // of the operating system's sockets, of which there are none here
    keep_alive: Duration::from_secs(30),
};

pub(super) struct Host {
    pub(super) disk: Arc<Disk>,
    pub(super) journal: Journal,
    clock: Clock,
    /// Microseconds by which the clock is ahead.
    ahead: Arc<AtomicI64>,
    rng: Mutex<fastrand::Rng>,
    process: Mutex<Option<Process>>,
    links: Mutex<Vec<Weak<Link>>>,
}

/// A running server.
struct Process {
    gateway: Gateway,
    stop: CancellationToken,
    is_dead: Arc<AtomicBool>,
    /// People who watch.
    watching: Arc<AtomicU64>,
    connections: Vec<JoinHandle<()>>,
}

impl Host {
    pub(super) fn new(rng: fastrand::Rng, disk: &Arc<Disk>, journal: &Journal) -> Arc<Self> {
        let start = Instant::now();
        let ahead = Arc::new(AtomicI64::new(0));
        let jumped = Arc::clone(&ahead);
        let now = move || {
            let passed = start.elapsed().as_micros() as i64 + jumped.load(Relaxed);
            UnixMicros(1_790_000_000_000_000 + passed)
        };
        Arc::new(Self {
            disk: Arc::clone(disk),
            journal: journal.clone(),
            clock: Clock::new(now),
            ahead,
            rng: Mutex::new(rng),
            process: Mutex::new(None),
            links: Mutex::default(),
        })
    }

    /// Starts the server, as often as that takes.
    pub(super) async fn boot(&self) {
        loop {
            let (disk, is_dead) = OpenDisk::new(&self.disk);
            match Gateway::open(Arc::new(disk), self.clock.clone()).await {
                Ok(gateway) => {
                    self.journal.note("host", format_args!("the server runs"));
                    let (stop, connections) = (CancellationToken::new(), Vec::new());
                    let process = Process { gateway, stop, is_dead, watching: Arc::default(), connections };
                    *self.process.lock().expect("no holder panics") = Some(process);
                    return;
                }
                Err(error) => {
                    self.journal.note("host", format_args!("the server does not start: {error}"));
                    sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    fn take(&self) -> Option<Process> {
        self.process.lock().expect("no holder panics").take()
    }

    /// The process dies, here and now.
    pub(super) fn crash(&self) {
        let Some(process) = self.take() else { return };
        self.journal.note("host", format_args!("the server crashes"));
        process.is_dead.store(true, Relaxed);
        self.disk.crash();
        process.connections.iter().for_each(JoinHandle::abort);
        self.for_each_link(Link::reset);
        // nothing of it reaches the disk; this ends its tasks
        tokio::spawn(async move { process.gateway.close().await });
    }

    /// The process is asked to go, and goes.
    pub(super) async fn stop(&self) {
        let Some(process) = self.take() else { return };
        self.journal.note("host", format_args!("the server stops"));
        process.stop.cancel();
        let drained = timeout(DRAIN_TIME, async {
            for connection in process.connections {
                // an error is a panic, which the task has told
                let _ = connection.await;
            }
        });
        let is_drained = drained.await.is_ok();
        self.journal.check(is_drained, "host", format_args!("connections stay when the server stops"));
        process.gateway.close().await;
        process.is_dead.store(true, Relaxed);
        self.disk.crash();
        self.journal.note("host", format_args!("the server has stopped"));
    }

    /// The gateway, while the server runs.
    pub(super) fn gateway(&self) -> Option<Gateway> {
        self.process.lock().expect("no holder panics").as_ref().map(|process| process.gateway.clone())
    }

    /// Whether the server, if it runs, knows of the last restore.
    pub(super) fn has_heard(&self) -> bool {
        self.gateway().is_none_or(|gateway| gateway.epoch_number() == self.disk.epoch_number())
    }

    /// How many people watch, to be told by them.
    pub(super) fn watching(&self) -> Option<Arc<AtomicU64>> {
        self.process.lock().expect("no holder panics").as_ref().map(|process| Arc::clone(&process.watching))
    }

    /// The machine's clock is set, by more than anything is kept.
    pub(super) fn jump_ahead(&self) {
        self.ahead.fetch_add(JUMP_MICROS, Relaxed);
    }

    /// Somebody deletes a project.
    pub(super) fn delete(&self, project: i64) {
        self.disk.delete(project);
        if let Some(gateway) = self.gateway() {
            gateway.let_go_of_deleted(ProjectId(project));
        }
    }

    /// Somebody revokes the key of a project.
    pub(super) fn revoke(&self, project: i64, key: &str) {
        self.disk.revoke(project);
        if let Some(gateway) = self.gateway() {
            gateway.let_go_of_key(Key::parse(key.as_bytes()).expect("it is a key"));
        }
    }

    /// A connection to the server; `None` when nobody listens.
    pub(super) fn connect(&self, who: &str, peer: IpAddr, tap: Tap) -> Option<End> {
        let mut process = self.process.lock().expect("no holder panics");
        let process = process.as_mut()?;
        let rng = self.rng.lock().expect("no holder panics").fork();
        let (client, server, link) = link::connect(rng, tap);
        self.links.lock().expect("no holder panics").push(Arc::downgrade(&link));
        let limits = GameLimits::new(TIMES);
        let peer = SocketAddr::new(peer, 1);
        let admission = Arc::new(Admission::new(AddressLimits::default()));
        let connection =
            Connection::new(server, peer, admission, process.gateway.clone(), limits, process.stop.clone());
        let (journal, who) = (self.journal.clone(), who.to_owned());
        process.connections.push(tokio::spawn(async move {
            let outcome = AssertUnwindSafe(without_spinning(connection.run())).catch_unwind().await;
            journal.check(outcome.is_ok(), &who, format_args!("its connection panicked"));
            journal.check(!matches!(outcome, Ok(false)), &who, format_args!("its connection spins"));
        }));
        Some(client)
    }

    /// One of the connections that there are.
    pub(super) fn pick_link(&self, rng: &mut fastrand::Rng) -> Option<Arc<Link>> {
        let mut links = self.links.lock().expect("no holder panics");
        links.retain(|link| link.strong_count() > 0);
        let index = (!links.is_empty()).then(|| rng.usize(..links.len()))?;
        links[index].upgrade()
    }

    pub(super) fn for_each_link(&self, visit: impl Fn(&Link)) {
        let links = self.links.lock().expect("no holder panics");
        links.iter().filter_map(Weak::upgrade).for_each(|link| visit(&link));
    }
}

/// Whether it ends before it is polled again and again while no time passes: where time is virtual, that would never end.
async fn without_spinning(task: impl Future<Output = ()>) -> bool {
    let (mut task, mut at, mut polls) = (Box::pin(task), Instant::now(), 0);
    poll_fn(|cx| {
        let now = Instant::now();
        polls = if now == at { polls + 1 } else { 0 };
        at = now;
        if polls > MOST_POLLS { Poll::Ready(false) } else { task.as_mut().poll(cx).map(|()| true) }
    })
    .await
}
