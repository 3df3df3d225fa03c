//! Layouts on disk: the workspace as it was left, and those that the user saved under a name.
//!
//! One TOML file each, in `collectoscope/` of the user's configuration folder. A file that changed
//! since it was read is not overwritten, and one that could not be understood is kept beside it.
//! What is in them is read and printed by [`crate::view::layout_file`].

use crate::files::{self, FileError};
use crate::source::reason::reason;
use crate::view::layout_file::{Problem, Read, read};
use crate::view::layouts::{BUILT_IN, SaveOutcome};
use crate::view::names::LayoutSource;
use etcetera::BaseStrategy as _;
use nix::fcntl::OFlag;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Bytes read of one layout.
const BYTES_MAX: usize = crate::view::layout_file::BYTES_MAX;
/// Names that are listed.
const NAMES_MAX: usize = 1_000;

/// Where layouts are kept.
#[derive(Clone, Debug)]
pub struct LayoutFiles {
    folder: PathBuf,
}

impl LayoutFiles {
    /// The user's folder; none where no home folder is known.
    pub fn of_user() -> Option<Self> {
        let folders = etcetera::choose_base_strategy().ok()?;
        Some(Self::at(folders.config_dir().join("collectoscope")))
    }

    /// In `folder`.
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn workspace(&self) -> PathBuf {
        self.folder.join("workspace.toml")
    }

    fn named(&self, name: &str) -> PathBuf {
        self.folder.join("layouts").join(format!("{name}.toml"))
    }

    /// The workspace as it was left; none at the first start. What cannot be read is reported, and
    /// a file with mistakes is kept as `workspace.toml.bad` before it is written anew.
    pub fn load_workspace(&self) -> (Option<Read>, Vec<String>) {
        let path = self.workspace();
        let text = match text_of(&path) {
            Ok(text) => text,
            Err(FileError::Missing) => return (None, Vec::new()),
            Err(trouble) => {
                let kept = keep_aside(&path);
                let path = path.display();
                let message = format!(
                    "cannot read the workspace, it begins anew: {trouble}{kept}, in {path}"
                );
                return (None, vec![message]);
            }
        };
        let read = read(&text);
        if read.problems.is_empty() {
            return (Some(read), Vec::new());
        }
        let kept = copy_aside(&path);
        let messages = report(&read.problems, &format!("{}{kept}", path.display()));
        (Some(read), messages)
    }

    /// Writes the workspace as it is, whole or not at all; the error is a sentence.
    pub fn save_workspace(&self, text: &str) -> Result<(), String> {
        let path = self.workspace();
        write(&path, text)
            .map_err(|why| format!("cannot save the workspace: {why}, in {}", path.display()))
    }

    /// Path of the workspace.
    pub fn workspace_path(&self) -> PathBuf {
        self.workspace()
    }

    /// Takes the workspace for this program; none while another one that is open has it.
    pub fn keep_workspace(&self) -> Option<Keeper> {
        // What is wrong with the folder is said when the workspace is written.
        let _ = fs::create_dir_all(&self.folder);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(files::PRIVATE);
        options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
        let Ok(file) = options.open(self.folder.join("workspace.lock")) else {
            return Some(Keeper { _lock: None });
        };
        match file.try_lock() {
            Ok(()) => Some(Keeper { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(_)) => Some(Keeper { _lock: None }),
        }
    }

    /// The names of the saved layouts, in order.
    pub fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.join("layouts")) else { return Vec::new() };
        let name = |path: &Path| {
            let is_toml = path.extension().is_some_and(|ending| ending == "toml");
            let name = path.file_stem()?.to_str().filter(|name| !name.starts_with('.'))?;
            is_toml.then(|| name.to_owned())
        };
        let entries = entries.filter_map(Result::ok).take(NAMES_MAX);
        let mut names: Vec<_> = entries.filter_map(|entry| name(&entry.path())).collect();
        names.sort_by(|a, b| crate::metric::natural_cmp(a, b));
        names
    }

    /// The text of a layout: one that was saved, or a file.
    pub fn load(&self, source: &LayoutSource) -> Result<String, String> {
        let path = self.path_of(source);
        text_of(&path)
            .map_err(|trouble| format!("cannot open the layout: {trouble}, in {}", path.display()))
    }

    fn path_of(&self, source: &LayoutSource) -> PathBuf {
        match source {
            LayoutSource::Named(name) => self.named(name),
            LayoutSource::File(path) => path.clone(),
        }
    }

    /// Writes a layout, unless the file holds something else than `was`; none: there was no file.
    pub fn save(&self, source: &LayoutSource, text: &str, was: Option<&str>) -> SaveOutcome {
        let path = self.path_of(source);
        match text_of(&path) {
            Ok(there) if there != text && Some(there.as_str()) != was => SaveOutcome::ChangedOnDisk,
            Ok(_) | Err(FileError::Missing) => self.replace(source, text),
            Err(trouble) => not_saved(&trouble.to_string(), &path),
        }
    }

    /// Writes a layout whatever its file holds; what of that is not understood is kept beside it.
    pub fn replace(&self, source: &LayoutSource, text: &str) -> SaveOutcome {
        let path = self.path_of(source);
        if text_of(&path).is_ok_and(|there| loses(&read(&there), text)) {
            copy_aside(&path);
        }
        match write(&path, text) {
            Ok(()) => SaveOutcome::Saved,
            Err(why) => not_saved(&why, &path),
        }
    }

    /// Deletes a saved layout.
    pub fn delete(&self, name: &str) -> Result<(), String> {
        let path = self.named(name);
        fs::remove_file(&path).map_err(|error| {
            format!("cannot delete the layout: {}, in {}", reason(&error), path.display())
        })
    }
}

