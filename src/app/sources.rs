//! How reception stands, as the window shows it.

use crate::source::udp::{ListenReport, Status, Trouble, buffer_advice};
use crate::ui::{SourceReport, Sources, Unicast};

/// Writes `sources` anew, except for what this program measures itself. A machine without one of
/// the IP families is fine, unless an address of it was asked for.
pub(super) fn describe(sources: &mut Sources, status: &Status) {
    let reports = &status.reports;
    let bound: Vec<_> = reports.iter().filter(|report| report.trouble.is_none()).collect();
    sources.listening = !bound.is_empty();
    // What was asked for, where nothing came of it yet.
    let usable = if bound.is_empty() { reports.iter().collect() } else { bound.clone() };
    let unicast = usable.iter().find(|report| !report.asked.is_group());
    let port = |report: &&ListenReport| report.bound.map_or(report.asked.port, |at| at.port());
    sources.port = unicast.or(usable.first()).map_or(0, port);
    sources.summary = summary(status, bound.len(), sources.port);
    let report =
        |report: &ListenReport| SourceReport { ok: !is_missed(report), text: report.to_string() };
    sources.reports = reports.iter().map(report).collect();
    let advice = buffer_advice(reports);
    sources.reports.extend(advice.map(|text| SourceReport { ok: true, text }));
    let auth = status.auth.iter().flat_map(|auth| &auth.lines);
    sources.reports.extend(auth.map(|line| SourceReport { ok: line.ok, text: line.text.clone() }));
    sources.reports.extend(set_back(status));
    sources.multicast = usable.iter().any(|report| report.asked.is_group());
    sources.unicast = match unicast.map(|report| report.asked.address) {
        None => Unicast::Nowhere,
        Some(address) if address.is_unspecified() => Unicast::Everywhere,
        Some(address) => Unicast::At(address.to_string()),
    };
}

/// The clock of this machine, where it cannot be followed.
fn set_back(status: &Status) -> Option<SourceReport> {
    let by = status.set_back;
    (!by.is_zero()).then(|| SourceReport {
        ok: false,
        text: format!(
            "this machine's clock was set back by {}: times here go on from before; start again \
             to use the new time",
            crate::view::format::age(by)
        ),
    })
}

fn is_missed(report: &ListenReport) -> bool {
    match &report.trouble {
        None => false,
        Some(Trouble::NoIpv4 | Trouble::NoIpv6) => !report.is_default,
        Some(_) => true,
    }
}

fn summary(status: &Status, bound: usize, port: u16) -> String {
    let missed = status.reports.iter().filter(|report| is_missed(report)).count();
    let listening = match (bound, missed) {
        (0, _) => "not listening".to_owned(),
        (_, 0) => format!("listening on port {port}"),
        (some, missed) => format!("listening on port {port}, {some} of {} sockets", some + missed),
    };
    match status.auth.as_ref().and_then(|auth| auth.trouble) {
        None => listening,
        Some(trouble) => format!("{listening}, {trouble}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Interval;
    use crate::source::auth::{AuthLine, AuthReport};
    use crate::source::udp::{UdpOptions, UdpSource};

    /// One address that works, and `trouble` with another.
    fn status(trouble: Trouble) -> Status {
        let listen = ["127.0.0.1:0", "192.0.2.1:0"].map(|spec| spec.parse().unwrap());
        let source = UdpSource::open(&UdpOptions { listen: listen.into(), ..Default::default() });
        let mut reports = source.reports().to_vec();
        reports[1].trouble = Some(trouble);
        Status { reports, ..Status::default() }
    }

    #[test]
    fn what_is_missed_is_counted_and_marked() {
        let mut sources = Sources { local_host: Some("mine".into()), ..Sources::default() };
        describe(&mut sources, &status(Trouble::NotOurs));
        assert!(sources.summary.ends_with(", 1 of 2 sockets"), "{}", sources.summary);
        assert!(sources.reports[0].ok && !sources.reports[1].ok && sources.listening);
        assert_eq!(sources.unicast, Unicast::At("127.0.0.1".into()));
        assert_eq!(sources.local_host.as_deref(), Some("mine"));
    }

    #[test]
    fn a_clock_that_was_set_back_is_reported() {
        for (set_back, lines) in [(Interval::ZERO, 2), (Interval::from_secs(3_600), 3)] {
            let mut sources = Sources::default();
            describe(&mut sources, &Status { set_back, ..status(Trouble::NotOurs) });
            let last = sources.reports.last().unwrap();
            assert_eq!(sources.reports.len(), lines);
            assert_eq!(last.text.contains("set back by 60 min"), lines == 3, "{}", last.text);
        }
    }

    #[test]
    fn where_nothing_is_listened_to_what_was_asked_for_is_told() {
        for (asked, port, unicast) in [
            ("192.0.2.1:4242", 4_242, Unicast::At("192.0.2.1".into())),
            ("0.0.0.0:0", 0, Unicast::Everywhere),
            ("[2001:db8::1]:7", 7, Unicast::At("2001:db8::1".into())),
            ("239.1.1.1:9999", 9_999, Unicast::Nowhere),
        ] {
            let mut status = status(Trouble::NotOurs);
            status.reports.remove(0);
            status.reports[0].asked = asked.parse().unwrap();
            let mut sources = Sources { listening: true, ..Sources::default() };
            describe(&mut sources, &status);
            assert_eq!((sources.port, sources.unicast), (port, unicast), "{asked}");
            assert_eq!((sources.listening, sources.summary.as_str()), (false, "not listening"));
        }
    }

    #[test]
    fn a_family_that_the_machine_lacks_is_missed_only_when_asked_for() {
        for (is_default, ok) in [(true, true), (false, false)] {
            let mut status = status(Trouble::NoIpv6);
            status.reports[1].is_default = is_default;
            let mut sources = Sources::default();
            describe(&mut sources, &status);
            assert_eq!(sources.reports[1].ok, ok);
            assert_eq!(sources.summary.contains("1 of 2 sockets"), !ok, "{}", sources.summary);
        }
    }

    #[test]
    fn trouble_with_the_auth_file_is_in_the_summary_and_its_lines_are_shown() {
        let mut status = status(Trouble::NotOurs);
        let lines = vec![AuthLine { ok: false, text: "cannot read the AuthFile".into() }];
        status.auth = Some(AuthReport { trouble: Some("AuthFile not read"), lines });
        let mut sources = Sources::default();
        describe(&mut sources, &status);
        assert!(sources.summary.ends_with(", AuthFile not read"), "{}", sources.summary);
        let last = sources.reports.last().unwrap();
        assert_eq!((last.ok, last.text.as_str()), (false, "cannot read the AuthFile"));
    }
}
