//! `observerio tail`: the latest lines of the log, then each new one.

mod line;

use std::{
    io::Read as _,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value as Json;

pub(crate) use self::line::{LineFormat, Printer, local_time};
use crate::{
    Error,
    api::{Api, Stream, escape},
    console::Console,
    responses::{LogLine, Page, Project},
    sse::{Decoder, Event},
};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// A stream that lasted this long resets the back-off.
const STEADY: Duration = Duration::from_secs(20);
/// Most pages to search for the first lines: a rare filter must not search the whole history.
const MAX_PARTS: usize = 20;
const MAX_PART_LINES: usize = 1000;
const PIECE_BYTES: usize = 16 * 1024;

/// Options of `observerio tail`.
pub(crate) struct Tail {
    /// The filter.
    pub filter: String,
    /// Earlier lines to start with.
    pub lines: usize,
    /// Print the API's objects.
    pub json: bool,
}

/// Follows the log until interrupted.
///
/// # Errors
/// [`Error::NotAllowed`] and [`Error::Refused`] when access ends, [`Error::Unreachable`] when the first connection
/// fails; later ones are tried again.
pub(crate) fn follow(api: &Api, project: &Project, tail: &Tail, console: &mut Console) -> Result<(), Error> {
    let format = if tail.json { LineFormat::Json } else { LineFormat::Text };
    let printer = Printer::new(format, console.has_colors);
    let mut follower = Follower::new(api, project, &tail.filter, printer);
    follower.begin()?;
    follower.print_history(tail.lines, console)?;
    follower.run(console)
}

/// The log from now on.
pub(crate) struct Follower<'a> {
    api: &'a Api,
    logs: String,
    filter: &'a str,
    /// The last line that was handled.
    last_seq: u64,
    printer: Printer,
}

impl<'a> Follower<'a> {
    pub(crate) fn new(api: &'a Api, project: &Project, filter: &'a str, printer: Printer) -> Self {
        Self { api, logs: format!("/projects/{}/logs", project.id), filter, last_seq: 0, printer }
    }