/// Says that this program writes the workspace and no other one that is open, until it is dropped.
#[derive(Debug)]
pub struct Keeper {
    /// None where files cannot be locked: then nobody is kept from writing.
    _lock: Option<File>,
}

/// The layout called `name`: a file if that is a path or ends in `.toml`, else one that was saved,
/// else one that comes with the program. Returns its text too; the error is a sentence.
pub fn find(files: Option<&LayoutFiles>, name: &str) -> Result<(LayoutSource, String), String> {
    if name.contains('/') || name.ends_with(".toml") {
        let path = PathBuf::from(name);
        let text = text_of(&path)
            .map_err(|trouble| format!("cannot open the layout: {trouble}, in {name}"))?;
        return Ok((LayoutSource::File(path), text));
    }
    let names = files.map(LayoutFiles::names).unwrap_or_default();
    let source = LayoutSource::Named(name.to_owned());
    if let Some(files) = files.filter(|_| names.iter().any(|known| known == name)) {
        return files.load(&source).map(|text| (source, text));
    }
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Ok((source, (*text).to_owned()));
    }
    let built_in = BUILT_IN.iter().map(|(name, _)| (*name).to_owned());
    let known: Vec<_> = names.into_iter().chain(built_in).collect();
    Err(format!(
        "there is no layout \"{name}\"; there are {}; for a file write its path",
        known.join(", ")
    ))
}

/// Sentences for what was left out of the file `place`.
pub fn report(problems: &[Problem], place: &str) -> Vec<String> {
    problems.iter().map(|problem| format!("layout: {problem}, in {place}")).collect()
}

/// Reads a layout from a file; the error is part of a sentence.
pub fn text_of_file(path: &Path) -> Result<String, String> {
    text_of(path).map_err(|trouble| trouble.to_string())
}

fn text_of(path: &Path) -> Result<String, FileError> {
    let bytes = files::read(path, BYTES_MAX)?;
    // What is no text is no layout: its reader says so, with the line.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| reason(&error))?;
    }
    let written = files::replace(path, text.as_bytes(), files::PRIVATE);
    written.map_err(|trouble| trouble.to_string())
}

fn not_saved(why: &str, path: &Path) -> SaveOutcome {
    SaveOutcome::Failed(format!("cannot save the layout: {why}, in {}", path.display()))
}

/// Whether something that was not understood of a layout is no longer there in another text of it.
fn loses(read_of: &Read, text: &str) -> bool {
    let left = read(text).problems;
    read_of.problems.iter().any(|gone| !left.iter().any(|problem| problem.what == gone.what))
}

/// Renames a file that makes no sense; says so.
fn keep_aside(path: &Path) -> String {
    let kept = path.with_extension("toml.bad");
    fs::rename(path, &kept).map_or(String::new(), |()| format!(", kept as {}", kept.display()))
}

