//! Back-ups: everything, in a file that goes into either database, also while it is used.

use std::{fs, path::Path, sync::Arc};

use gateway::store::{Commits, Location, SqlStore, Store, StoreError, back_up, restore};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::{
    house::{House, KEY, NOW, commit, int, load, note, ticket},
    support::Place,
    whole::{self, Everything},
};

fn location(place: &Place) -> Location {
    match place {
        Place::Sqlite { .. } => Location::Sqlite(place.name().into()),
        Place::Postgres { url } => Location::Postgres(url.clone()),
    }
}

/// Everything but the number of the epoch, which is that of the restore.
fn without_epoch(mut all: Everything) -> Everything {
    for row in all.get_mut("instance").unwrap() {
        let Json::Array(cells) = row else { panic!("{row} is no row") };
        // created_at, device_key, epoch, id …: the columns are sorted
        cells[2] = Json::Null;
    }
    all
}

async fn everything_comes_back_in_a_new_epoch(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    whole::fill(Arc::clone(&store)).await;
    let (folder, here) = (TempDir::new().unwrap(), location(&place));
    let file = folder.path().join("backup.db");
    // the store is open all the while
    back_up(&here, &file, false).await.unwrap();
    let before = whole::everything(&place).await;

    // into the same database, which has gone on
    let project = store.get_key(KEY.parse().unwrap()).await.unwrap().unwrap().project;
    let project = store.get_project(project).await.unwrap().unwrap();
    let device = load(&store, project.id).await.devices[0].device.id;
    let house = House { store: Arc::clone(&store), project, device };
    house.commit(&[house.logs(&["after the back-up"]), house.edit(99, &[("enemy/boss 1 ☃", int(1))])]).await;
    let restored = restore(&file, &here, Some(folder.path())).await.unwrap();
    let epoch = restored.epoch;
    assert_eq!((epoch.number, store.epoch().await.unwrap()), (2, epoch));
    assert!(without_epoch(whole::everything(&place).await) == without_epoch(before.clone()), "other rows");
    // and what was there before is kept
    let kept = whole::of_sqlite(restored.kept.unwrap().to_str().unwrap()).await;
    assert_eq!((kept["logs"].len(), before["logs"].len()), (2_001, 2_000));
    // what a running server holds in memory counts no longer
    let outcome = store.commit(&ticket(), &[house.logs(&["of the old epoch"])], &mut Vec::new()).await;
    assert!(matches!(outcome, Err(StoreError::Restored)), "{outcome:?}");
    // numbers go on where they were
    let mut next = ticket();
    next.epoch = 2;
    store.commit(&next, &[house.logs(&["of the new epoch"])], &mut Vec::new()).await.unwrap();
    let newest = load(&store, house.project.id).await.logs.pop().unwrap();
    assert_eq!((newest.seq, newest.message.as_str()), (2_001, "of the new epoch"));
    store.close().await;

    // and into an SQLite file that does not exist yet
    let other = Place::Sqlite { folder: TempDir::new().unwrap() };
    restore(&file, &location(&other), Some(folder.path())).await.unwrap();
    assert!(without_epoch(whole::everything(&other).await) == without_epoch(before), "other rows");
    let left: Vec<_> = fs::read_dir(Path::new(&other.name()).parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Names and modes of what lies in a folder.
#[cfg(unix)]
fn modes(folder: &Path) -> Vec<(String, u32)> {
    use std::os::unix::fs::PermissionsExt as _;
    let one = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        (entry.file_name().into_string().unwrap(), mode)
    };
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(one).collect();
    all.sort();
    all
}

#[cfg(unix)]
async fn copies_are_for_their_owner_alone(place: Arc<Place>) {
    use std::os::unix::fs::PermissionsExt as _;
    let open_to_all = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = place.open().await.unwrap();
    whole::fill(Arc::clone(&store)).await;
    let (folder, here) = (TempDir::new().unwrap(), location(&place));
    let file = folder.path().join("backup.db");
    // also in place of one that everybody reads
    fs::write(&file, "old").unwrap();
    open_to_all(&file);
    back_up(&here, &file, true).await.unwrap();
    assert_eq!(modes(folder.path()), [("backup.db".to_owned(), 0o600)]);

    // from one that everybody reads, into folders that are not there yet
    open_to_all(&file);
    let kept_in = folder.path().join("kept/here");
    restore(&file, &here, Some(&kept_in)).await.unwrap();
    assert_eq!(modes(&kept_in), [("before-restore-1.db".to_owned(), 0o600)]);
    let other = folder.path().join("other/data");
    let path = other.join("observerio.db");
    restore(&file, &Location::Sqlite(path.clone()), Some(&other)).await.unwrap();
    assert_eq!(modes(&other), [("observerio.db".to_owned(), 0o600)]);
    let folders = [folder.path().join("kept"), kept_in, folder.path().join("other"), other.clone()];
    for made in folders {
        assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700, "{}", made.display());
    }

    // a database that was open to others is so no more, nor is what lies beside it
    open_to_all(&path);
    let opened = SqlStore::open(&path).await.unwrap();
    opened.check().await.unwrap();
    assert!(
        modes(&other).len() == 3 && modes(&other).iter().all(|(_, mode)| *mode == 0o600),
        "{:?}",
        modes(&other)
    );
    opened.close().await;
    open_to_all(&path);
    let damaged = fs::read(&path).unwrap();
    fs::write(&path, &damaged[..5_000]).unwrap();
    let restored = restore(&file, &Location::Sqlite(path), None).await.unwrap();
    assert!(restored.kept.unwrap().ends_with("observerio.db.damaged-1"));
    assert!(modes(&other).iter().all(|(_, mode)| *mode == 0o600), "{:?}", modes(&other));
    store.close().await;
}

