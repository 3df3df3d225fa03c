//! What came of listening, for people.
//!
//! The `Display` of a [`ListenReport`] says in a sentence or two what works, what does not, and
//! what to do. Opens no socket.

use super::auth::AuthReport;
use super::listen::{ListenSpec, PORT_DEFAULT};
use crate::metric::Interval;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What came of one [`ListenSpec`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenReport {
    /// What was to be done.
    pub asked: ListenSpec,
    /// It is one of [`ListenSpec::default_set`], which nobody typed.
    pub is_default: bool,
    /// Where it listens, with the actual port; `None` when it could not.
    pub bound: Option<SocketAddr>,
    /// Interfaces the group was joined on.
    pub joined: Vec<String>,
    /// Interfaces where joining failed, and why.
    pub not_joined: Vec<(String, String)>,
    /// Why nothing arrives here.
    pub trouble: Option<Trouble>,
    /// Addresses that the wildcard covers, but whose datagrams go to another program.
    pub elsewhere: Vec<(IpAddr, String)>,
    /// Datagrams left out because of `from=`, where the kernel did not already do it.
    pub filtered: u64,
    /// What arrives all the same by the other sockets: "IPv4 multicast".
    pub still: Vec<&'static str>,
    /// Kernel receive buffer asked for.
    pub buffer_wanted_bytes: usize,
    /// Kernel receive buffer granted, without the share Linux adds for its own bookkeeping.
    pub buffer_bytes: usize,
}

/// How UDP reception goes, as figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UdpStatus {
    /// What else a person should know, and mend.
    pub troubles: Vec<String>,
    /// The host that is measured here, if this machine is.
    pub local_host: Option<String>,
    /// Of every address.
    pub reports: Vec<ListenReport>,
    /// Of the AuthFile, if there is one.
    pub auth: Option<AuthReport>,
    /// By how much this machine's clock was set back since the start; zero: it was not.
    pub set_back: Interval,
}

/// Why nothing arrives on a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// Another program listens there.
    Taken {
        /// "collectd (pid 17)", where it is known.
        holder: Option<String>,
    },
    /// Another program came later and listens there too: what comes for one machine goes to it.
    Overtaken {
        /// "collectd (pid 17)", where it is known.
        holder: Option<String>,
    },
    /// The interface asked for is switched off.
    Down,
    /// There is no such interface.
    NoInterface {
        /// The interfaces there are.
        known: Vec<String>,
    },
    /// No interface has an IPv4 address.
    NoIpv4,
    /// The family is switched off or not built in, or no interface has an address.
    NoIpv6,
    /// This machine has no such address.
    NotOurs,
    /// A port below 1024 without the right to it.
    Privileged,
    /// A link-local address means something only together with an interface.
    NeedsInterface,
    /// No interface that is up takes multicast.
    NowhereToJoin,
    /// More addresses were asked for than this.
    TooMany(usize),
    /// Anything else the system said.
    Other(String),
}

impl Trouble {
    /// Whether it may pass by itself, as at the start of a machine whose network comes later.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Down
            | Self::NoInterface { .. }
            | Self::NoIpv4
            | Self::NoIpv6
            | Self::NotOurs
            | Self::NowhereToJoin => true,
            Self::Taken { .. }
            | Self::Overtaken { .. }
            | Self::Privileged
            | Self::NeedsInterface
            | Self::TooMany(_)
            | Self::Other(_) => false,
        }
    }
}

/// How much of a [`ListenSpec`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenState {
    /// All.
    Listening,
    /// Some interfaces, or with a smaller receive buffer than asked for.
    Partly,
    /// Nothing.
    Failed,
}

impl ListenReport {
    /// Nothing came of it yet.
    pub(super) fn new(asked: ListenSpec, buffer_wanted_bytes: usize) -> Self {
        Self {
            asked,
            is_default: false,
            bound: None,
            joined: Vec::new(),
            not_joined: Vec::new(),
            trouble: None,
            elsewhere: Vec::new(),
            filtered: 0,
            still: Vec::new(),
            buffer_wanted_bytes,
            buffer_bytes: 0,
        }
    }

    /// How much works.
    pub fn state(&self) -> ListenState {
        if self.trouble.is_some() {
            ListenState::Failed
        } else if !self.not_joined.is_empty() || self.is_buffer_small() {
            ListenState::Partly
        } else {
            ListenState::Listening
        }
    }

