//! What the server says on the line → bytes, and [back](read).

mod content;
mod read;

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value as Json;

use crate::{
    ErrorCode, ProtocolError,
    model::{Key, Revision, Value, VarName, VarRevision, WireForm},
};

pub use content::{Changes, Edit, ServerHello, parse_action, parse_edits, parse_revised, parse_server_hello};
pub use read::{Reply, parse_reply};

/// The answer to `v:`.
pub const OK: &[u8] = b"OK\n";

/// One edited variable on its way to a game.
#[derive(Clone, Copy, Debug)]
pub struct Edited<'a> {
    /// Its name.
    pub name: &'a VarName,
    /// Its type, by the name that the game has for it.
    pub type_name: &'a str,
    /// Its desired value.
    pub value: &'a Value,
    /// The JSON type in which this game wants it.
    pub form: WireForm,
}

/// The payload of the server's `v:`: base64 of one object for one variable, of an array for several.
/// It has no key in it, so that every game in the same state shares it.
pub fn encode_edits(edits: &[Edited<'_>]) -> Vec<u8> {
    let mut json = String::with_capacity(edits.len() * 64);
    if edits.len() != 1 {
        json.push('[');
    }
    for (i, edit) in edits.iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        write_fields(&mut json, edit);
        json.push('}');
    }
    if edits.len() != 1 {
        json.push(']');
    }
    STANDARD.encode(json).into_bytes()
}

/// The object of one variable, still open.
fn write_fields(json: &mut String, edit: &Edited<'_>) {
    let name = Json::from(edit.name.as_str());
    let type_name = Json::from(edit.type_name);
    let value = edit.value.to_wire(edit.form);
    write!(json, r#"{{"name":{name},"type":{type_name},"value":{value}"#).expect("a String takes all");
}

/// The desired values that a game of version 2 lacks.
#[derive(Clone, Copy, Debug)]
pub struct Revised<'a> {
    /// The history that the revisions count in.
    pub epoch: &'a str,
    /// These are all desired values; what the game had beyond them counts no longer.
    pub full: bool,
    /// Each with the revision that set it.
    pub vars: &'a [(Edited<'a>, VarRevision)],
    /// Variables whose edit was let go since: the game goes back to its own value.
    pub removed: &'a [&'a VarName],
}

