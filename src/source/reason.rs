//! Why the system said no, in words: without the numbers and names of libraries.

use nix::errno::Errno;
use std::io;

/// The cause of `error`, lower case, for behind a colon.
pub fn reason(error: &io::Error) -> String {
    if let Some(number) = errno(error) {
        return number.desc().to_lowercase();
    }
    let text = error.to_string();
    // How the standard library begins what the resolver says.
    let resolver = "failed to lookup address information: ";
    text.strip_prefix(resolver).map_or(text.clone(), str::to_lowercase)
}

/// The system's number of `error`, if it is one of the system's.
pub(crate) fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_words_without_numbers() {
        for (error, words) in [
            (io::Error::from_raw_os_error(2), "no such file or directory"),
            (io::Error::from_raw_os_error(13), "permission denied"),
            (io::Error::from_raw_os_error(28), "no space left on device"),
            (io::ErrorKind::UnexpectedEof.into(), "unexpected end of file"),
            (io::Error::other("The sentence of ours"), "The sentence of ours"),
        ] {
            assert_eq!(reason(&error), words);
        }
    }
}
