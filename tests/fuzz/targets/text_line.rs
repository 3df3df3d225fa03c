//! The property `text_line` of `tests/support/properties.rs`, for any bytes.

#![no_main]

#[allow(dead_code, clippy::unwrap_used)]
#[path = "../../support/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::text_line(bytes));
