//! A boss whose speed people tune while it walks: boss YOUR_KEY [HOST:PORT]

use std::{error::Error, thread::sleep, time::Duration};

use bevy_app::{App, AppExit, Update};
use bevy_ecs::prelude::*;
use bevy_reflect::Reflect;
use observerio_bevy::{Level, Named, Observerio, ObserverioPlugin, ReflectTune, Settings, Unit};

#[derive(Component, Reflect)]
#[reflect(Component, Tune, @Named("boss"))]
struct Boss {
    #[reflect(@0.0..=20.0_f32, @Unit("m/s"))]
    speed: f32,
    #[reflect(ignore)]
    x: f32,
}

#[derive(Resource, Reflect)]
#[reflect(Resource, Tune, @Named("game"))]
struct Session {
    playing: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let key = arguments.next().unwrap_or_default().parse()?;
    let address = arguments.next().unwrap_or("127.0.0.1:6667".to_owned());

    let mut app = App::new();
    app.add_plugins(ObserverioPlugin::new(Settings::new(key).device("my-laptop").app("1.0"), address));
    app.register_type::<Boss>().register_type::<Session>();
    app.insert_resource(Session { playing: true });
    app.world_mut().spawn(Boss { speed: 2.5, x: 0.0 });
    app.add_systems(Update, (walk, tell, end));
    app.set_runner(run).run();
    Ok(())
}

fn walk(mut bosses: Query<&mut Boss>) {
    for mut boss in &mut bosses {
        boss.x += boss.speed * 0.016;
    }
}

fn tell(game: Res<Observerio>) {
    if game.changed() > 0 {
        game.log(Level::Info, "somebody tuned the boss");
    }
}

fn end(session: Res<Session>, game: Res<Observerio>, boss: Single<&Boss>, mut exit: MessageWriter<AppExit>) {
    if !session.playing {
        game.close(Duration::from_secs(2));
        println!("the boss walked {:.1} m", boss.x);
        exit.write(AppExit::Success);
    }
}

/// What a window does in a real game: one frame after another.
fn run(mut app: App) -> AppExit {
    loop {
        app.update();
        if let Some(exit) = app.should_exit() {
            return exit;
        }
        sleep(Duration::from_millis(16));
    }
}
