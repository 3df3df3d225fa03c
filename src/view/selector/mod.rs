//! Selectors: words that choose series, wherever series are chosen.
//!
//! All words must match, and case does not matter:
//!
//! - `eth`: holds it in `host/plugin-instance/type-instance`, or in the name of the data source;
//! - `w*octets`: the same with any characters for `*` and any one for `?`;
//! - `/^web-\d+\//`: the same by a regular expression, in which `\/` is a slash;
//! - `host:web-1`: this name exactly, or one like it where there is a `*`, a `?` or a regular
//!   expression, or one of several: `host:web-1|web-2`; see [`Field`];
//! - `instance:""`: an instance that is empty;
//! - `"two words"`: what is in quotes as it is, in which `\"` and `\\` are a quote and a backslash;
//! - `>90`, `<=5Gi`, `>=80%`: the newest value as it is shown, in its unit;
//! - `unit:%`: the unit in which it is shown;
//! - `stale`: nothing received for more than five intervals;
//! - `new`: came in the last ten minutes, and not in the first minute of reception;
//! - `-word`: all that `word` does not match.
//!
//! Every text is a selector: a word that cannot be read is left out and is a [`Mistake`]. What
//! looks at names only is pure text; the rest, the state, is read with [`Latest`].
//!
//! On a tree most words are decided by a host or a plugin for all that is below (`Sieve`), and
//! the others once for each type and instance that there is (`Texts`).
//!
//! [`Latest`]: super::latest::Latest

mod alternatives;
mod field;
mod mistake;
mod names;
mod parse;
mod pattern;
mod select;
mod sieve;
mod spelled;
mod state;
mod texts;

pub use field::Field;
pub use mistake::Mistake;
pub use names::{Ds, Subject};
pub use select::Selector;
pub(super) use sieve::Sieve;
pub(super) use texts::Texts;
