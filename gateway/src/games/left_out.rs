//! What a game is told when not all of a report is taken.

use protocol::{ErrorCode, ProtocolError, limits::MAX_VARS_PER_PROJECT, model::VarName};

use crate::live::News;

/// Which variables were left out, and why; `None`: none was.
pub(super) fn tell(news: &News) -> Option<ProtocolError> {
    match (&news.left_out[..], &news.refused[..], &news.waiting[..]) {
        ([], [], []) => None,
        ([], [], names) => Some(waits(names)),
        ([], names, _) => Some(reports_only(names)),
        (names, ..) => Some(no_room_for(names, news.is_too_large)),
    }
}

fn no_room_for(names: &[VarName], is_too_large: bool) -> ProtocolError {
    let why = if is_too_large {
        "the declarations and values of this project have reached their size limit".to_owned()
    } else {
        format!("a project has at most {MAX_VARS_PER_PROJECT} variables")
    };
    ProtocolError::new(ErrorCode::TooMany, format!("{why}; left out: {}", some_of(names)))
}

fn reports_only(names: &[VarName]) -> ProtocolError {
    let names = some_of(names);
    let text = format!(
        "this key may only report values of known variables; not declared: {names}. Declare them with another key, or ask an admin to change the rights of this one"
    );
    ProtocolError::new(ErrorCode::ReportOnly, text)
}

fn waits(names: &[VarName]) -> ProtocolError {
    let names = some_of(names);
    let text = format!(
        "the declarations of this project are frozen; these wait until an admin consents: {names}. Values of known variables are accepted"
    );
    ProtocolError::new(ErrorCode::Frozen, text)
}

fn some_of(names: &[VarName]) -> String {
    const MOST_NAMES: usize = 5;
    let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(VarName::as_str).collect();
    let mut text = shown.join(", ");
    if names.len() > MOST_NAMES {
        text.push_str(&format!(" and {} more", names.len() - MOST_NAMES));
    }
    text
}
