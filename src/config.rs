//! Files of the user: types.db, and the settings that the window keeps.
//!
//! Reads files and says in sentences what was wrong with them; what is good is kept. The parsing
//! is done on the floors below.

use crate::metric::Interval;
use crate::source::reason::reason;
use crate::typesdb::TypesDb;
use crate::view::{Theme, WIDTH_FIRST};
use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
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
    messages.extend(faults.iter().take(TYPES_DB_FAULTS_TOLD).map(ToString::to_string));
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
    let file = std::fs::File::open(path).map_err(|error| reason(&error))?;
    let mut text = Vec::new();
    let mut limited = file.take(TYPES_DB_BYTES_MAX + 1);
    limited.read_to_end(&mut text).map_err(|error| reason(&error))?;
    if text.len() as u64 > TYPES_DB_BYTES_MAX {
        return Err(format!("more than {TYPES_DB_BYTES_MAX} bytes, is it a types.db?"));
    }
    Ok(text)
}

/// What the user chose, kept from one start to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark, light, or as the system.
    pub theme: Theme,
    /// Width of the time window, seconds.
    pub window_secs: f64,
    /// Whether the sidebar is shown.
    pub sidebar: bool,
    /// Width and height of the window, points; zero before the first start.
    pub size: [f32; 2],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            window_secs: WIDTH_FIRST.secs_f64(),
            sidebar: true,
            size: [0.0, 0.0],
        }
    }
}

impl Settings {
    /// Width of the time window.
    pub fn window(&self) -> Interval {
        Interval::from_secs_f64(self.window_secs)
    }
}

/// Where [`Settings`] are kept: `collectoscope/settings.toml` in the user's configuration folder.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    path: PathBuf,
}

impl SettingsFile {
    /// Finds the file and reads it. What cannot be read or understood is told and left out.
    pub fn open() -> (Option<Self>, Settings, Vec<String>) {
        match etcetera::choose_base_strategy() {
            Ok(folders) => {
                let file = Self::at(folders.config_dir().join("collectoscope/settings.toml"));
                let (settings, messages) = file.load();
                (Some(file), settings, messages)
            }
            Err(error) => {
                let message = format!("settings are not kept, no home folder: {error}");
                (None, Settings::default(), vec![message])
            }
        }
    }

    /// The file at `path`.
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads it; a missing file is the first start.
    pub fn load(&self) -> (Settings, Vec<String>) {
        let reason = match fs::read_to_string(&self.path) {
            Ok(text) => match toml::from_str(&text) {
                Ok(settings) => return (sane(settings), Vec::new()),
                Err(error) => self.put_aside(&error),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return (Settings::default(), Vec::new());
            }
            Err(error) => reason(&error),
        };
        let path = self.path.display();
        let message = format!("cannot read the settings, defaults are used: {reason}, in {path}");
        (Settings::default(), vec![message])
    }

    /// Keeps a file that makes no sense for its owner; the next change would overwrite it.
    fn put_aside(&self, error: &toml::de::Error) -> String {
        let kept = self.path.with_extension("toml.bad");
        match fs::rename(&self.path, &kept) {
            Ok(()) => format!("{}, kept as {}", error.message(), kept.display()),
            Err(_) => error.message().to_owned(),
        }
    }

    /// Writes it, whole or not at all; the error is a sentence.
    pub fn save(&self, settings: &Settings) -> Result<(), String> {
        let write = || -> io::Result<()> {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder)?;
            }
            let text = toml::to_string(settings).map_err(io::Error::other)?;
            let new = self.path.with_extension("toml.new");
            fs::write(&new, text)?;
            fs::rename(&new, &self.path)
        };
        let path = self.path.display();
        write().map_err(|error| format!("cannot keep the settings: {}, in {path}", reason(&error)))
    }
}

/// A file edited by hand must not open a window nobody can find.
fn sane(mut settings: Settings) -> Settings {
    if !settings.size.iter().all(|side| (200.0..=16_384.0).contains(side)) {
        settings.size = Settings::default().size;
    }
    if !settings.window_secs.is_finite() || settings.window_secs <= 0.0 {
        settings.window_secs = Settings::default().window_secs;
    }
    settings
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
        assert!(messages[0].contains("more than 4194304 bytes"), "{messages:?}");
    }

    #[test]
    fn settings_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(folder.path().join("not/there/yet/settings.toml"));
        assert_eq!(file.load(), (Settings::default(), Vec::new()));
        let settings = Settings { theme: Theme::Light, window_secs: 60.0, ..Settings::default() };
        file.save(&settings).unwrap();
        assert_eq!(file.load(), (settings, Vec::new()));
    }

    #[test]
    fn settings_that_make_no_sense_are_told_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, "theme = 'pink'").unwrap();
        let (settings, messages) = SettingsFile::at(path.clone()).load();
        assert_eq!(settings, Settings::default());
        assert!(
            messages[0].contains("settings.toml") && messages[0].contains("pink"),
            "{messages:?}"
        );
        std::fs::write(&path, "size = [1.0, nan]\nwindow_secs = -5.0").unwrap();
        assert_eq!(SettingsFile::at(path).load(), (Settings::default(), Vec::new()));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::write(&taken, "").unwrap();
        let error = SettingsFile::at(taken.join("settings.toml")).save(&Settings::default());
        assert!(error.unwrap_err().starts_with("cannot keep the settings: "));
    }
}
