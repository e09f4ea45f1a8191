//! Keys, names and numbers that identify things.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, ProtocolError, limits};

macro_rules! numeric_id {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )+};
}

numeric_id! {
    /// A project, as the database numbers it.
    ProjectId,
    /// A device of a project, as the database numbers it.
    DeviceId,
    /// A person's account, as the database numbers it.
    UserId,
    /// A game key, as the database numbers it.
    KeyId,
    /// An API token, as the database numbers it.
    TokenId,
    /// Counts the edits of one project: 0 = never edited, +1 with every edit.
    Revision,
    /// Which edit of the project was the newest one of a variable: 0 = none. A type of its own, because the project's
    /// revision says nothing about one variable.
    VarRevision,
}

impl Revision {
    /// Whether that edit of a variable is among the edits up to here.
    pub fn includes(self, edit: VarRevision) -> bool {
        edit.0 <= self.0
    }

    /// The edits behind this revision and up to `to`; `None` when there are none.
    pub fn edits_until(self, to: Self) -> Option<RangeInclusive<VarRevision>> {
        (self < to).then(|| VarRevision(self.0 + 1)..=VarRevision(to.0))
    }
}

/// A game's key: 12 printable ASCII bytes. It is publishable (it is inside the game), yet is shown
/// whole only where a person copies it; `Debug` shows the first four characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key([u8; limits::KEY_BYTES]);

impl Key {
    /// Takes exactly 12 printable ASCII bytes.
    ///
    /// # Errors
    /// `bad_key` for any other length or byte.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProtocolError> {
        let Ok(key) = <[u8; limits::KEY_BYTES]>::try_from(bytes) else {
            return Err(ProtocolError::new(
                ErrorCode::BadKey,
                format!("a key is exactly {} bytes, this one has {}", limits::KEY_BYTES, bytes.len()),
            ));
        };
        if !key.iter().all(u8::is_ascii_graphic) {
            return Err(ProtocolError::new(ErrorCode::BadKey, "a key has printable ASCII characters only"));
        }
        Ok(Self(key))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a key is ASCII by construction")
    }

    /// Its first characters, for lists and logs.
    pub fn shortened(&self) -> String {
        format!("{}…", &self.as_str()[..4])
    }

    /// The key as it stands on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.shortened())
    }
}

impl TryFrom<String> for Key {
    type Error = ProtocolError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text.as_bytes())
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.as_str().to_owned()
    }
}

impl FromStr for Key {
    type Err = ProtocolError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes())
    }
}

/// A variable's name: 1 to 128 bytes of text without control characters, kept as the game wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VarName(String);

impl VarName {
    /// Checks a name.
    ///
    /// # Errors
    /// `bad_name` when it is blank, longer than 128 bytes or has control characters.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let refuse = |why: &str| Err(ProtocolError::new(ErrorCode::BadName, why));
        if text.trim().is_empty() {
            return refuse("a variable's name is blank");
        }
        if text.len() > limits::MAX_NAME_BYTES {
            return refuse("a variable's name is longer than 128 bytes");
        }
        if text.chars().any(char::is_control) {
            return refuse("a variable's name has control characters");
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VarName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for VarName {
    type Error = ProtocolError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<VarName> for String {
    fn from(name: VarName) -> Self {
        name.0
    }
}

/// One run of an action, numbered by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_twelve_printable_bytes() {
        assert!(Key::parse(b"0123456789ab").is_ok());
        for bad in [&b"0123456789a"[..], b"0123456789abc", b"0123456789a ", b"0123456789a\x00", b""] {
            assert_eq!(Key::parse(bad).unwrap_err().code, ErrorCode::BadKey, "{bad:?}");
        }
    }

    #[test]
    fn debug_of_a_key_hides_most_of_it() {
        let key = Key::parse(b"0123456789ab").unwrap();
        assert_eq!(format!("{key:?}"), "Key(0123…)");
    }

    #[test]
    fn a_projects_revision_tells_which_edits_it_has() {
        assert!(Revision(3).includes(VarRevision(3)) && !Revision(3).includes(VarRevision(4)));
        let edits = Revision(3).edits_until(Revision(5)).unwrap();
        assert_eq!(edits, VarRevision(4)..=VarRevision(5));
        assert_eq!(Revision(5).edits_until(Revision(5)), None);
        assert_eq!(Revision(5).edits_until(Revision(3)), None);
    }

    #[test]
    fn names_are_checked() {
        assert!(VarName::parse("player.speed").is_ok());
        assert!(VarName::parse("%_'; drop").is_ok());
        for bad in ["", "  ", "a\0b", "a\nb", &"x".repeat(129)] {
            assert_eq!(VarName::parse(bad).unwrap_err().code, ErrorCode::BadName, "{bad:?}");
        }
    }
}
