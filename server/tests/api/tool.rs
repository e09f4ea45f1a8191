//! A program that knows nothing but the document: [Schemathesis](https://schemathesis.io) makes requests from it, good and bad
//! ones, and compares every answer with what the document promises.

use std::{process::Stdio, time::Duration};

use serde_json::json;
use tokio::{process::Command, time::timeout};

use crate::world::World;

/// Where it is; `cargo xtask test` installs it and says so. Without it this story is not told.
const PROGRAM: &str = "OBSERVERIO_TEST_SCHEMATHESIS";
/// Far longer than it takes. How many requests there are is a matter of their number, not of how fast a machine is.
const LONGEST: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_knows_the_document_alone_finds_nothing_wrong() {
    let Ok(program) = std::env::var(PROGRAM) else {
        return eprintln!("skipped: {PROGRAM} does not say where Schemathesis is");
    };
    // it asks far more often than people do
    let world = World::start_with(&["--api-requests-per-second", "100000"]).await;
    assert_eq!(world.project.id.0, 1, "the examples of the document are about project 1");
    let mut game = world.game().await;
    world.log(&mut game, (0..300).map(|n| format!("line {n} boss"))).await;
    for value in 1..=5 {
        let saved = world.script.json("PUT", &world.at("/variables/speed"), &json!({"value": value})).await;
        assert_eq!(saved.status, 200, "{}", saved.body);
    }
    let mut command = Command::new(program);
    command
        .args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/schemathesis.toml")])
        .arg("run")
        .arg(format!("http://{}/api/v1/openapi.json", world.server.http))
        .args(["--header", &format!("Authorization: Bearer {}", world.script.token)])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "50", "--seed", "1", "--no-shrink"])
        // nothing is kept for another run, and nobody minds how long it takes to make up a request
        .args(["--generation-database", "none", "--suppress-health-check", "all"])
        .args(["--request-timeout", "10", "--continue-on-failure"])
        // a wrong token is refused with 429 after the twentieth; stories of their own try them all
        .args(["--checks", "all", "--exclude-checks", "ignored_auth"])
        // it has no end, and has stories of its own
        .args(["--exclude-path-regex", "/logs/live$"])
        // afterwards there would be nothing to ask about
        .args(["--exclude-operation-id", "delete_project"])
        .env("NO_COLOR", "1")
        .current_dir(world.server.data_dir())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(LONGEST, command.output()).await.expect("Schemathesis comes to an end").unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("Test cases"), "it did something: {text}");
}
