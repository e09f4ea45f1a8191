//! `observerio declarations`: what a project's games declare; frozen or not, and what waits for consent.

use serde_json::{Value as Json, json};

use crate::{
    Error,
    api::{Api, escape},
    console::Console,
    responses::{Difference, Project, Schema, WaitingDeclaration},
    table::table,
    text::{count, visible, visible_json},
};

/// Most devices to name in a message.
const MAX_NAMED: usize = 20;

/// What to do with a declaration that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Consent,
    Dismiss,
}

/// Lists what waits.
pub(crate) fn list(api: &Api, project: &Project, json: bool, console: &mut Console) -> Result<(), Error> {
    if json {
        let whole: Json = api.get(&path(project))?;
        return Ok(console.print(&(visible_json(&whole) + "\n"))?);
    }
    let Schema { frozen, waiting, gave_way } = api.get(&path(project))?;
    let mut text = String::from(if frozen {
        "Declarations are frozen.\n"
    } else {
        "Declarations take effect at once.\n"
    });
    let rows: Vec<_> = waiting.iter().map(row).collect();
    match &rows[..] {
        [] if frozen => text += "Nothing is waiting.\n",
        [] => {}
        rows => text += &table(["name", "device", "change"], rows),
    }
    if gave_way > 0 {
        text += &format!("{} made room for others.\n", count(gave_way, "more declaration"));
    }
    Ok(console.print(&text)?)
}

/// Freezes declarations, or lets them take effect at once.
pub(crate) fn freeze(api: &Api, project: &Project, frozen: bool, console: &mut Console) -> Result<(), Error> {
    let _: Schema = api.put(&path(project), &json!({"frozen": frozen}))?;
    let word = if frozen { "froze" } else { "unfroze" };
    Ok(console.print(&format!("{word} the declarations of {}\n", visible(&project.name)))?)
}

/// Decides on what a device declares of a variable. The device is given by name or number, and needed if several declare it.
pub(crate) fn decide(
    api: &Api,
    project: &Project,
    decision: Decision,
    (name, device): (&str, Option<&str>),
    console: &mut Console,
) -> Result<(), Error> {
    let Schema { waiting, .. } = api.get(&path(project))?;
    let WaitingDeclaration { device, device_name, .. } = choose(&waiting, name, device)?;
    let path = format!("{}/{device}/{}", path(project), escape(name));
    let told = match decision {
        Decision::Consent => {
            api.post(&path)?;
            "consented to"
        }
        Decision::Dismiss => {
            api.delete(&path)?;
            "dismissed"
        }
    };
    Ok(console.print(&format!("{told} {} of {} ({device})\n", visible(name), visible(device_name)))?)
}

fn path(project: &Project) -> String {
    format!("/projects/{}/schema", project.id)
}

fn row(waiting: &WaitingDeclaration) -> [String; 3] {
    let WaitingDeclaration { name, device, device_name, online, new, differences } = waiting;
    let away = if *online { "" } else { ", offline" };
    let changes: Vec<String> = differences.iter().map(words).collect();
    let kind = if *new { "new: " } else { "" };
    [name.clone(), format!("{device_name} ({device}{away})"), format!("{kind}{}", changes.join(", "))]
}

/// `max 10 → 20`
fn words(Difference { field, old, new }: &Difference) -> String {
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    match old {
        None => format!("{field} {}", shown(new)),
        Some(_) => format!("{field} {} → {}", shown(old), shown(new)),
    }
}

fn choose<'a>(
    waiting: &'a [WaitingDeclaration],
    name: &str,
    device: Option<&str>,
) -> Result<&'a WaitingDeclaration, Error> {
    let of_name: Vec<&WaitingDeclaration> = waiting.iter().filter(|one| one.name == name).collect();
    let is_named = |one: &&&WaitingDeclaration| device.is_none_or(|wanted| one.device_name == wanted);
    let named: Vec<&WaitingDeclaration> = of_name.iter().filter(is_named).copied().collect();
    let found = match named[..] {
        // a name may look like a number, and people see names
        [] => {
            let number = device.and_then(|wanted| wanted.parse().ok());
            of_name.iter().find(|one| Some(one.device) == number).copied()
        }
        [only] => Some(only),
        _ => {
            let all = devices(&named);
            let name = visible(name);
            return Err(Error::Refused(format!(
                "several devices declare {name}; choose one with --device and its number: {all}"
            )));
        }
    };
    found.ok_or_else(|| {
        let name = visible(name);
        Error::Refused(if of_name.is_empty() {
            format!("no declaration of {name} is waiting; `observerio declarations list` shows what is")
        } else {
            format!(
                "that device has no declaration of {name} that is waiting; these have: {}",
                devices(&of_name)
            )
        })
    })
}

