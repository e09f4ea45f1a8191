//! Projects, devices, and what the live state starts from.

use std::sync::Arc;

use gateway::store::{LoadRoom, Store, StoreError, Write};
use protocol::model::{DeviceId, Key, Project, ProjectId, Role, UserId};

use crate::house::{
    House, KEY, MANY, NOW, connect, int, integer, later, load, make_project, make_user, name, note,
};

async fn a_key_belongs_to_one_project(store: Arc<dyn Store>) {
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let access = store.access();
    let key: Key = "'%_\"\\;--0aAz".parse().unwrap();
    let made =
        access.create_project("Mr. Rescue", Some(ana.id), key, NOW, note("project.create")).await.unwrap();
    let expected = Project { id: made.id, name: "Mr. Rescue".to_owned(), key, created_at: NOW };
    assert_eq!(made, expected);
    assert_eq!(store.get_project(made.id).await.unwrap(), Some(made.clone()));
    let state = store.get_key(key).await.unwrap().unwrap();
    assert_eq!((state.project, state.expires_at, state.is_revoked), (made.id, None, false));
    assert_eq!(store.get_project(ProjectId(made.id.0 + 1)).await.unwrap(), None);
    // keys differ by the case of a letter, and nothing in them is a pattern
    for other in ["'%_\"\\;--0AAz", "%%%%%%%%%%%%"] {
        assert_eq!(store.get_key(other.parse().unwrap()).await.unwrap(), None, "{other}");
    }

    let taken = access.create_project("thief", None, key, NOW, note("project.create")).await;
    assert!(matches!(taken, Err(StoreError::KeyTaken)));
    assert_eq!(access.list_projects(None).await.unwrap().len(), 1);
}

async fn projects_are_listed_newest_first(store: Arc<dyn Store>) {
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let access = store.access();
    let make = |name, owner, key: &str, at| {
        access.create_project(name, owner, key.parse().unwrap(), at, note("project.create"))
    };
    let old = make("old", Some(ana.id), "000000000001", NOW).await.unwrap();
    // a clock that was set back does not change the order
    let new = make("new", None, "000000000002", later(-5)).await.unwrap();
    connect(&store, old.id, "one", "one", later(9)).await.unwrap();
    connect(&store, old.id, "two", "two", later(3)).await.unwrap();

    let listed = access.list_projects(None).await.unwrap();
    let facts: Vec<_> = listed.iter().map(|s| (&s.project, s.devices, s.online, s.last_seen)).collect();
    assert_eq!(facts, [(&new.into(), 0, 0, None), (&old.into(), 2, 0, Some(later(9)))]);
    assert_eq!(access.list_projects(Some(ana.id)).await.unwrap(), listed[1..]);
    assert_eq!(access.list_projects(Some(UserId(ana.id.0 + 1))).await.unwrap(), []);
}

async fn a_device_is_its_identity(store: Arc<dyn Store>) {
    let (here, there) = (make_project(&store, KEY).await, make_project(&store, "another_key_").await);
    let facts = async || {
        let devices = load(&store, here.id).await.devices.into_iter();
        devices
            .map(|d| (d.identity, d.device.id, d.device.name, d.device.online, d.device.last_seen))
            .collect::<Vec<_>>()
    };
    let identity = "peer 192.0.2.7";
    let first = connect(&store, here.id, identity, "192.0.2.7", NOW).await.unwrap();
    assert_eq!(facts().await, [(identity.to_owned(), first, "192.0.2.7".to_owned(), false, NOW)]);
    let again = connect(&store, here.id, identity, "Ana's phone", later(5)).await.unwrap();
    assert_eq!(again, first);

    assert_ne!(connect(&store, here.id, "PEER 192.0.2.7", "x", NOW).await.unwrap(), first);
    assert_ne!(connect(&store, there.id, identity, "x", NOW).await.unwrap(), first);
    assert!(connect(&store, ProjectId(there.id.0 + 1), "x", "x", NOW).await.is_err());
    let facts = facts().await;
    assert_eq!(facts[0], (identity.to_owned(), first, "Ana's phone".to_owned(), false, later(5)));
    assert_eq!(facts.len(), 2);
}

async fn a_project_loads_what_was_newest(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let House { store, project, device: one } = &house;
    let two = connect(store, project.id, "two", "two", later(20)).await.unwrap();
    let three = connect(store, project.id, "three", "three", later(10)).await.unwrap();
    let value = |device: &DeviceId| Write::Report {
        project: project.id,
        device: *device,
        at: NOW,
        declared: vec![(name("speed"), integer())],
        values: vec![(name("speed"), int(device.0))],
        line: None,
    };
    house.commit(&[value(one), value(&two), value(&three), house.logs(&["a", "b", "c"])]).await;

    let state = store.load_project(project.id, 2, 2, LoadRoom::UNLIMITED).await.unwrap().unwrap();
    assert_eq!(state.project, *project);
    let devices: Vec<DeviceId> = state.devices.iter().map(|stored| stored.device.id).collect();
    assert_eq!(devices, [two, three]);
    let reported: Vec<DeviceId> = state.vars[0].reported.iter().map(|reported| reported.device).collect();
    assert_eq!(reported, [two, three]);
    let logs: Vec<(u64, &str)> = state.logs.iter().map(|line| (line.seq, line.message.as_str())).collect();
    assert_eq!(logs, [(2, "b"), (3, "c")]);
    assert!(
        store
            .load_project(ProjectId(project.id.0 + 1), MANY, MANY, LoadRoom::UNLIMITED)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_check_tells_whether_it_can_be_used(store: Arc<dyn Store>) {
    assert!(["sqlite", "postgres"].contains(&store.kind()));
    store.check().await.unwrap();
    store.close().await;
    assert!(store.check().await.is_err());
    assert!(store.access().get_owner().await.is_err());
}

crate::support::stories! {
    a_key_belongs_to_one_project,
    projects_are_listed_newest_first,
    a_device_is_its_identity,
    a_project_loads_what_was_newest,
    a_check_tells_whether_it_can_be_used,
}
