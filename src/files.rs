//! Files: read whole within a bound, written whole or not at all.
//!
//! Only regular files are read and replaced: reading a pipe would wait, a device has no end, and
//! either would be gone when a file is put in its place. A link is read through but never
//! replaced, nor is anything written through it. Knows nothing of what is in a file.

use crate::source::reason::reason;
use nix::fcntl::OFlag;
use std::fs::{self, File, FileType, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Mode of a file for its owner alone, whatever the umask is.
pub(crate) const PRIVATE: u32 = 0o600;
/// Mode of a file that others may read.
#[cfg(any(test, feature = "window"))]
pub(crate) const SHARED: u32 = 0o644;

/// Names tried for a new file: one is enough unless somebody guesses 64 random bits.
const ATTEMPTS: usize = 4;

/// Reason why a file was not read or not written, as part of a sentence.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    #[error("there is no such file")]
    Missing,
    #[error("it is a folder; name the file in it")]
    Folder,
    /// With what it is instead.
    #[error("it is not a regular file but {0}")]
    NotRegular(&'static str),
    /// Larger than the bound.
    #[error("it has more than {0} bytes, is it the right file?")]
    TooLarge(usize),
    #[error("{}", reason(.0))]
    System(io::Error),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::System(error),
        }
    }
}

/// Opens a regular file for reading, without ever waiting.
pub(crate) fn open(path: &Path) -> Result<(File, Metadata), FileError> {
    // Before it is opened, which may already do something to a device; and after, as it may have
    // been changed in between.
    check(fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    let metadata = file.metadata()?;
    check(metadata.file_type())?;
    Ok((file, metadata))
}

/// Reads a regular file of at most `bytes_max`.
pub(crate) fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, FileError> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(FileError::TooLarge(bytes_max));
    }
    Ok(bytes)
}

/// Puts a file of these bytes at `path`, new or in place of a regular one. A reader meanwhile gets
/// the old or the new one, whole.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Ok(there) => check(there.file_type())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let (new, mut file) = create_in(folder.unwrap_or(Path::new(".")))?;
    // The mode asked for at its creation is cut by the umask.
    let written = file
        .set_permissions(Permissions::from_mode(mode))
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&new);
        return Err(error.into());
    }
    Ok(())
}

/// Creates a file, under a name that cannot be guessed.
fn create_in(folder: &Path) -> Result<(PathBuf, File), FileError> {
    let mut attempts = 0;
    loop {
        let mut random = [0; 8];
        let filled = getrandom::fill(&mut random);
        filled.map_err(|error| io::Error::other(error.to_string()))?;
        let name = format!(".collectoscope-{:016x}.new", u64::from_le_bytes(random));
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < ATTEMPTS => {
                attempts += 1;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = "there is no such folder";
                return Err(FileError::System(io::Error::other(text)));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn check(kind: FileType) -> Result<(), FileError> {
    match kind {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(FileError::Folder),
        kind if kind.is_symlink() => Err(FileError::NotRegular("a link; name the file itself")),
        kind if kind.is_fifo() => Err(FileError::NotRegular("a pipe")),
        kind if kind.is_socket() => Err(FileError::NotRegular("a socket")),
        _ => Err(FileError::NotRegular("a device")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_written_whole_with_its_mode_and_nothing_beside_it_remains() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some");
        for (bytes, mode_of) in [(&b"first, and longer"[..], PRIVATE), (b"then", SHARED)] {
            replace(&path, bytes, mode_of).unwrap();
            assert_eq!((fs::read(&path).unwrap().as_slice(), mode(&path)), (bytes, mode_of));
        }
        assert_eq!(names(folder.path()), ["some"]);
    }

    #[test]
    fn what_is_no_regular_file_is_neither_read_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("precious"), "precious").unwrap();
        symlink(at("precious"), at("link")).unwrap();
        symlink(at("nothing"), at("loose")).unwrap();
        mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let before = names(folder.path()).len();
        for (path, message) in [
            (at("pipe"), "it is not a regular file but a pipe"),
            (at("socket"), "it is not a regular file but a socket"),
            (folder.path().to_owned(), "it is a folder; name the file in it"),
        ] {
            assert_eq!(read(&path, 10).unwrap_err().to_string(), message);
            assert_eq!(replace(&path, b"x", SHARED).unwrap_err().to_string(), message);
        }
        // Nobody shall replace one, if this goes wrong.
        let error = read(Path::new("/dev/zero"), 10).unwrap_err().to_string();
        assert_eq!(error, "it is not a regular file but a device");
        for link in ["link", "loose"] {
            let error = replace(&at(link), b"x", SHARED).unwrap_err().to_string();
            assert_eq!(error, "it is not a regular file but a link; name the file itself");
        }
        assert_eq!(read(&at("link"), 10).unwrap(), b"precious");
        assert_eq!(read(&at("loose"), 10).unwrap_err().to_string(), "there is no such file");
        assert_eq!(names(folder.path()).len(), before);
    }

    #[test]
    fn a_file_past_the_bound_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        File::create(&path).unwrap().set_len(200 << 20).unwrap();
        let error = read(&path, 1_000).unwrap_err().to_string();
        assert_eq!(error, "it has more than 1000 bytes, is it the right file?");
        fs::write(&path, [7; 1_000]).unwrap();
        assert_eq!(read(&path, 1_000).unwrap().len(), 1_000);
    }

    #[test]
    fn reasons_of_the_system_come_without_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere/some");
        let error = replace(&path, b"x", SHARED).unwrap_err().to_string();
        assert_eq!(error, "there is no such folder");
        let full = io::Error::from(nix::errno::Errno::ENOSPC);
        assert_eq!(reason(&full), "no space left on device");
    }
}