/// The rows go through the log of a server that runs.
#[tokio::test]
async fn a_restore_leaves_no_long_log() {
    let place = Place::Sqlite { folder: TempDir::new().unwrap() };
    let store = place.open().await.unwrap();
    let house = House::new(Arc::clone(&store)).await;
    let message = "x".repeat(60_000);
    for _ in 0..30 {
        house.commit(&[house.logs(&[message.as_str(); 20])]).await;
    }
    let file = place.name() + ".copy";
    back_up(&location(&place), Path::new(&file), false).await.unwrap();
    restore(Path::new(&file), &location(&place), None).await.unwrap();
    let log = fs::metadata(place.name() + "-wal").map_or(0, |log| log.len());
    assert!(log < 1_000_000, "{log} bytes");
    store.close().await;
}

async fn new_rows_are_numbered_behind_the_restored_ones(place: Arc<Place>) {
    let source = Place::Sqlite { folder: TempDir::new().unwrap() };
    let store = source.open().await.unwrap();
    whole::fill(Arc::clone(&store)).await;
    store.close().await;
    let file = source.name() + ".copy";
    back_up(&location(&source), Path::new(&file), false).await.unwrap();
    place.open().await.unwrap().close().await;
    restore(Path::new(&file), &location(&place), None).await.unwrap();
    let store = place.open().await.unwrap();
    let (key, note) = ("another-key!".parse().unwrap(), note("project.create"));
    let project = store.access().create_project("next", None, key, NOW, note).await;
    assert_eq!(project.unwrap().id.0, 2);
    assert!(commit(&store, &[]).await.is_ok());
    store.close().await;
}

async fn what_is_no_backup_changes_nothing(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    whole::fill(Arc::clone(&store)).await;
    let before = whole::everything(&place).await;
    let folder = TempDir::new().unwrap();
    let (here, file) = (location(&place), folder.path().join("no-backup.db"));
    let refused = |outcome: Result<_, StoreError>| match outcome {
        Err(StoreError::Foreign(sentence)) => assert!(sentence.contains("no-backup.db"), "{sentence}"),
        other => panic!("{other:?}"),
    };
    refused(restore(&file, &here, None).await.map(drop));
    fs::write(&file, "").unwrap();
    refused(restore(&file, &here, None).await.map(drop));
    fs::write(&file, "not a database, but long enough to be looked at ".repeat(50)).unwrap();
    refused(restore(&file, &here, None).await.map(drop));
    // nor does a back-up overwrite what it was not told to
    refused(back_up(&here, &file, false).await);
    back_up(&here, &file, true).await.unwrap();
    // half of one
    let whole_file = fs::read(&file).unwrap();
    fs::write(&file, &whole_file[..whole_file.len() / 2]).unwrap();
    refused(restore(&file, &here, None).await.map(drop));
    assert!(whole::everything(&place).await == before, "other rows");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
    store.close().await;
}

#[tokio::test]
async fn a_damaged_database_is_moved_aside() {
    let place = Place::Sqlite { folder: TempDir::new().unwrap() };
    let store = place.open().await.unwrap();
    whole::fill(Arc::clone(&store)).await;
    store.close().await;
    let before = whole::everything(&place).await;
    let file = place.name() + ".copy";
    back_up(&location(&place), Path::new(&file), false).await.unwrap();
    let mut damaged = fs::read(place.name()).unwrap();
    damaged.truncate(5_000);
    fs::write(place.name(), &damaged).unwrap();
    let restored = restore(Path::new(&file), &location(&place), None).await.unwrap();
    assert_eq!(fs::read(restored.kept.unwrap()).unwrap(), damaged);
    assert!(without_epoch(whole::everything(&place).await) == without_epoch(before), "other rows");
}

#[tokio::test]
async fn a_backup_opens_like_any_database() {
    let place = Place::Sqlite { folder: TempDir::new().unwrap() };
    let store = place.open().await.unwrap();
    whole::fill(Arc::clone(&store)).await;
    let file = place.name() + ".copy";
    back_up(&location(&place), Path::new(&file), false).await.unwrap();
    let copy = SqlStore::open(Path::new(&file)).await.unwrap();
    assert_eq!(copy.epoch().await.unwrap(), store.epoch().await.unwrap());
    copy.close().await;
    store.close().await;
}

crate::support::stories! {
    everything_comes_back_in_a_new_epoch,
    new_rows_are_numbered_behind_the_restored_ones,
    what_is_no_backup_changes_nothing,
    copies_are_for_their_owner_alone,
}
