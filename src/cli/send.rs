//! `collectoscope send`: lines of collectd's plain text protocol, or what this machine measures,
//! sent as collectd's network plugin would send it.

mod lines;
mod report;

use super::stop::{Stop, Wakeup};
use super::{ConfigArgs, SECS_MAX, say};
use crate::config::{Config, load_types_db};
use crate::metric::{CdTime, Interval};
use crate::send::{Destination, Flush, PACKET_SIZES, SendError, Sender, SenderOptions};
use crate::source::auth::AuthFile;
use crate::source::local::{Station, host_name, until_next};
use crate::source::reason::reason;
use crate::text::{self, Command, Context, PutNotif, PutVal};
use crate::typesdb::TypesDb;
use crate::wire::{
    MESSAGE_MAX_BYTES, Protection, SIZE_MAX_DEFAULT, Seal, SealError, SecurityLevel,
};
use clap::Args;
use lines::{LINE_MAX_BYTES, Line, Lines};
use report::Report;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::num::NonZeroU8;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

pub(super) const EXAMPLES: &str = "\
Examples:
  echo \"PUTVAL $(hostname)/door/gauge-open N:1\" | collectoscope send stats.example.net
  ./exec-script | collectoscope send --interval 10 239.192.74.66%eth0 [2001:db8::1]:25826
  collectoscope send --this-machine --security encrypt --user alice --auth-file keys stats
  collectoscope dump --format putval | collectoscope send stats.example.net

Lines are those of collectd's exec and unixsock plugins:
  PUTVAL host/plugin[-instance]/type[-instance] [interval=SECS] TIME:VALUE[:VALUE...] ...
  PUTNOTIF severity=failure|warning|okay time=SECS message=\"...\" [host=] [plugin=] [type=] ...
TIME is in seconds since 1970, or N for now; a gauge may be U for undefined. An empty host, as from
a script that wants $COLLECTD_HOSTNAME, is this machine. Unreadable lines are reported and
skipped.

Exit status: 0 all lines were sent, 1 some were not, 2 wrong arguments. UDP does not report loss,
except where no program listens on the port.";

/// What to send, and where.
#[derive(Args, Clone, Debug)]
pub struct SendArgs {
    /// Which configuration is read: its auth_file and its types_db.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where to: a name or an address, of one machine or of a multicast group; the port defaults
    /// to 25826. An IPv6 address with a port is written `[ADDR]:PORT`.
    #[arg(required = true, value_name = "HOST[:PORT][%IFACE]")]
    pub destinations: Vec<Destination>,
    /// Send what this machine measures of itself, until Ctrl-C, instead of lines from standard
    /// input.
    #[arg(long, conflicts_with_all = ["types_db", "flush"])]
    pub this_machine: bool,
    /// The network interface to send by, where a destination names none.
    #[arg(long, value_name = "IFACE")]
    pub interface: Option<String>,
    /// Routers that a datagram may pass, 1 to 255; without it the system's choice, which is 1 for
    /// multicast.
    #[arg(long, value_name = "HOPS", value_parser = parse_hops)]
    pub ttl: Option<NonZeroU8>,
    /// Protection: none, sign or encrypt.
    #[arg(long, value_name = "LEVEL", default_value = "none")]
    pub security: SecurityLevel,
    /// In whose name to sign or encrypt.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Where that user's password is: lines of "user: password", as collectd's AuthFile.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub auth_file: Option<PathBuf>,
    /// Bytes of a datagram, 1024 to 65507; receivers cut what is larger than their own
    /// MaxPacketSize.
    #[arg(long, value_name = "BYTES", default_value_t = SIZE_MAX_DEFAULT,
          value_parser = parse_packet_size)]
    pub max_packet_size: usize,
    /// When values leave: "now" after each line, "full" when a datagram is full, or after this
    /// many milliseconds. Without it: when no line came for 50 ms, at the latest after a second.
    /// In any case when a datagram is full and at the end.
    #[arg(long, value_name = "now|full|MILLIS", value_parser = parse_flush)]
    pub flush: Option<Flush>,
    /// Interval of lines without one, or between two measurements (default 10).
    #[arg(long, value_name = "SECS", value_parser = parse_interval)]
    pub interval: Option<Duration>,
    /// The host of what this machine measures and of lines with an empty host, instead of this
    /// machine's name.
    #[arg(long, value_name = "NAME")]
    pub hostname: Option<String>,
    /// Read this types.db on top of the built-in one, may be repeated; later ones win.
    #[arg(long, value_name = "PATH")]
    pub types_db: Vec<PathBuf>,
    /// Say where to and, at the end, how much was sent.
    #[arg(long, short)]
    pub verbose: bool,
}

