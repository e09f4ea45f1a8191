//! argon2id on the blocking pool, a few at a time: each takes 19 MiB and some 50 ms of a core.

use std::sync::OnceLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::GatewayError;

/// Whether a password is common, or near to what everybody knows of the person: somebody who guesses would find it
/// within some ten million tries.
pub(crate) fn is_easy_to_guess(password: &str, email: &str) -> bool {
    let about: Vec<&str> = email.split(['@', '.', '+', '-', '_']).chain([email, "observerio"]).collect();
    // more of it does not make it worse, and the estimate takes longer than its length
    let head: String = password.chars().take(64).collect();
    zxcvbn::zxcvbn(&head, &about).guesses_log10() < 7.0
}

fn hash(password: &str) -> String {
    // the defaults are OWASP's floor: 19 MiB, 2 passes, 1 lane, a random salt
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("length and parameters are in range")
        .to_string()
}

async fn on_blocking_pool<T: Send + 'static>(
    room: &Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GatewayError> {
    let _room = room.acquire().await.map_err(|_| GatewayError::Closed)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| GatewayError::Closed)
}

/// The hash in PHC form.
pub(crate) async fn hash_password(room: &Semaphore, password: String) -> Result<String, GatewayError> {
    on_blocking_pool(room, move || hash(&password)).await
}

/// Whether the password is the right one. Without a hash it is not, and that takes as long.
pub(crate) async fn verify_password(
    room: &Semaphore,
    password: String,
    stored: Option<String>,
) -> Result<bool, GatewayError> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    on_blocking_pool(room, move || {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.get_or_init(|| hash("")).clone());
        let right = PasswordHash::new(&stored)
            .is_ok_and(|stored| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok());
        right && known
    })
    .await
}