/// Copies a file of which not all was understood; says so.
fn copy_aside(path: &Path) -> String {
    let kept = path.with_extension("toml.bad");
    fs::copy(path, &kept).map_or(String::new(), |_| format!(", kept as {}", kept.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, LayoutFiles) {
        let folder = tempfile::tempdir().unwrap();
        let files = LayoutFiles::at(folder.path().join("not/there/yet"));
        (folder, files)
    }

    const TEXT: &str = "version = 1\n\n[[tab]]\nshow = \"load\"\n";

    #[test]
    fn a_workspace_survives_a_restart_and_its_absence_is_the_first_start() {
        let (_folder, files) = folder();
        assert!(files.load_workspace().0.is_none());
        files.save_workspace(TEXT).unwrap();
        let (read, messages) = files.load_workspace();
        assert_eq!(messages, [""; 0]);
        assert_eq!(read.unwrap().workspace.tabs().len(), 1);
    }

    #[test]
    fn a_workspace_with_mistakes_is_used_and_kept() {
        let (_folder, files) = folder();
        let bad = TEXT.replace("[[tab]]", "[[tab]]\ncolor = 1");
        files.save_workspace(&bad).unwrap();
        let (read, messages) = files.load_workspace();
        assert!(read.is_some());
        assert!(messages[0].starts_with("layout: line 4: unknown key \"color\""), "{messages:?}");
        files.save_workspace(TEXT).unwrap();
        let kept = files.workspace_path().with_extension("toml.bad");
        assert_eq!(fs::read_to_string(kept).unwrap(), bad);
    }

    #[test]
    fn a_workspace_that_is_no_file_or_too_large_is_reported() {
        let (_folder, files) = folder();
        fs::create_dir_all(files.workspace_path()).unwrap();
        let (read, messages) = files.load_workspace();
        assert!(read.is_none() && messages[0].contains("it is a folder"), "{messages:?}");
        let (_folder, files) = folder();
        files.save_workspace(&"#".repeat(BYTES_MAX + 1)).unwrap();
        let (read, messages) = files.load_workspace();
        assert!(read.is_none() && messages[0].contains("more than"), "{messages:?}");
        assert!(messages[0].contains("kept as"), "{messages:?}");
    }

    #[test]
    fn a_layout_is_found_by_its_name_and_by_its_path() {
        let (_folder, files) = folder();
        files.save(&LayoutSource::Named("web".into()), TEXT, None);
        assert_eq!(find(Some(&files), "web").unwrap().1, TEXT);
        let path = files.named("web").display().to_string();
        assert_eq!(find(None, &path).unwrap().0, LayoutSource::File(files.named("web")));
        assert!(find(None, "network").unwrap().1.contains("if_octets"));
        let error = find(Some(&files), "wbe").unwrap_err();
        assert!(error.contains("there are web, Overview, Fleet, Network, Storage"), "{error}");
        assert!(find(None, "./none.toml").unwrap_err().contains("there is no such file"));
    }

    #[test]
    fn layouts_are_listed_in_order_and_deleted() {
        let (_folder, files) = folder();
        assert_eq!(files.names(), [""; 0]);
        for name in ["web 10", "web 2", ".hidden"] {
            let source = LayoutSource::Named(name.into());
            assert_eq!(files.save(&source, TEXT, None), SaveOutcome::Saved);
        }
        assert_eq!(files.names(), ["web 2", "web 10"]);
        files.delete("web 2").unwrap();
        assert_eq!(files.names(), ["web 10"]);
        assert!(files.delete("web 2").unwrap_err().starts_with("cannot delete the layout"));
    }

    #[test]
    fn a_layout_that_changed_on_disk_is_not_overwritten() {
        let (_folder, files) = folder();
        let source = LayoutSource::Named("web".into());
        assert_eq!(files.save(&source, TEXT, None), SaveOutcome::Saved);
        let other = format!("{TEXT}# by hand\n");
        // Whoever did not read it must not replace it.
        assert_eq!(files.save(&source, &other, None), SaveOutcome::ChangedOnDisk);
        assert_eq!(files.load(&source).unwrap(), TEXT);
        assert_eq!(files.save(&source, &other, Some(TEXT)), SaveOutcome::Saved);
        assert_eq!(files.save(&source, TEXT, Some(TEXT)), SaveOutcome::ChangedOnDisk);
        assert_eq!(files.load(&source).unwrap(), other);
    }

    #[test]
    fn what_a_layout_had_that_is_not_understood_is_kept_beside_it() {
        let (_folder, files) = folder();
        let source = LayoutSource::Named("web".into());
        let newer = TEXT.replace("[[tab]]", "[[tab]]\nglow = 1");
        files.save(&source, &newer, None);
        assert_eq!(files.save(&source, TEXT, Some(&newer)), SaveOutcome::Saved);
        let kept = files.named("web").with_extension("toml.bad");
        assert_eq!(fs::read_to_string(&kept).unwrap(), newer);
        assert_eq!(files.names(), ["web"]);
        // A word that cannot be read is written as it was: nothing is lost.
        let wrong = TEXT.replace("load", "hst:x load");
        assert_eq!(files.replace(&source, &wrong), SaveOutcome::Saved);
        assert_eq!(files.replace(&source, &format!("{wrong}\n")), SaveOutcome::Saved);
        assert_eq!(fs::read_to_string(&kept).unwrap(), newer);
        assert_eq!(files.replace(&source, TEXT), SaveOutcome::Saved);
        fs::write(&kept, &newer).unwrap();
        // The same once more is no change.
        assert_eq!(files.save(&source, TEXT, None), SaveOutcome::Saved);
        assert_eq!(fs::read_to_string(&kept).unwrap(), newer);
    }

    #[test]
    fn a_layout_that_cannot_be_written_is_reported_and_the_old_one_is_whole() {
        let (_folder, files) = folder();
        let source = LayoutSource::Named("web".into());
        files.save(&source, TEXT, None);
        let folder = LayoutSource::File(files.workspace_path().parent().unwrap().to_owned());
        let outcome = files.save(&folder, TEXT, None);
        let is_clear = |text: &str| text.starts_with("cannot save the layout: it is a folder");
        assert!(matches!(outcome, SaveOutcome::Failed(text) if is_clear(&text)));
        assert_eq!(files.load(&source).unwrap(), TEXT);
        let missing = LayoutSource::Named("none".into());
        assert!(files.load(&missing).unwrap_err().contains("there is no such file"));
    }
}
