//! The words of collectd: times, identifiers, values.
//!
//! Plain data that every other floor speaks in. Knows nothing of bytes on the wire, of files or
//! of screens.

mod count;
mod identifier;
mod order;
mod series_key;
mod time;
mod value;

pub use count::{counted, plural};
pub use identifier::{Identifier, Names, display_safe, json_safe, with_instance};
pub use order::natural_cmp;
pub use series_key::SeriesKey;
pub use time::{CLOCK_SLACK, CdTime, Interval, Span};
pub use value::{BYTE_ORDER_MARK, DsType, Notification, Severity, Value, ValueList, c_float};
