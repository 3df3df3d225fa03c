//! The bytes of a capture: a file, or a pipe that is still being written to.
//!
//! What has arrived is there at once: one `read` takes what the system has, and nothing waits
//! until a buffer is full. Knows nothing of what the bytes mean.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

/// Room for reading: a whole pipe's worth, and many packets of a file, per call to the system.
const READ_BYTES: usize = 256 * 1024;

/// Bytes that were read and not used yet, and where more come from.
pub(super) struct Input {
    source: Source,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

enum Source {
    /// A file on a disk, which never lets one wait.
    File(File),
    /// A pipe, a socket, a device.
    Stream(File),
    /// Bytes in memory.
    Reader(Box<dyn Read + Send>),
}

/// What came of [`Input::fill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// There are more bytes than before.
    More,
    /// Nothing arrived in time.
    Nothing,
    /// Nothing will arrive any more.
    End,
}

impl Input {
    /// Opens the file at `path`, or standard input for `-`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = if path == Path::new("-") {
            let stdin = io::stdin();
            if stdin.is_terminal() {
                return Err(io::Error::other("standard input is a terminal, not a capture"));
            }
            File::from(stdin.as_fd().try_clone_to_owned()?)
        } else {
            File::open(path)?
        };
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self::new(if kind.is_file() { Source::File(file) } else { Source::Stream(file) }))
    }

    /// Reads what `reader` gives, which may wait as long as it likes.
    pub(super) fn from_reader(reader: Box<dyn Read + Send>) -> Self {
        Self::new(Source::Reader(reader))
    }

    fn new(source: Source) -> Self {
        Self { source, buffer: vec![0; READ_BYTES], start: 0, end: 0 }
    }

    /// Whether it may be that not everything has been written yet.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.source, Source::Stream(_))
    }

    /// What was read and not used.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `count` bytes are used.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// Reads once, making room for `wanted` bytes in all. Waits up to `wait`, for ever without.
    pub(super) fn fill(&mut self, wanted: usize, wait: Option<Duration>) -> io::Result<Filled> {
        if let Source::Stream(file) = &self.source
            && !is_readable(file, wait)?
        {
            return Ok(Filled::Nothing);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let read = loop {
            let result = match &mut self.source {
                Source::File(file) | Source::Stream(file) => file.read(room),
                Source::Reader(reader) => reader.read(room),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += read;
        Ok(if read == 0 { Filled::End } else { Filled::More })
    }
}

/// Whether a `read` would return at once, now or within `wait`. A signal ends the waiting.
fn is_readable(file: &File, wait: Option<Duration>) -> io::Result<bool> {
    let timeout = match wait {
        None => PollTimeout::NONE,
        Some(wait) => PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX),
    };
    match poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], timeout) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
