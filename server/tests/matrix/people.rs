//! All kinds of callers, with their credentials.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use gateway::{Caller, Origin, SignedIn};
use protocol::model::{Key, Project, ProjectRole, TokenScope};

use crate::{
    requests::Request,
    support::{
        TestServer,
        http::{Answer, Browser},
    },
};

pub const PASSWORD: &str = "violet kettle, 41 drums";
/// Wrong tokens and passwords are counted by address, and these stories are wrong very often: each request of theirs comes
/// from an address of its own, through what passes for a proxy.
const FLAGS: [&str; 6] =
    ["--trusted-proxies", "127.0.0.1", "--registration", "open", "--api-requests-per-second", "1000"];

/// Somebody at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Viewer,
    Designer,
    Admin,
    /// An admin who signed in more than ten minutes ago, and has not given their password since.
    Stale,
    /// Of the instance.
    Owner,
    /// An admin of another project.
    Stranger,
    /// Who was an admin.
    Removed,
    /// An admin, with the cookie of a session that is over.
    SignedOut,
    /// The project's game key as if it were a token.
    Key,
    /// The admin's tokens.
    ToRead,
    ToWrite,
    ToAdmin,
    /// The owner's, to administrate.
    OfOwner,
    /// The admin's, to administrate another project.
    Elsewhere,
    /// The viewer's, to administrate.
    OfViewer,
    /// The admin's, to administrate, deleted.
    Deleted,
    /// The same, expired.
    Expired,
}

impl Who {
    pub const ALL: [Self; 18] = [
        Self::Nobody,
        Self::Viewer,
        Self::Designer,
        Self::Admin,
        Self::Stale,
        Self::Owner,
        Self::Stranger,
        Self::Removed,
        Self::SignedOut,
        Self::Key,
        Self::ToRead,
        Self::ToWrite,
        Self::ToAdmin,
        Self::OfOwner,
        Self::Elsewhere,
        Self::OfViewer,
        Self::Deleted,
        Self::Expired,
    ];

    /// At the head of the table.
    pub fn column(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Viewer => "viewer",
            Self::Designer => "designer",
            Self::Admin => "admin",
            Self::Stale => "stale",
            Self::Owner => "owner",
            Self::Stranger => "stranger",
            Self::Removed => "removed",
            Self::SignedOut => "signed-out",
            Self::Key => "game-key",
            Self::ToRead => "t:read",
            Self::ToWrite => "t:write",
            Self::ToAdmin => "t:admin",
            Self::OfOwner => "t:owner",
            Self::Elsewhere => "t:other",
            Self::OfViewer => "t:viewer",
            Self::Deleted => "t:deleted",
            Self::Expired => "t:expired",
        }
    }

    /// The person behind the caller: themselves, or the owner of the token. `None`: not a member.
    pub fn person(self) -> Option<Self> {
        match self {
            Self::Nobody | Self::Key => None,
            Self::ToRead
            | Self::ToWrite
            | Self::ToAdmin
            | Self::Elsewhere
            | Self::Deleted
            | Self::Expired => Some(Self::Admin),
            Self::OfOwner => Some(Self::Owner),
            Self::OfViewer => Some(Self::Viewer),
            himself => Some(himself),
        }
    }
}

/// The credential.
#[derive(Clone)]
pub enum Shown {
    Nothing,
    Cookie(String),
    Bearer(String),
}

/// The server with its people.
pub struct People {
    pub server: TestServer,
    pub owner: Caller,
    shown: Vec<(Who, Shown)>,
    persons: Vec<(Who, Caller)>,
    /// The project of the stranger.
    pub elsewhere: Project,
    requests: AtomicU32,
}

impl People {
    pub async fn new() -> Self {
        let server = TestServer::start_with(&FLAGS).await;
        let (gateway, link, email) = (&server.gateway, server.set_up_token(), email(Who::Owner));
        let set_up = gateway.set_up(&link, Some(&email), Some(PASSWORD), &Origin::default()).await.unwrap();
        let owner = set_up.caller.clone();
        let elsewhere = gateway.create_project(&owner, "Elsewhere").await.unwrap();
        let mut people = Self {
            server,
            // whose sessions come and go at the doors
            owner: Caller::from(owner.user.clone()),
            shown: vec![(Who::Nobody, Shown::Nothing), (Who::Owner, cookie(&set_up))],
            persons: vec![(Who::Owner, owner)],
            elsewhere,
            requests: AtomicU32::new(0),
        };
        for who in
            [Who::Viewer, Who::Designer, Who::Admin, Who::Stale, Who::Stranger, Who::Removed, Who::SignedOut]
        {
            people.sign_up(who).await;
        }
        people.let_ten_minutes_pass().await;
        people.server.gateway.sign_out(people.person(Who::SignedOut)).await.unwrap();
        people.make_tokens().await;
        people.shown.push((Who::Key, Shown::Nothing));
        people
    }

