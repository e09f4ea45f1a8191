//! `observerio demo`: one link leads to a live page with devices that take edits.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use protocol::{
    live::{ClientMessage, Event, ServerMessage, Snapshot},
    model::{DeviceId, Outcome, ProjectId, Value, VarName},
};
use server::{
    Server,
    config::{Config, DemoSettings},
    demo::{self, DemoError, DemoServer},
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::{TestServer, http::Browser, live::Dashboard, program::Program, secrets, soon};
use fleet::FleetSettings;

const DEVICES: usize = 3;
const RATE: &str = "enemy.spawn_rate";
const QUALITY: &str = "render.quality";

/// Somebody who has opened the link, as the page does it.
async fn enter(demo: &Program) -> (Browser, ProjectId) {
    let mut browser = Browser::new(demo.http);
    let opened = browser.post_form("/setup", &[("token", &demo.set_up_token), ("open", "1")]).await;
    assert_eq!(opened.status, 303, "{}", opened.body);
    let project = opened.location().strip_prefix("/p/").and_then(|rest| rest.strip_suffix("/live"));
    (browser, project.expect("the live page").parse().unwrap())
}

/// What happens next.
async fn events(dashboard: &mut Dashboard) -> Vec<Event> {
    loop {
        if let ServerMessage::Delta { events, .. } = dashboard.hear().await {
            return events;
        }
    }
}

fn demos_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains("observerio-demo-")).collect()
}

/// Waits until every device is online and has declared what people tune.
async fn all_there(dashboard: &mut Dashboard, snapshot: &Snapshot) -> BTreeSet<DeviceId> {
    let mut online: BTreeSet<_> = snapshot.devices.iter().filter(|d| d.online).map(|d| d.id).collect();
    let of_rate = snapshot.vars.iter().filter(|var| var.name.as_str() == RATE);
    let mut reporting: BTreeSet<_> = of_rate.flat_map(|var| &var.reported).map(|told| told.device).collect();
    while online.len() < DEVICES || reporting.len() < DEVICES {
        for event in events(dashboard).await {
            match event {
                Event::Device(device) if device.online => drop(online.insert(device.id)),
                Event::Reported { device, values, .. } => {
                    let is_there = values.iter().any(|(name, _)| name.as_str() == RATE);
                    reporting.extend(is_there.then_some(device));
                }
                _ => {}
            }
        }
    }
    assert_eq!(online, reporting);
    online
}

/// What each device does with an edit of both variables.
async fn outcomes(dashboard: &mut Dashboard, project: ProjectId) -> [BTreeMap<DeviceId, Outcome>; 2] {
    let changes = [(RATE, Value::Float(4.5)), (QUALITY, Value::Text("ultra".to_owned()))];
    dashboard.edit(1, project, &changes).await;
    let mut outcomes = [BTreeMap::new(), BTreeMap::new()];
    while outcomes.iter().any(|known| known.len() < DEVICES) {
        for event in events(dashboard).await {
            let Event::Applied { vars, .. } = event else { continue };
            for (name, applied) in vars {
                let place = usize::from(name.as_str() == QUALITY);
                outcomes[place].extend(applied.into_iter().map(|applied| (applied.device, applied.outcome)));
            }
        }
    }
    outcomes
}

