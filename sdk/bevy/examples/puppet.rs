//! Plays the game in the stories of sdk/stories, with the plugin: one command a line, one answer a line. Bevy's types are made
//! by the compiler, so each variable of the stories has its own here.

#![expect(clippy::unwrap_used, reason = "a puppet that fails may panic: the story fails then")]

use std::{
    fmt::Display,
    io::{self, BufRead as _, Write as _},
    str::FromStr,
    thread::sleep,
    time::Duration,
};

use bevy_app::App;
use bevy_ecs::{component::Mutable, prelude::*};
use bevy_reflect::{GetTypeRegistration, Reflect};
use observerio_bevy::{
    Call, Check, Color, Group, Help, Level, Measured, Named, Observerio, ObserverioPlugin, Outcome,
    ReflectTune, Settings, Unit, Value,
};

/// A variable of the stories: a resource around one value.
trait Word: Resource<Mutability = Mutable> + Reflect + GetTypeRegistration {
    const NAME: &'static str;

    fn new(word: &str) -> Self;

    fn show(&self) -> String;
}

/// How a value is written in a story.
trait Text: Sized {
    fn read(word: &str) -> Self;

    fn show(&self) -> String;
}

macro_rules! texts {
    ($($type:ty),+) => {$(
        impl Text for $type {
            fn read(word: &str) -> Self {
                from(word)
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

texts!(bool, i64, f64, String);

fn from<T: FromStr + Display>(word: &str) -> T {
    word.parse().ok().unwrap()
}

macro_rules! words {
    ($($name:literal $resource:ident($(#[$said:meta])* $type:ty);)+) => {
        $(
            #[derive(Resource, Reflect)]
            #[reflect(Resource, Tune, @Named($name))]
            struct $resource($(#[$said])* $type);

            impl Word for $resource {
                const NAME: &'static str = $name;

                fn new(word: &str) -> Self {
                    Self(Text::read(word))
                }

                fn show(&self) -> String {
                    self.0.show()
                }
            }
        )+

        fn with(name: &str, job: Job<'_>) -> String {
            match name {
                $($resource::NAME => job.run::<$resource>(),)+
                other => panic!("no story has a variable {other}"),
            }
        }

        fn register(app: &mut App) {
            $(app.register_type::<$resource>();)+
        }
    };
}

words! {
    "lives" Lives(#[reflect(@0..=10_i64)] i64);
    "boss.speed" BossSpeed(
        #[reflect(@0.0..=20.0_f64, @Unit("m/s"), @Group("enemy/boss"), @Help("How fast"))] f64
    );
    "god_mode" GodMode(bool);
    "title" Title(String);
    "mode" Mode(Easiness);
    "sky" Sky(#[reflect(@Color)] String);
    "fps" Fps(#[reflect(@Measured)] f64);
    "wheels" Wheels(#[reflect(@Check(only_even))] i64);
    "id" Id(#[reflect(@i64::MIN..=i64::MAX)] i64);
    "Größe/名前" Size(String);
    "режим" Difficulty(Трудность);
}

#[expect(non_camel_case_types, reason = "people read these names")]
#[derive(Clone, Copy, Debug, Reflect)]
enum Easiness {
    easy,
    hard,
}

#[expect(non_camel_case_types, reason = "people read these names")]
#[derive(Clone, Copy, Debug, Reflect)]
enum Трудность {
    лёгкий,
    難しい,
}

impl Text for Easiness {
    fn read(word: &str) -> Self {
        if word == "easy" { Self::easy } else { Self::hard }
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Text for Трудность {
    fn read(word: &str) -> Self {
        if word == "лёгкий" { Self::лёгкий } else { Self::難しい }
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

fn only_even(wanted: &Value) -> Outcome {
    let Value::Int(number) = wanted else { return Outcome::Applied };
    let number = number.get();
    if number < 0 {
        return Outcome::Rejected { reason: Some("in a cutscene".to_owned()) };
    }
    if number % 2 == 0 {
        return Outcome::Applied;
    }
    let even = i64::try_from(number - 1).unwrap();
    let value = Some(Value::Int(even.into()));
    Outcome::Clamped { value, reason: Some("even numbers only".to_owned()) }
}

/// What is done with a variable, whichever it is.
enum Job<'a> {
    Declare(&'a mut App, &'a str),
    Set(&'a mut App, &'a str),
    Get(&'a App),
}

impl Job<'_> {
    fn run<W: Word>(self) -> String {
        match self {
            // the plugin declares what is there when a frame begins
            Job::Declare(app, own) => {
                app.insert_resource(W::new(own));
                app.update();
            }
            Job::Set(app, word) => *app.world_mut().resource_mut::<W>() = W::new(word),
            Job::Get(app) => return app.world().resource::<W>().show(),
        }
        "ok".to_owned()
    }
}

struct Puppet {
    app: App,
    call: Option<Call>,
}

impl Puppet {
    fn new(key: &str, device: &str, folder: Option<&&str>) -> Self {
        let mut settings = Settings::new(key.parse().unwrap()).device(device).name("Puppet").app("1.0");
        if let Some(folder) = folder {
            settings = settings.values_in(folder).outbox_in(folder);
        }
        let mut app = App::new();
        app.add_plugins(ObserverioPlugin::offline(settings));
        register(&mut app);
        Self { app, call: None }
    }

    fn game(&self) -> &Observerio {
        self.app.world().resource()
    }

    fn obey(&mut self, words: &[&str]) -> String {
        match *words {
            ["connect", address] => self.game().connect(address).unwrap(),
            ["frame"] => {
                self.app.update();
                sleep(Duration::from_millis(1));
            }
            ["get", name] => return with(name, Job::Get(&self.app)),
            ["set", name, word] => return with(name, Job::Set(&mut self.app, word)),
            ["log", level, message, hp, room] => {
                let hp = Value::Int(from::<i64>(hp).into());
                let fields = [("hp", hp), ("room", Value::Text(room.to_owned()))];
                self.game().log_with(Level::parse(level).unwrap(), message, &fields);
            }
            ["action", name] => {
                self.game().button(name).declare();
            }
            ["poll"] => return self.poll(),
            ["answer", json] => self.answer(Ok(Some(json.to_owned()))),
            ["fail", reason] => self.answer(Err(reason.to_owned())),
            ["stats"] => return self.stats(),
            ["flush", milliseconds] => {
                let is_stored = self.game().flush(Duration::from_millis(from(milliseconds)));
                return if is_stored { "ok" } else { "timeout" }.to_owned();
            }
            ["close", milliseconds] => self.game().close(Duration::from_millis(from(milliseconds))),
            [_, name, own, ..] => return with(name, Job::Declare(&mut self.app, own)),
            _ => panic!("no command {words:?}"),
        }
        "ok".to_owned()
    }

    fn poll(&mut self) -> String {
        self.call = self.app.world_mut().resource_mut::<Observerio>().take_call();
        let said =
            self.call.as_ref().map(|call| format!("{} {}", call.name, call.args.as_deref().unwrap_or("-")));
        said.unwrap_or("none".to_owned())
    }

    fn answer(&mut self, result: Result<Option<String>, String>) {
        let call = self.call.take().unwrap();
        self.game().answer(call.id, result);
    }

    fn stats(&self) -> String {
        let stats = self.game().stats();
        let dropped: u64 = stats.dropped.iter().sum();
        format!("{} {} {} {dropped}", stats.is_connected as u8, stats.is_original as u8, stats.stored)
    }
}

fn main() {
    let mut puppet = None;
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split('\t').collect();
        let answer = if let ["new", key, device, ref folder @ ..] = words[..] {
            puppet = Some(Puppet::new(key, device, folder.first()));
            "ok".to_owned()
        } else {
            puppet.as_mut().unwrap().obey(&words)
        };
        println!("{answer}");
        io::stdout().flush().unwrap();
    }
}
