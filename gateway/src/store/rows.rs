//! Rows as the databases give them → the nouns of the program. The same for both databases.

use std::collections::HashMap;

use protocol::model::{
    Applied, Desired, Device, DeviceId, Key, Level, LogLine, Outcome, Project, ProjectId, ProjectInfo,
    ProjectSummary, Reported, Revision, Role, UnixMicros, User, UserId, Value, VarName, VarRevision, VarSpec,
};
use serde::Deserialize;

use super::{GestureRow, HistoryRow, ProjectState, Result, StoreError, StoredDevice, StoredVar};

/// id, name, email, role
pub(super) type UserCells = (i64, String, Option<String>, String);
/// id, name, email, role, password_hash
pub(super) type AccountCells = (i64, String, Option<String>, String, Option<String>);
/// id, name, key, created_at
pub(super) type ProjectCells = (i64, String, String, i64);
/// a project, then the number of devices and their newest last_seen, and a role
pub(super) type SummaryCells = (i64, String, i64, i64, Option<i64>, String);
/// identity, id, name, last_seen, about, applied
pub(super) type StoredDeviceCells = (String, i64, String, i64, String, Option<i64>);
/// Of the project `$1` the `$2` last seen.
pub(super) const DEVICES: &str = "SELECT identity, id, name, last_seen, about, applied FROM devices
     WHERE project_id = $1 AND forgotten_at IS NULL ORDER BY last_seen DESC, id DESC LIMIT $2";
/// device_id, name, revision, status, value, reason
pub(super) type OutcomeCells = (i64, String, i64, String, Option<String>, Option<String>);
/// name, spec, desired, desired_revision, desired_author, desired_at
pub(super) type VarCells =
    (String, String, Option<String>, Option<i64>, Option<String>, Option<i64>, Option<i64>);
/// name, revision, author, at
pub(super) type RemovedCells = (String, i64, String, i64);
/// device_id, name, value, at
pub(super) type ReportedCells = (i64, String, String, i64);
/// seq, device_id, at, received, level, message, fields
pub(super) type LogCells = (i64, i64, i64, i64, i32, String, Option<String>);
/// name, old, new, revision, author, at
pub(super) type HistoryCells = (String, Option<String>, Option<String>, i64, String, i64);

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}

pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Member => "member",
    }
}

pub(super) fn role(word: &str) -> Result<Role> {
    match word {
        "owner" => Ok(Role::Owner),
        "member" => Ok(Role::Member),
        _ => Err(damaged("a user has an unknown role")),
    }
}

pub(super) fn user((id, name, email, word): UserCells) -> Result<User> {
    Ok(User { id: UserId(id), name, email, role: role(&word)? })
}

pub(super) fn account((id, name, email, role, hash): AccountCells) -> Result<(User, Option<String>)> {
    Ok((user((id, name, email, role))?, hash))
}

pub(super) fn project((id, name, key, created_at): ProjectCells) -> Result<Project> {
    let key = Key::parse(key.as_bytes()).map_err(|_| damaged("a project has a malformed key"))?;
    Ok(Project { id: ProjectId(id), name, key, created_at: UnixMicros(created_at) })
}

pub(super) fn summary(cells: SummaryCells) -> Result<ProjectSummary> {
    let (id, name, created_at, devices, last_seen, role) = cells;
    Ok(ProjectSummary {
        project: ProjectInfo { id: ProjectId(id), name, created_at: UnixMicros(created_at) },
        role: super::access_rows::project_role(&role)?,
        devices: devices.try_into().map_err(|_| damaged("a project has too many devices"))?,
        online: 0,
        last_seen: last_seen.map(UnixMicros),
        stored_today: 0,
        full_until: None,
    })
}

