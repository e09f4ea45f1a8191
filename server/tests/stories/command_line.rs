//! The command line as people and scripts use it: the real program, a real server, a game.

use std::{
    net::TcpListener,
    path::Path,
    process::{Output, Stdio},
};

use crate::support::{TestServer, http::Browser, line::Game, secrets, soon, tls::Identity};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway::Caller;
use protocol::model::{Project, TokenId, TokenScope};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
};

const VARIABLES: &str =
    r#"i:KEY:1:[{"name":"speed","type":"integer","value":5,"max":10},{"name":"a=b","value":"x"}]"#;

/// Status, standard output, standard error.
type Said = (Option<i32>, String, String);

/// A server with a project, its owner, and one of their tokens.
struct Stage {
    server: TestServer,
    owner: Caller,
    project: Project,
    token: TokenId,
    secret: String,
    home: TempDir,
}

impl Stage {
    async fn set_up(flags: &[&str]) -> Self {
        let server = TestServer::start_with(flags).await;
        let browser: Browser = server.owner().await;
        let cookie = browser.cookie.as_deref().unwrap().split_once('=').unwrap().1;
        let owner = server.gateway.authenticate(cookie, None).await.unwrap().unwrap();
        let project = server.gateway.create_project(&owner, "Mr. Rescue").await.unwrap();
        let made = server.gateway.create_token(&owner, "ci", TokenScope::Admin, None, 30).await;
        let (secret, token) = made.unwrap();
        secrets::note(secret.reveal());
        let (secret, home) = (secret.reveal().to_owned(), tempfile::tempdir().unwrap());
        Self { server, owner, project, token: token.id, secret, home }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.http)
    }

    fn program(&self, arguments: &[&str]) -> Command {
        program(self.home.path(), arguments)
    }

    async fn run(&self, arguments: &[&str]) -> Said {
        let said = run(&mut self.program(arguments), "").await;
        self.keeps_the_secret(&said);
        said
    }

    async fn sign_in(&self) -> Said {
        let said = run(&mut self.program(&["login", &self.url(), "--token-stdin"]), &self.secret).await;
        self.keeps_the_secret(&said);
        said
    }

    fn keeps_the_secret(&self, (_, stdout, stderr): &Said) {
        assert!(!stdout.contains(&self.secret) && !stderr.contains(&self.secret), "{stdout}{stderr}");
    }

    async fn game(&self) -> Game {
        let mut game = self.server.game().await;
        let hello = json!({"proto": 2, "device": "phone", "session": "s", "name": "Ana's phone", "caps": ["ack", "rev"]});
        let key = self.key();
        game.greet(&hello, key).await;
        assert_eq!((game.line().await, game.line().await), ("OK".to_owned(), format!("a:{key}:0")));
        assert!(game.line().await.starts_with(&format!("v:{key}:0:")), "all values, of which there are none");
        assert_eq!(game.line().await, format!("s:{key}:0"));
        game
    }

    fn key(&self) -> &str {
        self.project.key.as_str()
    }

    /// The revision of the next line, which must be values.
    async fn edited(&self, game: &mut Game) -> String {
        let line = game.line().await;
        let values =
            line.strip_prefix(&format!("v:{}:", self.key())).unwrap_or_else(|| panic!("no values: {line}"));
        values.split(':').next().unwrap().to_owned()
    }

    /// Sends a line with a number, and waits until it is stored.
    async fn stored(&self, game: &mut Game, line: &str, number: u32) {
        let key = self.key();
        game.send(&format!("{}\n", line.replace("KEY", key))).await;
        assert_eq!(game.line().await, format!("a:{key}:{number}"));
    }
}

/// Without any variable of the machine that runs the tests, and as loud as it can be.
fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_observerio"));
    command.env_clear().current_dir(home).env("XDG_CONFIG_HOME", home.join("config")).kill_on_drop(true);
    command.env("OBSERVERIO_LOG", "trace").env("RUST_LOG", "trace").env("TZ", "UTC").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn run(command: &mut Command, input: &str) -> Said {
    let mut child = command.spawn().unwrap();
    // one that ends without reading its input hangs up
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
    ended(child).await
}

