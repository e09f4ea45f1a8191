//! `DATABASE_URL` → which database.

use std::{fmt, path::PathBuf};

/// The database. `Display` and `Debug` never show a password.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A connection URL, including the password.
    Postgres(String),
}

impl Database {
    /// Reads `sqlite:PATH`, `sqlite://PATH`, `postgres://…` or `postgresql://…`.
    ///
    /// # Errors
    /// A sentence without the URL in it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let url = url.trim();
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(
                "this is not a database URL; use postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH".into()
            );
        };
        match scheme {
            "postgres" | "postgresql" if rest.starts_with("//") => Ok(Self::Postgres(url.to_owned())),
            "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
                "" | ":memory:" => {
                    Err("sqlite needs a file, such as sqlite:/var/lib/observerio/observerio.db".into())
                }
                path => Ok(Self::Sqlite(path.into())),
            },
            // only in a URL without a scheme, a password could be before the first colon
            _ if rest.starts_with("//") && scheme.len() < 20 => Err(format!(
                "observerio does not support {} databases; use postgres://… or sqlite:PATH",
                scheme.escape_debug()
            )),
            _ => Err("the scheme is missing; use postgres://… or sqlite:PATH".into()),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                // the last @, because a password may contain one
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "postgres://{place}")
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_are_read() {
        assert_eq!(Database::parse("sqlite:a/b.db"), Ok(Database::Sqlite("a/b.db".into())));
        assert_eq!(Database::parse("sqlite:///b.db"), Ok(Database::Sqlite("/b.db".into())));
        assert!(matches!(Database::parse("postgresql://h/n"), Ok(Database::Postgres(_))));
    }

    #[test]
    fn no_password_is_shown() {
        for url in [
            "postgres://u:hunter2@h:5432/n",
            "postgres://u:hunter2@x@h/n?password=hunter2",
            "postgres:///n?password=hunter2",
        ] {
            let database = Database::parse(url).unwrap();
            assert!(!format!("{database} {database:?}").contains("hunter2"), "{database}");
        }
        for url in ["mysql://u:hunter2@h/n", "u:hunter2@h/n", "hunter2", "sqlite:", "postgres:hunter2"] {
            assert!(!Database::parse(url).unwrap_err().contains("hunter2"));
        }
    }
}
