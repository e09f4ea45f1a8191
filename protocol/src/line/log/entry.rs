//! One log entry, and what was done to it so that it can be stored.

use std::borrow::Cow;

use crate::{
    ErrorCode,
    error::{Result, refuse},
    json::{Fields, Piece, Shallow, check},
    limits,
    model::{Level, LogEntry, LogNote, UnixMicros},
};

pub(super) fn log_entry(item: Piece<'_>) -> Result<LogEntry> {
    let Shallow::Object(object) = item.read()? else {
        return refuse(ErrorCode::BadShape, "each log entry is an object {message, timestamp, level}");
    };
    let (mut object, _) = object.fields(usize::MAX)?;
    let Some(said) = object.remove("message") else {
        return refuse(ErrorCode::BadShape, "a log entry has a message");
    };
    let (message, mut done) = message(said)?;
    let level = take(&mut object, "level", level)?.unwrap_or_default();
    let at = take(&mut object, "timestamp", timestamp)?;
    (done.fields, done.bytes) = object.shed(limits::MAX_LOG_FIELDS_BYTES);
    let note = done.note();
    let fields = match &note {
        None if object.is_empty() => None,
        None => Some(object.compact()?),
        Some(note) => Some(object.with("message", Piece::whole(note)).compact()?),
    };
    Ok(LogEntry { message, level, at, fields })
}

/// What was done to an entry so that it can be stored.
#[derive(Default)]
struct Done {
    /// Bytes of the message that were cut off.
    cut: usize,
    /// Characters U+0000 of the message that were replaced.
    zeros: usize,
    /// Fields that were left out.
    fields: usize,
    /// How many bytes they had.
    bytes: usize,
}

impl Done {
    /// As JSON, for the place of the message among the fields; `None` when nothing was done.
    fn note(&self) -> Option<String> {
        let Self { cut, zeros, fields, bytes } = *self;
        let counts = [("bytes", bytes), ("cut", cut), ("fields", fields), ("zeros", zeros)];
        let counts = counts.iter().filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts.map(|(name, count)| format!("\"{name}\":{count}")).collect();
        (!counts.is_empty()).then(|| format!("{{{}}}", counts.join(",")))
    }
}

/// A field by its meaning. One that says nothing is left out; one that can't be read stays among the fields, which is how
/// [`log_notes`] knows of it.
fn take<T>(
    object: &mut Fields<'_>,
    name: &str,
    read: impl Fn(&Shallow<'_>) -> Option<T>,
) -> Result<Option<T>> {
    let Some(said) = object.read(name)? else { return Ok(None) };
    let meaning = read(&said);
    let says_nothing = match &said {
        Shallow::Null => true,
        Shallow::Text(text) => text.trim().is_empty(),
        _ => false,
    };
    if meaning.is_some() || says_nothing {
        object.remove(name);
    }
    Ok(meaning)
}

/// The message, and what was done to it.
fn message(piece: Piece<'_>) -> Result<(String, Done)> {
    let text = match piece.read()? {
        Shallow::Text(text) => text,
        // `log(x)` of many games hands over whatever x is
        _ => Cow::Owned(piece.compact(usize::MAX)?.unwrap_or_default()),
    };
    match text.len() <= limits::MAX_MESSAGE_BYTES && !text.contains('\0') {
        true => Ok((text.into_owned(), Done::default())),
        false => Ok(mended(&text)),
    }
}

/// Within the limit, and without U+0000, which Postgres can't store.
fn mended(text: &str) -> (String, Done) {
    let zeros = text.matches('\0').count();
    let text = text.replace('\0', "\u{fffd}");
    let kept = &text[..text.floor_char_boundary(limits::MAX_MESSAGE_BYTES)];
    (kept.to_owned(), Done { cut: text.len() - kept.len(), zeros, ..Done::default() })
}

fn level(said: &Shallow<'_>) -> Option<Level> {
    match said {
        Shallow::Number(n) => n.as_i64().and_then(Level::from_number),
        Shallow::Text(word) => {
            Level::parse(word.trim()).or_else(|| word.trim().parse().ok().and_then(Level::from_number))
        }
        _ => None,
    }
}

fn timestamp(said: &Shallow<'_>) -> Option<UnixMicros> {
    match said {
        Shallow::Number(n) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(i), ..) => UnixMicros::from_magnitude(i.into()),
            (_, Some(u), _) => UnixMicros::from_magnitude(u.into()),
            (.., Some(f)) => UnixMicros::from_fractional(f),
            _ => None,
        },
        Shallow::Text(text) => UnixMicros::parse(text.trim()),
        _ => None,
    }
}

/// The [fields](LogEntry::fields) of an entry that was stored before they had a limit, as they would be stored now: the
/// longest are left out, which [`log_notes`] says.
pub fn shorten_fields(fields: &str) -> String {
    shortened(fields).unwrap_or_else(|| {
        let all = Done { fields: 1, bytes: fields.len(), ..Done::default() };
        format!("{{\"message\":{}}}", all.note().unwrap_or_default())
    })
}

/// `None` when it is no object, or nothing of it is too long.
fn shortened(fields: &str) -> Option<String> {
    check(fields.as_bytes()).ok()?;
    let Shallow::Object(object) = Piece::whole(fields).read().ok()? else { return None };
    let (mut object, _) = object.fields(usize::MAX).ok()?;
    // of an earlier note, which says less
    object.remove("message");
    let (fields, bytes) = object.shed(limits::MAX_LOG_FIELDS_BYTES);
    let note = Done { fields, bytes, ..Done::default() }.note()?;
    object.with("message", Piece::whole(&note)).compact().ok()
}

/// What was not as it should be with an entry that has these [fields](LogEntry::fields).
pub fn log_notes(fields: &str) -> Vec<LogNote> {
    const NAMES: [&str; 3] = ["message", "timestamp", "level"];
    const DONE: [&str; 4] = ["bytes", "cut", "fields", "zeros"];
    if !fields.starts_with('{') || NAMES.iter().all(|name| !fields.contains(name)) {
        return Vec::new();
    }
    let Ok(fields) = Piece::whole(fields).fields_named(&NAMES) else { return Vec::new() };
    let said = |name: &str| fields.get(name).map(|piece| piece.text().to_owned());
    let mut notes: Vec<LogNote> = said("timestamp").map(LogNote::Time).into_iter().collect();
    notes.extend(said("level").map(LogNote::Level));
    if let Some(Ok(done)) = fields.get("message").map(|piece| piece.fields_named(&DONE)) {
        let count = |name| match done.read(name) {
            Ok(Some(Shallow::Number(count))) => count.as_u64(),
            _ => None,
        };
        notes.extend(count("cut").map(LogNote::Cut));
        notes.extend(count("zeros").map(LogNote::Zeros));
        let left_out = count("fields").zip(count("bytes"));
        notes.extend(left_out.map(|(fields, bytes)| LogNote::LeftOut { fields, bytes }));
    }
    notes
}