async fn ended(child: Child) -> Said {
    let Output { status, stdout, stderr } =
        soon("the command to end", child.wait_with_output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A command that goes on, line by line.
struct Following {
    child: Child,
    output: BufReader<tokio::process::ChildStdout>,
}

impl Following {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        soon("a line", self.output.read_line(&mut line)).await.unwrap();
        assert!(line.ends_with('\n'), "it ended: {line:?}");
        line
    }

    async fn interrupt(&self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    }

    /// Its end, with what it said since the last line.
    async fn end(self) -> Said {
        let Self { child, mut output } = self;
        let mut rest = String::new();
        soon("the end of the output", output.read_to_string(&mut rest)).await.unwrap();
        let (status, _, stderr) = ended(child).await;
        (status, rest, stderr)
    }
}

#[tokio::test]
async fn from_signing_in_to_a_value_that_games_have_applied() {
    let stage = Stage::set_up(&[]).await;
    let (status, stdout, stderr) = stage.run(&["vars"]).await;
    assert_eq!((status, stdout.as_str()), (Some(77), ""));
    assert!(stderr.contains("observerio login"), "{stderr}");

    let (status, stdout, stderr) = stage.sign_in().await;
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains(&stage.url()) && stdout.contains("token ci, scope admin"), "{stdout}");
    let (_, stdout, _) = stage.run(&["projects"]).await;
    assert!(stdout.lines().nth(1).is_some_and(|row| row.contains("Mr. Rescue  admin")), "{stdout}");

    let mut game = stage.game().await;
    stage.stored(&mut game, VARIABLES, 1).await;
    let (_, stdout, _) = stage.run(&["vars", "SPEED"]).await;
    assert_eq!(stdout, "name   type     desired  reported  applied\nspeed  integer  -        5         -\n");

    let set =
        stage.program(&["set", "speed=7", "a=b=c", "--if-revision", "0", "--wait", "60"]).spawn().unwrap();
    let revision = stage.edited(&mut game).await;
    game.send(&format!("r:{}:{revision}\n", stage.key())).await;
    let (status, stdout, stderr) = ended(set).await;
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{stdout}");
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines[0], format!("saved as revision {revision}, sent to 1 connected game"));
    assert!(lines[1].starts_with("speed: applied on 1/1 in ") && lines[1].ends_with(" ms"), "{stdout}");
    assert!(lines[2].starts_with("a=b: applied on 1/1 in "), "{stdout}");
    let (_, stdout, _) = stage.run(&["vars", "--json"]).await;
    let vars: Json = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&vars[0]["desired"]["value"], &vars[1]["desired"]["value"]), (&json!(7), &json!("c")));
}

#[tokio::test]
async fn what_was_set_is_let_go_or_sent_again() {
    let stage = Stage::set_up(&[]).await;
    stage.sign_in().await;
    let mut game = stage.game().await;
    stage.stored(&mut game, VARIABLES, 1).await;
    stage.run(&["set", "speed=7", "a=b=c"]).await;
    stage.edited(&mut game).await;
    let (_, stdout, _) = stage.run(&["set", "speed=7"]).await;
    assert_eq!(stdout, "saved as revision 1, sent to 1 connected game\n");
    let (_, stdout, _) = stage.run(&["set", "speed=7", "--again"]).await;
    assert_eq!(stdout, "saved as revision 2, sent to 1 connected game\n");
    stage.edited(&mut game).await;

    let (status, _, stderr) = stage.run(&["unset", "speed", "--if-revision", "1"]).await;
    assert!(status == Some(1) && stderr.contains("speed is 7 since revision 2"), "{stderr}");
    let (status, stdout, stderr) = stage.run(&["unset", "speed", "a=b"]).await;
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert_eq!(stdout, "let go at revision 3, sent to 1 connected game\n");
    let line = game.line().await;
    let payload = STANDARD.decode(line.rsplit(':').next().unwrap()).unwrap();
    let push: Json = serde_json::from_slice(&payload).unwrap();
    assert_eq!((&push["removed"], &push["vars"]), (&json!(["speed", "a=b"]), &json!([])));
    let (_, stdout, _) = stage.run(&["vars", "--json"]).await;
    let vars: Json = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&vars[0]["desired"], &vars[0]["let_go"]["revision"]), (&Json::Null, &json!(3)));
    let (status, _, stderr) = stage.run(&["unset", "sped"]).await;
    assert!(status == Some(1) && stderr.contains("sped"), "{stderr}");
}

