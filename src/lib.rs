//! collectoscope: an oscilloscope for infrastructure.
//!
//! The floors of the house. A floor imports only floors below it; everything up to and including
//! [`view`] is pure: no socket, file, thread, clock or screen, and `now` is always a parameter.
//!
//! | floor | modules | what it holds |
//! | --- | --- | --- |
//! | 5 glue | `app`, [`cli`], `main.rs` | owns, wires, starts |
//! | 4 edges | [`source`], [`send`], [`config`], `files`, `ui` | the world; the screen; apart |
//! | 3 intent | [`view`] | what the user wants to see |
//! | 2 memory | [`ingest`], [`store`] | what we know |
//! | 1 bytes | [`wire`], [`text`] | collectd's binary and its plain text protocol, both ways |
//! | 0 words | [`metric`], [`typesdb`], [`rate`] | collectd's vocabulary |
//!
//! # From socket to pixels
//!
//! 1. [`source::udp`]: one thread reads datagrams from every socket and stamps their arrival.
//! 2. [`wire::decode`] on the same thread: bytes to value lists that borrow from the datagram;
//!    [`ingest::Ingest`] gives each identifier a dense number and gathers a [`ingest::Batch`].
//!    Value lists that come by themselves join there ([`ingest::Ingest::list`]).
//!    [`source::replay`] does the same with a capture, and its clock is the window's.
//! 3. A bounded channel carries the batches ([`source::Outlet`]): when it and its backlog are
//!    full the oldest go, every value lost is counted, and the socket never waits. Beside them
//!    goes a [`source::udp::Status`]: what is listened to, and what came of the AuthFile.
//! 4. `App::logic` drains the channel into [`store::Store`], also while the window is hidden. Each
//!    sample is placed by its stamp and the clock of its host ([`store::HostClock`]), so that all
//!    hosts stand on one time and no clock keeps a value out.
//! 5. [`view::View`] holds every choice of the user and changes only in `View::apply`.
//! 6. [`store::Store::trace`] answers with at most two points per pixel column, gaps kept.
//! 7. `ui` draws what it is lent and returns actions; `app` applies them.

pub mod cli;
pub mod config;
mod files;
pub mod ingest;
pub mod metric;
pub mod rate;
pub mod send;
pub mod source;
pub mod store;
pub mod text;
pub mod typesdb;
pub mod view;
pub mod wire;

#[cfg(feature = "window")]
pub mod app;
#[cfg(feature = "window")]
pub mod ui;
