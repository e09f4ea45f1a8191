//! `observerio forget`: variables and devices that are no longer in use.

use crate::{
    Error,
    api::{Api, escape},
    console::Console,
    responses::{Device, Project},
    text::visible,
};

/// Most devices to name in a message.
const MAX_NAMED: usize = 20;

/// Forgets a variable.
pub(crate) fn variable(api: &Api, project: &Project, name: &str, console: &mut Console) -> Result<(), Error> {
    let shown = visible(name);
    match api.delete(&format!("/projects/{}/variables/{}", project.id, escape(name))) {
        Ok(()) => Ok(console.print(&format!("forgot {shown}\n"))?),
        Err(Error::Refused(why)) => Err(Error::Refused(format!("{shown}: {why}"))),
        Err(error) => Err(error),
    }
}

/// Forgets a device, by its name or its number.
pub(crate) fn device(api: &Api, project: &Project, wanted: &str, console: &mut Console) -> Result<(), Error> {
    let Device { id, name, .. } = choose(api.list(&format!("/projects/{}/devices", project.id))?, wanted)?;
    api.delete(&format!("/projects/{}/devices/{id}", project.id))?;
    Ok(console.print(&format!("forgot {} ({id})\n", visible(&name)))?)
}

fn choose(devices: Vec<Device>, wanted: &str) -> Result<Device, Error> {
    let named: Vec<&Device> = devices.iter().filter(|device| device.name == wanted).collect();
    let found = match named[..] {
        // a name may look like a number, and people see names
        [] => devices.iter().find(|device| wanted.parse() == Ok(device.id)),
        [only] => Some(only),
        _ => {
            let all = names(named.iter().copied());
            return Err(Error::Refused(format!(
                "several devices have this name; use a number instead: {all}"
            )));
        }
    };
    found.cloned().ok_or_else(|| {
        let away = names(devices.iter().filter(|device| !device.online));
        let wanted = visible(wanted);
        Error::Refused(if away.is_empty() {
            format!("there is no device {wanted}, and every device is connected")
        } else {
            format!("there is no device {wanted}; these are offline: {away}")
        })
    })
}

fn names<'a>(devices: impl Iterator<Item = &'a Device>) -> String {
    let all: Vec<&Device> = devices.collect();
    let name = |device: &&Device| {
        let state = if device.online { ", connected" } else { "" };
        format!("{} ({}{state})", visible(&device.name), device.id)
    };
    let shown: Vec<String> = all.iter().take(MAX_NAMED).map(name).collect();
    let more = all.len().saturating_sub(MAX_NAMED);
    let end = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(devices: &[(i64, &str, bool)], wanted: &str) -> Result<i64, String> {
        let device = |(id, name, online): &(i64, &str, bool)| Device {
            id: *id,
            name: (*name).to_owned(),
            online: *online,
            acknowledges: false,
            applied_revision: None,
        };
        let devices = devices.iter().map(device).collect();
        choose(devices, wanted).map(|device| device.id).map_err(|error| error.to_string())
    }

    #[test]
    fn a_device_is_named_by_name_or_number() {
        let all = [(3, "phone", false), (4, "3", false), (5, "twin", true), (6, "twin", false)];
        assert_eq!(chosen(&all, "phone"), Ok(3));
        assert_eq!(chosen(&all, "3"), Ok(4), "a name wins");
        assert_eq!(chosen(&all, "6"), Ok(6));
        assert!(chosen(&all, "twin").unwrap_err().contains("twin (5, connected), twin (6)"));
        let refused = chosen(&all, "table\u{1b}t").unwrap_err();
        assert!(refused.contains("table␛t; these are offline: phone (3), 3 (4), twin (6)"), "{refused}");
        assert!(chosen(&[(5, "twin", true)], "tablet").unwrap_err().contains("is connected"));
    }
}
