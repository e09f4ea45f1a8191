//! Reads a project's declarations and values as far as they fit. If not everything does, the longest are left out: what is short
//! makes up most of a project, and a page is of use with it.

use std::{collections::HashMap, ops::ControlFlow};

use protocol::{
    limits::SMALL_VALUE_BYTES,
    model::{Outcome, ProjectId, Value},
};

use super::{
    records::{AppliedRecord, ReportedRecord, VarRecord},
    state::{LeftOut, StoredVar},
};
use crate::store::{
    cells,
    error::Result,
    sql::{Record as _, Tx},
};

/// What a value takes beside its text, with its place in a table.
pub(crate) const ENTRY_BYTES: usize = 96;

/// The lengths beyond which texts are left out, tried one after the other.
const LENGTHS: [i64; 6] = [i64::MAX, 16 * 1024, 4 * 1024, 1024, 256, SMALL_VALUE_BYTES as i64];
/// How many of them are tried for declarations: shorter ones are hardly more than a type.
const DECLARATION_LENGTHS: usize = 4;

/// What a project's declarations and values may take in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadRoom {
    /// Texts of more than [`SMALL_VALUE_BYTES`] each, in bytes.
    pub long_text: usize,
    /// All of them with their places in tables, in bytes.
    pub bytes: usize,
}

impl LoadRoom {
    /// Room for any project.
    pub const UNLIMITED: Self = Self { long_text: usize::MAX, bytes: usize::MAX };

    /// What a project is cut to that does not fit: the rest is for what its games say next.
    fn with_a_quarter_free(self) -> Self {
        let Self { long_text, bytes } = self;
        Self { long_text: long_text - long_text / 4, bytes: bytes - bytes / 4 }
    }

    /// Takes room for one text, if there is enough.
    fn take(&mut self, text: usize) -> bool {
        let long = if text > SMALL_VALUE_BYTES { text } else { 0 };
        let left = (self.long_text.checked_sub(long), self.bytes.checked_sub(text + ENTRY_BYTES));
        let (Some(long_text), Some(bytes)) = left else { return false };
        *self = Self { long_text, bytes };
        true
    }
}

/// A statement that reads variables with their desired values or the edit that released them.
macro_rules! vars_where {
    ($condition:literal) => {
        concat!(
            "SELECT v.name, v.spec, v.desired, coalesce(v.desired_revision, l.revision) AS revision,
                 coalesce(v.desired_author, l.author) AS author, coalesce(v.desired_at, l.at) AS at, v.declared_by
             FROM vars v LEFT JOIN let_go l ON l.project_id = v.project_id AND l.name = v.name
             WHERE v.project_id = $1 AND v.forgotten_at IS NULL ",
            $condition
        )
    };
}
pub(super) use vars_where;

/// A statement that reads what the `$2` most recently seen devices of the project `$1` report.
macro_rules! of_devices {
    ($select:literal, $condition:literal) => {
        concat!(
            $select,
            " WHERE device_id IN
                 (SELECT id FROM devices WHERE project_id = $1 AND forgotten_at IS NULL
                  ORDER BY last_seen DESC, id DESC LIMIT $2)
                 AND ",
            $condition
        )
    };
}

const REPORTED: &str = of_devices!(
    "SELECT device_id, name, value, at FROM reported",
    "octet_length(value) <= $3 ORDER BY device_id"
);
const LONGER_REPORTED: &str = of_devices!("SELECT count(*) FROM reported", "octet_length(value) > $3");
const APPLIED: &str = of_devices!(
    "SELECT device_id, name, revision, status, value, reason FROM outcomes",
    "coalesce(octet_length(value), 0) + coalesce(octet_length(reason), 0) <= $3 ORDER BY device_id"
);
const LONGER_APPLIED: &str = of_devices!(
    "SELECT count(*) FROM outcomes",
    "coalesce(octet_length(value), 0) + coalesce(octet_length(reason), 0) > $3"
);

/// The variables, with what devices say of them, and what was left out.
pub(super) async fn read_fitting(
    tx: &mut Tx<'_>,
    id: ProjectId,
    max_devices: u32,
    room: LoadRoom,
) -> Result<(Vec<StoredVar>, LeftOut)> {
    let read = read_vars(tx, id, room).await?;
    let mut left_out = LeftOut::default();
    if read.is_cut {
        let names = tx.query("SELECT name FROM vars WHERE project_id = $1 AND forgotten_at IS NULL");
        let names = names.bind(id.0).column::<String>().await?;
        left_out.vars = names.iter().map(|name| cells::var_name(name)).collect::<Result<_>>()?;
        for var in &read.vars {
            left_out.vars.remove(&var.name);
        }
    }
    let Read { mut vars, whole, cut, is_cut } = read;
    for (place, most) in LENGTHS.into_iter().enumerate() {
        let left = if is_cut || place > 0 { cut } else { whole };
        let mut said = Said::new(&mut vars, left, place + 1 == LENGTHS.len());
        if !said.read(tx, (id, max_devices, most)).await? {
            continue;
        }
        left_out.values = said.left_out;
        if place > 0 {
            for longer in [LONGER_REPORTED, LONGER_APPLIED] {
                let longer = tx.query(longer).bind(id.0).bind(i64::from(max_devices)).bind(most);
                left_out.values += longer.one::<(i64,)>().await?.0.cast_unsigned();
            }
        }
        break;
    }
    Ok((vars, left_out))
}

