//! File of the configuration: found, read whole within a bound, and never written.

use super::keys::{Config, Place};
use super::read::{FAULTS_MAX, Read, closed, read};
use crate::files::{self, FileError};
use etcetera::BaseStrategy as _;
use std::path::{Path, PathBuf};

/// Bytes read of a configuration; the example with every key has 3 KiB.
pub(super) const BYTES_MAX: usize = 1 << 20;

/// A configuration that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub read: Read,
}

impl ConfigFile {
    /// The user's, `collectoscope/config.toml` in the configuration folder; none where there is no
    /// such file. Of one that cannot be read nobody knows what was to be accepted: nothing from the
    /// network is, and a sentence says so.
    pub fn of_user() -> Option<(Self, Option<String>)> {
        // Where no home is known the settings say so.
        let folders = etcetera::choose_base_strategy().ok()?;
        let path = folders.config_dir().join("collectoscope/config.toml");
        match text_of(&path) {
            Ok(text) => Some((Self::of_text(path, &text), None)),
            Err(Trouble::File(FileError::Missing)) => None,
            Err(trouble) => {
                let message = format!(
                    "cannot read the configuration: {trouble}, in {}; until that is mended only \
                     127.0.0.1 is listened on",
                    path.display()
                );
                let config = Config { listen: closed().listen, ..Config::default() };
                let read = Read { config, ..Read::default() };
                Some((Self { path, read }, Some(message)))
            }
        }
    }

    /// The one at `path`; the error is a sentence.
    pub fn open(path: &Path) -> Result<Self, String> {
        let text = text_of(path).map_err(|trouble| {
            format!("cannot read the configuration: {trouble}, in {}", path.display())
        })?;
        Ok(Self::of_text(path.to_owned(), &text))
    }

    /// The one at `path`, which holds `text`.
    pub fn of_text(path: PathBuf, text: &str) -> Self {
        // What is said of a path must hold wherever the program goes.
        let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        let folder = absolute.parent().map(Path::to_owned).unwrap_or_default();
        let home = etcetera::home_dir().ok();
        let read = read(text, &Place { folder, home });
        Self { path, read }
    }

    /// Sentences about what cannot be used.
    pub fn messages(&self) -> Vec<String> {
        let faults = &self.read.faults;
        let shown = faults.iter().take(FAULTS_MAX);
        let mut messages: Vec<_> = shown.map(|fault| fault.sentence(&self.path)).collect();
        let more = faults.len().saturating_sub(FAULTS_MAX);
        if more > 0 {
            messages.push(format!("and {more} more mistakes in {}", self.path.display()));
        }
        messages
    }
}

/// Why a file has no text.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    File(#[from] FileError),
    /// With the line of the first byte that is not.
    #[error("it is not UTF-8 text from line {0} on, is it the right file?")]
    NotText(usize),
}

/// The text of a regular file that is not too large.
pub(super) fn text_of(path: &Path) -> Result<String, Trouble> {
    let bytes = files::read(path, BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        Trouble::NotText(1 + good.iter().filter(|byte| **byte == b'\n').count())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    #[test]
    fn what_is_no_configuration_is_refused_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("latin"), b"theme = \"dark\"\n# caf\xe9\n").unwrap();
        fs::copy("tests/data/plain.pcap", at("capture")).unwrap();
        File::create(at("large")).unwrap().set_len(100 << 20).unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (name, why) in [
            ("none", "there is no such file"),
            (".", "it is a folder; name the file in it"),
            ("latin", "it is not UTF-8 text from line 2 on, is it the right file?"),
            ("capture", "it is not UTF-8 text from line 1 on, is it the right file?"),
            ("large", "it has more than 1048576 bytes, is it the right file?"),
            ("pipe", "it is not a regular file but a pipe"),
            ("/dev/zero", "it is not a regular file but a device"),
        ] {
            let error = ConfigFile::open(&at(name)).unwrap_err();
            let path = at(name).display().to_string();
            assert_eq!(error, format!("cannot read the configuration: {why}, in {path}"));
        }
    }

    #[test]
    fn a_file_full_of_mistakes_is_reported_in_a_few_messages() {
        let wrong: String = (0..500).map(|n| format!("key{n} = 1\n")).collect();
        let messages = ConfigFile::of_text("c.toml".into(), &wrong).messages();
        assert_eq!(messages.len(), FAULTS_MAX + 1);
        assert_eq!(messages[FAULTS_MAX], "and 480 more mistakes in c.toml");
    }

    #[test]
    fn paths_in_it_begin_at_its_folder_wherever_it_was_opened_from() {
        let read = ConfigFile::of_text("some/c.toml".into(), "graphs = \"g.toml\"").read;
        let here = std::env::current_dir().unwrap();
        assert_eq!(read.config.graphs, Some(here.join("some/g.toml")));
    }
}
