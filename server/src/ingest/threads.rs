//! Threads that serve games and nothing else.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of its own for the connections of games. What people and the writer wait for is done by other threads,
/// between which and these the operating system shares the processors: however many games have something to say, nothing
/// else stands in their queue. (A commit is some twenty steps, each of which would wait there.)
pub(crate) struct GameThreads(Option<Runtime>);

impl GameThreads {
    /// As many as there are processors.
    pub(crate) fn start() -> io::Result<Self> {
        Ok(Self(Some(Builder::new_multi_thread().thread_name("games").enable_all().build()?)))
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.0.as_ref().expect("it is only taken when this is dropped").handle()
    }

    /// Calls `make`; the sockets that it makes belong to these threads.
    pub(crate) fn enter<T>(&self, make: impl FnOnce() -> T) -> T {
        let _entered = self.handle().enter();
        make()
    }
}

impl Drop for GameThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // it may be dropped in a task, which must not block
            runtime.shutdown_background();
        }
    }
}
