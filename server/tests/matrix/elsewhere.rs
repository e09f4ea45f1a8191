//! Numbers of a project of others: at every door the answer is that for a number which nobody has.

use protocol::{
    live::{ClientMessage, ServerMessage},
    model::{DeviceId, Handle, KeyId, ProjectId, UserId},
};
use server::{Route, RouteClass, routes};

use crate::{
    doors, functions,
    people::{People, Who},
    requests::{Request, request},
    socket::{answer, messages, row_of},
    stage::Stage,
    support::{http::Answer, live::Dashboard},
};

/// Nobody's. Small enough for a byte of a function's arguments.
pub const NONE: i64 = 60;
const NAME: &str = "The Secret Garden";
const ASKING: [Who; 7] =
    [Who::Viewer, Who::Admin, Who::Stranger, Who::ToRead, Who::ToWrite, Who::ToAdmin, Who::Elsewhere];

/// Everybody's stage, and a project in which only the owner is anything.
struct House {
    people: People,
    open: Stage,
    hidden: Stage,
    nothing: Stage,
}

impl House {
    async fn new() -> Self {
        let people = People::new().await;
        let open = Stage::new(&people).await;
        let hidden = Stage::private(&people, NAME).await;
        hidden.log(&people, r#"[{"message":"one"},{"message":"two"}]"#).await;
        let mut nothing = none_of(&hidden);
        nothing.project.id = ProjectId(NONE);
        Self { people, open, hidden, nothing }
    }

    /// Nothing of it is another than it was.
    async fn is_untouched(&self, before: &str) {
        assert_eq!(self.all_of_hidden().await, before);
    }

    async fn all_of_hidden(&self) -> String {
        let (gateway, owner, id) = (&self.people.server.gateway, &self.people.owner, self.hidden.project.id);
        gateway.flush().await.unwrap();
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            gateway.get_project(owner, id).await.unwrap(),
            gateway.list_keys(owner, id).await.unwrap(),
            gateway.list_members(owner, id).await.unwrap(),
            gateway.list_invitations(owner, id).await.unwrap(),
            gateway.list_devices(owner, id).await.unwrap().iter().map(|device| device.id).collect::<Vec<_>>(),
            gateway.snapshot(owner, id).await.unwrap().vars,
        )
    }
}

/// The same project with numbers of parts that nobody has.
pub fn none_of(stage: &Stage) -> Stage {
    Stage {
        project: stage.project.clone(),
        key: KeyId(999_999),
        device: DeviceId(NONE),
        member: UserId(999_999),
        invitation: Handle("ffffffffffffffff".to_owned()),
        pin: 999_999,
    }
}

/// The status or the redirect, and for the API the error, too.
pub fn told(route: &Route, answer: &Answer) -> String {
    let is_json = matches!(route.class, RouteClass::ApiV1 | RouteClass::Events);
    let words = if is_json { answer.body.as_str() } else { "" };
    format!("{} {words}", doors::outcome(answer))
}

fn is_about_a_project(path: &str) -> bool {
    path.contains("{project}") || path.contains("/p/{id}")
}

/// Path, export, and whatever stands in the body beside them.
#[tokio::test]
async fn at_every_address_a_project_of_others_is_as_good_as_none() {
    let house = House::new().await;
    let House { people, hidden, nothing, .. } = &house;
    let before = house.all_of_hidden().await;
    let concerned: Vec<_> = routes().iter().filter(|route| is_about_a_project(route.path)).collect();
    assert!(concerned.iter().any(|route| route.path.ends_with("/export")));
    for route in concerned {
        for who in ASKING {
            let mut answers = Vec::new();
            for stage in [hidden, nothing] {
                let request = request(people, stage, stage.project.id, route, who).await;
                let answer = people.send(who, &request).await;
                for secret in [hidden.project.key.as_str(), NAME] {
                    assert!(!answer.body.contains(secret), "{} {} as {who:?}", route.method, route.path);
                }
                answers.push(told(route, &answer));
            }
            assert_eq!(answers[0], answers[1], "{} {} as {who:?}", route.method, route.path);
            assert!(!answers[0].starts_with("yes"), "{} {} as {who:?}", route.method, route.path);
        }
    }
    house.is_untouched(&before).await;
}

