//! How one record is written: a line of text, or a JSON object.
//!
//! Text is that of [`crate::text::ValuesLine`]. JSON and CSV keep
//! every number exact: times to the nanosecond as decimals, integers as integers.

use crate::metric::{Names, Value, display_safe};
use crate::text::{self, NotificationLine, Number, ValuesLine};
use crate::wire::{Notification, ValueList};
use std::fmt;
use std::io::{self, Write};

/// See [`ValuesLine`].
pub(super) fn text_values(out: &mut impl Write, list: &ValueList<'_>) -> io::Result<()> {
    let &ValueList { names, time, values, .. } = list;
    writeln!(out, "{}", ValuesLine { names: &names, time, values: values.iter() })
}

/// See [`NotificationLine`].
pub(super) fn text_notification(out: &mut impl Write, one: &Notification<'_>) -> io::Result<()> {
    let &Notification { names, time, severity, message, .. } = one;
    writeln!(out, "{}", NotificationLine { names: &names, time, severity, message })
}

/// One object on one line.
pub(super) fn json_values(out: &mut impl Write, list: &ValueList<'_>) -> io::Result<()> {
    write!(out, r#"{{"time":{},"interval":{},"#, list.time, list.interval)?;
    json_names(out, &list.names)?;
    out.write_all(br#","values":["#)?;
    for (index, value) in list.values.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(out, r#"{comma}{{"kind":"{}","value":"#, value.ds_type().name())?;
        match value {
            Value::Gauge(gauge) if gauge.is_nan() => out.write_all(br#""NaN""#)?,
            Value::Gauge(gauge) if gauge.is_infinite() => write!(out, r#""{}""#, Number(value))?,
            _ => write!(out, "{}", Number(value))?,
        }
        out.write_all(b"}")?;
    }
    out.write_all(b"]}\n")
}

/// One object on one line.
pub(super) fn json_notification(
    out: &mut impl Write,
    notification: &Notification<'_>,
) -> io::Result<()> {
    let severity = notification.severity.name();
    write!(out, r#"{{"time":{},"notification":true,"severity":"{severity}","#, notification.time)?;
    json_names(out, &notification.names)?;
    writeln!(out, r#","message":{}}}"#, JsonString(notification.message))
}

/// The first line of CSV. A value or a notification is a row; what it does not have is empty.
pub(super) const CSV_HEADER: &str = "time,interval,host,plugin,plugin_instance,type,type_instance,\
                                     ds_index,ds_type,value,severity,message\n";

/// One row for each value.
pub(super) fn csv_values(out: &mut impl Write, list: &ValueList<'_>) -> io::Result<()> {
    for (index, value) in list.values.iter().enumerate() {
        write!(out, "{},{}", list.time, list.interval)?;
        csv_names(out, &list.names)?;
        writeln!(out, ",{index},{},{},,", value.ds_type().name(), Number(value))?;
    }
    Ok(())
}

/// One row.
pub(super) fn csv_notification(
    out: &mut impl Write,
    notification: &Notification<'_>,
) -> io::Result<()> {
    write!(out, "{},", notification.time)?;
    csv_names(out, &notification.names)?;
    writeln!(out, ",,,,{},{}", notification.severity.name(), CsvField(notification.message))
}

/// `PUTVAL`, as collectd's exec plugin reads it.
pub(super) fn putval(out: &mut impl Write, list: &ValueList<'_>) -> io::Result<()> {
    let mut line = Vec::with_capacity(160);
    text::write_values(&mut line, &list.names, list.time, list.interval, list.values.iter());
    write_line(out, &line)
}

/// `PUTNOTIF`, as collectd's exec plugin reads it.
pub(super) fn putnotif(out: &mut impl Write, one: &Notification<'_>) -> io::Result<()> {
    let mut line = Vec::with_capacity(320);
    text::write_notification(&mut line, &one.names, one.time, one.severity, one.message);
    write_line(out, &line)
}

/// A line as it is, but for the control characters of Latin-1 in what is not UTF-8: a terminal
/// may obey them.
fn write_line(out: &mut impl Write, line: &[u8]) -> io::Result<()> {
    for chunk in line.utf8_chunks() {
        out.write_all(chunk.valid().as_bytes())?;
        for byte in chunk.invalid() {
            out.write_all(&[if matches!(byte, 0x80..=0x9f) { b'_' } else { *byte }])?;
        }
    }
    out.write_all(b"\n")
}

fn csv_names(out: &mut impl Write, names: &Names<'_>) -> io::Result<()> {
    let Names { host, plugin, plugin_instance, type_, type_instance } = *names;
    [host, plugin, plugin_instance, type_, type_instance]
        .iter()
        .try_for_each(|name| write!(out, ",{}", CsvField(name)))
}

/// Bytes as a field of RFC 4180, safe to show, and text to a spreadsheet: what would be a formula
/// there has an apostrophe before it, as OWASP advises ("CSV injection"). Tab and carriage return
/// do not come to stand in it at all.
struct CsvField<'a>(&'a [u8]);

impl fmt::Display for CsvField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0);
        // No line break is left.
        let text = display_safe(&text);
        // The latter as East Asian keyboards have them. A semicolon parts cells in some countries.
        let is_formula = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
        let apostrophe = if is_formula { "'" } else { "" };
        if text.contains([',', '"', ';']) {
            write!(f, "\"{apostrophe}{}\"", text.replace('"', "\"\""))
        } else {
            write!(f, "{apostrophe}{text}")
        }
    }
}

fn json_names(out: &mut impl Write, names: &Names<'_>) -> io::Result<()> {
    write!(
        out,
        r#""host":{},"plugin":{},"plugin_instance":{},"type":{},"type_instance":{}"#,
        JsonString(names.host),
        JsonString(names.plugin),
        JsonString(names.plugin_instance),
        JsonString(names.type_),
        JsonString(names.type_instance),
    )
}

/// Bytes as a JSON string: not UTF-8 becomes U+FFFD, and what could hide or reorder text on a
/// terminal is escaped.
struct JsonString<'a>(&'a [u8]);

impl fmt::Display for JsonString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        f.write_char('"')?;
        for c in String::from_utf8_lossy(self.0).chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                ' '..='~' => f.write_char(c)?,
                // `display_safe` is the one judge of what is safe.
                _ if display_safe(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8() => {
                    f.write_char(c)?;
                }
                _ => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(f, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_fields_are_quoted_where_they_must_be() {
        for (bytes, field) in [
            (&b"web-01"[..], "web-01"),
            (b"", ""),
            (b"a,b", "\"a,b\""),
            (b"say \"hi\"", "\"say \"\"hi\"\"\""),
            (b"a\nb", "a\\u{a}b"),
            (b"a;=1", "\"a;=1\""),
            (b"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            (b"+1,2", "\"'+1,2\""),
            (b"-x", "'-x"),
            (b"@SUM(A1)", "'@SUM(A1)"),
            ("＝1".as_bytes(), "'＝1"),
            (b"\t=1", "\\u{9}=1"),
            (b"\r=1", "\\u{d}=1"),
            (b"a=b", "a=b"),
        ] {
            assert_eq!(CsvField(bytes).to_string(), field);
        }
    }

    #[test]
    fn bytes_that_are_no_text_keep_nothing_that_a_terminal_obeys() {
        let mut out = Vec::new();
        write_line(&mut out, b"a\x9b2J \xff\x80 \xc3\x9b\xc3").unwrap();
        assert_eq!(out, b"a_2J \xff_ \xc3\x9b\xc3\n");
    }

    #[test]
    fn json_strings_read_back_and_hide_nothing() {
        for (bytes, json) in [
            (&b"web-01"[..], r#""web-01""#),
            (b"a\"b\\c", r#""a\"b\\c""#),
            (b"\x1b[2J\n\x7f", r#""\u001b[2J\u000a\u007f""#),
            ("grün\u{202e}\u{200b}".as_bytes(), "\"grün\\u202e\\u200b\""),
            ("🐮\u{e0041}".as_bytes(), "\"🐮\\udb40\\udc41\""),
            (b"h\xff", "\"h\u{fffd}\""),
        ] {
            assert_eq!(JsonString(bytes).to_string(), json);
            let back: String = serde_json::from_str(json).unwrap();
            assert_eq!(back, String::from_utf8_lossy(bytes));
        }
    }
}