/// Standard input that was quiet for so long is done for now: a script's lines leave together, and
/// a person sees them at once.
const QUIET: Duration = Duration::from_millis(50);
/// Values wait no longer than this while lines keep coming.
const GATHERED_MAX: Duration = Duration::from_secs(1);
/// How long the answer "nobody listens" is waited for at the end.
const REFUSAL_WAIT: Duration = Duration::from_millis(100);
/// Time between two measurements; the daemon's own default.
const MEASURE_EVERY: Duration = Duration::from_secs(10);
/// More often is of no use and costs the machine that is measured.
const INTERVAL_MIN_SECS: f64 = 0.1;
/// Bytes taken from standard input at once, a pipe's worth.
const READ_BYTES: usize = 64 * 1024;

/// Why it did not even begin, with the exit status.
type Refusal = (String, u8);

/// Sends until standard input ends, or until it is stopped. What is `configured` holds where no
/// option is given; its security level is one for receiving.
pub(super) fn run(mut args: SendArgs, configured: &Config) -> ExitCode {
    if args.auth_file.is_none() && args.user.is_some() {
        args.auth_file.clone_from(&configured.auth_file);
    }
    if args.types_db.is_empty() {
        args.types_db = configured.types_db.clone().unwrap_or_default();
    }
    match begin(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err((why, status)) => {
            say(why);
            ExitCode::from(status)
        }
    }
}

/// Whether everything went.
fn begin(args: &SendArgs) -> Result<bool, Refusal> {
    let failed = |error: &dyn std::fmt::Display| (error.to_string(), 1);
    let mut sender = open(args)?;
    let stop = Stop::new()
        .map_err(|error| failed(&format!("cannot wait for Ctrl-C: {}", reason(&error))))?;
    if args.verbose {
        for (destination, address) in args.destinations.iter().zip(sender.addresses()) {
            say(format_args!("sending to {destination} ({address})"));
        }
    }
    let mut report = Report::default();
    let (ended, what) = if args.this_machine {
        (measure(args, &mut sender, &stop, &mut report), "measurement")
    } else {
        (send_lines(args, &mut sender, &stop, &mut report), "line")
    };
    if let Err(error) = &ended {
        say(format_args!("cannot read standard input: {}", reason(error)));
    }
    for result in [sender.flush(), sender.wait_for_refusal(REFUSAL_WAIT)] {
        if let Err(error) = result {
            report.error(&error, "");
        }
    }
    let sent = sender.sent();
    let is_all_well = ended.is_ok() && report.is_all_well(&sent);
    if args.verbose || !is_all_well {
        say(report.summary(&sent, what));
    }
    // An agent is ended by a signal, and that is as it should be; its troubles were reported.
    Ok(is_all_well || args.this_machine)
}

