//! What is demanded when nothing fails any more: everything exact. Some more is said, edited and declared, by chance, and
//! each answer, each value that a game is told and each outcome is what the database has.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use gateway::{Caller, Gateway, GatewayError};
use protocol::{
    line::{Edit, Reply, parse_edits, parse_reply, parse_revised},
    model::{
        Change, Desired, DeviceId, Gesture, NOT_DESIRED, ProjectId, Reported, Role, User, UserId, Value,
        VarName, WireForm,
    },
};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{
    game::{KNOBS, objection, why},
    host::Host,
    talk::Talk,
    values::{WAYS, meant},
};

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than it takes until a server notices that a game has hung up.
const LEAVE_TIME: Duration = Duration::from_secs(1);
const PROJECT: i64 = 1;
/// Values that nobody else sets begin here.
const FIRST_VALUE: i64 = 9_000_000;

pub(super) struct Calm<'a> {
    host: &'a Arc<Host>,
    gateway: Gateway,
    key: &'static str,
    rng: fastrand::Rng,
    talk: Talk,
    next_value: i64,
    /// The newest revision that its game was told.
    revision: i64,
    said: u32,
    /// How its game has declared each knob.
    declared: BTreeMap<String, usize>,
}

/// Why it is not calm.
type Fault = String;

impl<'a> Calm<'a> {
    /// A game comes, and somebody plays with it.
    pub(super) async fn begin(
        host: &'a Arc<Host>,
        rng: fastrand::Rng,
        key: &'static str,
    ) -> Result<Self, Fault> {
        let gateway = host.gateway().ok_or("the server does not run")?;
        let talk = connect(host, 1)?;
        let (next_value, declared) = (FIRST_VALUE, BTreeMap::new());
        let mut calm = Self { host, gateway, key, rng, talk, next_value, revision: 0, said: 0, declared };
        let hello = json!({"proto": 2, "device": "calm", "caps": ["rev", "ping"]});
        calm.talk.say(&format!("h:{hello}"));
        calm.talk.say(&format!("v:{key}"));
        for knob in KNOBS {
            calm.declare(knob).await?;
        }
        Ok(calm)
    }

    pub(super) async fn play(mut self) -> Result<(), Fault> {
        for _ in 0..self.rng.u8(6..16) {
            match self.rng.u8(0..10) {
                0..2 => {
                    let knob = self.knob();
                    self.declare(knob).await?;
                }
                2..5 => self.visit(false).await?,
                5 => self.visit(true).await?,
                6 => self.edit_again().await?,
                7 => self.forget_a_device().await?,
                _ => self.edit().await?,
            }
        }
        // that a visitor has left is noticed, and noted, a moment later
        sleep(LEAVE_TIME).await;
        self.check_shown().await?;
        match self.gateway.status().queued_bytes {
            0 => Ok(()),
            bytes => Err(format!("{bytes} bytes wait, and nothing is to be written")),
        }
    }

    /// A game comes and goes, its device is forgotten, and it comes back: it is the same device, and has said nothing.
    async fn forget_a_device(&mut self) -> Result<(), Fault> {
        let own = self.device("calm")?;
        match self.forget(own).await {
            Err(GatewayError::InUse(_)) => {}
            other => return Err(format!("its own device is forgotten: {other:?}")),
        }
        drop(self.guest(Some(1)).await?);
        sleep(LEAVE_TIME).await;
        self.check_shown().await?;
        let device = self.device("guest")?;
        self.forget(device).await.map_err(|error| format!("a device that is away stays: {error}"))?;
        self.check_shown().await?;
        let says = self.rng.bool().then_some(2);
        drop(self.guest(says).await?);
        self.check_shown().await?;
        match self.device("guest")? {
            same if same == device => sleep(LEAVE_TIME).await,
            other => return Err(format!("device {device} comes back as {other}")),
        }
        Ok(())
    }

    fn device(&self, name: &str) -> Result<DeviceId, Fault> {
        let device = self.host.disk.device(PROJECT, &format!("id:{name}"));
        device.map(DeviceId).ok_or_else(|| format!("the device {name} is not there"))
    }

    async fn forget(&self, device: DeviceId) -> Result<(), GatewayError> {
        self.gateway.forget_device(&self.caller(), ProjectId(PROJECT), device).await
    }

    /// A game that has two variables, and says them or does not.
    async fn guest(&mut self, value: Option<i64>) -> Result<Talk, Fault> {
        let mut talk = connect(self.host, 3)?;
        talk.say(&format!("h:{}", json!({"proto": 2, "device": "guest", "caps": ["rev"]})));
        talk.say(&format!("v:{}", self.key));
        if let Some(value) = value {
            talk.say(&format!("i:{}:{}", self.key, json!({"guest": value, KNOBS[0]: value})));
        }
        talk.say("p:served");
        while next(&mut talk).await? != "q:served" {}
        self.flush().await?;
        Ok(talk)
    }

