//! What a project has room for, at the limit and one beyond it, on both databases.
#![expect(clippy::unwrap_used, reason = "a story that meets an error has failed")]

mod support;

use std::{fmt::Write as _, net::IpAddr, sync::Arc};

use gateway::{Caller, Clock, Content, GameEvent, GameLine, Gateway, GatewayError, Origin, store::Store};
use protocol::{
    ErrorCode,
    limits::{MAX_VARS_PER_LINE, MAX_VARS_PER_PROJECT},
    line::{Caps, Hello, parse_report},
    live::Snapshot,
    model::{Project, Value},
};
use support::stories;

struct House {
    gateway: Gateway,
    owner: Caller,
    project: Project,
}

impl House {
    async fn new(store: Arc<dyn Store>) -> Self {
        let gateway = Gateway::open(store, Clock::system()).await.unwrap();
        let token = gateway.issue_setup_token();
        let owner = gateway.set_up(token.reveal(), None, None, &Origin::default()).await.unwrap().caller;
        let project = gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        Self { gateway, owner, project }
    }

    async fn game(&self, hello: Option<&Hello>) -> GameLine {
        self.gateway.connect_game(self.project.key, peer(), hello).await.unwrap()
    }

    async fn snapshot(&self) -> Snapshot {
        self.gateway.flush().await.unwrap();
        self.gateway.snapshot(&self.owner, self.project.id).await.unwrap()
    }
}

fn peer() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

/// `{"n0":VALUE,"n1":VALUE,…}` of these numbers, and more behind it.
fn values(numbers: std::ops::Range<usize>, value: i64, more: &str) -> Content {
    let mut json = String::from("{");
    for number in numbers {
        write!(json, "\"n{number}\":{value},").unwrap();
    }
    json.push_str(more);
    Content::Report(parse_report(format!("{}}}", json.trim_end_matches(',')).as_bytes()).unwrap())
}

/// Reports all but `left` variables that a project may have.
async fn fill(game: &mut GameLine, left: usize) {
    let most = MAX_VARS_PER_PROJECT - left;
    for start in (0..most).step_by(MAX_VARS_PER_LINE) {
        let line = values(start..most.min(start + MAX_VARS_PER_LINE), 1, "");
        let room = game.reserve(1).await.unwrap();
        assert_eq!(game.submit(room, None, line), Ok(None));
    }
}

fn reported(snapshot: &Snapshot, name: &str) -> Option<Value> {
    let var = snapshot.vars.iter().find(|var| var.name.as_str() == name)?;
    Some(var.reported[0].value.clone())
}

async fn a_full_project_takes_values_of_what_it_knows(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game(None).await;
    fill(&mut game, 1).await;
    // one that still fits, and one that does not
    let room = game.reserve(1).await.unwrap();
    let error = game.submit(room, None, values(0..3, 2, r#""last":2,"new":2"#)).unwrap().unwrap();
    assert_eq!(error.code, ErrorCode::TooMany);
    assert!(error.text.ends_with("left out: new"), "{}", error.text);
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.vars.len(), MAX_VARS_PER_PROJECT);
    for (name, value) in [("n0", 2i64), ("n2", 2), ("n3", 1), ("last", 2)] {
        assert_eq!(reported(&snapshot, name), Some(Value::Int(value.into())), "{name}");
    }
    assert_eq!(reported(&snapshot, "new"), None);

    // so it is for another game, which has said nothing yet, and for a line of which nothing is left
    let mut other = house.game(None).await;
    let many: String = (0..8).map(|n| format!("\"new{n}\":1,")).collect();
    let room = other.reserve(1).await.unwrap();
    let error = other.submit(room, None, values(0..1, 3, many.trim_end_matches(','))).unwrap().unwrap();
    assert!(error.text.ends_with("left out: new0, new1, new2, new3, new4 and 3 more"), "{}", error.text);
    let room = other.reserve(1).await.unwrap();
    assert_eq!(other.submit(room, None, values(0..0, 0, r#""new":1"#)).unwrap_err().code, ErrorCode::TooMany);
    let error = other.report_vars(parse_report(br#"{"new":1}"#).unwrap()).await.unwrap_err();
    assert!(matches!(error, GatewayError::Refused(error) if error.code == ErrorCode::TooMany));
    let snapshot = house.snapshot().await;
    assert_eq!(snapshot.vars.len(), MAX_VARS_PER_PROJECT);
    let n0 = snapshot.vars.iter().find(|var| var.name.as_str() == "n0").unwrap();
    let seen: Vec<&Value> = n0.reported.iter().map(|reported| &reported.value).collect();
    assert_eq!(seen, [&Value::Int(2i64.into()), &Value::Int(3i64.into())]);
}

async fn a_numbered_line_with_one_too_many_counts(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let hello = Hello { proto: 2, session: Some("s".to_owned()), caps: Caps::DEFAULT, ..Hello::default() };
    let mut game = house.game(Some(&hello)).await;
    fill(&mut game, 0).await;
    for (seq, more) in [(1, values(0..1, 2, r#""new":1"#)), (2, values(0..0, 0, r#""new":1"#))] {
        let room = game.reserve(1).await.unwrap();
        let told = game.submit(room, Some(seq), more);
        assert_eq!(told.is_ok(), seq == 1, "{told:?}");
        loop {
            if let GameEvent::Settled(settled) = game.next(false).await
                && settled.up_to == seq
            {
                break;
            }
        }
    }
    assert_eq!(reported(&house.snapshot().await, "n0"), Some(Value::Int(2i64.into())));
}

stories! {
    a_full_project_takes_values_of_what_it_knows,
    a_numbered_line_with_one_too_many_counts,
}
