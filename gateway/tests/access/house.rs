//! A gateway over a fresh database with people in it, and short forms of what they do.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use gateway::{
    Caller, Clock, Credential, GameEvent, GameLine, Gateway, GatewayError, Origin, SignedIn,
    store::{AuditRow, NewUser, Store},
};
use protocol::{
    ErrorCode,
    line::{parse_logs, parse_report},
    model::{
        AuditEntry, Gesture, Key, Project, ProjectId, ProjectRole, Revision, Role, TokenScope, UnixMicros,
        Value, VarName,
    },
};

pub const START: UnixMicros = UnixMicros(1_790_000_000_000_000);
pub const PASSWORD: &str = "violet kettle, 41 drums";
pub const OTHER_PASSWORD: &str = "brown gloves, 92 moons";
pub const DAY: Duration = Duration::from_secs(24 * 3600);
/// As late as anything here may come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway with the instance's owner, a project of his and a clock that stories move.
pub struct House {
    pub gateway: Gateway,
    pub store: Arc<dyn Store>,
    now: Arc<AtomicI64>,
    pub owner: Caller,
    pub project: Project,
}

impl House {
    pub async fn new(store: Arc<dyn Store>) -> Self {
        let now = Arc::new(AtomicI64::new(START.0));
        let clock = Arc::clone(&now);
        let clock = Clock::new(move || UnixMicros(clock.load(Relaxed)));
        let gateway = Gateway::open(Arc::clone(&store), clock).await.unwrap();
        let token = gateway.issue_setup_token();
        let owner = gateway.set_up(token.reveal(), None, None, &origin()).await.unwrap().caller;
        let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        Self { gateway, store, now, owner, project }
    }

    pub fn pass(&self, time: Duration) {
        self.now.fetch_add(time.as_micros() as i64, Relaxed);
    }

    pub fn turn_back(&self, time: Duration) {
        self.now.fetch_sub(time.as_micros() as i64, Relaxed);
    }

    pub fn now(&self) -> UnixMicros {
        UnixMicros(self.now.load(Relaxed))
    }

    /// Somebody with an account that nobody can sign in to: passwords take long.
    pub async fn person(&self, name: &str) -> Caller {
        let email = Some(format!("{name}@example.org"));
        let (name, created_at) = (name.to_owned(), self.now());
        let user = NewUser { name, email, password_hash: None, role: Role::Member, created_at };
        let user = self.store.access().create_user(user, note("account.register")).await.unwrap();
        Caller { address: origin().address, ..user.into() }
    }

    /// Somebody who took an invitation to the project.
    pub async fn member(&self, name: &str, role: ProjectRole) -> Caller {
        self.member_of(self.project.id, name, role).await
    }

    pub async fn member_of(&self, project: ProjectId, name: &str, role: ProjectRole) -> Caller {
        let person = self.person(name).await;
        let link = self.invite(project, role).await;
        assert_eq!(self.gateway.join(&person, &link).await.unwrap(), project);
        person
    }

    /// The token of an invitation by the owner.
    pub async fn invite(&self, project: ProjectId, role: ProjectRole) -> String {
        let (secret, _) = self.gateway.invite(&self.owner, project, role, "").await.unwrap();
        secret.reveal().to_owned()
    }

    /// Somebody with [`PASSWORD`], who has signed in.
    pub async fn signed_in(&self, name: &str) -> SignedIn {
        let email = format!("{name}@example.org");
        self.gateway.register_user(&email, PASSWORD, &origin()).await.unwrap();
        self.sign_in(name).await
    }

    pub async fn sign_in(&self, name: &str) -> SignedIn {
        self.gateway.sign_in(&format!("{name}@example.org"), PASSWORD, &origin()).await.unwrap()
    }

    /// A script that acts for somebody.
    pub async fn script(&self, person: &Caller, scope: TokenScope, project: Option<ProjectId>) -> Caller {
        let made = self.gateway.create_token(person, "ci", scope, project, 7).await.unwrap();
        self.gateway.authenticate_token(made.0.reveal(), origin().address).await.unwrap().unwrap()
    }

