//! A server of version 2 in a thread: stores each line of a session once, in order.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use protocol::{
    limits,
    line::{
        Command, Grammar, LineDecoder, parse_command, parse_hello, parse_logs, parse_report, write_ack,
        write_server_hello,
    },
    model::{Key, LogEntry, UnixMicros, VarSpec},
};

#[derive(Default)]
pub struct Stored {
    /// The last line of each session.
    last: BTreeMap<String, u64>,
    pub entries: Vec<LogEntry>,
    /// It stores, and says nothing of it.
    pub is_silent: bool,
    /// What people want, as the items of `vars`.
    pub wanted: String,
    /// What games have declared.
    pub declared: BTreeMap<String, VarSpec>,
}

impl Stored {
    pub fn messages(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.message.as_str()).collect()
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub stored: Arc<Mutex<Stored>>,
}

impl Server {
    pub fn start() -> Self {
        Self::behind(Ok)
    }

    /// Its connections go through this first.
    pub fn behind<S: Read + Write>(
        wrap: impl Fn(TcpStream) -> io::Result<S> + Send + Sync + 'static,
    ) -> Self {
        let wrap = Arc::new(wrap);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stored = Arc::new(Mutex::new(Stored::default()));
        let all = Arc::clone(&stored);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (stored, wrap) = (Arc::clone(&all), Arc::clone(&wrap));
                thread::spawn(move || serve(wrap(stream).unwrap(), &stored));
            }
        });
        Self { address, stored }
    }
}

fn serve(mut stream: impl Read + Write, stored: &Mutex<Stored>) {
    let mut lines = LineDecoder::new(limits::MAX_LINE_BYTES);
    let (mut piece, mut session) = ([0; 4096], String::new());
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        lines.feed(&piece[..count]);
        while let Some(line) = lines.next_line() {
            let line = line.unwrap();
            let command = parse_command(&line, Grammar::Version2).unwrap();
            let answer = answer(command, &mut session, &mut stored.lock().unwrap());
            if stream.write_all(&answer).is_err() {
                return;
            }
        }
    }
}

fn answer(command: Command<'_>, session: &mut String, stored: &mut Stored) -> Vec<u8> {
    let mut out = Vec::new();
    match command {
        Command::Hello { payload } => {
            let hello = parse_hello(payload).unwrap();
            *session = hello.session.unwrap();
            write_server_hello(&mut out, "model", hello.caps, 20_000, UnixMicros(0));
        }
        Command::Verify { key } => {
            out.extend_from_slice(b"OK\n");
            write_ack(&mut out, key, stored.last.get(session).copied().unwrap_or(0));
            let (key, wanted) = (key.as_str(), &stored.wanted);
            let changes =
                format!("v:{key}:1:{{\"epoch\":\"e\",\"full\":true,\"vars\":[{wanted}],\"removed\":[]}}\n");
            out.extend_from_slice(changes.as_bytes());
        }
        Command::Log { key, seq, payload } => {
            let entries = parse_logs(payload).unwrap().entries;
            if takes(key, seq, session, stored, &mut out) {
                stored.entries.extend(entries);
            }
        }
        Command::Report { key, seq, payload } => {
            let reports = parse_report(payload).unwrap();
            if takes(key, seq, session, stored, &mut out) {
                let declared = reports.into_iter().filter(|report| !report.spec.is_bare());
                stored.declared.extend(declared.map(|report| (report.name.into(), report.spec)));
            }
        }
        Command::Applied { .. }
        | Command::ActionDone { .. }
        | Command::Ping { .. }
        | Command::Pong { .. } => {}
    }
    out
}

fn takes(key: Key, seq: Option<u64>, session: &str, stored: &mut Stored, out: &mut Vec<u8>) -> bool {
    let last = stored.last.entry(session.to_owned()).or_default();
    let seq = seq.expect("every line has a number");
    let is_new = seq > *last;
    if is_new {
        assert_eq!(seq, *last + 1, "no number is left out");
        *last = seq;
    }
    if !stored.is_silent {
        write_ack(out, key, *last);
    }
    is_new
}
