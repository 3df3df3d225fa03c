//! Who sends, how it is protected, and what of it is refused and why: in words.
//!
//! A machine is an address here, whatever ports its datagrams come from: a daemon that starts
//! again takes another. What has no address goes by its name. Texts are safe to show.

use super::format;
use crate::ingest::{Machine, ProtectedCount, Sender};
use crate::metric::{CdTime, Interval, display_safe};
use crate::store::{Conflict, Health, HostNode, Origin, Route, SenderHealth, Shared};
use crate::wire::{FaultKind, Protection, Trust};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// One sender of a source, and what it sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SenderRow {
    /// The address, with the port if there was just one; or a name.
    pub address: String,
    /// Datagrams received.
    pub datagrams: u64,
    /// Values in them.
    pub values: u64,
    /// The newest arrival.
    pub last_seen: CdTime,
    /// The hosts it names, in order.
    pub hosts: Vec<String>,
    /// Protection of what was accepted: `plain`, `signed by alice`.
    pub protection: Vec<String>,
    /// What was refused and what was wrong, most often first.
    pub troubles: Vec<Trouble>,
}

/// Something wrong, how often, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// How often.
    pub count: u64,
    /// Somebody's password is wrong or unknown, rather than a key missing or a byte damaged.
    pub grave: bool,
    /// What is wrong.
    pub what: String,
    /// What to do; may be empty.
    pub next: String,
}

/// What is gathered of a machine.
#[derive(Default)]
struct Gathered<'a> {
    ports: BTreeSet<u16>,
    sum: SenderHealth,
    hosts: BTreeSet<&'a str>,
    routes: BTreeSet<(Trust, Option<&'a str>)>,
}

/// The senders, those in trouble first, then by address; at most `rows_max`, and how many more
/// there are.
pub fn senders(health: &Health, rows_max: usize) -> (Vec<SenderRow>, usize) {
    let mut all: BTreeMap<Origin<IpAddr>, Gathered<'_>> = BTreeMap::new();
    for (origin, sender) in &health.senders {
        let gathered = all.entry(origin.machine()).or_default();
        if let Sender::Address(address) = &origin.sender {
            gathered.ports.insert(address.port());
        }
        add(&mut gathered.sum, sender);
    }
    for (host, routes) in &health.routes {
        for route in routes {
            if let Some(gathered) = all.get_mut(&route.origin) {
                gathered.hosts.insert(host);
                gathered.routes.insert((route.trust, route.user.as_deref()));
            }
        }
    }
    let mut order: Vec<_> = all.into_iter().collect();
    order.sort_by_key(|(_, gathered)| gathered.sum.faults + gathered.sum.refused_lists == 0);
    let others = health.other_senders.datagrams + health.other_senders.refused_lists > 0;
    let more = order.len().saturating_sub(rows_max);
    let mut rows: Vec<_> = order
        .into_iter()
        .take(rows_max)
        .map(|(origin, gathered)| gathered.row(Some(&origin), health))
        .collect();
    if others {
        let sum = Gathered { sum: health.other_senders.clone(), ..Gathered::default() };
        rows.push(sum.row(None, health));
    }
    (rows, more)
}

fn add(sum: &mut SenderHealth, sender: &SenderHealth) {
    sum.datagrams += sender.datagrams;
    sum.values += sender.values;
    sum.faults += sender.faults;
    sum.refused_lists += sender.refused_lists;
    sum.last_seen = sum.last_seen.max(sender.last_seen);
    for &(class, count) in &sender.fault_classes {
        match sum.fault_classes.iter_mut().find(|(known, _)| *known == class) {
            Some((_, counted)) => *counted += count,
            None => sum.fault_classes.push((class, count)),
        }
    }
    for more in &sender.protected {
        let same = |known: &&mut ProtectedCount| {
            known.protection == more.protection
                && known.user == more.user
                && known.outcome == more.outcome
        };
        match sum.protected.iter_mut().find(same) {
            Some(known) => known.count += more.count,
            None => sum.protected.push(more.clone()),
        }
    }
}

