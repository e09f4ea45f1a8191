//! People's accounts: what frames each of their pages.

mod accounts;
mod factor;
mod own;
mod tokens;

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::model::{Role, User};

pub use accounts::Accounts;
pub use factor::SecondFactor;
pub use own::OwnAccount;
pub use tokens::Tokens;

use super::frame::{Section, Sectioned};
use crate::api::Reply;
use crate::components::Header;

const OWN: Section = Section::new("Your account", "/account");
const FACTOR: Section = Section::new("Second factor", "/account/second-factor");
const TOKENS: Section = Section::new("API tokens", "/account/tokens");
const ALL: Section = Section::new("All accounts", "/accounts");
pub(super) const AUDIT: Section = Section::wide("Audit trail", "/audit");

/// The pages that somebody with this role may open.
fn sections(role: Role) -> &'static [Section] {
    match role {
        Role::Member => &[OWN, FACTOR, TOKENS],
        Role::Owner => &[OWN, FACTOR, TOKENS, ALL, AUDIT],
    }
}

/// The frame of a page about accounts.
#[component]
pub(super) fn Frame(
    /// Who is signed in.
    user: User,
    /// Which page.
    current: Section,
    /// How a form on the page was answered.
    #[prop(optional)]
    reply: Reply,
    /// The page's own part.
    children: Children,
) -> impl IntoView {
    let sections = sections(user.role);
    view! {
        <Title text=current.title />
        <Header user=Some(user) />
        <Sectioned label="Accounts" sections current reply>
            {children()}
        </Sectioned>
    }
    .into_any()
}
