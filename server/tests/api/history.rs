//! What was set before.

use serde_json::{Value as Json, json};

use crate::world::World;

fn entries(all: &[Json]) -> Vec<(i64, String)> {
    all.iter().map(|e| (e["revision"].as_i64().unwrap(), e["name"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn every_change_comes_once_however_it_is_cut() {
    let world = World::start().await;
    let _game = world.game().await;
    // revisions with one, two and three variables
    for n in 1..=12 {
        let all =
            [("speed", json!(n)), ("gravity", json!(f64::from(n) + 0.5)), ("title", json!(format!("t{n}")))];
        let some = &all[..=(n as usize % 3)];
        let changes: Vec<_> =
            some.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        let saved = world.script.json("PATCH", &world.at("/variables"), &json!({"changes": changes})).await;
        assert_eq!(saved.json()["revision"], n, "{}", saved.body);
    }
    let whole = world.script.all(&world.at("/history"), 1_000).await;
    assert_eq!(whole.len(), 12 + 8 + 4);
    assert_eq!((&whole[0]["revision"], &whole[23]["revision"]), (&json!(12), &json!(1)));
    for limit in [1, 2, 3, 5, 23, 24] {
        assert_eq!(
            entries(&world.script.all(&world.at("/history"), limit).await),
            entries(&whole),
            "{limit}"
        );
    }
    let of_title = world.script.all(&world.at("/history?name=title"), 2).await;
    let revisions: Vec<_> = of_title.iter().map(|e| e["revision"].as_i64().unwrap()).collect();
    assert_eq!(revisions, [11, 8, 5, 2]);
    assert_eq!((&of_title[0]["old"], &of_title[0]["new"]), (&json!("t8"), &json!("t11")));
    assert!(of_title[3]["old"].is_null());
    assert_eq!(of_title[0]["author"], "owner");
}
