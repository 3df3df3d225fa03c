//! The key ring: users and their passwords, as an AuthFile lists them.
//!
//! Read as the daemon reads it, so that one file serves both, but for a byte-order mark, which it
//! makes a part of the first name. Passwords are turned into keys at once and cannot be recovered.
//!
//! Source: `fbh_read_file` in collectd `src/utils/fbhash/fbhash.c`.

use super::crypto::Key;
use crate::metric::BYTE_ORDER_MARK;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::fmt;

/// Bytes the daemon reads of a line at once; what is longer reads as two lines.
const LINE_MAX_BYTES: usize = 4_095;

/// Users and their keys.
///
/// ```
/// let (keys, faults) = collectoscope::wire::KeyRing::parse(b"alice: secret\nno colon\n");
/// assert_eq!(keys.len(), 1);
/// assert_eq!(faults[0].to_string(), "line 2: no colon between user and password, line ignored");
/// ```
#[derive(Clone, Default)]
pub struct KeyRing {
    keys: HashMap<Box<[u8]>, Key, RandomState>,
}

/// A line of an AuthFile that gives no user; the daemon ignores it without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthFault {
    /// Line number, from 1.
    pub line: usize,
    /// Kind of fault.
    pub kind: AuthFaultKind,
}

/// Kind of fault in a line of an AuthFile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthFaultKind {
    /// Neither empty nor a comment, and no `:`.
    NoColon,
    /// Nothing but blanks behind the `:`.
    NoPassword,
    /// Nothing before the `:`.
    NoUser,
    /// The user has a password already: the first one counts.
    DuplicateUser,
    /// Longer than the daemon reads at once: the rest reads as another line.
    TooLong,
}

impl KeyRing {
    /// A key ring without users.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an AuthFile: `user: password` a line, `#` for comments.
    ///
    /// The first `:` ends the user, with the blanks before it; blanks behind it are skipped, blanks
    /// at the end of the line belong to the password. Of several lines for a user the first counts.
    pub fn parse(text: &[u8]) -> (Self, Vec<AuthFault>) {
        let (mut ring, mut faults) = (Self::new(), Vec::new());
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        for (line, bytes) in (1..).zip(text.split(|&byte| byte == b'\n')) {
            let mut fault = |kind| faults.push(AuthFault { line, kind });
            if bytes.len() > LINE_MAX_BYTES {
                fault(AuthFaultKind::TooLong);
            }
            for piece in bytes.chunks(LINE_MAX_BYTES) {
                match entry(piece) {
                    Ok(Some((user, password))) if ring.insert(user, password) => {}
                    Ok(Some(_)) => fault(AuthFaultKind::DuplicateUser),
                    Ok(None) => {}
                    Err(kind) => fault(kind),
                }
            }
        }
        (ring, faults)
    }

    /// Adds a user; false if it is there already, or if user or password is empty.
    pub fn insert(&mut self, user: &[u8], password: &[u8]) -> bool {
        if user.is_empty() || password.is_empty() || self.keys.contains_key(user) {
            return false;
        }
        let Some(key) = Key::new(password) else {
            return false;
        };
        self.keys.insert(user.into(), key);
        true
    }

    /// Number of users.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no users.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether `user` has a key.
    pub fn knows(&self, user: &[u8]) -> bool {
        self.keys.contains_key(user)
    }

    pub(super) fn get(&self, user: &[u8]) -> Option<&Key> {
        self.keys.get(user)
    }
}

/// User and password of a line.
type Entry<'a> = (&'a [u8], &'a [u8]);

/// The entry of a line; none for a comment or an empty line.
fn entry(line: &[u8]) -> Result<Option<Entry<'_>>, AuthFaultKind> {
    // A C string: what stands behind a NUL is not there.
    let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
    let mut line = skip_blanks(line);
    while let Some((b'\r' | b'\n', front)) = line.split_last() {
        line = front;
    }
    if line.is_empty() || line.starts_with(b"#") {
        return Ok(None);
    }
    let colon = line.iter().position(|&byte| byte == b':').ok_or(AuthFaultKind::NoColon)?;
    let (user, rest) = line.split_at_checked(colon).ok_or(AuthFaultKind::NoColon)?;
    let password = skip_blanks(rest.get(1..).unwrap_or_default());
    match (user, password) {
        (_, []) => Err(AuthFaultKind::NoPassword),
        ([], _) => Err(AuthFaultKind::NoUser),
        entry => Ok(Some(entry)),
    }
}

/// `isspace` of the C locale.
fn skip_blanks(mut text: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\t'..=b'\r', rest)) = text.split_first() {
        text = rest;
    }
    text
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("users", &self.keys.len()).finish_non_exhaustive()
    }
}

