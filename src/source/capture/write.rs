//! Recordings: every datagram as it was received, as a pcap that other programs open.
//!
//! Classic pcap of raw IP (link type 101) with nanoseconds, one packet a datagram, with the
//! addresses, lengths and checksums it had on its way; what is encrypted stays encrypted. A record
//! is handed to the system whole and at once, so that a crash of this program loses nothing, and a
//! record that could not be written whole is taken away again where the file allows it.

use crate::files::PRIVATE;
use crate::source::outflow::Outflow;
use crate::source::reason::reason;
use crate::source::udp::Datagram;
use etherparse::PacketBuilder;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Seek, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The longest packet said to be there: more than the largest datagram over IPv6, 65,555 bytes.
const SNAP_BYTES: u32 = 262_144;
const LINK_TYPE_RAW_IP: u32 = 101;
/// How many routers a packet may pass; what is left of it at the receiver is not known.
const HOP_LIMIT: u8 = 64;

/// Why nothing, or nothing more, is recorded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A file of that name is there.
    #[error(
        "{} is there already and is not overwritten\n  choose another name, or: --force",
        Place(path)
    )]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// It cannot be created, or has no room for even a header.
    #[error("cannot record: {}, to {}", reason(cause), Place(path))]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It cannot be written to any more.
    #[error("cannot record on: {}; {}, to {}", reason(cause), left(*datagrams, *is_whole),
        Place(path))]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
        /// Datagrams written before.
        datagrams: u64,
        /// Whether the recording ends behind the last of them.
        is_whole: bool,
    },
}

/// The path of what is written, as people call it.
struct Place<'a>(&'a Path);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Path::new("-") {
            f.write_str("standard output")
        } else {
            self.0.display().fmt(f)
        }
    }
}

/// What is left of a recording.
fn left(datagrams: u64, is_whole: bool) -> String {
    let count = match datagrams {
        1 => "the datagram before it is kept".to_owned(),
        count => format!("the {count} datagrams before it are kept"),
    };
    if is_whole { count } else { format!("{count}, behind them stands half a one") }
}

/// An open recording.
#[derive(Debug)]
pub struct Writer<'a> {
    path: PathBuf,
    out: Outflow<'a>,
    /// Where the file can be cut off again: it is one on a disk, and began here.
    began_at: Option<u64>,
    /// Bytes of the header and all whole records.
    written_bytes: u64,
    datagrams: u64,
    payload_bytes: u64,
    packet: Vec<u8>,
    record: Vec<u8>,
}

/// What happens to a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays; there is an error.
    Keep,
    /// It is written anew.
    Replace,
}

impl<'a> Writer<'a> {
    /// Whether a recording can begin at `path`, as far as can be seen before it does.
    pub fn check(path: &Path, existing: Existing) -> Result<(), WriteError> {
        let fail = |cause| WriteError::Create { path: path.to_owned(), cause };
        if path == Path::new("-") {
            return Ok(());
        }
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => Err(fail(io::ErrorKind::IsADirectory.into())),
            Ok(there) if there.is_file() && path.is_symlink() => Err(fail(is_link())),
            Ok(there) if there.is_file() && existing == Existing::Keep => {
                Err(WriteError::Exists { path: path.to_owned() })
            }
            Ok(_) => Ok(()),
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(fail(cause)),
            Err(_) => match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                Some(folder) => fs::metadata(folder).map(drop).map_err(fail),
                None => Ok(()),
            },
        }
    }

    /// Begins a recording at `path`, or on standard output for `-`. Pipes and devices are there
    /// already and hold nothing that could be lost; where they are not read, writing to them fails
    /// soon after `go_on` has become false.
    pub fn create(
        path: &Path,
        existing: Existing,
        go_on: &'a dyn Fn() -> bool,
    ) -> Result<Self, WriteError> {
        let fail = |cause| WriteError::Create { path: path.to_owned(), cause };
        let out = Outflow::new(open(path, existing)?, go_on).map_err(fail)?;
        let is_file = out.is_file();
        // Standard output may be a file that others have written to.
        let began_at =
            if is_file { Some(out.file().stream_position().map_err(fail)?) } else { None };
        let mut writer = Self {
            path: path.to_owned(),
            out,
            began_at,
            written_bytes: 0,
            datagrams: 0,
            payload_bytes: 0,
            packet: Vec::new(),
            record: Vec::new(),
        };
        // Nanoseconds, version 2.4, zone and accuracy unused.
        for field in [0xa1b2_3c4d, 0x0004_0002, 0, 0, SNAP_BYTES, LINK_TYPE_RAW_IP] {
            writer.record.extend_from_slice(&field.to_le_bytes());
        }
        match writer.write_record() {
            Ok(()) => Ok(writer),
            Err((cause, _)) => {
                if is_file && path != Path::new("-") {
                    // An empty file is no recording.
                    let _ = fs::remove_file(path);
                }
                Err(fail(cause))
            }
        }
    }

    /// Writes a datagram down; when this returns it is the system's to keep.
    pub fn write(&mut self, datagram: &Datagram<'_>) -> Result<(), WriteError> {
        self.packet.clear();
        self.record.clear();
        let built = build(&mut self.packet, datagram).map(|()| {
            let length = u32::try_from(self.packet.len()).unwrap_or(u32::MAX);
            let (secs, nanos) = datagram.arrival.secs_nanos();
            let secs = u32::try_from(secs).unwrap_or(u32::MAX);
            for field in [secs, nanos, length, length] {
                self.record.extend_from_slice(&field.to_le_bytes());
            }
            self.record.extend_from_slice(&self.packet);
        });
        let written = built.map_err(|cause| (cause, true)).and_then(|()| self.write_record());
        match written {
            Ok(()) => {
                self.datagrams += 1;
                self.payload_bytes += datagram.bytes.len() as u64;
                Ok(())
            }
            Err((cause, is_whole)) => {
                let (path, datagrams) = (self.path.clone(), self.datagrams);
                Err(WriteError::Write { path, cause, datagrams, is_whole })
            }
        }
    }

    /// Datagrams written.
    pub fn datagrams(&self) -> u64 {
        self.datagrams
    }

    /// Their payload.
    pub fn payload_bytes(&self) -> u64 {
        self.payload_bytes
    }

    /// Writes the record, or what there is room for and takes it back. With an error comes
    /// whether nothing of it remains.
    fn write_record(&mut self) -> Result<(), (io::Error, bool)> {
        match self.out.write_all(&self.record) {
            Ok(()) => {
                self.written_bytes += self.record.len() as u64;
                Ok(())
            }
            Err(cause) => {
                let end = self.began_at.map(|start| start + self.written_bytes);
                Err((cause, end.is_some_and(|end| self.out.file().set_len(end).is_ok())))
            }
        }
    }
}

