//! People and their sessions.

use std::sync::Arc;

use gateway::store::{NewSession, Store, StoreError};
use protocol::model::{Role, User};

use crate::house::{NOW, later, make_user};

async fn the_first_owner_is_the_only_one(store: Arc<dyn Store>) {
    assert_eq!(store.get_owner().await.unwrap(), None);
    make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    assert_eq!(store.get_owner().await.unwrap(), None);

    let owner = make_user(&store, Role::Owner, None).await.unwrap();
    assert_eq!((owner.role, owner.email.as_deref()), (Role::Owner, None));
    assert_eq!(store.get_owner().await.unwrap(), Some((owner, None)));
    let second = make_user(&store, Role::Owner, Some("ben@example.org")).await;
    assert!(matches!(second, Err(StoreError::OwnerExists)));
    assert_eq!(store.get_user_by_email("ben@example.org").await.unwrap(), None);
}

async fn an_email_has_one_account(store: Arc<dyn Store>) {
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let again = make_user(&store, Role::Member, Some("ana@example.org")).await;
    assert!(matches!(again, Err(StoreError::EmailExists)));
    let as_owner = make_user(&store, Role::Owner, Some("ana@example.org")).await;
    assert!(matches!(as_owner, Err(StoreError::EmailExists)));
    // accounts without one are not each other's double
    make_user(&store, Role::Member, None).await.unwrap();
    make_user(&store, Role::Member, None).await.unwrap();

    let found = store.get_user_by_email("ana@example.org").await.unwrap();
    assert_eq!(found, Some((ana, Some("hash of ana@example.org".to_owned()))));
    for unknown in ["", "%", "ana@example_org", "' OR ''='"] {
        assert_eq!(store.get_user_by_email(unknown).await.unwrap(), None, "{unknown}");
    }
}

async fn credentials_can_be_given_later(store: Arc<dyn Store>) {
    let owner = make_user(&store, Role::Owner, None).await.unwrap();
    make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let taken = store.set_credentials(owner.id, "ana@example.org", "hash").await;
    assert!(matches!(taken, Err(StoreError::EmailExists)));
    assert_eq!(store.get_owner().await.unwrap(), Some((owner.clone(), None)));

    for hash in ["hash", "new hash"] {
        let named = store.set_credentials(owner.id, "ben@example.org", hash).await.unwrap();
        let email = "ben@example.org".to_owned();
        assert_eq!(named, User { name: email.clone(), email: Some(email), ..owner.clone() });
        assert_eq!(store.get_owner().await.unwrap(), Some((named, Some(hash.to_owned()))));
    }
}

async fn sessions_begin_expire_and_end(store: Arc<dyn Store>) {
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let (phone, desk) = ([1; 32], [0xff; 32]);
    for token_hash in [phone, desk] {
        let session = NewSession { token_hash, user: ana.id, created_at: NOW, expires_at: later(10) };
        store.create_session(session).await.unwrap();
    }
    assert_eq!(store.get_session(&phone, later(9)).await.unwrap(), Some(ana.clone()));
    assert_eq!(store.get_session(&phone, later(10)).await.unwrap(), None);
    assert_eq!(store.get_session(&[0; 32], NOW).await.unwrap(), None);

    store.delete_session(&phone).await.unwrap();
    store.delete_session(&phone).await.unwrap();
    assert_eq!(store.get_session(&phone, NOW).await.unwrap(), None);
    assert_eq!(store.get_session(&desk, NOW).await.unwrap(), Some(ana.clone()));

    // a new session sweeps the dead ones away, so that not even a clock set back revives them
    let session =
        NewSession { token_hash: [2; 32], user: ana.id, created_at: later(10), expires_at: later(20) };
    store.create_session(session).await.unwrap();
    assert_eq!(store.get_session(&desk, NOW).await.unwrap(), None);
    assert_eq!(store.get_session(&[2; 32], later(10)).await.unwrap(), Some(ana));
}

crate::support::stories! {
    the_first_owner_is_the_only_one,
    an_email_has_one_account,
    credentials_can_be_given_later,
    sessions_begin_expire_and_end,
}
