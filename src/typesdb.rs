//! types.db: which data sources a type has, with their names, DS types and bounds.
//!
//! Datagrams carry no data source names; they come from here, in order. A bad line is
//! reported and skipped, the lines around it stay. Knows nothing of files: it parses bytes.
//!
//! Source of the format: collectd's `types.db(5)` and `src/daemon/types_list.c`.

use crate::metric::{BYTE_ORDER_MARK, DsType, c_float};
use std::collections::HashMap;

/// The data sets by type name.
#[derive(Clone, Debug, Default)]
pub struct TypesDb {
    types: HashMap<Box<str>, DataSet>,
}

/// The data sources of a type, in the order of the values in a datagram; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// One per value.
    pub sources: Box<[DataSource]>,
}

/// A data source: one number of a value list.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSource {
    /// Name, such as `rx`.
    pub name: Box<str>,
    /// DS type; if that of a datagram differs, the datagram's counts.
    pub ds_type: DsType,
    /// Least value that makes sense, of the rate where there is one; `None` is unbounded.
    pub min: Option<f64>,
    /// Greatest value that makes sense, of the rate where there is one; `None` is unbounded.
    pub max: Option<f64>,
}

impl TypesDb {
    /// The data set of `type_name`, if it is known.
    pub fn get(&self, type_name: &str) -> Option<&DataSet> {
        self.types.get(type_name)
    }

    /// Number of types.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there is no type.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }
}

/// Our own table, as of collectd 5.12.
const BUILT_IN: &str = include_str!("../assets/types.db");

/// Longest line read, as in collectd: a 4,096-byte buffer with newline and NUL.
pub const LINE_MAX_BYTES: usize = 4_094;
/// Most data sources of a type: collectd splits a line into 64 fields, one of them the name.
pub const DATA_SOURCES_MAX: usize = 63;

/// A line that was skipped, and why. Its `Display` is a message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypesDbFault {
    /// Line number, from 1.
    pub line: usize,
    /// Reason why it was skipped.
    pub problem: TypesDbProblem,
    /// File it stands in.
    pub file: Box<str>,
}

/// Reason why a line is skipped. Fields are quoted as they stand, cut to a readable length.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypesDbProblem {
    /// Longer than [`LINE_MAX_BYTES`].
    LineTooLong(usize),
    /// Not UTF-8.
    NotText,
    /// A type without a data source.
    NoDataSource(Box<str>),
    /// More than [`DATA_SOURCES_MAX`].
    TooManyDataSources(usize),
    /// Not four parts.
    NotFourParts(Box<str>),
    /// Empty name of a data source.
    NoName(Box<str>),
    /// None of the four DS types.
    UnknownDsType(Box<str>),
    /// Neither a number nor `U`.
    BadBound(Box<str>),
}

impl std::fmt::Display for TypesDbFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "typesdb line {}: ", self.line)?;
        match &self.problem {
            TypesDbProblem::LineTooLong(bytes) => {
                write!(f, "{bytes} bytes, at most {LINE_MAX_BYTES} are read")?;
            }
            TypesDbProblem::NotText => write!(f, "not UTF-8 text")?,
            TypesDbProblem::NoDataSource(name) => {
                write!(f, "type {name:?} has no data source (name:TYPE:min:max)")?;
            }
            TypesDbProblem::TooManyDataSources(count) => {
                write!(f, "{count} data sources, at most {DATA_SOURCES_MAX} are allowed")?;
            }
            TypesDbProblem::NotFourParts(field) if field.starts_with('#') => {
                write!(f, "a comment must stand on a line of its own")?;
            }
            TypesDbProblem::NotFourParts(field) => match field.matches(':').count() {
                0..=2 => write!(f, "{field:?} needs min and max (name:TYPE:min:max)")?,
                _ => write!(f, "{field:?} has more than name:TYPE:min:max (blank missing?)")?,
            },
            TypesDbProblem::NoName(field) => {
                write!(f, "{field:?} needs a name (name:TYPE:min:max)")?;
            }
            TypesDbProblem::UnknownDsType(field) => {
                write!(f, "{field:?} is none of GAUGE, DERIVE, COUNTER, ABSOLUTE")?;
            }
            TypesDbProblem::BadBound(field) => {
                write!(f, "{field:?} has a bound that is neither a number nor U")?;
            }
        }
        write!(f, ", line ignored, in {}", self.file)
    }
}

impl TypesDb {
    /// Our own table: every type collectd 5.12 knows.
    pub fn built_in() -> Self {
        let (types, faults) = Self::parse(BUILT_IN.as_bytes(), "the built-in table");
        debug_assert!(faults.is_empty(), "assets/types.db: {faults:?}");
        types
    }

