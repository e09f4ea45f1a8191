//! Cells with a meaning beyond their number or text.

use protocol::model::{AllowedOrigins, Handle, Key, ProjectRole, Value, VarName};

use super::error::{Result, damaged};

/// A session's or a link's token as it is stored: its SHA-256.
pub type TokenHash = [u8; 32];

/// The handle of a hash in lists: enough to identify it, and no way back to the token.
pub(crate) fn handle(hash: &TokenHash) -> Handle {
    Handle(hash[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) fn key(text: &str) -> Result<Key> {
    Key::parse(text.as_bytes()).map_err(|_| damaged("a project has a malformed key"))
}

pub(super) fn origins(text: &str) -> Result<AllowedOrigins> {
    AllowedOrigins::parse(text).map_err(|_| damaged("a key has a malformed origin"))
}

pub(super) fn project_role(word: &str) -> Result<ProjectRole> {
    word.parse().map_err(|_| damaged("a member has an unknown role"))
}

pub(super) fn token_hash(bytes: Vec<u8>) -> Result<TokenHash> {
    bytes.try_into().map_err(|_| damaged("a token's digest has not 32 bytes"))
}

/// A value from its JSON.
pub(super) fn value(json: &str) -> Result<Value> {
    Value::parse_json(json).ok_or_else(|| damaged("a value is not JSON"))
}

pub(super) fn var_name(text: &str) -> Result<VarName> {
    VarName::parse(text).map_err(|_| damaged("a variable has a malformed name"))
}
