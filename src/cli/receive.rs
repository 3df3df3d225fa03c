//! Where to receive from: the arguments that the window, `dump` and `record` share.

use super::parse_port;
use crate::config::{Config, values};
use crate::source::SourceUrl;
use crate::source::capture::{Capture, CaptureError};
use crate::source::udp::{ListenSpec, UdpOptions};
use crate::wire::SecurityLevel;
use clap::Args;
use std::path::{Path, PathBuf};

/// The form of `--listen`.
const LISTEN: &str = "ADDR[:PORT][%IFACE][,LEVEL][,from=SOURCE]";

/// Where to receive from.
#[derive(Args, Clone, Debug, Default)]
pub struct ReceiveArgs {
    /// Receive only here, may be repeated; with port 0 on a free port.
    ///
    /// Without it: both multicast groups of collectd on every interface, and port 25826 on every
    /// address, IPv4 and IPv6. An address that is a multicast group is joined.
    ///
    /// An IPv6 address with a port stands in brackets. %IFACE, a name or a number, means that
    /// interface only. Behind commas: `none`, `sign` or `encrypt` for this address (see
    /// --security), and `from=SOURCE` to accept only that sender (repeatable); an IPv4 group is
    /// then joined source-specifically, everything else is filtered on arrival.
    #[arg(long, value_name = LISTEN)]
    pub listen: Vec<ListenSpec>,
    /// Read a capture (pcap, pcapng), in order; `-` is standard input.
    ///
    /// Nothing else is received, and this machine is not measured, unless --listen or --source asks
    /// for it. Alone, its times are the time of the window.
    #[arg(long, value_name = "FILE")]
    pub read: Option<PathBuf>,
    /// The same as a URL, may be repeated: udp://ADDR… as in --listen, file:CAPTURE as in --read.
    #[arg(long, value_name = "URL")]
    pub source: Vec<SourceUrl>,
    /// From a capture read only what was sent to this UDP port, and all of it; may be repeated.
    ///
    /// Without it: all that was sent to port 25826, and what else speaks collectd's protocol.
    #[arg(long, value_name = "N", value_parser = parse_port)]
    pub port: Vec<u16>,
    /// Kernel receive buffer to ask for, in MiB; 8 without it.
    #[arg(long, value_name = "MIB", value_parser = values::receive_buffer)]
    pub receive_buffer: Option<usize>,
}

/// Which protection is demanded, and by whose passwords.
#[derive(Args, Clone, Debug, Default)]
pub struct TrustArgs {
    /// Users and passwords for what is signed or encrypted, `user: password` a line as collectd's
    /// own AuthFile; read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub auth_file: Option<PathBuf>,
    /// Minimum security level accepted: none, sign or encrypt; for addresses without their own.
    #[arg(long, value_name = "LEVEL")]
    pub security: Option<SecurityLevel>,
}

impl ReceiveArgs {
    /// What the options say of what can be configured; --read is a source like the others.
    pub(super) fn flags(&self) -> Config {
        let read = self.read.iter().cloned().map(SourceUrl::File);
        let source: Vec<_> = read.chain(self.source.iter().cloned()).collect();
        Config {
            listen: (!self.listen.is_empty()).then(|| self.listen.clone()),
            source: (!source.is_empty()).then_some(source),
            receive_buffer: self.receive_buffer,
            ..Config::default()
        }
    }

    /// Takes what `holds`, once it is checked that each option does something beside it.
    pub(super) fn settle(&mut self, holds: &Config) -> Result<(), String> {
        self.read = None;
        self.listen = holds.listen.clone().unwrap_or_default();
        self.source = holds.source.clone().unwrap_or_default();
        self.check()?;
        self.receive_buffer = holds.receive_buffer;
        Ok(())
    }

    /// What contradicts itself, or does nothing.
    pub(super) fn check(&self) -> Result<(), String> {
        if let [first, second, ..] = self.captures()[..] {
            let (first, second) = (first.display(), second.display());
            return Err(format!("only one capture is read at a time: {first} or {second}"));
        }
        match (self.capture(), &self.port[..]) {
            (None, [port, ..]) => Err(format!(
                "--port {port} needs --read FILE: it chooses from a capture\n  to listen on that \
                 port: --listen 0.0.0.0:{port}"
            )),
            (Some(_), _) if self.receive_buffer.is_some() => self.needs_socket("--receive-buffer"),
            _ => Ok(()),
        }
    }

    /// That `option` is of no use where nothing is listened to.
    pub(super) fn needs_socket(&self, option: &str) -> Result<(), String> {
        if self.is_listening() {
            return Ok(());
        }
        Err(format!("{option} needs --listen or --source beside --read: no address is listened on"))
    }

    /// The capture to read.
    pub(super) fn capture(&self) -> Option<&Path> {
        self.captures().first().copied()
    }

    fn captures(&self) -> Vec<&Path> {
        let urls = self.source.iter().filter_map(|url| match url {
            SourceUrl::File(path) => Some(path),
            SourceUrl::Udp(_) => None,
        });
        self.read.iter().chain(urls).map(PathBuf::as_path).collect()
    }

    /// Addresses that were asked for.
    fn addresses(&self) -> Vec<ListenSpec> {
        let urls = self.source.iter().filter_map(|url| match url {
            SourceUrl::Udp(listen) => Some(listen),
            SourceUrl::File(_) => None,
        });
        self.listen.iter().chain(urls).cloned().collect()
    }

    /// Whether there are sockets, and not a capture alone.
    pub(super) fn is_listening(&self) -> bool {
        self.capture().is_none() || !self.addresses().is_empty()
    }

