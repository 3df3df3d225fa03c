//! The configuration as commands take it: the file, the options before it, and what holds.

use super::{WindowArgs, memory, say};
use crate::config::values::Zone;
use crate::config::{Config, ConfigFile, Origin, SIZE_FIRST, Settings, SettingsFile, effective};
use crate::source::udp::UdpOptions;
use crate::view::format::{Sizes, Traffic};
use crate::wire::SecurityLevel;
use clap::Args;
use std::path::PathBuf;

/// Which configuration is read.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigArgs {
    /// Read this configuration instead of the user's, ~/.config/collectoscope/config.toml.
    ///
    /// `collectoscope show example` prints one with all keys. Options go before what it says.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What holds for the window.
#[derive(Debug)]
pub(super) struct Configured {
    /// The options, and the configuration where they say nothing.
    pub(super) holds: Config,
    /// What cannot be used of it; whoever started the program has seen it.
    #[cfg_attr(not(feature = "window"), expect(dead_code, reason = "shown in the window"))]
    pub(super) messages: Vec<String>,
}

impl ConfigArgs {
    /// The configuration, with what is wrong in it. The error is a sentence: the file that was
    /// asked for cannot be read.
    pub(super) fn read(&self) -> Result<(Option<ConfigFile>, Vec<String>), String> {
        let found = match &self.config {
            Some(path) => Some((ConfigFile::open(path)?, None)),
            None => ConfigFile::of_user(),
        };
        let Some((file, message)) = found else { return Ok((None, Vec::new())) };
        let messages = message.into_iter().chain(file.messages()).collect();
        Ok((Some(file), messages))
    }

    /// What the configuration says; what is wrong in it is said.
    pub(super) fn said(&self) -> Result<Config, String> {
        let (file, messages) = self.read()?;
        messages.iter().for_each(say);
        Ok(file.map(|file| file.read.config).unwrap_or_default())
    }
}

/// What holds for the window with these options, as TOML.
pub(super) fn show(args: &WindowArgs) -> Result<String, String> {
    let (file, messages) = args.config.read()?;
    messages.iter().for_each(say);
    let mut layers = vec![(args.flags(), Origin::Flags)];
    if let Some(ConfigFile { path, read }) = file {
        layers.push((read.config, Origin::File { path, lines: read.lines }));
    }
    let settings = SettingsFile::of_user();
    let kept = settings.as_ref().and_then(|file| Some((file.peek()?, file.path().to_owned())));
    if let Some((kept, path)) = kept {
        layers.push((kept.config(), Origin::Kept { path }));
    }
    layers.push((built_in(), Origin::BuiltIn));
    Ok(effective(&layers))
}

/// What holds where nobody says anything.
fn built_in() -> Config {
    Config {
        receive_buffer: Some(UdpOptions::default().receive_buffer_mib),
        security: Some(SecurityLevel::default()),
        local: Some(true),
        memory: Some(memory::default_mib()),
        zone: Some(Zone::default()),
        size: Some(SIZE_FIRST),
        traffic: Some(Traffic::default()),
        sizes: Some(Sizes::default()),
        ..Settings::default().config()
    }
}
