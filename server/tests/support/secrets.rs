//! The secrets that clients of these tests say and are told, and the search for them in all that servers say of themselves
//! meanwhile, at their most talkative.

use std::{
    collections::BTreeSet,
    io, mem,
    sync::{Mutex, MutexGuard, Once, PoisonError},
    thread,
};

use aho_corasick::AhoCorasick;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::Value as Json;
use tracing_subscriber::EnvFilter;

/// What is shorter would be found by chance.
const MIN_BYTES: usize = 12;
/// And what has fewer different characters, such as twelve zeros: other stories' logs are searched for it, too.
const MIN_VARIETY: usize = 4;
/// Fields of forms and of JSON that hold a secret.
const FIELDS: [&str; 6] = ["password", "password_again", "current", "new", "token", "begun"];
/// So much of a log is searched again: a secret may stand there that nobody had heard of yet.
const SEARCHED_TWICE_BYTES: usize = 1024 * 1024;

static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// A test that has failed is no reason for others to fail.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This must come out nowhere.
pub fn note(secret: &str) {
    let variety = secret.bytes().collect::<BTreeSet<u8>>().len();
    if secret.len() >= MIN_BYTES && variety >= MIN_VARIETY {
        lock(&KNOWN).insert(secret.to_owned());
    }
}

/// What is secret in a form.
pub fn note_form(fields: &[(&str, &str)]) {
    fields.iter().filter(|(name, _)| FIELDS.contains(name)).for_each(|(_, value)| note(value));
}

/// What is secret in an address: the token of a link.
pub fn note_address(address: &str) {
    address.split_once("token=").into_iter().for_each(|(_, token)| note(token));
}

/// What is secret in `name=value`.
pub fn note_cookie(pair: &str) {
    pair.split_once('=').into_iter().for_each(|(_, session)| note(session));
}

/// What is secret in a body of JSON, if it is one.
pub fn note_json(body: &str) {
    let Ok(Json::Object(fields)) = serde_json::from_str(body) else { return };
    FIELDS.iter().filter_map(|name| fields.get(*name)?.as_str()).for_each(note);
}

/// How a secret may be spelt: as it is, in base64 and in hexadecimal.
pub fn spellings(secret: &str) -> [String; 3] {
    // the last digits depend on what follows
    let base64 = STANDARD_NO_PAD.encode(&secret.as_bytes()[..secret.len() - secret.len() % 3]);
    [secret.to_owned(), base64, secret.bytes().map(|byte| format!("{byte:02x}")).collect()]
}

/// Panics when something that must not come out is in a log. A test that fails already says something better.
pub fn search(log: &[u8]) {
    if thread::panicking() {
        return;
    }
    let spelt: Vec<String> = lock(&KNOWN).iter().flat_map(|secret| spellings(secret)).collect();
    let found = AhoCorasick::new(&spelt).unwrap().find(log);
    if let Some(found) = found {
        let before = &log[..found.start()];
        let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let line = log[begin..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        panic!("{:?} is in a log: {}", spelt[found.pattern().as_usize()], String::from_utf8_lossy(line));
    }
}

/// Keeps what servers in this process log, from now on. What our own clients of WebSockets say is their own affair: games', too, whose
/// frames the server reads and writes without that library.
pub fn watch() -> Watch {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let filter = EnvFilter::new(
            "trace,tungstenite::handshake::client=off,tungstenite::protocol=off,tokio_tungstenite=off",
        );
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| Log).init();
    });
    Watch
}

/// Searches what was logged when it is dropped with its server.
pub struct Watch;

impl Drop for Watch {
    fn drop(&mut self) {
        let mut log = mem::take(&mut *lock(&LOG));
        search(&log);
        log.drain(..log.len().saturating_sub(SEARCHED_TWICE_BYTES));
        lock(&LOG).splice(0..0, log);
    }
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&LOG).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
