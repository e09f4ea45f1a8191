//! What the gateway promises about edits that are let go, on both databases.

use std::sync::Arc;

use gateway::{GatewayError, store::Store};
use protocol::{
    live::EditSaved,
    model::{Change, NOT_DESIRED, Outcome, Revision, Var, VarRevision},
};
use serde_json::json;

use crate::house::{House, int, name, pushed, pushed_original};

impl House {
    async fn let_go(&self, gesture: u64, var: &str) -> EditSaved {
        self.change(gesture, vec![Change::let_go(name(var))]).await.unwrap()
    }

    async fn speed(&self) -> Var {
        self.var("speed").await
    }
}

async fn what_is_let_go_comes_as_removed(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    assert_eq!(pushed(&mut game).unwrap().1["full"], json!(true));
    house.report(&mut game, r#"{"speed": 5, "size": 1}"#).await;
    house.set(1, "speed", 7).await;
    assert_eq!(pushed(&mut game).unwrap().0, 1);
    let both = vec![(name("size"), int(2)).into(), Change::let_go(name("speed"))];
    assert_eq!(house.change(2, both).await.unwrap().revision, Revision(2));
    let (revision, push) = pushed(&mut game).unwrap();
    assert_eq!((revision, &push["full"], &push["removed"]), (2, &json!(false), &json!(["speed"])));
    assert_eq!(push["vars"][0]["name"], "size");
    // what it did with it is told like that of a value
    game.record_applied(Revision(2), vec![], None, None);
    let speed = house.speed().await;
    let edit = speed.desired.unwrap();
    assert_eq!((edit.value, edit.revision, edit.author.as_str()), (None, VarRevision(2), "owner"));
    assert_eq!(speed.applied[0].outcome, Outcome::Applied);
    assert_eq!(speed.applied[0].revision, VarRevision(2));
}

async fn who_was_away_is_told_on_return(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    house.set(1, "speed", 7).await;
    drop(game);
    house.let_go(2, "speed").await;
    let mut game = house.game("phone", Some(1)).await;
    let (revision, push) = pushed(&mut game).unwrap();
    assert_eq!((revision, push["removed"].clone(), push["vars"].clone()), (2, json!(["speed"]), json!([])));
    drop(game);
    // also by a server that has only read of it
    let house = house.restarted().await;
    let mut game = house.game("phone", Some(1)).await;
    assert_eq!(pushed(&mut game).unwrap().1["removed"], json!(["speed"]));
    assert!(pushed(&mut house.game("phone", Some(2)).await).is_none());
    // who has nothing gets all that is wanted, and this is not among it
    let (_, all) = pushed(&mut house.game("tablet", None).await).unwrap();
    assert_eq!((&all["full"], &all["vars"], &all["removed"]), (&json!(true), &json!([]), &json!([])));
    // set again, it is wanted again
    house.set(3, "speed", 9).await;
    let (_, push) = pushed(&mut house.game("phone", Some(1)).await).unwrap();
    assert_eq!((&push["removed"], &push["vars"][0]["value"]), (&json!([]), &json!(9)));
}

async fn the_original_grammar_is_sent_the_declared_default(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.original().await;
    house.report(&mut game, r#"[{"name":"speed","type":"integer","value":"5","default":"4"},{"name":"size","type":"integer","value":1}]"#).await;
    house.change(1, vec![(name("speed"), int(7)).into(), (name("size"), int(2)).into()]).await.unwrap();
    assert!(pushed_original(&mut game).is_some());
    house.change(2, vec![Change::let_go(name("speed")), Change::let_go(name("size"))]).await.unwrap();
    assert_eq!(pushed_original(&mut game).unwrap(), r#"{"name":"speed","type":"integer","value":"4"}"#);
    // one that begins has its own value still
    assert_eq!(pushed_original(&mut house.original().await), None);
}

async fn letting_go_of_nothing_changes_nothing(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    let saved = house.let_go(1, "speed").await;
    assert_eq!((saved.revision, saved.vars), (Revision(0), vec![(name("speed"), NOT_DESIRED)]));
    house.set(2, "speed", 7).await;
    assert_eq!(house.let_go(3, "speed").await.revision, Revision(2));
    let saved = house.let_go(4, "speed").await;
    assert_eq!((saved.revision, saved.vars), (Revision(2), vec![(name("speed"), VarRevision(2))]));
    let unknown = house.change(5, vec![Change::let_go(name("nothing"))]).await;
    assert!(matches!(unknown, Err(GatewayError::Refused(_))), "{unknown:?}");
    // a measurement that was none before can be let go, though not set
    house.set(6, "speed", 9).await;
    house.report(&mut game, r#"[{"name":"speed","type":"integer","value":5,"readonly":true}]"#).await;
    assert!(house.change(7, vec![(name("speed"), int(1)).into()]).await.is_err());
    assert_eq!(house.let_go(8, "speed").await.revision, Revision(4));
}

async fn an_answer_tells_the_revision_of_each_variable(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5, "size": 1}"#).await;
    house.set(1, "speed", 7).await;
    house.set(2, "size", 2).await;
    // desired already: the variable's own revision, which is not the project's
    let saved = house.set(3, "speed", 7).await;
    assert_eq!((saved.revision, saved.vars), (Revision(2), vec![(name("speed"), VarRevision(1))]));
    let both = vec![(name("speed"), int(7)).into(), (name("size"), int(3)).into()];
    let saved = house.change(4, both).await.unwrap();
    let vars = vec![(name("speed"), VarRevision(1)), (name("size"), VarRevision(3))];
    assert_eq!((saved.revision, saved.vars), (Revision(3), vars));
}

async fn a_value_can_be_pushed_again(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    house.set(1, "speed", 100).await;
    pushed(&mut game).unwrap();
    house.report(&mut game, r#"{"speed": 70}"#).await;
    let again = Change::from((name("speed"), int(100))).on(VarRevision(1)).again();
    let saved = house.change(2, vec![again]).await.unwrap();
    assert_eq!((saved.revision, saved.vars), (Revision(2), vec![(name("speed"), VarRevision(2))]));
    let (revision, push) = pushed(&mut game).unwrap();
    assert_eq!((revision, &push["vars"][0]["value"]), (2, &json!(100)));
    let history = house.store.list_history(house.project.id, None, None, 1).await.unwrap();
    assert_eq!((&history[0].old, &history[0].new), (&Some(int(100)), &Some(int(100))));
}

async fn a_conflict_about_letting_go_says_what_happened(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    house.set(1, "speed", 7).await;
    house.set(2, "speed", 8).await;
    let stale = Change::let_go(name("speed")).on(VarRevision(1));
    let text = house.change(3, vec![stale]).await.unwrap_err().to_string();
    assert_eq!(text, "Conflict: owner set speed to 8 first. It was not let go.");
    house.let_go(4, "speed").await;
    let stale = Change::from((name("speed"), int(9))).on(VarRevision(2));
    let text = house.change(5, vec![stale]).await.unwrap_err().to_string();
    assert_eq!(text, "Conflict: owner let go of speed first. Your 9 was not set.");
}

crate::support::stories! {
    what_is_let_go_comes_as_removed,
    who_was_away_is_told_on_return,
    the_original_grammar_is_sent_the_declared_default,
    letting_go_of_nothing_changes_nothing,
    an_answer_tells_the_revision_of_each_variable,
    a_value_can_be_pushed_again,
    a_conflict_about_letting_go_says_what_happened,
}
