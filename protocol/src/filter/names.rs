//! What can stand before a sign.

/// Before the name of a field, if that means something else without it.
pub(super) const FIELDS: &str = "fields.";

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Level,
    Device,
    Message,
    Since,
    Before,
    Revision,
    /// A built-in property of another log server that has no counterpart here.
    Foreign,
    /// A further field.
    Field(&'a str),
}

/// Names of Seq (`@Level`) and of VictoriaLogs (`_msg`) have the meaning that they have there.
const KNOWN: [(&str, Name<'static>); 22] = [
    ("level", Name::Level),
    ("@level", Name::Level),
    ("@l", Name::Level),
    ("device", Name::Device),
    ("message", Name::Message),
    ("@message", Name::Message),
    ("@messagetemplate", Name::Message),
    ("@m", Name::Message),
    ("@mt", Name::Message),
    ("_msg", Name::Message),
    ("since", Name::Since),
    ("after", Name::Since),
    ("_time", Name::Since),
    ("before", Name::Before),
    ("until", Name::Before),
    ("rev", Name::Revision),
    ("revision", Name::Revision),
    ("@timestamp", Name::Foreign),
    ("@exception", Name::Foreign),
    ("@properties", Name::Foreign),
    ("@t", Name::Foreign),
    ("_stream", Name::Foreign),
];

/// The meaning of a name, in any case.
pub(super) fn of(name: &str) -> Name<'_> {
    if let Some((_, known)) = KNOWN.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
        return *known;
    }
    let prefix = name.get(..FIELDS.len()).filter(|prefix| prefix.eq_ignore_ascii_case(FIELDS));
    match prefix.map(|prefix| &name[prefix.len()..]) {
        Some(path) if !path.is_empty() => Name::Field(path),
        _ => Name::Field(name),
    }
}

/// Whether it can be a name: not a number, and not `a-` of `a->b`.
pub(super) fn is_name(text: &str) -> bool {
    let start = text.strip_prefix('@').unwrap_or(text);
    text.chars().skip(1).all(is_of_name)
        && start.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !text.ends_with('-')
}

pub(super) fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// Whether somebody who types it with a time most likely wants to select by time.
pub(super) fn is_of_time(name: &str) -> bool {
    ["from", "to", "time", "date", "timestamp"].iter().any(|known| name.eq_ignore_ascii_case(known))
}
