//! `observerio set`: sets variables, read as their declared types; all of them or none.

use std::{
    collections::{HashMap, HashSet},
    thread,
    time::{Duration, Instant},
};

use protocol::model::{Value, VarSpec, VarType};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Error,
    api::Api,
    applied::Tally,
    console::Console,
    responses::{Device, Project, Saved, Variable},
    text::{count, list, visible},
    variable,
};

/// First delay between polls; it doubles.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_millis(320);

/// `NAME=VALUE`, not split yet, because names may contain equals signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment(String);

impl Assignment {
    /// For clap.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.find('=') {
            Some(0) | None => Err("say NAME=VALUE".to_owned()),
            Some(_) => Ok(Self(text.to_owned())),
        }
    }

    /// All ways to split it, shortest name first.
    fn cuts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.match_indices('=').map(|(at, _)| (&self.0[..at], &self.0[at + 1..]))
    }

    /// Finds the variable, and the text of its value.
    fn look_up(&self, api: &Api, project: &Project) -> Result<(Variable, &str), Error> {
        let mut refused = None;
        for (name, text) in self.cuts() {
            match api.get(&variable::path(project, name)) {
                Ok(variable) => return Ok((variable, text)),
                Err(error @ Error::Refused(_)) => {
                    let name = visible(name).into_owned();
                    refused.get_or_insert((name, error));
                }
                Err(error) => return Err(error),
            }
        }
        let (name, error) = refused.expect("an assignment has an equals sign");
        Err(Error::Refused(format!("{name}: {error}; `observerio vars` lists what there is")))
    }
}

/// Options of `observerio set`.
#[derive(Clone, Copy, Default)]
pub(crate) struct How {
    /// Only set variables that are still at this revision.
    pub if_revision: Option<i64>,
    /// Send values even if they are already set.
    pub again: bool,
    /// How long to wait for the games.
    pub wait: Option<Duration>,
}

/// Sets the variables and reports the outcome.
pub(crate) fn set(
    api: &Api,
    project: &Project,
    assignments: &[Assignment],
    how: &How,
    console: &mut Console,
) -> Result<(), Error> {
    let (mut values, mut names) = (Vec::new(), Vec::new());
    for assignment in assignments {
        let (variable, text) = assignment.look_up(api, project)?;
        let value = typed(&variable, text)
            .map_err(|why| Error::Refused(format!("{}: {why}; nothing was set", visible(&variable.name))))?;
        values.push(value);
        names.push(variable.name);
    }
    if names.iter().collect::<HashSet<_>>().len() < names.len() {
        return Err(Error::Usage("a variable is named twice; name each one once".to_owned()));
    }
    let path = format!("/projects/{}/variables", project.id);
    let changes: Vec<Change<'_>> =
        names.iter().zip(&values).map(|(name, value)| Change::new(name, value, how)).collect();
    let saved: Saved = api.patch(&path, &HashMap::from([("changes", changes)]))?;
    let sent = count(saved.games, "connected game");
    console.print(&format!("saved as revision {}, sent to {sent}\n", saved.revision))?;
    match how.wait {
        Some(wait) => Waiting { api, project, revision: saved.revision, until: Instant::now() + wait, wait }
            .run(&names, console),
        None => Ok(()),
    }
}

/// One of the changes of a request.
#[derive(Serialize)]
struct Change<'a> {
    name: &'a str,
    /// As text, so that large numbers stay exact.
    value: Box<RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    again: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_revision: Option<i64>,
}

impl<'a> Change<'a> {
    fn new(name: &'a str, value: &Value, how: &How) -> Self {
        let value = RawValue::from_string(value.to_json()).expect("a value writes JSON");
        Self { name, value, again: how.again, base_revision: how.if_revision }
    }
}

