//! Fields and variables, with a server that the test plays.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use bevy_app::{App, Update};
use bevy_ecs::prelude::*;
use bevy_reflect::Reflect;
use observerio_bevy::{ActionApp as _, Named, Observerio, ObserverioPlugin, ReflectTune, Settings};

const KEY: &str = "0123456789ab";

#[derive(Component, Reflect)]
#[reflect(Component, Tune)]
struct Enemy {
    #[reflect(@0.0..=20.0_f32)]
    speed: f32,
    body: Body,
    // no variable can be that
    path: Vec<u32>,
}

#[derive(Reflect)]
struct Body {
    height: u8,
    mood: Mood,
}

#[derive(Clone, Copy, Debug, PartialEq, Reflect)]
enum Mood {
    Calm,
    Angry,
}

#[derive(Resource, Reflect)]
#[reflect(Resource, Tune, @Named("game"))]
struct Session {
    playing: bool,
    #[reflect(@Named("name"))]
    title: String,
}

/// Registered, but nobody asked to tune it.
#[derive(Resource, Reflect)]
#[reflect(Resource)]
struct Secret(i64);

const HELLO: &str = r#"h:{"proto":2,"caps":["rev"],"limits":{"inflight":256,"line":1048576},"ping":20000}"#;

/// The server's end of a game's connection.
struct Server {
    lines: BufReader<TcpStream>,
    heard: Vec<String>,
    revision: u64,
}

impl Server {
    fn sets(&mut self, edits: &str) {
        self.edits(edits, "");
    }

    fn lets_go(&mut self, name: &str) {
        self.edits("", &format!("\"{name}\""));
    }

    fn presses(&mut self, id: &str, name: &str, args: &str) {
        let line = format!("x:{KEY}:{id}:{{\"name\":\"{name}\",\"args\":{args}}}\n");
        self.lines.get_mut().write_all(line.as_bytes()).unwrap();
    }

    fn edits(&mut self, vars: &str, removed: &str) {
        self.revision += 1;
        let revision = self.revision;
        let payload = format!(r#"{{"epoch":"e","full":false,"vars":[{vars}],"removed":[{removed}]}}"#);
        let line = format!("v:{KEY}:{revision}:{payload}\n");
        self.lines.get_mut().write_all(line.as_bytes()).unwrap();
    }
}

struct Stage {
    app: App,
    server: Server,
}

impl Stage {
    fn new(build: impl FnOnce(&mut App)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = Settings::new(KEY.parse().unwrap()).report_every(Duration::from_millis(1));
        let mut app = App::new();
        app.add_plugins(ObserverioPlugin::new(settings, listener.local_addr().unwrap().to_string()));
        app.register_type::<Enemy>().register_type::<Session>().register_type::<Secret>();
        build(&mut app);
        app.update();
        let mut lines = BufReader::new(listener.accept().unwrap().0);
        for verb in ["h:", "v:"] {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            assert!(line.starts_with(verb), "{line}");
        }
        lines.get_mut().write_all(format!("{HELLO}\nOK\n").as_bytes()).unwrap();
        lines.get_ref().set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        Self { app, server: Server { lines, heard: Vec::new(), revision: 0 } }
    }

    /// Frames until it is so.
    fn until(&mut self, what: &str, is_so: impl Fn(&mut Self) -> bool) {
        let by = Instant::now() + Duration::from_secs(20);
        while !is_so(self) {
            assert!(Instant::now() < by, "{what}: {:?}", self.server.heard);
            self.app.update();
            let mut line = String::new();
            if self.server.lines.read_line(&mut line).is_ok() {
                self.server.heard.push(line);
            }
        }
    }

    fn hears(&mut self, part: &str) {
        self.until(part, |stage| stage.server.heard.iter().any(|line| line.contains(part)));
    }