fn is_link() -> io::Error {
    io::Error::other("it is a link; name the file itself")
}

fn open(path: &Path, existing: Existing) -> Result<File, WriteError> {
    let fail = |cause| WriteError::Create { path: path.to_owned(), cause };
    if path == Path::new("-") {
        return io::stdout().as_fd().try_clone_to_owned().map(File::from).map_err(fail);
    }
    let mut options = OpenOptions::new();
    options.write(true).mode(PRIVATE);
    let there = fs::metadata(path).ok();
    let is_file = there.as_ref().is_some_and(fs::Metadata::is_file);
    match (existing, &there) {
        // Between the look and the opening another program may have made one.
        (_, None) => options.create_new(true),
        (Existing::Keep, _) if is_file => {
            return Err(WriteError::Exists { path: path.to_owned() });
        }
        // What a link points to is somebody else's.
        (Existing::Replace, _) if is_file => {
            options.truncate(true).custom_flags(OFlag::O_NOFOLLOW.bits())
        }
        // A pipe that nobody reads would be waited for, whatever signal comes.
        _ => options.custom_flags(OFlag::O_NONBLOCK.bits()),
    };
    let file = options.open(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => WriteError::Exists { path: path.to_owned() },
        _ if cause.raw_os_error() == Some(Errno::ENXIO as i32) => {
            fail(io::Error::other("it is a pipe that nobody reads; start what reads it first"))
        }
        _ if is_file && path.is_symlink() => fail(is_link()),
        _ => fail(cause),
    })?;
    if there.is_none() {
        // The mode asked for at its creation is cut by the umask.
        file.set_permissions(Permissions::from_mode(PRIVATE)).map_err(fail)?;
    }
    Ok(file)
}

/// Appends the IP packet that carried `datagram`.
fn build(packet: &mut Vec<u8>, datagram: &Datagram<'_>) -> io::Result<()> {
    let (from, to) = (datagram.sender, datagram.to);
    let builder = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            PacketBuilder::ipv4(from.octets(), to.octets(), HOP_LIMIT)
        }
        _ => PacketBuilder::ipv6(v6(from).octets(), v6(to).octets(), HOP_LIMIT),
    };
    let written = builder.udp(from.port(), to.port()).write(packet, datagram.bytes);
    written.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))
}