    pub async fn game(&self, key: Key) -> GameLine {
        self.gateway.connect_game(key, peer(), None).await.unwrap()
    }

    /// With which code a game with this key is refused.
    pub async fn refusal(&self, key: Key) -> ErrorCode {
        match self.gateway.connect_game(key, peer(), None).await {
            Err(GatewayError::Refused(error)) => error.code,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// A variable to set, of the game of the project.
    pub async fn declare_speed(&self) -> GameLine {
        let mut game = self.game(self.project.key).await;
        game.report_vars(parse_report(br#"{"speed": 5}"#).unwrap()).await.unwrap();
        self.gateway.flush().await.unwrap();
        game
    }

    pub async fn edit(&self, caller: &Caller, speed: i64) -> Result<Revision, GatewayError> {
        self.edit_in(caller, self.project.id, speed).await
    }

    pub async fn edit_in(
        &self,
        caller: &Caller,
        project: ProjectId,
        speed: i64,
    ) -> Result<Revision, GatewayError> {
        let change = vec![(name("speed"), Value::Int(speed.into()))];
        // each its own gesture
        let gesture = Gesture(speed.unsigned_abs());
        let saved = self.gateway.edit_vars(caller, project, gesture, change).await?;
        // what comes next stands behind it in the trail
        self.pass(Duration::from_micros(1));
        Ok(saved.revision)
    }

    /// The trail of a project, or of the instance, the newest first.
    pub async fn trail(&self, project: Option<ProjectId>) -> Vec<AuditEntry> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.gateway.list_audit(&self.owner, project, after.as_ref(), 200).await.unwrap();
            all.extend(page.entries);
            match page.next {
                Some(next) => after = Some(next),
                None => return all,
            }
        }
    }

    /// The newest entry of the project's trail: action, subject, old and new.
    pub async fn newest_deed(&self) -> (String, String, Option<String>, Option<String>) {
        let newest = self.trail(Some(self.project.id)).await.swap_remove(0);
        (newest.action, newest.subject, newest.old, newest.new)
    }
}

/// A deed as [`House::newest_deed`] gives it.
pub fn deed(
    action: &str,
    subject: &str,
    old: Option<&str>,
    new: Option<&str>,
) -> (String, String, Option<String>, Option<String>) {
    (action.to_owned(), subject.to_owned(), old.map(str::to_owned), new.map(str::to_owned))
}

pub fn origin() -> Origin {
    Origin { address: Some("192.0.2.9".parse().unwrap()), agent: "a browser".to_owned(), is_encrypted: false }
}

fn peer() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

pub fn name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

pub fn note(action: &'static str) -> AuditRow {
    AuditRow {
        at: START,
        actor_id: None,
        actor: "a story".to_owned(),
        via: "script".to_owned(),
        address: String::new(),
        project: None,
        action,
        subject: String::new(),
        old: None,
        new: None,
    }
}

/// The same person at a browser of his.
pub fn at_browser(caller: &Caller, number: u8) -> Caller {
    Caller { by: Credential::Session([number; 32]), ..caller.clone() }
}

pub async fn log(game: &mut GameLine, message: &str) -> Result<(), GatewayError> {
    let line = format!(r#"[{{"message":"{message}"}}]"#);
    game.append_logs(parse_logs(line.as_bytes()).unwrap().entries).await
}

/// The next thing that a game hears of, other than that there is something to push.
pub async fn heard(game: &mut GameLine) -> GameEvent {
    soon("the game to hear of it", game.next(false)).await
}

/// Waits for what must happen.
pub async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, event).await.unwrap_or_else(|_| panic!("in vain waited for {what}"))
}

/// Asks again until it is so; what is asked for is written behind everybody's back.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let asked = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    soon(what, asked).await;
}

macro_rules! refused {
    ($outcome:expr, $error:pat) => {
        let outcome = $outcome;
        assert!(matches!(outcome, Err($error)), "{outcome:?}");
    };
}

pub(crate) use refused;