fn open(args: &SendArgs) -> Result<Sender, Refusal> {
    let options = SenderOptions {
        ttl: args.ttl,
        seal: seal(args)?,
        max_packet_size: args.max_packet_size,
        // All that is measured at one time leaves at that time.
        flush: match args.this_machine {
            true => Flush::WhenFull,
            false => args.flush.unwrap_or(Flush::After(GATHERED_MAX)),
        },
    };
    let destinations: Vec<Destination> = args
        .destinations
        .iter()
        .cloned()
        .map(|one| Destination { interface: one.interface.or(args.interface.clone()), ..one })
        .collect();
    Sender::open(&destinations, options).map_err(|error| (error.to_string(), 1))
}

fn seal(args: &SendArgs) -> Result<Option<Seal>, Refusal> {
    let protection = match args.security {
        SecurityLevel::Sign => Protection::Signed,
        SecurityLevel::Encrypt => Protection::Encrypted,
        SecurityLevel::None if args.user.is_some() => {
            let why = "--user and --auth-file need --security sign or --security encrypt";
            return Err((why.into(), 2));
        }
        SecurityLevel::None => return Ok(None),
    };
    let (Some(user), Some(path)) = (&args.user, &args.auth_file) else {
        let why = "--security needs --user NAME and --auth-file FILE, whose password to use";
        return Err((why.into(), 2));
    };
    let file = AuthFile::open(path.clone());
    if let Some(reason) = file.failure_reason() {
        return Err((format!("cannot read the AuthFile: {reason}, {}", path.display()), 1));
    }
    let keys = file.keys();
    // Without any user there follows more than a warning.
    for line in file.report().lines.iter().filter(|line| !line.ok && !keys.is_empty()) {
        say(&line.text);
    }
    let seal = Seal::of_user(protection, user.as_bytes(), &keys).map_err(|error| match error {
        SealError::UserUnknown => {
            let count = keys.len();
            (format!("no user {user:?} among the {count} of the AuthFile {}", path.display()), 1)
        }
        error => (format!("cannot send as {user:?}: {error}"), 1),
    })?;
    Ok(Some(seal))
}

/// Sends what standard input says.
fn send_lines(
    args: &SendArgs,
    sender: &mut Sender,
    stop: &Stop,
    report: &mut Report,
) -> io::Result<()> {
    let (types, messages) = load_types_db(&args.types_db);
    messages.into_iter().for_each(say);
    let host = args.hostname.clone().unwrap_or_else(host_name);
    let mut run = Run { types, host, interval: interval(args.interval), sender, report };
    // Not `Stdin`, whose buffer would hide from `poll` what is there already.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    if input.is_terminal() {
        say("reading PUTVAL and PUTNOTIF lines, Ctrl-D ends them");
    }
    let (mut lines, mut buffer) = (Lines::default(), vec![0; READ_BYTES]);
    loop {
        let due = run.sender.due_in();
        let patience = if args.flush.is_none() { due.map(|due| due.min(QUIET)) } else { due };
        match stop.wait(Some(input.as_fd()), patience)? {
            Wakeup::Stopped => return Ok(()),
            Wakeup::TimedOut => run.flush(),
            Wakeup::Readable => {
                let bytes = match input.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(bytes) => bytes,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                let read = buffer.get(..bytes).unwrap_or_default();
                lines.feed(read, &mut |number, line| run.line(number, line));
            }
        }
    }
    lines.finish(&mut |number, line| run.line(number, line));
    Ok(())
}

/// What a line needs.
struct Run<'a> {
    types: TypesDb,
    host: String,
    interval: Interval,
    sender: &'a mut Sender,
    report: &'a mut Report,
}

impl Run<'_> {
    fn line(&mut self, number: u64, line: Line<'_>) {
        let Line::Text(line) = line else {
            let why = format!("line {number}: longer than {LINE_MAX_BYTES} bytes");
            return self.report.refused(why);
        };
        let context = Context {
            types: &self.types,
            now: CdTime::from_system(SystemTime::now()),
            host: self.host.as_bytes(),
            interval: self.interval,
        };
        match text::parse(line, &context) {
            Ok(None) => {}
            Ok(Some(Command::Values(values))) => {
                values_line(self.sender, self.report, number, &values);
            }
            Ok(Some(Command::Notification(one))) => {
                let result = notify(self.sender, number, &one);
                if let Err(error) = result {
                    self.report.error(&error, format_args!("line {number}: "));
                }
            }
            Err(error) => self.report.refused(format_args!("line {number}, {error}")),
        }
    }

    fn flush(&mut self) {
        if let Err(error) = self.sender.flush() {
            self.report.error(&error, "");
        }
    }
}

