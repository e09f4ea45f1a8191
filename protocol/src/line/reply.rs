//! What the server says on the line → bytes.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value as Json;

use crate::{
    ProtocolError,
    model::{Key, Value, VarName, VarType, WireForm},
};

/// The answer to `v:`.
pub const OK: &[u8] = b"OK\n";

/// One edited variable on its way to a game.
#[derive(Clone, Copy, Debug)]
pub struct Edited<'a> {
    /// Its name.
    pub name: &'a VarName,
    /// Its declared type.
    pub var_type: &'a VarType,
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
        let name = Json::from(edit.name.as_str());
        let var_type = Json::from(edit.var_type.as_str());
        let value = edit.value.to_wire(edit.form);
        write!(json, r#"{{"name":{name},"type":{var_type},"value":{value}}}"#).expect("a String takes all");
    }
    if edits.len() != 1 {
        json.push(']');
    }
    STANDARD.encode(json).into_bytes()
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
        let edit = Edited { name: &name, var_type: &VarType::Integer, value: &value, form: WireForm::Text };
        let decode = |payload: Vec<u8>| String::from_utf8(STANDARD.decode(payload).unwrap()).unwrap();
        assert_eq!(decode(encode_edits(&[edit])), r#"{"name":"a\"b","type":"integer","value":"7"}"#);
        let native = Edited { form: WireForm::Native, ..edit };
        assert_eq!(
            decode(encode_edits(&[edit, native])),
            r#"[{"name":"a\"b","type":"integer","value":"7"},{"name":"a\"b","type":"integer","value":7}]"#
        );
    }

    #[test]
    fn an_error_is_one_line() {
        let error = ProtocolError::new(ErrorCode::BadJson, "a\nb\x1b[31m");
        assert_eq!(encode_error(&error), b"ERR bad_json a b [31m\n");
    }
}