/// Offline: the database does not know who is connected.
fn stored_device((identity, id, name, last_seen, about, applied): StoredDeviceCells) -> StoredDevice {
    let device = Device {
        id: DeviceId(id),
        name,
        online: false,
        since: UnixMicros(last_seen),
        last_seen: UnixMicros(last_seen),
        about,
        acknowledges: applied.is_some(),
        applied: Revision(applied.unwrap_or_default()),
    };
    StoredDevice { identity, device }
}

fn applied((device, _, revision, status, json, reason): OutcomeCells) -> Result<Applied> {
    let outcome = match status.as_str() {
        "clamped" => Outcome::Clamped { value: json.as_deref().map(value).transpose()?, reason },
        "rejected" => Outcome::Rejected { reason },
        _ => return Err(damaged("a device did something unknown with a value")),
    };
    let (device, revision) = (DeviceId(device), VarRevision(revision));
    Ok(Applied { device, revision, outcome, round_trip_micros: None })
}

fn var_name(text: &str) -> Result<VarName> {
    VarName::parse(text).map_err(|_| damaged("a variable has a malformed name"))
}

fn value(json: &str) -> Result<Value> {
    Value::parse_json(json).ok_or_else(|| damaged("a value is not JSON"))
}

fn var(cells: VarCells) -> Result<StoredVar> {
    let (name, spec, desired, revision, author, at, declared_by) = cells;
    let spec = declaration(&spec)?;
    let desired = match (revision, author, at) {
        (Some(revision), Some(author), Some(at)) => {
            let value = desired.as_deref().map(value).transpose()?;
            Some(Desired { value, revision: VarRevision(revision), author, at: UnixMicros(at) })
        }
        // that all are set or none is a constraint of the table
        _ => None,
    };
    let name = var_name(&name)?;
    let declared_by = declared_by.map(DeviceId);
    Ok(StoredVar { name, spec, declared_by, desired, reported: Vec::new(), applied: Vec::new() })
}

/// What a declaration of a row says of its type.
#[derive(Deserialize)]
struct StoredType {
    var_type: String,
    inferred: Option<bool>,
}

/// Rows were written before it was known that `int` is an integer and whether a type was declared: then a declaration that
/// has nothing else may have been inferred, and the game's own name of the type is the one in the row.
fn declaration(json: &str) -> Result<VarSpec> {
    let malformed = |_| damaged("a declaration is not JSON");
    let mut spec: VarSpec = serde_json::from_str(json).map_err(malformed)?;
    let StoredType { var_type, inferred } = serde_json::from_str(json).map_err(malformed)?;
    if inferred.is_none() {
        spec.inferred = spec.is_bare() && var_type == spec.var_type.as_str();
        spec.spelling = Some(var_type).filter(|word| word != spec.var_type.as_str());
    }
    Ok(spec)
}

fn removed_var((name, revision, author, at): RemovedCells) -> Result<(VarName, Desired)> {
    let edit = Desired { value: None, revision: VarRevision(revision), author, at: UnixMicros(at) };
    Ok((var_name(&name)?, edit))
}

/// Variables in their order, each with what devices reported of it and did with it.
pub(super) fn vars(
    rows: Vec<VarCells>,
    reported: Vec<ReportedCells>,
    outcomes: Vec<OutcomeCells>,
) -> Result<Vec<StoredVar>> {
    let mut by_name: HashMap<String, Vec<Reported>> = HashMap::new();
    for (device, name, json, at) in reported {
        let one = Reported { device: DeviceId(device), value: value(&json)?, at: UnixMicros(at) };
        by_name.entry(name).or_default().push(one);
    }
    let mut applied_by_name: HashMap<String, Vec<Applied>> = HashMap::new();
    for cells in outcomes {
        applied_by_name.entry(cells.1.clone()).or_default().push(applied(cells)?);
    }
    let with_devices = |cells| {
        let mut var = var(cells)?;
        var.reported = by_name.remove(var.name.as_str()).unwrap_or_default();
        var.applied = applied_by_name.remove(var.name.as_str()).unwrap_or_default();
        Ok(var)
    };
    rows.into_iter().map(with_devices).collect()
}