/// The lists of one line: all have the same names, so that one is refused like the other.
fn values_line(sender: &mut Sender, report: &mut Report, number: u64, values: &PutVal<'_>) {
    for list in &values.lists {
        let pushed = sender.push(&values.names(), list.time, list.interval, &list.values);
        if let Err(error) = pushed
            && report.error(&error, format_args!("line {number}: "))
        {
            return;
        }
    }
}

/// A message that is too long is cut, as by the daemon: an alarm must not be lost for it.
fn notify(sender: &mut Sender, number: u64, one: &PutNotif<'_>) -> Result<(), SendError> {
    let bytes = one.message.len();
    let mut message = &*one.message;
    if let Some(cut) = message.get(..MESSAGE_MAX_BYTES)
        && cut.len() < bytes
    {
        // Not within a character.
        message = match std::str::from_utf8(cut) {
            Err(error) if error.error_len().is_none() => {
                cut.get(..error.valid_up_to()).unwrap_or(cut)
            }
            _ => cut,
        };
        say(format_args!("line {number}: message of {bytes} bytes cut to {}", message.len()));
    }
    sender.notify(&one.names(), one.time, one.severity, message)
}

/// Sends what this machine measures, at whole multiples of the interval.
fn measure(
    args: &SendArgs,
    sender: &mut Sender,
    stop: &Stop,
    report: &mut Report,
) -> io::Result<()> {
    let mut station = Station::new(&args.hostname.clone().unwrap_or_else(host_name));
    let every = args.interval.unwrap_or(MEASURE_EVERY);
    let interval = interval(Some(every));
    loop {
        let now = SystemTime::now();
        let time = CdTime::from_system(now);
        station.measure(&mut |names, values| {
            if let Err(error) = sender.push(names, time, interval, values) {
                report.error(&error, "");
            }
        });
        if let Err(error) = sender.flush() {
            report.error(&error, "");
        }
        if stop.wait(None, Some(until_next(now, every)))? == Wakeup::Stopped {
            return Ok(());
        }
    }
}

fn interval(chosen: Option<Duration>) -> Interval {
    chosen.map_or(Interval::ZERO, Interval::from_duration)
}

fn parse_hops(text: &str) -> Result<NonZeroU8, String> {
    text.parse().map_err(|_| "not a number of hops from 1 to 255".to_owned())
}

fn parse_packet_size(text: &str) -> Result<usize, String> {
    let (least, most) = (PACKET_SIZES.start(), PACKET_SIZES.end());
    let size = text.parse().ok().filter(|size| PACKET_SIZES.contains(size));
    size.ok_or_else(|| format!("not a number of bytes from {least} to {most}"))
}

fn parse_flush(text: &str) -> Result<Flush, String> {
    match text {
        "now" => Ok(Flush::AtOnce),
        "full" => Ok(Flush::WhenFull),
        _ => match text.parse::<u32>() {
            Ok(millis) => Ok(Flush::After(Duration::from_millis(millis.into()))),
            Err(_) => Err("neither \"now\" nor \"full\" nor a number of milliseconds".into()),
        },
    }
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(secs) if (INTERVAL_MIN_SECS..=SECS_MAX).contains(&secs) => {
            Ok(Duration::from_secs_f64(secs))
        }
        _ => Err(format!("not a number of seconds from {INTERVAL_MIN_SECS} to {SECS_MAX}")),
    }
}