    /// What people are shown is what is stored.
    async fn check_shown(&self) -> Result<(), Fault> {
        self.flush().await?;
        let shown = self.gateway.snapshot(&self.caller(), ProjectId(PROJECT)).await;
        let shown = shown.map_err(|error| error.to_string())?;
        let stored = self.host.disk.project(PROJECT).ok_or("the project is not there")?;
        let devices: BTreeSet<i64> = shown.devices.iter().map(|device| device.id.0).collect();
        let there: BTreeSet<i64> = stored.devices.iter().map(|stored| stored.device.id.0).collect();
        if devices != there {
            return Err(format!("devices {devices:?} are shown of {there:?}"));
        }
        let vars = shown.vars.iter().map(|var| facts(&var.name, var.desired.as_ref(), &var.reported));
        let (vars, known): (BTreeMap<_, _>, BTreeMap<_, _>) = (
            vars.collect(),
            stored.vars.iter().map(|var| facts(&var.name, var.desired.as_ref(), &var.reported)).collect(),
        );
        if vars == known { Ok(()) } else { Err(format!("{vars:?} is shown of {known:?}")) }
    }

    fn caller(&self) -> Caller {
        User { id: UserId(7), name: "calm".to_owned(), email: None, role: Role::Owner }.into()
    }

    fn knob(&mut self) -> &'static str {
        KNOBS[self.rng.usize(..KNOBS.len())]
    }

    async fn flush(&self) -> Result<(), Fault> {
        self.gateway.flush().await.map_err(|error| error.to_string())
    }

    /// The next line of its game but `p:`.
    async fn line(&mut self) -> Result<String, Fault> {
        loop {
            let heard = next(&mut self.talk).await?;
            match heard.strip_prefix("p:") {
                Some(token) => self.talk.say(&format!("q:{token}")),
                None => return Ok(heard),
            }
        }
    }

    /// Until what its game has said is served.
    async fn served(&mut self) -> Result<(), Fault> {
        self.talk.say("p:served");
        loop {
            let heard = self.line().await?;
            if heard == "q:served" {
                return Ok(());
            }
            self.note_revision(&heard);
            if heard.starts_with("ERR") {
                return Err(heard);
            }
        }
    }

    fn note_revision(&mut self, line: &str) {
        if let Ok(Reply::Revised { revision, .. }) = parse_reply(line.as_bytes()) {
            self.revision = revision.0;
        }
    }

    /// A game declares a knob in some way, and in another one than before: two games that declare it in two ways don't fight
    /// over it, so what it has said already counts no more when another one comes and says its own.
    async fn declare(&mut self, knob: &str) -> Result<(), Fault> {
        let chosen = match self.declared.get(knob) {
            None => self.rng.usize(..WAYS.len()),
            Some(before) => (before + self.rng.usize(1..WAYS.len())) % WAYS.len(),
        };
        self.declared.insert(knob.to_owned(), chosen);
        let way = WAYS[chosen];
        self.host.journal.note("calm", format_args!("{knob} is declared as {way:?}"));
        let declaration = way.declaration(knob, 0);
        self.talk.say(&format!("i:{}:{declaration}", self.key));
        self.served().await?;
        self.flush().await?;
        let spec = self.host.disk.spec(PROJECT, knob).ok_or("it is not declared")?;
        let is_so = spec.var_type.as_str() == way.type_name && (spec.form == WireForm::Text) == way.is_text;
        if is_so { Ok(()) } else { Err(format!("{knob} is declared as {way:?} and stored as {spec:?}")) }
    }

    /// Another game comes, hears what people want, and goes.
    async fn visit(&mut self, is_v2: bool) -> Result<(), Fault> {
        let mut talk = connect(self.host, 2)?;
        if is_v2 {
            talk.say(&format!("h:{}", json!({"proto": 2, "device": "visitor", "caps": ["rev"]})));
        }
        // it is answered twice, and what people want comes between
        (0..2).for_each(|_| talk.say(&format!("v:{}", self.key)));
        let (mut told, mut is_verified) = (Vec::new(), false);
        loop {
            let heard = next(&mut talk).await?;
            if heard == "OK" {
                if is_verified {
                    break;
                }
                is_verified = true;
            }
            if heard.starts_with("v:") {
                told = edits(&heard).ok_or_else(|| format!("can't read {heard}"))?;
            }
        }
        self.check_told(&told, is_v2)
    }

    /// Everything that people want, as it is declared now.
    fn check_told(&self, told: &[Edit], is_v2: bool) -> Result<(), Fault> {
        let (_, wanted) = self.host.disk.desired(PROJECT);
        let mut left: BTreeMap<String, String> = wanted;
        for edit in told {
            let name = edit.name.as_str();
            let spec = self.host.disk.spec(PROJECT, name).ok_or_else(|| format!("{name} is told"))?;
            let has_form = matches!(edit.value, Value::Text(_)) == (spec.form == WireForm::Text);
            let has_value = left.remove(name) == Some(meant(&edit.value.to_json()));
            let newest = self.host.disk.look(|model| model.newest_edit(PROJECT, name).map(|(edit, _)| edit));
            let has_edit = !is_v2 || edit.revision.map(|revision| revision.0) == newest;
            if edit.type_name != spec.type_name() || !has_form || !has_value || !has_edit {
                return Err(format!("a game is told {edit:?}, of edit {newest:?}, declared as {spec:?}"));
            }
        }
        if left.is_empty() { Ok(()) } else { Err(format!("a game is not told {left:?}")) }
    }

    /// Somebody sets or lets go of a knob; its game is told, and says what it did.
    async fn edit(&mut self) -> Result<(), Fault> {
        let (knob, is_let_go) = (self.knob(), self.rng.u8(0..4) == 0);
        self.next_value += 1;
        let value = (!is_let_go).then(|| Value::Int(self.next_value.into()));
        let saved = self.save(knob, value).await?;
        self.served().await?;
        if is_let_go {
            return Ok(());
        }
        if self.revision != saved {
            return Err(format!("its game is told {} of {saved}", self.revision));
        }
        self.said += 1;
        let reason = self.rng.bool().then(|| format!("calm objects {}", self.said));
        let payload = match &reason {
            Some(reason) => json!([objection(&mut self.rng, knob, reason)]).to_string(),
            None => String::new(),
        };
        let answer = format!("r:{}:{saved}:{payload}", self.key);
        self.talk.say(answer.trim_end_matches(':'));
        self.served().await?;
        self.flush().await?;
        let stored = self.host.disk.outcome(PROJECT, "id:calm", knob);
        let stored = stored.filter(|(set_by, _)| *set_by == saved).and_then(|(_, outcome)| why(&outcome));
        if stored == reason {
            Ok(())
        } else {
            Err(format!("of {knob} it said {reason:?}, and {stored:?} is stored"))
        }
    }

    /// Saves an edit; returns the project's revision after it.
    async fn save(&mut self, knob: &str, value: Option<Value>) -> Result<i64, Fault> {
        let name = VarName::parse(knob).expect("it is a name");
        let change = Change { value, ..Change::let_go(name) };
        let gesture = Gesture(self.rng.u64(..));
        let saved =
            self.gateway.edit_vars(&self.caller(), ProjectId(PROJECT), gesture, vec![change.clone()]).await;
        let saved = saved.map_err(|error| format!("{change:?} is refused: {error}"))?;
        let (newest, revision) = self
            .host
            .disk
            .look(|model| (model.newest_edit(PROJECT, knob).map(|(edit, _)| edit), model.revision(PROJECT)));
        let set_by = saved.vars.first().map(|(_, set_by)| *set_by);
        let expected = newest.unwrap_or(NOT_DESIRED.0);
        if saved.revision.0 != revision || set_by.map(|set_by| set_by.0) != Some(expected) {
            return Err(format!("{change:?} is answered by {saved:?}, of {revision} and edit {newest:?}"));
        }
        Ok(saved.revision.0)
    }

    /// Somebody wants what is wanted already.
    async fn edit_again(&mut self) -> Result<(), Fault> {
        let knob = self.knob();
        let (before, wanted) = self.host.disk.desired(PROJECT);
        let value = match wanted.get(knob) {
            Some(text) => match text.parse::<i64>() {
                Ok(number) => Some(Value::Int(number.into())),
                Err(_) => return Ok(()),
            },
            None => None,
        };
        match self.save(knob, value).await? {
            same if same == before => Ok(()),
            other => Err(format!("nothing is new, and revision {other} follows {before}")),
        }
    }
}

