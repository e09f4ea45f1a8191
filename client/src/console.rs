//! Standard output and standard error.

use std::{
    env,
    io::{self, IsTerminal as _, Write},
};

/// Where a command writes.
pub(crate) struct Console {
    /// The command's output.
    pub out: Box<dyn Write>,
    /// Messages and errors.
    pub err: Box<dyn Write>,
    /// Whether `out` may have colours.
    pub has_colors: bool,
    /// Whether `err` may show progress.
    pub shows_progress: bool,
}

impl Console {
    /// The process's own. Colours only on a terminal, and not if `NO_COLOR` (no-color.org) is set.
    pub(crate) fn of_process() -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            has_colors: io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb,
            shows_progress: io::stderr().is_terminal() && !is_dumb,
        }
    }

    /// Writes what was asked for.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Prints one sentence to standard error; errors are ignored.
    pub(crate) fn note(&mut self, sentence: &str) {
        let _ = writeln!(self.err, "observerio: {sentence}");
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::*;

    /// What was written to either.
    #[derive(Clone, Default)]
    pub(crate) struct Captured(Rc<RefCell<Vec<u8>>>);

    impl Captured {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A console that is no terminal.
    pub(crate) fn captured() -> (Console, Captured) {
        let captured = Captured::default();
        let (out, err) = (Box::new(captured.clone()), Box::new(captured.clone()));
        (Console { out, err, has_colors: false, shows_progress: false }, captured)
    }
}
