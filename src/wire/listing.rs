//! The listing of a datagram: every byte, with what it means beside it.
//!
//! Any bytes can be listed, good or bad. Verdicts are the decoder's and stand at the part they are
//! about. Content of encrypted parts stands below them, decrypted, at its offsets in the datagram.

use super::code::{HEADER_BYTES, SHA1_BYTES};
use super::decode::Decoder;
use super::event::Event;
use super::fault::Fault;
use super::part::{Part, parts};
use super::trust::SecurityLevel;
use super::values::Values;
use crate::metric::{Identifier, Severity, Value, display_safe};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Bytes a line shows.
const LINE_BYTES: usize = 12;
/// Lines shown of bytes without meaning (encrypted, unknown, behind a fault); the rest is counted.
const OPAQUE_LINES_MAX: usize = 4;

/// Writes the listing of `datagram` as a listener that demands `level` reads it by the keys of
/// `decoder`: offset in decimal, bytes in hexadecimal, meaning. A value list or notification that
/// is accepted is marked `=`, a fault `!`.
///
/// ```
/// use collectoscope::wire::{Decoder, SecurityLevel, listing};
///
/// let mut text = String::new();
/// let datagram = b"\0\0\0\x09web1\0\0\x01\0\x03";
/// listing(datagram, SecurityLevel::None, &mut Decoder::default(), &mut text).unwrap();
/// let lines: Vec<_> = text.lines().map(str::trim_end).collect();
/// assert_eq!(lines, [
///     "    0  00 00 00 09 77 65 62 31 00            host \"web1\"",
///     "    9  00 01 00 03                         ! part length 3 is below 4",
/// ]);
/// ```
pub fn listing(
    datagram: &[u8],
    level: SecurityLevel,
    decoder: &mut Decoder,
    out: &mut impl Write,
) -> fmt::Result {
    let mut verdicts: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    decoder.decode(level, datagram, &mut |event| {
        let (offset, line) = verdict(&event);
        verdicts.entry(offset).or_default().push(line);
    });
    Lister { decoder, verdicts, out }.parts(datagram, 0, 0)
}

/// Verdict of the decoder on a part, and the part's offset.
fn verdict(event: &Event<'_>) -> (usize, String) {
    match event {
        Event::Values(list) => {
            let identifier = Identifier::from_names(&list.names);
            (list.offset_bytes, format!("= {identifier} at {}, {}", list.time, list.trust.name()))
        }
        Event::Notification(one) => {
            let identifier = Identifier::from_names(&one.names);
            let (severity, trust) = (one.severity.name(), one.trust.name());
            let line =
                format!("= notification {severity} of {identifier} at {}, {trust}", one.time);
            (one.offset_bytes, line)
        }
        Event::Protected(part) => match part.outcome {
            Ok(trust) => (part.offset_bytes, format!("= {}", trust.name())),
            Err(fault) => (part.offset_bytes, format!("! {fault}")),
        },
        Event::Fault(Fault { offset_bytes, kind }) => (*offset_bytes, format!("! {kind}")),
    }
}

struct Lister<'l, W> {
    decoder: &'l Decoder,
    /// Verdicts of the decoder, by the offset of the part.
    verdicts: BTreeMap<usize, Vec<String>>,
    out: &'l mut W,
}