    /// An account, by an invitation. Only the stranger is still a member of that project afterwards, and the admin, whose
    /// one token is for it.
    async fn sign_up(&mut self, who: Who) {
        let (gateway, id) = (&self.server.gateway, self.elsewhere.id);
        let (link, _) = gateway.invite(&self.owner, id, ProjectRole::Admin, "").await.unwrap();
        let origin = Origin::default();
        let signed_in = gateway.sign_up(link.reveal(), &email(who), PASSWORD, &origin).await.unwrap().0;
        if who != Who::Stranger && who != Who::Admin {
            gateway.remove_member(&self.owner, id, signed_in.caller.user.id).await.unwrap();
        }
        self.shown.push((who, cookie(&signed_in)));
        self.persons.push((who, signed_in.caller));
    }

    /// For a person who has not confirmed their password lately.
    async fn let_ten_minutes_pass(&self) {
        let stale = self.person(Who::Stale).user.id;
        self.server.execute(&format!("UPDATE sessions SET confirmed_at = 1 WHERE user_id = {stale}")).await;
    }

    async fn make_tokens(&mut self) {
        for (who, scope) in [
            (Who::ToRead, TokenScope::Read),
            (Who::ToWrite, TokenScope::Write),
            (Who::ToAdmin, TokenScope::Admin),
            (Who::OfOwner, TokenScope::Admin),
            (Who::Elsewhere, TokenScope::Admin),
            (Who::OfViewer, TokenScope::Admin),
            (Who::Deleted, TokenScope::Admin),
            (Who::Expired, TokenScope::Admin),
        ] {
            let (gateway, person) = (&self.server.gateway, self.person(who));
            let project = (who == Who::Elsewhere).then_some(self.elsewhere.id);
            let made = gateway.create_token(person, who.column(), scope, project, 30).await.unwrap();
            if who == Who::Deleted {
                gateway.delete_token(person, made.1.id).await.unwrap();
            }
            if who == Who::Expired {
                // whose time is up: the shortest life of a token is a day
                let sql = format!("UPDATE api_tokens SET expires_at = 1 WHERE id = {}", made.1.id);
                self.server.execute(&sql).await;
            }
            self.shown.push((who, Shown::Bearer(made.0.reveal().to_owned())));
        }
    }

    /// The person behind the caller; without one, someone who has signed out.
    pub fn person(&self, who: Who) -> &Caller {
        let person = who.person().unwrap_or(Who::SignedOut);
        &self.persons.iter().find(|(known, _)| *known == person).unwrap().1
    }

    pub fn shown(&self, who: Who) -> &Shown {
        &self.shown.iter().find(|(known, _)| *known == who).unwrap().1
    }

    /// From now on the key is this one.
    pub fn take_key(&mut self, key: Key) {
        self.show(Who::Key, Shown::Bearer(key.as_str().to_owned()));
    }

    fn show(&mut self, who: Who, shown: Shown) {
        self.shown.iter_mut().find(|(known, _)| *known == who).unwrap().1 = shown;
    }

    /// A browser with their cookie, if they have one.
    pub fn browser(&self, who: Who) -> Browser {
        let mut browser = Browser::new(self.server.http);
        if let Shown::Cookie(cookie) = self.shown(who) {
            browser.cookie = Some(cookie.clone());
        }
        browser
    }

    /// Another session for somebody whose last one may be over.
    pub async fn sign_in_again(&mut self, who: Who) {
        if who.person() != Some(who) || who == Who::SignedOut {
            return;
        }
        let (email, origin) = (email(who), Origin::default());
        let signed_in = self.server.gateway.sign_in(&email, PASSWORD, &origin).await.unwrap();
        let signed_in = cookie(&signed_in);
        self.show(who, signed_in);
        if who == Who::Stale {
            self.let_ten_minutes_pass().await;
        }
    }

    pub async fn send(&self, who: Who, request: &Request) -> Answer {
        let Request { method, path, kind, body } = request;
        let mut browser = self.browser(who);
        let (number, origin) = (self.requests.fetch_add(1, Relaxed), browser.origin());
        let address = format!("10.{}.{}.1", number / 250, number % 250);
        let mut headers = vec![("origin", origin.as_str()), ("x-forwarded-for", address.as_str())];
        let bearer = match self.shown(who) {
            Shown::Bearer(token) => format!("Bearer {token}"),
            Shown::Nothing | Shown::Cookie(_) => String::new(),
        };
        if !bearer.is_empty() {
            headers.push(("authorization", bearer.as_str()));
        }
        if !kind.is_empty() {
            headers.push(("content-type", kind));
        }
        browser.request(method, path, &headers, body).await
    }
}

pub fn email(who: Who) -> String {
    format!("{}@example.org", who.column())
}

fn cookie(signed_in: &SignedIn) -> Shown {
    Shown::Cookie(format!("observerio_session={}", signed_in.token))
}
