//! The command line: what can be asked for, and which command does it.
//!
//! Without a command the window opens; where none can, the same arguments carry on as `dump`. No
//! command opens the window. Errors become text and an exit code in [`run`], nowhere else.

mod configured;
mod dump;
mod faults;
mod filter;
mod format;
mod listen;
mod memory;
mod receive;
mod record;
mod send;
mod stop;
mod validate;
mod window;

pub use configured::ConfigArgs;
pub use receive::{ReceiveArgs, TrustArgs};
pub use record::RecordArgs;
pub use send::SendArgs;

use crate::config::{Config, example, values};
use crate::reception::Speed;
use crate::source::capture;
use crate::view;
use crate::view::selector::Selector;
use clap::{Args, Parser, Subcommand, ValueEnum};
use configured::Configured;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// An oscilloscope for infrastructure: live graphs of what collectd daemons send.
#[derive(Clone, Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_long_help = EXAMPLES)]
pub struct Cli {
    /// What to do instead of opening the window.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// For the window.
    #[command(flatten)]
    pub window: WindowArgs,
}

const EXAMPLES: &str = "\
Examples:
  collectoscope                                 the window, on this machine and the network
  collectoscope --listen 0.0.0.0:25827          beside a collectd server that has the port
  collectoscope --screenshot now.png --after 10
  collectoscope --read monday.pcap              a recording, all of it
  collectoscope --read monday.pcap --speed 10
  ssh host tcpdump -U -w - udp port 25826 | collectoscope --read -
  collectoscope dump --only 'host:web-* cpu'
  collectoscope dump --read capture.pcap --format json
  collectoscope record monday.pcap
  collectoscope send --this-machine stats.example.net

To send here, a collectd needs in its collectd.conf:
  <LoadPlugin network>
    FlushInterval 1
    FlushTimeout 1
  </LoadPlugin>
  <Plugin network>
    Server \"address of this machine\"
  </Plugin>";

const DUMP_EXAMPLES: &str = "\
Examples:
  collectoscope dump                                  everything that arrives, until Ctrl-C
  collectoscope dump --count 1                        wait for one value
  collectoscope dump --only 'host:web-* plugin:cpu|load' --for 60
  collectoscope dump --read capture.pcap --format json
  collectoscope dump --read capture.pcap --format hex --count 1
  tcpdump -i any -w - udp port 25826 | collectoscope dump --read -

A line of text: [time] host/plugin[/plugin instance]/type[/type instance] [(DS type, value), ...]
with the DS types COUNTER 0, GAUGE 1, DERIVE 2, ABSOLUTE 3. Whatever is wrong with a datagram goes
to standard error; in the format hex it stands where it is, and --count counts datagrams.";

const EXAMPLE_EXAMPLES: &str = "\
Examples:
  collectoscope show example > ~/.config/collectoscope/config.toml";

/// Commands that need no display.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Print what arrives, one line per value list or notification.
    #[command(after_long_help = DUMP_EXAMPLES)]
    Dump(DumpArgs),
    /// Write what arrives to a capture file (pcap), before anything looks into it.
    #[command(after_long_help = record::EXAMPLES)]
    Record(RecordArgs),
    /// Send values and notifications: lines of collectd's plain text protocol from standard
    /// input, or what this machine measures.
    #[command(after_long_help = send::EXAMPLES)]
    Send(SendArgs),
    /// Check a configuration, a layout or a file of graphs: say what is wrong with it, by line.
    Validate(ValidateArgs),
    /// Print the configuration.
    #[command(subcommand)]
    Show(Show),
}

/// What to print.
#[derive(Clone, Debug, Subcommand)]
pub enum Show {
    /// What holds for the window with these options, and where each value is from.
    Config(Box<WindowArgs>),
    /// A configuration with every key, explained; as it is it changes nothing.
    #[command(after_long_help = EXAMPLE_EXAMPLES)]
    Example,
}