#[tokio::test]
async fn declarations_are_frozen_and_decided_on() {
    let stage = Stage::set_up(&[]).await;
    stage.sign_in().await;
    let mut game = stage.game().await;
    stage.stored(&mut game, VARIABLES, 1).await;
    let said = |text: &str| (Some(0), text.to_owned(), String::new());
    let list = ["declarations", "list"];
    assert_eq!(stage.run(&list).await, said("Declarations take effect at once.\n"));
    let froze = "froze the declarations of Mr. Rescue\n";
    assert_eq!(stage.run(&["declarations", "freeze"]).await, said(froze));
    assert_eq!(stage.run(&list).await, said("Declarations are frozen.\nNothing is waiting.\n"));

    let changed =
        r#"i:KEY:2:[{"name":"speed","type":"integer","value":5,"max":20},{"name":"a/b","value":true}]"#;
    game.send(&format!("{}\n", changed.replace("KEY", stage.key()))).await;
    assert_eq!(game.error().await, "frozen");
    let (status, stdout, _) = stage.run(&list).await;
    assert!(
        status == Some(0) && stdout.contains("Ana's phone (1)") && stdout.contains("max 10 → 20"),
        "{stdout}"
    );
    let consented = stage.run(&["declarations", "consent", "speed", "--device", "Ana's phone"]).await;
    assert_eq!(consented, said("consented to speed of Ana's phone (1)\n"));
    let dismissed = stage.run(&["declarations", "dismiss", "a/b"]).await;
    assert_eq!(dismissed, said("dismissed a/b of Ana's phone (1)\n"));
    let (status, _, stderr) = stage.run(&["declarations", "consent", "a/b"]).await;
    assert!(status == Some(1) && stderr.contains("no declaration of a/b is waiting"), "{stderr}");
    let (_, stdout, _) = stage.run(&["vars", "--json"]).await;
    let vars: Json = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&vars[0]["spec"]["max"], vars.as_array().unwrap().len()), (&json!(20), 2));
    let unfroze = "unfroze the declarations of Mr. Rescue\n";
    assert_eq!(stage.run(&["declarations", "unfreeze"]).await, said(unfroze));

    // a token that may less is refused as for other commands
    let made = stage.server.gateway.create_token(&stage.owner, "w", TokenScope::Write, None, 30).await;
    let (secret, _) = made.unwrap();
    secrets::note(secret.reveal());
    let mut writing = stage.program(&["declarations", "freeze"]);
    let (status, _, stderr) = run(writing.env("OBSERVERIO_TOKEN", secret.reveal()), "").await;
    assert_eq!(status, Some(77), "{stderr}");
}