    /// Whether the kernel granted less than asked for.
    pub fn is_buffer_small(&self) -> bool {
        self.trouble.is_none() && self.buffer_bytes < self.buffer_wanted_bytes
    }

    /// `udp 0.0.0.0:25826`, with the actual port and the interface asked for.
    pub fn place(&self) -> String {
        let port = self.bound.map_or(self.asked.port, |bound| bound.port());
        format!("udp {}", ListenSpec { port, ..self.asked.clone() })
    }

    /// What is different from `before`, in a line; nothing when a user would not care.
    pub fn change_since(&self, before: &Self) -> Option<String> {
        let is_same = match (&before.trouble, &self.trouble) {
            // The list of the others says nothing about this one.
            (Some(Trouble::NoInterface { .. }), Some(Trouble::NoInterface { .. })) => true,
            (before, now) => before == now,
        };
        if !is_same || before.elsewhere != self.elsewhere || before.bound != self.bound {
            return Some(self.to_string());
        }
        let new = |now: &[String], then: &[String]| {
            let new = now.iter().filter(|name| !then.contains(name));
            new.map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        let (came, went) = (new(&self.joined, &before.joined), new(&before.joined, &self.joined));
        let place = self.place();
        match (came.as_str(), went.as_str()) {
            ("", "") if before.not_joined != self.not_joined => Some(self.to_string()),
            ("", "") => None,
            (_, "") => Some(format!("{place}: joined on {came}")),
            ("", _) => Some(format!("{place}: no longer joined on {went}")),
            _ => Some(format!("{place}: joined on {came}, no longer joined on {went}")),
        }
    }

    fn write_trouble(&self, f: &mut fmt::Formatter<'_>, trouble: &Trouble) -> fmt::Result {
        match trouble {
            Trouble::Taken { holder } => {
                let who = holder.as_deref().unwrap_or(
                    "another program (probably collectd itself or another collectoscope)",
                );
                write!(f, "{} is already in use by {who}", self.place())
            }
            Trouble::Overtaken { holder } => {
                let who = holder.as_deref().unwrap_or("another program (probably collectd)");
                write!(f, "{} now goes to {who}, which started later", self.place())
            }
            other => {
                write!(f, "cannot listen on {}: ", self.place())?;
                match other {
                    Trouble::NoInterface { .. } => f.write_str("there is no such interface"),
                    Trouble::NoIpv4 => f.write_str("this machine has no IPv4"),
                    Trouble::NoIpv6 => f.write_str("this machine has no IPv6"),
                    Trouble::Down => f.write_str("the interface is switched off"),
                    Trouble::NotOurs => f.write_str("this machine has no such address"),
                    Trouble::Privileged => f.write_str("ports below 1024 need privileges"),
                    Trouble::NeedsInterface => {
                        f.write_str("a link-local address needs an interface")
                    }
                    Trouble::NowhereToJoin => {
                        f.write_str("no interface that is up takes multicast")
                    }
                    Trouble::TooMany(most) => write!(f, "only {most} addresses can be listened to"),
                    Trouble::Other(why) => f.write_str(why),
                    Trouble::Taken { .. } | Trouble::Overtaken { .. } => Ok(()),
                }
            }
        }
    }

    /// What the user can do, or nothing when nothing needs doing.
    fn next_step(&self, trouble: &Trouble) -> Option<String> {
        let asked = &self.asked;
        Some(match trouble {
            Trouble::Taken { .. } if asked.is_group() => {
                "stop that program, or listen to another group or port".into()
            }
            Trouble::Taken { .. } | Trouble::Overtaken { .. } => {
                let port = asked.port.checked_add(1).unwrap_or(PORT_DEFAULT + 1);
                let (listen, server) = match asked.address {
                    IpAddr::V4(_) => (format!("127.0.0.1:{port}"), "127.0.0.1"),
                    IpAddr::V6(_) => (format!("[::1]:{port}"), "::1"),
                };
                format!(
                    "for unicast start with --listen {listen} and add `Server \"{server}\" \
                     \"{port}\"` to collectd.conf"
                )
            }
            Trouble::NoInterface { known } if known.is_empty() => "no interface was found".into(),
            Trouble::NoInterface { known } => format!("interfaces here: {}", known.join(", ")),
            Trouble::NotOurs if asked.address.is_unspecified() => "bring an interface up".into(),
            Trouble::NotOurs => format!(
                "use one of its own, or {} for all of them",
                if asked.address.is_ipv4() { "0.0.0.0" } else { "[::]" }
            ),
            Trouble::Privileged => format!("use a port above 1023, such as {PORT_DEFAULT}"),
            Trouble::NeedsInterface => format!("add it at the end, as in {asked}%eth0"),
            Trouble::NowhereToJoin => "bring one up, or let collectd send by unicast".into(),
            Trouble::TooMany(_) => "give wildcards or groups, which stand for many".into(),
            Trouble::Down => match &asked.interface {
                Some(name) => format!("switch it on: ip link set {name} up"),
                None => return None,
            },
            Trouble::NoIpv4 | Trouble::NoIpv6 | Trouble::Other(_) => return None,
        })
    }
}

impl fmt::Display for ListenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(trouble) = &self.trouble {
            self.write_trouble(f, trouble)?;
            match self.still.split_last() {
                None => f.write_str("; not listening on any address")?,
                Some((only, [])) => write!(f, "; {only} is still received")?,
                Some((last, rest)) => {
                    write!(f, "; {} and {last} are still received", rest.join(", "))?;
                }
            }
            return match self.next_step(trouble) {
                Some(step) => write!(f, "; {step}"),
                None => Ok(()),
            };
        }
        write!(f, "listening on {}", self.place())?;
        if self.asked.is_group() {
            write!(f, ", joined on {}", self.joined.join(", "))?;
        }
        for (name, why) in &self.not_joined {
            write!(f, "; not joined on {name}: {why}")?;
        }
        for (address, holder) in &self.elsewhere {
            write!(f, "; what is sent to {address} goes to {holder}")?;
        }
        if self.filtered > 0 {
            let plural = if self.filtered == 1 { "" } else { "s" };
            write!(f, "; {} datagram{plural} of others left out", self.filtered)?;
        }
        write!(f, "; receive buffer {}", kibibytes(self.buffer_bytes))?;
        if self.is_buffer_small() {
            write!(f, " of the {} asked for", kibibytes(self.buffer_wanted_bytes))?;
        }
        Ok(())
    }
}

