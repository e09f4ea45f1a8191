//! People and their sessions.

use std::sync::Arc;

use gateway::store::{Sessions, Store, StoreError};
use protocol::model::{Role, User};

use crate::house::{NOW, later, make_user, note, session};

async fn the_first_owner_is_the_only_one(store: Arc<dyn Store>) {
    assert_eq!(store.access().get_owner().await.unwrap(), None);
    make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    assert_eq!(store.access().get_owner().await.unwrap(), None);

    let owner = make_user(&store, Role::Owner, None).await.unwrap();
    assert_eq!((owner.role, owner.email.as_deref()), (Role::Owner, None));
    assert_eq!(store.access().get_owner().await.unwrap(), Some((owner, None)));
    let second = make_user(&store, Role::Owner, Some("ben@example.org")).await;
    assert!(matches!(second, Err(StoreError::OwnerExists)));
    assert_eq!(store.access().get_user_by_email("ben@example.org").await.unwrap(), None);
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

    let found = store.access().get_user_by_email("ana@example.org").await.unwrap();
    assert_eq!(found, Some((ana, Some("hash of ana@example.org".to_owned()))));
    for unknown in ["", "%", "ana@example_org", "' OR ''='"] {
        assert_eq!(store.access().get_user_by_email(unknown).await.unwrap(), None, "{unknown}");
    }
}

async fn credentials_can_be_given_later(store: Arc<dyn Store>) {
    let owner = make_user(&store, Role::Owner, None).await.unwrap();
    make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let taken =
        store.access().set_credentials(owner.id, "ana@example.org", "hash", note("account.set_up")).await;
    assert!(matches!(taken, Err(StoreError::EmailExists)));
    assert_eq!(store.access().get_owner().await.unwrap(), Some((owner.clone(), None)));

    for hash in ["hash", "new hash"] {
        let named = store
            .access()
            .set_credentials(owner.id, "ben@example.org", hash, note("account.set_up"))
            .await
            .unwrap();
        let email = "ben@example.org".to_owned();
        assert_eq!(named, User { name: email.clone(), email: Some(email), ..owner.clone() });
        assert_eq!(store.access().get_owner().await.unwrap(), Some((named, Some(hash.to_owned()))));
    }
}

async fn sessions_begin_expire_and_end(store: Arc<dyn Store>) {
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let (phone, desk) = ([1; 32], [0xff; 32]);
    for token_hash in [phone, desk] {
        store
            .access()
            .create_session(session(token_hash, ana.id, NOW, 10), note("session.begin"))
            .await
            .unwrap();
    }
    assert_eq!(store.access().get_session(&phone, later(9)).await.unwrap(), Some((ana.clone(), NOW)));
    assert_eq!(store.access().get_session(&phone, later(10)).await.unwrap(), None);
    assert_eq!(store.access().get_session(&[0; 32], NOW).await.unwrap(), None);

    for ended in [1, 0] {
        let end = store.access().delete_sessions(ana.id, Sessions::One(&phone), note("session.end"));
        assert_eq!(end.await.unwrap(), ended);
    }
    assert_eq!(store.access().get_session(&phone, NOW).await.unwrap(), None);
    assert_eq!(store.access().get_session(&desk, NOW).await.unwrap(), Some((ana.clone(), NOW)));

    // a new session sweeps the dead ones away, so that not even a clock set back revives them
    let newest = session([2; 32], ana.id, later(10), 10);
    store.access().create_session(newest, note("session.begin")).await.unwrap();
    assert_eq!(store.access().get_session(&desk, NOW).await.unwrap(), None);
    assert_eq!(store.access().get_session(&[2; 32], later(10)).await.unwrap(), Some((ana, later(10))));
}

crate::support::stories! {
    the_first_owner_is_the_only_one,
    an_email_has_one_account,
    credentials_can_be_given_later,
    sessions_begin_expire_and_end,
}