impl fmt::Display for AuthFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            AuthFaultKind::NoColon => "no colon between user and password, line ignored",
            AuthFaultKind::NoPassword => "no password behind the colon, line ignored",
            AuthFaultKind::NoUser => "no user before the colon, line ignored",
            AuthFaultKind::DuplicateUser => "this user has a password already, line ignored",
            AuthFaultKind::TooLong => "longer than 4095 bytes, the rest reads as another line",
        };
        write!(f, "line {}: {what}", self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines, and the user each of them gives; `secret` must be the password.
    #[track_caller]
    fn check(text: &[u8], users: &[&[u8]], faults: &[AuthFaultKind]) {
        let (ring, found) = KeyRing::parse(text);
        let kinds: Vec<_> = found.iter().map(|fault| fault.kind).collect();
        assert_eq!((ring.len(), kinds.as_slice()), (users.len(), faults), "{text:?}");
        let own = Key::new(b"secret").unwrap();
        for user in users {
            let key = ring.get(user).unwrap();
            let mut plain = Vec::new();
            let sealed = {
                let seal =
                    super::super::Seal::new(super::super::Protection::Encrypted, b"u", b"secret");
                let mut datagram = Vec::new();
                seal.unwrap().seal(b"content", &[1; 16], &mut datagram);
                datagram.split_off(4 + 2 + 1 + 16)
            };
            assert!(own.open(&[1; 16], &sealed, &mut plain).is_some());
            assert!(key.open(&[1; 16], &sealed, &mut plain).is_some(), "{text:?}");
        }
    }

    #[test]
    fn a_line_is_a_user_a_colon_and_a_password() {
        check(b"alice:secret", &[b"alice"], &[]);
        check(b"alice: secret\nbob:\tsecret\r\n", &[b"alice", b"bob"], &[]);
        check(b"  alice:secret\n", &[b"alice"], &[]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_name() {
        check(b"\xef\xbb\xbfalice: secret\nbob: secret\n", &[b"alice", b"bob"], &[]);
        check(b"\xef\xbb\xbf# users\nalice: secret", &[b"alice"], &[]);
    }

    #[test]
    fn blanks_before_the_colon_belong_to_the_user() {
        check(b"alice : secret\n", &[b"alice "], &[]);
    }

    #[test]
    fn blanks_at_the_end_belong_to_the_password() {
        let (ring, _) = KeyRing::parse(b"alice: secret \n");
        let (other, _) = KeyRing::parse(b"alice: secret\n");
        let mac = ring.get(b"alice").unwrap().verify(b"x", &[0; 32]);
        assert!(!mac);
        let seal = super::super::Seal::new(super::super::Protection::Signed, b"a", b"secret ");
        let mut datagram = Vec::new();
        seal.unwrap().seal(b"x", &[0; 16], &mut datagram);
        let (mac, covered) = datagram[4..].split_first_chunk().unwrap();
        assert!(ring.get(b"alice").unwrap().verify(covered, mac));
        assert!(!other.get(b"alice").unwrap().verify(covered, mac));
    }

    #[test]
    fn the_password_may_hold_colons() {
        let (ring, faults) = KeyRing::parse(b"alice:a:b\n");
        assert!(ring.knows(b"alice") && faults.is_empty());
    }

    #[test]
    fn comments_and_empty_lines_are_nothing() {
        check(b"# alice: secret\n\n  \n\r\n   # x\n", &[], &[]);
    }

    #[test]
    fn lines_without_user_or_password_are_faults() {
        use AuthFaultKind::{NoColon, NoPassword, NoUser};
        check(
            b"alice secret\nbob:\ncarol:  \n: secret\n",
            &[],
            &[NoColon, NoPassword, NoPassword, NoUser],
        );
    }

    #[test]
    fn the_first_of_two_passwords_counts() {
        check(b"alice: secret\nalice: other\n", &[b"alice"], &[AuthFaultKind::DuplicateUser]);
    }

    #[test]
    fn a_line_past_the_daemons_buffer_reads_as_two() {
        let mut text = vec![b' '; LINE_MAX_BYTES];
        text.extend_from_slice(b"alice: secret\n");
        check(&text, &[b"alice"], &[AuthFaultKind::TooLong]);
    }

    #[test]
    fn a_nul_ends_the_line() {
        check(b"alice: secret\0 more\nbob\0: secret\n", &[b"alice"], &[AuthFaultKind::NoColon]);
    }

    #[test]
    fn passwords_are_not_shown() {
        let (ring, _) = KeyRing::parse(b"alice: secret\n");
        assert_eq!(format!("{ring:?}"), "KeyRing { users: 1, .. }");
    }
}
