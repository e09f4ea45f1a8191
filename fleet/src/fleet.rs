//! All devices, in one thread.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{FleetSettings, MAX_DEVICES, device::Device};

/// Time between two frames of a device.
const FRAME: Duration = Duration::from_millis(50);

/// How a fleet is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Devices that are connected with a key that the server knows.
    pub online: usize,
    /// What the server refused to a device, as `code text`; `None` if no device was refused anything.
    pub refused: Option<String>,
    /// Why a device is not connected; `None` if nothing failed yet.
    pub failure: Option<String>,
}

/// Running devices. They stop when this value is dropped.
pub struct Fleet {
    /// Nothing is sent: its end is the message. `None` while it is being dropped.
    running: Option<Sender<()>>,
    status: Arc<Mutex<Status>>,
    thread: Option<JoinHandle<()>>,
}

impl Fleet {
    /// Starts the devices. They connect as soon as the server listens, and again whenever they must.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(settings: FleetSettings) -> io::Result<Self> {
        let (running, stop) = channel();
        let status = Arc::new(Mutex::new(Status::default()));
        let shown = Arc::clone(&status);
        let thread = thread::Builder::new().name("demo-fleet".to_owned());
        let thread = thread.spawn(move || run(&settings, &stop, &shown))?;
        Ok(Self { running: Some(running), status, thread: Some(thread) })
    }

    /// How they are doing; at most a frame old.
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Fleet {
    /// Waits until the devices are gone: a frame, or a second while a server does not answer.
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // a panic in it was reported by its hook
            let _ = thread.join();
        }
    }
}

fn run(settings: &FleetSettings, stop: &Receiver<()>, status: &Mutex<Status>) {
    let count = settings.devices.min(MAX_DEVICES);
    let mut devices: Vec<Device> = (0..count).map(|index| Device::new(settings, index)).collect();
    let began = Instant::now();
    loop {
        let now = began.elapsed();
        for device in &mut devices {
            device.step(&settings.address, now, FRAME);
            if stop.try_recv() == Err(TryRecvError::Disconnected) {
                return;
            }
        }
        *status.lock().unwrap_or_else(PoisonError::into_inner) = status_of(&devices);
        // a machine that can't keep up plays slower
        let rest = (now + FRAME).saturating_sub(began.elapsed());
        if stop.recv_timeout(rest) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

fn status_of(devices: &[Device]) -> Status {
    let troubles = || devices.iter().map(Device::troubles);
    Status {
        online: devices.iter().filter(|device| device.is_online()).count(),
        refused: troubles().find_map(|(refused, _)| refused),
        failure: troubles().find_map(|(_, failure)| failure),
    }
}