impl Gathered<'_> {
    /// The row of `origin`; none: of all others.
    fn row(self, origin: Option<&Origin<IpAddr>>, health: &Health) -> SenderRow {
        let mut ports = self.ports.iter();
        let sender = origin.map_or(&Sender::Others, |origin| &origin.sender);
        let address = match (sender, ports.next(), ports.next()) {
            (&Sender::Address(ip), Some(&port), None) => SocketAddr::new(ip, port).to_string(),
            _ => sender.to_string(),
        };
        let mut troubles = refusals(&self.sum.protected);
        troubles.extend(damages(&self.sum, origin, health));
        troubles.extend(unnamed(self.sum.refused_lists));
        troubles.sort_by_key(|trouble| std::cmp::Reverse(trouble.count));
        SenderRow {
            address,
            datagrams: self.sum.datagrams,
            values: self.sum.values,
            last_seen: self.sum.last_seen,
            hosts: self.hosts.into_iter().map(|host| display_safe(host).into_owned()).collect(),
            protection: self
                .routes
                .into_iter()
                .map(|(trust, user)| route_text(trust, user))
                .collect(),
            troubles,
        }
    }
}

/// Signed and encrypted parts that were refused, with what to do.
pub fn refusals(protected: &[ProtectedCount]) -> Vec<Trouble> {
    let refused = protected.iter().filter_map(|part| Some((part, part.outcome.err()?)));
    let trouble = |(part, kind): (&ProtectedCount, FaultKind)| {
        let (what, next) = refusal(part.protection, &part.user, kind);
        let grave = kind != FaultKind::NoKeys;
        Trouble { count: part.count, grave, what, next }
    };
    let mut troubles: Vec<_> = refused.map(trouble).collect();
    troubles.sort_by_key(|trouble| std::cmp::Reverse(trouble.count));
    troubles
}

/// Why a part was refused, and what to do.
fn refusal(protection: Protection, user: &str, kind: FaultKind) -> (String, String) {
    let (how, user) = (protection.name(), display_safe(user));
    match kind {
        FaultKind::NoKeys if protection == Protection::Encrypted => (
            format!("encrypted as \"{user}\"; no password for that user"),
            format!("start with --auth-file FILE that has the line {user}: PASSWORD"),
        ),
        FaultKind::NoKeys => (
            format!("signed as \"{user}\"; no password for that user, and signatures are required"),
            format!("start with --auth-file FILE that has the line {user}: PASSWORD"),
        ),
        FaultKind::UserUnknown => (
            format!("{how} as \"{user}\", a user missing from the AuthFile"),
            format!("add the line {user}: PASSWORD to it"),
        ),
        FaultKind::SignatureWrong => (
            format!("wrong password for {user}: the signature does not match"),
            "compare Password in the sender's collectd.conf with the AuthFile".into(),
        ),
        FaultKind::ChecksumWrong => (
            format!("wrong password for {user}: the data cannot be decrypted"),
            "compare Password in the sender's collectd.conf with the AuthFile".into(),
        ),
        _ => (format!("{how} by user {user}: {kind}"), String::new()),
    }
}

/// Faults that are no refusals, by reason, with the place of the newest that is kept.
fn damages(sum: &SenderHealth, origin: Option<&Origin<IpAddr>>, health: &Health) -> Vec<Trouble> {
    let refused: Vec<_> = sum
        .protected
        .iter()
        .filter_map(|part| Some((part.outcome.err()?.class(), part.count)))
        .collect();
    let damage = |&(class, count): &(&'static str, u64)| {
        let shown = refused.iter().filter(|(known, _)| *known == class).map(|(_, count)| count);
        let count = count.saturating_sub(shown.sum());
        let newest = health.faults.iter().rev().find(|(source, report)| {
            let is_its = |origin: &Origin<IpAddr>| {
                origin.source == *source && origin.sender == report.sender.machine()
            };
            report.fault.kind.class() == class && origin.is_some_and(is_its)
        });
        let what = match newest {
            Some((_, report)) => format!("{class}, newest at byte {}", report.fault.offset_bytes),
            None => class.to_owned(),
        };
        (count > 0).then(|| Trouble { count, grave: false, what, next: next_step(class) })
    };
    sum.fault_classes.iter().filter_map(damage).collect()
}

