//! Settings: what the window keeps from one start to the next.
//!
//! The program writes this file, and a person need not: what is chosen by hand stands in the
//! configuration, which goes before it.

use super::keys::Config;
use crate::files::{self, FileError};
use crate::metric::{Interval, display_safe};
use crate::source::reason::reason;
use crate::view::arrangement::Arrangement;
use crate::view::pivot::Pivot;
use crate::view::selector::Selector;
use crate::view::tree::RowName;
use crate::view::{Preferences, Theme};
use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes read of the settings, which have some hundred; as much as can be arranged has a million.
const SETTINGS_BYTES_MAX: usize = 4 << 20;

/// Sentences about what is left out.
const UNREAD_MAX: usize = 3;

/// Size of the first window, points: with a title bar it fits a screen 800 high.
pub const SIZE_FIRST: (u32, u32) = (1_280, 740);

/// The farthest place of a window, points: X counts pixels in 16 bits.
const PLACE_MAX: f32 = 32_767.0;

/// Choices of the user, kept from one start to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark, light, or as the system.
    pub theme: Theme,
    /// Width of the time window, seconds.
    pub window_secs: f64,
    /// Whether the sidebar is shown.
    pub sidebar: bool,
    /// What stands at the top of the sidebar's tree: hosts or plugins.
    pub pivot: Pivot,
    /// Hosts that stand above the others in the sidebar.
    pub pinned: BTreeSet<String>,
    /// Rows that are not in the sidebar, each by the selector of what it stands for.
    pub hidden: BTreeSet<String>,
    /// Width and height of the window, points; zero before the first start.
    pub size: [f32; 2],
    /// Its left and upper end on the screen, points; none where the system does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<[f32; 2]>,
    /// Whether it fills the screen; size and place are then those that it has otherwise.
    pub maximized: bool,
    /// What hosts are called, by collectd's names.
    pub aliases: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(&Preferences::default(), [0.0, 0.0])
    }
}

impl Settings {
    /// Settings of a window of this width and height, in points.
    pub fn new(preferences: &Preferences, size: [f32; 2]) -> Self {
        let &Preferences { theme, width, sidebar, pivot, ref arrangement } = preferences;
        let Arrangement { pinned, aliases, hidden } = &**arrangement;
        let aliases = aliases.iter().map(|(host, alias)| (host.to_string(), alias.to_string()));
        Self {
            theme,
            window_secs: width.secs_f64(),
            sidebar,
            pivot,
            pinned: pinned.iter().map(|host| host.to_string()).collect(),
            hidden: hidden.iter().map(|row| row.selector().text().to_owned()).collect(),
            size,
            place: None,
            maximized: false,
            aliases: aliases.collect(),
        }
    }

    /// These with other preferences.
    pub fn with(&self, preferences: &Preferences) -> Self {
        let &Self { size, place, maximized, .. } = self;
        Self { place, maximized, ..Self::new(preferences, size) }
    }

    /// What they say of what can be configured.
    pub fn config(&self) -> Config {
        let is_known = self.size != Self::default().size;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sane")]
        let size = self.size.map(|side| side as u32);
        Config {
            theme: Some(self.theme),
            window: Some(Interval::from_secs_f64(self.window_secs)),
            size: is_known.then_some(size.into()),
            sidebar: Some(self.sidebar),
            pivot: Some(self.pivot),
            ..Config::default()
        }
    }

    /// These, but for what is configured.
    pub fn under(mut self, config: &Config) -> Self {
        if let Some((width, height)) = config.size {
            // Who wants another size wants to see it.
            let had = self.config().size.unwrap_or(SIZE_FIRST);
            self.maximized &= had == (width, height);
            #[expect(clippy::cast_precision_loss, reason = "at most 16,384")]
            let size = [width as f32, height as f32];
            self.size = size;
        }
        self.theme = config.theme.unwrap_or(self.theme);
        self.window_secs = config.window.map_or(self.window_secs, Interval::secs_f64);
        self.sidebar = config.sidebar.unwrap_or(self.sidebar);
        self.pivot = config.pivot.unwrap_or(self.pivot);
        self
    }

