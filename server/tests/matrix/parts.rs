//! Parts of another project, and what is another person's: below the own project too they are as good as none.

use protocol::{
    live::{ClientMessage, ServerMessage},
    model::{Change, Gesture, ProjectId, Value, VarName},
};
use server::routes;

use crate::{
    elsewhere::{NONE, none_of, told},
    people::{People, Who},
    requests::{Request, request},
    socket::answer,
    stage::Stage,
    support::live::Dashboard,
};

/// Keys, devices, members and invitations of one project, asked for below another one of the same admin.
#[tokio::test]
async fn parts_of_one_project_are_no_parts_of_another() {
    let people = People::new().await;
    let (here, there) = (Stage::new(&people).await, Stage::new(&people).await);
    let gateway = &people.server.gateway;
    // somebody who is a member of a third one alone
    let member = people.person(Who::Stranger).user.id;
    let mixed = Stage { project: here.project.clone(), member, ..there.clone() };
    let none = none_of(&here);
    let parts = ["{key}", "{device}", "{user}", "{invitation}", "{pin}"];
    let forms = [
        "/members/role",
        "/members/remove",
        "/members/uninvite",
        "/keys/rotate",
        "/keys/rights",
        "/keys/origins",
        "/keys/revoke",
        "/schema/consent",
        "/schema/dismiss",
        "/retention/unpin",
    ];
    let is_about_a_part = |path: &str| {
        parts.iter().any(|part| path.contains(part)) || forms.iter().any(|form| path.ends_with(form))
    };
    let concerned: Vec<_> = routes().iter().filter(|route| is_about_a_part(route.path)).collect();
    assert_eq!(concerned.len(), 20, "ten forms, and ten of the API");
    for route in concerned {
        for who in [Who::Admin, Who::Owner, Who::ToAdmin, Who::OfOwner] {
            let mut answers = Vec::new();
            for stage in [&mixed, &none] {
                let request = request(&people, stage, here.project.id, route, who).await;
                answers.push(told(route, &people.send(who, &request).await));
            }
            assert_eq!(answers[0], answers[1], "{} {} as {who:?}", route.method, route.path);
            assert!(!answers[0].starts_with("yes"), "{} {} as {who:?}", route.method, route.path);
        }
    }
    for stage in [&here, &there] {
        let keys = gateway.list_keys(&people.owner, stage.project.id).await.unwrap();
        assert_eq!(keys.len(), 2);
        assert!(keys.iter().all(|key| key.revoked_at.is_none() && key.expires_at.is_none()));
        assert_eq!(gateway.list_invitations(&people.owner, stage.project.id).await.unwrap().len(), 1);
        let pins = gateway.get_retention(&people.owner, stage.project.id).await.unwrap().pins;
        assert_eq!(pins.len(), 1);
        assert_eq!(gateway.list_devices(&people.owner, stage.project.id).await.unwrap().len(), 1);
    }
    assert!(
        gateway
            .list_members(&people.owner, people.elsewhere.id)
            .await
            .unwrap()
            .iter()
            .any(|m| m.user == member)
    );
}