/// Value lists that are not kept because there is no room for their names.
fn unnamed(count: u64) -> Option<Trouble> {
    let what = "value list refused, no room for its name".to_owned();
    let next = "if it invents no names: a larger --memory; known series go on".to_owned();
    (count > 0).then_some(Trouble { count, grave: false, what, next })
}

/// Senders of which value lists were refused for lack of room, most first; at most `max`.
pub fn refused_lists(health: &Health, max: usize) -> Vec<(String, u64)> {
    let mut all: BTreeMap<Origin<IpAddr>, u64> = BTreeMap::new();
    for (origin, sender) in health.senders.iter().filter(|(_, one)| one.refused_lists > 0) {
        *all.entry(origin.machine()).or_default() += sender.refused_lists;
    }
    let mut all: Vec<_> =
        all.into_iter().map(|(origin, count)| (origin.sender.to_string(), count)).collect();
    let others = health.other_senders.refused_lists;
    all.extend((others > 0).then(|| (Sender::<IpAddr>::Others.to_string(), others)));
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all.truncate(max);
    all
}

fn next_step(class: &str) -> String {
    let unprotected = FaultKind::Unprotected { demanded: crate::wire::SecurityLevel::Sign };
    if class == unprotected.class() {
        "set SecurityLevel, Username and Password in the sender's collectd.conf".into()
    } else {
        String::new()
    }
}

/// How something came, in words.
fn route_text(trust: Trust, user: Option<&str>) -> String {
    let user = user.map(display_safe);
    match (trust, user) {
        (Trust::Unverified, Some(user)) => format!("signed by {user} but unverified"),
        (_, Some(user)) => format!("{} by {user}", trust.name()),
        (_, None) => trust.name().to_owned(),
    }
}

/// How the values of a host come now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protected {
    /// Without protection: the usual.
    Plain,
    /// Some with protection, some without: nobody should rely on it.
    Partly,
    /// Signed, and nobody can check it.
    Unverified,
    /// Signed, and right.
    Signed,
    /// Encrypted, and right.
    Encrypted,
}

impl Protected {
    /// The weakest protection of all recent value lists of `host`. `interval` is their promised
    /// interval: those of two senders that take turns are never further apart.
    pub fn of(host: &HostNode, interval: Interval) -> Self {
        let slack = interval.mul_f64(2.0).max(Interval::from_secs(10));
        let since = host.last_seen.arrival.saturating_sub(slack);
        let lately = |trust: &Trust| {
            let seen = host.last_seen.of(*trust);
            seen != CdTime::ZERO && seen >= since
        };
        let trusts = [Trust::Plain, Trust::Unverified, Trust::Signed, Trust::Encrypted];
        let mut trusts = trusts.into_iter().filter(lately);
        match (trusts.next(), trusts.next()) {
            (Some(Trust::Plain), Some(_)) => Self::Partly,
            (Some(Trust::Plain) | None, _) => Self::Plain,
            (Some(Trust::Unverified), _) => Self::Unverified,
            (Some(Trust::Signed), _) => Self::Signed,
            (Some(Trust::Encrypted), _) => Self::Encrypted,
        }
    }

    /// The word for it; none for the usual.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Partly => "partly plain",
            Self::Unverified => "unverified",
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
        }
    }
}

/// Sentences on how a host is received and what contradicts itself; empty for a plain one from a
/// single address.
pub fn about_host(health: &Health, host: &str) -> Vec<String> {
    let routes = health.routes.get(host).map_or(&[][..], Vec::as_slice);
    let plain = routes.len() == 1 && routes.iter().all(|route| route.trust == Trust::Plain);
    let sentence = |route: &Route| {
        let text = match (route.trust, &route.user) {
            (Trust::Unverified, Some(user)) => format!(
                "unverified: signed by {}, but there is no --auth-file to check it",
                display_safe(user)
            ),
            (trust, user) => route_text(trust, user.as_deref()),
        };
        format!("{text}, from {}", route.origin.sender)
    };
    let mut sentences: Vec<_> = routes.iter().filter(|_| !plain).map(sentence).collect();
    sentences.extend(health.conflicts.get(host).map(conflict_text));
    sentences.extend(health.shared.get(host).map(shared_name));
    sentences
}