/// What lists projects without being asked for one.
#[tokio::test]
async fn no_list_names_a_project_of_others() {
    let house = House::new().await;
    let House { people, nothing, .. } = &house;
    let projects = Request::get("/api/v1/projects".to_owned());
    let calls = functions::calls(nothing).into_iter().map(|call| call.request);
    let pages = ["/", "/account/tokens"].map(|page| Request::get(page.to_owned()));
    for request in calls.chain(pages).chain([Request::get("/api/v1/me".to_owned())]) {
        for who in ASKING {
            let answer = people.send(who, &request).await;
            assert!(!answer.body.contains(NAME), "{} as {who:?}", request.path);
        }
    }
    for who in ASKING {
        let answer = people.send(who, &projects).await;
        assert!(answer.status == 200 && !answer.body.contains(NAME), "as {who:?}: {}", answer.body);
    }
    assert!(people.send(Who::Owner, &projects).await.body.contains(NAME), "it is there");
    // the admin's token for one project only sees that one
    let listed = people.send(Who::Elsewhere, &projects).await.json();
    let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64()).collect();
    assert_eq!(ids, [Some(people.elsewhere.id.0)]);
}

/// With a place in a list that is one, as its owner is given it.
#[tokio::test]
async fn a_cursor_opens_no_list_of_others() {
    let house = House::new().await;
    let House { people, hidden, .. } = &house;
    for list in ["logs", "audit", "keys", "variables"] {
        let get = |project: ProjectId, rest: &str| {
            Request::get(format!("/api/v1/projects/{project}/{list}?limit=1{rest}"))
        };
        let first = people.send(Who::Owner, &get(hidden.project.id, "")).await.json();
        let cursor = format!("&cursor={}", first["next"].as_str().unwrap());
        let second = people.send(Who::Owner, &get(hidden.project.id, &cursor)).await;
        assert_eq!((second.status, second.json()["items"].as_array().unwrap().len()), (200, 1), "{list}");
        for who in ASKING {
            let found = people.send(who, &get(hidden.project.id, &cursor)).await;
            let nothing = people.send(who, &get(ProjectId(NONE), &cursor)).await;
            assert_eq!((found.status, &found.body), (404, &nothing.body), "{list} as {who:?}");
        }
    }
}

#[tokio::test]
async fn for_every_function_a_project_of_others_is_as_good_as_none() {
    let house = House::new().await;
    let House { people, hidden, nothing, .. } = &house;
    let (found, nothing) = (functions::calls(hidden), functions::calls(nothing));
    let mut concerned = 0;
    for (found, nothing) in found.iter().zip(&nothing) {
        if found.request.body == nothing.request.body {
            continue;
        }
        concerned += 1;
        for who in ASKING {
            let answer = people.send(who, &found.request).await;
            assert!(!answer.body.contains(NAME), "{} as {who:?}", found.name);
            let other = people.send(who, &nothing.request).await;
            assert_eq!((answer.status, &answer.body), (other.status, &other.body), "{}", found.name);
            assert!(["none", "who"].contains(&functions::outcome(&answer).as_str()), "{}", found.name);
        }
    }
    assert_eq!(
        concerned, 19,
        "live, settings, members, keys, declarations, retention, audit, six of the log, four of searches, two that forget"
    );
}

/// Also for someone who already follows a project: they are not shown this one instead.
#[tokio::test]
async fn for_every_message_a_project_of_others_is_as_good_as_none() {
    let house = House::new().await;
    let House { people, open, hidden, nothing } = &house;
    let before = house.all_of_hidden().await;
    let own =
        [(Who::Viewer, open.project.id), (Who::Admin, open.project.id), (Who::Stranger, people.elsewhere.id)];
    for (who, own) in own {
        let mut dashboard = Dashboard::open(&people.browser(who)).await;
        dashboard.subscribe(own).await;
        let pairs = messages(hidden.project.id).into_iter().zip(messages(nothing.project.id));
        for (found, nothing) in pairs {
            let told = answer(&mut dashboard, &found).await;
            assert_eq!(told, answer(&mut dashboard, &nothing).await, "{} as {who:?}", row_of(&found));
            let is_none = match &told {
                ServerMessage::Refused { .. } => matches!(found, ClientMessage::Subscribe { .. }),
                ServerMessage::Pong { .. } => matches!(found, ClientMessage::Ping { .. }),
                ServerMessage::EditResult { outcome: Err(refused), .. }
                | ServerMessage::RunResult { outcome: Err(refused), .. } => refused.code == "not_found",
                _ => false,
            };
            assert!(is_none, "{} as {who:?}: {told:?}", row_of(&found));
        }
        // no events from there reach them: they would arrive between these responses
        hidden.log(people, r#"[{"message":"three"}]"#).await;
        for token in 0..3 {
            dashboard.say(&ClientMessage::Ping { token }).await;
            assert_eq!(dashboard.hear().await, ServerMessage::Pong { token });
        }
    }
    house.is_untouched(&before).await;
}
