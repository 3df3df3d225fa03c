//! `PUTNOTIF severity=... time=... message="..." [host=... ...]`
//!
//! Read by older rules than `PUTVAL`: a value is either wholly in double quotes or has none that
//! count.

use super::fields::is_blank;
use super::number;
use super::problem::{LineError, Problem, shown};
use super::{PutNotif, putval};
use crate::metric::Severity;
use std::borrow::Cow;

/// An option `NAME=VALUE`. Its value begins at `value_at` in the line.
struct Assignment<'a> {
    key_at: usize,
    key: &'a [u8],
    value_at: usize,
    value: Cow<'a, [u8]>,
}

/// A notification as far as it is read.
#[derive(Default)]
struct Draft<'a> {
    names: [Cow<'a, [u8]>; 5],
    time: Option<crate::metric::CdTime>,
    severity: Option<Severity>,
    message: Cow<'a, [u8]>,
}

/// Options that hold names, with their names in messages; in the order of [`Draft::names`].
const NAMES: [(&str, &str); 5] = [
    ("host", "host"),
    ("plugin", "plugin"),
    ("plugin_instance", "plugin instance"),
    ("type", "type"),
    ("type_instance", "type instance"),
];

/// Reads the options behind `at` in `line`.
pub(super) fn parse(line: &[u8], at: usize) -> Result<PutNotif<'_>, LineError> {
    let (mut draft, mut at) = (Draft::default(), at);
    while let Some(assignment) = next_assignment(line, &mut at)? {
        draft.set(assignment)?;
    }
    let missing = |option| LineError::new(line.len(), Problem::Missing(option));
    let [host, plugin, plugin_instance, type_, type_instance] = draft.names;
    let severity = draft.severity.ok_or_else(|| missing("severity"))?;
    let time = draft.time.ok_or_else(|| missing("time"))?;
    let message = draft.message;
    if message.is_empty() {
        return Err(missing("message"));
    }
    Ok(PutNotif { host, plugin, plugin_instance, type_, type_instance, time, severity, message })
}

impl<'a> Draft<'a> {
    fn set(&mut self, assignment: Assignment<'a>) -> Result<(), LineError> {
        let Assignment { key_at, key, value_at, value } = assignment;
        let wrong = |problem| Err(LineError::new(value_at, problem));
        if let [kind, b':', meta_key @ ..] = key {
            // Meta data are strings only, and have a name.
            if *kind != b's' || meta_key.is_empty() {
                let problem = Problem::UnknownNotificationOption(shown(key));
                return Err(LineError::new(key_at, problem));
            }
            return Ok(());
        }
        let is = |name: &str| key.eq_ignore_ascii_case(name.as_bytes());
        if is("severity") {
            let found = [Severity::Failure, Severity::Warning, Severity::Okay]
                .into_iter()
                .find(|severity| value.eq_ignore_ascii_case(severity.name().as_bytes()));
            match found {
                Some(severity) => self.severity = Some(severity),
                None => return wrong(Problem::Severity(shown(&value))),
            }
        } else if is("time") {
            match number::time(&value) {
                Some(time) => self.time = Some(time),
                None => return wrong(Problem::NotificationTime(shown(&value))),
            }
        } else if is("message") {
            if value.contains(&0) {
                return wrong(Problem::Nul("message"));
            }
            self.message = value;
        } else if let Some((place, (_, field))) =
            self.names.iter_mut().zip(NAMES).find(|(_, (option, _))| is(option))
        {
            if let Err((_, problem)) = putval::check_name(&value, field) {
                return wrong(problem);
            }
            *place = value;
        } else {
            return Err(LineError::new(key_at, Problem::UnknownNotificationOption(shown(key))));
        }
        Ok(())
    }
}

/// The option behind `at`, which moves behind it; none at the end.
fn next_assignment<'a>(
    line: &'a [u8],
    at: &mut usize,
) -> Result<Option<Assignment<'a>>, LineError> {
    let run = |from: usize, is_in: &dyn Fn(u8) -> bool| {
        let rest = line.get(from..).unwrap_or_default();
        from + rest.iter().position(|&byte| !is_in(byte)).unwrap_or(rest.len())
    };
    let key_at = run(*at, &is_blank);
    if key_at >= line.len() {
        return Ok(None);
    }
    let not_an_option = || LineError::new(key_at, Problem::NotAnOption);
    let key_end = run(key_at, &|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
    let key = line.get(key_at..key_end).unwrap_or_default();
    let value_at = key_end + 1;
    let first = line.get(value_at).copied();
    // An empty value must be written "".
    if line.get(key_end) != Some(&b'=') || key.is_empty() || first.is_none_or(is_blank) {
        return Err(not_an_option());
    }
    let value = if first == Some(b'"') {
        let (value, end) = quoted(line, value_at)?;
        *at = end;
        Cow::Owned(value)
    } else {
        *at = run(value_at, &|byte| !is_blank(byte));
        Cow::Borrowed(line.get(value_at..*at).unwrap_or_default())
    };
    Ok(Some(Assignment { key_at, key, value_at, value }))
}

/// Content of the quotes that open at `opened`, and the offset behind them.
fn quoted(line: &[u8], opened: usize) -> Result<(Vec<u8>, usize), LineError> {
    let unterminated = || LineError::new(opened, Problem::Unterminated);
    let (mut value, mut at) = (Vec::new(), opened + 1);
    loop {
        match line.get(at).ok_or_else(unterminated)? {
            b'"' => break,
            b'\\' => {
                value.push(*line.get(at + 1).ok_or_else(unterminated)?);
                at += 2;
            }
            &byte => {
                value.push(byte);
                at += 1;
            }
        }
    }
    at += 1;
    if line.get(at).is_some_and(|&byte| !is_blank(byte)) {
        return Err(LineError::new(at, Problem::NoBlankBehindQuote));
    }
    Ok((value, at))
}
