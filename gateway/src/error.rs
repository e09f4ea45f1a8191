use protocol::{
    ProtocolError,
    model::{Desired, Value, VarName},
};

use crate::store::StoreError;

/// Why the gateway did not do it. `Display` is a sentence for people and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// There is no such thing, or it is not for this person: the two look the same from outside.
    #[error("this does not exist, or you may not see it")]
    NotFound,
    /// They may see it, but not do that.
    #[error("you may not do this; ask an admin of the project")]
    Forbidden,
    /// They may do it once they have given their password again ([`crate::Gateway::confirm`]).
    #[error("you signed in more than ten minutes ago; enter your password again, or sign in again")]
    ConfirmationNeeded,
    /// The line or the edit breaks the contract.
    #[error("{}", .0.text)]
    Refused(#[from] ProtocolError),
    /// The edit was made on an old view: somebody else's was saved first.
    #[error("{}", conflict(name, wanted.as_ref(), current.as_deref()))]
    Conflict {
        /// The variable.
        name: VarName,
        /// What it was to be; `None` = what the game says.
        wanted: Option<Value>,
        /// What it is; `None` = what the game says.
        current: Option<Box<Desired>>,
    },
    /// It is in use; the sentence says what to do first.
    #[error("{0}")]
    InUse(String),
    /// What a person typed can't be taken.
    #[error("{0}")]
    Invalid(String),
    /// The e-mail has an account already.
    #[error("email exists")]
    EmailExists,
    /// No account has this e-mail with this password.
    #[error("the e-mail or the password is wrong")]
    WrongPassword,
    /// The password is right, and the account has a second factor.
    #[error("this account has a second factor; sign in to the dashboard, which asks for its code")]
    CodeNeeded,
    /// The code of a second factor is not right, or was taken before.
    #[error("this code is wrong or was already used; wait for the next one")]
    WrongCode,
    /// Between the password and the code went too much time or too many wrong codes.
    #[error("that took too long, or too many codes were wrong; sign in again")]
    SignInExpired,
    /// It is for people with a second factor, and their account has none.
    #[error("this requires a second factor; set one up under your account, then come back")]
    SecondFactorNeeded,
    /// The one-time link was used, has expired or was replaced.
    #[error("this link is no longer valid; restart observerio to get a new one")]
    SetupLinkSpent,
    /// An invitation or a reset link was used, taken back or has expired.
    #[error("this link is no longer valid; ask for a new one")]
    LinkSpent,
    /// The database does not take or give anything now.
    #[error("the database can't store anything right now; try again in a moment")]
    Unavailable(#[source] StoreError),
    /// An edit was being saved when the database stopped answering. It may be saved or may still be; the dashboard's
    /// deltas tell when it is.
    #[error("it is not known yet whether this was saved; check the value before you set it again")]
    Undecided,
    /// As many passwords wait to be checked as may; none was looked at.
    #[error("many people are signing in at the moment; try again in a few seconds")]
    Busy,
    /// The gateway was closed.
    #[error("the server is going down")]
    Closed,
}

impl GatewayError {
    /// A stable code in lower snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::ConfirmationNeeded => "confirmation_needed",
            Self::LinkSpent => "link_spent",
            Self::Refused(error) => error.code.as_str(),
            Self::Conflict { .. } => "conflict",
            Self::InUse(_) => "in_use",
            Self::Invalid(_) => "invalid",
            Self::EmailExists => "email_exists",
            Self::WrongPassword => "wrong_password",
            Self::CodeNeeded => "code_needed",
            Self::WrongCode => "wrong_code",
            Self::SignInExpired => "sign_in_expired",
            Self::SecondFactorNeeded => "second_factor_needed",
            Self::SetupLinkSpent => "setup_link_spent",
            Self::Unavailable(_) => "unavailable",
            Self::Undecided => "undecided",
            Self::Busy => "busy",
            Self::Closed => "draining",
        }
    }
}

fn conflict(name: &VarName, wanted: Option<&Value>, current: Option<&Desired>) -> String {
    let came_first = match current {
        Some(Desired { value: Some(value), author, .. }) => {
            format!("{author} set {name} to {} first", shown(value))
        }
        Some(Desired { value: None, author, .. }) => format!("{author} let go of {name} first"),
        None => format!("{name} is not set any more"),
    };
    match wanted {
        Some(wanted) => format!("Conflict: {came_first}. Your {} was not set.", shown(wanted)),
        None => format!("Conflict: {came_first}. It was not let go."),
    }
}

/// Enough of a value to know it by.
fn shown(value: &Value) -> String {
    const MOST_CHARACTERS: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl From<StoreError> for GatewayError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::EmailExists => Self::EmailExists,
            StoreError::Gone => Self::NotFound,
            other => Self::Unavailable(other),
        }
    }
}