/// That several machines use one host name, and what to do.
pub fn shared_name(shared: &Shared) -> String {
    let senders: Vec<_> = shared.senders.iter().map(|origin| origin.sender.to_string()).collect();
    format!(
        "{} send values of this host in turns: two machines with one name? Set Hostname in \
         collectd.conf of one of them",
        senders.join(" and ")
    )
}

/// What a host said twice, and what that looks like.
pub fn conflict_text(conflict: &Conflict) -> String {
    let Conflict { values, repeated, newest, .. } = conflict;
    let name = newest.as_ref().map_or_else(String::new, |id| id.to_string());
    let plugin = newest.as_ref().map_or("", |id| &*id.plugin);
    let count = format::counted(*values, "value");
    let cause = match plugin {
        // Most of them in one datagram: no second machine could do that.
        "snmp" if 2 * repeated > *values => {
            "one datagram has several values of this name: does the table lack an Instance?"
        }
        _ if 2 * repeated > *values => {
            "one datagram has several values of this name: does it lack an instance?"
        }
        _ => {
            "two machines with one host name, two programs that write this, or a clock that \
             stands still?"
        }
    };
    format!("{count} not kept, each for a moment that had another value, of {name}: {cause}")
}

/// Whose parts are refused, from where, and what to do: what a person needs who sees nothing
/// arrive. At most `max` sentences, and how many more there are.
pub fn refused_from(health: &Health, max: usize) -> (Vec<Trouble>, usize) {
    let mut all: BTreeMap<(String, String, bool), (u64, BTreeSet<Machine>)> = BTreeMap::new();
    for (origin, sender) in &health.senders {
        for Trouble { count, grave, what, next } in refusals(&sender.protected) {
            let (sum, addresses) = all.entry((what, next, grave)).or_default();
            *sum += count;
            addresses.insert(origin.sender.machine());
        }
    }
    let mut troubles: Vec<_> = all
        .into_iter()
        .map(|((what, next, grave), (count, addresses))| {
            let mut addresses = addresses.iter();
            let first = addresses.next().map_or_else(String::new, ToString::to_string);
            let more = match addresses.count() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            Trouble { count, grave, what: format!("from {first}{more}: {what}"), next }
        })
        .collect();
    troubles.sort_by_key(|trouble| std::cmp::Reverse(trouble.count));
    let more = troubles.len().saturating_sub(max);
    troubles.truncate(max);
    (troubles, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(protection: Protection, kind: FaultKind, what: &str, next: &str) {
        let (said, step) = refusal(protection, "mon\u{202e}", kind);
        let name = |text: &str| text.replace("mon", "mon\\u{202e}");
        assert!(said.contains(&name(what)), "{said}");
        assert!(step.contains(&name(next)), "{step}");
    }

    #[test]
    fn a_refusal_says_what_and_what_to_do() {
        let (signed, encrypted) = (Protection::Signed, Protection::Encrypted);
        check(
            encrypted,
            FaultKind::NoKeys,
            "encrypted as \"mon\"; no password for that user",
            "--auth-file FILE",
        );
        check(signed, FaultKind::NoKeys, "signed as \"mon\"", "the line mon: PASSWORD");
        check(
            signed,
            FaultKind::UserUnknown,
            "as \"mon\", a user missing from the AuthFile",
            "add the",
        );
        check(signed, FaultKind::SignatureWrong, "wrong password for mon: the sig", "Password in");
        check(encrypted, FaultKind::ChecksumWrong, "wrong password for mon", "Password in");
        check(signed, FaultKind::NestedTooDeep, "signed by user mon: protected parts", "");
    }

    #[test]
    fn ways_are_told_in_words() {
        for (trust, user, text) in [
            (Trust::Plain, None, "plain"),
            (Trust::Unverified, Some("alice"), "signed by alice but unverified"),
            (Trust::Signed, Some("alice"), "signed by alice"),
            (Trust::Encrypted, Some("bo\u{7}b"), "encrypted by bo\\u{7}b"),
        ] {
            assert_eq!(route_text(trust, user), text);
        }
    }
}