impl<W: Write> Lister<'_, W> {
    /// Lists `bytes`, which start at `base` in the datagram, `depth` protected parts inside it.
    fn parts(&mut self, bytes: &[u8], base: usize, depth: usize) -> fmt::Result {
        let mut parts = parts(bytes);
        let mut depth = depth;
        while let Some(part) = parts.next() {
            match part {
                Ok((offset, part)) => {
                    let raw = bytes.get(offset..parts.offset_bytes()).unwrap_or_default();
                    self.part(base + offset, raw, &part, depth)?;
                    // Everything behind a signature is inside it.
                    depth += usize::from(matches!(part, Part::Signature { .. }));
                }
                Err(fault) => {
                    let end =
                        if fault.kind.is_final() { bytes.len() } else { parts.offset_bytes() };
                    let raw = bytes.get(fault.offset_bytes..end).unwrap_or_default();
                    self.opaque(base + fault.offset_bytes, raw, "", depth)?;
                }
            }
        }
        Ok(())
    }

    fn part(&mut self, offset: usize, raw: &[u8], part: &Part<'_>, depth: usize) -> fmt::Result {
        let text = |bytes: &[u8]| format!("{:?}", display_safe(&String::from_utf8_lossy(bytes)));
        let note = match *part {
            Part::Host(name) => format!("host {}", text(name)),
            Part::Plugin(name) => format!("plugin {}", text(name)),
            Part::PluginInstance(name) => format!("plugin instance {}", text(name)),
            Part::Type(name) => format!("type {}", text(name)),
            Part::TypeInstance(name) => format!("type instance {}", text(name)),
            Part::Message(message) => format!("message {}", text(message)),
            Part::Time(time) => format!("time {time}"),
            Part::Interval(interval) => format!("interval {interval} s"),
            Part::Severity(code) => match Severity::from_code(code) {
                Some(severity) => format!("severity {code}, {}", severity.name()),
                None => format!("severity {code}"),
            },
            Part::Values(values) => return self.values(offset, raw, values, depth),
            Part::Signature { user, .. } => {
                let note = format!("signature by user {}, over all that follows", text(user));
                return self.opaque(offset, raw, &note, depth);
            }
            Part::Encryption { user, iv, sealed } => {
                let note = format!("encrypted for user {}", text(user));
                self.opaque(offset, raw, &note, depth)?;
                return self.content(offset, user, iv, sealed, depth);
            }
            Part::Unknown(part_type) => {
                let note = format!("unknown part type 0x{part_type:04x}, skipped");
                return self.opaque(offset, raw, &note, depth);
            }
        };
        self.lines(offset, raw, &note, depth)?;
        self.write_verdicts(offset, depth)
    }

    fn values(
        &mut self,
        offset: usize,
        raw: &[u8],
        values: Values<'_>,
        depth: usize,
    ) -> fmt::Result {
        let kinds_end = HEADER_BYTES + 2 + values.len();
        let (head, numbers) = raw.split_at_checked(kinds_end).unwrap_or((raw, &[]));
        let s = if values.len() == 1 { "" } else { "s" };
        self.lines(offset, head, &format!("{} value{s}", values.len()), depth)?;
        let (numbers, _) = numbers.as_chunks::<8>();
        for (index, (number, value)) in numbers.iter().zip(values.iter()).enumerate() {
            let note = match value {
                Value::Counter(value) => format!("  counter {value}"),
                Value::Gauge(value) => format!("  gauge {value:?}"),
                Value::Derive(value) => format!("  derive {value}"),
                Value::Absolute(value) => format!("  absolute {value}"),
            };
            self.lines(offset + kinds_end + 8 * index, number, &note, depth)?;
        }
        self.write_verdicts(offset, depth)
    }

    /// Lists the content of an encrypted part, if its user's key opens it.
    fn content(
        &mut self,
        offset: usize,
        user: &[u8],
        iv: &[u8; 16],
        sealed: &[u8],
        depth: usize,
    ) -> fmt::Result {
        let refused = self
            .verdicts
            .get(&offset)
            .is_none_or(|lines| lines.iter().any(|line| line.starts_with('!')));
        let key = self.decoder.keys.as_deref().and_then(|keys| keys.get(user));
        let mut plain = Vec::new();
        let content = key.filter(|_| !refused).and_then(|key| key.open(iv, sealed, &mut plain));
        let base = offset + HEADER_BYTES + 2 + user.len() + iv.len() + SHA1_BYTES;
        content.map_or(Ok(()), |content| self.parts(content, base, depth + 1))
    }

    /// Lists bytes up to a bound, and the verdicts on them.
    fn opaque(&mut self, offset: usize, raw: &[u8], note: &str, depth: usize) -> fmt::Result {
        let shown = raw.get(..OPAQUE_LINES_MAX * LINE_BYTES).unwrap_or(raw);
        let verdicts = self.verdicts.get(&offset).cloned().unwrap_or_default();
        let first = if note.is_empty() { verdicts.first().cloned() } else { None };
        match &first {
            Some(verdict) => self.lines_marked(offset, shown, verdict, depth)?,
            None => self.lines(offset, shown, note, depth)?,
        }
        if shown.len() < raw.len() {
            let more = raw.len() - shown.len();
            writeln!(self.out, "{:>5}  … {more} more bytes", offset + shown.len())?;
        }
        for verdict in verdicts.iter().skip(usize::from(first.is_some())) {
            self.lines_marked(offset, &[], verdict, depth)?;
        }
        Ok(())
    }

    fn write_verdicts(&mut self, offset: usize, depth: usize) -> fmt::Result {
        for verdict in self.verdicts.get(&offset).cloned().unwrap_or_default() {
            self.lines_marked(offset, &[], &verdict, depth)?;
        }
        Ok(())
    }

    fn lines(&mut self, offset: usize, raw: &[u8], note: &str, depth: usize) -> fmt::Result {
        self.lines_marked(offset, raw, &format!("  {note}"), depth)
    }

    /// Lists bytes, the first line with `note`, which begins with a mark and a blank.
    fn lines_marked(&mut self, offset: usize, raw: &[u8], note: &str, depth: usize) -> fmt::Result {
        let (mark, note) = note.split_at_checked(2).unwrap_or(("  ", note));
        let indent = "  ".repeat(depth);
        if raw.is_empty() {
            return writeln!(self.out, "{:7}{:36}{mark}{indent}{note}", "", "");
        }
        for (index, bytes) in raw.chunks(LINE_BYTES).enumerate() {
            let mut hex = String::with_capacity(3 * LINE_BYTES);
            for byte in bytes {
                write!(hex, "{byte:02x} ")?;
            }
            let at = offset + index * LINE_BYTES;
            match index {
                0 => writeln!(self.out, "{at:>5}  {hex:<36}{mark}{indent}{note}")?,
                _ => writeln!(self.out, "{at:>5}  {}", hex.trim_end())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{KeyRing, Protection, Seal};
    use super::*;
    use std::sync::Arc;

    const LIST: &[u8] = b"\0\0\0\x06h\0\0\x08\0\x0c\x1a\xc1\x02\x7f\0\0\0\0\0\x02\0\x06p\0\
        \0\x04\0\x0agauge\0\0\x06\0\x0f\0\x01\x01\0\0\0\0\0\0\xf0\x3f";

    fn listed(datagram: &[u8], level: SecurityLevel) -> Vec<String> {
        let mut keys = KeyRing::new();
        keys.insert(b"alice", b"secret");
        let mut text = String::new();
        let mut decoder = Decoder::new(Some(Arc::new(keys)));
        listing(datagram, level, &mut decoder, &mut text).unwrap();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    #[test]
    fn a_value_list_is_shown_byte_for_byte() {
        assert_eq!(
            listed(LIST, SecurityLevel::None),
            [
                "    0  00 00 00 06 68 00                     host \"h\"",
                "    6  00 08 00 0c 1a c1 02 7f 00 00 00 00   time 1795426812",
                "   18  00 02 00 06 70 00                     plugin \"p\"",
                "   24  00 04 00 0a 67 61 75 67 65 00         type \"gauge\"",
                "   34  00 06 00 0f 00 01 01                  1 value",
                "   41  00 00 00 00 00 00 f0 3f                 gauge 1.0",
                "                                           = h/p/gauge at 1795426812, plain",
            ]
        );
    }

    #[test]
    fn what_is_encrypted_is_shown_decrypted_at_its_place() {
        let seal = Seal::new(Protection::Encrypted, b"alice", b"secret").unwrap();
        let mut datagram = Vec::new();
        seal.seal(LIST, &[7; 16], &mut datagram);
        let lines = listed(&datagram, SecurityLevel::Encrypt);
        let host = lines.iter().find(|line| line.contains("host \"h\"")).unwrap();
        let place = format!("{:>5}  00 00 00 06 68 00", seal.overhead_bytes());
        assert!(host.starts_with(&place), "{lines:#?}");
        assert!(lines.iter().any(|line| line.ends_with("encrypted for user \"alice\"")));
        let last = "=   h/p/gauge at 1795426812, encrypted";
        assert!(lines.last().unwrap().ends_with(last), "{lines:#?}");
    }

    #[test]
    fn what_cannot_be_opened_is_shown_with_the_reason() {
        let seal = Seal::new(Protection::Encrypted, b"alice", b"other").unwrap();
        let mut datagram = Vec::new();
        seal.seal(LIST, &[7; 16], &mut datagram);
        let lines = listed(&datagram, SecurityLevel::None);
        let reason = "! the checksum does not match: another password, or damage";
        assert!(lines.last().unwrap().ends_with(reason), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("host")));
    }

    #[test]
    fn the_rest_behind_a_fault_is_shown_with_the_fault() {
        let lines = listed(&[&LIST[..34], &[0, 6, 0, 15, 0]].concat(), SecurityLevel::None);
        let bytes = "   34  00 06 00 0f 00                      ";
        let fault = "! part of 15 bytes, 5 left: the datagram was cut or is damaged";
        assert_eq!(lines.last().unwrap(), &format!("{bytes}{fault}"));
    }

    #[test]
    fn bytes_without_meaning_are_counted_past_the_bound() {
        let mut unknown = vec![0x77, 0x77, 1, 0];
        unknown.resize(256, 9);
        let lines = listed(&unknown, SecurityLevel::None);
        assert_eq!(lines.len(), OPAQUE_LINES_MAX + 1, "{lines:#?}");
        assert_eq!(lines[OPAQUE_LINES_MAX], "   48  … 208 more bytes");
    }

    #[test]
    fn less_protected_parts_are_marked_where_they_begin() {
        let lines = listed(LIST, SecurityLevel::Sign);
        assert!(lines[1].ends_with("! refused: the listener demands a signature or encryption"));
        assert!(!lines.iter().any(|line| line.contains("= h")));
    }
}
