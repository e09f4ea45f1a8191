//! What is wrong with the settings.

/// Why there is no [`Config`](super::Config).
#[derive(Debug)]
pub enum ConfigError {
    /// Not an error: help or the version, for standard output.
    Help(String),
    /// The command line is invalid: one sentence, exit status 2.
    Usage(String),
    /// A setting is invalid: one sentence, exit status 78.
    Setting(String),
}