/// Variables that were read, and the room that is left: of all of it, and of what a project is cut to.
struct Read {
    vars: Vec<StoredVar>,
    whole: LoadRoom,
    cut: LoadRoom,
    is_cut: bool,
}

async fn read_vars(tx: &mut Tx<'_>, id: ProjectId, room: LoadRoom) -> Result<Read> {
    for (place, most) in LENGTHS.into_iter().take(DECLARATION_LENGTHS).enumerate() {
        let is_last = place + 1 == DECLARATION_LENGTHS;
        let (mut whole, mut cut, mut vars) = (room, room.with_a_quarter_free(), Vec::new());
        let query = tx.query(vars_where!(
            "AND octet_length(v.spec) + coalesce(octet_length(v.desired), 0) <= $2
             ORDER BY v.position, v.name"
        ));
        let take = |record: VarRecord| {
            let var = record.read()?;
            let text = var.spec.weight() + wanted_bytes(&var);
            let (fits_whole, fits_cut) = (whole.take(text), cut.take(text));
            let fits = if place == 0 { fits_whole } else { fits_cut };
            if fits {
                vars.push(var);
            }
            Ok(if fits || is_last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        };
        if query.bind(id.0).bind(most).each(take).await? {
            return Ok(Read { vars, whole, cut, is_cut: place > 0 });
        }
    }
    unreachable!("the last one takes what fits")
}

fn wanted_bytes(var: &StoredVar) -> usize {
    let value = var.desired.as_ref().and_then(|desired| desired.value.as_ref());
    value.map_or(0, Value::weight)
}

/// What devices say of variables, as it is read.
struct Said<'a> {
    vars: &'a mut [StoredVar],
    places: HashMap<String, usize>,
    room: LoadRoom,
    /// What does not fit is skipped; otherwise reading ends there.
    skips: bool,
    left_out: u64,
}

impl<'a> Said<'a> {
    /// Starts over.
    fn new(vars: &'a mut [StoredVar], room: LoadRoom, skips: bool) -> Self {
        for var in vars.iter_mut() {
            (var.reported, var.applied) = (Vec::new(), Vec::new());
        }
        let places = vars.iter().enumerate().map(|(place, var)| (String::from(var.name.clone()), place));
        let places = places.collect();
        Self { vars, places, room, skips, left_out: 0 }
    }

    /// What is at most so long; `false` if it does not fit.
    async fn read(
        &mut self,
        tx: &mut Tx<'_>,
        (id, max_devices, most): (ProjectId, u32, i64),
    ) -> Result<bool> {
        let reported = tx.query(REPORTED).bind(id.0).bind(i64::from(max_devices)).bind(most);
        let add = |record: ReportedRecord| {
            let Some(place) = self.places.get(&record.name).copied() else {
                return Ok(ControlFlow::Continue(()));
            };
            let reported = record.read()?;
            Ok(self.add(reported.value.weight(), |vars| vars[place].reported.push(reported)))
        };
        if !reported.each(add).await? {
            return Ok(false);
        }
        let applied = tx.query(APPLIED).bind(id.0).bind(i64::from(max_devices)).bind(most);
        let add = |record: AppliedRecord| {
            let Some(place) = self.places.get(&record.name).copied() else {
                return Ok(ControlFlow::Continue(()));
            };
            let applied = record.read()?;
            Ok(self.add(outcome_bytes(&applied.outcome), |vars| vars[place].applied.push(applied)))
        };
        applied.each(add).await
    }

    fn add(&mut self, text: usize, add: impl FnOnce(&mut [StoredVar])) -> ControlFlow<()> {
        if self.room.take(text) {
            add(self.vars);
            return ControlFlow::Continue(());
        }
        self.left_out += 1;
        if self.skips { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn outcome_bytes(outcome: &Outcome) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    match outcome {
        Outcome::Applied => 0,
        Outcome::Clamped { value, reason } => value.as_ref().map_or(0, Value::weight) + text(reason),
        Outcome::Rejected { reason } => text(reason),
    }
}
