//! Tasks without which nothing works: when one of them ends, the process has to end too, so that its supervisor
//! starts another one.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What dies when another server takes the database.
pub(crate) const PLACE: &str = "the place at the database";

/// What has died, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part} {how}")]
pub struct Death {
    /// Which part, such as "the writer".
    pub part: &'static str,
    /// The rest of the sentence.
    pub how: String,
}

/// The one way to start such tasks. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Vitals(Arc<watch::Sender<Option<Death>>>);

impl Vitals {
    /// The task, to be spawned. Its death is told when it panics, and when it returns before `until`.
    pub fn guard<T>(
        &self,
        part: &'static str,
        until: CancellationToken,
        task: T,
    ) -> impl Future<Output = ()> + Send + use<T>
    where
        T: Future<Output = ()> + Send,
    {
        let vitals = self.clone();
        async move {
            match AssertUnwindSafe(task).catch_unwind().await {
                Ok(()) if until.is_cancelled() => {}
                Ok(()) => vitals.report(part, "has ended by itself"),
                // the words of a panic are in the log, and may be anything
                Err(_) => vitals.report(part, "has panicked; the log says where"),
            }
        }
    }

    /// Something has died. Only the first one counts: the others follow from it.
    pub fn report(&self, part: &'static str, how: impl Into<String>) {
        self.0.send_if_modified(|known| {
            let is_first = known.is_none();
            if is_first {
                *known = Some(Death { part, how: how.into() });
            }
            is_first
        });
    }

    /// What has died, if anything has.
    pub fn death(&self) -> Option<Death> {
        self.0.borrow().clone()
    }

    /// Resolves when something has died. Cancel-safe.
    pub async fn died(&self) -> Death {
        let mut deaths = self.0.subscribe();
        match deaths.wait_for(Option::is_some).await.map(|death| death.clone()) {
            Ok(Some(death)) => death,
            // the sender is in here
            _ => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn never() {
        std::future::pending().await
    }

    #[tokio::test]
    async fn the_first_death_is_told_and_says_how() {
        let vitals = Vitals::default();
        let until = CancellationToken::new();
        tokio::spawn(vitals.guard("the clock", until.clone(), never()));
        assert_eq!(vitals.death(), None);
        tokio::spawn(vitals.guard("the writer", until.clone(), async { panic!("a secret") }));
        let death = vitals.died().await;
        assert_eq!(death.to_string(), "the writer has panicked; the log says where");
        tokio::spawn(vitals.guard("the game port", until, async {})).await.unwrap();
        assert_eq!(vitals.death(), Some(death));
    }

    #[tokio::test]
    async fn an_end_that_nobody_asked_for_is_a_death_and_one_that_was_is_none() {
        let (vitals, until) = (Vitals::default(), CancellationToken::new());
        until.cancel();
        vitals.guard("the game port", until.clone(), async {}).await;
        assert_eq!(vitals.death(), None);
        vitals.guard("the game port", CancellationToken::new(), async {}).await;
        assert_eq!(vitals.died().await.to_string(), "the game port has ended by itself");
        // a panic is one at any time
        let vitals = Vitals::default();
        vitals.guard("the writer", until, async { panic!("while it stops") }).await;
        assert_eq!(vitals.died().await.part, "the writer");
    }
}