    /// What comes after the newest line is new. To be called before any history is read, so that no line is missed.
    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        let newest: Page<LogLine> = self.api.get(&format!("{}?limit=1", self.logs))?;
        self.last_seq = newest.items.first().map_or(0, |line| line.seq);
        Ok(())
    }

    /// Prints a line of the history, which so is not printed again.
    pub(crate) fn show_old(&mut self, line: Json, console: &mut Console) -> Result<(), Error> {
        let seq = self.show(line, console)?;
        self.last_seq = self.last_seq.max(seq);
        Ok(())
    }

    /// Prints each new line until access ends.
    pub(crate) fn run(&mut self, console: &mut Console) -> Result<(), Error> {
        let mut pauses = Pauses::default();
        let mut is_lost = false;
        loop {
            let began = Instant::now();
            let end = match self.open() {
                Ok(stream) => {
                    if std::mem::take(&mut is_lost) {
                        console.note("connected again");
                    }
                    self.read(stream, console)?
                }
                Err(Error::Unreachable(why)) if is_lost => why,
                Err(error) => return Err(error),
            };
            if began.elapsed() >= STEADY {
                pauses = Pauses::default();
            }
            // a server that shuts down ends its streams cleanly; only lasting failures are worth a message
            if !std::mem::replace(&mut is_lost, true) {
                console.note(&format!("{end}; trying again"));
            }
            thread::sleep(pauses.next());
        }
    }

    fn print_history(&mut self, wanted: usize, console: &mut Console) -> Result<(), Error> {
        let (mut found, mut cursor): (Vec<Json>, Option<String>) = (Vec::new(), None);
        for _ in 0..MAX_PARTS {
            let limit = (wanted - found.len()).min(MAX_PART_LINES);
            if limit == 0 {
                break;
            }
            let mut path = format!("{}?limit={limit}&q={}", self.logs, escape(self.filter));
            if let Some(cursor) = &cursor {
                path += &format!("&cursor={}", escape(cursor));
            }
            let part: Page<Json> = self.api.get(&path)?;
            found.extend(part.items);
            cursor = part.next;
            if cursor.is_none() {
                break;
            }
        }
        if cursor.is_some() && found.len() < wanted {
            console.note(
                "the log is long and older lines were not searched; `observerio logs` searches them all",
            );
        }
        found.truncate(wanted);
        found.into_iter().rev().try_for_each(|line| self.show_old(line, console))
    }

    fn open(&self) -> Result<Stream, Error> {
        let path = format!("{}/live?q={}", self.logs, escape(self.filter));
        let last_seq = self.last_seq.to_string();
        self.api.stream(&path, &[("accept", "text/event-stream"), ("last-event-id", &last_seq)])
    }

    /// Reads the stream to its end. Returns why it ended.
    fn read(&mut self, mut stream: Stream, console: &mut Console) -> Result<String, Error> {
        let mut decoder = Decoder::default();
        let mut piece = [0; PIECE_BYTES];
        loop {
            let events = match stream.read(&mut piece) {
                Ok(0) => return Ok("the server has ended the connection".to_owned()),
                Ok(count) => decoder.push(&piece[..count]),
                Err(error) => return Ok(self.api.broken(&error).to_string()),
            };
            let events =
                events.map_err(|why| Error::Unreachable(format!("{} sends {why}", self.api.url())))?;
            for event in events {
                self.take(&event, console)?;
            }
            // where to go on after the next loss; a restored backup may have led back to smaller numbers
            if let Some(id) = decoder.last_id().and_then(|id| id.parse().ok()) {
                self.last_seq = id;
            }
        }
    }

    fn take(&mut self, event: &Event, console: &mut Console) -> Result<(), Error> {
        let json = serde_json::from_str(&event.data);
        let json: Json = json
            .map_err(|_| Error::Unreachable(format!("{} sent something that is not JSON", self.api.url())))?;
        match event.kind.as_str() {
            "line" => {
                self.show(json, console)?;
            }
            "dropped" => {
                let count = json["count"].as_u64().unwrap_or(0);
                let plural = if count == 1 { "line was" } else { "lines were" };
                console.note(&format!(
                    "{count} {plural} skipped because too many arrived at once; `observerio logs` has them"
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// Prints a line. Returns its number.
    fn show(&self, json: Json, console: &mut Console) -> Result<u64, Error> {
        let line: LogLine = serde_json::from_value(json.clone()).map_err(|error| {
            Error::Unreachable(format!("{} sent an invalid log line: {error}", self.api.url()))
        })?;
        console.print(&self.printer.line(&line, &json))?;
        Ok(line.seq)
    }
}

/// Exponential back-off with jitter, so that many clients don't reconnect at the same time.
#[derive(Debug, Default)]
struct Pauses(Option<Duration>);

impl Pauses {
    fn next(&mut self) -> Duration {
        let longest = self.0.map_or(FIRST_PAUSE, |last| (last * 2).min(LAST_PAUSE));
        self.0 = Some(longest);
        longest.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{json as answer, serve};

    fn line(seq: u64, message: &str) -> Json {
        json!({"seq": seq, "device": 1, "device_name": "phone", "at": "2026-11-26T01:02:03.123456Z",
            "received": "2026-11-26T01:02:03.123456Z", "level": "info", "message": message, "fields": null})
    }

    fn page(lines: &[Json], next: Option<&str>) -> String {
        answer(200, &json!({"items": lines, "next": next}))
    }

    fn stream(text: &str) -> String {
        format!("HTTP/1.1 200 x\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n{text}")
    }

    #[test]
    fn lines_come_once_and_in_order_over_lost_connections() {
        let gone = answer(401, &json!({"code": "unauthenticated", "message": "no"}));
        let (api, requests) = serve(vec![
            page(&[line(5, "of another filter")], None),
            page(&[line(4, "four")], Some("4")),
            page(&[line(3, "three")], Some("3")),
            stream(&format!("event: line\nid: 6\ndata: {}\n\n: beat\n\n", line(6, "six"))),
            stream("event: dropped\nid: 9\ndata: {\"count\": 3}\n\n"),
            // lines that don't pass move the place; a block that was cut off does not
            stream("retry: 2000\nid: 9\n\n: beat\nid: 40\n\nid: 50\nevent: line\nda"),
            gone,
        ]);
        let (mut console, output) = crate::console::tests::captured();
        let project = Project {
            id: 3,
            name: "p".into(),
            role: "viewer".into(),
            devices: 0,
            online: 0,
            last_seen: None,
        };
        let tail = Tail { filter: "level>=info x".to_owned(), lines: 2, json: true };
        let refused = follow(&api, &project, &tail, &mut console).unwrap_err();
        assert_eq!(refused.status(), 77);
        drop(api);
        let requests: Vec<_> = requests.iter().collect();
        let live: Vec<_> =
            requests[3..].iter().map(|request| request.header("last-event-id").unwrap()).collect();
        assert_eq!(live, ["5", "6", "9", "40"]);
        assert!(requests[3].head[0].contains("/logs/live?q=level%3E%3Dinfo%20x "), "{:?}", requests[3].head);
        let text = output.text();
        let messages: Vec<String> = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Json>(line).ok())
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(messages, ["three", "four", "six"]);
        assert!(text.contains("3 lines were skipped") && text.contains("trying again"), "{text}");
        assert!(text.contains("connected again") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        let mut pauses = Pauses::default();
        let longest: Vec<Duration> = (0..10)
            .map(|_| {
                let pause = pauses.next();
                let longest = pauses.0.unwrap();
                assert!(pause <= longest && pause >= longest / 2);
                longest
            })
            .collect();
        assert!(longest[0] == FIRST_PAUSE && longest[1] == 2 * FIRST_PAUSE && longest[9] == LAST_PAUSE);
    }
}
