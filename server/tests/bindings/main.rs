//! The SDK in every language: each binding plays the stories of `sdk/stories` against the real program.
//!
//! A binding whose compiler or interpreter is not installed is skipped with a message, unless `OBSERVERIO_REQUIRE_BINDINGS` is set.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bevy;
mod builds;
mod csharp;
mod documents;
mod godot;
mod original;
mod person;
mod puppet;
mod story;
mod wheel;

/// A test for each story with this puppet; `in memory` is one that keeps nothing on disk.
macro_rules! play {
    ($binding:ident, $puppet:expr) => {
        play!($binding, $puppet, crate::builds::Line::Tcp;
            declare edit clamp reject action offline resume kill exact unicode original;);
    };
    ($binding:ident in memory, $puppet:expr) => {
        play!($binding in memory, $puppet, crate::builds::Line::Tcp);
    };
    ($binding:ident in memory, $puppet:expr, $line:expr) => {
        play!($binding, $puppet, $line; declare edit clamp reject action offline resume exact unicode original; kill);
    };
    ($binding:ident, $puppet:expr, $line:expr; $($story:ident)+; $($other:ident)*) => {
        mod $binding {
            $(#[tokio::test]
            async fn $story() {
                crate::story::play(stringify!($story), $puppet, $line).await;
            })+

            #[test]
            fn every_story_is_played() {
                let mut played = vec![$(stringify!($story),)+ $(stringify!($other)),*];
                played.sort_unstable();
                assert_eq!(crate::story::names(), played);
            }
        }
    };
}

play!(c, crate::builds::c());
play!(cpp, crate::builds::cpp());
play!(python, crate::builds::python("sdk/python/stories/puppet.py"));
play!(lua, crate::builds::lua("sdk/lua/stories/puppet.lua"));
play!(go, crate::builds::go());
play!(csharp_stories, crate::csharp::puppet());
play!(godot_stories in memory, crate::godot::puppet());
play!(bevy_stories, crate::bevy::puppet());
play!(web in memory, crate::builds::web("sdk/web/stories/puppet.js"), crate::builds::Line::WebSocket);