    /// Reads a types.db. A later line overrides an earlier one of the same type.
    pub fn parse(text: &[u8], file: &str) -> (Self, Vec<TypesDbFault>) {
        let (mut types, mut faults) = (Self::default(), Vec::new());
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
            match parse_line(line) {
                Ok(None) => {}
                Ok(Some((name, set))) => drop(types.types.insert(name, set)),
                Err(problem) => {
                    faults.push(TypesDbFault { line: number, problem, file: file.into() });
                }
            }
        }
        (types, faults)
    }

    /// Adds all of `later`; its entries win.
    pub fn merge(&mut self, later: Self) {
        self.types.extend(later.types);
    }
}

/// A line's type and data set; none for comments and blank lines.
fn parse_line(line: &[u8]) -> Result<Option<(Box<str>, DataSet)>, TypesDbProblem> {
    // As the daemon, which looks at the first character of the first word (`parse_line`).
    if line.trim_ascii_start().first() == Some(&b'#') {
        return Ok(None);
    }
    if line.len() > LINE_MAX_BYTES {
        return Err(TypesDbProblem::LineTooLong(line.len()));
    }
    let line = std::str::from_utf8(line).map_err(|_| TypesDbProblem::NotText)?;
    let mut fields = line.split([' ', '\t', '\r']).filter(|field| !field.is_empty());
    let Some(name) = fields.next() else {
        return Ok(None);
    };
    let count = fields.clone().count();
    if count > DATA_SOURCES_MAX {
        return Err(TypesDbProblem::TooManyDataSources(count));
    }
    let sources = fields.map(parse_data_source).collect::<Result<Box<[_]>, _>>()?;
    if sources.is_empty() {
        return Err(TypesDbProblem::NoDataSource(quoted(name)));
    }
    Ok(Some((name.into(), DataSet { sources })))
}

fn parse_data_source(field: &str) -> Result<DataSource, TypesDbProblem> {
    let field = field.strip_suffix(',').unwrap_or(field);
    let parts: Vec<&str> = field.split(':').collect();
    let [name, kind, min, max] = parts.as_slice() else {
        return Err(TypesDbProblem::NotFourParts(quoted(field)));
    };
    if name.is_empty() {
        return Err(TypesDbProblem::NoName(quoted(field)));
    }
    let ds_type = match kind.to_ascii_uppercase().as_str() {
        "GAUGE" => DsType::Gauge,
        "DERIVE" => DsType::Derive,
        "COUNTER" => DsType::Counter,
        "ABSOLUTE" => DsType::Absolute,
        _ => return Err(TypesDbProblem::UnknownDsType(quoted(field))),
    };
    let bound =
        |text: &str| parse_bound(text).ok_or_else(|| TypesDbProblem::BadBound(quoted(field)));
    Ok(DataSource { name: (*name).into(), ds_type, min: bound(min)?, max: bound(max)? })
}

/// `Some(None)` is unbounded, `None` is neither a number nor `U`.
fn parse_bound(text: &str) -> Option<Option<f64>> {
    if text.eq_ignore_ascii_case("u") {
        return Some(None);
    }
    // `atof` in the daemon.
    let number = c_float(text)?;
    // An infinite bound bounds nothing; NaN would compare false with everything.
    (!number.is_nan()).then_some(number.is_finite().then_some(number))
}

