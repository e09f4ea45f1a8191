//! A damaged SQLite file is refused and left as it is, or what was damaged meant nothing: no third way.
//!
//! Damage here is to what holds the file together, or of whole sectors and pages, as broken disks and torn copies
//! make it. Of a byte in the middle of a text SQLite knows nothing: there is no checksum over it.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use gateway::store::{SqlStore, Store, StoreError};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{
    house::make_project,
    whole::{self, Everything},
};

const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// SplitMix64: the same places for the same seed.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.throw() % u64::try_from(end).unwrap()).unwrap()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.throw().to_le_bytes()[0]);
    }

    /// Makes it another byte.
    fn change(&mut self, byte: &mut u8) {
        *byte ^= self.one_of(&[0xff, 0x01, 0x80, 0x10, 0x5a]);
    }
}

/// Which pages are what; numbered from 1.
struct Pages {
    count: usize,
    inner: Vec<usize>,
    trees: Vec<usize>,
    free: Vec<usize>,
}

impl Pages {
    async fn of(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let count: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut connection).await.unwrap();
        let kinds: Vec<(i64, String)> =
            sqlx::query_as("SELECT pageno, pagetype FROM dbstat").fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let number = |number: &i64| usize::try_from(*number).unwrap();
        let of_kind = |kind: &[&str]| -> Vec<usize> {
            kinds.iter().filter(|(_, k)| kind.contains(&k.as_str())).map(|(n, _)| number(n)).collect()
        };
        let used: Vec<usize> = kinds.iter().map(|(n, _)| number(n)).collect();
        let count = usize::try_from(count).unwrap();
        let free = (1..=count).filter(|page| !used.contains(page)).collect();
        let pages =
            Self { count, inner: of_kind(&["internal"]), trees: of_kind(&["internal", "leaf"]), free };
        assert!(pages.inner.len() > 4 && pages.trees.len() > 50 && !pages.free.is_empty());
        pages
    }
}

/// Damages one place and says which.
fn damage(bytes: &mut Vec<u8>, pages: &Pages, round: usize, dice: &mut Dice) -> String {
    let at = |page: usize| (page - 1) * PAGE + if page == 1 { 100 } else { 0 };
    match round % 8 {
        0 => {
            let byte = dice.below(100);
            dice.change(&mut bytes[byte]);
            format!("byte {byte} of the file's header")
        }
        1 => {
            let (page, byte) = (dice.one_of(&pages.trees), dice.below(8));
            dice.change(&mut bytes[at(page) + byte]);
            format!("byte {byte} of the header of page {page}")
        }
        2 => {
            let page = dice.one_of(&pages.trees);
            let cells = usize::from(u16::from_be_bytes([bytes[at(page) + 3], bytes[at(page) + 4]]));
            let header = if pages.inner.contains(&page) { 12 } else { 8 };
            let byte = at(page) + header + dice.below((2 * cells).max(1));
            dice.change(&mut bytes[byte]);
            format!("byte {byte}, a pointer to a cell of page {page}")
        }
        3 => {
            let page = dice.one_of(&pages.inner);
            let first = usize::from(u16::from_be_bytes([bytes[at(page) + 12], bytes[at(page) + 13]]));
            // the child of the first cell, or the right-most one
            let byte = dice.one_of(&[(page - 1) * PAGE + first, at(page) + 8]) + dice.below(4);
            dice.change(&mut bytes[byte]);
            format!("byte {byte}, a child of the inner page {page}")
        }
        4 => {
            let page = dice.one_of(&pages.free);
            // the first trunk's head is a chain and a count; other free pages hold nothing
            let byte = (page - 1) * PAGE + dice.below(8);
            dice.change(&mut bytes[byte]);
            format!("byte {byte} of the free page {page}")
        }
        5 => {
            let page = dice.one_of(&pages.trees);
            let start = (page - 1) * PAGE;
            match dice.below(3) {
                0 => bytes[start..][..PAGE].fill(0),
                1 => dice.fill(&mut bytes[start..][..PAGE]),
                _ => bytes.copy_within((pages.trees[0] - 1) * PAGE..pages.trees[0] * PAGE, start),
            }
            format!("all of page {page}")
        }
        6 => {
            let sector = dice.one_of(&pages.trees) * (PAGE / SECTOR) - 1 - dice.below(PAGE / SECTOR);
            dice.fill(&mut bytes[sector * SECTOR..][..SECTOR]);
            format!("sector {sector}")
        }
        _ => {
            bytes.truncate(dice.below(pages.count * PAGE - 1) + 1);
            format!("everything from byte {} on", bytes.len())
        }
    }
}

/// Everything that lies in a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let path = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().path();
    fs::read_dir(folder).unwrap().map(path).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Opens what lies there, and looks whether it was refused or is as before. Whether it was refused.