/// The payload of version 2's `v:`, as base64 or as bare JSON. It has no key in it, so that every game in
/// the same state shares it.
pub fn encode_revised(revised: &Revised<'_>, bare: bool) -> Vec<u8> {
    let mut json = String::with_capacity(64 + revised.vars.len() * 80);
    let epoch = Json::from(revised.epoch);
    write!(json, r#"{{"epoch":{epoch},"full":{},"vars":["#, revised.full).expect("a String takes all");
    for (i, (edit, revision)) in revised.vars.iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        write_fields(&mut json, edit);
        write!(json, r#","rev":{revision}}}"#).expect("a String takes all");
    }
    json.push_str(r#"],"removed":["#);
    for (i, name) in revised.removed.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        write!(json, "{comma}{}", Json::from(name.as_str())).expect("a String takes all");
    }
    json.push_str("]}");
    if bare { json.into_bytes() } else { STANDARD.encode(json).into_bytes() }
}

/// Puts `v:<key>:<rev>:<payload>` and the newline at the end of `out`.
pub fn write_revised(out: &mut Vec<u8>, key: Key, revision: Revision, payload: &[u8]) {
    out.extend_from_slice(format!("v:{}:{revision}:", key.as_str()).as_bytes());
    out.extend_from_slice(payload);
    out.push(b'\n');
}

/// Puts `s:<key>:<rev>` at the end of `out`: the game has everything up to `revision`.
pub fn write_in_sync(out: &mut Vec<u8>, key: Key, revision: Revision) {
    out.extend_from_slice(format!("s:{}:{revision}\n", key.as_str()).as_bytes());
}

/// Puts `a:<key>:<seq>` at the end of `out`: everything up to `seq` is on disk.
pub fn write_ack(out: &mut Vec<u8>, key: Key, seq: u64) {
    out.extend_from_slice(format!("a:{}:{seq}\n", key.as_str()).as_bytes());
}

/// Puts `n:<key>:<seq>:<code>[:<ms>]` at the end of `out`: refused for good, or to be sent again from `seq`
/// after so many milliseconds.
pub fn write_nack(out: &mut Vec<u8>, key: Key, seq: u64, code: ErrorCode, retry_millis: Option<u64>) {
    let line = match retry_millis {
        None => format!("n:{}:{seq}:{code}\n", key.as_str()),
        Some(millis) => format!("n:{}:{seq}:{code}:{millis}\n", key.as_str()),
    };
    out.extend_from_slice(line.as_bytes());
}

/// Puts `n:<key>:<seq>:<code> <places>` at the end of `out`: these entries of the line were refused for good, and the others
/// are stored.
pub fn write_entries_nack(out: &mut Vec<u8>, key: Key, seq: u64, code: ErrorCode, places: &str) {
    out.extend_from_slice(format!("n:{}:{seq}:{code} {places}\n", key.as_str()).as_bytes());
}

/// Puts `x:<key>:x<id>:<payload>` at the end of `out`. `args` is JSON.
pub fn write_action(out: &mut Vec<u8>, key: Key, id: u64, name: &VarName, args: Option<&str>, bare: bool) {
    let json = format!(r#"{{"name":{},"args":{}}}"#, Json::from(name.as_str()), args.unwrap_or("null"));
    let payload = if bare { json } else { STANDARD.encode(json) };
    out.extend_from_slice(format!("x:{}:x{id}:{payload}\n", key.as_str()).as_bytes());
}

/// Puts `p:<token>` at the end of `out`.
pub fn write_ping(out: &mut Vec<u8>, token: u32) {
    out.extend_from_slice(format!("p:{token}\n").as_bytes());
}

/// Puts `q:<token>` at the end of `out`, the answer to the game's `p:<token>`.
pub fn write_pong(out: &mut Vec<u8>, token: &[u8]) {
    out.extend_from_slice(b"q:");
    out.extend_from_slice(token);
    out.push(b'\n');
}

/// Puts `d:<ms>` at the end of `out`: the server goes down, connect again after a random part of so many
/// milliseconds.
pub fn write_drain(out: &mut Vec<u8>, millis: u64) {
    out.extend_from_slice(format!("d:{millis}\n").as_bytes());
}

/// Puts `v:<key>:<payload>` and the newline at the end of `out`.
pub fn write_edits(out: &mut Vec<u8>, key: Key, payload: &[u8]) {
    out.extend_from_slice(b"v:");
    out.extend_from_slice(key.as_bytes());
    out.push(b':');
    out.extend_from_slice(payload);
    out.push(b'\n');
}

/// `ERR <code> <text>` with its newline. Control characters of the text become blanks: it is one line.
pub fn encode_error(error: &ProtocolError) -> Vec<u8> {
    let text = error.text.replace(|c: char| c.is_control(), " ");
    format!("ERR {} {text}\n", error.code).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn one_edit_is_an_object_and_several_are_an_array() {
        let name = VarName::parse("a\"b").unwrap();
        let value = Value::Int(7i64.into());
        let edit = Edited { name: &name, type_name: "integer", value: &value, form: WireForm::Text };
        let decode = |payload: Vec<u8>| String::from_utf8(STANDARD.decode(payload).unwrap()).unwrap();
        assert_eq!(decode(encode_edits(&[edit])), r#"{"name":"a\"b","type":"integer","value":"7"}"#);
        let native = Edited { form: WireForm::Native, ..edit };
        assert_eq!(
            decode(encode_edits(&[edit, native])),
            r#"[{"name":"a\"b","type":"integer","value":"7"},{"name":"a\"b","type":"integer","value":7}]"#
        );
    }

    #[test]
    fn a_revised_value_says_which_revision_set_it() {
        let name = VarName::parse("speed").unwrap();
        let value = Value::Int(7i64.into());
        let edit = Edited { name: &name, type_name: "integer", value: &value, form: WireForm::Text };
        let vars = [(edit, VarRevision(3))];
        let revised = Revised { epoch: "e-1", full: true, vars: &vars, removed: &[] };
        let expected = br#"{"epoch":"e-1","full":true,"vars":[{"name":"speed","type":"integer","value":"7","rev":3}],"removed":[]}"#;
        assert_eq!(encode_revised(&revised, true), expected);
        assert_eq!(STANDARD.decode(encode_revised(&revised, false)).unwrap(), expected);

        let quoted = VarName::parse("a\"b").unwrap();
        let revised = Revised { epoch: "e-1", full: false, vars: &[], removed: &[&name, &quoted] };
        let expected = br#"{"epoch":"e-1","full":false,"vars":[],"removed":["speed","a\"b"]}"#;
        assert_eq!(encode_revised(&revised, true), expected);
    }

    #[test]
    fn the_lines_of_version_2_are_as_the_contract_has_them() {
        let key = Key::parse(b"0123456789ab").unwrap();
        let line = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).unwrap()
        };
        let name = VarName::parse("spawn").unwrap();
        assert_eq!(line(&|out| write_ack(out, key, 7)), "a:0123456789ab:7\n");
        assert_eq!(
            line(&|out| write_nack(out, key, 7, ErrorCode::BadJson, None)),
            "n:0123456789ab:7:bad_json\n"
        );
        assert_eq!(
            line(&|out| write_nack(out, key, 7, ErrorCode::Busy, Some(50))),
            "n:0123456789ab:7:busy:50\n"
        );
        assert_eq!(
            line(&|out| write_entries_nack(out, key, 7, ErrorCode::BadShape, "3,+2")),
            "n:0123456789ab:7:bad_shape 3,+2\n"
        );
        assert_eq!(line(&|out| write_revised(out, key, Revision(41), b"e30=")), "v:0123456789ab:41:e30=\n");
        assert_eq!(line(&|out| write_in_sync(out, key, Revision(41))), "s:0123456789ab:41\n");
        let action = line(&|out| write_action(out, key, 5, &name, Some("[1]"), true));
        assert_eq!(action, "x:0123456789ab:x5:{\"name\":\"spawn\",\"args\":[1]}\n");
        assert_eq!(line(&|out| write_ping(out, 9)), "p:9\n");
        assert_eq!(line(&|out| write_pong(out, b"9")), "q:9\n");
        assert_eq!(line(&|out| write_drain(out, 5000)), "d:5000\n");
    }

    #[test]
    fn an_error_is_one_line() {
        let error = ProtocolError::new(ErrorCode::BadJson, "a\nb\x1b[31m");
        assert_eq!(encode_error(&error), b"ERR bad_json a b [31m\n");
    }
}
