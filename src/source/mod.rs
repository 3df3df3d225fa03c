//! Sources: where batches come from, and the way they leave the source's thread.
//!
//! A source owns one named thread, ends promptly when dropped, and hands its batches to an
//! [`Outlet`], which never blocks it unless it asks for that.

pub mod auth;
mod bind;
pub mod capture;
pub mod clock;
pub mod inlet;
pub mod interfaces;
mod join;
mod kernel;
mod listen;
mod listener;
pub mod local;
pub mod outflow;
pub mod outlet;
mod reader;
pub mod reason;
pub mod receiver;
pub mod replay;
mod report;
pub mod running;
mod spec;
mod status;
pub mod udp;

pub use outlet::{Intake, Outlet};
pub use running::Running;
pub use spec::{ParseSourceError, SourceSpec, SourceUrl, Started, start};
