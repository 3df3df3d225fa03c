//! Writes the first corpora into `tests/fuzz/corpus`.

#[allow(dead_code, clippy::unwrap_used)]
#[path = "../../support/corpus.rs"]
mod corpus;

use std::path::Path;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = here.join("../data");
    for (target, seeds) in [
        ("datagram", corpus::datagrams(&data)),
        ("auth_file", corpus::auth_files(&data)),
        ("capture", corpus::captures(&data)),
        ("types_db", corpus::types_dbs(&data)),
        ("text_line", corpus::text_lines()),
    ] {
        let folder = here.join("corpus").join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, bytes) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), bytes).unwrap();
        }
    }
}
