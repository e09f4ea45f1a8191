//! Where a setting comes from, so that errors name the flag or the variable.

use clap::{ArgMatches, parser::ValueSource};

use super::ConfigError;

/// Where the settings of one command line come from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a>(&'a ArgMatches);

impl<'a> Sources<'a> {
    pub(crate) fn new(matches: &'a ArgMatches) -> Self {
        Self(matches)
    }

    /// The source of the argument with this id (its field's name), whose variable has the same name.
    pub(super) fn of(self, id: &str) -> Source {
        self.named(id, &format!("OBSERVERIO_{}", id.to_ascii_uppercase()))
    }

    /// The source of the argument with this id and variable.
    pub(super) fn named(self, id: &str, variable: &str) -> Source {
        Source(match self.0.value_source(id) {
            Some(ValueSource::CommandLine) => Given::Flag(format!("--{}", id.replace('_', "-"))),
            _ => Given::Variable(variable.to_owned()),
        })
    }
}

/// Where one setting comes from, for the sentence that says what is wrong with it.
pub(super) struct Source(Given);

enum Given {
    Flag(String),
    Variable(String),
}

impl Source {
    pub(super) fn refuse(&self, why: impl std::fmt::Display) -> ConfigError {
        match &self.0 {
            Given::Flag(flag) => ConfigError::Usage(format!("{flag}: {why}")),
            Given::Variable(variable) => ConfigError::Setting(format!("{variable}: {why}")),
        }
    }
}

/// An empty variable counts as unset, as people expect from `OBSERVERIO_X= observerio`.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
