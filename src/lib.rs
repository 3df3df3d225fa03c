//! collectoscope: an oscilloscope for infrastructure.
//!
//! The floors of the house. A floor imports only floors below it; everything up to and including
//! [`session`] is pure: no socket, file, thread, clock or screen, and `now` is always a parameter.
//!
//! | floor | modules | what it holds |
//! | --- | --- | --- |
//! | 6 glue | `app`, [`cli`], `main.rs` | owns, wires, starts; performs effects |
//! | 5 edges | [`source`], [`send`], [`read`], [`config`], [`layouts`], [`pool`], `ui` | world |
//! | 4 program | [`session`] | the whole program without its window |
//! | 3 intent | [`view`] | what the user wants to see, as numbers |
//! | 2 memory | [`ingest`], [`store`], [`reception`] | what we know |
//! | 1 bytes | [`wire`], [`text`] | collectd's binary and its plain text protocol, both ways |
//! | 0 words | [`metric`], [`typesdb`], [`rate`] | collectd's vocabulary |
//!
//! # From socket to pixels
//!
//! 1. [`source::inlet`]: datagrams are read from sockets and captures in one way, by the threads
//!    of the window ([`source::start`]), by `dump` and `record`, and by [`Reader`].
//! 2. [`wire::decode`] on the same thread: bytes to value lists that borrow from the datagram;
//!    [`ingest::Ingest`] gives each identifier a dense number and gathers a [`ingest::Batch`].
//!    Value lists that come by themselves join there ([`ingest::Ingest::list`]).
//!    Each source has a thread, a channel and a [`store::SourceId`]; the clock of a capture that is
//!    alone is the window's. A thread that fails says so, and begins anew where that is safe
//!    ([`source::running`]).
//! 3. A bounded channel carries the batches ([`source::Outlet`]): when it and its backlog are
//!    full the oldest go, every value lost is counted, and the socket never waits. Beside them
//!    goes a [`reception::Status`]: what is received or read, and what went wrong.
//! 4. `App::logic` drains the channel into the [`session::Session`], also while the window is
//!    hidden. Its [`store::Store`] places each sample by its stamp and the clock of its host
//!    ([`store::HostClock`]), so that all hosts stand on one time and no clock keeps a value out.
//! 5. [`view::View`] holds every choice of the user, tab by tab in its
//!    [`view::workspace::Workspace`], and changes only by [`session::Session::apply`]. Series are
//!    chosen by words ([`view::selector::Selector`]) or by their lasting names
//!    ([`metric::SeriesKey`]); a panel is a [`view::layout::Rule`] in a tile of a
//!    [`view::layout::Layout`], and a tab can also be a table of all hosts ([`view::fleet`]). A
//!    workspace before each change is kept to be brought back ([`view::history`]), and one is
//!    written and read as TOML ([`view::layout_file`]).
//! 6. [`session::Session::tick`] makes what follows from data, choices and time:
//!    [`session::Derived`], and the effects that the outside is to perform.
//! 7. [`store::Store::trace`] answers with at most two points per pixel column, gaps kept.
//! 8. `ui` draws a [`session::Screen`] - texts, numbers and tones, decided below - and returns
//!    actions; `app` hands them to the session.

pub mod cli;
pub mod config;
mod files;
pub mod ingest;
pub mod layouts;
pub mod metric;
pub mod pool;
pub mod rate;
pub mod read;
pub mod reception;
pub mod send;
pub mod session;
pub mod source;
pub mod store;
pub mod text;
pub mod typesdb;
pub mod view;
pub mod wire;

pub use read::{Item, Reader};

#[cfg(feature = "window")]
pub mod app;
#[cfg(feature = "window")]
pub mod ui;
