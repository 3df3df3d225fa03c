//! Integration tests: one binary, one module per boundary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod feed;
mod malformed;
mod pipeline;
mod store;
mod trace;
mod wire;