    /// What to keep of these where the window had `first` before, and `kept` is what is kept now:
    /// what was not chosen in this window since then stays as it is kept, be it that the
    /// configuration chose it or another window.
    pub fn to_keep(&self, first: &Self, kept: &Self) -> Self {
        fn choose<T: PartialEq + Clone>(now: &T, first: &T, kept: &T) -> T {
            if now == first { kept.clone() } else { now.clone() }
        }
        Self {
            theme: choose(&self.theme, &first.theme, &kept.theme),
            window_secs: choose(&self.window_secs, &first.window_secs, &kept.window_secs),
            sidebar: choose(&self.sidebar, &first.sidebar, &kept.sidebar),
            pivot: choose(&self.pivot, &first.pivot, &kept.pivot),
            pinned: merged(&self.pinned, &first.pinned, &kept.pinned),
            hidden: merged(&self.hidden, &first.hidden, &kept.hidden),
            size: choose(&self.size, &first.size, &kept.size),
            place: choose(&self.place, &first.place, &kept.place),
            maximized: choose(&self.maximized, &first.maximized, &kept.maximized),
            aliases: merged(&self.aliases, &first.aliases, &kept.aliases),
        }
    }

    /// The settings that concern the program rather than its window.
    pub fn preferences(&self) -> Preferences {
        let &Self { theme, window_secs, sidebar, pivot, .. } = self;
        let mut arrangement = Arrangement::default();
        for host in &self.pinned {
            arrangement.pin(host.as_str().into(), true);
        }
        for row in &self.hidden {
            if let Some(row) = RowName::chosen_by(&Selector::new(row)) {
                arrangement.hide(row, true);
            }
        }
        for (host, alias) in &self.aliases {
            arrangement.call(&host.as_str().into(), alias);
        }
        let width = Interval::from_secs_f64(window_secs);
        Preferences { theme, width, sidebar, pivot, arrangement: Arc::new(arrangement) }
    }
}

/// File of the [`Settings`]: `collectoscope/settings.toml` in the user's configuration folder.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    path: PathBuf,
}

impl SettingsFile {
    /// Finds the file and reads it; reports what cannot be read or understood, and leaves it out.
    pub fn open() -> (Option<Self>, Settings, Vec<String>) {
        match Self::of_user() {
            Some(file) => {
                let (settings, messages) = file.load();
                (Some(file), settings, messages)
            }
            None => {
                let message = "cannot save the settings: no home folder is known; set HOME";
                (None, Settings::default(), vec![message.to_owned()])
            }
        }
    }

    /// The user's; none where no home folder is known.
    pub fn of_user() -> Option<Self> {
        let folders = etcetera::choose_base_strategy().ok()?;
        Some(Self::at(folders.config_dir().join("collectoscope/settings.toml")))
    }

    /// The file at `path`.
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads it; a missing file is the first start.
    pub fn load(&self) -> (Settings, Vec<String>) {
        let reason = match files::read(&self.path, SETTINGS_BYTES_MAX) {
            Ok(text) => match parse(&text) {
                Ok(settings) => {
                    let messages = self.unread(&settings);
                    return (sane(settings), messages);
                }
                Err(reason) => self.put_aside(&reason),
            },
            Err(FileError::Missing) => return (Settings::default(), Vec::new()),
            Err(too_large @ FileError::TooLarge(_)) => self.put_aside(&too_large.to_string()),
            Err(trouble) => trouble.to_string(),
        };
        let path = self.path.display();
        let message = format!("cannot read the settings, defaults are used: {reason}, in {path}");
        (Settings::default(), vec![message])
    }

    /// Sentences for what of it is left out.
    fn unread(&self, settings: &Settings) -> Vec<String> {
        let is_row = |text: &str| RowName::chosen_by(&Selector::new(text)).is_some();
        let unread = settings.hidden.iter().filter(|text| !is_row(text)).take(UNREAD_MAX);
        let path = self.path.display();
        let sentence = |text: &String| {
            let text = display_safe(text);
            format!(
                "settings: \"{text}\" is no host and no plugin that could be hidden, write it as \
                 host:web-1 or plugin:df instance:root; left out, in {path}"
            )
        };
        unread.map(sentence).collect()
    }

    /// Only looks into it; none where it is not there or cannot be understood.
    pub fn peek(&self) -> Option<Settings> {
        let text = files::read(&self.path, SETTINGS_BYTES_MAX).ok()?;
        parse(&text).ok().map(sane)
    }

    /// Renames a file that makes no sense; the next change would overwrite it.
    fn put_aside(&self, reason: &str) -> String {
        let kept = self.path.with_extension("toml.bad");
        match fs::rename(&self.path, &kept) {
            Ok(()) => format!("{reason}, kept as {}", kept.display()),
            Err(_) => reason.to_owned(),
        }
    }

