//! Searches that people keep: whose they are, who sees them, and how many there may be.

use std::sync::Arc;

use gateway::{Caller, GatewayError, store::Store};
use protocol::model::{ProjectRole, TokenScope};

use crate::house::{House, refused};

async fn names(house: &House, caller: &Caller) -> Vec<String> {
    let found = house.gateway.list_searches(caller, house.project.id).await.unwrap();
    found
        .into_iter()
        .map(|search| format!("{}{}", if search.is_own { "" } else { "*" }, search.name))
        .collect()
}

async fn a_search_is_its_owners_until_they_share_it(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let ann = house.member("ann", ProjectRole::Designer).await;
    let ben = house.member("ben", ProjectRole::Viewer).await;
    let stranger = house.person("eve").await;
    gateway.save_search(&ann, id, "bosses", "?q=boss&from=1h", true).await.unwrap();
    gateway.save_search(&ann, id, " mine ", "?q=x", false).await.unwrap();
    gateway.save_search(&ben, id, "theirs", "", false).await.unwrap();
    refused!(gateway.save_search(&ben, id, "for all", "?q=x", true).await, GatewayError::Forbidden);
    refused!(gateway.save_search(&stranger, id, "x", "", false).await, GatewayError::NotFound);
    refused!(gateway.list_searches(&stranger, id).await, GatewayError::NotFound);
    assert_eq!(names(&house, &ann).await, ["bosses", "mine"]);
    assert_eq!(names(&house, &ben).await, ["*bosses", "theirs"]);

    // the same name replaces
    gateway.save_search(&ann, id, "bosses", "?q=boss2", true).await.unwrap();
    let found = gateway.list_searches(&ben, id).await.unwrap();
    assert_eq!((found[0].search.as_str(), found[0].author.as_str()), ("?q=boss2", "ann"));

    let (bosses, mine) = (found[0].id, gateway.list_searches(&ann, id).await.unwrap()[1].id);
    refused!(gateway.delete_search(&ben, id, bosses).await, GatewayError::NotFound);
    refused!(gateway.delete_search(&house.owner, id, mine).await, GatewayError::NotFound);
    let elsewhere = gateway.create_project(&ann, "elsewhere").await.unwrap().id;
    refused!(gateway.delete_search(&ann, elsewhere, bosses).await, GatewayError::NotFound);
    gateway.delete_search(&house.owner, id, bosses).await.unwrap();
    gateway.delete_search(&ann, id, mine).await.unwrap();
    assert!(names(&house, &ann).await.is_empty());
    let script = house.script(&ann, TokenScope::Admin, None).await;
    refused!(gateway.save_search(&script, id, "x", "", false).await, GatewayError::Forbidden);
}

async fn searches_are_bounded_in_number_and_length(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id, owner) = (&house.gateway, house.project.id, &house.owner);
    for (name, search) in
        [("", "?q=x"), ("x", "q=x"), ("x", "?q=\n"), ("x", &format!("?q={}", "x".repeat(4_096)))]
    {
        refused!(gateway.save_search(owner, id, name, search, false).await, GatewayError::Invalid(_));
    }
    for number in 0..50 {
        gateway.save_search(owner, id, &number.to_string(), "?q=x", false).await.unwrap();
    }
    refused!(gateway.save_search(owner, id, "one more", "?q=x", false).await, GatewayError::Invalid(_));
    gateway.save_search(owner, id, "7", "?q=other", false).await.unwrap();
    assert_eq!(names(&house, owner).await.len(), 50);
}

crate::support::stories! {
    a_search_is_its_owners_until_they_share_it,
    searches_are_bounded_in_number_and_length,
}
