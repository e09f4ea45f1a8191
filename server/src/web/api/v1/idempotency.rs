//! Edits that clients may repeat. The client's key becomes the edit's gesture, by which the store finds it.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderName};
use gateway::store::GestureRow;
use protocol::model::{Change, Gesture, Value, VarName};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, MutexGuard};

use super::error::{ApiResult, Problem};

const MAX_KEY_BYTES: usize = 255;
/// Edits with different keys rarely share a lock; if they do, one waits.
const LOCKS: usize = 64;

/// Identifies an edit that may be repeated.
#[derive(Clone, Copy)]
pub(super) struct IdempotencyKey(pub(super) Gesture);

impl IdempotencyKey {
    /// The `Idempotency-Key` header, if there is one.
    pub(super) fn read(headers: &HeaderMap) -> ApiResult<Option<Self>> {
        const NAME: HeaderName = HeaderName::from_static("idempotency-key");
        let mut said = headers.get_all(NAME).iter();
        let (first, second) = (said.next(), said.next());
        let Some(key) = first else { return Ok(None) };
        let printable = key.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~'));
        if second.is_some() || !printable || key.is_empty() || key.len() > MAX_KEY_BYTES {
            let text = format!(
                "Idempotency-Key must be a single string of 1 to {MAX_KEY_BYTES} printable ASCII characters"
            );
            return Err(Problem::invalid(text));
        }
        let digest = Sha256::digest(key.as_bytes());
        let eight = digest.first_chunk().expect("a SHA-256 has 32 bytes");
        Ok(Some(Self(Gesture(u64::from_be_bytes(*eight)))))
    }
}

/// Holds back a repeated edit while the first one is being saved.
pub(in crate::web) struct EditLocks([Mutex<()>; LOCKS]);

impl Default for EditLocks {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl EditLocks {
    pub(super) async fn hold(&self, key: IdempotencyKey) -> MutexGuard<'_, ()> {
        let IdempotencyKey(Gesture(number)) = key;
        self.0[(number % LOCKS as u64) as usize].lock().await
    }
}

/// Whether a request asks for the same as an earlier edit.
pub(super) fn is_same_edit(asked: &[Change], before: &[GestureRow]) -> bool {
    // of a variable that is named twice the last value counts
    let asked: HashMap<&VarName, Option<&Value>> =
        asked.iter().map(|change| (&change.name, change.value.as_ref())).collect();
    let is_asked = |row: &GestureRow| match (asked.get(&row.name), &row.value) {
        (Some(Some(asked)), Some(set)) => is_same(asked, set),
        (Some(None), None) => true,
        _ => false,
    };
    asked.len() == before.len() && before.iter().all(is_asked)
}

/// A number is kept in the type that the game declares.
fn is_same(asked: &Value, set: &Value) -> bool {
    match (asked, set) {
        (Value::Int(_), Value::Float(_)) | (Value::Float(_), Value::Int(_)) => set.agrees_with(asked),
        _ => asked == set,
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::{Revision, VarRevision};

    use super::*;

    fn key(headers: &[&str]) -> ApiResult<Option<u64>> {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append("idempotency-key", value.parse().unwrap());
        }
        Ok(IdempotencyKey::read(&map)?.map(|IdempotencyKey(Gesture(number))| number))
    }

    #[test]
    fn a_key_becomes_a_gesture() {
        assert_eq!(key(&[]).unwrap(), None);
        // the first test vector of FIPS 180-2
        assert_eq!(key(&["abc"]).unwrap(), Some(0xba78_16bf_8f01_cfea));
        assert!(key(&[&"k".repeat(255)]).is_ok());
        for bad in [&[""][..], &["a", "b"], &["tab\there"], &[&"k".repeat(256)]] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_same_is_told_from_something_else() {
        let name = |text: &str| VarName::parse(text).unwrap();
        let (speed, hp) = (name("speed"), name("hp"));
        let (five, five_as_float) = (Value::Int(5i64.into()), Value::Float(5.0));
        let (six, text) = (Value::Int(6i64.into()), Value::Text("5".to_owned()));
        let row = |value: Option<&Value>| GestureRow {
            name: speed.clone(),
            value: value.cloned(),
            revision: Revision(1),
            set_by: VarRevision(1),
        };
        let asks = |name: &VarName, value: &Value| Change::from((name.clone(), value.clone()));
        let set = [row(Some(&five_as_float))];
        assert!(is_same_edit(&[asks(&speed, &five)], &set));
        assert!(is_same_edit(&[asks(&speed, &six), asks(&speed, &five)], &set));
        assert!(!is_same_edit(&[asks(&speed, &five_as_float), asks(&hp, &six)], &set));
        assert!(!is_same_edit(&[asks(&speed, &six)], &set));
        assert!(!is_same_edit(&[asks(&speed, &text)], &set));
        assert!(!is_same_edit(&[asks(&hp, &five)], &set));
        assert!(!is_same_edit(&[], &set));
        let let_go = Change::let_go(speed.clone());
        assert!(is_same_edit(std::slice::from_ref(&let_go), &[row(None)]));
        assert!(!is_same_edit(&[let_go], &set) && !is_same_edit(&[asks(&speed, &five)], &[row(None)]));
    }
}