    /// Writes it, whole or not at all; the error is a sentence.
    pub fn save(&self, settings: &Settings) -> Result<(), String> {
        let write = || -> Result<(), String> {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder).map_err(|error| reason(&error))?;
            }
            let text = toml::to_string(settings).map_err(|error| error.to_string())?;
            let written = files::replace(&self.path, text.as_bytes(), files::PRIVATE);
            written.map_err(|trouble| trouble.to_string())
        };
        let path = self.path.display();
        write().map_err(|error| format!("cannot save the settings: {error}, in {path}"))
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What is kept, with what came since `first` and without what went.
fn merged<T, C>(now: &C, first: &C, kept: &C) -> C
where
    T: PartialEq,
    C: Clone + IntoIterator<Item = T> + FromIterator<T>,
{
    let (now, first): (Vec<T>, Vec<T>) =
        (now.clone().into_iter().collect(), first.clone().into_iter().collect());
    let kept = kept.clone().into_iter();
    let stays = kept.filter(|one| !first.contains(one) || now.contains(one)).collect::<Vec<_>>();
    stays.into_iter().chain(now.into_iter().filter(|one| !first.contains(one))).collect()
}

fn parse(text: &[u8]) -> Result<Settings, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8 text".to_owned())?;
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

/// A file edited by hand must not open a window nobody can find.
fn sane(mut settings: Settings) -> Settings {
    if !settings.size.iter().all(|side| (200.0..=16_384.0).contains(side)) {
        settings.size = Settings::default().size;
    }
    // A screen is to the left of another one or above it: there numbers are below zero.
    settings.place = settings.place.filter(|place| place.iter().all(|at| at.abs() <= PLACE_MAX));
    if !settings.window_secs.is_finite() || settings.window_secs <= 0.0 {
        settings.window_secs = Settings::default().window_secs;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn settings_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(folder.path().join("not/there/yet/settings.toml"));
        assert_eq!(file.load(), (Settings::default(), Vec::new()));
        let settings = Settings {
            theme: Theme::Light,
            window_secs: 60.0,
            pivot: Pivot::Plugins,
            pinned: ["web-1".to_owned()].into(),
            size: [900.0, 700.0],
            place: Some([-40.0, 120.0]),
            maximized: true,
            hidden: ["host:web-2", "plugin:df instance:\"\""].map(str::to_owned).into(),
            aliases: [("ip-10.0".to_owned(), "db \"master\"".to_owned())].into(),
            ..Settings::default()
        };
        file.save(&settings).unwrap();
        assert_eq!(file.load(), (settings.clone(), Vec::new()));
        assert_eq!(settings.with(&settings.preferences()), settings);
        let mode = std::fs::metadata(file.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, files::PRIVATE);
    }

    #[test]
    fn what_is_configured_goes_before_what_was_kept_and_is_not_kept_itself() {
        let kept = Settings { theme: Theme::Light, window_secs: 60.0, ..Settings::default() };
        let config = Config {
            theme: Some(Theme::Dark),
            sidebar: Some(false),
            size: Some((900, 700)),
            ..Config::default()
        };
        let kept = Settings { size: [800.0, 600.0], maximized: true, ..kept };
        let first = kept.clone().under(&config);
        assert!(!first.maximized && kept.clone().under(&kept.config()).maximized);
        assert_eq!((first.theme, first.sidebar, first.size), (Theme::Dark, false, [900.0, 700.0]));
        assert_eq!(first.window_secs, 60.0);
        assert_eq!(first.to_keep(&first, &kept), kept);
        // What is chosen in the window is kept.
        let now = Settings { pivot: Pivot::Plugins, sidebar: true, ..first.clone() };
        let expected = Settings { pivot: Pivot::Plugins, ..kept.clone() };
        assert_eq!(now.to_keep(&first, &kept), expected);
        assert_eq!(kept.clone().under(&Config::default()), kept);
        let early = Settings { maximized: true, ..Settings::default() };
        let config = Config { size: Some(SIZE_FIRST), ..Config::default() };
        assert!(early.under(&config).maximized);
        // Where the window is, is not configured.
        let expected = Settings { maximized: false, ..kept.clone() };
        assert_eq!(Settings::default().under(&kept.config()), expected);
    }

    #[test]
    fn two_windows_keep_what_each_of_them_chose() {
        let begin = Settings::default();
        let one = Settings { pinned: ["web".to_owned()].into(), ..begin.clone() };
        let kept = one.to_keep(&begin, &begin);
        let other = Settings { theme: Theme::Dark, ..begin.clone() };
        let kept = other.to_keep(&begin, &kept);
        assert_eq!(kept, Settings { theme: Theme::Dark, ..one.clone() });
        // Of what there are many each entry counts.
        let pins = Settings { pinned: ["db".to_owned()].into(), ..begin.clone() };
        let named = |alias: &str| [("ip-10".to_owned(), alias.to_owned())].into();
        let pins = Settings { aliases: named("x"), ..pins };
        let both = pins.to_keep(&begin, &kept);
        assert_eq!(both.pinned, ["db".to_owned(), "web".to_owned()].into());
        let renamed = Settings { aliases: named("y"), ..pins.clone() }.to_keep(&pins, &both);
        assert_eq!((renamed.aliases, renamed.pinned), (named("y"), both.pinned));
        // One that takes its choice back has the last word about that, and about nothing else.
        let kept = begin.to_keep(&one, &kept);
        assert_eq!(kept, Settings { theme: Theme::Dark, ..begin });
    }

    #[test]
    fn looking_into_settings_leaves_them_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(folder.path().join("settings.toml"));
        assert_eq!(file.peek(), None);
        std::fs::write(file.path(), "theme = 'pink'").unwrap();
        assert_eq!(file.peek(), None);
        assert!(file.path().exists());
        std::fs::write(file.path(), "theme = 'dark'\nsize = [900.0, 700.0]").unwrap();
        let config = file.peek().unwrap().config();
        assert_eq!((config.theme, config.size), (Some(Theme::Dark), Some((900, 700))));
    }

    #[test]
    fn a_hidden_row_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(folder.path().join("settings.toml"));
        std::fs::write(file.path(), "hidden = ['host:web', 'host:web*', 'load']").unwrap();
        let (settings, messages) = file.load();
        assert_eq!(settings.preferences().arrangement.hidden.len(), 1);
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages[1].starts_with("settings: \"load\" is no host and no plugin"));
    }

    #[test]
    fn settings_that_make_no_sense_are_reported_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, "theme = 'pink'").unwrap();
        let (settings, messages) = SettingsFile::at(path.clone()).load();
        assert_eq!(settings, Settings::default());
        assert!(
            messages[0].contains("settings.toml") && messages[0].contains("pink"),
            "{messages:?}"
        );
        for senseless in
            ["size = [1.0, nan]\nwindow_secs = -5.0", "place = [nan, 0]", "place = [0, 1e9]"]
        {
            std::fs::write(&path, senseless).unwrap();
            let read = SettingsFile::at(path.clone()).load();
            assert_eq!(read, (Settings::default(), Vec::new()), "{senseless}");
        }
    }

    #[test]
    fn a_settings_file_that_cannot_be_understood_is_kept_for_its_owner() {
        for bad in [&b"theme = 'pink'"[..], b"theme = '\xff'", &vec![b'#'; SETTINGS_BYTES_MAX + 1]]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("settings.toml");
            std::fs::write(&path, bad).unwrap();
            let file = SettingsFile::at(path.clone());
            let (settings, messages) = file.load();
            assert_eq!((settings, messages.len()), (Settings::default(), 1));
            file.save(&Settings::default()).unwrap();
            assert!(std::fs::read(path.with_extension("toml.bad")).unwrap() == bad);
            assert_eq!(file.load(), (Settings::default(), Vec::new()));
        }
    }

    #[test]
    fn a_pipe_or_a_device_is_neither_read_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("settings.toml");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [pipe.clone(), "/dev/zero".into()] {
            let (settings, messages) = SettingsFile::at(path).load();
            assert_eq!(settings, Settings::default());
            assert!(messages[0].contains("it is not a regular file but a "), "{messages:?}");
        }
        let error = SettingsFile::at(pipe.clone()).save(&Settings::default()).unwrap_err();
        assert!(error.contains("it is not a regular file but a pipe"), "{error}");
        assert!(!std::fs::metadata(pipe).unwrap().is_file());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = SettingsFile::at(file.join("settings.toml")).save(&Settings::default());
        assert!(error.unwrap_err().starts_with("cannot save the settings: "));
    }
}