pub(super) fn log_line((seq, device, at, received, level, message, fields): LogCells) -> Result<LogLine> {
    Ok(LogLine {
        seq: seq.try_into().map_err(|_| damaged("a log line has a negative number"))?,
        device: DeviceId(device),
        at: UnixMicros(at),
        received: UnixMicros(received),
        level: Level::from_number(level.into()).ok_or_else(|| damaged("a log line has an unknown level"))?,
        message,
        fields,
    })
}

/// name, value, revision, set_by
pub(super) type GestureCells = (String, Option<String>, i64, i64);

pub(super) fn gesture((name, json, revision, set_by): GestureCells) -> Result<GestureRow> {
    let (name, value) = (var_name(&name)?, json.as_deref().map(value).transpose()?);
    Ok(GestureRow { name, value, revision: Revision(revision), set_by: VarRevision(set_by) })
}

pub(super) fn history((name, old, new, revision, author, at): HistoryCells) -> Result<HistoryRow> {
    Ok(HistoryRow {
        name: var_name(&name)?,
        old: old.as_deref().map(value).transpose()?,
        new: new.as_deref().map(value).transpose()?,
        revision: Revision(revision),
        author,
        at: UnixMicros(at),
    })
}

/// What the live state starts from; the newest devices and log lines come first.
pub(super) fn state(
    project: Project,
    (revision, frozen): (i64, i64),
    devices: Vec<StoredDeviceCells>,
    (vars, removed): (Vec<StoredVar>, Vec<RemovedCells>),
    logs: Vec<LogCells>,
    gone: Vec<(i64, String)>,
) -> Result<ProjectState> {
    let mut devices: Vec<StoredDevice> = devices.into_iter().map(stored_device).collect();
    // numbers are given in the order in which devices were first seen
    devices.sort_by_key(|stored| stored.device.id);
    let logs = logs.into_iter().rev().map(log_line).collect::<Result<_>>()?;
    let removed = removed.into_iter().map(removed_var).collect::<Result<_>>()?;
    let gone = gone.into_iter().map(|(id, name)| (DeviceId(id), name)).collect();
    let (revision, is_frozen) = (Revision(revision), frozen != 0);
    Ok(ProjectState { project, revision, is_frozen, devices, vars, removed, logs, gone })
}

#[cfg(test)]
mod tests {
    use protocol::model::VarType;

    use super::*;

    #[test]
    fn declarations_of_older_rows_are_read() {
        let older = |var_type: VarType| {
            let mut json = serde_json::to_value(VarSpec::bare(var_type)).unwrap();
            let fields = json.as_object_mut().unwrap();
            assert!(fields.remove("inferred").is_some() && fields.remove("spelling").is_some());
            json
        };
        let spec = declaration(&older(VarType::Integer).to_string()).unwrap();
        assert!(spec.inferred, "nobody knows, and the game's next declaration tells");
        let mut named = older(VarType::Integer);
        named["var_type"] = "int".into();
        let spec = declaration(&named.to_string()).unwrap();
        assert_eq!((&spec.var_type, spec.type_name(), spec.inferred), (&VarType::Integer, "int", false));
        let mut declared = older(VarType::Integer);
        declared["max"] = 9.into();
        assert!(!declaration(&declared.to_string()).unwrap().inferred);
    }

    #[test]
    fn a_declaration_is_read_as_it_was_written() {
        let spec = VarSpec { inferred: true, ..VarSpec::bare(VarType::Integer) };
        let named = VarSpec { spelling: Some("int".to_owned()), ..VarSpec::bare(VarType::Integer) };
        for spec in [spec, named, VarSpec::bare(VarType::Float)] {
            assert_eq!(declaration(&serde_json::to_string(&spec).unwrap()).unwrap(), spec);
        }
    }
}
