//! The original grammar: what a game that was written for the first observerio says and hears.

use crate::support::{TestServer, line::base64};
use gateway::{Caller, Origin};
use protocol::model::{Gesture, Level, ProjectId, Value, VarName, VarType};
use serde_json::json;

/// The owner, who may do everything.
async fn owner(server: &TestServer) -> Caller {
    server.gateway.set_up(&server.set_up_token(), None, None, &Origin::default()).await.unwrap().caller
}

async fn edit(server: &TestServer, user: &Caller, project: ProjectId, changes: &[(&str, Value)]) {
    let changes = changes.iter().map(|(n, v)| (VarName::parse(n).unwrap(), v.clone())).collect();
    server.gateway.edit_vars(user, project, Gesture(1), changes).await.unwrap();
}

fn int(number: i64) -> Value {
    Value::Int(number.into())
}

#[tokio::test]
async fn lines_arrive_in_any_number_of_pieces() {
    let server = TestServer::start().await;
    let (user, project) = (owner(&server).await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.game().await;
    let text = format!("\n  v:{key}  \r\n\r\n\ni:{key}:{{\"a\":1}}\r\nl:{key}:[{{\"message\":\"one\"}}]\n");
    for byte in text.as_bytes() {
        game.send_bytes(&[*byte]).await;
    }
    assert_eq!(game.line().await, "OK");
    game.send(&format!("l:{key}:[{{\"message\":\"two\"}}]\nl:{key}:[{{\"message\":\"three\"}}]\n")).await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    let snapshot = server.gateway.snapshot(&user, project.id).await.unwrap();
    let messages: Vec<_> = snapshot.logs.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(messages, ["one", "two", "three"]);
    assert_eq!(snapshot.vars[0].reported[0].value, int(1));
}

#[tokio::test]
async fn variables_come_in_three_shapes_bare_or_in_base64() {
    let server = TestServer::start().await;
    let (user, project) = (owner(&server).await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    let array = r#"[{"name":"in_array","type":"integer","value":"-1"}]"#;
    let object = r#"{"name":"in_object","type":"float","value":0.5}"#;
    let dictionary = r#"{"in_dictionary":true}"#;
    game.send(&format!("i:{key}:{}\ni:{key}:{object}\n", base64(array))).await;
    game.send(&format!("i:{key}:{}\n", base64(dictionary).trim_end_matches('='))).await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    let vars = server.gateway.snapshot(&user, project.id).await.unwrap().vars;
    let seen: Vec<_> = vars
        .iter()
        .map(|var| (var.name.as_str(), var.spec.var_type.clone(), var.reported[0].value.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            ("in_array", VarType::Integer, int(-1)),
            ("in_object", VarType::Float, Value::Float(0.5)),
            ("in_dictionary", VarType::Boolean, Value::Bool(true)),
        ]
    );
}

#[tokio::test]
async fn logs_keep_their_level_time_and_fields() {
    let server = TestServer::start().await;
    let (user, project) = (owner(&server).await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    let logs =
        r#"[{"message":"m","timestamp":1500000000,"level":1},{"message":"n","level":"WARN","boss":7}]"#;
    game.send(&format!("l:{key}:{}\n", base64(logs))).await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    let logs = server.gateway.snapshot(&user, project.id).await.unwrap().logs;
    assert_eq!((logs[0].level, logs[0].at.0), (Level::Debug, 1_500_000_000_000_000));
    assert_eq!((logs[1].level, logs[1].fields.as_deref()), (Level::Warn, Some(r#"{"boss":7}"#)));
    assert_eq!((logs[0].seq, logs[1].seq), (1, 2));
    assert_eq!(logs[1].at, logs[1].received);
}

#[tokio::test]
async fn one_edit_comes_as_an_object_and_several_as_an_array() {
    let server = TestServer::start().await;
    let (user, project) = (owner(&server).await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.send(&format!(
        "i:{key}:{}\n",
        base64(
            r#"[{"name":"text","type":"integer","value":"1"},{"name":"native","type":"integer","value":1}]"#
        )
    ))
    .await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();

    edit(&server, &user, project.id, &[("native", int(5))]).await;
    assert_eq!(game.edits(key).await, json!({"name": "native", "type": "integer", "value": 5}));
    edit(&server, &user, project.id, &[("text", int(6)), ("native", int(7))]).await;
    // in the JSON type that the game itself uses
    assert_eq!(
        game.edits(key).await,
        json!([
            {"name": "text", "type": "integer", "value": "6"},
            {"name": "native", "type": "integer", "value": 7},
        ])
    );
}

#[tokio::test]
async fn every_socket_of_a_key_gets_every_edit() {
    let server = TestServer::start().await;
    let (user, project) = (owner(&server).await, server.project().await);
    let key = project.key.as_str();
    let mut games = [
        server.verified(project.key).await,
        server.verified(project.key).await,
        server.verified(project.key).await,
    ];
    for game in &mut games {
        game.send(&format!("i:{key}:{{\"speed\":1}}\n")).await;
        game.in_order(key).await;
    }
    server.gateway.flush().await.unwrap();
    for speed in [2, 3] {
        edit(&server, &user, project.id, &[("speed", int(speed))]).await;
        for game in &mut games {
            assert_eq!(game.edits(key).await["value"], json!(speed));
        }
    }
}

#[tokio::test]
async fn games_of_other_keys_hear_nothing() {
    let server = TestServer::start().await;
    let (user, project, other) = (owner(&server).await, server.project().await, server.project().await);
    let mut stranger = server.verified(other.key).await;
    let mut game = server.verified(project.key).await;
    for (game, key) in [(&mut game, project.key), (&mut stranger, other.key)] {
        game.send(&format!("i:{}:{{\"speed\":1}}\n", key.as_str())).await;
        game.in_order(key.as_str()).await;
    }
    server.gateway.flush().await.unwrap();
    edit(&server, &user, project.id, &[("speed", int(2))]).await;
    game.edits(project.key.as_str()).await;
    edit(&server, &user, other.id, &[("speed", int(9))]).await;
    // the first thing the stranger hears is its own edit
    assert_eq!(stranger.edits(other.key.as_str()).await["value"], json!(9));
}

#[tokio::test]
async fn a_games_own_report_is_not_pushed_back() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    for value in 0..20 {
        game.send(&format!("i:{key}:{{\"speed\":{value}}}\n")).await;
    }
    server.gateway.flush().await.unwrap();
    // the next line after all of them is this answer
    game.in_order(key).await;
}

#[tokio::test]
async fn overrides_come_right_after_ok_and_only_if_there_are_any() {
    let server = TestServer::start().await;
    let (user, project) = (owner(&server).await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.send(&format!("i:{key}:{{\"a\":1,\"b\":2,\"c\":3}}\n")).await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    edit(&server, &user, project.id, &[("a", int(10)), ("c", int(30))]).await;
    game.edits(key).await;

    let mut late = server.verified(project.key).await;
    let overrides = late.edits(key).await;
    let values: Vec<_> = overrides.as_array().unwrap().iter().map(|e| (&e["name"], &e["value"])).collect();
    assert_eq!(values, [(&json!("a"), &json!(10)), (&json!("c"), &json!(30))]);
}

#[tokio::test]
async fn hello_of_an_older_version_gets_no_answer() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let mut game = server.game().await;
    game.send(&format!("h:{{\"proto\":1}}\nv:{}\nh:{{\"proto\":2}}\n", project.key.as_str())).await;
    assert_eq!(game.line().await, "OK");
    game.in_order(project.key.as_str()).await;
}

#[tokio::test]
async fn a_game_that_left_is_offline_and_the_same_device_when_it_returns() {
    let server = TestServer::start().await;
    let (user, project) = (owner(&server).await, server.project().await);
    let mut watcher = server.gateway.watch(&user, project.id).await.unwrap();
    let game = server.verified(project.key).await;
    drop(game);
    crate::support::soon("the device to be offline", async {
        // there was none when the watching began
        while watcher.snapshot().devices.iter().all(|device| device.online) {
            watcher.next().await;
        }
    })
    .await;
    let _game = server.verified(project.key).await;
    let devices = server.gateway.snapshot(&user, project.id).await.unwrap().devices;
    assert_eq!(
        devices.iter().map(|d| (d.name.as_str(), d.online)).collect::<Vec<_>>(),
        [("127.0.0.1", true)]
    );
}
