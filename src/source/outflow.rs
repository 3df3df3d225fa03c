//! Writing where perhaps nobody reads: never longer than whoever writes wants to go on.
//!
//! A pipe that says it can be written to takes a small piece at once; so pieces are small, and
//! before each one is waited. Files on a disk take what there is.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// What a pipe takes at once (`PIPE_BUF`).
const PIECE_BYTES: usize = if cfg!(target_os = "linux") { 4_096 } else { 512 };
/// How long is waited before it is asked whether to go on.
const WAIT_MILLIS: u8 = 200;

/// A file, or a pipe that is left when it is not read and `go_on` has become false.
pub struct Outflow<'a> {
    file: File,
    is_file: bool,
    go_on: &'a dyn Fn() -> bool,
}

impl<'a> Outflow<'a> {
    /// Writes to `file`.
    pub fn new(file: File, go_on: &'a dyn Fn() -> bool) -> io::Result<Self> {
        let is_file = file.metadata()?.is_file();
        Ok(Self { file, is_file, go_on })
    }

    /// Writes to standard output.
    pub fn stdout(go_on: &'a dyn Fn() -> bool) -> io::Result<Self> {
        Self::new(File::from(io::stdout().as_fd().try_clone_to_owned()?), go_on)
    }

    /// What is written to.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Whether it is a file on a disk.
    pub fn is_file(&self) -> bool {
        self.is_file
    }

    /// Waits until a piece can be written.
    fn wait(&self) -> io::Result<()> {
        loop {
            let mut waiting = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
            match poll(&mut waiting, PollTimeout::from(WAIT_MILLIS)) {
                Ok(0) | Err(Errno::EINTR) if (self.go_on)() => {}
                Ok(0) | Err(Errno::EINTR) => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody reads it"));
                }
                Ok(_) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl Write for Outflow<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_file {
            return self.file.write(bytes);
        }
        self.wait()?;
        self.file.write(bytes.get(..PIECE_BYTES).unwrap_or(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl std::fmt::Debug for Outflow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outflow").field("file", &self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::io::Read as _;

    #[test]
    fn a_pipe_that_nobody_reads_is_left_when_it_is_time() {
        let (mut reader, writer) = io::pipe().unwrap();
        let asked = Cell::new(0);
        let go_on = || {
            asked.set(asked.get() + 1);
            asked.get() < 2
        };
        let file = File::from(std::os::fd::OwnedFd::from(writer));
        let mut outflow = Outflow::new(file, &go_on).unwrap();
        let error = outflow.write_all(&vec![7; 4 << 20]).unwrap_err();
        assert_eq!((error.to_string().as_str(), asked.get()), ("nobody reads it", 2));
        drop(outflow);
        let mut taken = Vec::new();
        reader.read_to_end(&mut taken).unwrap();
        assert!(taken.len() >= PIECE_BYTES && taken.iter().all(|byte| *byte == 7));
    }

    #[test]
    fn a_pipe_that_is_read_takes_everything() {
        let (mut reader, writer) = io::pipe().unwrap();
        let sent: Vec<u8> = (0..=250).cycle().take(1 << 20).collect();
        let mut taken = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let file = File::from(std::os::fd::OwnedFd::from(writer));
                Outflow::new(file, &|| true).unwrap().write_all(&sent).unwrap();
            });
            reader.read_to_end(&mut taken).unwrap();
        });
        assert!(taken == sent);
    }
}
