//! The payload of `r:`: what a game did with the values and the actions that it was sent.

use serde_json::{Map, Value as Json};

use super::payload::{Result, at_most, parse_json, refuse, text, value};
use crate::{ErrorCode, limits, live::Outcome, model::VarName};

/// Reads what became of single variables. In an array that names one twice the last one counts. A `frame` is
/// allowed and not kept.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `too_many`, `bad_name` or `bad_shape`; then nothing of the line counts.
pub fn parse_outcomes(payload: &[u8]) -> Result<Vec<(VarName, Outcome)>> {
    let items = match parse_json(payload)? {
        Json::Array(items) => items,
        object @ Json::Object(_) => vec![object],
        _ => return refuse(ErrorCode::BadShape, "r: takes an array of {name, status, value, reason}"),
    };
    at_most(items.len(), limits::MAX_VARS_PER_LINE, "variables")?;
    items.into_iter().map(outcome).collect()
}

fn outcome(item: Json) -> Result<(VarName, Outcome)> {
    let Json::Object(mut object) = item else {
        return refuse(ErrorCode::BadShape, "each entry is an object {name, status, value, reason}");
    };
    let Some(Json::String(name)) = object.remove("name") else {
        return refuse(ErrorCode::BadShape, "an entry has a name, which is a string");
    };
    let name = VarName::parse(&name)?;
    let outcome = match object.get("status").and_then(Json::as_str) {
        Some("applied") => Outcome::Applied,
        Some("clamped") => {
            let value = object.remove("value").map(|json| value(&json)).transpose()?;
            Outcome::Clamped { value, reason: text(&mut object, "reason")? }
        }
        Some("rejected") => Outcome::Rejected { reason: text(&mut object, "reason")? },
        _ => return refuse(ErrorCode::BadShape, "status is applied, clamped or rejected"),
    };
    Ok((name, outcome))
}

/// Reads what an action gave: `{"result": …}` as JSON text (`None` when it is missing), or `{"error": "…"}`.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep` or `bad_shape`.
pub fn parse_action_result(payload: &[u8]) -> Result<std::result::Result<Option<String>, String>> {
    let Json::Object(mut object) = parse_json(payload)? else {
        return refuse(ErrorCode::BadShape, "an action answers {\"result\": …} or {\"error\": \"why\"}");
    };
    match error_of(&mut object)? {
        Some(error) => bounded(error).map(Err),
        None => object.remove("result").map(|json| bounded(json.to_string())).transpose().map(Ok),
    }
}

fn error_of(object: &mut Map<String, Json>) -> Result<Option<String>> {
    match object.remove("error") {
        Some(Json::Null) | None => Ok(None),
        Some(Json::String(error)) => Ok(Some(error)),
        Some(_) => refuse(ErrorCode::BadShape, "error is a string"),
    }
}

fn bounded(text: String) -> Result<String> {
    let most = limits::MAX_ACTION_RESULT_BYTES;
    match text.len() > most {
        true => refuse(ErrorCode::BadShape, format!("an action answers at most {most} bytes")),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn code(payload: &str) -> ErrorCode {
        parse_outcomes(payload.as_bytes()).unwrap_err().code
    }

    #[test]
    fn each_status_is_read() {
        let name = |text| VarName::parse(text).unwrap();
        let read = parse_outcomes(
            br#"[{"name":"a","status":"applied","frame":7},{"name":"b","status":"clamped","value":5,"reason":"too fast"},
                {"name":"c","status":"rejected","reason":"in a cutscene"},{"name":"d","status":"clamped"}]"#,
        );
        let clamped =
            Outcome::Clamped { value: Some(Value::Int(5i64.into())), reason: Some("too fast".into()) };
        let expected = vec![
            (name("a"), Outcome::Applied),
            (name("b"), clamped),
            (name("c"), Outcome::Rejected { reason: Some("in a cutscene".into()) }),
            (name("d"), Outcome::Clamped { value: None, reason: None }),
        ];
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for payload in
            ["[1]", r#"[{"status":"applied"}]"#, r#"[{"name":"a"}]"#, r#"[{"name":"a","status":"ok"}]"#]
        {
            assert_eq!(code(payload), ErrorCode::BadShape, "{payload}");
        }
        assert_eq!(code(r#"[{"name":"","status":"applied"}]"#), ErrorCode::BadName);
        assert_eq!(code("["), ErrorCode::BadJson);
    }

    #[test]
    fn an_action_gives_a_result_or_an_error() {
        assert_eq!(parse_action_result(br#"{"result":[1,2]}"#), Ok(Ok(Some("[1,2]".into()))));
        assert_eq!(parse_action_result(b"{}"), Ok(Ok(None)));
        assert_eq!(parse_action_result(br#"{"error":"no boss"}"#), Ok(Err("no boss".into())));
        assert_eq!(parse_action_result(br#"{"error":1}"#).unwrap_err().code, ErrorCode::BadShape);
        assert_eq!(parse_action_result(b"[]").unwrap_err().code, ErrorCode::BadShape);
    }
}
