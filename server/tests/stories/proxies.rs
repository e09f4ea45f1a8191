//! The proxies of docs/operating.md: what stands there is what runs here, nginx and Caddy themselves in front of a server.

use std::{
    fs,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use crate::support::{
    Stream, TestServer,
    http::{Browser, Via},
    live::Dashboard,
    secrets, soon,
    tls::{self, Identity},
    web_game,
};
use protocol::{
    live::{LIVE_VERSION, ServerMessage},
    model::{Project, TokenScope, Value},
};
use rustls::ClientConfig;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

const OPERATING: &str = include_str!("../../../docs/operating.md");
/// As in the document.
const HOST: &str = "tune.example.org";
/// Where the document says that the server is.
const UPSTREAM: &str = "127.0.0.1:8080";
/// Another address of this machine: what the proxy hears and the server must be told.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The only block of that language in the document.
fn documented(language: &str) -> &'static str {
    let (_, behind) = OPERATING.split_once(&format!("```{language}\n")).expect("the document has the block");
    let (block, rest) = behind.split_once("```").unwrap();
    assert!(!rest.contains(&format!("```{language}\n")), "which of the two?");
    block
}

/// With the one place changed that a test has to change.
fn with(text: &str, place: &str, other: &str) -> String {
    assert_eq!(text.matches(place).count(), 1, "{place} in {text}");
    text.replace(place, other)
}

/// A proxy that runs, until it is dropped.
struct Proxy {
    program: Child,
    address: SocketAddr,
    client: Arc<ClientConfig>,
    folder: TempDir,
}

impl Proxy {
    /// `None`, said aloud, where there is no nginx.
    async fn nginx(server: &TestServer) -> Option<Self> {
        let program = find("nginx")?;
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let identity = Identity::named(&[HOST, "localhost"]);
        let [_, certificate, _, key] = identity.write(folder.path());
        let site = with(documented("nginx"), "listen 443 ssl;", &format!("listen 127.0.0.1:{port} ssl;"));
        let pair = format!("ssl_certificate {certificate}; ssl_certificate_key {key};");
        let site = with(&site, "# ssl_certificate …", &pair);
        let site = with(&site, UPSTREAM, &server.http.to_string());
        let here = folder.path().display();
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String =
            kinds.iter().map(|kind| format!("{kind}_temp_path {here}/{kind};\n")).collect();
        let whole = format!(
            "daemon off; master_process off; pid {here}/pid; error_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{site}}}\n"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, whole).unwrap();
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-e").arg("stderr").arg("-c").arg(&file);
        Some(Self::start(command, folder, port, |_| identity.client()).await)
    }

    /// `None`, said aloud, where there is no Caddy.
    async fn caddy(server: &TestServer) -> Option<Self> {
        let program = find("caddy")?;
        let (folder, port, plain_port) = (tempfile::tempdir().unwrap(), free_port(), free_port());
        let site = with(documented("caddyfile"), UPSTREAM, &server.http.to_string());
        // a certificate of its own authority, for there is no way to a public one from here
        let whole = format!(
            "{{\nadmin off\nskip_install_trust\nlocal_certs\nhttp_port {plain_port}\nhttps_port {port}\n\
             default_bind 127.0.0.1\n}}\n{site}"
        );
        let file = folder.path().join("Caddyfile");
        fs::write(&file, whole).unwrap();
        let mut command = Command::new(program);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
        let root = |folder: &Path| tls::client_of(&folder.join("caddy/pki/authorities/local/root.crt"));
        Some(Self::start(command, folder, port, root).await)
    }

