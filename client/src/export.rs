//! `observerio export`: streams the whole log or audit trail to a file or standard output.

use std::{
    ffi::OsStr,
    fs,
    io::{Read as _, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use clap::ValueEnum;
use tempfile::NamedTempFile;

use crate::{
    Error,
    api::{Api, Stream},
    console::Console,
    logs::Wanted,
    responses::Project,
};

const PIECE_BYTES: usize = 64 * 1024;
/// How often the progress is updated.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Log lines
    Logs,
    /// The audit trail: who did what
    Audit,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object per line
    Ndjson,
    /// A table for spreadsheets
    Csv,
}

/// The file that is being written, so that nothing incomplete is left behind after an interruption.
#[derive(Clone, Debug, Default)]
pub struct Unfinished(Arc<Mutex<Option<PathBuf>>>);

impl Unfinished {
    /// Deletes the file, if there is one. Call this before exiting in the middle of a command.
    pub fn delete(&self) {
        if let Some(path) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // nobody is left to tell
            let _ = fs::remove_file(path);
        }
    }

    fn set(&self, path: Option<&Path>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = path.map(Path::to_owned);
    }
}

/// What to export, and where to.
pub(crate) struct Export {
    pub what: What,
    /// Which log lines.
    pub wanted: Wanted,
    pub format: Option<Format>,
    /// `None`: standard output.
    pub file: Option<PathBuf>,
}

impl Export {
    /// Writes the complete file, or none.
    pub(crate) fn run(
        &self,
        api: &Api,
        project: &Project,
        unfinished: &Unfinished,
        console: &mut Console,
    ) -> Result<(), Error> {
        let stream = api.stream(&self.path(project), &[])?;
        let Some(path) = &self.file else {
            Copy { api, stream, progress: None }.run(&mut console.out)?;
            return Ok(console.out.flush()?);
        };
        let refuse = |error| Error::Setting(format!("{} can't be written: {error}", path.display()));
        let mut file = beside(path).map_err(refuse)?;
        unfinished.set(Some(file.path()));
        let progress = console.shows_progress.then(|| Progress::new(&mut console.err));
        let done = Copy { api, stream, progress }.run(file.as_file_mut()).and_then(|bytes| {
            let saved = file.as_file().sync_all();
            saved.and_then(|()| file.persist(path).map_err(|error| error.error)).map_err(refuse)?;
            Ok(bytes)
        });
        unfinished.set(None);
        let written = size(done?);
        console.note(&format!("{written} written to {}", path.display()));
        Ok(())
    }

    fn path(&self, project: &Project) -> String {
        let format = self.format.unwrap_or_else(|| by_name(self.file.as_deref()));
        let format = if format == Format::Csv { "csv" } else { "ndjson" };
        match self.what {
            What::Logs => {
                format!("/projects/{}/logs/export?format={format}&{}", project.id, self.wanted.query())
            }
            What::Audit => format!("/projects/{}/audit/export?format={format}", project.id),
        }
    }
}

fn by_name(file: Option<&Path>) -> Format {
    match file.and_then(Path::extension).and_then(OsStr::to_str) {
        Some(extension) if extension.eq_ignore_ascii_case("csv") => Format::Csv,
        _ => Format::Ndjson,
    }
}

/// A temporary file in the same directory, with default permissions, which replaces `path` once it is complete.
fn beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".observerio-export-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666)); // the umask takes from it
    }
    builder.tempfile_in(folder)
}

struct Copy<'a> {
    api: &'a Api,
    stream: Stream,
    progress: Option<Progress<'a>>,
}

impl Copy<'_> {
    /// Copies the stream to its end. Returns the number of bytes.
    fn run(mut self, out: &mut dyn Write) -> Result<u64, Error> {
        let (mut piece, mut bytes) = (vec![0; PIECE_BYTES], 0);
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => {
                    out.write_all(&piece[..count])?;
                    bytes += count as u64;
                }
                Err(error) => return Err(self.api.broken(&error)),
            }
            if let Some(progress) = &mut self.progress {
                progress.show(bytes);
            }
        }
        Ok(bytes)
    }
}

/// The progress, on one line of a terminal, which is cleared afterwards.
struct Progress<'a> {
    err: &'a mut dyn Write,
    shown_at: Instant,
}

impl<'a> Progress<'a> {
    fn new(err: &'a mut dyn Write) -> Self {
        Self { err, shown_at: Instant::now() }
    }

    fn show(&mut self, bytes: u64) {
        if self.shown_at.elapsed() >= PROGRESS_INTERVAL {
            self.shown_at = Instant::now();
            self.write(&size(bytes));
        }
    }

    fn write(&mut self, text: &str) {
        // continue if the terminal is gone
        let _ = write!(self.err, "\r\u{1b}[K{text}").and_then(|()| self.err.flush());
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.write("");
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{console::tests::captured, testing::serve};

    fn project() -> Project {
        Project { id: 3, name: "p".into(), role: "admin".into(), devices: 0, online: 0, last_seen: None }
    }

    fn chunks(pieces: &[&str], end: &str) -> String {
        let body: String = pieces.iter().map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
        format!("HTTP/1.1 200 x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{body}{end}")
    }

    fn logs(file: Option<PathBuf>) -> Export {
        let wanted = Wanted { filter: "a b".to_owned(), from: Some("1h".to_owned()), ..Wanted::default() };
        Export { what: What::Logs, wanted, format: None, file }
    }

    #[test]
    fn all_of_it_takes_the_place_of_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.CSV");
        fs::write(&path, "old").unwrap();
        let (api, requests) = serve(vec![chunks(&["one\n", "two\n"], "0\r\n\r\n")]);
        let (mut console, output) = captured();
        logs(Some(path.clone())).run(&api, &project(), &Unfinished::default(), &mut console).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert!(output.text().contains("8 bytes written to"), "{}", output.text());
        let request = requests.recv().unwrap();
        assert_eq!(request.head[0], "GET /api/v1/projects/3/logs/export?format=csv&q=a%20b&from=1h HTTP/1.1");
    }

    #[test]
    fn a_part_of_it_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.ndjson");
        fs::write(&path, "old").unwrap();
        // the last chunk, which is empty, does not come
        let (api, _requests) = serve(vec![chunks(&["one\n"], "")]);
        let (mut console, _) = captured();
        let unfinished = Unfinished::default();
        let lost = logs(Some(path.clone())).run(&api, &project(), &unfinished, &mut console).unwrap_err();
        assert_eq!(lost.status(), 69, "{lost}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_begun_is_deleted_on_demand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");
        fs::write(&path, "half").unwrap();
        let unfinished = Unfinished::default();
        unfinished.delete();
        unfinished.set(Some(&path));
        unfinished.clone().delete();
        assert!(!path.exists());
    }

    #[test]
    fn without_a_file_it_goes_to_standard_output() {
        let (api, requests) = serve(vec![chunks(&["one\n"], "0\r\n\r\n")]);
        let (mut console, output) = captured();
        let export = Export { what: What::Audit, wanted: Wanted::default(), format: None, file: None };
        export.run(&api, &project(), &Unfinished::default(), &mut console).unwrap();
        assert_eq!(output.text(), "one\n");
        let request = requests.recv().unwrap();
        assert_eq!(request.head[0], "GET /api/v1/projects/3/audit/export?format=ndjson HTTP/1.1");
    }

    #[test]
    fn sizes_are_for_people() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (12_345, "12.3 kB"),
            (5_000_000, "5.0 MB"),
            (1 << 31, "2.15 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
