//! One small thread with a socket.

use std::{
    io,
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
    /// How long it may still try to store what was logged.
    end: Sender<Duration>,
    has_ended: Receiver<()>,
}

/// Connects, and connects again whenever it must, until the result goes. `address` is `host:port`.
///
/// # Errors
/// The system has no thread to give.
pub fn connect(driver: Driver, address: impl Into<String>) -> io::Result<Connection> {
    let (end, ends) = channel();
    let (ended, has_ended) = channel::<()>();
    let mut line = Line { driver, address: address.into(), stream: None, began: Instant::now() };
    thread::Builder::new().name("observerio".to_owned()).spawn(move || {
        let _until_the_end = ended;
        let within = loop {
            match ends.try_recv() {
                Ok(within) => break within,
                Err(TryRecvError::Disconnected) => break Duration::ZERO,
                Err(TryRecvError::Empty) => line.step(),
            }
        };
        let until = Instant::now() + within;
        while Instant::now() < until && !line.driver.is_settled() {
            line.step();
        }
    })?;
    Ok(Connection { end, has_ended })
}

impl Connection {
    /// Ends it when everything that was logged is stored, or this time is over; waits for that.
    pub fn close(self, within: Duration) {
        if self.end.send(within).is_ok() {
            // it says nothing, and its end is the answer
            let _ = self.has_ended.recv_timeout(within);
        }
    }
}

struct Line {
    driver: Driver,
    address: String,
    stream: Option<TcpStream>,
    began: Instant,
}

impl Line {
    fn step(&mut self) {
        match &mut self.stream {
            Some(stream) => {
                if self.driver.poll(stream, self.began.elapsed()).is_err() {
                    self.stream = None;
                    self.driver.disconnected(self.began.elapsed());
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
        match open(&self.address) {
            Ok(stream) => {
                self.driver.connected(self.began.elapsed());
                self.stream = Some(stream);
            }
            Err(_) => self.driver.disconnected(self.began.elapsed()),
        }
    }
}

fn open(address: &str) -> io::Result<TcpStream> {
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
