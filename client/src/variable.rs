//! One variable with what all devices say of it, which may come in parts.

use crate::{
    Error,
    api::{Api, escape},
    responses::{Project, Variable},
};

/// Stop for a server that never ends a variable.
const MAX_PARTS: usize = 10_000;

pub(crate) fn path(project: &Project, name: &str) -> String {
    format!("/projects/{}/variables/{}", project.id, escape(name))
}

/// Gets all of it.
pub(crate) fn get(api: &Api, project: &Project, name: &str) -> Result<Variable, Error> {
    let first = api.get(&path(project, name))?;
    complete(api, project, first)
}

/// Gets what is missing of it.
pub(crate) fn complete(api: &Api, project: &Project, mut variable: Variable) -> Result<Variable, Error> {
    for _ in 0..MAX_PARTS {
        let Some(cursor) = variable.next.take() else { return Ok(variable) };
        let path = format!("{}?cursor={}", path(project, &variable.name), escape(&cursor));
        let part: Variable = api.get(&path)?;
        variable.reported.extend(part.reported);
        variable.applied.extend(part.applied);
        variable.next = part.next;
    }
    Err(api.odd("a variable without an end"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{json as answer, serve};

    #[test]
    fn parts_make_the_whole() {
        let part = |device: i64, next: Option<&str>| {
            let said = json!([{"device": device, "value": 1, "revision": 2, "status": "applied"}]);
            let part = json!({"name": "a/b", "type": "integer", "desired": null, "reported": said, "applied": said,
                "next": next});
            answer(200, &part)
        };
        let (api, requests) = serve(vec![part(1, Some("MQ")), part(2, Some("Mg")), part(3, None)]);
        let project = json!({"id": 7, "name": "Aliens", "role": "viewer", "devices": 3, "online": 0, "last_seen": null});
        let project: Project = serde_json::from_value(project).unwrap();
        let variable = get(&api, &project, "a/b").unwrap();
        let devices: Vec<i64> = variable.reported.iter().map(|reported| reported.device).collect();
        assert_eq!((devices, variable.applied.len(), variable.next), (vec![1, 2, 3], 3, None));
        let asked: Vec<String> = requests.iter().map(|request| request.head[0].clone()).collect();
        let path = "GET /api/v1/projects/7/variables/a%2Fb";
        let expected = [
            format!("{path} HTTP/1.1"),
            format!("{path}?cursor=MQ HTTP/1.1"),
            format!("{path}?cursor=Mg HTTP/1.1"),
        ];
        assert_eq!(asked, expected);
    }
}
