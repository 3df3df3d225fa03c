//! `collectoscope dump`: prints what arrives, or what a capture holds.
//!
//! Standard output carries records and nothing else; whatever is wrong goes to standard error. A
//! reader that closes the pipe ends it quietly.

use super::faults::Troubles;
use super::filter::Filter;
use super::listen::{self, Changes, NotListening};
use super::stop::Stop;
use super::{DumpArgs, Format, format, say};
use crate::metric::counted;
use crate::source::auth::AuthFile;
use crate::source::capture::{Capture, CaptureError};
use crate::source::inlet::{Inlet, InletOptions};
use crate::source::outflow::Outflow;
use crate::source::reason::reason;
use crate::source::udp::Datagram;
use crate::wire::{Decoder, Event, listing};
use std::io::{self, BufWriter, Write};
use std::time::{Duration, Instant};
use thiserror::Error;

/// Why `dump` ended before its time.
#[derive(Debug, Error)]
pub(super) enum DumpError {
    /// The capture cannot be read, or not further.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A security level and nobody's password.
    #[error("{0}")]
    Levels(String),
    /// The AuthFile cannot be read; what is wrong was said.
    #[error("nothing was printed: the passwords are missing")]
    NoPasswords,
    /// Signals cannot be waited for.
    #[error("cannot wait for Ctrl-C: {}", reason(.0))]
    Stop(io::Error),
    /// Disk full, device gone.
    #[error("cannot write to standard output: {}", reason(.0))]
    Output(io::Error),
    /// Not one socket could be opened; the reports said why.
    #[error(transparent)]
    NotListening(#[from] NotListening),
    /// Not one datagram; the reports said what there was instead.
    #[error("nothing in the capture could be read")]
    Unread,
}

/// Whose values are printed besides what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Also {
    /// Nobody's.
    Nobody,
    /// This machine's, as in the window.
    ThisMachine,
}

/// How often the network is left to look at the clock and at new interfaces.
const TURN: Duration = Duration::from_millis(250);

/// Prints until the end that `args` set.
pub(super) fn run(args: &DumpArgs) -> Result<(), DumpError> {
    let stop = Stop::new().map_err(DumpError::Stop)?;
    let end = end(args);
    let go_on = || !stop.is_asked() && !is_past(end);
    match args.receive.open_capture("collectoscope dump --read", &go_on) {
        // A signal, or the end, came before the capture did.
        Err(CaptureError::Open { cause, .. }) if cause.kind() == io::ErrorKind::Interrupted => {
            Ok(())
        }
        opened => print(args, opened?, Also::Nobody, end, &stop),
    }
}

/// The same where the capture, if there is one, is open already.
pub(super) fn run_on(
    args: &DumpArgs,
    capture: Option<Capture>,
    also: Also,
) -> Result<(), DumpError> {
    let stop = Stop::new().map_err(DumpError::Stop)?;
    print(args, capture, also, end(args), &stop)
}

/// An end further off than the clock can tell is none.
fn end(args: &DumpArgs) -> Option<Instant> {
    args.duration.and_then(|duration| Instant::now().checked_add(duration))
}

fn print(
    args: &DumpArgs,
    capture: Option<Capture>,
    also: Also,
    end: Option<Instant>,
    stop: &Stop,
) -> Result<(), DumpError> {
    args.trust.check(&args.receive).map_err(DumpError::Levels)?;
    let auth = args.trust.auth_file.clone().map(AuthFile::open);
    if let Some(file) = &auth {
        say_trouble(file);
        if !file.is_read() {
            return Err(DumpError::NoPasswords);
        }
    }
    let go_on = || !stop.is_asked() && !is_past(end);
    let out = Outflow::stdout(&go_on).map_err(DumpError::Output)?;
    let mut printer = Printer::new(args, BufWriter::new(out));
    let level = args.trust.level();
    let inlet = Inlet::open(InletOptions {
        udp: args.receive.udp(level),
        local: also == Also::ThisMachine,
        capture,
        level,
        auth,
    });
    printer.decoder.set_keys(inlet.keys());
    let result = receive(inlet, end, stop, &mut printer);
    printer.flush();
    for line in printer.troubles.summary().into_iter().chain(printer.why_nothing()) {
        say(line);
    }
    result.and(printer.outcome())
}

