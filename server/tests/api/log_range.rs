//! The log within a range of time, in either order, counted over time, and around a line.

use serde_json::{Value as Json, json};

use crate::{
    support::line::Game,
    world::{World, refusal, refused},
};

/// A hundred lines, then fifty a while later, then ten.
async fn three_batches(world: &World, game: &mut Game) {
    for numbers in [1..=100, 101..=150, 151..=160] {
        world.log(game, numbers.map(|n| format!("line {n}"))).await;
    }
}

fn seqs(lines: &[Json]) -> Vec<u64> {
    lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect()
}

/// When a line was received, for a query.
async fn received(world: &World, seq: u64) -> String {
    let line = world.script.get(&world.at(&format!("/logs/{seq}/context?lines=0"))).await.json();
    line["items"][0]["received"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_range_of_time_comes_whole_in_either_order_however_it_is_cut() {
    let world = World::start().await;
    let mut game = world.game().await;
    three_batches(&world, &mut game).await;
    let (second, third) = (received(&world, 101).await, received(&world, 151).await);
    assert!(second < third, "batches are received one after the other");
    for (range, expected) in [
        (format!("from={second}&to={third}"), 101..151),
        (format!("to={second}"), 1..101),
        (format!("from={third}&to=0s"), 151..161),
        ("from=1h".to_owned(), 1..161),
        ("to=1h".to_owned(), 1..1),
        ("from=2020-01-01&to=2020-01-02T12:00".to_owned(), 1..1),
    ] {
        let mut expected: Vec<u64> = expected.collect();
        for order in ["oldest", "newest"] {
            for limit in [7, 1_000] {
                let path = world.at(&format!("/logs?{range}&order={order}"));
                assert_eq!(seqs(&world.script.all(&path, limit).await), expected, "{path} {limit}");
            }
            let path = world.at(&format!("/logs/export?{range}&order={order}"));
            let export = world.script.get(&path).await.body;
            let lines: Vec<Json> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(seqs(&lines), expected, "{path}");
            expected.reverse();
        }
    }
}

#[tokio::test]
async fn a_cursor_stays_where_it_is_and_knows_its_order() {
    let world = World::start().await;
    let mut game = world.game().await;
    three_batches(&world, &mut game).await;
    let first = world.script.get(&world.at("/logs?order=oldest&limit=150")).await.json();
    assert_eq!(first["searched_to"], first["items"][149]["received"]);
    let next = first["next"].as_str().unwrap();
    world.log(&mut game, ["new".to_owned()]).await;
    for order in ["", "&order=oldest"] {
        let second = world.script.get(&world.at(&format!("/logs?cursor={next}{order}"))).await.json();
        assert_eq!(seqs(second["items"].as_array().unwrap()), (151..=161).collect::<Vec<_>>());
        assert_eq!(second["next"], Json::Null);
    }
    let other = world.script.get(&world.at(&format!("/logs?cursor={next}&order=newest"))).await;
    assert_eq!(refusal(&other), refused(400, "invalid"));
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_refused() {
    let world = World::start().await;
    for query in
        ["from=yesterday", "to=5", "from=", "from=1h&to=2h", "from=2026-11-22&to=2026-11-22", "order=random"]
    {
        for path in ["/logs", "/logs/export"] {
            let answer = world.script.get(&world.at(&format!("{path}?{query}"))).await;
            assert_eq!(refusal(&answer), refused(400, "invalid"), "{path} {query}");
        }
    }
    for query in ["from=1h&to=2h", "bars=0", "bars=501", "bars=many", "order=newest", "q=level%3Aloud"] {
        let answer = world.script.get(&world.at(&format!("/logs/histogram?{query}"))).await;
        assert_eq!(refusal(&answer), refused(400, "invalid"), "{query}");
    }
}

#[tokio::test]
async fn lines_are_counted_over_time() {
    let world = World::start().await;
    let mut game = world.game().await;
    three_batches(&world, &mut game).await;
    game.log_entries(world.project.key.as_str(), r#"[{"message":"line 7 failed","level":"error"}]"#).await;
    game.in_order(world.project.key.as_str()).await;
    world.server.gateway.flush().await.unwrap();
    let (second, third) = (received(&world, 101).await, received(&world, 151).await);
    let count = async |query: &str| {
        let answer = world.script.get(&world.at(&format!("/logs/histogram?{query}"))).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        let histogram = answer.json();
        assert_eq!(histogram["counted_from"], histogram["from"], "{query}");
        let bars = histogram["bars"].as_array().unwrap();
        let sum = |level: &str| bars.iter().map(|bar| bar[level].as_u64().unwrap()).sum::<u64>();
        (bars.len(), sum("info"), sum("error"), histogram["bars"][0]["at"] == histogram["from"])
    };
    // a line may be received in the very microsecond that ends the range
    assert_eq!(count("from=1h&to=2100-01-01").await, (60, 160, 1, true));
    assert_eq!(count("from=1h&to=2100-01-01&bars=1&q=%22line%207%22").await, (1, 11, 1, true));
    assert_eq!(count("from=1h&to=2100-01-01&q=level:error").await, (60, 0, 1, true));
    assert_eq!(count(&format!("from={second}&to={third}&bars=3")).await, (3, 50, 0, true));
    let hour = world.script.get(&world.at("/logs/histogram")).await.json();
    assert_eq!(hour["step_micros"], json!(60_000_000));
}

#[tokio::test]
async fn a_line_has_its_context() {
    let world = World::start().await;
    let mut game = world.game().await;
    three_batches(&world, &mut game).await;
    let context = async |seq: u64, query: &str| {
        let context = world.script.get(&world.at(&format!("/logs/{seq}/context{query}"))).await.json();
        assert_eq!(context["whole"], true);
        seqs(context["items"].as_array().unwrap())
    };
    assert_eq!(context(120, "?lines=2").await, [118, 119, 120, 121, 122]);
    assert_eq!(context(2, "?lines=2").await, [1, 2, 3, 4]);
    assert_eq!(context(100, "").await, (50..=150).collect::<Vec<_>>());
    for (path, expected) in [
        ("/logs/161/context", refused(404, "not_found")),
        ("/logs/x/context", refused(404, "not_found")),
        ("/logs/1/context?lines=201", refused(400, "invalid")),
        ("/logs/1/context?lines=-1", refused(400, "invalid")),
    ] {
        assert_eq!(refusal(&world.script.get(&world.at(path)).await), expected, "{path}");
    }
}
