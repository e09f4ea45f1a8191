//! Responses of version 1 of the HTTP API, as far as commands need them.

use protocol::model::{Level, Value};
use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, value::RawValue};

/// `GET /me`.
#[derive(Debug, Deserialize)]
pub(crate) struct Me {
    pub user: Person,
    pub token: Option<TokenInfo>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Person {
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TokenInfo {
    pub name: String,
    pub scope: String,
    pub expires_at: String,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Project {
    pub id: i64,
    pub name: String,
    pub role: String,
    pub devices: u32,
    pub online: u32,
    pub last_seen: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Device {
    pub id: i64,
    pub name: String,
    pub online: bool,
    /// It reports what it applied.
    pub acknowledges: bool,
    /// The newest revision that it reported as applied.
    #[serde(default)]
    pub applied_revision: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Variable {
    pub name: String,
    #[serde(rename = "type")]
    pub var_type: String,
    #[serde(default)]
    pub spec: Spec,
    pub desired: Option<Desired>,
    pub reported: Vec<Reported>,
    pub applied: Vec<Applied>,
    /// The cursor of what other devices say.
    #[serde(default)]
    pub next: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    /// No game has declared the type.
    pub inferred: bool,
    pub options: Vec<Choice>,
    pub group: Option<String>,
    pub label: Option<String>,
}

/// One option of an `enum`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Choice {
    pub label: Option<String>,
    #[serde(deserialize_with = "value")]
    pub value: Value,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Desired {
    #[serde(deserialize_with = "value")]
    pub value: Value,
    pub revision: i64,
    pub author: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reported {
    pub device: i64,
    #[serde(deserialize_with = "value")]
    pub value: Value,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Applied {
    pub device: i64,
    pub revision: i64,
    pub status: String,
    #[serde(default)]
    pub value: Option<Box<RawValue>>,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub round_trip_ms: Option<f64>,
}

/// Whether declarations are frozen, and which ones wait.
#[derive(Debug, Deserialize)]
pub(crate) struct Schema {
    pub frozen: bool,
    pub waiting: Vec<WaitingDeclaration>,
    pub gave_way: usize,
}

#[derive(Debug, Deserialize)]
pub(crate) struct WaitingDeclaration {
    pub name: String,
    pub device: i64,
    pub device_name: String,
    pub online: bool,
    pub new: bool,
    pub differences: Vec<Difference>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Difference {
    pub field: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// The response to an edit.
#[derive(Debug, Deserialize)]
pub(crate) struct Saved {
    pub revision: i64,
    /// Connected games that it was sent to.
    pub games: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LogLine {
    pub seq: u64,
    #[serde(default)]
    pub device_name: Option<String>,
    /// RFC 3339.
    pub at: String,
    #[serde(deserialize_with = "level")]
    pub level: Level,
    pub message: String,
    #[serde(default)]
    pub fields: Option<Json>,
    /// What was wrong with the entry.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A page of log lines.
#[derive(Debug, Deserialize)]
pub(crate) struct LogPage {
    pub items: Vec<Json>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// When the last line that was searched was received.
    #[serde(default)]
    pub searched_to: Option<String>,
}

/// The lines of a device around one of its lines.
#[derive(Debug, Deserialize)]
pub(crate) struct Context {
    pub items: Vec<Json>,
    /// These are all that were asked for and are there.
    pub whole: bool,
}

/// An error from the server.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub code: String,
    pub message: String,
    #[serde(default)]
    pub conflicts: Vec<Conflict>,
}

/// A variable that somebody else has set since.
#[derive(Debug, Deserialize)]
pub(crate) struct Conflict {
    pub name: String,
    pub current: Option<Desired>,
}

fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    // from the text, because large numbers lose digits in a tree
    let json = Box::<RawValue>::deserialize(deserializer)?;
    Value::parse_json(json.get()).ok_or_else(|| serde::de::Error::custom("a number out of range"))
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    let word = String::deserialize(deserializer)?;
    Level::parse(&word).ok_or_else(|| serde::de::Error::custom("an unknown level"))
}
