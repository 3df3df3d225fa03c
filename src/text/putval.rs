//! `PUTVAL identifier [option=value ...] time:value[:value ...] ...`

use super::fields::{Field, Fields};
use super::number;
use super::problem::{LineError, Problem, shown};
use super::{Context, PutVal, TimedValues};
use crate::metric::{Interval, Names, Value};
use crate::typesdb::DataSet;
use crate::wire::NAME_MAX_BYTES;

/// Reads the identifier and all else behind `at` in `line`.
pub(super) fn parse<'a>(
    line: &'a [u8],
    at: usize,
    context: &Context<'a>,
) -> Result<PutVal<'a>, LineError> {
    let mut fields = Fields { line, at };
    let no_identifier = LineError::new(line.len(), Problem::NoIdentifier);
    let identifier = fields.next().ok_or(no_identifier)??;
    let names = check_identifier(line, &identifier, context.host)?;
    let type_name = std::str::from_utf8(names.type_).unwrap_or_default();
    let set = context.types.get(type_name).ok_or_else(|| {
        if identifier.text.starts_with(b"'") {
            return LineError::new(identifier.raw.start, Problem::SingleQuotes);
        }
        let type_at = offset_in(&identifier.text, names.type_);
        let problem = Problem::UnknownType(shown(names.type_));
        LineError::new(identifier.offset(line, type_at), problem)
    })?;
    let (mut interval, mut lists) = (context.interval, Vec::new());
    for field in fields {
        let field = field?;
        match option(&field.text) {
            Some((key, value)) => {
                if key.eq_ignore_ascii_case(b"interval") {
                    interval = read_interval(line, &field, value)?.unwrap_or(context.interval);
                } else if !key.get(..5).is_some_and(|key| key.eq_ignore_ascii_case(b"meta:")) {
                    let problem = Problem::UnknownOption(shown(key));
                    return Err(LineError::new(field.raw.start, problem));
                }
            }
            None => lists.push(list(line, &field, type_name, set, interval, context)?),
        }
    }
    if lists.is_empty() {
        return Err(LineError::new(line.len(), Problem::NoValues));
    }
    Ok(PutVal { identifier: identifier.text, default_host: context.host, lists })
}

/// Host, plugin and type at the first two slashes, instances at the first `-`; none with fewer
/// slashes. The type instance may hold more of either.
pub(super) fn split_identifier(identifier: &[u8]) -> Option<Names<'_>> {
    let (host, rest) = split_once(identifier, b'/')?;
    let (plugin, type_) = split_once(rest, b'/')?;
    let (plugin, plugin_instance) = split_once(plugin, b'-').unwrap_or((plugin, b""));
    let (type_, type_instance) = split_once(type_, b'-').unwrap_or((type_, b""));
    Some(Names { host, plugin, plugin_instance, type_, type_instance })
}

fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn check_identifier<'f>(
    line: &[u8],
    field: &'f Field<'_>,
    default_host: &[u8],
) -> Result<Names<'f>, LineError> {
    let Some(names) = split_identifier(&field.text) else {
        let is_cut = line.get(field.raw.end..).is_some_and(|rest| rest.contains(&b'/'));
        let problem = match field.text.first() {
            Some(b'\'') => Problem::SingleQuotes,
            _ if is_cut => Problem::Blanks(shown(&field.text)),
            _ => Problem::Identifier(shown(&field.text)),
        };
        return Err(LineError::new(field.raw.start, problem));
    };
    let Names { host, plugin, plugin_instance, type_, type_instance } = names;
    for (field_name, name, may_be_empty) in [
        ("host", host, !default_host.is_empty()),
        ("plugin", plugin, false),
        ("plugin instance", plugin_instance, true),
        ("type", type_, false),
        ("type instance", type_instance, true),
    ] {
        let at = |index| field.offset(line, offset_in(&field.text, name) + index);
        if name.is_empty() && !may_be_empty {
            return Err(LineError::new(at(0), Problem::NoName(field_name)));
        }
        check_name(name, field_name)
            .map_err(|(index, problem)| LineError::new(at(index), problem))?;
    }
    Ok(names)
}

