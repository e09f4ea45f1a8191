//! Rows of devices, of variables, and of what devices report.

use protocol::model::{
    Applied, Desired, Device, DeviceId, Outcome, Project, ProjectId, Reported, Revision, UnixMicros, VarName,
    VarRevision, VarSpec,
};
use serde::Deserialize;

use super::state::{StoredDevice, StoredVar};
use crate::store::{
    cells,
    error::{Result, damaged},
    sql::row,
};

row! {
    pub(super) struct ProjectRecord { id: i64, name: String, key: String, created_at: i64 } -> Project {
        let (id, created_at) = (ProjectId(id), UnixMicros(created_at));
        Ok(Project { id, name, key: cells::key(&key)?, created_at })
    }
}

row! {
    pub(super) struct HeadRecord { revision: i64, frozen: i64 }
}

row! {
    /// Offline: the database does not know who is connected.
    pub(super) struct DeviceRecord {
        identity: String,
        id: i64,
        name: String,
        last_seen: i64,
        about: String,
        applied: Option<i64>,
    } -> StoredDevice {
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
        Ok(StoredDevice { identity, device })
    }
}

row! {
    /// Without what devices report of it.
    pub(super) struct VarRecord {
        name: String,
        spec: String,
        desired: Option<String>,
        revision: Option<i64>,
        author: Option<String>,
        at: Option<i64>,
        declared_by: Option<i64>,
    } -> StoredVar {
        let desired = match (revision, author, at) {
            (Some(revision), Some(author), Some(at)) => Some(Desired {
                value: desired.as_deref().map(cells::value).transpose()?,
                revision: VarRevision(revision),
                author,
                at: UnixMicros(at),
            }),
            // that all are set or none is a constraint of the table
            _ => None,
        };
        Ok(StoredVar {
            name: cells::var_name(&name)?,
            spec: declaration(&spec)?,
            declared_by: declared_by.map(DeviceId),
            desired,
            reported: Vec::new(),
            applied: Vec::new(),
        })
    }
}

row! {
    pub(super) struct RemovedRecord { name: String, revision: i64, author: String, at: i64 } -> (VarName, Desired) {
        let (revision, at) = (VarRevision(revision), UnixMicros(at));
        Ok((cells::var_name(&name)?, Desired { value: None, revision, author, at }))
    }
}

row! {
    pub(super) struct ReportedRecord { device_id: i64, name: String, value: String, at: i64 } -> Reported {
        let (device, at) = (DeviceId(device_id), UnixMicros(at));
        Ok(Reported { device, value: cells::value(&value)?, at })
    }
}

row! {
    pub(super) struct AppliedRecord {
        device_id: i64,
        name: String,
        revision: i64,
        status: String,
        value: Option<String>,
        reason: Option<String>,
    } -> Applied {
        let outcome = match status.as_str() {
            "clamped" => Outcome::Clamped { value: value.as_deref().map(cells::value).transpose()?, reason },
            "rejected" => Outcome::Rejected { reason },
            _ => return Err(damaged("a device did something unknown with a value")),
        };
        let (device, revision) = (DeviceId(device_id), VarRevision(revision));
        Ok(Applied { device, revision, outcome, round_trip_micros: None })
    }
}

/// The type in a stored declaration.
#[derive(Deserialize)]
struct StoredType {
    var_type: String,
    inferred: Option<bool>,
}

/// Older rows do not say whether a type was inferred, and have the game's own name of the type (`int` for an integer): a
/// declaration with nothing but a type may then have been inferred.
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