/// The edit in force and what it wants, and what each device says, of a variable.
type Facts = (Option<(i64, Option<String>)>, BTreeMap<i64, String>);

fn facts(name: &VarName, desired: Option<&Desired>, reported: &[Reported]) -> (String, Facts) {
    let desired =
        desired.map(|edit| (edit.revision.0, edit.value.as_ref().map(|value| meant(&value.to_json()))));
    let reported = reported.iter().map(|one| (one.device.0, meant(&one.value.to_json()))).collect();
    (name.to_string(), (desired, reported))
}

fn connect(host: &Host, number: u8) -> Result<Talk, Fault> {
    let peer = IpAddr::V4(Ipv4Addr::new(10, 0, 2, number));
    host.connect("calm", peer, Box::new(|_| ())).map(Talk::new).ok_or_else(|| "nobody listens".to_owned())
}

async fn next(talk: &mut Talk) -> Result<String, Fault> {
    match timeout(PATIENCE, talk.next()).await {
        Ok(Ok(Some(line))) => Ok(line),
        Ok(Ok(None) | Err(_)) => Err("a connection ends".to_owned()),
        Err(_) => Err("nothing more is said".to_owned()),
    }
}

/// The edits of a `v:`.
fn edits(line: &str) -> Option<Vec<Edit>> {
    match parse_reply(line.as_bytes()).ok()? {
        Reply::Edits { payload, .. } => parse_edits(payload).ok(),
        Reply::Revised { payload, .. } => Some(parse_revised(payload).ok()?.vars),
        _ => None,
    }
}