/// Reads the text as the variable's type. An option of an `enum` is given by its value or label.
fn typed(variable: &Variable, text: &str) -> Result<Value, String> {
    let var_type = VarType::from(variable.var_type.clone());
    let options = &variable.spec.options;
    if var_type == VarType::Enum && !options.is_empty() {
        let by_value = options.iter().find(|option| option.value.to_string() == text);
        let by_label = || options.iter().find(|option| option.label.as_deref() == Some(text));
        return by_value.or_else(by_label).map(|option| option.value.clone()).ok_or_else(|| {
            let all: Vec<String> =
                options.iter().map(|option| visible(&option.value.to_string()).into_owned()).collect();
            format!("say one of {}", all.join(", "))
        });
    }
    let desired = variable.desired.as_ref().map(|desired| &desired.value);
    let like = desired.or_else(|| variable.reported.first().map(|reported| &reported.value));
    let spec = VarSpec { inferred: variable.spec.inferred, ..VarSpec::bare(var_type) };
    spec.parse_text(text, like).map_err(|error| error.text)
}

/// Waits for the games' outcomes.
struct Waiting<'a> {
    api: &'a Api,
    project: &'a Project,
    revision: i64,
    until: Instant,
    wait: Duration,
}

impl Waiting<'_> {
    fn run(&self, names: &[String], console: &mut Console) -> Result<(), Error> {
        let mut failures = Vec::new();
        for name in names {
            let tally = self.watch(name)?;
            let shown = visible(name);
            let prefix = if names.len() > 1 { format!("{shown}: ") } else { String::new() };
            console.print(&format!("{prefix}applied on {}\n", tally.figures()))?;
            failures.extend(self.failure(&tally).map(|failure| format!("{shown}: {failure}")));
        }
        if failures.is_empty() { Ok(()) } else { Err(Error::Refused(list(&failures))) }
    }

    /// Polls until nothing is pending or the time is over.
    fn watch(&self, name: &str) -> Result<Tally, Error> {
        let mut pause = FIRST_LOOK;
        loop {
            // devices first: when one has applied the revision, its outcome for the variable is already stored
            let devices: Vec<Device> = self.api.list(&format!("/projects/{}/devices", self.project.id))?;
            let variable = variable::get(self.api, self.project, name)?;
            // older than the edit's revision if the value was already desired
            let revision = variable.desired.as_ref().map_or(self.revision, |desired| desired.revision);
            if let Some(newer) = variable.desired.as_ref().filter(|desired| desired.revision > self.revision)
            {
                let sentence = format!("conflict: {} has set {name} to {}", newer.author, newer.value);
                return Err(Error::Refused(visible(&sentence).into_owned()));
            }
            let tally = Tally::of(&variable, &devices, revision);
            let left = self.until.saturating_duration_since(Instant::now());
            if tally.pending.is_empty() || left.is_zero() {
                return Ok(tally);
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(LAST_LOOK);
        }
    }

    fn failure(&self, tally: &Tally) -> Option<String> {
        if tally.devices == 0 {
            return Some(
                "no connected game reports what it applies; games get the value when they connect".to_owned(),
            );
        }
        let seconds = self.wait.as_secs();
        let silent =
            tally.pending.iter().map(|device| format!("{device} has not answered within {seconds} s"));
        let clauses: Vec<String> = tally.otherwise.iter().cloned().chain(silent).collect();
        (!clauses.is_empty()).then(|| list(&clauses))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::testing::{Request, json as answer, serve};

    fn variable(var_type: &str, spec: Json, desired: Json) -> Variable {
        let desired = json!({"value": desired, "revision": 1, "author": "Ana"});
        serde_json::from_value(json!({"name": "speed", "type": var_type, "spec": spec, "desired": desired,
            "reported": [], "applied": []}))
        .unwrap()
    }

    #[test]
    fn an_assignment_has_a_name_and_a_sign() {
        for bad in ["", "speed", "=7"] {
            assert!(Assignment::parse(bad).is_err(), "{bad}");
        }
        let assignment = Assignment::parse("a=b=c").unwrap();
        assert_eq!(assignment.cuts().collect::<Vec<_>>(), [("a", "b=c"), ("a=b", "c")]);
        assert_eq!(Assignment::parse("name=").unwrap().cuts().collect::<Vec<_>>(), [("name", "")]);
    }

    #[test]
    fn a_value_is_read_by_its_declared_type() {
        let spec = json!({"options": [{"label": "Easy", "value": 1}, {"label": "1", "value": "hard"}, {"value": null}]});
        for (var_type, text, json) in [
            ("integer", "18446744073709551615", "18446744073709551615"),
            ("float", "7", "7.0"),
            ("boolean", "on", "true"),
            ("string", "7", "\"7\""),
            ("string", "", "\"\""),
            // as the game has it: a number
            ("color", "#ff8844", "16746564"),
            ("color", "0xff8844", "16746564"),
            ("json", "[1, 2]", "[1,2]"),
            ("enum", "1", "1"),
            ("enum", "Easy", "1"),
            ("enum", "hard", "\"hard\""),
            ("enum", "null", "null"),
            ("money", "7", "7"),
        ] {
            let value = typed(&variable(var_type, spec.clone(), json!(0)), text).unwrap();
            assert_eq!(value.to_json(), json, "{var_type} {text}");
        }
        for (var_type, text) in
            [("integer", "1.5"), ("boolean", "maybe"), ("enum", "2"), ("action", "1"), ("json", "[")]
        {
            assert!(typed(&variable(var_type, spec.clone(), json!(0)), text).is_err(), "{var_type} {text}");
        }
        let inferred = variable("integer", json!({"inferred": true}), json!(5));
        assert_eq!(
            typed(&inferred, "6.25").unwrap().to_json(),
            "6.25",
            "nobody has declared that it is whole"
        );
        assert_eq!(typed(&inferred, "6").unwrap().to_json(), "6");
    }

    #[test]
    fn numbers_are_sent_as_they_are() {
        let sent = |value: &Value, how: &How| serde_json::to_string(&Change::new("a", value, how)).unwrap();
        let int = VarType::Integer.parse_text("-9223372036854775808", None).unwrap();
        assert_eq!(sent(&int, &How::default()), r#"{"name":"a","value":-9223372036854775808}"#);
        let float = VarType::Float.parse_text("1e300", None).unwrap();
        assert_eq!(
            sent(&float, &How { if_revision: Some(3), ..How::default() }),
            r#"{"name":"a","value":1e+300,"base_revision":3}"#
        );
        let large = VarType::Json.parse_text("[123456789012345678901234567890]", None).unwrap();
        assert_eq!(sent(&large, &How::default()), r#"{"name":"a","value":[123456789012345678901234567890]}"#);
    }

    fn told(
        answers: Vec<String>,
        assignments: &[&str],
        how: &How,
    ) -> (Result<(), Error>, String, Vec<Request>) {
        let (api, requests) = serve(answers);
        let (mut console, output) = crate::console::tests::captured();
        let assignments: Vec<_> = assignments.iter().map(|text| Assignment::parse(text).unwrap()).collect();
        let project =
            Project { id: 3, name: "p".into(), role: "admin".into(), devices: 0, online: 0, last_seen: None };
        let result = set(&api, &project, &assignments, how, &mut console);
        drop(api);
        (result, output.text(), requests.iter().collect())
    }

    fn speed(applied: Json) -> String {
        answer(
            200,
            &json!({"name": "speed", "type": "integer", "spec": {}, "applied": applied,
            "desired": {"value": 7, "revision": 42, "author": "Ana"}, "reported": [{"device": 1, "value": 5}]}),
        )
    }

    fn device(applied: i64) -> String {
        let device = json!({"id": 1, "name": "phone", "online": true, "acknowledges": true, "applied_revision": applied});
        answer(200, &json!({"items": [device], "next": null}))
    }

    #[test]
    fn it_waits_until_the_games_have_said_it() {
        let saved = answer(200, &json!({"revision": 42, "games": 1}));
        let applied = json!([{"device": 1, "revision": 42, "status": "applied", "round_trip_ms": 23.4}]);
        let answers = vec![speed(json!([])), saved, device(41), speed(json!([])), device(42), speed(applied)];
        let how = How { if_revision: Some(41), wait: Some(Duration::from_secs(60)), again: false };
        let (result, output, requests) = told(answers, &["speed=7"], &how);
        result.unwrap();
        assert_eq!(output, "saved as revision 42, sent to 1 connected game\napplied on 1/1 in 23 ms\n");
        let sent: Json = serde_json::from_str(&requests[1].body).unwrap();
        assert_eq!(sent, json!({"changes": [{"name": "speed", "value": 7, "base_revision": 41}]}));
    }

    #[test]
    fn what_a_game_did_instead_is_a_failure() {
        let saved = answer(200, &json!({"revision": 42, "games": 1}));
        let rejected =
            json!([{"device": 1, "revision": 42, "status": "rejected", "reason": "in a cutscene"}]);
        let answers = vec![speed(json!([])), saved.clone(), device(42), speed(rejected)];
        let how = How { if_revision: None, wait: Some(Duration::from_secs(60)), again: false };
        let (result, output, _) = told(answers, &["speed=7"], &how);
        let refused = result.unwrap_err();
        assert_eq!(
            (refused.status(), refused.to_string().as_str()),
            (1, "speed: phone rejected it (in a cutscene)")
        );
        assert!(output.ends_with("applied on 0/1\n"), "{output}");
        // no time is left: it looks once
        let how = How { if_revision: None, wait: Some(Duration::ZERO), again: false };
        let answers = vec![speed(json!([])), saved, device(41), speed(json!([]))];
        let (result, ..) = told(answers, &["speed=7"], &how);
        assert_eq!(result.unwrap_err().to_string(), "speed: phone has not answered within 0 s");
    }

    #[test]
    fn what_was_said_of_a_value_that_was_desired_already_counts() {
        let saved = answer(200, &json!({"revision": 50, "games": 1}));
        let clamped = json!([{"device": 1, "revision": 42, "status": "clamped", "value": 6}]);
        let answers = vec![speed(json!([])), saved, device(42), speed(clamped)];
        let how = How { if_revision: None, wait: Some(Duration::from_secs(60)), again: false };
        let (result, ..) = told(answers, &["speed=7"], &how);
        assert_eq!(result.unwrap_err().to_string(), "speed: phone clamped it to 6");
    }

    #[test]
    fn nothing_is_sent_when_one_value_does_not_fit() {
        let how = How { if_revision: None, wait: None, again: false };
        let (result, _, requests) =
            told(vec![speed(json!([])), speed(json!([]))], &["speed=7", "speed=many"], &how);
        let refused = result.unwrap_err();
        assert!(refused.status() == 1 && refused.to_string().contains("nothing was set"), "{refused}");
        assert!(requests.iter().all(|request| request.head[0].starts_with("GET ")));
        let (result, ..) = told(vec![speed(json!([])), speed(json!([]))], &["speed=7", "speed=8"], &how);
        assert_eq!(result.unwrap_err().status(), 2);
    }

    #[test]
    fn who_was_faster_is_told() {
        let conflict = json!({"code": "conflict", "message": "changed", "conflicts":
            [{"name": "speed", "current": {"value": 9, "revision": 44, "author": "Ben"}}]});
        let how = How { if_revision: Some(42), wait: None, again: false };
        let (result, ..) = told(vec![speed(json!([])), answer(409, &conflict)], &["speed=7"], &how);
        let refused = result.unwrap_err();
        assert_eq!(refused.status(), 1);
        assert!(refused.to_string().contains("speed is 9 since revision 44 by Ben"), "{refused}");
    }
}