/// What to do about receive buffers that are smaller than asked for, once for all sockets.
pub fn buffer_advice(reports: &[ListenReport]) -> Option<String> {
    let wanted = reports.iter().filter(|report| report.is_buffer_small());
    let wanted = wanted.map(|report| report.buffer_wanted_bytes).max()?;
    Some(format!(
        "bursts may be lost with so small a receive buffer; for the {} asked for: \
         sysctl -w net.core.rmem_max={wanted}",
        kibibytes(wanted)
    ))
}

fn kibibytes(bytes: usize) -> String {
    if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{} KiB", bytes >> 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(listen: &str, trouble: Option<Trouble>) -> ListenReport {
        ListenReport {
            asked: listen.parse().unwrap(),
            is_default: false,
            bound: None,
            joined: vec!["lo".into(), "eth0".into()],
            not_joined: Vec::new(),
            trouble,
            elsewhere: Vec::new(),
            filtered: 0,
            still: vec!["IPv4 unicast", "IPv6 unicast", "IPv4 multicast"],
            buffer_wanted_bytes: 8 << 20,
            buffer_bytes: 8 << 20,
        }
    }

    #[track_caller]
    fn says(listen: &str, trouble: Trouble, start: &str, end: &str) {
        let text = report(listen, Some(trouble)).to_string();
        assert!(text.starts_with(start), "{text}");
        let middle = "; IPv4 unicast, IPv6 unicast and IPv4 multicast are still received";
        assert!(text.ends_with(&format!("{middle}{end}")), "{text}");
    }

    #[test]
    fn each_trouble_is_said_with_what_still_works_and_what_to_do() {
        let taken = |holder: Option<&str>| Trouble::Taken { holder: holder.map(String::from) };
        says(
            "0.0.0.0",
            taken(None),
            "udp 0.0.0.0:25826 is already in use by another program (probably collectd itself",
            "; for unicast start with --listen 127.0.0.1:25827 and add \
             `Server \"127.0.0.1\" \"25827\"` to collectd.conf",
        );
        says(
            "::",
            taken(Some("collectd (pid 17)")),
            "udp [::]:25826 is already in use by collectd (pid 17)",
            "; for unicast start with --listen [::1]:25827 and add `Server \"::1\" \"25827\"` to \
             collectd.conf",
        );
        says(
            "239.192.74.66",
            taken(None),
            "udp 239.192.74.66:25826 is already in use by",
            "; stop that program, or listen to another group or port",
        );
        says(
            "127.0.0.1:80",
            Trouble::Privileged,
            "cannot listen on udp 127.0.0.1:80: ports below 1024 need privileges",
            "; use a port above 1023, such as 25826",
        );
        says(
            "::",
            Trouble::NoIpv6,
            "cannot listen on udp [::]:25826: this machine has no IPv6",
            "",
        );
        says(
            "::1",
            Trouble::Overtaken { holder: Some("collectd (pid 17)".into()) },
            "udp [::1]:25826 now goes to collectd (pid 17), which started later; ",
            "; for unicast start with --listen [::1]:25827 and add `Server \"::1\" \"25827\"` to \
             collectd.conf",
        );
        says(
            "0.0.0.0%eth0",
            Trouble::Down,
            "cannot listen on udp 0.0.0.0:25826%eth0: the interface is switched off; ",
            "; switch it on: ip link set eth0 up",
        );
        says(
            "239.192.74.66",
            Trouble::NowhereToJoin,
            "cannot listen on udp 239.192.74.66:25826: no interface that is up takes multicast",
            "; bring one up, or let collectd send by unicast",
        );
        says(
            "0.0.0.0%eth9",
            Trouble::NoInterface { known: vec!["lo".into(), "eth0".into()] },
            "cannot listen on udp 0.0.0.0:25826%eth9: there is no such interface",
            "; interfaces here: lo, eth0",
        );
    }

    #[test]
    fn a_change_is_one_line_and_no_change_is_none() {
        let before = report("239.192.74.66", None);
        let mut now = ListenReport { filtered: 7, still: Vec::new(), ..before.clone() };
        assert_eq!(now.change_since(&before), None);
        now.joined = vec!["lo".into(), "wlan0".into()];
        assert_eq!(
            now.change_since(&before).unwrap(),
            "udp 239.192.74.66:25826: joined on wlan0, no longer joined on eth0"
        );
        now.not_joined = vec![("eth0".into(), "no such device".into())];
        now.joined.clone_from(&before.joined);
        assert!(now.change_since(&before).unwrap().contains("not joined on eth0: no such device"));
        let missing = |known: &str| Trouble::NoInterface { known: vec![known.into()] };
        let before = report("::1%eth9", Some(missing("lo")));
        let now = report("::1%eth9", Some(missing("docker0")));
        assert_eq!(now.change_since(&before), None, "the others do not matter");
        let now = report("::1%eth9", Some(Trouble::Down));
        assert_eq!(now.change_since(&before), Some(now.to_string()));
    }

    #[test]
    fn what_works_is_said_shortly_and_what_works_partly_with_the_reason() {
        let mut report = report("239.192.74.66", None);
        assert_eq!(report.state(), ListenState::Listening);
        assert_eq!(
            report.to_string(),
            "listening on udp 239.192.74.66:25826, joined on lo, eth0; receive buffer 8 MiB"
        );
        assert_eq!(buffer_advice(std::slice::from_ref(&report)), None);
        report.filtered = 2;
        report.elsewhere = vec![(IpAddr::from([127, 0, 0, 1]), "collectd (pid 17)".into())];
        assert_eq!(
            report.to_string(),
            "listening on udp 239.192.74.66:25826, joined on lo, eth0; what is sent to 127.0.0.1 \
             goes to collectd (pid 17); 2 datagrams of others left out; receive buffer 8 MiB"
        );
        (report.filtered, report.elsewhere) = (0, Vec::new());
        report.not_joined = vec![("wlan0".into(), "no such device".into())];
        report.buffer_bytes = 212_992;
        assert_eq!(report.state(), ListenState::Partly);
        assert_eq!(
            report.to_string(),
            "listening on udp 239.192.74.66:25826, joined on lo, eth0; not joined on wlan0: no \
             such device; receive buffer 208 KiB of the 8 MiB asked for"
        );
        let advice = buffer_advice(&[report.clone(), report]).unwrap();
        assert!(advice.ends_with("asked for: sysctl -w net.core.rmem_max=8388608"), "{advice}");
    }
}
