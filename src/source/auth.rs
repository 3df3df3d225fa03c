//! The AuthFile on disk: users and passwords, read again when they change.
//!
//! collectd looks at its file before each use and reads it again when its time grew; here any
//! change counts, also that of a file put in its place. What cannot be read leaves the old keys,
//! as in the daemon. No message, status or debug output holds a password, and what was read is
//! wiped. Knows nothing of datagrams.

use crate::files::{self, FileError};
use crate::reception::Line;
use crate::wire::KeyRing;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Bytes read of an AuthFile: some 30,000 users. A wrong file is refused before it fills the
/// memory.
pub const AUTH_FILE_BYTES_MAX: usize = 1 << 20;
/// Bad lines shown one by one; a wrong file has one in every line.
pub const AUTH_FAULTS_SHOWN_MAX: usize = 5;
/// How often [`AuthFile::is_due`]: a password that was written works within 2 s.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The coarsest steps in which a filesystem counts time: two changes within one look alike.
const TIME_STEP_MAX: Duration = Duration::from_secs(2);

/// An AuthFile and the keys it gave last.
#[derive(Debug)]
pub struct AuthFile {
    path: PathBuf,
    keys: Arc<KeyRing>,
    looked: Instant,
    /// How the file looked when it was read, or why it could not be.
    seen: Result<Stamp, String>,
    /// It was read at least once.
    is_read: bool,
    /// Old enough when it was read that a later change shows in its times.
    is_settled: bool,
    report: AuthReport,
}

/// What came of reading it, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthReport {
    /// What is wrong with the file as a whole, in a few words.
    pub trouble: Option<&'static str>,
    /// One sentence each: first how many users there are, then what should be mended.
    pub lines: Vec<Line>,
}

/// What is different when a file was changed or another put in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    length: u64,
    modified: (i64, i64),
    /// Also when its mode changes.
    changed: (i64, i64),
}

impl Stamp {
    fn new(metadata: &Metadata) -> Self {
        Self {
            place: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl AuthFile {
    /// Reads the file at `path`; [`AuthFile::report`] says how that went.
    pub fn open(path: PathBuf) -> Self {
        let mut file = Self {
            path,
            keys: Arc::default(),
            looked: Instant::now(),
            seen: Err(String::new()),
            is_read: false,
            is_settled: false,
            report: AuthReport::default(),
        };
        file.look();
        file
    }

    /// The keys to use; nobody's while the file was never read.
    pub fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys)
    }

    /// Whether the file could be read, now or earlier.
    pub const fn is_read(&self) -> bool {
        self.is_read
    }

    /// Why it could not be read when it was last looked at.
    pub fn failure_reason(&self) -> Option<&str> {
        self.seen.as_ref().err().map(String::as_str)
    }

    /// What to know about it.
    pub const fn report(&self) -> &AuthReport {
        &self.report
    }

    /// Time to call [`AuthFile::look`] again; true once a second.
    pub fn is_due(&self) -> bool {
        self.looked.elapsed() >= LOOK_EVERY
    }

    /// Looks at the file and reads it if it may have changed; true when the keys, and perhaps the
    /// report, are new.
    pub fn look(&mut self) -> bool {
        self.looked = Instant::now();
        let seen = std::fs::metadata(&self.path).map(|metadata| Stamp::new(&metadata));
        if let (Ok(now), Ok(before)) = (&seen, &self.seen)
            && now == before
            && self.is_settled
        {
            return false;
        }
        match read(&self.path) {
            Ok((metadata, text)) => {
                let (keys, faults) = KeyRing::parse(&text);
                self.report = report(&self.path, &metadata, keys.len(), &faults);
                self.keys = Arc::new(keys);
                self.seen = Ok(Stamp::new(&metadata));
                let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
                self.is_settled = age.is_some_and(|age| age > TIME_STEP_MAX);
                self.is_read = true;
                true
            }
            // The same failure as last time was reported.
            Err(reason) if self.seen.as_ref() == Err(&reason) => false,
            Err(reason) => {
                self.report = self.failure(&reason);
                self.seen = Err(reason);
                true
            }
        }
    }

    fn failure(&self, reason: &str) -> AuthReport {
        let what = if self.is_read {
            "cannot read the AuthFile again, its old passwords stay in use"
        } else {
            "cannot read the AuthFile, nothing signed or encrypted is accepted"
        };
        let text = format!("{what}: {reason}, {}", self.path.display());
        let trouble = Some("AuthFile not read");
        AuthReport { trouble, lines: vec![Line { ok: false, text }] }
    }
}

fn report(
    path: &Path,
    metadata: &Metadata,
    users: usize,
    faults: &[crate::wire::AuthFault],
) -> AuthReport {
    let shown = path.display();
    let mut lines = Vec::new();
    let mut warn = |text| lines.push(Line { ok: false, text });
    let mode = metadata.mode() & 0o7777;
    if mode & 0o066 != 0 {
        warn(format!(
            "other users of this machine may read or change the AuthFile (its mode is {mode:04o}): \
             chmod 600 {shown}"
        ));
    }
    for fault in faults.iter().take(AUTH_FAULTS_SHOWN_MAX) {
        warn(format!("AuthFile {fault}, in {shown}"));
    }
    if let Some(more @ 1..) = faults.len().checked_sub(AUTH_FAULTS_SHOWN_MAX) {
        warn(format!("{more} more lines ignored, in {shown}"));
    }
    let first = match users {
        0 => Line {
            ok: false,
            text: format!(
                "the AuthFile names no user, nothing signed or encrypted is accepted; write a line \
                 `user: password` for each, in {shown}"
            ),
        },
        1 => Line { ok: true, text: format!("passwords of 1 user, from {shown}") },
        _ => Line { ok: true, text: format!("passwords of {users} users, from {shown}") },
    };
    lines.insert(0, first);
    AuthReport { trouble: (users == 0).then_some("AuthFile without users"), lines }
}

/// The whole file. The buffer never moves, so wiping it wipes every copy.
fn read(path: &Path) -> Result<(Metadata, Zeroizing<Vec<u8>>), String> {
    let (file, metadata) = files::open(path).map_err(|trouble| match trouble {
        FileError::NotRegular(_) => {
            "it is not a regular file; write the passwords to one with mode 600".to_owned()
        }
        trouble => reason(trouble),
    })?;
    let mut text = Zeroizing::new(vec![0; AUTH_FILE_BYTES_MAX + 1]);
    let length = fill(&file, &mut text).map_err(|error| crate::source::reason::reason(&error))?;
    if length > AUTH_FILE_BYTES_MAX {
        return Err("it has more than 1 MiB, is it an AuthFile?".into());
    }
    text.truncate(length);
    Ok((metadata, text))
}

fn fill(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(taken) => length += taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

fn reason(trouble: FileError) -> String {
    match trouble {
        FileError::System(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            "this user may not read it".into()
        }
        trouble => trouble.to_string(),
    }
}
