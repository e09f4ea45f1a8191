//! Where a setting comes from, so that what is wrong with it can be said in the terms of who set it.

use clap::{ArgMatches, parser::ValueSource};

use super::ConfigError;

/// Where the settings of one command line come from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a>(&'a ArgMatches);

impl<'a> Sources<'a> {
    pub(crate) fn new(matches: &'a ArgMatches) -> Self {
        Self(matches)
    }

    /// Of the argument with this id (its field's name) and variable.
    pub(super) fn of(self, id: &str, variable: &'static str) -> Source {
        Source {
            on_command_line: self.0.value_source(id) == Some(ValueSource::CommandLine),
            flag: format!("--{}", id.replace('_', "-")),
            variable,
        }
    }
}

/// Where one setting comes from, for the sentence that says what is wrong with it.
pub(super) struct Source {
    on_command_line: bool,
    flag: String,
    variable: &'static str,
}

impl Source {
    pub(super) fn refuse(&self, why: impl std::fmt::Display) -> ConfigError {
        match self.on_command_line {
            true => ConfigError::Usage(format!("{}: {why}", self.flag)),
            false => ConfigError::Setting(format!("{}: {why}", self.variable)),
        }
    }
}

/// An empty variable is an unset one: that is what `OBSERVERIO_X= observerio` means to people.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
