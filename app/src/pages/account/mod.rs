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

use super::Problem;
use crate::api::Reply;
use crate::components::Header;

/// A page about accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccountSection {
    Own,
    Factor,
    Tokens,
    All,
    Audit,
}

impl AccountSection {
    const ALL: [Self; 5] = [Self::Own, Self::Factor, Self::Tokens, Self::All, Self::Audit];

    fn title(self) -> &'static str {
        match self {
            Self::Own => "Your account",
            Self::Factor => "Second factor",
            Self::Tokens => "API tokens",
            Self::All => "All accounts",
            Self::Audit => "Audit trail",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Own => "/account",
            Self::Factor => "/account/second-factor",
            Self::Tokens => "/account/tokens",
            Self::All => "/accounts",
            Self::Audit => "/audit",
        }
    }

    fn is_for(self, role: Role) -> bool {
        matches!(self, Self::Own | Self::Factor | Self::Tokens) || role == Role::Owner
    }
}

/// Header, the pages about accounts, heading, and what became of the last form.
#[component]
pub(super) fn Frame(
    /// Who is signed in.
    user: User,
    /// Which page.
    current: AccountSection,
    /// What a form of the page was answered with.
    #[prop(optional)]
    reply: Option<Reply>,
    /// The page's own part.
    children: Children,
) -> impl IntoView {
    let role = user.role;
    let links = AccountSection::ALL.into_iter().filter(|section| section.is_for(role)).map(|section| {
        view! {
            <a href=section.path() aria-current=(section == current).then_some("page")>
                {section.title()}
            </a>
        }
    });
    view! {
        <Title text=current.title() />
        <Header user=Some(user) />
        <main id="main" class="page" class:page--wide=current == AccountSection::Audit>
            <nav class="subnav" aria-label="Accounts">
                {links.collect_view()}
            </nav>
            <h1>{current.title()}</h1>
            <Problem reply=reply.unwrap_or_default() />
            {children()}
        </main>
    }
    .into_any()
}