/// Variables and actions have names, which another project may have given too.
#[tokio::test]
async fn names_of_one_project_are_none_of_another() {
    let people = People::new().await;
    let (here, there) = (Stage::new(&people).await, Stage::new(&people).await);
    let declared =
        r#"[{"name":"alone","type":"integer","value":1},{"name":"leap","type":"action","value":null}]"#;
    there.declare(&people, declared).await;
    let base = format!("/api/v1/projects/{}", here.project.id);
    for (method, path, body, theirs) in [
        ("GET", "/variables/NAME", "", "alone"),
        ("PUT", "/variables/NAME", r#"{"value":9}"#, "alone"),
        ("DELETE", "/variables/NAME", "", "alone"),
        ("POST", "/actions/NAME", "", "leap"),
        ("GET", "/history?name=NAME", "", "alone"),
    ] {
        for who in [Who::Admin, Who::ToAdmin] {
            let mut answers = Vec::new();
            for name in [theirs, "nowhere"] {
                let path = format!("{base}{}", path.replace("NAME", name));
                let answer = people.send(who, &Request::json(method, path, body.to_owned())).await;
                answers.push((answer.status, answer.body.replace(name, "NAME")));
            }
            assert_eq!(answers[0], answers[1], "{method} {path} as {who:?}");
        }
    }
}

/// One change that cannot be made takes back those that could, also when it names what another project has.
#[tokio::test]
async fn a_mixed_batch_changes_nothing() {
    let people = People::new().await;
    let (here, there) = (Stage::new(&people).await, Stage::new(&people).await);
    there.declare(&people, r#"{"alone":1}"#).await;
    let (gateway, project) = (&people.server.gateway, here.project.id);
    let path = format!("/api/v1/projects/{project}/variables");
    let mut answers = Vec::new();
    for unknown in ["alone", "nowhere"] {
        for names in [["speed", unknown], [unknown, "speed"]] {
            let changes = names.map(|name| format!(r#"{{"name":"{name}","value":9}}"#)).join(",");
            let body = format!(r#"{{"changes":[{changes}]}}"#);
            let request = Request::json("PATCH", path.clone(), body);
            for who in [Who::Designer, Who::Admin, Who::Owner, Who::ToWrite] {
                let answer = people.send(who, &request).await;
                answers.push((answer.status, answer.body.replace(unknown, "NAME")));
            }
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 >= 400), "{answers:?}");

    let mut dashboard = Dashboard::open(&people.browser(Who::Designer)).await;
    dashboard.subscribe(project).await;
    let mut told = Vec::new();
    for unknown in ["alone", "nowhere"] {
        let change = |name| Change::from((VarName::parse(name).unwrap(), Value::Int(9_i64.into())));
        let changes = vec![change("speed"), change(unknown)];
        let edit = ClientMessage::Edit { id: 1, project, gesture: Gesture(1), changes };
        match answer(&mut dashboard, &edit).await {
            ServerMessage::EditResult { outcome: Err(refused), .. } => {
                told.push((refused.code, refused.text.replace(unknown, "NAME")));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told[0], told[1]);
    for stage in [&here, &there] {
        let snapshot = gateway.snapshot(&people.owner, stage.project.id).await.unwrap();
        assert!(snapshot.vars.iter().all(|var| var.desired.is_none()), "{:?}", snapshot.vars);
    }
}

/// A place in a list of one project, brought to another one, shows nothing of the first.
#[tokio::test]
async fn a_cursor_leads_nowhere_else() {
    let people = People::new().await;
    let (here, there) = (Stage::new(&people).await, Stage::new(&people).await);
    for (stage, word) in [(&here, "here"), (&there, "there")] {
        let lines = ["1", "2", "3"].map(|number| format!(r#"{{"message":"{word} {number}"}}"#)).join(",");
        stage.log(&people, &format!("[{lines}]")).await;
        stage.declare(&people, &format!(r#"{{"of {word}":1}}"#)).await;
    }
    let keys = people.server.gateway.list_keys(&people.owner, there.project.id).await.unwrap();
    let secrets: Vec<_> = keys.iter().map(|key| key.key.as_str()).chain(["there ", "of there"]).collect();
    for list in
        ["logs", "audit", "keys", "members", "invitations", "devices", "refusals", "variables", "history"]
    {
        let get = |stage: &Stage, rest: &str| {
            Request::get(format!("/api/v1/projects/{}/{list}?limit=1{rest}", stage.project.id))
        };
        let first = people.send(Who::Admin, &get(&there, "")).await;
        assert_eq!(first.status, 200, "{list}: {}", first.body);
        let first = first.json();
        let Some(cursor) = first["next"].as_str() else { continue };
        let answer = people.send(Who::Admin, &get(&here, &format!("&cursor={cursor}"))).await;
        assert!([200, 400].contains(&answer.status), "{list}: {}", answer.body);
        assert!(secrets.iter().all(|secret| !answer.body.contains(secret)), "{list}: {}", answer.body);
    }
    for export in ["logs/export", "audit/export"] {
        let path = format!("/api/v1/projects/{}/{export}", here.project.id);
        let answer = people.send(Who::Admin, &Request::get(path)).await;
        assert_eq!(answer.status, 200);
        assert!(secrets.iter().all(|secret| !answer.body.contains(secret)), "{export}: {}", answer.body);
    }
}

/// A body may name a project where the address does not, a session and a token are somebody's.
#[tokio::test]
async fn what_is_somebody_elses_is_as_good_as_none() {
    let people = People::new().await;
    let hidden = Stage::private(&people, "hidden").await;
    let gateway = &people.server.gateway;
    let owner = &people.owner;
    let session = gateway.list_sessions(owner).await.unwrap()[0].id.to_string();
    let token = gateway.list_tokens(owner).await.unwrap()[0].id.to_string();
    let (hidden, none) = (hidden.project.id.to_string(), ProjectId(NONE).to_string());
    for (path, body, [theirs, nobodys]) in [
        ("/account/tokens", "name=x&scope=read&days=1&project=", [hidden, none]),
        ("/account/sessions/end", "session=", [session, "ffffffffffffffff".to_owned()]),
        ("/account/tokens/delete", "token=", [token, "999999".to_owned()]),
    ] {
        for who in [Who::Viewer, Who::Admin, Who::Stranger] {
            let mut answers = Vec::new();
            for id in [&theirs, &nobodys] {
                let answer = people.send(who, &Request::form(path, format!("{body}{id}"))).await;
                answers.push((answer.status, answer.location().to_owned()));
            }
            assert_eq!(answers[0], answers[1], "{path} as {who:?}");
            assert!(answers[0].1.ends_with("error=not_found"), "{answers:?}");
        }
    }
    assert_eq!(gateway.list_sessions(owner).await.unwrap().len(), 1);
    assert_eq!(gateway.list_tokens(owner).await.unwrap().len(), 1);
}
