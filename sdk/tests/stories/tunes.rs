//! Numbers that are tuned where they stand, and structs whose fields are.

use observerio::{Game, Settings, Tune, tune, tune_text};

use super::{PATIENCE, server::Server, until};

#[derive(Tune)]
#[tune(prefix = "boss", group = "enemy/boss")]
struct Boss {
    /// How fast
    /// it runs
    #[tune(range = 0.0..=20.0, step = 0.5, unit = "m/s")]
    speed: f32,
    #[tune(name = "hp", help = "Never above 500", group = "enemy", range = 1..=500)]
    health: u16,
    #[tune(options = ["calm", "angry"], label = "Mood")]
    mood: String,
    r#type: bool,
    #[tune(skip)]
    place: (i32, i32),
}

const SPEED_LINE: u32 = line!() - 10;

fn boss() -> Boss {
    Boss { speed: 2.5, health: 100, mood: "calm".to_owned(), r#type: true, place: (3, 4) }
}

#[test]
fn a_struct_declares_its_fields_and_takes_what_people_want() {
    let server = Server::start();
    server.stored.lock().unwrap().wanted = [
        r#"{"name":"boss.speed","value":7.5,"rev":1}"#,
        r#"{"name":"hp","value":9000,"rev":1}"#,
        r#"{"name":"boss.mood","value":"angry","rev":1}"#,
        r#"{"name":"boss.type","value":false,"rev":1}"#,
        r#"{"name":"boss.place","value":1,"rev":1}"#,
    ]
    .join(",");
    let (game, driver) = Game::new(Settings::new("0123456789ab".parse().unwrap()));
    let mut boss = boss();
    let tuned = game.tune(&boss);
    tuned.update(&mut boss);
    assert_eq!((boss.speed, boss.health, &*boss.mood, boss.r#type), (2.5, 100, "calm", true));
    let connection = observerio::connect(driver, server.address.to_string()).unwrap();
    until("the values", || game.frame() > 0);
    tuned.update(&mut boss);
    assert_eq!((boss.speed, boss.health, &*boss.mood, boss.r#type), (7.5, 500, "angry", false));
    assert_eq!(boss.place, (3, 4));

    until("the declarations", || server.stored.lock().unwrap().declared.len() == 4);
    connection.close(PATIENCE);
    let stored = server.stored.lock().unwrap();
    let spec = |name: &str| &stored.declared[name];
    let speed = spec("boss.speed");
    assert_eq!((speed.help.as_deref(), speed.unit.as_deref()), (Some("How fast it runs"), Some("m/s")));
    assert_eq!((speed.group.as_deref(), speed.step), (Some("enemy/boss"), Some(0.5)));
    let said = format!("{}:{}", file!(), SPEED_LINE);
    assert_eq!(speed.source.as_deref(), Some(&*said));
    assert_eq!(
        (spec("hp").group.as_deref(), spec("hp").help.as_deref()),
        (Some("enemy"), Some("Never above 500"))
    );
    assert_eq!((spec("boss.mood").options.len(), spec("boss.mood").label.as_deref()), (2, Some("Mood")));
}

fn jump(height: f32) -> f32 {
    tune!("player.jump", 4.5, range = 0.0..=100.0, unit = "m") * height
}

/// The same place, with whatever type its code is made for.
fn generic<T: observerio::Scalar>(own: T) -> T {
    tune!("generic", own)
}

#[test]
fn a_literal_is_tuned_where_it_stands() {
    let server = Server::start();
    assert_eq!((jump(2.0), &*tune_text!("title", "Level 1")), (9.0, "Level 1"), "no game is installed");
    server.stored.lock().unwrap().wanted = [
        r#"{"name":"player.jump","value":1000,"rev":1}"#,
        r#"{"name":"night","value":true,"rev":1}"#,
        r#"{"name":"title","value":"Level 2","rev":1}"#,
        r#"{"name":"generic","value":7,"rev":1}"#,
    ]
    .join(",");
    let (game, driver) = Game::new(Settings::new("0123456789ab".parse().unwrap()));
    assert!(game.install());
    let (other, _driver) = Game::new(Settings::new("0123456789ab".parse().unwrap()));
    assert!(!other.install(), "the first one stays");
    let connection = observerio::connect(driver, server.address.to_string()).unwrap();
    let title = || tune_text!("title", "Level 1", options = ["Level 1", "Level 2"]);
    let night = || tune!("night", false);
    until("the values", || {
        game.frame();
        (jump(2.0), night(), &*title(), generic(5u8)) == (200.0, true, "Level 2", 7)
    });
    assert_eq!(generic(1.5f32), 1.5, "it is another variable's place");
    connection.close(PATIENCE);
    let stored = server.stored.lock().unwrap();
    let source = stored.declared["player.jump"].source.clone().unwrap();
    assert!(source.starts_with(&format!("{}:", file!())), "{source}");
}

#[test]
fn a_name_that_is_declared_again_with_another_type_is_another_variable() {
    let (game, _driver) = Game::new(Settings::new("0123456789ab".parse().unwrap()));
    let wide = game.var("speed", 1.5f64).declare();
    let narrow = game.var("speed", 2.5f32).declare();
    let again = game.var("speed", 9.0f32).declare();
    assert_eq!((wide.get(), narrow.get(), again.get()), (1.5, 2.5, 2.5));
}
