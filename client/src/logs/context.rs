//! The lines around lines.

use std::collections::HashSet;

use serde_json::Value as Json;

use crate::{
    Error,
    api::Api,
    console::Console,
    responses::{Context, LogLine},
    tail::Printer,
};

/// Prints lines with those around them, each one once.
pub(super) struct Contexts<'a> {
    pub(super) api: &'a Api,
    pub(super) path: &'a str,
    /// Lines before and after each.
    pub(super) around: u16,
    pub(super) printer: Printer,
}

impl Contexts<'_> {
    pub(super) fn print(&self, found: &[Json], console: &mut Console) -> Result<(), Error> {
        let seq_of = |line: &Json| line["seq"].as_u64().unwrap_or(0);
        let wanted: HashSet<u64> = found.iter().map(seq_of).collect();
        let (mut shown, mut last, mut is_cut) = (HashSet::new(), None, false);
        for seq in found.iter().map(seq_of) {
            let path = format!("{}/{seq}/context?lines={}", self.path, self.around);
            let Context { items, whole } = self.api.get(&path)?;
            is_cut |= !whole;
            let mut before = None;
            for line in items {
                let seq = seq_of(&line);
                if shown.insert(seq) {
                    if last.is_some() && last != before {
                        console.print("--\n")?;
                    }
                    self.print_line(line, wanted.contains(&seq), console)?;
                    last = Some(seq);
                }
                before = Some(seq);
            }
        }
        if is_cut {
            console.note("not all lines around these are shown: they are too long, or too far away");
        }
        Ok(())
    }

    fn print_line(&self, mut json: Json, is_match: bool, console: &mut Console) -> Result<(), Error> {
        let line: LogLine = serde_json::from_value(json.clone()).map_err(|error| {
            Error::Unreachable(format!("{} sent an invalid log line: {error}", self.api.url()))
        })?;
        let mark = if is_match { "> " } else { "  " };
        json["match"] = is_match.into();
        let text = self.printer.line(&line, &json);
        let text = if self.printer.is_text() { format!("{mark}{text}") } else { text };
        Ok(console.print(&text)?)
    }
}
