//! Text in place of collectd's binary protocol, and the protocol it looks like.
//!
//! Looked at only once something is wrong with a datagram: a part of the binary protocol begins
//! with a byte no text has. Senders whose port was mixed up are common.

use std::fmt;

/// Bytes looked at: whole lines of every protocol.
const LOOK_BYTES: usize = 512;

/// The protocol that a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stray {
    /// collectd's plain text protocol.
    PutVal,
    /// `name:value|type`
    Statsd,
    /// `path value time`
    Graphite,
    /// InfluxDB's line protocol.
    Influx,
    /// `put name time value tag=value`
    OpenTsdb,
    /// JSON, also that of write_http and of logs.
    Json,
    /// A line with a priority before it.
    Syslog,
    /// Anything else.
    Unknown,
}

impl Stray {
    /// The protocol that `bytes` look like; none if they are no text.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let is_all = bytes.len() <= LOOK_BYTES;
        let start = bytes.get(..LOOK_BYTES).unwrap_or(bytes);
        // C programs send the end of a string with it.
        let start = start.strip_suffix(b"\0").unwrap_or(start);
        let text = match std::str::from_utf8(start) {
            Ok(text) => text,
            // A character that is cut by the limit is no mistake.
            Err(error) if !is_all && error.error_len().is_none() => {
                std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        let is_text = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n' | '\x1b');
        let is_long_enough = text.trim().chars().nth(2).is_some();
        (is_long_enough && text.chars().all(is_text)).then(|| Self::of_text(text))
    }

    fn of_text(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let line = text.lines().next().unwrap_or_default();
        let starts = |word: &str| {
            line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if starts("PUTVAL ") || starts("PUTNOTIF ") {
            Self::PutVal
        } else if is_syslog(line) {
            Self::Syslog
        } else if ["{", "[{", "[\"", "[["].iter().any(|start| text.starts_with(start)) {
            Self::Json
        } else if starts("put ") {
            Self::OpenTsdb
        } else if is_statsd(line) {
            Self::Statsd
        } else if is_influx(line) {
            Self::Influx
        } else if is_graphite(line) {
            Self::Graphite
        } else {
            Self::Unknown
        }
    }
}

/// RFC 3164 and 5424: up to three digits in angle brackets.
fn is_syslog(line: &str) -> bool {
    let priority = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    priority.is_some_and(|(number, _)| number.len() <= 3 && number.parse::<u16>().is_ok())
}

/// `name:value|type`, then `|@rate` or `|#tags`; also the events of Datadog.
fn is_statsd(line: &str) -> bool {
    let is_type = |word: &str| ["c", "g", "ms", "h", "s", "d", "m"].contains(&word);
    let metric = line.split_once(':').and_then(|(_, rest)| rest.split('|').nth(1));
    metric.is_some_and(|word| is_type(word.trim())) || line.starts_with("_e{")
}

/// `measurement,tag=value field=value time`
fn is_influx(line: &str) -> bool {
    // A backslash before a blank keeps names in one word; what follows is no field either way.
    line.split(' ').skip(1).any(|word| {
        word.split_once('=').is_some_and(|(name, value)| {
            let is_value = |c: char| c.is_ascii_digit() || "-+.\"tTfF".contains(c);
            !name.is_empty() && value.starts_with(is_value)
        })
    })
}

/// `path value time`
fn is_graphite(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    matches!(words[..], [_, value, time] if is_number(value) && is_number(time))
}

impl fmt::Display for Stray {
    /// "text, not collectd's binary protocol: looks like statsd".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, not collectd's binary protocol")?;
        match self.name() {
            Some(name) => write!(f, ": looks like {name}"),
            None => Ok(()),
        }
    }
}

impl Stray {
    /// Name of the protocol; none for other text.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::PutVal => "PUTVAL",
            Self::Statsd => "statsd",
            Self::Graphite => "Graphite",
            Self::Influx => "InfluxDB line protocol",
            Self::OpenTsdb => "OpenTSDB",
            Self::Json => "JSON",
            Self::Syslog => "syslog",
            Self::Unknown => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Event, decode};

    #[track_caller]
    fn check(datagram: &[u8], stray: Option<Stray>) {
        assert_eq!(Stray::of(datagram), stray, "{}", String::from_utf8_lossy(datagram));
    }

    #[test]
    fn text_sent_to_the_wrong_port_is_recognised() {
        for (text, stray) in [
            ("PUTVAL \"web-01/load/load\" interval=10 N:0.5:0.25:0.125\n", Stray::PutVal),
            ("putval a/b/c N:1", Stray::PutVal),
            ("\u{feff}PUTNOTIF message=x severity=okay time=1", Stray::PutVal),
            ("gorets:1|c", Stray::Statsd),
            ("glork:320|ms|@0.1\nuniques:765|s", Stray::Statsd),
            ("page.views:1|g|#env:prod,host:a", Stray::Statsd),
            ("_e{5,4}:title|text", Stray::Statsd),
            ("servers.web-01.load 0.5 1795426812\n", Stray::Graphite),
            ("a.b;dc=x  1e3 -1", Stray::Graphite),
            ("cpu,host=web-01 usage=0.5,idle=99i 1795426812000000000", Stray::Influx),
            ("weather,location=us\\ west temperature=82", Stray::Influx),
            ("put sys.cpu.user 1356998400 42.5 host=web01", Stray::OpenTsdb),
            ("{\"host\":\"web-01\"}", Stray::Json),
            (" [{\"values\":[1]}]", Stray::Json),
            ("<34>Oct 11 22:14:15 mymachine su: 'su root' failed", Stray::Syslog),
            ("<165>1 2003-10-11T22:14:15.003Z host app - - -", Stray::Syslog),
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", Stray::Unknown),
            ("größe ist gut\n\0", Stray::Unknown),
        ] {
            check(text.as_bytes(), Some(stray));
        }
        check(&"ü".repeat(1_000).into_bytes(), Some(Stray::Unknown));
        check(&[b"x", "ü".repeat(1_000).as_bytes()].concat(), Some(Stray::Unknown));
    }

    #[test]
    fn bytes_that_are_no_text_are_not_recognised() {
        for bytes in
            [&b""[..], b"\n", b"ab", b"abc\x01", b"\0\0\0\x06h\0", b"ab\xff\xfecd", b"\0\0\0"]
        {
            check(bytes, None);
        }
    }

    #[test]
    fn a_datagram_of_text_is_one_fault_that_names_it() {
        let long = [b"{\"a\":\"".as_slice(), &[b'x'; 40_000], b"\"}"].concat();
        for (bytes, name) in [
            (b"gorets:1|c".as_slice(), "statsd"),
            (b"abc", ""),
            (b"a.b 1 2\n", "Graphite"),
            (long.as_slice(), "JSON"),
        ] {
            let mut faults = Vec::new();
            decode(bytes, &mut |event| match event {
                Event::Fault(fault) => faults.push(fault.to_string()),
                other => panic!("{other:?}"),
            });
            let looks =
                if name.is_empty() { String::new() } else { format!(": looks like {name}") };
            let message = format!("at byte 0: text, not collectd's binary protocol{looks}");
            assert_eq!(faults, [message]);
        }
    }
}