fn receive(
    mut inlet: Inlet,
    end: Option<Instant>,
    stop: &Stop,
    printer: &mut Printer<impl Write>,
) -> Result<(), DumpError> {
    if let Some(source) = inlet.source() {
        listen::say_reports(source);
    }
    if let Some(trouble) = inlet.trouble() {
        say(trouble);
    }
    if let Some(source) = inlet.source().filter(|_| !inlet.is_local()) {
        listen::check(source)?;
    }
    let mut changes = Changes::default();
    let mut about_keys = inlet.auth().map(|file| file.report().clone());
    let mut result = Ok(());
    while !inlet.is_over() && !printer.is_done() && !is_past(end) && !stop.is_asked() {
        let left = end.map_or(TURN, |end| end.saturating_duration_since(Instant::now()).min(TURN));
        let turn = inlet.turn(left, &mut |datagram| printer.datagram(datagram));
        // What is there is printed before more is waited for.
        if turn.is_quiet || inlet.source().is_some() {
            printer.flush();
        }
        if let Some(error) = turn.failure {
            say(format_args!("cannot receive: {}", reason(&error)));
        }
        if turn.has_new_keys {
            printer.decoder.set_keys(inlet.keys());
            let now = inlet.auth().map(|file| file.report().clone());
            if now != about_keys {
                let lines = now.iter().flat_map(|report| &report.lines);
                changes.say(lines.map(|line| line.text.clone()).collect());
                about_keys = now;
            }
        }
        changes.say(turn.followed.unwrap_or_default());
        if let Some(Err(error)) = turn.ended {
            result = Err(error.into());
        }
    }
    say_capture(&inlet);
    let lost = inlet.lost();
    if lost > 0 {
        say(format_args!(
            "{} lost in the kernel: the receive buffer was full, try a larger --receive-buffer",
            counted(lost, "datagram")
        ));
    }
    result.and_then(|()| outcome(&inlet))
}

/// What was wrong with a capture, and with what is in it.
fn say_capture(inlet: &Inlet) {
    let Some(counts) = inlet.capture().map(Capture::counts) else { return };
    let lines = [counts.left_out(), counts.about_times()].concat();
    for line in lines.into_iter().chain(counts.others_line()) {
        say(line);
    }
}

/// Nothing could be printed, if that is how it ended.
fn outcome(inlet: &Inlet) -> Result<(), DumpError> {
    match (inlet.source(), inlet.capture().map(Capture::counts)) {
        (Some(source), _) if !inlet.is_local() => Ok(listen::outcome(source)?),
        (None, Some(counts)) if counts.unread > 0 && counts.datagrams == 0 => {
            Err(DumpError::Unread)
        }
        _ => Ok(()),
    }
}

/// What should be mended about the AuthFile.
fn say_trouble(file: &AuthFile) {
    for line in file.report().lines.iter().filter(|line| !line.ok) {
        say(&line.text);
    }
}

fn is_past(end: Option<Instant>) -> bool {
    end.is_some_and(|end| Instant::now() >= end)
}

/// Turns datagrams into lines.
struct Printer<W> {
    out: W,
    format: Format,
    filter: Filter,
    lines_left: Option<u64>,
    decoder: Decoder,
    datagrams: u64,
    records: u64,
    troubles: Troubles,
    /// The first thing that went wrong in writing; nothing is written after it.
    failure: Option<io::Error>,
}

impl<W: Write> Printer<W> {
    fn new(args: &DumpArgs, mut out: W) -> Self {
        let header = match args.format {
            Format::Csv => out.write_all(format::CSV_HEADER.as_bytes()),
            _ => Ok(()),
        };
        Self {
            out,
            format: args.format,
            filter: Filter::new(args.only.as_ref()),
            lines_left: args.count,
            decoder: Decoder::default(),
            datagrams: 0,
            records: 0,
            troubles: Troubles::default(),
            failure: header.err(),
        }
    }

