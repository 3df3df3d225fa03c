//! Files of the user: the configuration, types.db and graphs, and the settings that the window
//! keeps.
//!
//! Reads files and reports in sentences what is wrong with them; what is good is kept. For each
//! value the command line goes before the configuration, that before the settings, and those
//! before what is built in: [`Config::over`].

mod file;
mod graphs;
mod keys;
mod print;
mod read;
mod settings;
mod types;
pub mod values;

pub use file::ConfigFile;
pub use graphs::{load_graphs, open_graphs};
pub use keys::{Config, KEYS, Key, Place, at_top};
pub use print::{Origin, effective, example};
pub use read::{Fault, Read, read};
pub use settings::{SIZE_FIRST, Settings, SettingsFile};
pub use types::{TYPES_DB_BYTES_MAX, TYPES_DB_FAULTS_SHOWN, TYPES_DB_SYSTEM, load_types_db};
