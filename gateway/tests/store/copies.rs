//! Back-ups: everything, in a file that goes into either database, also while it is used.

use std::{fs, path::Path, sync::Arc};

use gateway::store::{Location, SqliteStore, Store, StoreError, back_up, restore};
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
        // created_at, epoch, id, instance_id: the columns are sorted
        cells[1] = Json::Null;
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
    let copy = SqliteStore::open(Path::new(&file)).await.unwrap();
    assert_eq!(copy.epoch().await.unwrap(), store.epoch().await.unwrap());
    copy.close().await;
    store.close().await;
}

crate::support::stories! {
    everything_comes_back_in_a_new_epoch,
    new_rows_are_numbered_behind_the_restored_ones,
    what_is_no_backup_changes_nothing,
}
