//! Integration tests: one binary, one module per boundary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stderr
)]

#[path = "../support/mod.rs"]
mod support;

mod auth;
mod capture;
mod cli;
mod clocks;
mod config;
mod daemon;
mod encode;
mod feed;
mod inputs;
mod interfaces;
mod malformed;
mod memory;
mod names;
mod origin;
mod overload;
mod peers;
mod pipeline;
mod properties;
mod read;
#[cfg(feature = "window")]
mod screen;
mod send;
mod sharing;
mod snapshots;
mod source;
mod store;
mod text;
mod tidy;
mod trace;
mod view;
#[cfg(feature = "window-tests")]
mod window;
mod wire;
