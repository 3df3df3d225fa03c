//! Times that are not what the file says, and packets out of order.

use super::*;

/// A capture of microseconds, as its magic says, whose records have these seconds and fractions.
fn at(times: &[(u32, u32)], order: fn(u32) -> [u8; 4], magic: u32) -> Vec<u8> {
    let packet = udp_packet(PORT_DEFAULT, PAYLOAD);
    let mut file = pcap_of(magic, order, 101, &[]);
    let length = u32::try_from(packet.len()).unwrap();
    for (secs, fraction) in times {
        file.extend([SECS + secs, *fraction, length, length].map(order).concat());
        if magic == MODIFIED_MAGIC {
            file.extend([0; 8]);
        }
        file.extend(&packet);
    }
    file
}

const MODIFIED_MAGIC: u32 = 0xa1b2_cd34;

fn arrivals(found: &Found) -> Vec<&str> {
    found.datagrams.iter().map(|(_, arrival, _)| arrival.as_str()).collect()
}

#[test]
fn the_modified_format_is_read_in_both_byte_orders() {
    for order in [u32::to_le_bytes, u32::to_be_bytes] {
        let found = read(at(&[(0, 250_000), (1, 0), (2, 999_999)], order, MODIFIED_MAGIC));
        assert!(found.end.is_ok(), "{found:?}");
        assert_eq!(arrivals(&found), ["1795426812.25", "1795426813", "1795426814.999999"]);
        assert!(found.payloads().iter().all(|payload| *payload == PAYLOAD));
    }
}

#[test]
fn a_modified_capture_cut_anywhere_says_so() {
    let file = at(&[(0, 1), (1, 2)], u32::to_be_bytes, MODIFIED_MAGIC);
    let record = (file.len() - 24) / 2;
    check_cuts(&file, 24, &[24, 24 + record, 24 + 2 * record]);
}

#[test]
fn nanoseconds_under_the_magic_of_microseconds_are_taken_as_such_from_the_first_packet_on() {
    for order in [u32::to_le_bytes, u32::to_be_bytes] {
        for magic in [MICRO_MAGIC, MODIFIED_MAGIC] {
            // The first alone could be either.
            let found = read(at(&[(0, 500_000), (1, 999_999_999), (2, 250_000_000)], order, magic));
            assert_eq!(
                arrivals(&found),
                ["1795426812.0005", "1795426813.999999999", "1795426814.25"]
            );
            assert_eq!(
                found.counts.about_times(),
                ["its times are nanoseconds though its header says microseconds: read as such"]
            );
        }
    }
    let found = read(at(&[(0, 999_999), (1, 0)], u32::to_le_bytes, MICRO_MAGIC));
    assert_eq!(arrivals(&found), ["1795426812.999999", "1795426813"]);
    assert_eq!(found.counts.about_times(), [""; 0]);
}

#[test]
fn packets_out_of_order_are_noticed_and_appended_captures_are_not() {
    let line = |times: &[u32]| {
        let times: Vec<_> = times.iter().map(|secs| (*secs, 0)).collect();
        read(at(&times, u32::to_le_bytes, MICRO_MAGIC)).counts.about_times().concat()
    };
    let says = |count, by| {
        format!(
            "packets are out of order: {count} times one is older than the one before, by up to \
             {by} s; to sort them: reordercap IN OUT"
        )
    };
    assert_eq!(line(&[0, 1, 1, 2]), "");
    assert_eq!(line(&[600, 601, 0, 1, 2, 0, 1]), "");
    assert_eq!(line(&[5, 0, 1, 9, 8, 6]), says(3, 5));
    assert_eq!(line(&[600, 0, 300, 200, 500, 100, 400, 399]), says(4, 600));
    let near: Vec<_> = (0..20).map(|n| (1 - n % 2, 999_000 * (n % 2))).collect();
    assert_eq!(read(at(&near, u32::to_le_bytes, MICRO_MAGIC)).counts.falls, 0);
}
