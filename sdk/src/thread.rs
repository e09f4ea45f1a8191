//! One small thread with a socket.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs as _},
    sync::mpsc::{Receiver, Sender, TryRecvError, channel},
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
    orders: Sender<Order>,
    has_ended: Receiver<()>,
}

enum Order {
    /// Say when everything is stored, or that it is not by then.
    Flush { by: Instant, is_stored: Sender<bool> },
    /// End; try to store what was logged until then.
    End { by: Instant },
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
    let (orders, received) = channel();
    let (ended, has_ended) = channel::<()>();
    thread::Builder::new().name("observerio".to_owned()).spawn(move || {
        // dropped last: the driver has written its files by then
        let _until_the_end = ended;
        let mut line = Line { driver, open, stream: None, began: Instant::now() };
        #[cfg(any(feature = "log", feature = "tracing"))]
        crate::adapters::leave_out_this_thread();
        loop {
            match received.try_recv() {
                Ok(Order::Flush { by, is_stored }) => {
                    // the caller may have given up
                    let _ = is_stored.send(line.settle(by));
                }
                Ok(Order::End { by }) => {
                    line.settle(by);
                    break;
                }
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => line.step(),
            }
        }
    })?;
    Ok(Connection { orders, has_ended })
}

impl Connection {
    /// Waits until everything that was logged is stored, at most for this time; whether it is. For the end of a level or
    /// before a risky step, not for every frame.
    pub fn flush(&self, within: Duration) -> bool {
        let (is_stored, answer) = channel();
        let order = Order::Flush { by: after(within), is_stored };
        self.orders.send(order).is_ok() && answer.recv_timeout(within).unwrap_or(false)
    }

    /// Ends it when everything that was logged is stored, or this time is over; waits for that.
    pub fn close(self, within: Duration) {
        if self.orders.send(Order::End { by: after(within) }).is_ok() {
            // it says nothing, and its end is the answer
            let _ = self.has_ended.recv_timeout(within);
        }
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
    /// Whether everything that was logged is stored by then.
    fn settle(&mut self, by: Instant) -> bool {
        while !self.driver.is_settled() {
            if Instant::now() >= by {
                return false;
            }
            self.step();
        }
        true
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
