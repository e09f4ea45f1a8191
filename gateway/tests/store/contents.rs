//! What goes in comes out as it was.

use std::sync::Arc;

use gateway::store::{Store, Write};
use protocol::model::{
    Desired, Integer, Level, LogEntry, Reported, UnixMicros, Value, VarOption, VarRevision, VarSpec, VarType,
};

use crate::house::{House, NOW, connect, int, integer, text};

async fn values_and_declarations_come_back_exactly(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let big = VarSpec {
        min: Some((-0.1).into()),
        max: Some(Integer::MAX.into()),
        step: Some(f64::MIN_POSITIVE),
        options: vec![VarOption { label: "all".to_owned(), value: Value::Int(Integer::MAX) }],
        unit: Some("px/s".to_owned()),
        group: Some("enemy/boss".to_owned()),
        label: Some("Größe".to_owned()),
        help: Some("\"quoted\"\n%_'\\".to_owned()),
        default: Some(Value::Float(5.0)),
        order: Some(i64::MIN),
        readonly: true,
        source: Some("src/boss.rs:41".to_owned()),
        ..VarSpec::bare(VarType::Other("money".to_owned()))
    };
    let values = [
        Value::Int(Integer::MIN),
        Value::Int(Integer::MAX),
        int(i64::MAX),
        Value::Bool(false),
        Value::Float(0.1),
        Value::Float(-5.0),
        Value::Float(5e-324),
        text(""),
        text("null"),
        text("\u{0}\u{1f}\u{2028}"),
        Value::Json("null".to_owned()),
        Value::Json("{\"a\":[1,18446744073709551615,\"\\u0000\"]}".to_owned()),
    ];
    let names: Vec<String> = (0..values.len()).map(|n| format!("v{n}")).collect();
    let declared: Vec<_> = names.iter().map(|n| (n.as_str(), big.clone())).collect();
    let reported: Vec<_> = names.iter().map(String::as_str).zip(values.iter().cloned()).collect();
    house.commit(&[house.report(&declared, &reported), house.edit(1, &reported)]).await;

    let vars = house.load().await.vars;
    assert_eq!(vars.len(), values.len());
    for ((var, value), name) in vars.into_iter().zip(values).zip(names) {
        assert_eq!((var.name.as_str(), &var.spec), (name.as_str(), &big));
        assert_eq!(var.reported, [Reported { device: house.device, value: value.clone(), at: NOW }]);
        let author = "Ana".to_owned();
        assert_eq!(
            var.desired,
            Some(Desired { value: Some(value), revision: VarRevision(1), author, at: NOW })
        );
    }
}

async fn hostile_texts_are_only_texts(store: Arc<dyn Store>) {
    let long = "🦀".repeat(16 * 1024);
    let hostile =
        ["'; DROP TABLE logs; --", "%", "_", "\\", "\\\\'\"", "$1 ?1 :a", "{\"a\":1}", "\u{202e}🦀", &long];
    let house = House::new(store).await;
    let House { store, project, device } = &house;
    let entries: Vec<LogEntry> = hostile
        .iter()
        .map(|text| LogEntry {
            message: (*text).to_owned(),
            level: Level::Fatal,
            at: Some(UnixMicros(i64::MIN)),
            fields: Some(format!("{{\"text\":{}}}", Value::Text((*text).to_owned()).to_json())),
        })
        .collect();
    house
        .commit(&[Write::Logs {
            project: project.id,
            device: *device,
            received: NOW,
            entries: entries.clone(),
            line: None,
        }])
        .await;
    for text in &hostile[..8] {
        house.commit(&[house.report(&[(text, integer())], &[(text, self::text(&long))])]).await;
        house.commit(&[house.edit(1, &[(text, self::text(text))])]).await;
        connect(store, project.id, text, text, NOW).await.unwrap();
    }

    let state = house.load().await;
    for (line, entry) in state.logs.iter().zip(&entries) {
        assert_eq!((&line.message, &line.fields, line.level), (&entry.message, &entry.fields, Level::Fatal));
        assert_eq!((Some(line.at), line.received, line.device), (entry.at, NOW, *device));
    }
    assert_eq!(state.logs.len(), hostile.len());
    let names: Vec<&str> = state.vars.iter().map(|var| var.name.as_str()).collect();
    assert_eq!(names, hostile[..8]);
    for (var, device) in state.vars.iter().zip(&state.devices[1..]) {
        assert_eq!(var.reported[0].value, text(&long));
        assert_eq!(var.desired.as_ref().unwrap().value, Some(text(var.name.as_str())));
        assert_eq!(
            (device.identity.as_str(), device.device.name.as_str()),
            (var.name.as_str(), var.name.as_str())
        );
    }
}

async fn a_batch_may_be_large(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let names: Vec<String> = (0..5_000).map(|n| format!("var {n}")).collect();
    let declared: Vec<_> = names.iter().map(|n| (n.as_str(), integer())).collect();
    let values: Vec<_> = names.iter().map(|n| (n.as_str(), int(1))).collect();
    let messages = vec!["a line"; 10_000];
    house
        .commit(&[
            house.logs(&messages),
            house.report(&declared, &values),
            house.edit(1, &values),
            house.logs(&messages),
        ])
        .await;
    let state = house.load().await;
    assert_eq!((state.logs.len(), state.logs.last().unwrap().seq), (20_000, 20_000));
    assert!(state.vars.iter().map(|var| var.name.as_str()).eq(names.iter().map(String::as_str)));
    assert_eq!(house.history().await.len(), 5_000);
}

crate::support::stories! {
    values_and_declarations_come_back_exactly,
    hostile_texts_are_only_texts,
    a_batch_may_be_large,
}
