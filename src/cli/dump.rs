//! `collectoscope dump`: prints what arrives, or what a capture holds.
//!
//! Standard output carries records and nothing else; whatever is wrong goes to standard error. A
//! reader that closes the pipe ends it quietly.

use super::faults::Troubles;
use super::filter::{Filter, TooLarge};
use super::listen::{self, Changes, Deaf};
use super::stop::Stop;
use super::{DumpArgs, Format, check_levels, format, say};
use crate::source::auth::AuthFile;
use crate::source::capture::{Capture, CaptureError, Step};
use crate::source::local::Local;
use crate::source::outflow::Outflow;
use crate::source::reason::reason;
use crate::source::udp::{Datagram, FOLLOW_EVERY, UdpOptions, UdpSource};
use crate::wire::{Decoder, Event, SecurityLevel, listing};
use std::io::{self, BufWriter, Write};
use std::path::Path;
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
    Deaf(#[from] Deaf),
    /// Not one datagram; the reports said what there was instead.
    #[error("nothing in the capture could be read")]
    Unread,
    /// Nothing can be looked for.
    #[error(transparent)]
    Filter(#[from] TooLarge),
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
pub(super) fn run(args: &DumpArgs, also: Also) -> Result<(), DumpError> {
    let stop = Stop::new().map_err(DumpError::Stop)?;
    let end = end(args);
    let go_on = || !stop.is_asked() && !is_past(end);
    let open = |path: &Path| Capture::open_while(path, "collectoscope dump --read", &go_on);
    let capture = match args.read.as_deref().map(open).transpose() {
        // A signal, or the end, came before the capture did.
        Err(CaptureError::Open { cause, .. }) if cause.kind() == io::ErrorKind::Interrupted => {
            return Ok(());
        }
        opened => opened?.map(|capture| capture.only(&args.port)),
    };
    run_on(args, capture, also, end, &stop)
}

/// The same on a capture that is open already.
pub(super) fn run_capture(args: &DumpArgs, capture: Capture) -> Result<(), DumpError> {
    let stop = Stop::new().map_err(DumpError::Stop)?;
    run_on(args, Some(capture), Also::Nobody, end(args), &stop)
}

/// An end further off than the clock can tell is none.
fn end(args: &DumpArgs) -> Option<Instant> {
    args.duration.and_then(|duration| Instant::now().checked_add(duration))
}

fn run_on(
    args: &DumpArgs,
    capture: Option<Capture>,
    also: Also,
    end: Option<Instant>,
    stop: &Stop,
) -> Result<(), DumpError> {
    check_levels(&args.listen, args.security, args.auth_file.is_some())
        .map_err(DumpError::Levels)?;
    let mut passwords = args.auth_file.clone().map(AuthFile::open);
    if let Some(file) = &passwords {
        say_trouble(file);
        if !file.is_read() {
            return Err(DumpError::NoPasswords);
        }
    }
    let go_on = || !stop.is_asked() && !is_past(end);
    let out = Outflow::stdout(&go_on).map_err(DumpError::Output)?;
    let mut printer = Printer::new(args, BufWriter::new(out))?;
    printer.decoder.set_keys(passwords.as_ref().map(AuthFile::keys));
    let result = match capture {
        Some(capture) => {
            read_capture(capture, args.security, &mut passwords, end, stop, &mut printer)
        }
        None => receive(args, also, &mut passwords, end, stop, &mut printer),
    };
    printer.flush();
    for line in printer.troubles.summary().into_iter().chain(printer.why_nothing()) {
        say(line);
    }
    result.and(printer.outcome())
}

fn read_capture(
    mut capture: Capture,
    level: SecurityLevel,
    passwords: &mut Option<AuthFile>,
    end: Option<Instant>,
    stop: &Stop,
    printer: &mut Printer<impl Write>,
) -> Result<(), DumpError> {
    let mut result = Ok(Step::Other);
    let mut changes = Changes::default();
    // What is there is printed before more is waited for.
    let mut wait = Duration::ZERO;
    while !matches!(result, Err(_) | Ok(Step::End))
        && !printer.is_done()
        && !is_past(end)
        && !stop.is_asked()
    {
        let mut print =
            |datagram: &Datagram<'_>| printer.datagram(&Datagram { level, ..*datagram });
        result = capture.step(Some(wait), &mut print);
        wait = match result {
            Ok(Step::Waiting) => {
                printer.flush();
                end.map_or(TURN, |end| end.saturating_duration_since(Instant::now()).min(TURN))
            }
            _ => Duration::ZERO,
        };
        look_at_passwords(passwords, &mut changes, printer);
    }
    let counts = capture.counts();
    let lines = [counts.left_out(), counts.about_times()].concat();
    for line in lines.into_iter().chain(counts.others_line()) {
        say(line);
    }
    result?;
    if counts.unread > 0 && counts.datagrams == 0 {
        return Err(DumpError::Unread);
    }
    Ok(())
}

fn receive(
    args: &DumpArgs,
    also: Also,
    passwords: &mut Option<AuthFile>,
    end: Option<Instant>,
    stop: &Stop,
    printer: &mut Printer<impl Write>,
) -> Result<(), DumpError> {
    let mut source = listen::open(&UdpOptions {
        listen: args.listen.clone(),
        receive_buffer_mib: args.receive_buffer,
        level: args.security,
    });
    // Measures as long as it lives.
    let local = match also {
        Also::Nobody => None,
        Also::ThisMachine => measure_this_machine(&mut source),
    };
    if local.is_none() {
        listen::check(&source)?;
    }
    let mut looked = Instant::now();
    let mut changes = Changes::default();
    let mut last_trouble = None;
    while !printer.is_done() && !is_past(end) && !stop.is_asked() {
        let left = end.map_or(TURN, |end| end.saturating_duration_since(Instant::now()));
        match source.receive(left.min(TURN), &mut |datagram| printer.datagram(datagram)) {
            Ok(_) => {}
            Err(error) => {
                // Say it once, not four times a second; the other sockets go on.
                if last_trouble != Some(error.kind()) {
                    say(format_args!("cannot receive: {}", reason(&error)));
                    last_trouble = Some(error.kind());
                }
                std::thread::sleep(TURN.min(left));
            }
        }
        printer.flush();
        look_at_passwords(passwords, &mut changes, printer);
        if looked.elapsed() >= FOLLOW_EVERY {
            changes.say(source.follow());
            looked = Instant::now();
        }
    }
    let drops = source.kernel_drops();
    if drops > 0 {
        say(format_args!(
            "{drops} datagrams lost in the kernel: the receive buffer was full, \
             try a larger --receive-buffer"
        ));
    }
    match local {
        Some(_) => Ok(()),
        None => Ok(listen::outcome(&source)?),
    }
}

/// Takes the keys of an AuthFile that has changed, and says what is new about it.
fn look_at_passwords(
    passwords: &mut Option<AuthFile>,
    changes: &mut Changes,
    printer: &mut Printer<impl Write>,
) {
    if let Some(file) = passwords
        && file.is_due()
    {
        let before = file.report().clone();
        if file.look() && *file.report() != before {
            changes.say(file.report().lines.iter().map(|line| line.text.clone()).collect());
        }
        printer.decoder.set_keys(Some(file.keys()));
    }
}

/// What should be mended about the AuthFile.
fn say_trouble(file: &AuthFile) {
    for line in file.report().lines.iter().filter(|line| !line.ok) {
        say(&line.text);
    }
}

fn measure_this_machine(source: &mut UdpSource) -> Option<Local> {
    match source.add_loopback().and_then(Local::start) {
        Ok(local) => Some(local),
        Err(error) => {
            say(format_args!("cannot measure this machine: {}", reason(&error)));
            None
        }
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
    fn new(args: &DumpArgs, mut out: W) -> Result<Self, DumpError> {
        let header = match args.format {
            Format::Csv => out.write_all(format::CSV_HEADER.as_bytes()),
            _ => Ok(()),
        };
        Ok(Self {
            out,
            format: args.format,
            filter: Filter::new(args)?,
            lines_left: args.count,
            decoder: Decoder::default(),
            datagrams: 0,
            records: 0,
            troubles: Troubles::default(),
            failure: header.err(),
        })
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
