//! Threads that let everything else on the machine go before them.

use tokio::runtime::{Builder, EnterGuard, Runtime};

use crate::system;

/// What is started within runs on threads of their own, at a lower priority where the system has one for each thread
/// (Linux).
pub(crate) struct Background(Option<Runtime>);

impl Background {
    /// As many threads as processors, whose priority is `steps` lower.
    pub(crate) fn start(steps: u8) -> std::io::Result<Self> {
        let mut threads = Builder::new_multi_thread();
        threads.thread_name("background").enable_all().on_thread_start(move || system::stand_back(steps));
        Ok(Self(Some(threads.build()?)))
    }

    /// Until the guard is dropped, this thread's tasks are started there.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.0.as_ref().expect("it is only taken when this is dropped").enter()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // it is dropped in a task, which must not block
            runtime.shutdown_background();
        }
    }
}
