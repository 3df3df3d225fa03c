//! What must hold for any bytes, over the corpus and over seeded damage to it.
//!
//! The same properties are the fuzz targets of `tests/fuzz`.

use crate::support::mutate::{Rng, damaged};
use crate::support::{corpus, data, properties};

/// Damaged inputs tried for each property.
const ROUNDS: u64 = 4_000;

fn check_all(corpus: &[Vec<u8>], rounds: u64, property: fn(&[u8])) {
    assert!(corpus.len() >= 3);
    for bytes in corpus {
        property(bytes);
    }
    for seed in 0..rounds {
        let bytes = damaged(corpus, &mut Rng::new(seed));
        let told = std::panic::catch_unwind(|| property(&bytes));
        assert!(told.is_ok(), "seed {seed}: {bytes:02x?}");
    }
}

#[test]
fn any_datagram_is_read_whole_or_with_a_fault() {
    check_all(&corpus::datagrams(&data("")), ROUNDS, properties::datagram);
}

#[test]
fn any_auth_file_is_read() {
    check_all(&corpus::auth_files(&data("")), ROUNDS, properties::auth_file);
}

#[test]
fn any_capture_is_read() {
    check_all(&corpus::captures(&data("")), ROUNDS, properties::capture);
}

#[test]
fn any_types_db_is_read() {
    check_all(&corpus::types_dbs(&data("")), ROUNDS, properties::types_db);
}

#[test]
fn any_names_are_shown_safely() {
    for name in ["\u{1b}[2J", "a\nb", "\u{202e}", "größe", ""] {
        properties::shown([name, "p", name, "t", name]);
    }
}
