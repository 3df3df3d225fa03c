//! Files of the user: types.db, and the settings that the window keeps.
//!
//! Reads files and reports in sentences what is wrong with them; what is good is kept. The parsing
//! is done on the floors below.

mod settings;
mod types;

pub use settings::{Settings, SettingsFile};
pub use types::{TYPES_DB_BYTES_MAX, TYPES_DB_FAULTS_SHOWN, TYPES_DB_SYSTEM, load_types_db};
