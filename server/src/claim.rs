//! Keeps a second server from using the same data: a file that is locked while the process lives, and says who holds the lock.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use gateway::store::open_private;
use protocol::model::UnixMicros;

/// Longer than any description of a holder, in bytes.
const MAX_WORDS_BYTES: u64 = 1024;
/// Most symbolic links to follow; more of them are a cycle.
const MAX_LINKS: u32 = 40;

/// How a server describes itself to a second one. Contains no secrets.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) data_dir: PathBuf,
    pub(crate) http: SocketAddr,
    pub(crate) since: UnixMicros,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data_dir, http, since } = self;
        write!(f, "process {} on {}, ", std::process::id(), host_name())?;
        write!(f, "data directory {}, dashboard at {http}, ", data_dir.display())?;
        write!(f, "since {}", since.to_rfc3339())
    }
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "this machine".to_owned())
}

/// A locked file. The operating system unlocks it when the process ends, for whatever reason.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    /// Whether the lock created the file.
    is_new: bool,
    _locked: File,
}

/// Why the lock was not acquired.
#[derive(Debug)]
pub(crate) enum ClaimError {
    /// Another server holds it: its description.
    InUse(String),
    /// The file can't be used.
    Unusable(io::Error),
}

impl From<io::Error> for ClaimError {
    fn from(cause: io::Error) -> Self {
        Self::Unusable(cause)
    }
}

impl Claim {
    /// Locks `path`, creating it if it is missing.
    pub(crate) fn take(path: &Path, holder: &Holder) -> Result<Self, ClaimError> {
        let is_new = !path.exists();
        let mut file = open_private(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ClaimError::InUse(words(&file))),
            Err(TryLockError::Error(cause)) => return Err(cause.into()),
        }
        file.set_len(0)?;
        writeln!(file, "{holder}")?;
        Ok(Self { path: path.to_owned(), is_new, _locked: file })
    }

    /// Releases the lock, and deletes the file if the lock created it.
    pub(crate) fn withdraw(self) {
        if self.is_new
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(file = %self.path.display(), %error, "an empty lock stays behind");
        }
    }

    /// Locks an SQLite database, whatever path leads to it.
    pub(crate) fn take_database(path: &Path, holder: &Holder) -> Result<Self, ClaimError> {
        let path = real_path(path)?;
        refuse_second_name(&path)?;
        let mut name = path.into_os_string();
        name.push(".lock");
        Self::take(Path::new(&name), holder)
    }
}

/// The holder's description.
fn words(file: &File) -> String {
    let mut text = String::new();
    // some systems don't allow reading a locked file
    let _unreadable = file.take(MAX_WORDS_BYTES).read_to_string(&mut text);
    let line: String = text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if line.is_empty() { "unknown".to_owned() } else { line }
}

/// The canonical path. The file itself may be missing, but not its directory.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let missing = match fs::canonicalize(&path) {
            Ok(real) => return Ok(real),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => fault,
            Err(fault) => return Err(fault),
        };
        let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return Err(missing) };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = fs::canonicalize(folder)?;
        // a dangling link, whose target SQLite will create
        match fs::read_link(folder.join(name)) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(folder.join(name)),
        }
    }
    Err(io::Error::other("too many links"))
}

/// SQLite keeps its log beside the name that it opened: with two names there are two logs, and neither is complete.
#[cfg(unix)]
fn refuse_second_name(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.nlink() > 1 => Err(io::Error::other(
            "the file has a hard link, through which another program could use it unnoticed; remove the link, or copy \
             the file and use the copy",
        )),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn refuse_second_name(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn holder() -> Holder {
        let http = SocketAddr::from(([127, 0, 0, 1], 8080));
        Holder { data_dir: "/srv/data".into(), http, since: UnixMicros(1_790_000_000_000_000) }
    }

    /// What the second one is told.
    fn refused(path: &Path) -> String {
        match Claim::take_database(path, &holder()) {
            Err(ClaimError::InUse(words)) => words,
            other => panic!("{}: {other:?}", path.display()),
        }
    }

    #[test]
    fn one_file_is_claimed_once_by_whatever_path() {
        let folder = tempfile::tempdir().unwrap();
        let (real, other) = (folder.path().join("real"), folder.path().join("other"));
        fs::create_dir_all(&real).unwrap();
        fs::create_dir_all(&other).unwrap();
        let database = real.join("observerio.db");
        // before it is made, through a link to nothing
        symlink("../real/observerio.db", other.join("link.db")).unwrap();
        symlink(&real, folder.path().join("folder")).unwrap();
        let first = Claim::take_database(&other.join("link.db"), &holder()).unwrap();
        for made in [false, true] {
            if made {
                fs::write(&database, "").unwrap();
            }
            for path in [
                "real/observerio.db",
                "folder/observerio.db",
                "other/link.db",
                "other/../real/./observerio.db",
            ] {
                let words = refused(&folder.path().join(path));
                let process = format!("process {} on ", std::process::id());
                assert!(words.starts_with(&process), "{words}");
                assert!(words.ends_with("since 2026-09-21T14:13:20.000Z"), "{words}");
            }
        }
        drop(first);
        Claim::take_database(&database, &holder()).unwrap();
    }

    #[test]
    fn a_file_with_two_names_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (database, second) = (folder.path().join("observerio.db"), folder.path().join("second.db"));
        fs::write(&database, "").unwrap();
        fs::hard_link(&database, &second).unwrap();
        for path in [&database, &second] {
            let refused = Claim::take_database(path, &holder());
            assert!(
                matches!(&refused, Err(ClaimError::Unusable(why)) if why.to_string().contains("hard link"))
            );
        }
        fs::remove_file(second).unwrap();
        Claim::take_database(&database, &holder()).unwrap();
    }

    #[test]
    fn links_in_a_circle_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        symlink("b.db", folder.path().join("a.db")).unwrap();
        symlink("a.db", folder.path().join("b.db")).unwrap();
        assert!(matches!(
            Claim::take_database(&folder.path().join("a.db"), &holder()),
            Err(ClaimError::Unusable(_))
        ));
    }
}