    /// Returns when it shakes hands.
    async fn start(
        mut command: Command,
        folder: TempDir,
        port: u16,
        client: impl Fn(&Path) -> Arc<ClientConfig>,
    ) -> Self {
        let said = folder.path().join("said");
        command.env_clear().env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path());
        command.env("XDG_CONFIG_HOME", folder.path()).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&said).unwrap());
        let mut program = command.kill_on_drop(true).spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let shakes_hands = async {
            loop {
                let words = || fs::read_to_string(&said).unwrap_or_default();
                assert!(program.try_wait().unwrap().is_none(), "it ended: {}", words());
                let Ok(stream) = TcpStream::connect(address).await else { continue };
                // its authority is there before it listens
                let client = client(folder.path());
                if tls::shake_hands(stream, HOST, &client).await.is_ok() {
                    return client;
                }
            }
        };
        let client = soon("the proxy", shakes_hands).await;
        Self { program, address, client, folder }
    }

    /// Somebody who types the address that people know.
    fn browser(&self) -> Browser {
        let via = Via { host: HOST, from: ELSEWHERE.into() };
        Browser { via: Some(via), ..Browser::encrypted(self.address, Arc::clone(&self.client)) }
    }

    async fn stop(mut self) {
        self.program.start_kill().unwrap();
        soon("the proxy to end", self.program.wait()).await.unwrap();
    }
}

/// A program of Debian's, some of which are not on everybody's path.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var_os("OBSERVERIO_REQUIRE_PROXIES").is_none(), "there is no {name}");
        let sentence =
            format!("\nSKIPPED: there is no {name} (with OBSERVERIO_REQUIRE_PROXIES=1 this fails)\n");
        std::io::stderr().write_all(sentence.as_bytes()).unwrap();
    }
    found
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// As the document starts it.
async fn server() -> TestServer {
    TestServer::start_with(&["--public-url", "https://tune.example.org", "--trusted-proxies", "127.0.0.1"])
        .await
}

/// All that goes through a proxy.
async fn everything_goes_through(server: &TestServer, proxy: &Proxy) -> (Browser, Project) {
    let owner = somebody_signs_in(server, proxy).await;
    // the ports listen on this machine alone, but the world comes through the proxy
    let account = r#"{"email":"eve@example.org","password":"violet kettle, 41 drums"}"#;
    assert_eq!(proxy.browser().post_json("/users", account).await.status, 403);
    assert_eq!(proxy.browser().get("/metrics").await.status, 403);
    let project = server.project().await;
    the_live_page(server, proxy, &owner, &project).await;
    a_game_in_a_browser(proxy, &project).await;
    the_log_as_it_is_written(server, &owner, &project).await;
    (owner, project)
}

