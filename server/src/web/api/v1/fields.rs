//! Types of fields that many responses share.

use protocol::model::{Desired, UnixMicros, Value};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{SchemaType, Type},
    },
};

/// A point in time: RFC 3339 in UTC with microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) UnixMicros);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_rfc3339_micros())
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let time = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339 in UTC with microseconds."))
            .examples(["2026-11-26T01:02:03.123456Z"]);
        time.into()
    }
}

impl ToSchema for Time {}

impl From<UnixMicros> for Time {
    fn from(at: UnixMicros) -> Self {
        Self(at)
    }
}

/// JSON as stored: 64-bit integers are exact.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Exact(Box<RawValue>);

impl Exact {
    /// Text that was JSON when it was stored; `None` if it no longer is.
    pub(super) fn read(text: String) -> Option<Self> {
        RawValue::from_string(text).ok().map(Self)
    }

    pub(super) fn text(&self) -> &str {
        self.0.get()
    }
}

impl From<&Value> for Exact {
    fn from(value: &Value) -> Self {
        Self(RawValue::from_string(value.to_json()).expect("a value writes JSON"))
    }
}

impl PartialSchema for Exact {
    fn schema() -> RefOr<Schema> {
        let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some(
            "Any JSON. Integers are exact from −2⁶³ to 2⁶⁴−1, and of any size inside an array or an object.",
        ));
        any.into()
    }
}

impl ToSchema for Exact {
    fn name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }
}

/// A variable's desired value.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Desired)]
pub(super) struct DesiredValue {
    value: Exact,
    /// The revision that set it.
    revision: i64,
    /// Who set it.
    author: String,
    at: Time,
}

impl DesiredValue {
    /// `None` if it was let go.
    pub(super) fn new(desired: Desired) -> Option<Self> {
        let Desired { value, revision, author, at } = desired;
        Some(Self { value: value.as_ref()?.into(), revision: revision.0, author, at: at.into() })
    }
}