#[tokio::test]
async fn one_link_leads_to_a_live_page_with_devices_that_take_edits() {
    let folder = tempfile::tempdir().unwrap();
    // nothing of the environment moves a demo to other people or into other data
    let variables = [
        ("TMPDIR", folder.path().to_str().unwrap()),
        ("OBSERVERIO_HTTP", "0.0.0.0:0"),
        ("OBSERVERIO_TCP", "0.0.0.0:0"),
        ("OBSERVERIO_PUBLIC_URL", "https://tune.example.org"),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing"),
    ];
    let demo = Program::demo(&["--devices", "3", "--seed", "7"], &variables).await;
    assert!(demo.http.ip().is_loopback() && demo.tcp.ip().is_loopback());
    assert_eq!(demos_in(folder.path()).len(), 1);

    let (mut browser, project) = enter(&demo).await;
    assert!(browser.cookie.as_ref().unwrap().starts_with("observerio_demo_session="));
    let page = browser.get(&format!("/p/{project}/live")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Demo game"));

    let mut dashboard = Dashboard::open(&browser).await;
    let snapshot = dashboard.subscribe(project).await;
    let devices = all_there(&mut dashboard, &snapshot).await;
    let [of_rate, of_quality] = outcomes(&mut dashboard, project).await;
    assert!(of_rate.values().all(|outcome| *outcome == Outcome::Applied), "{of_rate:?}");
    let clamped = of_quality.values().filter(|outcome| matches!(outcome, Outcome::Clamped { .. })).count();
    assert_eq!(clamped, 2, "a phone and a tablet have no ultra: {of_quality:?}");

    let name = VarName::parse("boss.spawn").unwrap();
    dashboard.say(&ClientMessage::Run { id: 2, project, name, args: None }).await;
    let (mut ran, mut told) = (BTreeSet::new(), BTreeSet::new());
    while ran != devices || told != devices {
        for event in events(&mut dashboard).await {
            match event {
                Event::ActionDone { device, outcome, .. } => {
                    outcome.expect("the action works");
                    ran.insert(device);
                }
                Event::Logs(lines) => {
                    let bosses = lines.iter().filter(|line| line.message == "boss spawned");
                    told.extend(bosses.map(|line| line.device));
                }
                _ => {}
            }
        }
    }

    let (status, _, errors) = demo.stop().await;
    assert!(status.success(), "{errors}");
    assert_eq!(demos_in(folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn the_link_works_once_and_again_in_the_browser_that_used_it() {
    let demo = Program::demo(&["--devices", "0"], &[]).await;
    let (mut browser, project) = enter(&demo).await;
    let form = [("token", demo.set_up_token.as_str()), ("open", "1")];
    assert_eq!(browser.post_form("/setup", &form).await.location(), format!("/p/{project}/live"));
    let mut stranger = Browser::new(demo.http);
    assert_eq!(stranger.post_form("/setup", &form).await.location(), "/setup?error=setup_link_spent");
    assert_eq!(stranger.cookie, None);
    assert!(demo.stop().await.0.success());
}

fn settings_in(folder: &Path) -> DemoSettings {
    DemoSettings { port: 0, game_port: 0, data_dir: Some(folder.join("kept")), devices: 1, seed: 1 }
}

#[tokio::test]
async fn kept_data_is_the_same_project_with_the_same_devices_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let DemoServer { server, banner, devices: fleet } =
            DemoServer::open(settings_in(folder.path())).await.unwrap();
        let banner = banner.to_string();
        let token = banner.split_once("token=").unwrap().1.lines().next().unwrap().to_owned();
        let (http, stop) = (server.http_address(), CancellationToken::new());
        let running = tokio::spawn(server.run(stop.clone()));
        let mut browser = Browser::new(http);
        let opened = browser.post_form("/setup", &[("token", &token), ("open", "1")]).await;
        let project: ProjectId = opened.location()[3..].trim_end_matches("/live").parse().unwrap();
        let mut dashboard = Dashboard::open(&browser).await;
        let mut devices = dashboard.subscribe(project).await.devices;
        while !devices.iter().any(|device| device.online) {
            let came = dashboard.event(|event| match event {
                Event::Device(device) => Some(device),
                _ => None,
            });
            devices.push(came.await);
        }
        seen.push((project, devices[0].id));
        stop.cancel();
        assert!(soon("the server to stop", running).await.unwrap().unwrap(), "it did not drain");
        drop(fleet);
    }
    assert_eq!(seen[0], seen[1]);
}

/// Data of a server that is more than a demo.
async fn other_data(fill: impl AsyncFnOnce(&Server)) -> (TempDir, DemoError) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("kept");
    let arguments = ["observerio", "--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0", "--data-dir"];
    let (config, _) = Config::parse(arguments.into_iter().chain(data.to_str())).unwrap();
    let server = Server::bind(config).await.unwrap();
    fill(&server).await;
    server.gateway().close().await;
    drop(server);
    let Err(error) = DemoServer::open(settings_in(folder.path())).await else { panic!("it opened") };
    (folder, error)
}

#[tokio::test]
async fn data_of_others_is_left_alone() {
    let origin = gateway::Origin::default();
    let (_folder, error) = other_data(async |server: &Server| {
        let gateway = server.gateway();
        gateway.register_key(gateway.generate_key(), &gateway::Origin::default()).await.unwrap();
    })
    .await;
    assert!(matches!(error, DemoError::Foreign(_)), "{error}");
    assert!(error.to_string().contains("--data-dir"), "{error}");
    let (_folder, error) = other_data(async |server: &Server| {
        let (gateway, token) = (server.gateway(), server.gateway().issue_setup_token());
        let account = (Some("ana@example.org"), Some("correct horse battery"));
        gateway.set_up(token.reveal(), account.0, account.1, &origin).await.unwrap();
    })
    .await;
    assert!(matches!(error, DemoError::Foreign(_)), "{error}");
}

#[tokio::test]
async fn devices_play_on_a_server_that_runs_already() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    secrets::note(project.key.as_str());
    let settings =
        FleetSettings { address: server.tcp.to_string(), key: project.key, devices: DEVICES, seed: 7 };
    let fleet = demo::visit(settings).await.unwrap();
    let mut dashboard = Dashboard::open(&browser).await;
    let snapshot = dashboard.subscribe(project.id).await;
    all_there(&mut dashboard, &snapshot).await;
    tokio::task::spawn_blocking(|| drop(fleet)).await.unwrap();
    let mut away = BTreeSet::new();
    while away.len() < DEVICES {
        for event in events(&mut dashboard).await {
            match event {
                Event::Device(device) if !device.online => drop(away.insert(device.id)),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_know_the_key_says_so() {
    let server = TestServer::start().await;
    let key = server.gateway.generate_key();
    let settings = FleetSettings { address: server.tcp.to_string(), key, devices: 1, seed: 1 };
    let Err(error) = demo::visit(settings).await else { panic!("it accepts any key") };
    let text = error.to_string();
    assert!(text.starts_with("the server refuses the devices: bad_key"), "{text}");
    assert!(!text.contains(key.as_str()), "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_address_without_a_server_is_reported() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let key = "0123456789ab".parse().unwrap();
    let settings = FleetSettings { address: nobody.clone(), key, devices: 1, seed: 1 };
    let Err(error) = demo::visit(settings).await else { panic!("nobody is there") };
    assert!(matches!(error, DemoError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(&nobody), "{error}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_as_the_demo_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = taken.local_addr().unwrap().port();
    for (settings, flag) in [
        (DemoSettings { port, ..settings_in(folder.path()) }, "(--port)"),
        (DemoSettings { game_port: port, ..settings_in(folder.path()) }, "(--game-port)"),
    ] {
        let Err(error) = DemoServer::open(settings).await else { panic!("the port is taken") };
        assert!(error.to_string().contains(flag), "{error}");
    }
}

#[tokio::test]
async fn the_page_of_the_demo_game_loads_its_own_files_and_connects_to_its_own_server() {
    let server = TestServer::start().await;
    let page = Browser::new(server.http).get("/demo").await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-cache")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
    assert!(policy.contains(&format!("connect-src 'self' ws://{0} wss://{0};", server.http)), "{policy}");
    for file in ["demo-main.js", "demo.css", "observerio.css"] {
        let (before, _) = page.body.split_once(&format!("/{file}\"")).expect(file);
        assert!(before.rsplit_once('"').unwrap().1.starts_with("/pkg/"), "{file}");
    }
}
