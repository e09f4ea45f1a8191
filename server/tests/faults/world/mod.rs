//! What the stories are made of: the real program, its databases, games, people, and the truth.

pub mod alive;
pub mod cluster;
pub mod crowd;
pub mod designer;
pub mod game;
pub mod load;
pub mod lossy;
pub mod network;
pub mod proxy;
pub mod rounds;
pub mod server;
pub mod small_disk;
pub mod stage;
pub mod trace;
pub mod truth;

use std::{future::Future, io::Write as _, time::Duration};

use tokio::{
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::timeout,
};

/// Longer than anything takes that is not meant to take long; who waits for it has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Stories that measure how quick the server is are told alone; the others side by side.
static STAGE: RwLock<()> = RwLock::const_new(());

/// Waits until no other story is told, and keeps it so.
pub async fn alone() -> RwLockWriteGuard<'static, ()> {
    STAGE.write().await
}

/// Waits until no story is told that wants to be alone.
pub async fn beside_others() -> RwLockReadGuard<'static, ()> {
    STAGE.read().await
}

/// Waits for what must happen.
pub async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    within(PATIENCE, what, event).await
}

/// Waits for what must happen by then.
pub async fn within<T>(limit: Duration, what: &str, event: impl Future<Output = T>) -> T {
    timeout(limit, event).await.unwrap_or_else(|_| panic!("waited {limit:?} in vain for {what}"))
}

/// Tells that a story can't be told on this machine, past the test runner, which hides what passing tests
/// print. Panics when `require` is set to anything: then it must be told.
pub fn skip(story: &str, why: &str, require: &str) {
    assert!(std::env::var_os(require).is_none(), "{story}: {why}, and {require} is set");
    let sentence = format!("\nSKIPPED {story}: {why} (with {require}=1 this fails instead)\n");
    std::io::stderr().write_all(sentence.as_bytes()).unwrap();
}