fn devices(waiting: &[&WaitingDeclaration]) -> String {
    let name = |one: &&WaitingDeclaration| format!("{} ({})", visible(&one.device_name), one.device);
    let shown: Vec<String> = waiting.iter().take(MAX_NAMED).map(name).collect();
    let more = waiting.len().saturating_sub(MAX_NAMED);
    let end = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        console::tests::captured,
        testing::{json as answer, serve},
    };

    fn waiting(name: &str, device: i64, device_name: &str) -> Json {
        json!({"name": name, "device": device, "device_name": device_name, "online": device != 4,
            "at": "2026-11-26T01:02:03.123456Z", "new": name == "hp",
            "differences": [{"field": "max", "old": (name != "hp").then_some("10"), "new": "20"}]})
    }

    fn schema(waiting: &[Json]) -> Json {
        json!({"frozen": true, "waiting": waiting, "gave_way": 1})
    }

    fn aliens() -> Project {
        let project =
            json!({"id": 7, "name": "Aliens", "role": "admin", "devices": 3, "online": 0, "last_seen": null});
        serde_json::from_value(project).unwrap()
    }

    #[test]
    fn what_waits_is_listed_with_its_difference() {
        let all = schema(&[waiting("speed", 3, "phone"), waiting("hp", 4, "tab\u{1b}let")]);
        let (api, requests) = serve(vec![answer(200, &all), answer(200, &all)]);
        let (mut console, output) = captured();
        list(&api, &aliens(), false, &mut console).unwrap();
        let lines = [
            "Declarations are frozen.",
            "name   device                change",
            "speed  phone (3)             max 10 → 20",
            "hp     tab␛let (4, offline)  new: max 20",
            "1 more declaration made room for others.",
            "",
        ];
        assert_eq!(output.text(), lines.join("\n"));
        list(&api, &aliens(), true, &mut console).unwrap();
        assert!(output.text().contains(r#""name":"speed""#));
        assert_eq!(requests.recv().unwrap().head[0], "GET /api/v1/projects/7/schema HTTP/1.1");
    }

    #[test]
    fn freezing_says_what_it_did() {
        let (api, requests) = serve(vec![answer(200, &schema(&[])), answer(200, &schema(&[]))]);
        let (mut console, output) = captured();
        freeze(&api, &aliens(), true, &mut console).unwrap();
        freeze(&api, &aliens(), false, &mut console).unwrap();
        assert_eq!(output.text(), "froze the declarations of Aliens\nunfroze the declarations of Aliens\n");
        for body in [r#"{"frozen":true}"#, r#"{"frozen":false}"#] {
            let request = requests.recv().unwrap();
            assert_eq!(request.head[0], "PUT /api/v1/projects/7/schema HTTP/1.1");
            assert_eq!(request.body, body);
        }
    }

    #[test]
    fn a_decision_goes_to_the_device_that_declares_it() {
        let all = schema(&[waiting("a/b", 3, "phone"), waiting("a/b", 4, "tablet")]);
        let gone = "HTTP/1.1 204 x\r\nconnection: close\r\n\r\n".to_owned();
        let (api, requests) = serve(vec![answer(200, &all), gone.clone(), answer(200, &all), gone]);
        let (mut console, output) = captured();
        let mut decide = |decision, device| {
            decide(&api, &aliens(), decision, ("a/b", Some(device)), &mut console).unwrap();
        };
        decide(Decision::Consent, "tablet");
        decide(Decision::Dismiss, "3");
        assert_eq!(output.text(), "consented to a/b of tablet (4)\ndismissed a/b of phone (3)\n");
        let asked: Vec<String> = requests.iter().map(|request| request.head[0].clone()).collect();
        assert_eq!(asked[1], "POST /api/v1/projects/7/schema/4/a%2Fb HTTP/1.1");
        assert_eq!(asked[3], "DELETE /api/v1/projects/7/schema/3/a%2Fb HTTP/1.1");
    }

    #[test]
    fn it_must_be_clear_whose_declaration_is_meant() {
        let all = [waiting("speed", 3, "phone"), waiting("speed", 4, "3"), waiting("speed", 5, "twin")];
        let all = [&all[..], &[waiting("speed", 6, "twin"), waiting("hp", 5, "twin")]].concat();
        let all: Vec<WaitingDeclaration> = serde_json::from_value(Json::Array(all)).unwrap();
        let chosen = |name, device| match choose(&all, name, device) {
            Ok(found) => Ok(found.device),
            Err(error) => Err(error.to_string()),
        };
        assert_eq!((chosen("hp", None), chosen("speed", Some("3"))), (Ok(5), Ok(4)));
        assert_eq!(chosen("speed", Some("6")), Ok(6));
        let refused = chosen("speed", None).unwrap_err();
        assert!(
            refused.contains("--device and its number: phone (3), 3 (4), twin (5), twin (6)"),
            "{refused}"
        );
        assert!(chosen("speed", Some("twin")).unwrap_err().contains(": twin (5), twin (6)"));
        assert!(chosen("hp", Some("phone")).unwrap_err().contains("these have: twin (5)"));
        assert!(chosen("nothing", None).unwrap_err().contains("no declaration of nothing is waiting"));
    }
}
