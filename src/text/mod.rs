//! collectd's plain text protocol: lines of `PUTVAL` and `PUTNOTIF`, both ways.
//!
//! The exec plugin reads them from a program and the unixsock plugin from a client. [`parse`]
//! accepts what the daemon accepts, except where the daemon reads something else than was written:
//! that is a [`Problem`]. [`write_values`] and [`write_notification`] write such lines. Names and
//! messages are any bytes but a newline. Knows nothing of files; `now` is a parameter.
//!
//! Source of the facts: collectd `src/utils/cmds` and `src/utils/common/common.c`, checked against
//! the unixsock plugin of the running daemon 5.12.

mod fields;
mod format;
mod line;
mod number;
mod problem;
mod putnotif;
mod putval;

pub use format::{write_notification, write_values};
pub use line::{NotificationLine, Number, ValuesLine};
pub use problem::{LineError, Problem};

use crate::metric::{BYTE_ORDER_MARK, CdTime, Interval, Names, Severity, Value};
use crate::typesdb::TypesDb;
use std::borrow::Cow;

/// Facts that a line does not hold itself.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Data sources of each type: DS types and number of the values.
    pub types: &'a TypesDb,
    /// The time that `N` stands for.
    pub now: CdTime,
    /// Host in place of an empty one, as in `/load/load`, which `"$COLLECTD_HOSTNAME/load/load"`
    /// becomes outside the exec plugin. The daemon uses its own name.
    pub host: &'a [u8],
    /// Interval until the line has `interval=`; zero means "unknown".
    pub interval: Interval,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub enum Command<'a> {
    /// `PUTVAL`
    Values(PutVal<'a>),
    /// `PUTNOTIF`
    Notification(PutNotif<'a>),
}

/// Value lists of one identifier.
#[derive(Clone, Debug, PartialEq)]
pub struct PutVal<'a> {
    /// `host/plugin[-instance]/type[-instance]`, checked when it was parsed.
    identifier: Cow<'a, [u8]>,
    default_host: &'a [u8],
    /// The lists, at least one.
    pub lists: Vec<TimedValues>,
}

/// A value list of a line, without its identifier.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedValues {
    /// Time, never zero.
    pub time: CdTime,
    /// Interval; zero when unknown.
    pub interval: Interval,
    /// Values, as many as the type has data sources.
    pub values: Vec<Value>,
}

/// A notification. The protocol of the network has no place for meta data (`s:key=value`): it is
/// checked and left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutNotif<'a> {
    host: Cow<'a, [u8]>,
    plugin: Cow<'a, [u8]>,
    plugin_instance: Cow<'a, [u8]>,
    type_: Cow<'a, [u8]>,
    type_instance: Cow<'a, [u8]>,
    /// Time, never zero.
    pub time: CdTime,
    /// FAILURE, WARNING or OKAY.
    pub severity: Severity,
    /// Text, never empty, of any length.
    pub message: Cow<'a, [u8]>,
}

/// Reads a line, without its newline; none for a comment (`#`) or an empty line.
///
/// ```
/// use collectoscope::metric::{CdTime, Interval, Value};
/// use collectoscope::text::{self, Command, Context};
/// use collectoscope::typesdb::TypesDb;
///
/// let types = TypesDb::built_in();
/// let now = CdTime::from_secs(1_800_000_000);
/// let context = Context { types: &types, now, host: b"here", interval: Interval::ZERO };
/// let line = br#"PUTVAL "web1/interface/if_octets-eth0" interval=10 N:421465:479194"#;
/// let Ok(Some(Command::Values(values))) = text::parse(line, &context) else { panic!() };
/// assert_eq!(values.names().type_instance, b"eth0");
/// assert_eq!(values.lists[0].time, now);
/// assert_eq!(values.lists[0].values, [Value::Derive(421_465), Value::Derive(479_194)]);
///
/// let error = text::parse(b"PUTVAL web1/load/load N:0.5", &context).unwrap_err();
/// let message = "column 23: 1 value, but load has 3: shortterm, midterm, longterm";
/// assert_eq!(error.to_string(), message);
/// ```
pub fn parse<'a>(line: &'a [u8], context: &Context<'a>) -> Result<Option<Command<'a>>, LineError> {
    let line = line.trim_ascii_end();
    let text = line.trim_ascii_start();
    // A mark that some editors write at the start of a file.
    let text = text.strip_prefix(BYTE_ORDER_MARK).map_or(text, <[u8]>::trim_ascii_start);
    let start = line.len() - text.len();
    let (_, rest) = line.split_at_checked(start).unwrap_or_default();
    if rest.is_empty() || rest.starts_with(b"#") {
        return Ok(None);
    }
    let word_bytes = rest.iter().position(|&byte| fields::is_blank(byte)).unwrap_or(rest.len());
    let (word, _) = rest.split_at_checked(word_bytes).unwrap_or_default();
    let behind = start + word_bytes;
    if word.eq_ignore_ascii_case(b"PUTVAL") {
        putval::parse(line, behind, context).map(|values| Some(Command::Values(values)))
    } else if word.eq_ignore_ascii_case(b"PUTNOTIF") {
        putnotif::parse(line, behind).map(|one| Some(Command::Notification(one)))
    } else {
        Err(LineError::new(start, Problem::UnknownCommand(problem::shown(word))))
    }
}