#[tokio::test]
async fn variables_and_devices_are_forgotten() {
    let stage = Stage::set_up(&[]).await;
    stage.sign_in().await;
    let mut game = stage.game().await;
    stage.stored(&mut game, VARIABLES, 1).await;
    stage.run(&["set", "speed=7"]).await;

    // while it is connected nothing of it is forgotten
    let (status, stdout, stderr) = stage.run(&["forget", "variable", "speed"]).await;
    let why = "Ana's phone is connected and reported speed: forget it when no connected game has it any more";
    assert_eq!((status, stdout.as_str(), stderr), (Some(1), "", format!("observerio: speed: {why}\n")));
    let (status, _, stderr) = stage.run(&["forget", "device", "Ana's phone"]).await;
    let why = "Ana's phone is connected: forget it when its game has ended";
    assert_eq!((status, stderr), (Some(1), format!("observerio: {why}\n")));

    drop(game);
    stage.server.all_away(&stage.owner, stage.project.id).await;
    for name in ["speed", "a=b"] {
        let (status, stdout, stderr) = stage.run(&["forget", "variable", name]).await;
        assert_eq!((status, stdout, stderr.as_str()), (Some(0), format!("forgot {name}\n"), ""));
    }
    let (_, stdout, _) = stage.run(&["vars", "--json"]).await;
    assert_eq!(stdout, "[]\n");
    let (status, _, stderr) = stage.run(&["forget", "variable", "speed"]).await;
    assert!(status == Some(1) && stderr.contains("speed: ") && stderr.contains("does not exist"), "{stderr}");
    let (status, _, stderr) = stage.run(&["forget", "device", "tablet"]).await;
    assert_eq!(status, Some(1));
    assert!(stderr.contains("there is no device tablet; these are offline: Ana's phone ("), "{stderr}");
    let (status, stdout, _) = stage.run(&["forget", "device", "Ana's phone"]).await;
    assert!(status == Some(0) && stdout.starts_with("forgot Ana's phone ("), "{stdout}");
    let devices = stage.server.gateway.list_devices(&stage.owner, stage.project.id).await.unwrap();
    assert!(devices.is_empty(), "{devices:?}");

    // a token that may less is refused as for other commands
    let made = stage.server.gateway.create_token(&stage.owner, "w", TokenScope::Write, None, 30).await;
    let (secret, _) = made.unwrap();
    secrets::note(secret.reveal());
    let mut writing = stage.program(&["forget", "variable", "speed"]);
    let (status, _, _) =
        run(writing.env("OBSERVERIO_URL", stage.url()).env("OBSERVERIO_TOKEN", secret.reveal()), "").await;
    assert_eq!(status, Some(77));
}

#[tokio::test]
async fn what_is_not_applied_is_said() {
    let stage = Stage::set_up(&[]).await;
    stage.sign_in().await;
    let mut game = stage.game().await;
    stage.stored(&mut game, VARIABLES, 1).await;
    let (status, stdout, _) = stage.run(&["set", "speed=7"]).await;
    assert_eq!((status, stdout.as_str()), (Some(0), "saved as revision 1, sent to 1 connected game\n"));
    stage.edited(&mut game).await;
    // somebody has set it since
    let (status, _, stderr) = stage.run(&["set", "speed=8", "--if-revision", "0"]).await;
    assert_eq!(status, Some(1));
    assert!(stderr.contains("speed is 7 since revision"), "{stderr}");
    // the declaration says 10 at most; the other one is not set either
    let (status, _, stderr) = stage.run(&["set", "a=b=d", "speed=11"]).await;
    assert!(status == Some(1) && stderr.contains("10"), "{stderr}");
    let (status, _, stderr) = stage.run(&["set", "speed=fast"]).await;
    assert!(status == Some(1) && stderr.contains("whole number"), "{stderr}");
    let (status, _, stderr) = stage.run(&["set", "sped=1"]).await;
    assert!(status == Some(1) && stderr.contains("sped"), "{stderr}");

    let set = stage.program(&["set", "speed=9", "--wait", "60"]).spawn().unwrap();
    let revision = stage.edited(&mut game).await;
    let rejected = json!([{"name": "speed", "status": "rejected", "reason": "in a cutscene"}]);
    game.send(&format!("r:{}:{revision}:{rejected}\n", stage.key())).await;
    let (status, stdout, stderr) = ended(set).await;
    assert_eq!(status, Some(1));
    assert!(stdout.contains("applied on 0/1"), "{stdout}");
    assert_eq!(stderr, "observerio: speed: Ana's phone rejected it (in a cutscene)\n");
}

