//! Edits that are let go.

use std::sync::Arc;

use gateway::store::{Conflict, Store, Written};
use protocol::model::{Change, Desired, NOT_DESIRED, UserId, Value, VarRevision};

use crate::house::{House, NOW, int, integer, name, saved};

type Row = (String, Option<Value>, Option<Value>, i64);

fn row(name: &str, old: Option<i64>, new: Option<i64>, revision: i64) -> Row {
    (name.to_owned(), old.map(int), new.map(int), revision)
}

fn edit_of(value: Option<i64>, revision: i64) -> Desired {
    Desired { value: value.map(int), revision: VarRevision(revision), author: "Ana".to_owned(), at: NOW }
}

async fn house(store: Arc<dyn Store>) -> House {
    let house = House::new(store).await;
    house.commit(&[house.report(&[("size", integer()), ("speed", integer())], &[])]).await;
    house
}

/// The newest edits of `size` and `speed`.
async fn newest(house: &House) -> [Option<Desired>; 2] {
    let vars = house.load().await.vars;
    [vars[0].desired.clone(), vars[1].desired.clone()]
}

async fn one_edit_sets_and_lets_go(store: Arc<dyn Store>) {
    let house = house(store).await;
    assert_eq!(house.commit(&[house.edit(1, &[("speed", int(7))])]).await, [saved(1)]);
    let both = vec![Change::from((name("size"), int(3))), Change::let_go(name("speed"))];
    assert_eq!(house.commit(&[house.change(2, both, vec![], 0)]).await, [saved(2)]);
    assert_eq!(newest(&house).await, [Some(edit_of(Some(3), 2)), Some(edit_of(None, 2))]);
    let rows =
        [row("size", None, Some(3), 2), row("speed", Some(7), None, 2), row("speed", None, Some(7), 1)];
    assert_eq!(house.history().await, rows);

    // set again, what was let go before counts no longer
    house.commit(&[house.edit(3, &[("speed", int(8))])]).await;
    assert_eq!(newest(&house).await[1], Some(edit_of(Some(8), 3)));
    assert_eq!(house.history().await[0], row("speed", None, Some(8), 3));
    house.commit(&[house.let_go(4, &["size", "speed"])]).await;
    assert_eq!(newest(&house).await, [Some(edit_of(None, 4)), Some(edit_of(None, 4))]);
}

async fn letting_go_ends_a_drag_as_one_row(store: Arc<dyn Store>) {
    let house = house(store).await;
    house.commit(&[house.edit(1, &[("speed", int(5))])]).await;
    house.commit(&[house.edit(2, &[("speed", int(6))]), house.let_go(2, &["speed"])]).await;
    assert_eq!(house.history().await, [row("speed", Some(5), None, 3), row("speed", None, Some(5), 1)]);
    // what it asked for is found by its gesture
    let gesture = protocol::model::Gesture(2);
    let rows = house.store.get_gesture(house.project.id, UserId(7), gesture).await.unwrap();
    let [found] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((&found.value, found.revision.0, found.set_by), (&None, 3, VarRevision(3)));
    // also when there was nothing to let go of
    let nothing = vec![(Change::let_go(name("size")), NOT_DESIRED)];
    let written = house.commit(&[house.change(3, vec![], nothing, 3)]).await;
    assert_eq!(written, [Written::Edit { revision: protocol::model::Revision(3), set: None }]);
    let gesture = protocol::model::Gesture(3);
    let rows = house.store.get_gesture(house.project.id, UserId(7), gesture).await.unwrap();
    assert_eq!(rows.iter().map(|row| (&row.value, row.set_by)).collect::<Vec<_>>(), [(&None, NOT_DESIRED)]);
}

async fn the_trail_has_it(store: Arc<dyn Store>) {
    let house = house(store).await;
    house.commit(&[house.edit(1, &[("speed", int(5))]), house.let_go(2, &["speed"])]).await;
    let trail = house.store.access().list_audit(Some(house.project.id), None, 2).await.unwrap();
    let deeds: Vec<_> =
        trail.iter().map(|(_, e)| (e.action.as_str(), e.old.as_deref(), e.new.as_deref())).collect();
    assert_eq!(deeds, [("value.let_go", Some("5"), None), ("value.edit", None, Some("5"))]);
}

async fn an_edit_on_an_old_view_of_what_was_let_go_is_refused(store: Arc<dyn Store>) {
    let house = house(store).await;
    house.commit(&[house.edit(1, &[("speed", int(5))]), house.let_go(2, &["speed"])]).await;
    let set = |base| Change::from((name("speed"), int(6))).on(VarRevision(base));
    let change =
        async |gesture, change| house.commit(&[house.change(gesture, vec![change], vec![], 0)]).await;
    let conflict = Conflict { change: set(1), current: Some(edit_of(None, 2)) };
    assert_eq!(change(3, set(1)).await, [Written::Conflict(Box::new(conflict))]);
    // who saw that it was let go, or that nobody wants anything of it, has seen it
    assert_eq!(change(4, set(2)).await, [saved(3)]);
    let let_go = Change::let_go(name("speed"));
    let current = Some(edit_of(Some(6), 3));
    let stale = let_go.clone().on(VarRevision(2));
    let conflict = Conflict { change: stale.clone(), current };
    assert_eq!(change(5, stale).await, [Written::Conflict(Box::new(conflict))]);
    assert_eq!(change(6, let_go.on(VarRevision(3))).await, [saved(4)]);
    assert_eq!(change(7, set(0)).await, [saved(5)]);
    assert_eq!(newest(&house).await, [None, Some(edit_of(Some(6), 5))]);
}

crate::support::stories! {
    one_edit_sets_and_lets_go,
    letting_go_ends_a_drag_as_one_row,
    the_trail_has_it,
    an_edit_on_an_old_view_of_what_was_let_go_is_refused,
}
