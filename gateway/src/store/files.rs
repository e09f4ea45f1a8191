//! Files and folders that only their owner can read, whatever the umask: they hold password hashes.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// Creates a file that only its owner can read. It must not exist.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Restricts an existing file to its owner.
#[cfg(unix)]
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        }
        Ok(_) => Ok(()),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// Restricts an existing file to its owner.
#[cfg(not(unix))]
pub(super) fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens a file, created if missing, that only its owner can read.
///
/// # Errors
/// Those of the system.
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    make_private(path)?;
    Ok(file)
}

/// Creates a folder and its missing parents, accessible to their owner only. An existing folder stays unchanged.
///
/// # Errors
/// Those of the system.
pub fn make_folder(path: &Path) -> io::Result<()> {
    // the parent of a bare file name: the current folder
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Deletes a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn whatever_is_made_is_the_owners_alone() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("a/b");
        make_folder(&folder).unwrap();
        assert_eq!((mode(&top.path().join("a")), mode(&folder)), (0o700, 0o700));
        let (made, kept) = (folder.join("made"), folder.join("kept"));
        create_private(&made).unwrap();
        open_private(&kept).unwrap();
        assert_eq!((mode(&made), mode(&kept)), (0o600, 0o600));
        assert!(create_private(&made).is_err(), "it exists");

        for file in [&made, &kept] {
            fs::set_permissions(file, fs::Permissions::from_mode(0o664)).unwrap();
        }
        make_private(&made).unwrap();
        open_private(&kept).unwrap();
        assert_eq!((mode(&made), mode(&kept)), (0o600, 0o600));
    }

    #[test]
    fn a_folder_that_exists_stays_as_it_is() {
        let top = tempfile::tempdir().unwrap();
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o750)).unwrap();
        make_folder(top.path()).unwrap();
        make_folder(Path::new("")).unwrap();
        assert_eq!(mode(top.path()), 0o750);
    }

    #[test]
    fn what_is_not_there_is_nothing_to_do() {
        let top = tempfile::tempdir().unwrap();
        let nothing = top.path().join("nothing");
        make_private(&nothing).unwrap();
        remove(&nothing).unwrap();
    }
}