    /// The sockets to open; those that name no level take `level`.
    pub(super) fn udp(&self, level: SecurityLevel) -> Option<UdpOptions> {
        let defaults = UdpOptions::default();
        let receive_buffer_mib = self.receive_buffer.unwrap_or(defaults.receive_buffer_mib);
        let listen = self.addresses();
        self.is_listening().then_some(UdpOptions { listen, receive_buffer_mib, level })
    }

    /// Opens the capture, if one is to be read; see [`Capture::open_while`].
    pub(super) fn open_capture(
        &self,
        reader: &'static str,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Capture>, CaptureError> {
        let open = |path| Capture::open_while(path, reader, go_on);
        let capture = self.capture().map(open).transpose()?;
        Ok(capture.map(|capture| capture.only(&self.port)))
    }
}

impl TrustArgs {
    /// What the options say of what can be configured.
    pub(super) fn flags(&self) -> Config {
        let Self { auth_file, security } = self.clone();
        Config { auth_file, security, ..Config::default() }
    }

    /// Takes what `holds`.
    pub(super) fn settle(&mut self, holds: &Config) {
        self.auth_file.clone_from(&holds.auth_file);
        self.security = holds.security;
    }

    /// The level of addresses without their own.
    pub(super) fn level(&self) -> SecurityLevel {
        self.security.unwrap_or_default()
    }

    /// A level above none and no passwords: nothing could ever be accepted, as the daemon says too.
    pub(super) fn check(&self, receive: &ReceiveArgs) -> Result<(), String> {
        let (none, security) = (SecurityLevel::None, self.level());
        let addresses = receive.addresses();
        let own = addresses.iter().find(|spec| spec.level.is_some_and(|level| level > none));
        let inherits = addresses.is_empty()
            || receive.capture().is_some()
            || addresses.iter().any(|spec| spec.level.is_none());
        let option = match own {
            _ if self.auth_file.is_some() => return Ok(()),
            Some(spec) => format!("--listen {spec}"),
            None if inherits && security > none => format!("--security {security}"),
            None => return Ok(()),
        };
        Err(format!(
            "{option} needs --auth-file FILE: without passwords no signature can be checked and \
             nothing decrypted, so nothing would ever be accepted (in the configuration it is \
             auth_file)"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn parse(args: &[&str]) -> (ReceiveArgs, TrustArgs) {
        let all = ["collectoscope", "dump"].iter().chain(args);
        let Some(Command::Dump(dump)) = Cli::try_parse_from(all).unwrap().command else { panic!() };
        (dump.receive, dump.trust)
    }

    #[test]
    fn addresses_and_captures_come_from_both_ways_to_write_them() {
        for (args, listen, capture) in [
            (&[][..], Some(&[][..]), None),
            (&["--listen", "127.0.0.1:7"], Some(&["127.0.0.1:7"]), None),
            (&["--source", "udp://127.0.0.1:7"], Some(&["127.0.0.1:7"]), None),
            (
                &["--source", "udp://[::1]:8", "--listen", "127.0.0.1:7"],
                Some(&["127.0.0.1:7", "[::1]:8"]),
                None,
            ),
            (&["--read", "a.pcap"], None, Some("a.pcap")),
            (&["--source", "file:a.pcap"], None, Some("a.pcap")),
            (
                &["--source", "file:a.pcap", "--source", "udp://127.0.0.1:7"],
                Some(&["127.0.0.1:7"]),
                Some("a.pcap"),
            ),
        ] {
            let (receive, _) = parse(args);
            assert_eq!(receive.check(), Ok(()), "{args:?}");
            let udp = receive.udp(SecurityLevel::None);
            let shown = udp.map(|udp| udp.listen.iter().map(ToString::to_string).collect());
            let expected: Option<Vec<String>> =
                listen.map(|all| all.iter().map(|&one| one.to_owned()).collect());
            assert_eq!(shown, expected, "{args:?}");
            assert_eq!(receive.capture(), capture.map(Path::new), "{args:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_or_does_nothing_is_refused() {
        for (args, start) in [
            (
                &["--read", "a", "--source", "file:b"][..],
                "only one capture is read at a time: a or",
            ),
            (&["--port", "7"], "--port 7 needs --read FILE"),
            (&["--port", "7", "--source", "udp://127.0.0.1"], "--port 7 needs --read FILE"),
            (&["--read", "a", "--receive-buffer", "9"], "--receive-buffer needs --listen or"),
            (&["--source", "file:a", "--receive-buffer", "9"], "--receive-buffer needs --listen"),
            (&["--read", "a", "--receive-buffer", "9", "--listen", "127.0.0.1"], ""),
        ] {
            let said = parse(args).0.check().err().unwrap_or_default();
            assert!(said.starts_with(start) && said.is_empty() == start.is_empty(), "{said}");
        }
    }

    #[test]
    fn a_level_above_none_needs_an_auth_file() {
        for (args, start) in [
            (&["--listen", "::,sign"][..], "--listen [::]:25826,sign needs --auth-file FILE"),
            (
                &["--listen", "::", "--source", "udp://0.0.0.0,encrypt"],
                "--listen 0.0.0.0:25826,enc",
            ),
            (&["--listen", "::,none", "--listen", "0.0.0.0", "--security", "sign"], "--security s"),
            (&["--security", "encrypt"], "--security encrypt needs --auth-file FILE"),
            (
                &["--listen", "::,none", "--read", "a", "--security", "sign"],
                "--security sign needs",
            ),
            (&[], ""),
            (&["--listen", "::,none", "--security", "sign"], ""),
            (&["--listen", "::,sign", "--auth-file", "keys"], ""),
        ] {
            let (receive, trust) = parse(args);
            let said = trust.check(&receive).err().unwrap_or_default();
            assert!(said.starts_with(start) && said.is_empty() == start.is_empty(), "{said}");
        }
    }
}
