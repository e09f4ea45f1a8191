//! How long things take with much in the database. Figures are printed and not judged: they are the machine's. To be run alone,
//! with optimisation: `OBSERVERIO_STORY_SECONDS=600 cargo test --release -p gateway --test measured -- --ignored --nocapture --test-threads 1`.
#![expect(clippy::unwrap_used, reason = "a measurement that meets an error has failed")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use gateway::{Caller, Clock, Content, GameEvent, GameLine, Gateway, Origin, store::Store};
use protocol::{
    line::{Caps, Hello, parse_logs, parse_report},
    model::{Gesture, Project, UnixMicros, Value, VarName},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use support::Place;

const NOW: UnixMicros = UnixMicros(1_790_000_000_000_000);
/// A large project: values of variables on devices, and edits.
const DEVICES: usize = 120;
const VARS: usize = 5_000;
const EDITS: usize = 1_000_000;
/// As many as a project may have.
const MAX_DEVICES: usize = 10_000;
/// A receipt that comes later is told.
const LONG: Duration = Duration::from_millis(50);
/// Before and after what is measured.
const CALM_SECONDS: u64 = 5;

struct House {
    place: Arc<Place>,
    store: Arc<dyn Store>,
    gateway: Gateway,
    owner: Caller,
    project: Project,
}

impl House {
    async fn new(place: Arc<Place>) -> Self {
        let store = place.open().await.unwrap();
        let gateway = open(&store).await;
        let token = gateway.issue_setup_token();
        let owner = gateway.set_up(token.reveal(), None, None, &Origin::default()).await.unwrap().caller;
        let project = gateway.create_project(&owner, "large").await.unwrap();
        Self { place, store, gateway, owner, project }
    }

    /// Runs SQL that both databases understand; `numbers(N)` is a table of so many.
    async fn execute(&self, sql: &str, rows: usize) {
        match &*self.place {
            Place::Sqlite { .. } => {
                let numbers = format!(
                    "(WITH RECURSIVE t (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n < {rows} - 1) SELECT n FROM t)"
                );
                let sql = sql.replace("numbers", &numbers);
                let mut connection =
                    SqliteConnection::connect(&format!("sqlite:{}", self.place.name())).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Place::Postgres { .. } => {
                let sql = sql.replace("numbers", &format!("generate_series(0, {rows} - 1) AS t (n)"));
                let mut connection = PgConnection::connect(&self.place.name()).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
                sqlx::raw_sql("ANALYZE").execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Variables, devices with a value of each, and edits.
    async fn fill(&self, devices: usize, edits: usize) {
        let (project, now) = (self.project.id.0, NOW.0);
        let mut game = self.game(&self.project, "first").await;
        for part in (0..VARS).step_by(500) {
            let fields: Vec<String> = (part..part + 500).map(|n| format!("\"var{n}\":{n}")).collect();
            let report = parse_report(format!("{{{}}}", fields.join(",")).as_bytes()).unwrap();
            game.report_vars(report).await.unwrap();
        }
        drop(game);
        self.gateway.flush().await.unwrap();
        let sql = format!(
            "INSERT INTO devices (project_id, identity, name, first_seen, last_seen)
             SELECT {project}, 'id:filled' || n, 'filled' || n, {now}, {now} FROM numbers"
        );
        self.execute(&sql, devices - 1).await;
        let sql = format!(
            "INSERT INTO reported (device_id, project_id, name, value, at)
             SELECT d.id, {project}, 'var' || n, n, {now} FROM devices d CROSS JOIN numbers
             WHERE d.identity LIKE 'id:filled%'"
        );
        self.execute(&sql, VARS).await;
        let sql = format!(
            "INSERT INTO edits (project_id, author_id, gesture, name, author, old, new, revision, at)
             SELECT {project}, 1, n, 'var' || (n % {VARS}), 'owner', n, n + 1, n + 1, {now} FROM numbers"
        );
        if edits > 0 {
            self.execute(&sql, edits).await;
        }
    }

    async fn game(&self, project: &Project, session: &str) -> GameLine {
        let device = Some(session.to_owned());
        let session = Some(session.to_owned());
        let hello = Hello { proto: 2, device, session, caps: Caps::DEFAULT, ..Hello::default() };
        self.gateway.connect_game(project.key, "192.0.2.7".parse().unwrap(), Some(&hello)).await.unwrap()
    }
}

async fn open(store: &Arc<dyn Store>) -> Gateway {
    Gateway::open(Arc::clone(store), Clock::new(|| NOW)).await.unwrap()
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let of = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1_000.0;
    let (count, most) = (times.len(), of(1.0));
    let long = times.iter().filter(|time| **time > LONG).count();
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, most {most:.2} ms, {long} above {LONG:?}, of {count}",
        of(0.5),
        of(0.99)
    );
}

/// One line after another, each when the last one has its receipt, until `done`.
async fn receipts(mut game: GameLine, done: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut seq = game.last_seq();
    while !done.load(Relaxed) {
        seq += 1;
        let begun = Instant::now();
        let logs = parse_logs(br#"[{"message":"goes on"}]"#).unwrap().entries;
        let room = game.reserve(100).await.unwrap();
        game.submit(room, Some(seq), Content::Logs(logs)).unwrap();
        while !matches!(game.next(false).await, GameEvent::Settled(settled) if settled.up_to == seq) {}
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    times
}

async fn games_that_connect_among_many_sessions(place: Arc<Place>) {
    let house = House::new(place).await;
    let (mut there, now) = (0, NOW.0);
    for sessions in [1_000, 300_000, 2_000_000] {
        let sql = format!(
            "INSERT INTO game_sessions (project_id, name, updated_at)
             SELECT {}, 'filled' || (n + {there}), {now} FROM numbers",
            house.project.id.0
        );
        house.execute(&sql, sessions - there).await;
        there = sessions;
        let mut times = Vec::new();
        for number in 0..50 {
            let begun = Instant::now();
            drop(house.game(&house.project, &format!("measured {sessions} {number}")).await);
            times.push(begun.elapsed());
        }
        house.gateway.flush().await.unwrap();
        tell(&format!("a game connects among {sessions} sessions"), times);
    }
}

/// Receipts of a game of another project while something goes on, and for some seconds before and after.
async fn receipts_while(house: &House, what: &str, work: impl Future<Output = ()>) {
    let other = house.gateway.create_project(&house.owner, what).await.unwrap();
    let calm = async || tokio::time::sleep(Duration::from_secs(CALM_SECONDS)).await;
    tell_receipts(house, &other, &format!("before: {what}"), calm()).await;
    tell_receipts(house, &other, &format!("during: {what}"), work).await;
    tell_receipts(house, &other, &format!("after: {what}"), calm()).await;
}

async fn tell_receipts(house: &House, project: &Project, when: &str, work: impl Future<Output = ()>) {
    let (game, done) = (house.game(project, "calm").await, AtomicBool::new(false));
    let work = async {
        work.await;
        done.store(true, Relaxed);
    };
    let (times, ()) = tokio::join!(receipts(game, &done), work);
    tell(&format!("receipts {when}"), times);
}

/// How much is left to clear away, of rows that are marked and of space.
async fn left(place: &Place) -> i64 {
    const MARKED: &str = "SELECT count(*) FROM projects WHERE deleted_at IS NOT NULL";
    match place {
        Place::Sqlite { .. } => {
            let mut connection =
                SqliteConnection::connect(&format!("sqlite:{}", place.name())).await.unwrap();
            let sql = format!("SELECT ({MARKED}) + (SELECT freelist_count FROM pragma_freelist_count)");
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap()
        }
        Place::Postgres { .. } => {
            let mut connection = PgConnection::connect(&place.name()).await.unwrap();
            sqlx::query_scalar(MARKED).fetch_one(&mut connection).await.unwrap()
        }
    }
}

async fn cleared_away(place: &Place) {
    while left(place).await > 0 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn receipts_while_a_project_goes(place: Arc<Place>) {
    let house = House::new(place).await;
    house.fill(DEVICES, EDITS).await;
    let deleting = async {
        let begun = Instant::now();
        house.gateway.delete_project(&house.owner, house.project.id).await.unwrap();
        println!("the answer to the deletion: {:?}", begun.elapsed());
        cleared_away(&house.place).await;
        println!("all of it is gone after {:?}", begun.elapsed());
    };
    receipts_while(&house, "a project with 1,000,000 edits and 600,000 values goes", deleting).await;
}

async fn receipts_while_devices_and_a_variable_go(place: Arc<Place>) {
    const LARGE: usize = 30;
    let house = House::new(place).await;
    house.fill(LARGE + 1, 0).await;
    let (project, now) = (house.project.id.0, NOW.0);
    // as many devices as may be: of the others each has one value, and was there later
    let sql = format!(
        "UPDATE devices SET last_seen = 1;
         INSERT INTO devices (project_id, identity, name, first_seen, last_seen)
             SELECT {project}, 'id:small' || n, 'small' || n, {now}, {now} FROM numbers;
         INSERT INTO reported (device_id, project_id, name, value, at)
             SELECT id, {project}, 'var7', '7', {now} FROM devices WHERE identity LIKE 'id:small%'"
    );
    house.execute(&sql, MAX_DEVICES - LARGE - 1).await;
    // one that has read nothing yet
    let house = House { gateway: open(&house.store).await, ..house };
    let coming = async {
        let mut games = Vec::new();
        for number in 0..LARGE / 3 {
            // one that says nothing and leaves would be the next to give way
            games.push(house.game(&house.project, &format!("new {number}")).await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        cleared_away(&house.place).await;
    };
    receipts_while(&house, "devices with 5,000 values give way", coming).await;
    let snapshot = house.gateway.snapshot(&house.owner, house.project.id).await.unwrap();
    let large: Vec<_> = snapshot.devices.iter().filter(|device| device.name.starts_with("filled")).collect();
    let (return_at_once, stay_away) = large.split_at(LARGE / 3);
    let returning = async {
        for device in return_at_once {
            house.gateway.forget_device(&house.owner, house.project.id, device.id).await.unwrap();
            drop(house.game(&house.project, &device.name).await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        cleared_away(&house.place).await;
    };
    receipts_while(&house, "forgotten devices with 5,000 values return at once", returning).await;
    let forgetting = async {
        for device in stay_away {
            house.gateway.forget_device(&house.owner, house.project.id, device.id).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        cleared_away(&house.place).await;
    };
    receipts_while(&house, "devices with 5,000 values are forgotten", forgetting).await;
    let forgetting = async {
        let name = VarName::parse("var7").unwrap();
        let begun = Instant::now();
        house.gateway.forget_var(&house.owner, house.project.id, &name).await.unwrap();
        println!("the answer to the request: {:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_secs(1)).await;
        cleared_away(&house.place).await;
    };
    receipts_while(&house, "a variable with 10,000 values is forgotten", forgetting).await;
}

async fn requests_while_nobody_is_connected(place: Arc<Place>) {
    let house = House::new(place).await;
    house.fill(40, 0).await;
    // one that has read nothing yet
    let gateway = open(&house.store).await;
    let name = VarName::parse("var7").unwrap();
    let (mut reads, mut edits, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..20_i64 {
        let begun = Instant::now();
        gateway.get_var(&house.owner, house.project.id, &name, None).await.unwrap();
        reads.push(begun.elapsed());
        let begun = Instant::now();
        gateway.get_var(&house.owner, house.project.id, &name, None).await.unwrap();
        let change = vec![(name.clone(), Value::Int((number + 8).into()))];
        let gesture = Gesture(number.cast_unsigned());
        gateway.edit_vars(&house.owner, house.project.id, gesture, change).await.unwrap();
        edits.push(begun.elapsed());
    }
    for _ in 0..20 {
        let begun = Instant::now();
        gateway.list_vars(&house.owner, house.project.id, None, 100).await.unwrap();
        lists.push(begun.elapsed());
    }
    tell("one of 200,000 values is read", reads);
    tell("one is read and set", edits);
    tell("a hundred variables are listed", lists);
}

async fn variables_reported_one_a_line(place: Arc<Place>) {
    let house = House::new(place).await;
    for vars in [500, 5_000] {
        let project = house.gateway.create_project(&house.owner, "new").await.unwrap();
        let mut game = house.game(&project, "reports").await;
        let reports: Vec<_> =
            (0..vars).map(|n| parse_report(format!("{{\"var{n}\":{n}}}").as_bytes()).unwrap()).collect();
        let begun = Instant::now();
        for report in reports {
            game.report_vars(report).await.unwrap();
        }
        let taken = begun.elapsed();
        house.gateway.flush().await.unwrap();
        println!("{vars} variables, one a line: taken in {taken:?}, stored {:?}", begun.elapsed());
    }
}

/// Edits of another project, one after the other, until `done`.
async fn edits(house: &House, project: &Project, done: &AtomicBool) -> Vec<Duration> {
    let (mut times, speed) = (Vec::new(), VarName::parse("speed").unwrap());
    let mut game = house.game(project, "edited").await;
    game.report_vars(parse_report(br#"{"speed": 0}"#).unwrap()).await.unwrap();
    house.gateway.flush().await.unwrap();
    while !done.load(Relaxed) {
        let number = times.len() as i64 + 1;
        let (change, gesture) = (vec![(speed.clone(), Value::Int(number.into()))], random_gesture());
        let begun = Instant::now();
        house.gateway.edit_vars(&house.owner, project.id, gesture, change).await.unwrap();
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    times
}

fn random_gesture() -> Gesture {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    Gesture(NEXT.fetch_add(1, Relaxed))
}

async fn tell_edits(house: &House, project: &Project, when: &str, work: impl Future<Output = ()>) {
    let done = AtomicBool::new(false);
    let work = async {
        work.await;
        done.store(true, Relaxed);
    };
    let (times, ()) = tokio::join!(edits(house, project, &done), work);
    tell(&format!("edits {when}"), times);
}

/// Bytes of the file, or of the table of the log.
async fn log_bytes(place: &Place) -> i64 {
    match place {
        Place::Sqlite { .. } => {
            let mut connection =
                SqliteConnection::connect(&format!("sqlite:{}", place.name())).await.unwrap();
            let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        }
        Place::Postgres { .. } => {
            let mut connection = PgConnection::connect(&place.name()).await.unwrap();
            sqlx::query_scalar("SELECT pg_total_relation_size('logs')")
                .fetch_one(&mut connection)
                .await
                .unwrap()
        }
    }
}

async fn edits_while_a_million_lines_are_forgotten(place: Arc<Place>) {
    const LINES: usize = 1_000_000;
    const OLD: i64 = NOW.0 - 9 * 24 * 3600 * 1_000_000;
    let house = House::new(place).await;
    let id = house.project.id;
    let other = house.gateway.create_project(&house.owner, "other").await.unwrap();
    let fill = async |from: usize| {
        let (first, last) = (from + 1, from + LINES);
        let sql = format!(
            "INSERT INTO logs (project_id, seq, device_id, at, received, level, message)
             SELECT {id}, {first} + n, 1, {OLD} + n, {OLD} + n, 1, 'enemy ' || n || ' moves from one place to another one'
             FROM numbers;
             UPDATE projects SET log_seq = {last} WHERE id = {id}"
        );
        house.execute(&sql, LINES).await;
        let begun = Instant::now();
        while house.store.indexed_to(id).await.unwrap() + 512 < last as u64 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        println!("{LINES} lines are indexed after {:?}", begun.elapsed());
    };
    fill(0).await;
    println!("on disk: {} bytes", log_bytes(&house.place).await);
    let policy = house.gateway.get_retention(&house.owner, id).await.unwrap().policy;
    let begun = Instant::now();
    let told = house.gateway.estimate_retention(&house.owner, id, &policy).await.unwrap();
    println!("the estimate: {told:?} in {:?}", begun.elapsed());
    let calm = async || tokio::time::sleep(Duration::from_secs(CALM_SECONDS)).await;
    tell_edits(&house, &other, "before", calm()).await;
    let forgetting = async {
        let begun = Instant::now();
        house.gateway.forget_now().await.unwrap();
        println!("{LINES} lines are forgotten after {:?}", begun.elapsed());
    };
    tell_edits(&house, &other, "while a million lines are forgotten", forgetting).await;
    tell_edits(&house, &other, "after", calm()).await;
    println!("on disk: {} bytes", log_bytes(&house.place).await);
    fill(LINES).await;
    println!("on disk with as many again: {} bytes", log_bytes(&house.place).await);
}

support::stories! {
    #[ignore = "measures"]
    games_that_connect_among_many_sessions,
    receipts_while_a_project_goes,
    edits_while_a_million_lines_are_forgotten,
    requests_while_nobody_is_connected,
    variables_reported_one_a_line,
    receipts_while_devices_and_a_variable_go,
}
