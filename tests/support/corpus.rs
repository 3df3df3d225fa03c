//! Inputs that the properties are tried on first, and that fuzzing starts from.

use collectoscope::source::capture::Capture;
use std::path::Path;

/// Real datagrams and the crafted ones; `data` is the folder `tests/data`.
pub fn datagrams(data: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for name in ["plain", "notifications", "signed", "encrypted", "collectd-tg"] {
        let mut capture = Capture::open(&data.join(name).with_extension("pcap")).unwrap();
        let (mut number, mut taken) = (0, Vec::new());
        while capture
            .next(&mut |datagram| {
                if number % 10 == 0 {
                    taken.push(datagram.bytes.to_vec());
                }
                number += 1;
            })
            .unwrap()
        {}
        taken.truncate(10);
        all.append(&mut taken);
    }
    let crafted = std::fs::read_to_string(data.join("malformed.jsonl")).unwrap();
    for line in crafted.lines() {
        let (_, rest) = line.split_once("\"hex\": \"").unwrap();
        let (digits, _) = rest.split_once('"').unwrap();
        let (pairs, _) = digits.as_bytes().as_chunks::<2>();
        let byte =
            |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        all.push(pairs.iter().map(byte).collect());
    }
    all
}

/// Captures: both containers, several link types, fragments.
pub fn captures(data: &Path) -> Vec<Vec<u8>> {
    let start = |name: &str| {
        let mut file = std::fs::read(data.join(name)).unwrap();
        file.truncate(12_000);
        file
    };
    ["plain.pcap", "multicast6.pcap", "fragments.pcapng"].map(start).into()
}

/// AuthFiles, good and bad.
pub fn auth_files(data: &Path) -> Vec<Vec<u8>> {
    vec![
        std::fs::read(data.join("authfile")).unwrap(),
        b"# users\n\nalice : a:b \r\n  bob:\tx\ncarol\n:x\n".to_vec(),
        vec![b'a'; 5_000],
        Vec::new(),
    ]
}

/// Pieces of our own types.db and some bad lines.
pub fn types_dbs(data: &Path) -> Vec<Vec<u8>> {
    let table = std::fs::read(data.join("../../assets/types.db")).unwrap();
    let lines: Vec<&[u8]> = table.split(|&byte| byte == b'\n').collect();
    let mut all: Vec<Vec<u8>> = lines.chunks(8).map(|some| some.join(&b'\n')).collect();
    all.push(b"a b:GAUGE:0:U, c:derive:U:1e5,\tbad x:y\n#\n".to_vec());
    all
}

/// Lines of the plain text protocol, good and bad.
pub fn text_lines() -> Vec<Vec<u8>> {
    [
        r#"PUTVAL "h/p q/if_octets-eth0" interval=10.5 1795426812.25:1:2 meta:k=v N:3:0x4"#,
        r#"putval h/p-i/load N:1e3:U:-inf"#,
        r#"PUTVAL "a\"b\\c/p/gauge-\ü" interval= 1:1"#,
        "PUTVAL h/p/counter 1:18446744073709551615 2:010 3:-1",
        "PUTVAL /p/derive 17179869183.9999999991:-9223372036854775808",
        r#"PUTNOTIF severity=okay time=1.5 host=h type="t" s:k=v message="a \"b\" /""#,
        "PUTNOTIF message=a severity=FAILURE time=1e9",
        "# PUTVAL",
    ]
    .map(|line| line.as_bytes().to_vec())
    .into()
}
