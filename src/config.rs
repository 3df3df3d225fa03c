//! Files of the user: types.db.
//!
//! Reads files and says in sentences what was wrong with them; what is good is kept. The parsing
//! is done on the floors below.

use crate::typesdb::TypesDb;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Where collectd's packages put their types.db.
pub const TYPES_DB_SYSTEM: &str = "/usr/share/collectd/types.db";

/// Bytes read of one types.db. collectd's own has 17 KiB; a wrong file (a disk image, a device)
/// is given up before it fills the memory.
pub const TYPES_DB_BYTES_MAX: u64 = 4 << 20;

/// Bad lines told one by one per file; a wrong file has one in every line.
pub const TYPES_DB_FAULTS_TOLD: usize = 10;

/// Our own table, then the system's if there is one, then `paths` in order; later entries win.
/// The messages are for the user: files that cannot be read, lines that make no sense.
pub fn load_types_db(paths: &[PathBuf]) -> (TypesDb, Vec<String>) {
    let mut types = TypesDb::built_in();
    let mut messages = Vec::new();
    let system = Some(PathBuf::from(TYPES_DB_SYSTEM)).filter(|path| path.exists());
    for path in system.iter().chain(paths) {
        match read_file(path) {
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
    messages.extend(
        faults
            .iter()
            .take(TYPES_DB_FAULTS_TOLD)
            .map(ToString::to_string),
    );
    let untold = faults.len().saturating_sub(TYPES_DB_FAULTS_TOLD);
    if untold > 0 {
        let good = parsed.len();
        messages.push(format!(
            "typesdb: {untold} more lines ignored, {good} types read, in {}",
            path.display()
        ));
    }
    types.merge(parsed);
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    let mut limited = file.take(TYPES_DB_BYTES_MAX + 1);
    limited
        .read_to_end(&mut text)
        .map_err(|error| error.to_string())?;
    if text.len() as u64 > TYPES_DB_BYTES_MAX {
        return Err(format!(
            "more than {TYPES_DB_BYTES_MAX} bytes, is it a types.db?"
        ));
    }
    Ok(text)
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
    fn a_missing_file_is_told_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.db");
        let good = written(b"new v:GAUGE:0:U");
        let (types, messages) = load_types_db(&[missing.clone(), good.path().to_owned()]);
        assert_eq!(messages.len(), 1);
        assert!(messages[0].starts_with("cannot read types.db") && messages[0].contains("none.db"));
        assert!(types.get("new").is_some() && types.get("cpu").is_some());
    }

    #[test]
    fn a_file_full_of_bad_lines_is_told_in_a_few_messages() {
        let file = written(&b"bad\n".repeat(500));
        let (_, messages) = load_types_db(&[file.path().to_owned()]);
        assert_eq!(messages.len(), TYPES_DB_FAULTS_TOLD + 1);
        assert!(messages[10].starts_with("typesdb: 490 more lines ignored, 0 types read"));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read_to_its_end() {
        let file = written(&vec![b'#'; 5 << 20]);
        let (_, messages) = load_types_db(&[file.path().to_owned()]);
        assert!(
            messages[0].contains("more than 4194304 bytes"),
            "{messages:?}"
        );
    }
}
