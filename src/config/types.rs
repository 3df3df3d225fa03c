//! The table of types: collectd's own, the system's, and files of the user on top.
//!
//! What is wrong in a file is reported in sentences, and what is good is kept.

use crate::files;
use crate::typesdb::TypesDb;
use std::path::{Path, PathBuf};

/// The types.db of collectd's packages.
pub const TYPES_DB_SYSTEM: &str = "/usr/share/collectd/types.db";

/// Bytes read of one types.db. collectd's own has 17 KiB; a wrong file (a disk image, a device)
/// is refused before it fills the memory.
pub const TYPES_DB_BYTES_MAX: usize = 4 << 20;

/// Bad lines reported one by one per file; a wrong file has one in every line.
pub const TYPES_DB_FAULTS_SHOWN: usize = 10;

/// Our own table, then the system's if there is one, then `paths` in order; later entries win.
/// The messages are for the user: files that cannot be read, lines that make no sense.
pub fn load_types_db(paths: &[PathBuf]) -> (TypesDb, Vec<String>) {
    let mut types = TypesDb::built_in();
    let mut messages = Vec::new();
    let system = Some(PathBuf::from(TYPES_DB_SYSTEM)).filter(|path| path.exists());
    for path in system.iter().chain(paths) {
        match files::read(path, TYPES_DB_BYTES_MAX) {
            Ok(text) => add(&mut types, &text, path, &mut messages),
            Err(reason) => messages.push(format!(
                "cannot read types.db, its types are missing: {reason}, in {}",
                path.display()
            )),
        }
    }
    (types, messages)
}

fn add(types: &mut TypesDb, text: &[u8], path: &Path, messages: &mut Vec<String>) {
    let (parsed, faults) = TypesDb::parse(text, &path.display().to_string());
    messages.extend(faults.iter().take(TYPES_DB_FAULTS_SHOWN).map(ToString::to_string));
    let more = faults.len().saturating_sub(TYPES_DB_FAULTS_SHOWN);
    if more > 0 {
        let good = parsed.len();
        messages.push(format!(
            "typesdb: {more} more lines ignored, {good} types read, in {}",
            path.display()
        ));
    }
    types.merge(parsed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_file_of_the_user_wins_over_the_tables_before_it() {
        let file = written(b"load mine:GAUGE:0:U\nnew v:GAUGE:0:U\n");
        let (types, messages) = load_types_db(&[file.path().to_owned()]);
        assert_eq!(messages, [""; 0]);
        assert_eq!(&*types.get("load").unwrap().sources[0].name, "mine");
        assert!(types.get("new").is_some() && types.get("cpu").is_some());
    }

    #[test]
    fn a_missing_file_is_reported_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.db");
        let good = written(b"new v:GAUGE:0:U");
        let (types, messages) = load_types_db(&[missing.clone(), good.path().to_owned()]);
        assert_eq!(messages.len(), 1);
        assert!(messages[0].starts_with("cannot read types.db") && messages[0].contains("none.db"));
        assert!(types.get("new").is_some() && types.get("cpu").is_some());
    }

    #[test]
    fn a_file_full_of_bad_lines_is_reported_in_a_few_messages() {
        let file = written(&b"bad\n".repeat(500));
        let (_, messages) = load_types_db(&[file.path().to_owned()]);
        assert_eq!(messages.len(), TYPES_DB_FAULTS_SHOWN + 1);
        assert!(messages[10].starts_with("typesdb: 490 more lines ignored, 0 types read"));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read_to_its_end() {
        let file = written(&vec![b'#'; 5 << 20]);
        let (_, messages) = load_types_db(&[file.path().to_owned()]);
        assert!(messages[0].contains("more than 4194304 bytes"), "{messages:?}");
    }

    #[test]
    fn a_pipe_or_a_device_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("types.db");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [pipe, "/dev/zero".into()] {
            let (_, messages) = load_types_db(&[path]);
            assert!(messages[0].contains("it is not a regular file but a "), "{messages:?}");
        }
    }
}