async fn refused_or_unharmed(path: &Path, place: &str, before: &Everything) -> bool {
    let folder = path.parent().unwrap();
    let damaged = files(folder);
    match SqlStore::open(path).await {
        Err(StoreError::Foreign(sentence)) => {
            assert!(sentence.contains(path.to_str().unwrap()), "{place}: names the file: {sentence}");
            let mut now = files(folder);
            if damaged.keys().any(|path| path.ends_with("observerio.db-wal")) {
                // the index of the log: SQLite makes it anew whenever it reads one
                now.retain(|path, _| !path.ends_with("observerio.db-shm"));
            }
            let lost = damaged
                .iter()
                .find(|(path, bytes)| !path.ends_with("observerio.db-shm") && now.get(*path) != Some(bytes));
            assert_eq!(lost.map(|(path, _)| path), None, "{place}: something was written: {sentence}");
            true
        }
        Err(other) => panic!("{place}: no sentence for people: {other:?}"),
        Ok(store) => {
            store.close().await;
            assert!(
                &whole::of_sqlite(path.to_str().unwrap()).await == before,
                "{place}: opened, and other rows"
            );
            false
        }
    }
}

/// A file with rows in every table and free pages, and what is in it.
async fn pristine(folder: &TempDir) -> (PathBuf, Everything) {
    let path = folder.path().join("observerio.db");
    let store = Arc::new(SqlStore::open(&path).await.unwrap());
    whole::fill(store.clone()).await;
    store.close().await;
    let options = SqliteConnectOptions::new().filename(&path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("DELETE FROM logs WHERE seq % 2000 BETWEEN 500 AND 1500")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let all = whole::of_sqlite(path.to_str().unwrap()).await;
    (path, all)
}

/// `OBSERVERIO_TEST_SEED` and `OBSERVERIO_DAMAGED_PLACES` choose others, and more, than the test command does.
fn from_environment(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[tokio::test]
async fn a_file_that_is_damaged_anywhere_is_refused_or_as_it_was() {
    let seed = from_environment("OBSERVERIO_TEST_SEED", 1);
    let rounds = usize::try_from(from_environment("OBSERVERIO_DAMAGED_PLACES", 50)).unwrap();
    println!("seed {seed}, {rounds} places");
    let mut dice = Dice(seed);
    let folder = TempDir::new().unwrap();
    let (path, before) = pristine(&folder).await;
    let (whole, pages) = (fs::read(&path).unwrap(), Pages::of(&path).await);
    let mut refused = 0;
    for round in 0..rounds {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("observerio.db");
        let mut bytes = whole.clone();
        let place = format!("round {round}: {}", damage(&mut bytes, &pages, round, &mut dice));
        fs::write(&path, bytes).unwrap();
        refused += usize::from(refused_or_unharmed(&path, &place, &before).await);
    }
    println!("{refused} refused");
    assert!(refused > rounds / 2, "the damage was none: {refused} of {rounds}");
}

/// A server that was killed leaves its write-ahead log: what it stored last is in there only.
#[tokio::test]
async fn a_refused_file_keeps_its_log() {
    let mut dice = Dice(from_environment("OBSERVERIO_TEST_SEED", 1));
    let folder = TempDir::new().unwrap();
    let (path, _) = pristine(&folder).await;
    let pages = Pages::of(&path).await;
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(&path).await.unwrap());
    make_project(&store, "in-the-log-1").await;
    // as a kill leaves them: nobody has tidied up
    let killed = files(folder.path());
    let before = whole::of_sqlite(path.to_str().unwrap()).await;
    let mut refused = 0;
    for round in 0..16 {
        let folder = TempDir::new().unwrap();
        for (from, bytes) in &killed {
            let mut bytes = bytes.clone();
            if from == &path && round > 0 {
                damage(&mut bytes, &pages, 5, &mut dice);
            }
            fs::write(folder.path().join(from.file_name().unwrap()), bytes).unwrap();
        }
        let path = folder.path().join("observerio.db");
        let place = format!("round {round}");
        let was_refused = refused_or_unharmed(&path, &place, &before).await;
        assert!(round > 0 || !was_refused, "nothing was damaged");
        refused += usize::from(was_refused);
    }
    assert!(refused > 8, "the damage was none: {refused}");
    store.close().await;
}

#[tokio::test]
async fn a_log_without_its_database_is_not_thrown_away() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(&path).await.unwrap());
    make_project(&store, "in-the-log-1").await;
    let log = fs::read(folder.path().join("observerio.db-wal")).unwrap();
    assert!(!log.is_empty());
    for is_there in [false, true] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("observerio.db");
        fs::write(folder.path().join("observerio.db-wal"), &log).unwrap();
        if is_there {
            fs::write(&path, b"").unwrap();
        }
        let before = files(folder.path());
        let Err(StoreError::Foreign(sentence)) = SqlStore::open(&path).await else { panic!("not refused") };
        assert!(sentence.contains("observerio.db-wal") && sentence.contains("restore"), "{sentence}");
        assert!(files(folder.path()) == before, "something was written");
    }
    store.close().await;
}

#[tokio::test]
async fn a_file_without_one_of_its_tables_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    SqlStore::open(&path).await.unwrap().close().await;
    let mut connection =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    sqlx::raw_sql("DROP TABLE logs").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let before = files(folder.path());
    let Err(StoreError::Foreign(sentence)) = SqlStore::open(&path).await else { panic!("not refused") };
    assert!(sentence.contains("the table logs"), "{sentence}");
    assert!(files(folder.path()) == before, "something was written");
}
