//! How UDP reception goes, for people: from what came of each socket to a
//! [`Status`](reception::Status).

use super::report::{ListenReport, Trouble, UdpStatus, buffer_advice};
use crate::metric::Interval;
use crate::reception::{self, Destination, Line, State, Unicast};
use crate::view::format::age;

/// What a person should know. A machine without one of the IP families is fine, unless an address
/// of it was asked for.
pub(super) fn describe(status: &UdpStatus) -> reception::Status {
    let reports = &status.reports;
    let bound: Vec<_> = reports.iter().filter(|report| report.trouble.is_none()).collect();
    // What was asked for, where nothing came of it yet.
    let usable = if bound.is_empty() { reports.iter().collect() } else { bound.clone() };
    let unicast = usable.iter().find(|report| !report.asked.is_group());
    let port = |report: &&ListenReport| report.bound.map_or(report.asked.port, |at| at.port());
    let port = unicast.or(usable.first()).map_or(0, port);
    let mut lines: Vec<_> = status.troubles.iter().map(Line::bad).collect();
    let line = |report: &ListenReport| Line { ok: !is_missed(report), text: report.to_string() };
    lines.extend(reports.iter().map(line));
    lines.extend(buffer_advice(reports).map(Line::good));
    lines.extend(status.auth.iter().flat_map(|auth| &auth.lines).cloned());
    lines.extend(set_back(status.set_back));
    reception::Status {
        summary: summary(status, bound.len(), port),
        lines,
        state: if bound.is_empty() { State::Closed } else { State::Receiving },
        destination: Some(Destination {
            port,
            multicast: usable.iter().any(|report| report.asked.is_group()),
            unicast: match unicast.map(|report| report.asked.address) {
                None => Unicast::Nowhere,
                Some(address) if address.is_unspecified() => Unicast::Everywhere,
                Some(address) => Unicast::At(address.to_string()),
            },
        }),
        local_host: status.local_host.clone(),
        replay: None,
    }
}

/// The clock of this machine, where it cannot be followed.
fn set_back(by: Interval) -> Option<Line> {
    (!by.is_zero()).then(|| {
        Line::bad(format!(
            "this machine's clock was set back by {}: times here go on from before; start again \
             to use the new time",
            age(by)
        ))
    })
}

fn is_missed(report: &ListenReport) -> bool {
    match &report.trouble {
        None => false,
        Some(Trouble::NoIpv4 | Trouble::NoIpv6) => !report.is_default,
        Some(_) => true,
    }
}

fn summary(status: &UdpStatus, bound: usize, port: u16) -> String {
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
    use crate::source::auth::AuthReport;
    use crate::source::udp::{UdpOptions, UdpSource};

    /// One address that works, and `trouble` with another.
    fn status(trouble: Trouble) -> UdpStatus {
        let listen = ["127.0.0.1:0", "192.0.2.1:0"].map(|spec| spec.parse().unwrap());
        let source = UdpSource::open(&UdpOptions { listen: listen.into(), ..Default::default() });
        let mut reports = source.reports().to_vec();
        reports[1].trouble = Some(trouble);
        UdpStatus { reports, ..UdpStatus::default() }
    }

    #[test]
    fn what_is_missed_is_counted_and_marked() {
        let shown = describe(&status(Trouble::NotOurs));
        assert!(shown.summary.ends_with(", 1 of 2 sockets"), "{}", shown.summary);
        assert!(shown.lines[0].ok && !shown.lines[1].ok && shown.state == State::Receiving);
        assert_eq!(shown.destination.unwrap().unicast, Unicast::At("127.0.0.1".into()));
    }

    #[test]
    fn a_clock_that_was_set_back_is_reported() {
        for (set_back, lines) in [(Interval::ZERO, 2), (Interval::from_secs(3_600), 3)] {
            let shown = describe(&UdpStatus { set_back, ..status(Trouble::NotOurs) });
            let last = shown.lines.last().unwrap();
            assert_eq!(shown.lines.len(), lines);
            assert_eq!(last.text.contains("set back by 60 min"), lines == 3, "{}", last.text);
        }
    }

    #[test]
    fn where_nothing_is_listened_to_what_was_asked_for_is_shown() {
        for (asked, port, unicast) in [
            ("192.0.2.1:4242", 4_242, Unicast::At("192.0.2.1".into())),
            ("0.0.0.0:0", 0, Unicast::Everywhere),
            ("[2001:db8::1]:7", 7, Unicast::At("2001:db8::1".into())),
            ("239.1.1.1:9999", 9_999, Unicast::Nowhere),
        ] {
            let mut status = status(Trouble::NotOurs);
            status.reports.remove(0);
            status.reports[0].asked = asked.parse().unwrap();
            let shown = describe(&status);
            let destination = shown.destination.unwrap();
            assert_eq!((destination.port, destination.unicast), (port, unicast), "{asked}");
            assert_eq!((shown.state, shown.summary.as_str()), (State::Closed, "not listening"));
        }
    }

    #[test]
    fn a_family_that_the_machine_lacks_is_missed_only_when_asked_for() {
        for (is_default, ok) in [(true, true), (false, false)] {
            let mut status = status(Trouble::NoIpv6);
            status.reports[1].is_default = is_default;
            let shown = describe(&status);
            assert_eq!(shown.lines[1].ok, ok);
            assert_eq!(shown.summary.contains("1 of 2 sockets"), !ok, "{}", shown.summary);
        }
    }

    #[test]
    fn trouble_with_the_auth_file_is_in_the_summary_and_its_lines_are_shown() {
        let mut status = status(Trouble::NotOurs);
        let lines = vec![Line::bad("cannot read the AuthFile")];
        status.auth = Some(AuthReport { trouble: Some("AuthFile not read"), lines });
        let shown = describe(&status);
        assert!(shown.summary.ends_with(", AuthFile not read"), "{}", shown.summary);
        let last = shown.lines.last().unwrap();
        assert_eq!((last.ok, last.text.as_str()), (false, "cannot read the AuthFile"));
    }
}
