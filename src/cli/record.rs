//! `collectoscope record`: writes what arrives to a capture file, before anything looks into it.
//!
//! Standard output carries the recording and nothing else; what is listened to, and how much was
//! recorded, goes to standard error.

use super::listen::{self, Changes, NotListening};
use super::stop::Stop;
use super::{ConfigArgs, ReceiveArgs, parse_count, parse_secs, say};
use crate::source::capture::{CaptureError, Existing, WriteError, Writer};
use crate::source::inlet::{Inlet, InletOptions};
use crate::source::reason::reason;
use crate::source::udp::Datagram;
use crate::wire::SecurityLevel;
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use thiserror::Error;

pub(super) const EXAMPLES: &str = "\
Examples:
  collectoscope record monday.pcap                    everything that arrives, until Ctrl-C
  collectoscope record monday.pcap --for 3600
  collectoscope --read monday.pcap                    the same plots again
  ssh host collectoscope record - | collectoscope --read -

The file holds each datagram as it was received, what is encrypted still encrypted, and opens in
Wireshark and tcpdump as well. A datagram is in the file as soon as it was received. A security
level behind an address does not matter here.";

/// What to record, and where to.
#[derive(Args, Clone, Debug)]
pub struct RecordArgs {
    /// Where to; `-` is standard output.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which configuration is read.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where to receive from.
    #[command(flatten)]
    pub receive: ReceiveArgs,
    /// End after this many datagrams.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub count: Option<u64>,
    /// End after this many seconds.
    #[arg(long = "for", value_name = "SECS", value_parser = parse_secs)]
    pub duration: Option<Duration>,
    /// Overwrite the file if it is there.
    #[arg(long)]
    pub force: bool,
}

/// Why `record` ended before its time.
#[derive(Debug, Error)]
pub(super) enum RecordError {
    /// It cannot be written, or not further.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The capture cannot be read, or not further.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// Signals cannot be waited for.
    #[error("cannot wait for Ctrl-C: {}", reason(.0))]
    Stop(io::Error),
    /// Not one socket could be opened; the reports said why.
    #[error(transparent)]
    NotListening(#[from] NotListening),
}

/// How often the network is left to look at the clock and for a signal.
const TURN: Duration = Duration::from_millis(250);
/// What has arrived when the end comes is still taken, but not for longer: senders may go on.
const LAST_TURN: Duration = Duration::from_millis(200);

/// Records until the end that `args` set, or a signal.
pub(super) fn run(args: &RecordArgs) -> Result<(), RecordError> {
    let stop = Stop::new().map_err(RecordError::Stop)?;
    let existing = if args.force { Existing::Replace } else { Existing::Keep };
    Writer::check(&args.file, existing)?;
    // An end further off than the clock can tell is none.
    let end = args.duration.and_then(|duration| Instant::now().checked_add(duration));
    let go_on = || !stop.is_asked() && end.is_none_or(|end| Instant::now() < end);
    let capture = match args.receive.open_capture("collectoscope record --read", &go_on) {
        // A signal, or the end, came before the capture did.
        Err(CaptureError::Open { cause, .. }) if cause.kind() == io::ErrorKind::Interrupted => {
            return Ok(());
        }
        opened => opened?,
    };
    let udp = args.receive.udp(SecurityLevel::None);
    let mut inlet = Inlet::open(InletOptions { udp, capture, ..InletOptions::default() });
    if let Some(source) = inlet.source() {
        listen::say_reports(source);
        listen::check(source)?;
    }
    let writer = Writer::create(&args.file, existing, &go_on)?;
    let mut recorder = Recorder { writer, left: args.count, failure: None };
    let read = receive(&mut inlet, &mut recorder, end, &stop);
    let Recorder { writer, failure, .. } = recorder;
    say(format_args!(
        "recorded {}, {} bytes; {} lost in the kernel",
        datagrams(writer.datagrams()),
        writer.payload_bytes(),
        inlet.lost()
    ));
    match failure {
        // Whoever reads the recording has enough: that is how it ends.
        Some(WriteError::Write { cause, path, .. })
            if cause.kind() == io::ErrorKind::BrokenPipe && path == Path::new("-") =>
        {
            Ok(())
        }
        Some(failure) => Err(failure.into()),
        None => {
            read?;
            Ok(inlet.source().map_or(Ok(()), listen::outcome)?)
        }
    }
}

fn receive(
    inlet: &mut Inlet,
    recorder: &mut Recorder<'_>,
    end: Option<Instant>,
    stop: &Stop,
) -> Result<(), CaptureError> {
    let (mut changes, mut result) = (Changes::default(), Ok(()));
    let is_past = |end: Instant| Instant::now() >= end;
    while !inlet.is_over() && !recorder.is_done() && !end.is_some_and(is_past) && !stop.is_asked() {
        let left = end.map_or(TURN, |end| end.saturating_duration_since(Instant::now()).min(TURN));
        let turn = inlet.turn(left, &mut |datagram| recorder.datagram(datagram));
        if let Some(error) = turn.failure {
            say(format_args!("cannot receive: {}", reason(&error)));
        }
        changes.say(turn.followed.unwrap_or_default());
        if let Some(ended) = turn.ended {
            result = ended;
        }
    }
    let last = Instant::now() + LAST_TURN;
    // A capture waits for nobody: what is left of it was not asked for.
    while inlet.source().is_some() && !inlet.is_over() && !recorder.is_done() && !is_past(last) {
        let turn = inlet.turn(Duration::ZERO, &mut |datagram| recorder.datagram(datagram));
        result = turn.ended.unwrap_or(result);
        if turn.is_quiet {
            break;
        }
    }
    result
}

struct Recorder<'a> {
    writer: Writer<'a>,
    left: Option<u64>,
    /// Nothing is written after it.
    failure: Option<WriteError>,
}

impl Recorder<'_> {
    fn datagram(&mut self, datagram: &Datagram<'_>) {
        if self.is_done() {
            return;
        }
        match self.writer.write(datagram) {
            Ok(()) => self.left = self.left.map(|left| left.saturating_sub(1)),
            Err(error) => self.failure = Some(error),
        }
    }

    /// Whether all the datagrams asked for are written, or none can follow.
    fn is_done(&self) -> bool {
        self.left == Some(0) || self.failure.is_some()
    }
}

fn datagrams(count: u64) -> String {
    format!("{count} datagram{}", if count == 1 { "" } else { "s" })
}
