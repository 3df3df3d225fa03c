//! A process of its own that sends the datagrams of a capture, as fast as it is told to.
//!
//! They are sent in the order of the capture, again and again, each value list with the moment at
//! which it is sent. So that sending costs less than receiving, many leave with one system call,
//! which must then be of one size (UDP_SEGMENT): the short ones end in a part that says nothing.
//! Who receives gets each by itself, as from any sender.

use crate::{Options, support, used};
use collectoscope::metric::CdTime;
use collectoscope::wire::{Event, decode};
use std::io::Read;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// What is to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    pub(crate) target: SocketAddr,
    /// Datagrams a second.
    pub(crate) rate: f64,
    pub(crate) held: Duration,
}

/// The process; ends with us.
pub(crate) struct Generator(Child);

/// What it did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) datagrams: u64,
    pub(crate) values: u64,
    pub(crate) took: Duration,
    /// CPU, most of which is the loopback's, up to the receiver's socket.
    pub(crate) cpu: Duration,
}

impl Sent {
    pub(crate) fn rate(&self) -> f64 {
        self.datagrams as f64 / self.took.as_secs_f64().max(1e-9)
    }
}

/// Begins the name of this process among those that the bench starts.
pub(crate) const NAME: &str = "generator";

impl Generator {
    pub(crate) fn start(options: &Options, order: Order) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let Order { target, rate, held } = order;
        let mut command = Command::new(program);
        command.args(["--child", &format!("{NAME} {target} {rate} {}", held.as_secs_f64())]);
        command.arg("--capture").arg(&options.capture).stdout(Stdio::piped());
        Ok(Self(command.spawn().map_err(|error| error.to_string())?))
    }

    pub(crate) fn is_finished(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Result<Sent, String> {
        let mut text = String::new();
        if let Some(stdout) = &mut self.0.stdout {
            stdout.read_to_string(&mut text).map_err(|error| error.to_string())?;
        }
        let numbers: Vec<u64> =
            text.split(' ').filter_map(|word| word.trim().parse().ok()).collect();
        let &[datagrams, values, took, cpu] = numbers.as_slice() else {
            return Err(format!("the generator said {text:?}"));
        };
        let [took, cpu] = [took, cpu].map(Duration::from_nanos);
        Ok(Sent { datagrams, values, took, cpu })
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The process itself: sends, and prints what it sent. `name` is its [`Order`].
pub(crate) fn child(options: &Options, name: &str) {
    let mut words = name.split(' ').skip(1);
    let mut word = || words.next().expect("target, rate, seconds");
    let target = word().parse().unwrap();
    let rate = word().parse().unwrap();
    let held = Duration::from_secs_f64(word().parse().unwrap());
    let mut load = Load::new(&support::datagrams(&options.capture));
    let sent = load.send(&Order { target, rate, held });
    let Sent { datagrams, values, took, cpu } = sent.unwrap();
    println!("{datagrams} {values} {} {}", took.as_nanos(), cpu.as_nanos());
}

/// Datagrams of one size, one after another.
struct Load {
    bytes: Vec<u8>,
    size: usize,
    /// Of each datagram: where its times are, and how many values it has.
    datagrams: Vec<(Vec<usize>, u64)>,
    last_time: CdTime,
}

/// A part of the time of a value list, and one that has no meaning behind the last of them.
const TIME: u16 = 0x0008;
const TYPE_INSTANCE: u16 = 0x0005;
/// Of a part.
const HEADER_BYTES: usize = 4;
/// Names are taken up to 127 bytes.
const NAME_PART_BYTES: usize = 128;
/// Linux sends as many with one call at most, of 65,507 bytes together.
const TOGETHER_MAX: usize = 64;
const TOGETHER_BYTES_MAX: usize = 65_507;

impl Load {
    fn new(capture: &[Vec<u8>]) -> Self {
        // A part of a header, nothing and a zero is the shortest that can be added.
        let size = capture.iter().map(Vec::len).max().unwrap_or(0) + HEADER_BYTES + 1;
        let (mut bytes, mut datagrams) = (Vec::new(), Vec::new());
        for datagram in capture {
            let start = bytes.len();
            let times = parts(datagram).filter(|part| part.1 == TIME);
            let times = times.map(|(at, _)| start + at + HEADER_BYTES).collect();
            let mut values = 0;
            decode(datagram, &mut |event| match event {
                Event::Values(list) => values += list.values.len() as u64,
                Event::Notification(_) => {}
                event => panic!("only plain captures can be sent with other times: {event:?}"),
            });
            datagrams.push((times, values));
            bytes.extend_from_slice(datagram);
            while bytes.len() < start + size {
                let rest = start + size - bytes.len();
                let part = if rest > NAME_PART_BYTES { NAME_PART_BYTES / 2 } else { rest };
                let end = bytes.len() + part;
                bytes.extend(TYPE_INSTANCE.to_be_bytes());
                bytes.extend(u16::try_from(part).expect("short").to_be_bytes());
                bytes.resize(end, 0);
            }
        }
        Self { bytes, size, datagrams, last_time: CdTime::ZERO }
    }

    fn send(&mut self, order: &Order) -> std::io::Result<Sent> {
        let socket =
            UdpSocket::bind((order.target.ip(), 0)).or_else(|_| UdpSocket::bind("0.0.0.0:0"))?;
        socket.connect(order.target)?;
        let together = (TOGETHER_BYTES_MAX / self.size).min(TOGETHER_MAX);
        let (start, cpu, mut sent) = (Instant::now(), used::thread(), Sent::default());
        let mut next = 0;
        loop {
            let due = Duration::from_secs_f64(sent.datagrams as f64 / order.rate);
            let elapsed = start.elapsed();
            if elapsed >= order.held {
                break;
            }
            std::thread::sleep(due.saturating_sub(elapsed));
            let end = (next + together).min(self.datagrams.len());
            sent.values += self.stamp(next..end);
            let group = self.bytes.get(next * self.size..end * self.size).unwrap_or_default();
            send_together(&socket, group, self.size)?;
            sent.datagrams += (end - next) as u64;
            next = if end == self.datagrams.len() { 0 } else { end };
        }
        Ok(Sent { took: start.elapsed(), cpu: used::thread().saturating_sub(cpu), ..sent })
    }

    /// Gives the value lists of some datagrams the time that it is, none the same; their values.
    fn stamp(&mut self, which: std::ops::Range<usize>) -> u64 {
        let now = CdTime::from_system(SystemTime::now());
        let mut time = now.max(self.last_time).raw();
        let mut sum = 0;
        for (times, values) in self.datagrams.get(which).unwrap_or_default() {
            sum += values;
            for &at in times {
                time += 1;
                if let Some(place) = self.bytes.get_mut(at..at + 8) {
                    place.copy_from_slice(&time.to_be_bytes());
                }
            }
        }
        self.last_time = CdTime::from_raw(time);
        sum
    }
}

/// Offset and type of each part.
fn parts(datagram: &[u8]) -> impl Iterator<Item = (usize, u16)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let [t1, t2, l1, l2] = *datagram.get(at..)?.first_chunk::<HEADER_BYTES>()?;
        let part = (at, u16::from_be_bytes([t1, t2]));
        at += usize::from(u16::from_be_bytes([l1, l2])).max(HEADER_BYTES);
        Some(part)
    })
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn send_together(socket: &UdpSocket, group: &[u8], size: usize) -> std::io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt::UdpGsoSegment};
    setsockopt(socket, UdpGsoSegment, &i32::try_from(size).expect("a size of UDP"))?;
    socket.send(group).map(drop)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn send_together(socket: &UdpSocket, group: &[u8], size: usize) -> std::io::Result<()> {
    group.chunks(size).try_for_each(|datagram| socket.send(datagram).map(drop))
}