    /// Prints what `datagram` holds; does nothing once it [`Printer::is_done`].
    fn datagram(&mut self, datagram: &Datagram<'_>) {
        if self.is_done() {
            return;
        }
        self.datagrams += 1;
        if self.format == Format::Hex {
            self.listing(datagram);
            return;
        }
        let mut decoder = std::mem::take(&mut self.decoder);
        decoder.decode(datagram.level, datagram.bytes, &mut |event| {
            if self.is_done() {
                return;
            }
            let (number, sender) = (self.datagrams, datagram.sender);
            let trouble = match event {
                Event::Fault(fault) => self.troubles.fault(number, sender, &fault),
                Event::Protected(part) => self.troubles.protected(number, sender, &part),
                Event::Values(_) | Event::Notification(_) => {
                    self.record(&event);
                    None
                }
            };
            if let Some(line) = trouble {
                say(line);
            }
        });
        self.decoder = decoder;
    }

    fn record(&mut self, event: &Event<'_>) {
        let Self { out, filter, .. } = self;
        let written = match event {
            Event::Values(list) if filter.takes(&list.names) => match self.format {
                Format::Text => format::text_values(out, list),
                Format::Json => format::json_values(out, list),
                Format::Csv => format::csv_values(out, list),
                Format::Putval => format::putval(out, list),
                Format::Hex => return,
            },
            Event::Notification(one) if filter.takes(&one.names) => match self.format {
                Format::Text => format::text_notification(out, one),
                Format::Json => format::json_notification(out, one),
                Format::Csv => format::csv_notification(out, one),
                Format::Putval => format::putnotif(out, one),
                Format::Hex => return,
            },
            _ => return,
        };
        self.printed(written);
    }

    /// Counts what was written, if it was.
    fn printed(&mut self, written: io::Result<()>) {
        match written {
            Ok(()) => {
                self.records += 1;
                self.lines_left = self.lines_left.map(|left| left.saturating_sub(1));
            }
            Err(error) => self.failure = Some(error),
        }
    }

    /// Why no line was printed, as far as the filter is to blame.
    fn why_nothing(&self) -> Option<String> {
        self.filter.why_nothing().filter(|_| self.records == 0)
    }

    /// Lists a whole datagram, if the filter takes anything in it.
    fn listing(&mut self, datagram: &Datagram<'_>) {
        let mut wanted = self.filter.takes_everything();
        let Self { decoder, filter, .. } = self;
        if !wanted {
            decoder.decode(datagram.level, datagram.bytes, &mut |event| match event {
                Event::Values(list) => wanted |= filter.takes(&list.names),
                Event::Notification(one) => wanted |= filter.takes(&one.names),
                _ => {}
            });
        }
        if !wanted {
            return;
        }
        let Datagram { bytes, sender, to, arrival, level, .. } = *datagram;
        let (number, size) = (self.datagrams, bytes.len());
        let mut text =
            format!("datagram {number} from {sender} to {to} at {arrival}, {size} bytes\n");
        // Nothing that writes to a string fails.
        let _ = listing(bytes, level, decoder, &mut text);
        text.push('\n');
        let written = self.out.write_all(text.as_bytes());
        self.printed(written);
    }

    /// Whether all the lines asked for are out, or none can follow.
    fn is_done(&self) -> bool {
        self.lines_left == Some(0) || self.failure.is_some()
    }

    fn flush(&mut self) {
        if self.failure.is_none() {
            self.failure = self.out.flush().err();
        }
    }

    /// How writing went: a closed pipe is how `dump | head` ends.
    fn outcome(self) -> Result<(), DumpError> {
        match self.failure {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(DumpError::Output(error))
            }
            _ => Ok(()),
        }
    }
}