/// The first 40 characters: enough to find the place.
fn quoted(text: &str) -> Box<str> {
    text.chars().take(40).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(line: &str) -> Vec<(String, DsType, Option<f64>, Option<f64>)> {
        let (types, faults) = TypesDb::parse(line.as_bytes(), "test");
        assert_eq!(faults, []);
        let (_, set) = types.types.into_iter().next().unwrap();
        let tuple = |s: DataSource| (s.name.into_string(), s.ds_type, s.min, s.max);
        set.sources.into_iter().map(tuple).collect()
    }

    #[track_caller]
    fn check_fault(text: &[u8], expected: &str) {
        let (types, faults) = TypesDb::parse(text, "/etc/types.db");
        assert!(types.is_empty());
        assert_eq!(faults.first().unwrap().to_string(), expected);
    }

    #[test]
    fn every_separator_of_the_field_is_read_alike() {
        let expected = sources("if_octets rx:DERIVE:0:U, tx:DERIVE:0:U");
        assert_eq!(expected.len(), 2);
        for line in [
            "ib_octets\t\trx:DERIVE:0:U tx:DERIVE:0:U",
            "a  rx:derive:0:u,\ttx:Derive:0:U,",
            "a rx:DERIVE:0:U, tx:DERIVE:0:U\r",
        ] {
            assert_eq!(sources(line), expected, "{line}");
        }
    }

    #[test]
    fn bounds_are_numbers_or_u() {
        let [a, b, c] =
            sources("t a:GAUGE:-1.5:1e3 b:COUNTER:U:U c:ABSOLUTE:0:4294967295").try_into().unwrap();
        assert_eq!((a.2, a.3), (Some(-1.5), Some(1000.0)));
        assert_eq!((b.1, b.2, b.3), (DsType::Counter, None, None));
        assert_eq!((c.1, c.3), (DsType::Absolute, Some(4_294_967_295.0)));
    }

    #[test]
    fn a_bad_line_is_reported_with_its_number_and_reason() {
        let rows: [(&[u8], &str); 8] = [
            (b"\n\nt GAUGE:0", "3: \"GAUGE:0\" needs min and max (name:TYPE:min:max)"),
            (b"t", "1: type \"t\" has no data source (name:TYPE:min:max)"),
            (b"t :GAUGE:0:U", "1: \":GAUGE:0:U\" needs a name (name:TYPE:min:max)"),
            (
                b"t a:GAUGE:0:U,b:GAUGE:0:U",
                "1: \"a:GAUGE:0:U,b:GAUGE:0:U\" has more than name:TYPE:min:max (blank missing?)",
            ),
            (b"t v:SPEED:0:U", "1: \"v:SPEED:0:U\" is none of GAUGE, DERIVE, COUNTER, ABSOLUTE"),
            (b"t v:GAUGE:x:U", "1: \"v:GAUGE:x:U\" has a bound that is neither a number nor U"),
            (b"t v:GAUGE:NaN:U", "1: \"v:GAUGE:NaN:U\" has a bound that is neither a number nor U"),
            (b"t \xff:GAUGE:0:U", "1: not UTF-8 text"),
        ];
        for (text, reason) in rows {
            check_fault(text, &format!("typesdb line {reason}, line ignored, in /etc/types.db"));
        }
    }

    #[test]
    fn lines_and_fields_past_collectds_limits_are_left_out() {
        let long = format!("t v:GAUGE:0:U{}", " ".repeat(LINE_MAX_BYTES));
        check_fault(
            long.as_bytes(),
            "typesdb line 1: 4107 bytes, at most 4094 are read, line ignored, in /etc/types.db",
        );
        let wide = format!("t{}", " v:GAUGE:0:U".repeat(DATA_SOURCES_MAX + 1));
        check_fault(
            wide.as_bytes(),
            "typesdb line 1: 64 data sources, at most 63 are allowed, line ignored, \
             in /etc/types.db",
        );
        assert_eq!(
            sources(&format!("t{}", " v:GAUGE:0:U".repeat(DATA_SOURCES_MAX))).len(),
            DATA_SOURCES_MAX
        );
    }

    #[test]
    fn comments_may_be_indented_and_stand_on_lines_of_their_own() {
        let text = b"   # indented\n\t# x v:GAUGE:0:U\n#\n \t #a\nmine v:GAUGE:0:U\n";
        let (types, faults) = TypesDb::parse(text, "test");
        assert_eq!((types.len(), faults), (1, Vec::new()));
        // The daemon drops such a line too.
        check_fault(
            b"mine v:GAUGE:0:U # behind it",
            "typesdb line 1: a comment must stand on a line of its own, line ignored, \
             in /etc/types.db",
        );
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        for text in [&b"\xef\xbb\xbfmine v:GAUGE:0:U"[..], b"\xef\xbb\xbf# x\nmine v:GAUGE:0:U"] {
            let (types, faults) = TypesDb::parse(text, "test");
            assert_eq!((types.len(), faults), (1, Vec::new()));
            assert!(types.get("mine").is_some());
        }
    }

    #[test]
    fn bounds_are_read_as_in_c() {
        let [a, b] = sources("t a:GAUGE:-0x10:0xFFFFFFFF b:GAUGE:0x.8p1:+1e3").try_into().unwrap();
        assert_eq!((a.2, a.3), (Some(-16.0), Some(4_294_967_295.0)));
        assert_eq!((b.2, b.3), (Some(1.0), Some(1000.0)));
        check_fault(
            b"t v:GAUGE:0x:U",
            "typesdb line 1: \"v:GAUGE:0x:U\" has a bound that is neither a number nor U, \
             line ignored, in /etc/types.db",
        );
    }

    #[test]
    fn the_good_lines_around_a_bad_one_stay() {
        let (types, faults) = TypesDb::parse(b"a v:GAUGE:0:U\nb oops\nc v:GAUGE:0:U", "test");
        assert_eq!((types.len(), faults.len()), (2, 1));
        assert!(types.get("a").is_some() && types.get("b").is_none() && types.get("c").is_some());
    }

    #[test]
    fn later_entries_win() {
        let (mut types, _) = TypesDb::parse(b"t a:GAUGE:0:U\nt b:GAUGE:0:U", "test");
        assert_eq!(&*types.get("t").unwrap().sources[0].name, "b");
        types.merge(TypesDb::parse(b"t c:GAUGE:0:U", "test").0);
        assert_eq!(&*types.get("t").unwrap().sources[0].name, "c");
    }

    #[test]
    fn the_built_in_table_knows_the_types_of_collectd() {
        let types = TypesDb::built_in();
        assert!(types.len() >= 360, "{}", types.len());
        for (name, count) in [("cpu", 1), ("load", 3), ("if_octets", 2), ("ib_octets", 2)] {
            assert_eq!(types.get(name).map(|set| set.sources.len()), Some(count), "{name}");
        }
        assert_eq!(types.get("load").unwrap().sources[1].name.as_ref(), "midterm");
    }
}