/// One of both families only where a socket takes both.
fn v6(address: SocketAddr) -> Ipv6Addr {
    match address.ip() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Capture;
    use super::*;
    use crate::metric::CdTime;
    use crate::wire::SecurityLevel;

    fn datagram<'a>(from: &str, to: &str, bytes: &'a [u8]) -> Datagram<'a> {
        Datagram {
            bytes,
            sender: from.parse().unwrap(),
            arrival: CdTime::from_secs_f64(1_795_426_812.25),
            to: to.parse().unwrap(),
            level: SecurityLevel::None,
            internal: false,
        }
    }

    /// What is written is read again: addresses, time, payload.
    #[track_caller]
    fn check_same(from: &str, to: &str, bytes: &[u8]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.pcap");
        let written = datagram(from, to, bytes);
        let mut writer = Writer::create(&path, Existing::Keep, &|| true).unwrap();
        writer.write(&written).unwrap();
        assert_eq!((writer.datagrams(), writer.payload_bytes()), (1, bytes.len() as u64));
        // The writer is still open: nothing waits in it.
        let mut count = 0;
        let mut capture = Capture::open(&path).unwrap().only(&[written.to.port()]);
        let mut check = |read: &Datagram<'_>| {
            count += 1;
            assert_eq!((read.sender, read.to), (written.sender, written.to));
            assert!(read.bytes == bytes && read.arrival == written.arrival);
        };
        while capture.next(&mut check).unwrap() {}
        assert_eq!((count, capture.counts().cut), (1, 0));
    }

    #[test]
    fn what_is_written_is_read_again() {
        check_same("10.0.0.1:4000", "10.0.0.2:25826", b"");
        check_same("10.0.0.1:4000", "239.192.74.66:25826", b"anything");
        check_same("[fe80::1]:4000", "[ff18::efc0:4a42]:25826", b"anything");
        check_same("10.0.0.1:4000", "0.0.0.0:1", &[7; 65_507]);
        check_same("[::1]:4000", "[::]:65535", &[7; 65_507]);
    }

    #[test]
    fn a_pair_of_both_families_is_written_as_ipv6() {
        let mut packet = Vec::new();
        build(&mut packet, &datagram("10.0.0.1:4000", "[::]:25826", b"x")).unwrap();
        let sliced = etherparse::SlicedPacket::from_ip(&packet).unwrap();
        let Some(etherparse::NetSlice::Ipv6(ip)) = sliced.net else { panic!() };
        assert_eq!(ip.header().source_addr().to_string(), "::ffff:10.0.0.1");
    }

    #[test]
    fn lengths_and_checksums_are_those_of_a_real_packet() {
        for (from, to) in [("10.0.0.1:4000", "10.0.0.2:25826"), ("[::1]:4000", "[::1]:25826")] {
            let mut packet = Vec::new();
            build(&mut packet, &datagram(from, to, b"odd")).unwrap();
            // Strict: an error when a length does not fit.
            let sliced = etherparse::SlicedPacket::from_ip(&packet).unwrap();
            let Some(etherparse::TransportSlice::Udp(udp)) = sliced.transport else { panic!() };
            let sum = match sliced.net.unwrap() {
                etherparse::NetSlice::Ipv4(ip) => {
                    let header = ip.header().to_header();
                    assert_eq!(header.header_checksum, header.calc_header_checksum());
                    udp.to_header().calc_checksum_ipv4(&header, udp.payload())
                }
                etherparse::NetSlice::Ipv6(ip) => {
                    let header = ip.header().to_header();
                    udp.to_header().calc_checksum_ipv6(&header, udp.payload())
                }
                etherparse::NetSlice::Arp(_) => panic!(),
            };
            assert_eq!(udp.checksum(), sum.unwrap());
        }
    }

    #[test]
    fn a_recording_is_not_overwritten_unless_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.pcap");
        fs::write(&path, "precious and longer than a header").unwrap();
        let error = Writer::create(&path, Existing::Keep, &|| true).unwrap_err().to_string();
        assert!(error.contains("is there already and is not overwritten"), "{error}");
        assert!(fs::read(&path).unwrap().starts_with(b"precious"));
        Writer::create(&path, Existing::Replace, &|| true).unwrap();
        assert_eq!(fs::read(&path).unwrap().len(), 24);
    }

    #[test]
    fn a_link_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (link, loose) = (folder.path().join("link"), folder.path().join("loose"));
        let target = folder.path().join("target");
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        std::os::unix::fs::symlink(folder.path().join("nothing"), &loose).unwrap();
        for existing in [Existing::Keep, Existing::Replace] {
            assert!(Writer::create(&link, existing, &|| true).is_err());
            assert!(Writer::create(&loose, existing, &|| true).is_err());
        }
        let error = Writer::create(&link, Existing::Replace, &|| true).unwrap_err().to_string();
        assert!(error.contains("it is a link; name the file itself"), "{error}");
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert!(!folder.path().join("nothing").exists());
    }

    #[test]
    fn a_pipe_that_nobody_reads_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = Writer::create(&pipe, Existing::Keep, &|| true).unwrap_err().to_string();
        assert!(error.contains("a pipe that nobody reads"), "{error}");
    }

    #[test]
    fn a_recording_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.pcap");
        Writer::create(&path, Existing::Keep, &|| true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    }

    #[test]
    fn what_cannot_be_created_is_said_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("nowhere/some.pcap");
        for path in [folder.path(), &nowhere, Path::new("/dev/full")] {
            let error = Writer::create(path, Existing::Replace, &|| true).unwrap_err().to_string();
            assert!(error.starts_with("cannot record: "), "{error}");
            assert!(error.ends_with(&format!(", to {}", path.display())), "{error}");
        }
    }
}
