//! `observerio vars`: a project's variables as a table.

use protocol::model::Value;
use serde_json::Value as Json;

use crate::{
    Error,
    api::Api,
    applied::Tally,
    console::Console,
    responses::{Device, Project, Variable},
    table::table,
    text::visible_json,
    variable::complete,
};

const NONE: &str = "-";

/// Lists the variables whose name, label or group contains each word of `filter`.
pub(crate) fn list(
    api: &Api,
    project: &Project,
    filter: &str,
    json: bool,
    console: &mut Console,
) -> Result<(), Error> {
    // devices first: when one has applied a revision, its outcomes are already stored
    let devices: Vec<Device> =
        if json { Vec::new() } else { api.list(&format!("/projects/{}/devices", project.id))? };
    let path = format!("/projects/{}/variables", project.id);
    let (all, words): (Vec<Json>, _) = (api.list(&path)?, words(filter));
    let mut shown = Vec::new();
    for whole in all {
        let variable: Variable = serde_json::from_value(whole.clone()).map_err(|error| {
            Error::Unreachable(format!("{} listed an invalid variable: {error}", api.url()))
        })?;
        if matches(&variable, &words) {
            shown.push((variable, whole));
        }
    }
    if json {
        let whole = shown.into_iter().map(|(_, whole)| whole).collect();
        return Ok(console.print(&(visible_json(&Json::Array(whole)) + "\n"))?);
    }
    let rows = shown.into_iter().map(|(variable, _)| Ok(row(&complete(api, project, variable)?, &devices)));
    let rows = rows.collect::<Result<Vec<_>, Error>>()?;
    Ok(console.print(&table(["name", "type", "desired", "reported", "applied"], &rows))?)
}

fn words(filter: &str) -> Vec<String> {
    filter.split_whitespace().map(str::to_lowercase).collect()
}

fn matches(variable: &Variable, words: &[String]) -> bool {
    let parts = [Some(&variable.name), variable.spec.label.as_ref(), variable.spec.group.as_ref()];
    let text = parts.into_iter().flatten().map(|part| part.to_lowercase()).collect::<Vec<_>>().join("\n");
    words.iter().all(|word| text.contains(word))
}

fn row(variable: &Variable, devices: &[Device]) -> [String; 5] {
    let desired = variable.desired.as_ref();
    let applied = desired.map(|desired| Tally::of(variable, devices, desired.revision));
    let applied = applied.filter(|tally| tally.devices > 0);
    [
        variable.name.clone(),
        variable.var_type.clone(),
        desired.map_or_else(|| NONE.to_owned(), |desired| desired.value.to_string()),
        reported(variable, devices),
        applied.map_or_else(|| NONE.to_owned(), |tally| format!("{}/{}", tally.applied, tally.devices)),
    ]
}

/// The value if all connected devices agree, `3 … 7` if their numbers differ, else the number of values.
/// Offline devices only count if none is connected.
fn reported(variable: &Variable, devices: &[Device]) -> String {
    let is_online = |id| devices.iter().any(|device| device.id == id && device.online);
    let any_online = variable.reported.iter().any(|reported| is_online(reported.device));
    let values = variable.reported.iter().filter(|reported| !any_online || is_online(reported.device));
    let mut distinct: Vec<&Value> = Vec::new();
    for reported in values {
        if !distinct.iter().any(|known| known.agrees_with(&reported.value)) {
            distinct.push(&reported.value);
        }
    }
    let numbers: Vec<f64> = distinct.iter().filter_map(|value| value.as_f64()).collect();
    let extreme = |better: fn(f64, f64) -> f64| numbers.iter().copied().reduce(better);
    match (&distinct[..], extreme(f64::min), extreme(f64::max)) {
        ([], ..) => NONE.to_owned(),
        ([only], ..) => only.to_string(),
        (all, Some(least), Some(most)) if numbers.len() == all.len() => format!("{least} … {most}"),
        (all, ..) => format!("{} values", all.len()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variable(reported: &[(i64, Json)]) -> Variable {
        let reported: Vec<_> =
            reported.iter().map(|(device, value)| json!({"device": device, "value": value})).collect();
        serde_json::from_value(json!({"name": "boss.speed", "type": "integer", "reported": reported,
            "spec": {"group": "Enemy/Boss", "label": "Haste"}, "applied": [],
            "desired": {"value": 18446744073709551615u64, "revision": 7, "author": "Ana", "at": ""}}))
        .unwrap()
    }

    fn devices(online: &[bool]) -> Vec<Device> {
        let device = |(id, online): (i64, &bool)| Device {
            id,
            name: String::new(),
            online: *online,
            acknowledges: true,
            applied_revision: Some(7),
        };
        (1..).zip(online).map(device).collect()
    }

    #[test]
    fn a_row_says_what_is_wanted_what_is_and_how_far_it_came() {
        let variable = variable(&[(1, json!(7)), (2, json!(7.0)), (3, json!(9))]);
        let row = row(&variable, &devices(&[true, true, false]));
        assert_eq!(row, ["boss.speed", "integer", "18446744073709551615", "7", "2/2"]);
    }

    #[test]
    fn reports_are_summed_up() {
        let all = devices(&[true, true]);
        for (values, summary) in [
            (vec![], "-"),
            (vec![json!("a")], "a"),
            (vec![json!(7), json!(3)], "3 … 7"),
            (vec![json!("a"), json!(3)], "2 values"),
            (vec![json!([1]), json!({})], "2 values"),
        ] {
            let values: Vec<(i64, Json)> = (1..).zip(values).collect();
            assert_eq!(reported(&variable(&values), &all), summary);
        }
        assert_eq!(reported(&variable(&[(1, json!(7))]), &devices(&[false])), "7", "of one that is away");
    }

    #[test]
    fn a_filter_looks_where_people_look() {
        let variable = variable(&[]);
        for (filter, is_shown) in
            [("", true), ("SPEED", true), ("enemy haste", true), ("boss.x", false), ("boss x", false)]
        {
            assert_eq!(matches(&variable, &words(filter)), is_shown, "{filter}");
        }
    }
}
