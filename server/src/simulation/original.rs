//! A game of the original grammar: it sends and forgets, and obeys.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::line::{Reply, parse_edits, parse_reply, to_base64};
use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::{host::Host, talk::Talk, values::meant};

/// What it knows, for its check.
#[derive(Default)]
pub(super) struct Obeyed {
    pub(super) project: i64,
    pub(super) values: BTreeMap<String, String>,
    sent: Vec<String>,
    pub(super) is_connected: bool,
}

impl Obeyed {
    /// What it sent is stored at most once.
    pub(super) fn check(&self, host: &Host) {
        for message in &self.sent {
            let count = host.disk.look(|model| model.count(message));
            host.journal.check(count <= 1, "original", format_args!("{message} is stored {count} times"));
        }
    }
}

pub(super) struct Original {
    host: Arc<Host>,
    label: String,
    key: String,
    peer: IpAddr,
    rng: fastrand::Rng,
    obeyed: Arc<Mutex<Obeyed>>,
    is_quiet: Arc<AtomicBool>,
}

impl Original {
    pub(super) fn new(
        host: &Arc<Host>,
        rng: fastrand::Rng,
        number: u8,
        (project, key): (i64, &str),
        is_quiet: &Arc<AtomicBool>,
    ) -> (Self, Arc<Mutex<Obeyed>>) {
        let obeyed = Arc::new(Mutex::new(Obeyed { project, ..Obeyed::default() }));
        let original = Self {
            host: Arc::clone(host),
            label: format!("original{number}"),
            key: key.to_owned(),
            peer: IpAddr::V4(Ipv4Addr::new(10, 0, 1, number)),
            rng,
            obeyed: Arc::clone(&obeyed),
            is_quiet: Arc::clone(is_quiet),
        };
        (original, obeyed)
    }

    pub(super) async fn run(mut self) {
        loop {
            if let Some(end) = self.host.connect(&self.label, self.peer, Box::new(|_| ())) {
                self.converse(Talk::new(end)).await;
                self.host.journal.note(&self.label, format_args!("is disconnected"));
                self.obeyed.lock().expect("no holder panics").is_connected = false;
            }
            sleep(Duration::from_millis(self.rng.u64(0..1_000))).await;
        }
    }

    async fn converse(&mut self, mut talk: Talk) {
        talk.say(&format!("v:{}", self.key));
        let mut act_at = Instant::now() + Duration::from_millis(50);
        loop {
            tokio::select! {
                biased;
                heard = talk.next() => match heard {
                    Ok(Some(line)) => self.hear(&mut talk, &line),
                    Ok(None) | Err(_) => return,
                },
                () = sleep_until(act_at) => {
                    act_at = Instant::now() + Duration::from_millis(self.rng.u64(20..900));
                    if !self.is_quiet.load(Relaxed) {
                        self.act(&mut talk);
                    }
                }
            }
        }
    }

    fn act(&mut self, talk: &mut Talk) {
        let mut obeyed = self.obeyed.lock().expect("no holder panics");
        if !obeyed.is_connected {
            return;
        }
        let message = format!("{} {}", self.label, obeyed.sent.len());
        talk.say(&format!("l:{}:{}", self.key, to_base64(&json!([{ "message": message }]).to_string())));
        obeyed.sent.push(message);
    }

    fn hear(&self, talk: &mut Talk, line: &str) {
        self.host.journal.note(&self.label, format_args!("hears {}", &line[..line.len().min(120)]));
        let mut obeyed = self.obeyed.lock().expect("no holder panics");
        match parse_reply(line.as_bytes()) {
            Ok(Reply::Ok) => {
                obeyed.is_connected = true;
                let knobs: Vec<Json> = super::game::KNOBS
                    .iter()
                    .map(|knob| json!({"name": knob, "type": "integer", "value": obeyed.values.get(*knob).map_or("0", String::as_str)}))
                    .collect();
                talk.say(&format!("i:{}:{}", self.key, json!(knobs)));
            }
            Ok(Reply::Edits { payload, .. }) => match parse_edits(payload) {
                Ok(edits) => edits.into_iter().for_each(|edit| {
                    obeyed.values.insert(edit.name.into(), meant(&edit.value.to_json()));
                }),
                Err(_) => self.host.journal.violate(&self.label, format_args!("can't read {line}")),
            },
            Ok(Reply::Error { .. }) => {}
            _ => self.host.journal.violate(&self.label, format_args!("did not expect {line}")),
        }
    }
}