async fn somebody_signs_in(server: &TestServer, proxy: &Proxy) -> Browser {
    let mut owner = proxy.browser();
    let token = server.set_up_token();
    let page = owner.get("/setup").await;
    assert_eq!((page.status, page.header("strict-transport-security").is_some()), (200, true), "{page:?}");
    // another page in the same browser
    let form = format!("token={token}");
    let foreign = [("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(owner.request("POST", "/setup", &foreign, &form).await.status, 403);
    let answer = owner.post_form("/setup", &[("token", &token)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
    // the proxy tells where they are, whatever they say themselves
    let made = owner.request("GET", "/api/v1/audit", &[("x-forwarded-for", "203.0.113.9")], "").await.json();
    assert_eq!(made["items"][0]["address"], ELSEWHERE.to_string(), "{made}");
    owner
}

async fn the_live_page(server: &TestServer, proxy: &Proxy, owner: &Browser, project: &Project) {
    assert_eq!(
        Dashboard::try_open(owner, Some("https://evil.example"), LIVE_VERSION).await.err(),
        Some(403),
        "a page that is not ours"
    );
    assert_eq!(
        Dashboard::try_open(&proxy.browser(), Some(&owner.origin()), LIVE_VERSION).await.err(),
        Some(401)
    );
    let mut page = Dashboard::open(owner).await;
    page.subscribe(project.id).await;
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.report(key, r#"{"speed":5}"#).await;
    let declared = |message: &ServerMessage| format!("{message:?}").contains("speed");
    while !declared(&page.hear().await) {}
    page.edit(1, project.id, &[("speed", Value::Int(7_i64.into()))]).await;
    let edits = game.edits(key).await;
    assert_eq!(edits["value"], 7, "{edits}");
}

/// From a page that is elsewhere, which may be on another site.
async fn a_game_in_a_browser(proxy: &Proxy, project: &Project) {
    let elsewhere = [("origin", "https://game.example")];
    let socket = web_game::open(&proxy.browser(), &elsewhere).await.expect("an upgrade");
    let mut game = web_game::over(socket);
    let key = project.key.as_str();
    game.send(&format!("v:{key}\n")).await;
    assert_eq!(game.line().await, "OK");
    // what was set before
    assert_eq!(game.edits(key).await["value"], 7);
    game.send(&format!("i:{key}:{{\"jump\":{}}}\n", "1".repeat(18))).await;
    game.in_order(key).await;
}

/// Piece by piece: the next line may be a day away.
async fn the_log_as_it_is_written(server: &TestServer, owner: &Browser, project: &Project) {
    let (key, cookie) = (project.key.as_str(), owner.cookie.as_ref().unwrap());
    let head = format!(
        "GET /api/v1/projects/{}/logs/live HTTP/1.1\r\nhost: {HOST}\r\ncookie: {cookie}\r\n\r\n",
        project.id
    );
    let mut stream: BufReader<Box<dyn Stream>> = BufReader::new(owner.connect().await);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut heard = async |what: &str| loop {
        let mut line = String::new();
        let count = soon(what, stream.read_line(&mut line)).await.unwrap();
        assert!(count > 0, "it ended before {what}");
        if line.contains(what) {
            return;
        }
    };
    heard("200 OK").await;
    heard("retry:").await;
    let mut game = server.verified(project.key).await;
    for n in 1..=2 {
        game.log(key, &format!("line {n}")).await;
        heard(&format!("\"line {n}\"")).await;
    }
}

#[tokio::test]
async fn everything_goes_through_nginx() {
    let server = server().await;
    let Some(proxy) = Proxy::nginx(&server).await else { return };
    let (owner, project) = everything_goes_through(&server, &proxy).await;
    the_command_line_follows_the_log(&server, &proxy, &owner, &project).await;
    proxy.stop().await;
}

#[tokio::test]
async fn everything_goes_through_caddy() {
    let server = server().await;
    let Some(proxy) = Proxy::caddy(&server).await else { return };
    everything_goes_through(&server, &proxy).await;
    proxy.stop().await;
}

/// By a name that this machine knows: nginx has one site and gives it to everybody.
async fn the_command_line_follows_the_log(
    server: &TestServer,
    proxy: &Proxy,
    owner: &Browser,
    project: &Project,
) {
    let cookie = owner.cookie.as_deref().unwrap().split_once('=').unwrap().1;
    let caller = server.gateway.authenticate(cookie, None).await.unwrap().unwrap();
    let (secret, _) = server.gateway.create_token(&caller, "ci", TokenScope::Read, None, 30).await.unwrap();
    secrets::note(secret.reveal());
    let mut command = Command::new(env!("CARGO_BIN_EXE_observerio"));
    command.env_clear().env("OBSERVERIO_URL", format!("https://localhost:{}", proxy.address.port()));
    command
        .env("OBSERVERIO_TOKEN", secret.reveal())
        .env("SSL_CERT_FILE", proxy.folder.path().join("cert.pem"));
    command.args(["tail", "-n", "1", "-p", &project.id.to_string()]);
    let mut tail = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = async || soon("a line", lines.next_line()).await.unwrap().expect("a line, not the end");
    assert!(next().await.ends_with("line 2"));
    let mut game = server.verified(project.key).await;
    let key = project.key.as_str();
    // the stream stands some time after the last line was printed; what comes in between is made up for
    game.log(key, "line 3").await;
    assert!(next().await.ends_with("line 3"));
    game.log(key, "line 4").await;
    assert!(next().await.ends_with("line 4"));
}
