//! One small thread with a socket.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs as _},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::driver::Driver;

/// How long a read may take: after it the thread looks what the game has to say.
const READ_WAIT: Duration = Duration::from_millis(5);
const WRITE_WAIT: Duration = Duration::from_millis(100);
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// A game's connection, in a thread of its own, which ends with this value.
pub struct Connection {
    orders: Arc<Orders>,
}

/// What the game wants of the thread, and what has come of it. A lock instead of channels: each channel of the standard
/// library is some kilobytes in the program.
#[derive(Default)]
struct Orders {
    state: Mutex<State>,
    has_changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How often somebody has asked whether everything is stored, and up to which of these times it was.
    asked: u64,
    settled: u64,
    /// It is to end when everything is stored, or by then.
    end_by: Option<Instant>,
    has_ended: bool,
}

impl Orders {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.has_changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until this is over, at most for so long.
    fn wait_while(
        &self,
        state: MutexGuard<'_, State>,
        within: Duration,
        lasts: impl Fn(&State) -> bool,
    ) -> bool {
        let waited = self.has_changed.wait_timeout_while(state, within, |state| lasts(state));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !lasts(&state)
    }
}

/// Connects, and connects again whenever it must, until the result goes. `address` is `host:port`.
///
/// # Errors
/// The system has no thread to give.
pub fn connect(driver: Driver, address: impl Into<String>) -> io::Result<Connection> {
    let address = address.into();
    connect_through(driver, move || open(&address))
}

/// As [`connect`], over any other stream, which this opens, again and again. A read without news must end after some
/// milliseconds, as `WouldBlock` or `TimedOut`: then the thread looks what the game has to say.
///
/// # Errors
/// The system has no thread to give.
pub fn connect_through<S: Read + Write>(
    driver: Driver,
    open: impl Fn() -> io::Result<S> + Send + 'static,
) -> io::Result<Connection> {
    let orders = Arc::new(Orders::default());
    let received = Arc::clone(&orders);
    thread::Builder::new().name("observerio".to_owned()).spawn(move || {
        // dropped last: the driver has written its files by then
        let _until_the_end = Until(Arc::clone(&received));
        let mut line = Line { driver, open, stream: None, began: Instant::now() };
        #[cfg(any(feature = "log", feature = "tracing"))]
        crate::adapters::leave_out_this_thread();
        while line.goes_on(&received) {
            line.step();
        }
    })?;
    Ok(Connection { orders })
}

/// Says that the thread has ended, however it does.
struct Until(Arc<Orders>);

impl Drop for Until {
    fn drop(&mut self) {
        self.0.change(|state| state.has_ended = true);
    }
}

impl Connection {
    /// Waits until everything that was logged is stored, at most for this time; whether it is. For the end of a level or
    /// before a risky step, not for every frame.
    pub fn flush(&self, within: Duration) -> bool {
        let mut state = self.orders.state();
        state.asked += 1;
        let number = state.asked;
        let is_waiting = |state: &State| state.settled < number && !state.has_ended;
        self.orders.wait_while(state, within, is_waiting) && self.orders.state().settled >= number
    }

    /// Ends it when everything that was logged is stored, or this time is over; waits for that.
    pub fn close(self, within: Duration) {
        let mut state = self.orders.state();
        state.end_by = Some(after(within));
        self.orders.wait_while(state, within, |state| !state.has_ended);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.orders.change(|state| state.end_by = Some(Instant::now()));
    }
}

/// So long from now; a time that no clock shows is a day.
fn after(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or(now + Duration::from_secs(24 * 60 * 60))
}

struct Line<O, S> {
    driver: Driver,
    open: O,
    stream: Option<S>,
    began: Instant,
}

impl<O: Fn() -> io::Result<S>, S: Read + Write> Line<O, S> {
    /// Looks what is wanted, and answers.
    fn goes_on(&mut self, orders: &Orders) -> bool {
        let State { asked, settled, end_by, .. } = *orders.state();
        if (asked > settled || end_by.is_some()) && self.driver.is_settled() {
            orders.change(|state| state.settled = asked);
            return end_by.is_none();
        }
        end_by.is_none_or(|by| Instant::now() < by)
    }

    fn step(&mut self) {
        match &mut self.stream {
            Some(stream) => {
                if let Err(error) = self.driver.poll(stream, self.began.elapsed()) {
                    self.stream = None;
                    self.driver.failed(&error, self.began.elapsed());
                }
            }
            None => self.wait_or_connect(),
        }
    }

    fn wait_or_connect(&mut self) {
        self.driver.exchange();
        if self.driver.connects_at().is_some_and(|at| self.began.elapsed() < at) {
            return thread::sleep(READ_WAIT);
        }
        match (self.open)() {
            Ok(stream) => {
                self.driver.connected(self.began.elapsed());
                self.stream = Some(stream);
            }
            Err(error) => self.driver.failed(&error, self.began.elapsed()),
        }
    }
}

pub(crate) fn open(address: &str) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::NotFound.into();
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_WAIT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(READ_WAIT))?;
                stream.set_write_timeout(Some(WRITE_WAIT))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
