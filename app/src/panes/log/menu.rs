//! The menu of a value: what it is about, and whether the filter can find it.

use leptos::ev::MouseEvent;
use protocol::filter::{Candidate, Facet, Filter};
use protocol::model::{LogLine, UnixMicros};

use crate::format;

/// Characters of a value in a heading.
pub(super) const SHOWN_CHARS: usize = 60;

/// An open menu.
#[derive(Clone, PartialEq)]
pub(super) struct Menu {
    pub facet: Facet,
    /// Whether its term finds the line.
    pub is_findable: bool,
    pub value: String,
    /// Where its corner is, in the window.
    pub at: (f64, f64),
}

impl Menu {
    /// For a value of a line.
    pub(super) fn new(facet: Facet, line: &LogLine, device: &str, event: &MouseEvent) -> Self {
        let value = match &facet {
            Facet::Level(level) => level.to_string(),
            Facet::Device(value) | Facet::Field { value, .. } | Facet::Text(value) => value.clone(),
        };
        let is_findable = finds(&facet, line, device);
        let at = (f64::from(event.client_x()), f64::from(event.client_y()));
        Self { facet, is_findable, value, at }
    }

    pub(super) fn path(&self) -> Option<String> {
        match &self.facet {
            Facet::Field { path, .. } => Some(path.clone()),
            _ => None,
        }
    }

    pub(super) fn heading(&self) -> String {
        let value = format::shortened(&self.value, SHOWN_CHARS);
        match self.path() {
            Some(path) => format!("{path} = {value}"),
            None => value.into_owned(),
        }
    }
}

/// Whether the term for a value finds the line that it comes from. It does not for `null`, for example.
fn finds(facet: &Facet, line: &LogLine, device: &str) -> bool {
    let candidate = Candidate {
        level: line.level,
        message: &line.message,
        fields: line.fields.as_deref(),
        device,
        received: line.received,
    };
    let filter = facet.term().and_then(|term| Filter::parse(&term).ok());
    filter.is_some_and(|filter| filter.matches(&candidate, UnixMicros(0)))
}