/// What to check.
#[derive(Args, Clone, Debug)]
pub struct ValidateArgs {
    /// Which of them it is follows from its keys.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// How the window is opened.
#[derive(Args, Clone, Debug)]
pub struct WindowArgs {
    /// Which configuration is read.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where to receive from.
    #[command(flatten)]
    pub receive: ReceiveArgs,
    /// Which protection is demanded.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// How fast to show a capture: 1 as it was captured, 10 ten times as fast, or max.
    ///
    /// Without it all of a file is read at once, and a pipe is shown as it is written.
    #[arg(long, value_name = "TIMES")]
    pub speed: Option<Speed>,
    /// Read this types.db on top of the built-in one, may be repeated; later ones win.
    #[arg(long, value_name = "PATH")]
    pub types_db: Vec<PathBuf>,
    /// Do not measure this machine.
    #[arg(long, overrides_with = "local")]
    pub no_local: bool,
    /// Measure this machine, whatever the configuration says.
    #[arg(long, overrides_with = "no_local")]
    pub local: bool,
    /// Memory for series and samples, in MiB; the oldest go first. Without it an eighth of this
    /// machine's, 256 to 4096.
    ///
    /// The receiver's own tables and what waits for the window grow with it, and take up to two
    /// thirds as much where the network floods.
    #[arg(long, value_name = "MIB", value_parser = values::memory)]
    pub memory: Option<u64>,
    /// Names of value lists accepted from all senders together; further ones are refused, counted.
    ///
    /// Without it as many as --memory may have room for. Senders that have few may name some more,
    /// for which the one that has the most gives back as many.
    #[arg(long, value_name = "N", value_parser = values::lists)]
    pub max_lists: Option<usize>,
    /// The same for each sender, whether others need room or not.
    #[arg(long, value_name = "N", value_parser = values::lists)]
    pub max_lists_per_sender: Option<usize>,
    /// Save a PNG of the window and end.
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,
    /// Seconds to wait before the screenshot.
    #[arg(long, value_name = "SECS", default_value = "5", value_parser = parse_secs,
          requires = "screenshot")]
    pub after: Duration,
    /// Size of the window, as 1280x800.
    #[arg(long, value_name = "WxH", value_parser = values::size)]
    pub size: Option<(u32, u32)>,
    /// Colours; without it as chosen last time.
    #[arg(long, value_enum)]
    pub theme: Option<Theme>,
    /// Begin with this layout: one that was saved, Overview, Fleet, Network, Storage, or a file.
    ///
    /// Without it the tabs are as they were left.
    #[arg(long, value_name = "NAME|FILE")]
    pub layout: Option<String>,
    /// Write the state of the window there about once a second, as one JSON object.
    #[arg(long, value_name = "FILE")]
    pub status_file: Option<PathBuf>,
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// As the desktop.
    System,
}

/// What to print, and how.
#[derive(Args, Clone, Debug)]
pub struct DumpArgs {
    /// Which configuration is read.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where to receive from.
    #[command(flatten)]
    pub receive: ReceiveArgs,
    /// Which protection is demanded.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// How a line looks.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Only what all these words match, as in the filter of the window: eth0 'host:web-*'
    /// 'plugin:cpu|load' -lo.
    ///
    /// A word is sought in host/plugin-instance/type-instance, upper and lower case do not matter.
    /// host:, plugin:, instance:, type: and type-instance: ask for one name, with * and ? for any
    /// characters and | between several; "two words" and /regular expressions/ go anywhere, and -
    /// leaves out what a word matches.
    #[arg(long, value_name = "SELECTOR", value_parser = filter::parse_only,
          allow_hyphen_values = true)]
    pub only: Option<Selector>,
    /// End after this many lines.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub count: Option<u64>,
    /// End after this many seconds.
    #[arg(long = "for", value_name = "SECS", value_parser = parse_secs)]
    pub duration: Option<Duration>,
}

/// How `dump` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// `[time] host/plugin/type [(DS type, value), ...]`
    Text,
    /// One JSON object a line, times and integers exact.
    Json,
    /// One row a value, with a header; text that a spreadsheet would run as a formula begins with
    /// an apostrophe.
    Csv,
    /// PUTVAL and PUTNOTIF lines, as `collectoscope send` and collectd's exec plugin read them.
    Putval,
    /// Every byte of every datagram with its offset and meaning, and what is wrong where.
    Hex,
}

/// A year: longer is a mistyped number.
const SECS_MAX: f64 = 366.0 * 86_400.0;

impl From<Theme> for view::Theme {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Dark => Self::Dark,
            Theme::Light => Self::Light,
            Theme::System => Self::System,
        }
    }
}

impl WindowArgs {
    /// What the options say of what can be configured.
    fn flags(&self) -> Config {
        let local = match (self.local, self.no_local) {
            (false, false) => None,
            (local, _) => Some(local),
        };
        let own = Config {
            local,
            types_db: (!self.types_db.is_empty()).then(|| self.types_db.clone()),
            memory: self.memory,
            max_lists: self.max_lists,
            max_lists_per_sender: self.max_lists_per_sender,
            theme: self.theme.map(Into::into),
            size: self.size,
            layout: self.layout.clone(),
            ..Config::default()
        };
        own.over(self.receive.flags()).over(self.trust.flags())
    }