#[tokio::test]
async fn the_log_is_followed_until_the_token_is_revoked() {
    let stage = Stage::set_up(&[]).await;
    stage.sign_in().await;
    let mut game = stage.game().await;
    let messages = r#"[{"message":"one"},{"message":"boss: two","level":"warn"},{"message":"boss: three"}]"#;
    stage.stored(&mut game, &format!("l:KEY:1:{messages}"), 1).await;

    let mut tail = Following::start(stage.program(&["tail", "boss", "-n", "1", "--json"]));
    let mut plain = Following::start(stage.program(&["tail", "level>=warn"]));
    let message =
        |line: &str| serde_json::from_str::<Json>(line).unwrap()["message"].as_str().unwrap().to_owned();
    assert_eq!(message(&tail.line().await), "boss: three");
    assert!(plain.line().await.ends_with(" WARN  Ana's phone: boss: two\n"));
    stage
        .stored(
            &mut game,
            r#"l:KEY:2:[{"message":"four"},{"message":"boss: \u001b[2Jfive","level":"fatal","hp":7}]"#,
            2,
        )
        .await;
    assert_eq!(message(&tail.line().await), "boss: \u{1b}[2Jfive");
    assert!(plain.line().await.ends_with(" FATAL Ana's phone: boss: ␛[2Jfive {\"hp\":7}\n"));

    tail.interrupt().await;
    assert_eq!(tail.end().await, (Some(130), String::new(), String::new()));

    stage.server.gateway.delete_token(&stage.owner, stage.token).await.unwrap();
    let said = plain.end().await;
    assert_eq!((said.0, said.1.as_str()), (Some(77), ""), "{}", said.2);
    assert!(said.2.contains("does not accept this token"), "{}", said.2);
    stage.keeps_the_secret(&said);
    let (status, stdout, stderr) = stage.run(&["vars"]).await;
    assert_eq!((status, stdout.as_str(), stderr.lines().count()), (Some(77), "", 1), "{stderr}");
    let (status, ..) = stage.sign_in().await;
    assert_eq!(status, Some(77), "a revoked token is not kept");
}

