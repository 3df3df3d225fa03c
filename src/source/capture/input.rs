//! The bytes of a capture: a file, or a pipe that is still being written to.
//!
//! What has arrived is there at once: one `read` takes what the system has, and nothing waits
//! until a buffer is full. Knows nothing of what the bytes mean.

use super::gunzip::Gunzip;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

/// Room for reading: a whole pipe's worth, and many packets of a file, per call to the system.
const READ_BYTES: usize = 256 * 1024;

/// Bytes that were read and not used yet, and where more come from.
pub(super) struct Input {
    source: Source,
    /// What is read goes through it.
    gunzip: Option<Gunzip>,
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
    /// There are more bytes than before, or packed ones that make none yet.
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
            // A pipe whose other end nobody has opened yet is waited for later, with all else.
            let mut options = File::options();
            let file = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
            let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL)?);
            fcntl(&file, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
            file
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
        Self { source, gunzip: None, buffer: vec![0; READ_BYTES], start: 0, end: 0 }
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

    /// Begins to unpack, if this is gzip, what was read and what will be. False if it is not, or
    /// already unpacked: archives in archives are not for us.
    pub(super) fn unpack(&mut self) -> bool {
        let is_packed = self.bytes().starts_with(&Gunzip::MAGIC) && self.gunzip.is_none();
        if is_packed {
            self.gunzip = Some(Gunzip::new(self.bytes().to_vec()));
            self.consume(usize::MAX);
        }
        is_packed
    }

    /// Whether what is read is unpacked.
    pub(super) fn is_unpacked(&self) -> bool {
        self.gunzip.is_some()
    }

    /// Reads once, making room for `wanted` bytes in all. Waits up to `wait`, for ever without.
    pub(super) fn fill(&mut self, wanted: usize, wait: Option<Duration>) -> io::Result<Filled> {
        let is_hungry = self.gunzip.as_ref().is_none_or(Gunzip::is_hungry);
        if is_hungry
            && let Source::Stream(file) = &self.source
            && !is_readable(file, wait)?
        {
            return Ok(Filled::Nothing);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let Some(gunzip) = &mut self.gunzip else {
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
            let read = self.source.read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
            self.end += read;
            return Ok(if read == 0 { Filled::End } else { Filled::More });
        };
        if is_hungry {
            let read = self.source.read(gunzip.room())?;
            gunzip.filled(read);
            if read == 0 {
                return gunzip.finish().map(|()| Filled::End);
            }
        }
        let unpacked = gunzip.unpack()?;
        self.buffer.truncate(self.end);
        self.buffer.extend_from_slice(&unpacked);
        self.end = self.buffer.len();
        Ok(Filled::More)
    }
}

impl Source {
    /// Reads once; zero is the end.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Self::File(file) | Self::Stream(file) => file.read(room),
                Self::Reader(reader) => reader.read(room),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
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
