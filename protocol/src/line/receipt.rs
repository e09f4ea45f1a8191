//! The payload of `r:`: what a game did with the values and the actions that it was sent.

use super::payload::{at_most, decode, read_each, text};
use crate::{
    ErrorCode,
    error::{Result, refuse},
    json::{Piece, Shallow},
    limits,
    model::{Outcome, VarName, read_value},
};

/// Reads what became of single variables. In an array that names one twice the last one counts. A `frame` is
/// allowed and not kept.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `too_many`, `bad_name` or `bad_shape`; then nothing of the line counts.
pub fn parse_outcomes(payload: &[u8]) -> Result<Vec<(VarName, Outcome)>> {
    let json = decode(payload)?;
    let whole = Piece::whole(&json);
    let items = match whole.read()? {
        Shallow::Array(items) => items.items(limits::MAX_VARS_PER_LINE),
        Shallow::Object(object) => (vec![object], 1),
        _ => return refuse(ErrorCode::BadShape, "r: takes an array of {name, status, value, reason}"),
    };
    read_each(at_most(items, limits::MAX_VARS_PER_LINE, "variables")?, outcome)
}

fn outcome(item: Piece<'_>) -> Result<(VarName, Outcome)> {
    let Shallow::Object(object) = item.read()? else {
        return refuse(ErrorCode::BadShape, "each entry is an object {name, status, value, reason}");
    };
    let object = object.fields_named(&["name", "status", "value", "reason"])?;
    let Some(Shallow::Text(name)) = object.read("name")? else {
        return refuse(ErrorCode::BadShape, "an entry has a name, which is a string");
    };
    let name = VarName::parse(&name)?;
    let status = match object.read("status")? {
        Some(Shallow::Text(word)) => word,
        _ => "".into(),
    };
    let outcome = match &*status {
        "applied" => Outcome::Applied,
        "clamped" => {
            let value = object.get("value").map(read_value).transpose()?;
            Outcome::Clamped { value, reason: text(&object, "reason")? }
        }
        "rejected" => Outcome::Rejected { reason: text(&object, "reason")? },
        _ => return refuse(ErrorCode::BadShape, "status is applied, clamped or rejected"),
    };
    Ok((name, outcome))
}

/// Reads what an action gave: `{"result": …}` as JSON text (`None` when it is missing), or `{"error": "…"}`.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep` or `bad_shape`.
pub fn parse_action_result(payload: &[u8]) -> Result<std::result::Result<Option<String>, String>> {
    let json = decode(payload)?;
    let Shallow::Object(object) = Piece::whole(&json).read()? else {
        return refuse(ErrorCode::BadShape, "an action answers {\"result\": …} or {\"error\": \"why\"}");
    };
    let object = object.fields_named(&["result", "error"])?;
    match object.read("error")? {
        Some(Shallow::Text(error)) => return bounded(Some(error.into_owned())).map(Err),
        Some(Shallow::Null) | None => {}
        Some(_) => return refuse(ErrorCode::BadShape, "error is a string"),
    }
    let result = object.get("result").map(|result| result.compact(limits::MAX_ACTION_RESULT_BYTES));
    result.transpose()?.map(bounded).transpose().map(Ok)
}

/// `None`: it was longer than it may be.
fn bounded(text: Option<String>) -> Result<String> {
    let most = limits::MAX_ACTION_RESULT_BYTES;
    match text {
        Some(text) if text.len() <= most => Ok(text),
        _ => refuse(ErrorCode::BadShape, format!("an action answers at most {most} bytes")),
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