    fn enemy(&self, entity: Entity) -> &Enemy {
        self.app.world().get(entity).unwrap()
    }
}

fn enemy(speed: f32) -> Enemy {
    Enemy { speed, body: Body { height: 2, mood: Mood::Calm }, path: vec![1] }
}

#[test]
fn fields_of_marked_types_are_variables() {
    let mut stage = Stage::new(|app| {
        app.insert_resource(Session { playing: true, title: "Level 1".to_owned() });
        app.insert_resource(Secret(7));
        app.world_mut().spawn(enemy(2.5));
    });
    for part in [
        r#"{"name":"Enemy.speed","type":"float","value":2.5,"min":0"#,
        r#"{"name":"Enemy.body.height","type":"integer","value":2"#,
        r#"{"name":"Enemy.body.mood","type":"enum","value":"Calm","options":["Calm","Angry"]"#,
        r#"{"name":"game.playing","type":"boolean","value":true"#,
        r#"{"name":"game.name","type":"string","value":"Level 1""#,
    ] {
        stage.hears(part);
    }
    let all = stage.server.heard.concat();
    assert!(!all.contains("Secret") && !all.contains("path"), "{all}");
}

#[test]
fn people_tune_a_resource_and_hear_of_what_the_game_sets() {
    let mut stage = Stage::new(|app| {
        app.insert_resource(Session { playing: true, title: "Level 1".to_owned() });
    });
    stage.hears("game.playing");
    stage.server.sets(r#"{"name":"game.playing","value":false},{"name":"game.name","value":"Zoë"}"#);
    stage.until("the edit", |stage| {
        let session = stage.app.world().resource::<Session>();
        !session.playing && session.title == "Zoë"
    });
    stage.app.world_mut().resource_mut::<Session>().title = "The end".to_owned();
    stage.hears(r#""The end""#);
    assert_eq!(stage.app.world().resource::<Session>().title, "The end");
}

#[test]
fn a_component_is_tuned_in_every_entity_also_in_later_ones() {
    let mut stage = Stage::new(|app| {
        app.world_mut().spawn_batch([enemy(2.5), enemy(4.0)]);
    });
    let mut all = stage.app.world_mut().query_filtered::<Entity, With<Enemy>>();
    let entities: Vec<Entity> = all.iter(stage.app.world()).collect();
    stage.hears("Enemy.speed");
    stage.server.sets(r#"{"name":"Enemy.speed","value":30},{"name":"Enemy.body.mood","value":"Angry"}"#);
    // clamped by the range
    stage.until("the edit", |stage| entities.iter().all(|entity| stage.enemy(*entity).speed == 20.0));
    assert!(entities.iter().all(|entity| stage.enemy(*entity).body.mood == Mood::Angry));

    let later = stage.app.world_mut().spawn(enemy(1.0)).id();
    stage.app.update();
    assert_eq!(stage.enemy(later).speed, 20.0);
    assert_eq!(stage.enemy(later).body.height, 2);

    stage.server.lets_go("Enemy.speed");
    stage.until("each has its own again", |stage| {
        let speeds = entities.iter().map(|entity| stage.enemy(*entity).speed);
        speeds.eq([2.5, 4.0]) && stage.enemy(later).speed == 1.0
    });
}

#[test]
fn systems_of_one_frame_see_the_same_values() {
    let mut stage = Stage::new(|app| {
        app.insert_resource(Session { playing: true, title: String::new() });
        app.add_systems(Update, |session: Res<Session>, game: Res<Observerio>| {
            // both of an edit, or none
            assert_eq!(session.playing, session.title.is_empty());
            assert!(game.changed() == 0 || !session.playing);
        });
    });
    stage.hears("game.playing");
    stage.server.sets(r#"{"name":"game.playing","value":false},{"name":"game.name","value":"both"}"#);
    stage.until("the edit", |stage| !stage.app.world().resource::<Session>().playing);
}

#[test]
fn what_can_be_no_variable_is_said() {
    #[derive(Reflect)]
    #[reflect(Tune)]
    struct Neither(bool);

    let mut stage = Stage::new(|app| {
        app.register_type::<Neither>();
    });
    stage.hears("is reflected neither as Resource nor as Component");
}

#[test]
fn a_button_runs_a_system_and_one_without_waits_for_the_game() {
    let mut stage = Stage::new(|app| {
        app.insert_resource(Secret(0));
        app.add_observerio_action(
            "boss.spawn",
            |In(args): In<Option<String>>, mut spawned: ResMut<Secret>| {
                spawned.0 += 1;
                if args.is_some() { Ok(args) } else { Err("how many?".to_owned()) }
            },
        );
        app.world().resource::<Observerio>().button("boss.calm").declare();
    });
    stage.hears("boss.calm");
    stage.server.presses("x1", "boss.spawn", "[18446744073709551615]");
    stage.hears(r#":x1:{"result":[18446744073709551615]}"#);
    stage.server.presses("x2", "boss.spawn", "null");
    stage.hears(r#":x2:{"error":"how many?"}"#);
    stage.server.presses("x3", "boss.calm", "null");
    stage.until("a call", |stage| {
        let mut game = stage.app.world_mut().resource_mut::<Observerio>();
        game.take_call().is_some_and(|call| {
            game.answer(call.id, Ok(None));
            call.name.as_str() == "boss.calm"
        })
    });
    stage.hears(":x3:{}");
    assert_eq!(stage.app.world().resource::<Secret>().0, 2);
}

#[test]
fn an_action_without_a_server_waits_for_nobody() {
    let mut app = App::new();
    app.add_plugins(ObserverioPlugin::offline(Settings::new(KEY.parse().unwrap())));
    app.add_observerio_action("boss.spawn", |In(args): In<Option<String>>| Ok(args));
    app.update();
    let mut game = app.world_mut().resource_mut::<Observerio>();
    assert_eq!(game.take_call(), None);
    assert!(!game.flush(Duration::from_millis(1)));
    game.close(Duration::from_millis(1));
}
