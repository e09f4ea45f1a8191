//! The code on the SDK's pages is the code that runs here.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use protocol::model::{Key, Outcome};
use serde_json::{Value as Json, json};
use tokio::process::Command;

use crate::{
    bevy,
    builds::{self, Puppet, repository},
    csharp, godot,
    person::Sight,
    story::{Real, fresh_key},
    support::{PATIENCE, program::Program, soon},
};

fn file(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// The page shows this file, unchanged.
fn shows(page: &str, example: &str, language: &str) {
    let block = format!("```{language}\n{}```\n", file(example));
    assert!(file(page).contains(&block), "{page} does not show {example} as it is");
}

#[test]
fn pages_show_the_files_that_run() {
    shows("docs/sdk-rust.md", "sdk/examples/boss.rs", "rust,no_run");
    shows("docs/sdk-c.md", "sdk/c/examples/boss.c", "c");
    shows("docs/sdk-cpp.md", "sdk/cpp/examples/boss.cpp", "cpp");
    shows("docs/sdk-python.md", "sdk/python/examples/boss.py", "python");
    shows("docs/sdk-lua.md", "sdk/lua/examples/boss.lua", "lua");
    shows("docs/sdk-go.md", "sdk/go/examples/boss/main.go", "go");
    shows("docs/sdk-go.md", "sdk/go/examples/original/main.go", "go");
    shows("docs/sdk-csharp.md", "sdk/csharp/examples/Boss.cs", "csharp");
    shows("docs/sdk-csharp.md", "sdk/csharp/Samples~/Boss/Boss.cs", "csharp");
    shows("docs/sdk-bevy.md", "sdk/bevy/examples/boss.rs", "rust");
    shows("docs/sdk-godot.md", "sdk/godot/examples/boss.gd", "gdscript");
    shows("docs/sdk-web.md", "sdk/web/examples/boss.js", "js");
    shows("docs/sdk-web.md", "sdk/web/examples/index.html", "html");
}

/// The dashboard says the same.
#[test]
fn pages_show_the_commands_that_run() {
    for language in ["rust", "c", "cpp", "python", "lua", "go"] {
        let page = format!("docs/sdk-{language}.md");
        for commands in builds::blocks(language) {
            let block = format!("```sh\n{commands}```\n");
            assert!(file(&page).contains(&block), "{page} does not say {commands}");
        }
    }
}

/// The dashboard's snippet with a key and an address.
#[test]
fn the_quick_start_shows_a_game_without_the_sdk() {
    let game = file("app/snippets/game.mjs").replace("KEY", "0123456789ab");
    let game = game.replace("HOST", "127.0.0.1").replace("PORT", "6667");
    assert!(file("docs/quick-start.md").contains(&format!("```js\n{game}```\n")));
}

/// What a page says to type may compile the game.
const BUILDING: Duration = Duration::from_secs(300);

/// A project on the real server, and a person who watches it.
struct World {
    real: Real,
    key: Key,
}

impl World {
    async fn until(&mut self, what: &str, is_seen: impl Fn(&Sight) -> bool) {
        self.until_within(PATIENCE, what, is_seen).await;
    }

    async fn until_within(
        &mut self,
        patience: Duration,
        what: &str,
        mut is_seen: impl FnMut(&Sight) -> bool,
    ) {
        let person = self.real.person.as_mut().expect("the server lives");
        let by = Instant::now() + patience;
        while !is_seen(&person.sight) {
            assert!(Instant::now() < by, "{what} is not seen, but {:?}", person.sight);
            person.glance().await;
        }
    }

    async fn sets(&mut self, values: Json) {
        let person = self.real.person.as_mut().expect("the server lives");
        person.set(values.as_object().unwrap()).await;
    }
}

/// Starts the example, edits a value, waits for its outcome and the log entry, and ends the game.
async fn quick_start(example: Puppet) {
    quick_start_over(example, |program| program.tcp.to_string()).await;
}

async fn quick_start_over(example: Puppet, address: impl Fn(&Program) -> String) {
    let Some(words) = example else { return };
    let key = fresh_key();
    let mut world = World { real: Real::start(key).await, key };
    let mut game = Command::new(&words[0]);
    game.args(&words[1..]).args([world.key.as_str(), &address(&world.real.program)]);
    builds::forget_package(game.as_std_mut());
    let mut game = game.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();

    let is_there = |sight: &Sight| {
        let value = |name: &str| sight.values.get(name).cloned();
        (value("boss.speed"), value("game.playing")) == (Some(json!(2.5)), Some(json!(true)))
    };
    let is_there_or_failed = |sight: &Sight| {
        assert!(game.try_wait().unwrap().is_none(), "{words:?} ended");
        is_there(sight)
    };
    world.until_within(BUILDING, "the game", is_there_or_failed).await;
    world.sets(json!({"boss.speed": 7.5})).await;
    let applied = Some(&Outcome::Applied);
    world.until("the outcome", |sight| sight.outcomes.get("boss.speed") == applied).await;
    let is_told = |sight: &Sight| sight.logs.iter().any(|(_, said, _)| said == "somebody tuned the boss");
    world.until("the log", is_told).await;
    world.sets(json!({"game.playing": false})).await;
    let output = soon("the game to end", game.wait_with_output()).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.starts_with("the boss walked "), "{}: {said}", output.status);
}

#[tokio::test]
async fn the_quick_start_in_rust() {
    quick_start(builds::commands("rust", &["cargo"])).await;
}

#[tokio::test]
async fn the_quick_start_in_c() {
    quick_start(builds::commands("c", &["cc"])).await;
}

#[tokio::test]
async fn the_quick_start_in_cpp() {
    quick_start(builds::commands("cpp", &["c++"])).await;
}

#[tokio::test]
async fn the_quick_start_in_python() {
    quick_start(builds::commands("python", &["python3"])).await;
}

#[tokio::test]
async fn the_quick_start_in_lua() {
    quick_start(builds::commands("lua", &["luajit"])).await;
}

#[tokio::test]
async fn the_quick_start_in_go() {
    quick_start(builds::commands("go", &["go", "cc"])).await;
}

#[tokio::test]
async fn the_first_calls_in_go() {
    quick_start(builds::original_go()).await;
}

#[tokio::test]
async fn the_quick_start_in_csharp() {
    quick_start(csharp::example()).await;
}

#[tokio::test]
async fn the_quick_start_in_unity() {
    quick_start(csharp::sample()).await;
}

#[tokio::test]
async fn the_quick_start_in_godot() {
    quick_start(godot::example()).await;
}

#[tokio::test]
async fn the_quick_start_in_bevy() {
    quick_start(bevy::example()).await;
}

#[tokio::test]
async fn the_quick_start_in_a_browser() {
    let url = |program: &Program| format!("ws://{}/game", program.http);
    quick_start_over(builds::web("sdk/web/stories/boss.js"), url).await;
}