#[tokio::test]
async fn the_history_of_the_log_is_searched_and_then_followed() {
    let stage = Stage::set_up(&[]).await;
    stage.sign_in().await;
    let mut game = stage.game().await;
    for (part, numbers) in [1..=700, 701..=1_200].into_iter().enumerate() {
        let messages: Vec<Json> = numbers.map(|n| json!({"message": format!("line {n}")})).collect();
        let part = part as u32 + 1;
        stage.stored(&mut game, &format!("l:KEY:{part}:{}", Json::from(messages)), part).await;
    }

    let messages = |stdout: &str| -> Vec<String> {
        stdout.lines().map(|line| line.rsplit(": ").next().unwrap().to_owned()).collect()
    };
    let (status, stdout, stderr) = stage.run(&["logs", "line", "-n", "3"]).await;
    assert_eq!(
        (status, messages(&stdout)),
        (Some(0), ["line 1198", "line 1199", "line 1200"].map(str::to_owned).into())
    );
    assert!(stderr.contains("older lines") && stderr.contains("--limit"), "{stderr}");
    let (_, stdout, stderr) =
        stage.run(&["logs", "--order", "oldest", "--limit", "1100", "--since", "1h"]).await;
    assert_eq!(messages(&stdout), (1..=1_100).map(|n| format!("line {n}")).collect::<Vec<_>>());
    assert!(stderr.contains("newer lines"), "{stderr}");
    let (_, stdout, stderr) = stage.run(&["logs", "\"line 7\"", "--until", "1h"]).await;
    assert_eq!((stdout.as_str(), stderr.as_str()), ("", ""));
    let (_, stdout, _) = stage.run(&["logs", "/^line 6$/", "-C", "1"]).await;
    assert_eq!(messages(&stdout), ["line 5", "line 6", "line 7"]);
    assert!(stdout.lines().nth(1).unwrap().starts_with("> "), "{stdout}");
    let (_, stdout, _) = stage.run(&["logs", "/^line 6$/", "--format", "csv"]).await;
    assert!(stdout.starts_with("seq,at,received,level,") && stdout.ends_with(",line 6,,\n"), "{stdout}");

    let mut following = Following::start(stage.program(&["logs", "/[56]$/", "-n", "2", "--follow"]));
    for expected in ["line 1195", "line 1196"] {
        assert!(following.line().await.ends_with(&format!(": {expected}\n")));
    }
    stage.stored(&mut game, r#"l:KEY:3:[{"message":"line 1204"},{"message":"line 1205"}]"#, 3).await;
    assert!(following.line().await.ends_with(": line 1205\n"));
    following.interrupt().await;
    let (status, rest, _) = following.end().await;
    assert_eq!((status, rest.as_str()), (Some(130), ""));
}

#[tokio::test]
async fn everything_is_exported() {
    let stage = Stage::set_up(&[]).await;
    stage.sign_in().await;
    let mut game = stage.game().await;
    stage.stored(&mut game, r#"l:KEY:1:[{"message":"first"},{"message":"=second","level":"warn"}]"#, 1).await;
    let file = stage.home.path().join("log.csv");
    let (status, stdout, stderr) = stage.run(&["export", "logs", "level>=warn", "-o", "log.csv"]).await;
    assert_eq!((status, stdout.as_str()), (Some(0), ""), "{stderr}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("=second") && !text.contains("first"), "{text}");
    let (_, stdout, _) = stage.run(&["export", "logs"]).await;
    let messages: Vec<Json> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((messages.len(), &messages[1]["message"]), (2, &json!("first")), "{stdout}");
    let (status, stdout, _) = stage.run(&["export", "audit", "--project", "Mr. Rescue"]).await;
    assert!(status == Some(0) && stdout.contains("\"project.create\""), "{stdout}");
    let (status, _, stderr) = stage.run(&["export", "logs", "-p", "Mr. Resque"]).await;
    assert!(status == Some(1) && stderr.contains("Mr. Rescue ("), "{stderr}");
    // nowhere to write
    let (status, _, stderr) = stage.run(&["export", "logs", "-o", "nowhere/log.csv"]).await;
    assert!(status == Some(78) && stderr.contains("nowhere/log.csv"), "{stderr}");

    let (status, ..) = stage.run(&["logout"]).await;
    assert_eq!(status, Some(0));
    assert_eq!(stage.run(&["projects"]).await.0, Some(77));
}

#[tokio::test]
async fn a_certificate_is_checked() {
    let (identity, folder) = (Identity::new(), tempfile::tempdir().unwrap());
    let flags = identity.write(folder.path());
    let stage = Stage::set_up(&flags.each_ref().map(String::as_str)).await;
    let url = format!("https://{}", stage.server.http);
    let asking = |trusted: Option<&str>| {
        let mut command = stage.program(&["projects"]);
        command.env("OBSERVERIO_URL", &url).env("OBSERVERIO_TOKEN", &stage.secret);
        command.envs(trusted.map(|path| ("SSL_CERT_FILE", path)));
        command
    };
    let (status, stdout, stderr) = run(&mut asking(Some(&flags[1])), "").await;
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("Mr. Rescue"), "{stdout}");
    let other = folder.path().join("other.pem");
    std::fs::write(&other, Identity::new().certificate_pem).unwrap();
    let (status, stdout, stderr) = run(&mut asking(other.to_str()), "").await;
    assert_eq!((status, stdout.as_str(), stderr.lines().count()), (Some(69), "", 1), "{stderr}");
    assert!(stderr.contains("SSL_CERT_FILE") && !stderr.contains(&stage.secret), "{stderr}");
}

/// `openssl req -x509` makes a certificate that is an authority's too. Naming it means trusting it, with its name and its dates.
#[tokio::test]
async fn a_certificate_that_openssl_makes_is_trusted_when_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("named.pem");
    let other = Identity::of_authority(&["127.0.0.1"], 4096);
    for (names, until_year, named, refusal) in [
        (&["localhost", "127.0.0.1"][..], 4096, None, None),
        (&["127.0.0.1"], 2001, None, Some("expired")),
        (&["localhost"], 4096, None, Some("not valid for name")),
        // another one of the same shape and name
        (&["127.0.0.1"], 4096, Some(&other), Some("SSL_CERT_FILE")),
    ] {
        let identity = Identity::of_authority(names, until_year);
        let flags = identity.write(folder.path());
        let stage = Stage::set_up(&flags.each_ref().map(String::as_str)).await;
        // among others
        let pem = [&Identity::new().certificate_pem, &named.unwrap_or(&identity).certificate_pem];
        std::fs::write(&file, pem.map(String::as_str).concat()).unwrap();
        let mut asking = stage.program(&["projects"]);
        asking.env("OBSERVERIO_URL", format!("https://{}", stage.server.http));
        asking.env("OBSERVERIO_TOKEN", &stage.secret).env("SSL_CERT_FILE", &file);
        let (status, stdout, stderr) = run(&mut asking, "").await;
        match refusal {
            None => assert!(status == Some(0) && stdout.contains("Mr. Rescue"), "{stderr}"),
            Some(why) => {
                assert_eq!((status, stdout.as_str(), stderr.lines().count()), (Some(69), "", 1), "{stderr}");
                assert!(stderr.contains(why), "{names:?} until {until_year}: {stderr}");
            }
        }
    }
}

#[tokio::test]
async fn mistakes_are_one_sentence_and_a_status() {
    let home = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}");
    let token = ("OBSERVERIO_TOKEN", "obs_hunter2");
    for (arguments, variables, status, says) in [
        (&["set", "speed"][..], &[][..], 2, "NAME=VALUE"),
        (&["login", "http://127.0.0.1:1", "obs_hunter2"], &[], 2, "obs_…"),
        (&["export", "audit", "boss"], &[], 2, "audit"),
        (&["tail", "level>=loud"], &[], 2, "level"),
        (&["tail", "boss", "rev:41"], &[], 2, "revision"),
        (&["export", "logs", "error OR"], &[], 2, "OR needs a term"),
        (&["login", "--token-stdin"], &[], 77, "obs_"),
        (&["login"], &[], 2, "--token-stdin"),
        (&["login", "http://192.0.2.1"], &[], 78, "--insecure"),
        (&["projects"], &[token, ("OBSERVERIO_URL", "tune")], 78, "OBSERVERIO_URL"),
        (&["projects"], &[token, ("OBSERVERIO_URL", nobody.as_str())], 69, nobody.as_str()),
        (&["tail"], &[token, ("OBSERVERIO_URL", nobody.as_str())], 69, nobody.as_str()),
        (&["projects"], &[("OBSERVERIO_TOKEN", "hunter2")], 78, "OBSERVERIO_TOKEN"),
    ] {
        let said = run(program(home.path(), arguments).envs(variables.iter().copied()), "hunter2").await;
        let (code, stdout, stderr) = said;
        assert_eq!(
            (code, stdout.as_str(), stderr.lines().count()),
            (Some(status), "", 1),
            "{arguments:?}: {stderr}"
        );
        assert!(stderr.contains(says) && !stderr.contains("hunter2"), "{arguments:?}: {stderr}");
    }
}

#[tokio::test]
async fn a_reader_that_stops_ends_it_silently() {
    let home = tempfile::tempdir().unwrap();
    let mut child = program(home.path(), &["completions", "bash"]).spawn().unwrap();
    drop(child.stdout.take());
    let (status, _, stderr) = ended(child).await;
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let (_, script, _) = run(&mut program(home.path(), &["completions", "bash"]), "").await;
    assert!(script.contains("--if-revision") && script.contains("backup"));
}
