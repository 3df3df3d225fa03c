//! Sources: where batches come from, and the way they leave the source's thread.
//!
//! A source owns one named thread, ends promptly when dropped, and hands its batches to an
//! [`Outlet`], which never blocks it.

mod bind;
pub mod capture;
pub mod interfaces;
mod kernel;
mod listen;
pub mod local;
pub mod outlet;
pub mod receiver;
mod report;
pub mod udp;

pub use outlet::{Intake, Outlet};