impl PutVal<'_> {
    /// The five names of the lists.
    pub fn names(&self) -> Names<'_> {
        let names = putval::split_identifier(&self.identifier).unwrap_or_default();
        if names.host.is_empty() { Names { host: self.default_host, ..names } } else { names }
    }
}

impl PutNotif<'_> {
    /// The five names of what it is about; any may be empty.
    pub fn names(&self) -> Names<'_> {
        Names {
            host: &self.host,
            plugin: &self.plugin,
            plugin_instance: &self.plugin_instance,
            type_: &self.type_,
            type_instance: &self.type_instance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: CdTime = CdTime::from_secs(1_800_000_000);

    fn read(line: &[u8]) -> Result<Option<String>, String> {
        let (types, faults) =
            TypesDb::parse(b"mixed a:COUNTER:U:U b:GAUGE:U:U c:DERIVE:U:U d:ABSOLUTE:U:U", "test");
        assert!(faults.is_empty());
        let mut all = TypesDb::built_in();
        all.merge(types);
        let interval = Interval::from_secs(7);
        let context = Context { types: &all, now: NOW, host: b"here", interval };
        let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let all = |names: &Names<'_>| {
            [names.host, names.plugin, names.plugin_instance, names.type_, names.type_instance]
                .map(name)
                .join("|")
        };
        match parse(line, &context) {
            Ok(None) => Ok(None),
            Ok(Some(Command::Values(values))) => {
                let lists = values
                    .lists
                    .iter()
                    .map(|list| format!(" {}+{} {:?}", list.time, list.interval, list.values));
                Ok(Some(all(&values.names()) + &lists.collect::<String>()))
            }
            Ok(Some(Command::Notification(one))) => {
                let (names, message) = (all(&one.names()), name(&one.message));
                Ok(Some(format!("{names} {} {} {message}", one.time, one.severity.name())))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(read(line.as_bytes()), Ok(Some(expected.into())), "{line}");
    }

    #[track_caller]
    fn check_refused(line: &str, column: usize, why: &str) {
        let message = read(line.as_bytes()).expect_err(line);
        assert!(message.starts_with(&format!("column {column}: {why}")), "{line}\n{message}");
    }

    #[test]
    fn comments_and_empty_lines_are_nothing() {
        for line in ["", "   ", "# PUTVAL h/p/gauge N:1", "  # x", "\r"] {
            assert_eq!(read(line.as_bytes()), Ok(None), "{line:?}");
        }
    }

    #[test]
    fn an_identifier_is_split_as_the_daemon_splits_it() {
        check("PUTVAL h/p/gauge N:1", "h|p||gauge| 1800000000+7 [Gauge(1.0)]");
        check("putval h.x/p-i-j/gauge-k-l N:1", "h.x|p|i-j|gauge|k-l 1800000000+7 [Gauge(1.0)]");
        check("PUTVAL h/p-/gauge- N:1", "h|p||gauge| 1800000000+7 [Gauge(1.0)]");
        check("PUTVAL h/p/gauge-a/b-c N:1", "h|p||gauge|a/b-c 1800000000+7 [Gauge(1.0)]");
        check("PUTVAL /p/gauge N:1", "here|p||gauge| 1800000000+7 [Gauge(1.0)]");
    }

    #[test]
    fn a_line_may_hold_several_lists_and_options_are_for_those_behind() {
        check(
            "PUTVAL h/p/gauge 1.5:1 interval=2 2:2 INTERVAL=0.5 3:U meta:k=v",
            "h|p||gauge| 1.5+7 [Gauge(1.0)] 2+2 [Gauge(2.0)] 3+0.5 [Gauge(NaN)]",
        );
    }

    #[test]
    fn an_empty_or_zero_interval_is_that_of_the_context() {
        check("PUTVAL h/p/gauge interval= 1:1", "h|p||gauge| 1+7 [Gauge(1.0)]");
        check("PUTVAL h/p/gauge interval=2 interval=0 1:1", "h|p||gauge| 1+7 [Gauge(1.0)]");
    }

    #[test]
    fn every_value_has_the_type_of_its_data_source() {
        check(
            "PUTVAL h/p/mixed 1:18446744073709551615:1e3:-0x10:010",
            "h|p||mixed| 1+7 [Counter(18446744073709551615), Gauge(1000.0), Derive(-16), \
             Absolute(8)]",
        );
        check("PUTVAL h/p/if_octets :1::2:3:", "h|p||if_octets| 1+7 [Derive(2), Derive(3)]");
    }

    #[test]
    fn quotes_and_escapes_are_removed() {
        check(
            r#"PUTVAL "h/p q/gauge-a\"\\b" "1:2" 1:"3""#,
            r#"h|p q||gauge|a"\b 1+7 [Gauge(2.0)] 1+7 [Gauge(3.0)]"#,
        );
        check(r"PUTVAL h/p/gauge-a\b 1:2", r"h|p||gauge|a\b 1+7 [Gauge(2.0)]");
    }

    #[test]
    fn wrong_values_are_refused_where_they_stand() {
        check_refused("PUTVAL", 7, "no identifier; ");
        check_refused("PUTVAL p/gauge N:1", 8, "\"p/gauge\" is not an identifier; ");
        check_refused("PUTVAL h//gauge N:1", 10, "no plugin in the identifier; ");
        check_refused("PUTVAL h/p/ N:1", 12, "no type in the identifier; ");
        check_refused("PUTVAL h/p/nosuch N:1", 12, "type \"nosuch\" is in no types.db; ");
        check_refused("PUTVAL \"h/p q/nosuch\" N:1", 15, "type \"nosuch\" is in no types.db; ");
        check_refused("PUTVAL h/p/gauge", 17, "no values; ");
        check_refused("PUTVAL h/p/gauge interval=5", 28, "no values; ");
        check_refused("PUTVAL h/p/gauge  n:1", 19, "\"n\" is not a time; write seconds");
        check_refused("PUTVAL h/p/gauge \"\"", 18, "\"\" is not a time; ");
        check_refused("PUTVAL h/p/gauge 0:1", 18, "\"0\" is not a time; ");
        check_refused("PUTVAL h/p/gauge N", 18, "no value, but gauge has 1: value");
        check_refused("PUTVAL h/p/if_octets 1:2", 22, "1 value, but if_octets has 2: rx, tx");
        check_refused("PUTVAL h/p/gauge 1:2:3", 18, "2 values, but gauge has 1: value");
        check_refused("PUTVAL h/p/gauge 1:x", 20, "\"x\" is not a value of GAUGE value; ");
        check_refused("PUTVAL h/p/derive N:U", 21, "\"U\" is not a value of DERIVE value; ");
        check_refused("PUTVAL h/p/mixed N:1:2:3:-4", 26, "\"-4\" is not a value of ABSOLUTE d; ");
        check_refused("PUTVAL h/p/gauge \"1:2\" \"3:x\"", 27, "\"x\" is not a value of");
    }

    #[test]
    fn wrong_options_are_refused_where_they_stand() {
        check_refused("PUTVAL h/p/gauge foo=2 N:1", 18, "unknown option \"foo\"; ");
        check_refused("PUTVAL h/p/gauge interval=x10 N:1", 27, "\"x10\" is not an interval; ");
        check_refused("PUTVAL h/p/gauge interval=-1 N:1", 27, "\"-1\" is not an interval; ");
        check_refused("PUTVAL h/p/gauge a-b=5 N:1", 18, "\"a-b=5\" is not a time; ");
    }

    #[test]
    fn a_comma_before_decimals_is_named() {
        for (line, column) in [
            ("PUTVAL h/p/gauge N:8,40", 20),
            ("PUTVAL h/p/gauge N:1.234,5", 20),
            ("PUTVAL h/p/derive N:-8,0", 21),
            ("PUTVAL h/p/gauge 1795600000,250:8.40", 18),
            ("PUTNOTIF severity=okay message=m time=1795600000,250", 39),
        ] {
            let message = read(line.as_bytes()).unwrap_err();
            assert!(message.starts_with(&format!("column {column}: ")), "{message}");
            assert!(message.ends_with("; write a point, not a comma"), "{message}");
        }
        check("PUTVAL h/p/gauge interval=60,000 1:8.4", "h|p||gauge| 1+60 [Gauge(8.4)]");
    }

    #[test]
    fn blanks_without_double_quotes_are_named() {
        for (line, column) in [
            ("PUTVAL h/df-My Disk/gauge-free interval=10 N:5", 8),
            ("PUTVAL h/exec-Intel(R) I211 Connection #2/if_octets N:5:6", 8),
            ("PUTVAL My Laptop/p/gauge N:1", 8),
            ("PUTVAL h/p/gauge-My Disk interval=10 N:5", 21),
            ("PUTVAL 'h/df-My Disk/gauge-free' N:5", 8),
            ("PUTVAL 'h/p/gauge' N:5", 8),
        ] {
            let message = read(line.as_bytes()).unwrap_err();
            assert!(message.starts_with(&format!("column {column}: ")), "{message}");
            assert!(message.ends_with(" in double quotes"), "{message}");
        }
        let message = read(b"PUTVAL \"h/disk-sda\"/gauge-temp N:5").unwrap_err();
        assert!(message.ends_with("put the whole field in double quotes"), "{message}");
    }

    #[test]
    fn a_byte_order_mark_before_a_line_is_passed_over() {
        check("\u{feff}PUTVAL h/p/gauge 1:1", "h|p||gauge| 1+7 [Gauge(1.0)]");
        check(" \u{feff} PUTVAL h/p/gauge 1:1", "h|p||gauge| 1+7 [Gauge(1.0)]");
        for line in ["\u{feff}", "\u{feff}# comment", "\u{feff}  \r"] {
            assert_eq!(read(line.as_bytes()), Ok(None), "{line:?}");
        }
        check_refused("\u{feff}PUTVAL p/gauge N:1", 11, "\"p/gauge\" is not an identifier; ");
    }

    #[test]
    fn names_that_cannot_be_sent_are_refused() {
        let long = "x".repeat(128);
        check_refused(&format!("PUTVAL {long}/p/gauge N:1"), 8, "host of 128 bytes, at most 127");
        check_refused(&format!("PUTVAL h/p-{long}/gauge N:1"), 12, "plugin instance of 128 bytes");
        check_refused("PUTVAL h/p/gauge-a\0b N:1", 19, "type instance holds a NUL");
        check_refused(&format!("PUTNOTIF type={long}"), 15, "type of 128 bytes, at most 127");
    }

    #[test]
    fn other_commands_are_named() {
        check_refused("LISTVAL", 1, "\"LISTVAL\" is neither PUTVAL nor PUTNOTIF");
        check_refused("  h/p/gauge N:1", 3, "\"h/p/gauge\" is neither PUTVAL nor PUTNOTIF");
        check_refused("\"PUTVAL\" h/p/gauge N:1", 1, "\"\"PUTVAL\"\" is neither");
        let long = "x".repeat(100);
        check_refused(&long, 1, &format!("\"{}…\" is neither", "x".repeat(40)));
        check_refused("\x1b[2J", 1, "\"\\u{1b}[2J\" is neither");
    }

    #[test]
    fn a_notification_has_names_time_severity_and_message() {
        check(
            r#"PUTNOTIF Severity=WARNING time=1.5 host=h plugin="p q" plugin_instance=i type=t
                type_instance=j s:key=value Message="a \"b\" \\ c""#,
            r#"h|p q|i|t|j 1.5 warning a "b" \ c"#,
        );
        check(r#"putnotif message=a"b severity=okay time=1"#, r#"|||| 1 okay a"b"#);
        check(
            r#"PUTNOTIF message=\"x severity=okay severity=failure time=1"#,
            r#"|||| 1 failure \"x"#,
        );
        check(r#"PUTNOTIF message="  x " severity=okay time=1 host="""#, "|||| 1 okay   x ");
    }

    #[test]
    fn wrong_notifications_are_refused_where_they_stand() {
        check_refused("PUTNOTIF", 9, "no severity=");
        check_refused("PUTNOTIF severity=okay message=m", 33, "no time=");
        check_refused("PUTNOTIF severity=okay time=1", 30, "no message=");
        check_refused("PUTNOTIF severity=okay time=1 message=\"\"", 41, "no message=");
        check_refused("PUTNOTIF severity=bad", 19, "\"bad\" is not a severity; ");
        check_refused("PUTNOTIF time=N", 15, "\"N\" is not a time; write seconds since 1970");
        check_refused("PUTNOTIF time=0", 15, "\"0\" is not a time; ");
        check_refused("PUTNOTIF message= x", 10, "expected NAME=VALUE; ");
        check_refused("PUTNOTIF message=a b", 20, "expected NAME=VALUE; ");
        check_refused("PUTNOTIF message=\"a", 18, "the double quote is never closed");
        check_refused("PUTNOTIF message=\"a\"b", 21, "no blank behind the closing quote");
        check_refused("PUTNOTIF s:=v", 10, "unknown option \"s:\"; ");
        check_refused("PUTNOTIF i:k=1", 10, "unknown option \"i:k\"; ");
        check_refused("PUTNOTIF foo=1", 10, "unknown option \"foo\"; ");
    }
}
