//! Part types and sizes: the numbers that the format is made of.
//!
//! Knows nothing of what they are used for. Sources: `TYPE_*` in collectd `src/network.h`, and as
//! noted.

pub(super) const HOST: u16 = 0x0000;
pub(super) const TIME: u16 = 0x0001;
pub(super) const PLUGIN: u16 = 0x0002;
pub(super) const PLUGIN_INSTANCE: u16 = 0x0003;
pub(super) const TYPE: u16 = 0x0004;
pub(super) const TYPE_INSTANCE: u16 = 0x0005;
pub(super) const VALUES: u16 = 0x0006;
pub(super) const INTERVAL: u16 = 0x0007;
pub(super) const TIME_HR: u16 = 0x0008;
pub(super) const INTERVAL_HR: u16 = 0x0009;
pub(super) const MESSAGE: u16 = 0x0100;
pub(super) const SEVERITY: u16 = 0x0101;
pub(super) const SIGNATURE: u16 = 0x0200;
pub(super) const ENCRYPTION: u16 = 0x0210;

/// Type and length in front of every payload; the length counts them.
pub(super) const HEADER_BYTES: usize = 4;

/// Longest name (host, plugin, type, instances), without its NUL.
///
/// Source: `DATA_MAX_NAME_LEN` 128 in collectd `src/daemon/plugin.h`; a longer one makes the
/// daemon abandon the datagram.
pub const NAME_MAX_BYTES: usize = 127;

/// Longest message of a notification, without its NUL.
///
/// Source: `NOTIF_MAX_MSG_LEN` 256 in collectd `src/daemon/plugin.h`.
pub const MESSAGE_MAX_BYTES: usize = 255;

/// HMAC-SHA-256 in front of the user of a signature part.
pub(super) const MAC_BYTES: usize = 32;
/// Initialisation vector of AES-256-OFB: one block.
pub const IV_BYTES: usize = 16;
/// SHA-1 of the content, the first thing that is encrypted.
pub(super) const SHA1_BYTES: usize = 20;

/// The longest user the daemon can send: `sizeof(username)` of its senders' buffers.
///
/// Source: `BUFF_SIG_SIZE` 106 in collectd `src/network.c`, 42 bytes of header and 64 of user.
pub const USER_MAX_BYTES: usize = 64;

/// Depth to which signed and encrypted parts inside each other are opened. Senders nest none; the
/// daemon has no bound, and 64 KiB hold about 1,700 signatures, each over all that follow.
pub const NESTING_MAX: usize = 4;
