//! What a game keeps of each variable.

use observerio::Var;

/// A variable. It belongs to its game, and is valid until that is freed.
pub struct obs_var(pub(crate) Kind);

pub(crate) enum Kind {
    Bool(Var<bool>),
    Int(Var<i64>),
    Double(Var<f64>),
    Text(Var<String>),
}

impl Kind {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an integer",
            Self::Double(_) => "a double",
            Self::Text(_) => "a text",
        }
    }
}