/// The place in `name` and the reason why it cannot be sent.
pub(super) fn check_name(name: &[u8], field: &'static str) -> Result<(), (usize, Problem)> {
    if let Some(at) = name.iter().position(|&byte| byte == 0) {
        return Err((at, Problem::Nul(field)));
    }
    if name.len() > NAME_MAX_BYTES {
        return Err((0, Problem::NameTooLong { field, bytes: name.len() }));
    }
    Ok(())
}

/// Offset of `part` in `whole`, of which it is a piece.
fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr())
}

/// Key and value of an option.
fn option(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, value) = split_once(field, b'=')?;
    let is_key = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    (!key.is_empty() && key.iter().all(is_key)).then_some((key, value))
}

/// The interval of an option; none if it is empty or zero, which the daemon ignores:
/// `interval=$INTERVAL` where the variable is not set.
fn read_interval(
    line: &[u8],
    field: &Field<'_>,
    value: &[u8],
) -> Result<Option<Interval>, LineError> {
    if value.is_empty() {
        return Ok(None);
    }
    match number::interval(value) {
        Some(interval) => Ok(Some(interval).filter(|interval| !interval.is_zero())),
        None => {
            let at = field.offset(line, field.text.len() - value.len());
            Err(LineError::new(at, Problem::Interval(shown(value))))
        }
    }
}

fn list(
    line: &[u8],
    field: &Field<'_>,
    type_name: &str,
    set: &DataSet,
    interval: Interval,
    context: &Context<'_>,
) -> Result<TimedValues, LineError> {
    // Empty words do not count, as to the daemon (`strtok`).
    let mut words = field.text.split(|&byte| byte == b':').filter(|word| !word.is_empty());
    let at = |word: &[u8]| field.offset(line, offset_in(&field.text, word));
    let word = words.next().unwrap_or_default();
    let time = match word {
        b"N" => Some(context.now),
        _ => number::time(word),
    };
    let time = time.ok_or_else(|| {
        let offset_bytes = if word.is_empty() { field.raw.start } else { at(word) };
        let is_first = line.get(..field.raw.start).is_some_and(|before| !before.contains(&b':'));
        let is_name = is_first && !field.text.is_empty() && !field.text.contains(&b':');
        let problem = if is_name { Problem::Rest(shown(word)) } else { Problem::Time(shown(word)) };
        LineError::new(offset_bytes, problem)
    })?;
    let words: Vec<&[u8]> = words.collect();
    if words.len() != set.sources.len() {
        let problem = value_count(words.len(), type_name, set);
        return Err(LineError::new(field.raw.start, problem));
    }
    let mut values = Vec::with_capacity(words.len());
    for (word, source) in words.into_iter().zip(&set.sources) {
        let value: Value = number::value(word, source.ds_type).ok_or_else(|| {
            let source_name = source.name.clone();
            let problem =
                Problem::Value { word: shown(word), source_name, ds_type: source.ds_type };
            LineError::new(at(word), problem)
        })?;
        values.push(value);
    }
    Ok(TimedValues { time, interval, values })
}

/// Data sources of a type that are named in a message.
const SOURCES_SHOWN_MAX: usize = 8;

fn value_count(count: usize, type_name: &str, set: &DataSet) -> Problem {
    let names: Vec<&str> =
        set.sources.iter().take(SOURCES_SHOWN_MAX).map(|source| &*source.name).collect();
    let more = if set.sources.len() > names.len() { ", …" } else { "" };
    let sources = format!("{}: {}{more}", set.sources.len(), names.join(", ")).into();
    Problem::ValueCount { count, type_: type_name.into(), sources }
}
