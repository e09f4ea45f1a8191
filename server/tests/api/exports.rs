//! Downloads: all of it, defused, and without filling the server's memory.

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    support::{line::Game, program::Program, soon},
    world::{World, refusal, refused},
};

#[tokio::test]
async fn every_line_is_in_the_download_newest_first() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, (1..=2_345).map(|n| format!("line {n}"))).await;
    let whole = world.script.get(&world.at("/logs/export")).await;
    assert_eq!(whole.header("content-type"), Some("application/x-ndjson"));
    let attachment = format!("attachment; filename=\"log-{}.ndjson\"", world.project.id);
    assert_eq!(whole.header("content-disposition"), Some(attachment.as_str()));
    let lines: Vec<Json> = whole.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seqs: Vec<_> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=2_345).rev().collect::<Vec<_>>());
    let listed = world.script.get(&world.at("/logs?limit=1")).await.json();
    assert_eq!(lines[0], listed["items"][0]);
    let some = world.script.get(&world.at("/logs/export?q=%22line%2023%22")).await;
    assert_eq!(some.body.lines().count(), 1 + 10 + 46, "23, 230 to 239, 2300 to 2345");
    let none = world.script.get(&world.at("/logs/export?q=nope")).await;
    assert_eq!((none.status, none.body.as_str()), (200, ""));
}

#[tokio::test]
async fn a_table_has_headings_and_no_formula() {
    let world = World::start().await;
    let mut game = world.game().await;
    let hostile = ["=HYPERLINK(\"http://evil.test\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a,\"b\"\nc"];
    world.log(&mut game, hostile.map(str::to_owned)).await;
    let table = world.script.get(&world.at("/logs/export?format=csv")).await;
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert!(table.header("content-disposition").unwrap().ends_with(".csv\""));
    let (headings, rows) = table.body.split_once("\r\n").unwrap();
    assert_eq!(headings, "seq,at,received,level,device,device_name,message,fields,notes");
    for cell in [
        "\"'=HYPERLINK(\"\"http://evil.test\"\")\"",
        ",'+1,",
        ",'-1,",
        ",'@SUM(A1),",
        ",'\t=1,",
        ",\"'\r=1\",",
        ",\"a,\"\"b\"\"\nc\",",
    ] {
        assert!(rows.contains(cell), "{cell}: {rows}");
    }
    let empty = world.script.get(&world.at("/logs/export?format=csv&q=nope")).await;
    assert_eq!(empty.body, format!("{headings}\r\n"));
    let answer = world.script.get(&world.at("/logs/export?format=xlsx")).await;
    assert_eq!(refusal(&answer), refused(400, "invalid"));
}

/// More than a socket's buffers hold, so that the server has to wait for a reader who is slow.
#[tokio::test]
async fn thirty_thousand_lines_leave_without_filling_the_memory() {
    const LINES: usize = 30_000;
    const LINE_BYTES: usize = 2_000;
    let program = Program::start(&[], &[]).await;
    let mut owner = program.owner().await;
    let answer = owner.post_form("/projects", &[("name", "Aliens")]).await;
    let project = answer.location().split('/').nth(2).unwrap().to_owned();
    let keys = owner.get(&format!("/api/v1/projects/{project}/keys")).await.json();
    let key = keys["items"][0]["key"].as_str().unwrap().to_owned();
    let mut game = Game::connect(program.tcp).await;
    game.in_order(&key).await;
    let message = "x".repeat(LINE_BYTES);
    let some: Vec<_> = (0..250).map(|_| json!({ "message": message })).collect();
    for _ in 0..LINES / 250 {
        game.log_entries(&key, &Json::from(some.clone()).to_string()).await;
        game.in_order(&key).await;
    }
    let newest = format!("/api/v1/projects/{project}/logs?limit=1");
    soon("the last line to be stored", async {
        while owner.clone().get(&newest).await.json()["items"][0]["seq"] != LINES {
            tokio::task::yield_now().await;
        }
    })
    .await;

    let before = program.memory().resident_bytes();
    program.memory().forget_peak();
    let mut stream = owner.connect().await;
    let cookie = owner.cookie.clone().unwrap();
    let head = format!(
        "GET /api/v1/projects/{project}/logs/export HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n",
        program.http
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut lines, mut total, mut piece) = (0, 0, vec![0; 64 * 1024]);
    loop {
        let count = soon("a piece", stream.read(&mut piece)).await.unwrap();
        if count == 0 {
            break;
        }
        total += count;
        lines += piece[..count].windows(7).filter(|window| window == b"{\"seq\":").count();
    }
    // one that lies across two pieces is not seen
    assert!(lines > LINES * 99 / 100 && total > LINES * LINE_BYTES, "{lines} lines, {total} bytes");
    let growth = program.memory().peak_resident_bytes().saturating_sub(before);
    assert!(growth < 24 * 1024 * 1024, "{growth} bytes more for {total} bytes");
}
