//! Errors of commands.

use std::io;

/// One sentence for the user: what is wrong and what to do. Never contains a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// The server refused it, or games did not apply it.
    #[error("{0}")]
    Refused(String),
    /// The server can't be reached, or is unavailable.
    #[error("{0}")]
    Unreachable(String),
    /// They are not signed in, or not allowed to do this.
    #[error("{0}")]
    NotAllowed(String),
    /// A variable, a file or an address is invalid.
    #[error("{0}")]
    Setting(String),
    /// The output can't be written.
    #[error("the output can't be written: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// A stable word for each kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::Refused(_) => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::NotAllowed(_) => "not_allowed",
            Self::Setting(_) => "setting",
            Self::Output(_) => "output",
        }
    }

    /// The exit status: those of `sysexits.h` where it has one.
    pub fn status(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 69, // EX_UNAVAILABLE
            Self::NotAllowed(_) => 77,  // EX_NOPERM
            Self::Setting(_) => 78,     // EX_CONFIG
        }
    }

    /// The reader of the output stopped early: `observerio vars | head -1`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_status_and_its_word() {
        let text = String::new;
        let all = [
            (Error::Refused(text()), "refused", 1),
            (Error::Output(io::ErrorKind::StorageFull.into()), "output", 1),
            (Error::Usage(text()), "usage", 2),
            (Error::Unreachable(text()), "unreachable", 69),
            (Error::NotAllowed(text()), "not_allowed", 77),
            (Error::Setting(text()), "setting", 78),
        ];
        for (error, code, status) in all {
            assert_eq!((error.code(), error.status()), (code, status));
            assert!(!error.is_broken_pipe());
        }
        assert!(Error::Output(io::ErrorKind::BrokenPipe.into()).is_broken_pipe());
    }
}
