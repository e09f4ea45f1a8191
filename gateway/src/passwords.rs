//! argon2id on threads of its own: each hash takes 19 MiB and some 10 ms of a core.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self, CustomizedPasswordHasher, PasswordVerifier as _, generate_salt,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};
use tokio::sync::oneshot;

use crate::GatewayError;

/// How many steps below everything else the threads run, of 19 (Linux): people who sign in wait in a queue, and nobody
/// who edits waits for them.
#[cfg(target_os = "linux")]
const STEPS_BACK: i32 = 10;

/// How many passwords are hashed at once: half of the processors are left to everybody else.
fn thread_count() -> usize {
    thread::available_parallelism().map_or(1, |processors| (processors.get() / 2).max(1))
}

/// More would wait for seconds, and most of them be somebody who guesses.
const MAX_WAITING: usize = 512;

type Job = Box<dyn FnOnce(&Argon2id) + Send>;

/// The threads that hash. They end with it.
pub(crate) struct Hasher {
    jobs: mpsc::SyncSender<Job>,
}

/// Whether a password is common, or near to what everybody knows of the person: somebody who guesses would find it
/// within some ten million tries.
pub(crate) fn is_easy_to_guess(password: &str, email: &str) -> bool {
    let about: Vec<&str> = email.split(['@', '.', '+', '-', '_']).chain([email, "observerio"]).collect();
    // more of it does not make it worse, and the estimate takes longer than its length
    let head: String = password.chars().take(64).collect();
    zxcvbn::zxcvbn(&head, &about).guesses_log10() < 7.0
}

/// argon2id with memory that is kept from hash to hash. The library's own asks the system for it each time and gives it
/// back: then every other thread that needs some waits for this one.
#[derive(Default)]
struct Argon2id {
    memory: RefCell<Vec<Block>>,
}

impl Argon2id {
    fn hash(&self, password: &str) -> String {
        // the defaults are OWASP's floor: 19 MiB, 2 passes, 1 lane
        self.hash_password_with_params(password.as_bytes(), &generate_salt(), Params::DEFAULT)
            .expect("length and parameters are in range")
            .to_string()
    }

    fn verify(&self, password: &str, stored: &str) -> bool {
        PasswordHash::new(stored)
            .is_ok_and(|stored| self.verify_password(password.as_bytes(), &stored).is_ok())
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Argon2id {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
        let mut memory = self.memory.borrow_mut();
        memory.resize(params.block_count(), Block::new());
        let argon2 = Argon2::new(algorithm, version, params.clone());
        argon2.hash_password_into_with_memory(password, salt, output, memory.as_mut_slice())?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

impl Hasher {
    /// Panics when the system starts no more threads.
    pub(crate) fn start() -> Self {
        let (jobs, waiting) = mpsc::sync_channel::<Job>(MAX_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..thread_count() {
            let waiting = Arc::clone(&waiting);
            let work = move || {
                stand_back();
                let argon2id = Argon2id::default();
                // the lock is not held while the job is done
                let next = || waiting.lock().expect("no holder of this lock panics").recv();
                while let Ok(job) = next() {
                    // one that panics is told by its end, and takes nobody else's with it
                    let done = panic::catch_unwind(AssertUnwindSafe(|| job(&argon2id)));
                    if done.is_err() {
                        tracing::error!("hashing a password panicked");
                    }
                }
            };
            thread::Builder::new()
                .name("passwords".to_owned())
                .spawn(work)
                .expect("the system starts a thread");
        }
        Self { jobs }
    }

    /// Does it in its turn, unless the caller has gone by then.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2id) -> T + Send + 'static,
    ) -> Result<T, GatewayError> {
        let (done, outcome) = oneshot::channel();
        let job = Box::new(move |argon2id: &Argon2id| {
            if !done.is_closed() {
                // the caller may have just gone
                let _ = done.send(work(argon2id));
            }
        });
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => GatewayError::Busy,
            mpsc::TrySendError::Disconnected(_) => GatewayError::Closed,
        })?;
        outcome.await.map_err(|_| GatewayError::Closed)
    }

    /// The hash in PHC form.
    ///
    /// # Errors
    /// [`GatewayError::Busy`] when too many wait, as of [`Self::verify`].
    pub(crate) async fn hash(&self, password: String) -> Result<String, GatewayError> {
        self.run(move |argon2id| argon2id.hash(&password)).await
    }

    /// Whether the password is the right one. Without a hash it is not, and that takes as long.
    pub(crate) async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, GatewayError> {
        static NOBODY: OnceLock<String> = OnceLock::new();
        self.run(move |argon2id| {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(|| NOBODY.get_or_init(|| argon2id.hash("")).clone());
            argon2id.verify(&password, &stored) && known
        })
        .await
    }
}

#[cfg(target_os = "linux")]
fn stand_back() {
    // here a priority is a thread's, elsewhere it would be the process's; lowering it is always allowed
    let _ = rustix::process::nice(STEPS_BACK);
}

#[cfg(not(target_os = "linux"))]
fn stand_back() {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use super::*;

    #[tokio::test]
    async fn a_password_is_the_one_that_was_hashed() {
        let hasher = Hasher::start();
        let stored = hasher.hash("brown gloves, 92 moons".to_owned()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let verify = |password: &str, stored| hasher.verify(password.to_owned(), stored);
        assert!(verify("brown gloves, 92 moons", Some(stored.clone())).await.unwrap());
        assert!(!verify("brown gloves, 93 moons", Some(stored)).await.unwrap());
        assert!(!verify("", None).await.unwrap(), "nobody has no password, not an empty one");
    }

    /// Keeps all threads busy until the sender is dropped.
    fn hold_all(hasher: &Hasher) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let (begun, begins) = mpsc::channel();
        for _ in 0..thread_count() {
            let (held, begun) = (Arc::clone(&held), begun.clone());
            let hold = move |_: &Argon2id| {
                begun.send(()).unwrap();
                // ends when `release` is dropped
                assert!(held.lock().unwrap().recv().is_err());
            };
            hasher.jobs.send(Box::new(hold)).unwrap();
        }
        (0..thread_count()).for_each(|_| begins.recv().unwrap());
        release
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let hasher = Hasher::start();
        let release = hold_all(&hasher);
        for _ in 0..MAX_WAITING {
            hasher.jobs.try_send(Box::new(|_| ())).unwrap();
        }
        assert!(matches!(hasher.run(|_| ()).await, Err(GatewayError::Busy)));
        drop(release);
        // each of them is done in the end, and so are those who come later
        while matches!(hasher.run(|_| ()).await, Err(GatewayError::Busy)) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn nothing_is_hashed_for_who_has_gone() {
        let hasher = Hasher::start();
        let release = hold_all(&hasher);
        let was_done = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&was_done);
        let asked =
            tokio::time::timeout(std::time::Duration::ZERO, hasher.run(move |_| mark.store(true, Relaxed)));
        assert!(asked.await.is_err());
        drop(release);
        // behind it in the queue of either thread
        for _ in 0..thread_count() {
            hasher.run(|_| ()).await.unwrap();
        }
        assert!(!was_done.load(Relaxed));
    }
}
