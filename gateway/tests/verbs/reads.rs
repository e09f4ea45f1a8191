//! What is read from the database and what stays in memory, on both databases.

use std::sync::Arc;

use gateway::{GatewayError, store::Store};
use protocol::model::{Change, Revision, Value};

use crate::house::{House, int, name, pushed_original};

/// A project with three variables, of a game that has gone.
async fn used(store: Arc<dyn Store>) -> House {
    let house = House::new(store).await;
    let mut game = house.original().await;
    house.report(&mut game, r#"{"speed": 5, "size": 1, "lives": 3}"#).await;
    drop(game);
    house.gateway.flush().await.unwrap();
    house
}

impl House {
    async fn desired(&self, var: &str) -> Option<Value> {
        let page = self.gateway.get_var(&self.owner, self.project.id, &name(var), None).await.unwrap();
        page.var.desired?.value
    }

    fn loads(&self) -> u64 {
        self.gateway.status().project_loads
    }
}

async fn a_project_that_was_used_lately_is_read_once(store: Arc<dyn Store>) {
    let house = used(store).await;
    assert_eq!(house.loads(), 1, "by the game");
    for value in 1..4 {
        house.set(value, "speed", value.cast_signed()).await;
        assert_eq!(house.desired("speed").await, Some(int(value.cast_signed())));
        house.gateway.list_vars(&house.owner, house.project.id, None, 10).await.unwrap();
        house.gateway.snapshot(&house.owner, house.project.id).await.unwrap();
        house.original().await;
    }
    assert_eq!(house.loads(), 1);
}

async fn a_request_about_one_variable_reads_one(store: Arc<dyn Store>) {
    let house = used(store).await.restarted().await;
    let before = house.gateway.get_var(&house.owner, house.project.id, &name("speed"), None).await.unwrap();
    assert_eq!(before.var.reported[0].value, int(5));
    assert_eq!(house.set(1, "speed", 7).await.revision, Revision(1));
    assert_eq!(house.desired("speed").await, Some(int(7)));
    let both = vec![Change::let_go(name("speed")), (name("size"), int(2)).into()];
    let saved = house.change(2, both).await.unwrap();
    assert_eq!((saved.revision.0, saved.games), (2, 0));
    assert_eq!((house.desired("speed").await, house.desired("size").await), (None, Some(int(2))));
    // what is refused is refused alike
    assert!(matches!(house.try_set(3, "nothing", 1).await, Err(GatewayError::Refused(_))));
    let unknown = house.gateway.get_var(&house.owner, house.project.id, &name("nothing"), None).await;
    assert!(matches!(unknown, Err(GatewayError::NotFound)), "{unknown:?}");
    let stale = vec![Change::from((name("size"), int(9))).on(protocol::model::VarRevision(1))];
    let stale = house.change(4, stale).await;
    assert!(matches!(stale, Err(GatewayError::Conflict { .. })), "{stale:?}");
    assert_eq!(house.gateway.list_devices(&house.owner, house.project.id).await.unwrap().len(), 1);
    assert_eq!(house.gateway.device_names(&house.owner, house.project.id).await.unwrap().len(), 1);
    assert_eq!(house.loads(), 0);

    // and all of it is as one that was read before shows it
    let all = house.gateway.list_vars(&house.owner, house.project.id, None, 10).await.unwrap();
    let one = house.gateway.get_var(&house.owner, house.project.id, &name("size"), None).await.unwrap();
    assert_eq!((house.loads(), &all.vars[1]), (1, &one));
    let house = house.restarted().await;
    let read = house.gateway.get_var(&house.owner, house.project.id, &name("size"), None).await.unwrap();
    assert_eq!((read, house.loads()), (one, 0));
}

/// The edit is on its way while the project is read: whichever comes first, the game is told.
async fn a_game_that_comes_with_an_edit_hears_of_it(store: Arc<dyn Store>) {
    let mut house = used(store).await;
    for round in 1..=20 {
        house = house.restarted().await;
        let value = round * 10;
        let editing = async {
            let one = house.try_set(2 * round, "speed", value.cast_signed());
            let other = house.try_set(2 * round + 1, "size", value.cast_signed());
            let (one, other) = tokio::join!(one, other);
            one.and(other).unwrap();
        };
        let (mut game, ()) = tokio::join!(house.original(), editing);
        let told = pushed_original(&mut game).unwrap();
        for var in ["speed", "size"] {
            let edit = format!(r#"{{"name":"{var}","type":"integer","value":{value}}}"#);
            assert!(told.contains(&edit), "round {round}: {told}");
        }
        assert!(house.loads() >= 1);
    }
}

async fn a_deleted_project_is_not_kept(store: Arc<dyn Store>) {
    let house = used(store).await;
    house.gateway.delete_project(&house.owner, house.project.id).await.unwrap();
    let gone = house.gateway.get_var(&house.owner, house.project.id, &name("speed"), None).await;
    assert!(matches!(gone, Err(GatewayError::NotFound)), "{gone:?}");
    assert!(matches!(house.try_set(1, "speed", 7).await, Err(GatewayError::NotFound)));
}

crate::support::stories! {
    a_project_that_was_used_lately_is_read_once,
    a_request_about_one_variable_reads_one,
    a_game_that_comes_with_an_edit_hears_of_it,
    a_deleted_project_is_not_kept,
}