    /// Takes what `holds`, once it is checked that each option does something beside it.
    fn settle(&mut self, holds: &Config) -> Result<(), String> {
        self.receive.settle(holds)?;
        self.trust.settle(holds);
        self.check()
    }

    /// What contradicts itself, or does nothing.
    fn check(&self) -> Result<(), String> {
        if self.speed.is_some() && self.receive.capture().is_none() {
            return Err("--speed needs --read FILE: it sets the speed of a capture".into());
        }
        for (option, is_given) in [
            ("--no-local", self.no_local),
            ("--local", self.local),
            ("--max-lists", self.max_lists.is_some()),
            ("--max-lists-per-sender", self.max_lists_per_sender.is_some()),
        ] {
            if is_given {
                self.receive.needs_socket(option)?;
            }
        }
        Ok(())
    }

    /// The same reception, printed: what is left where no window can open.
    fn as_dump(&self) -> DumpArgs {
        DumpArgs {
            config: ConfigArgs::default(),
            receive: self.receive.clone(),
            trust: self.trust.clone(),
            format: Format::Text,
            only: None,
            count: None,
            duration: None,
        }
    }
}

/// Does what was asked for.
pub fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Some(Command::Dump(args)) => run_dump(args),
        Some(Command::Record(args)) => run_record(args),
        Some(Command::Send(args)) => args.config.said().map(|config| send::run(args, &config)),
        Some(Command::Validate(args)) => Ok(finish(validate::run(&args.file))),
        Some(Command::Show(Show::Config(args))) => configured::show(&args).map(print),
        Some(Command::Show(Show::Example)) => Ok(print(example())),
        None => run_window(cli.window),
    };
    outcome.unwrap_or_else(|error| {
        say(error);
        ExitCode::from(2)
    })
}

fn run_dump(mut args: DumpArgs) -> Result<ExitCode, String> {
    let flags = args.receive.flags().over(args.trust.flags());
    let holds = flags.over(args.config.said()?);
    args.receive.settle(&holds)?;
    args.trust.settle(&holds);
    Ok(finish(dump::run(&args)))
}

fn run_record(mut args: RecordArgs) -> Result<ExitCode, String> {
    let holds = args.receive.flags().over(args.config.said()?);
    args.receive.settle(&holds)?;
    Ok(finish(record::run(&args)))
}

fn run_window(mut args: WindowArgs) -> Result<ExitCode, String> {
    let (file, messages) = args.config.read()?;
    messages.iter().for_each(say);
    let holds = args.flags().over(file.map(|file| file.read.config).unwrap_or_default());
    args.settle(&holds)?;
    Ok(open_window(&args, Configured { holds, messages }))
}

fn open_window(args: &WindowArgs, configured: Configured) -> ExitCode {
    if let Err(error) = args.trust.check(&args.receive) {
        say(error);
        return ExitCode::FAILURE;
    }
    let mut capture = match args.receive.open_capture(capture::WINDOW_READS, &|| true) {
        Ok(capture) => capture,
        Err(error) => return finish(Err(error)),
    };
    let also = match configured.holds.local {
        Some(false) => dump::Also::Nobody,
        _ => dump::Also::ThisMachine,
    };
    let Err(error) = window::run(args, configured, &mut capture) else {
        return ExitCode::SUCCESS;
    };
    say(&error);
    if args.screenshot.is_some() || args.status_file.is_some() || args.layout.is_some() {
        // Whoever waits for a picture or the state would wait for ever.
        return ExitCode::FAILURE;
    }
    let with_read = if capture.is_some() { " --read" } else { "" };
    say(format_args!("carrying on without a window, as: collectoscope dump{with_read}"));
    finish(dump::run_on(&args.as_dump(), capture, also))
}

/// On standard output. Nobody may be reading it.
fn print(text: String) -> ExitCode {
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn finish(result: Result<(), impl fmt::Display>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(error);
            ExitCode::FAILURE
        }
    }
}

/// A line on standard error. Nobody may be reading it, and that is no reason to end.
fn say(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "collectoscope: {line}");
}

fn parse_secs(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(secs) if (0.0..=SECS_MAX).contains(&secs) => Ok(Duration::from_secs_f64(secs)),
        _ => Err(format!("not a number of seconds from 0 to {SECS_MAX}")),
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port @ 1..) => Ok(port),
        _ => Err("not a port, a number from 1 to 65535".to_owned()),
    }
}

