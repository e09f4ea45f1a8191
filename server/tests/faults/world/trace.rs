//! A kernel that says no: strace takes hold of the running program and makes its calls fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use super::{server::send_signal, skip, soon};

/// A fault of the disk.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The system calls, with commas, such as `pwrite64`.
    pub calls: &'static str,
    /// What they say, such as `EIO`.
    pub error: &'static str,
}

/// Which calls of each thread fail.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// This one, counted from 1.
    Call(u32),
    /// All.
    All,
}

/// Whether strace is here and may do it; if not, that is said aloud.
pub async fn is_possible(story: &str) -> bool {
    let mut probe = Command::new("strace");
    probe.args(["-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync", "-o", "/dev/null", "true"]);
    let works = probe.stderr(Stdio::null()).status().await.is_ok_and(|status| status.success());
    if !works {
        skip(story, "strace is missing (Debian: strace), or may not trace here", "OBSERVERIO_REQUIRE_STRACE");
    }
    works
}

impl Fault {
    fn command(self, place: Place, log: &Path) -> Vec<String> {
        let Self { calls, error } = self;
        let when = match place {
            Place::Call(number) => number.to_string(),
            Place::All => "1+".to_owned(),
        };
        // only calls that fail are written down
        let words = format!(
            "strace -f -e status=failed -e trace={calls} -e inject={calls}:error={error}:when={when} -o"
        );
        words.split(' ').chain([log.to_str().unwrap()]).map(str::to_owned).collect()
    }

    /// What a program is run by, to have it from the very start, and the log of its strikes.
    pub fn wrapper(self, place: Place, folder: &Path) -> (Vec<String>, StrikeLog) {
        let log = StrikeLog::new(folder);
        let mut words = self.command(place, &log.0);
        // as a grandchild, so that the process we see is the program itself
        words.extend(["-D", "-qq", "--"].map(str::to_owned));
        (words, log)
    }

    /// From now on, until it is lifted, calls of this process fail.
    pub async fn inject(self, place: Place, pid: u32, folder: &Path) -> Injection {
        let log = StrikeLog::new(folder);
        let words = self.command(place, &log.0);
        let mut strace = Command::new(&words[0]);
        strace.args(&words[1..]).args(["-p", &pid.to_string()]).stderr(Stdio::piped()).kill_on_drop(true);
        let mut strace = strace.spawn().unwrap();
        let mut said = BufReader::new(strace.stderr.take().unwrap()).lines();
        let first = soon("strace to take hold", said.next_line()).await.unwrap().unwrap_or_default();
        assert!(first.contains("attached"), "strace: {first}");
        // it says more with every thread that comes
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Injection { strace, log }
    }
}

/// A fault that is there.
pub struct Injection {
    strace: Child,
    log: StrikeLog,
}

impl Injection {
    pub fn strikes(&self) -> usize {
        self.log.count()
    }

    /// Takes it away; the process lives on.
    pub async fn lift(mut self) -> usize {
        if let Some(strace) = self.strace.id() {
            send_signal(strace, "INT").await;
        }
        soon("strace to let go", self.strace.wait()).await.unwrap();
        self.log.count()
    }
}

/// Where strace writes down what failed.
pub struct StrikeLog(PathBuf);

impl StrikeLog {
    fn new(folder: &Path) -> Self {
        Self(folder.join(format!("{:016x}.trace", fastrand::u64(..))))
    }

    /// How often the fault has struck so far.
    pub fn count(&self) -> usize {
        fs::read_to_string(&self.0).unwrap_or_default().matches("(INJECTED)").count()
    }
}
