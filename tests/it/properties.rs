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
        let result = std::panic::catch_unwind(|| property(&bytes));
        assert!(result.is_ok(), "seed {seed}: {bytes:02x?}");
    }
}

#[test]
fn any_datagram_is_read_whole_or_with_a_fault() {
    check_all(&corpus::datagrams(&data("")), ROUNDS, properties::datagram);
}

#[test]
fn what_was_learnt_of_a_sender_changes_nothing() {
    let corpus = corpus::datagrams(&data(""));
    let real: Vec<Vec<u8>> = crate::support::datagrams(&data("plain.pcap"));
    let all: Vec<&[u8]> = real.iter().map(Vec::as_slice).collect();
    properties::stream(&all);
    for seed in 0..ROUNDS / 4 {
        let mut rng = Rng::new(seed);
        let start = rng.below(real.len() - 6);
        let some = &real[start..start + 6];
        let mut stream: Vec<Vec<u8>> = Vec::new();
        for bytes in some {
            stream.push(bytes.clone());
            stream.push(damaged(some, &mut rng));
            stream.push(damaged(&corpus, &mut rng));
        }
        let stream: Vec<&[u8]> = stream.iter().map(Vec::as_slice).collect();
        let result = std::panic::catch_unwind(|| properties::stream(&stream));
        assert!(result.is_ok(), "seed {seed}");
    }
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
fn a_line_of_text_is_read_whatever_is_in_it() {
    check_all(&corpus::text_lines(), ROUNDS, properties::text_line);
}

#[test]
fn any_names_are_shown_safely() {
    for name in ["\u{1b}[2J", "a\nb", "\u{202e}", "größe", ""] {
        properties::shown([name, "p", name, "t", name]);
    }
}