fn parse_count(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(count @ 1..) => Ok(count),
        _ => Err("not a number from 1 on".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::path::Path;

    #[test]
    fn the_definition_of_the_arguments_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_arguments_the_window_opens_with_the_defaults() {
        let cli = Cli::try_parse_from(["collectoscope"]).unwrap();
        assert!(cli.command.is_none() && cli.window.receive.listen.is_empty());
        let udp = cli.window.receive.udp(cli.window.trust.level()).unwrap();
        assert_eq!((cli.window.memory, udp.receive_buffer_mib), (None, 8));
        assert_eq!(cli.window.flags(), Config::default());
        assert_eq!((cli.window.after.as_secs(), cli.window.theme), (5, None));
    }

    #[test]
    fn options_that_would_do_nothing_are_refused() {
        for (args, words) in [
            (&["--speed", "1"][..], "--speed needs --read"),
            (&["--read", "f", "--no-local"], "--no-local needs --listen"),
            (&["--read", "f", "--local"], "--local needs --listen"),
            (&["--read", "f", "--max-lists", "9"], "--max-lists needs --listen"),
            (
                &["--source", "file:f", "--max-lists-per-sender", "9"],
                "--max-lists-per-sender needs",
            ),
            (&["--read", "f", "--no-local", "--listen", "127.0.0.1"], ""),
        ] {
            let cli = Cli::try_parse_from(["collectoscope"].iter().chain(args)).unwrap();
            let said = cli.window.check().err().unwrap_or_default();
            assert!(said.starts_with(words) && said.is_empty() == words.is_empty(), "{said}");
        }
    }

    #[test]
    fn what_is_configured_holds_where_no_option_is_given_and_is_never_refused_beside_one() {
        let config = || Config {
            listen: Some(vec!["10.0.0.1".parse().unwrap()]),
            receive_buffer: Some(9),
            security: Some("sign".parse().unwrap()),
            local: Some(false),
            max_lists: Some(7),
            ..Config::default()
        };
        let settled = |args: &[&str]| {
            let cli = Cli::try_parse_from(["collectoscope"].iter().chain(args)).unwrap();
            let mut window = cli.window;
            let holds = window.flags().over(config());
            window.settle(&holds).map(|()| (window, holds))
        };
        let (window, holds) = settled(&["--security", "none", "--local"]).unwrap();
        assert_eq!(holds.local, Some(true));
        let udp = window.receive.udp(window.trust.level()).unwrap();
        assert_eq!((udp.listen, udp.receive_buffer_mib), (config().listen.unwrap(), 9));
        assert_eq!(udp.level.name(), "none");
        // The addresses are not listened on beside a capture, and what is about them is no mistake.
        let (window, holds) = settled(&["--read", "f"]).unwrap();
        assert_eq!(window.receive.capture(), Some(Path::new("f")));
        assert!(!window.receive.is_listening());
        assert_eq!((window.trust.level().name(), holds.max_lists), ("sign", Some(7)));
        let (window, _) = settled(&["--listen", "::1"]).unwrap();
        assert_eq!(window.receive.listen.len(), 1);
        let error = settled(&["--read", "f", "--max-lists", "9"]).unwrap_err();
        assert!(error.starts_with("--max-lists needs"), "{error}");
    }

    #[test]
    fn bad_values_are_refused() {
        for args in [
            &["--size", "12"][..],
            &["--size", "0x0"],
            &["--after", "-1"],
            &["--after", "nan"],
            &["--memory", "1"],
            &["--max-lists", "0"],
            &["--max-lists-per-sender", "9000000"],
            &["--receive-buffer", "0"],
            &["--theme", "pink"],
            &["--security", "signed"],
            &["--listen", "0.0.0.0,signed"],
            &["--source", "mqtt://broker"],
            &["record", "f", "--security", "sign"],
            &["dump", "--count", "0"],
            &["dump", "--for", "soon"],
            &["dump", "--only", "/[a/"],
            &["dump", "--only", "cpu >90"],
            &["dump", "--host", "web"],
            &["dump", "--format", "xml"],
            &["dump", "--memory", "512"],
            &["--read", "f", "--speed", "0"],
            &["--read", "f", "--port", "65536"],
            &["record"],
            &["record", "f", "--count", "0"],
            &["send"],
            &["send", "a b"],
            &["send", "host:0"],
            &["send", "host", "--ttl", "0"],
            &["send", "host", "--ttl", "256"],
            &["send", "host", "--max-packet-size", "1023"],
            &["send", "host", "--max-packet-size", "65508"],
            &["send", "host", "--flush", "soon"],
            &["send", "host", "--interval", "0"],
            &["send", "host", "--security", "some"],
            &["send", "host", "--auth-file", "keys"],
            &["send", "host", "--this-machine", "--types-db", "types.db"],
        ] {
            let all = ["collectoscope"].iter().chain(args);
            assert!(Cli::try_parse_from(all).is_err(), "{args:?}");
        }
    }
}
