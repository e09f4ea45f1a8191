//! What the terminal shows once the server is up.

use std::fmt;

/// One line for each thing that people need next. `{:#}` adds colour.
#[derive(Debug)]
pub struct Banner {
    pub(crate) dashboard: String,
    pub(crate) games: String,
    pub(crate) data: String,
    pub(crate) set_up: Option<String>,
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bold, dim, end) = if f.alternate() { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        writeln!(f, "{bold}observerio{end} {}", env!("CARGO_PKG_VERSION"))?;
        let mut line = |label: &str, value: &str| writeln!(f, "  {dim}{label:<10}{end} {value}");
        line("Dashboard", &self.dashboard)?;
        line("Games", &self.games)?;
        line("Data", &self.data)?;
        if let Some(link) = &self.set_up {
            line("Set up", link)?;
            writeln!(f, "  {dim}open this link once, within 30 minutes, to become the owner{end}")?;
        }
        Ok(())
    }
}
