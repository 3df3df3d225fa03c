//! The status bar: what is received, what is lost, what it costs.

use super::{Screen, Tone};
use crate::metric::{Interval, Severity, display_safe};
use crate::store::{Health, HostClock, HostNode, Shared};
use crate::view::clocks;
use crate::view::command::{NOTIFICATIONS, SOURCES};
use crate::view::health::{Incident, lag, lost};
use crate::view::notifications::in_words;
use crate::view::senders::{Trouble, conflict_text, refusals, refused_lists, shared_name};
use crate::view::{Action, Pane, format};

/// One item of the status bar.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusItem {
    /// A few words.
    pub text: String,
    /// How it stands out.
    pub tone: Tone,
    /// What it means, on some lines.
    pub hint: String,
    /// The glyph before the text.
    pub glyph: Option<Severity>,
    /// What it does when it is pressed.
    pub action: Action,
}

impl StatusItem {
    fn new(text: String, tone: Tone, hint: impl Into<String>) -> Self {
        let action = Action::TogglePane(Pane::Sources);
        Self { text, tone, hint: hint.into(), glyph: None, action }
    }

    /// What was wrong, but not lately.
    fn past(self) -> Self {
        let hint = format!("Not in the last minute.\n{}", self.hint);
        Self { tone: Tone::Quiet, hint, glyph: None, ..self }
    }
}

impl Screen<'_> {
    /// The items of the status bar: what a person must know first comes first, as a narrow window
    /// leaves the rest out.
    pub fn status_items(&self) -> Vec<StatusItem> {
        items(self)
    }
}

fn items(screen: &Screen<'_>) -> Vec<StatusItem> {
    let mut items = vec![listening(screen)];
    items.extend(message(screen));
    let refused = refused(screen).map(|item| (Incident::Refused, item));
    let conflicts = conflicts(screen).map(|item| (Incident::Conflicting, item));
    let both = refused.into_iter().chain(conflicts);
    let (recent, past): (Vec<_>, Vec<_>) =
        both.partition(|(incident, _)| screen.meter.is_recent(*incident, screen.now));
    items.extend(recent.into_iter().map(|(_, item)| item));
    items.extend(wrong_clocks(screen));
    items.extend(shared_names(screen));
    notifications(screen, &mut items);
    items.push(received(screen));
    troubles(screen, &mut items);
    items.extend(past.into_iter().map(|(_, item)| item.past()));
    if let Some((lag, host)) = lag(screen.store, screen.now) {
        let host = display_safe(host);
        let hint = format!("Delay from timestamp to arrival; worst host: {host}");
        items.push(StatusItem::new(format!("lag {}", format::age(lag)), Tone::Quiet, hint));
    }
    let duplicates = screen.store.health().totals.duplicate_values;
    if duplicates > 0 {
        let hint =
            "Values received twice - by two groups, two interfaces or a relay - are kept once";
        let text = format!("duplicates {}", format::count(duplicates));
        items.push(StatusItem::new(text, Tone::Quiet, hint));
    }
    items.push(memory(screen));
    let frame = format!("frame {:.1} ms", screen.frame_millis);
    items.push(StatusItem::new(frame, Tone::Quiet, "Work on the last frame"));
    items
}

/// How fast data comes; of a capture that is not waited for, how much came.
fn received(screen: &Screen<'_>) -> StatusItem {
    let bare = |number: f64| format::Unit::new("").bare(number);
    if screen.replay().is_some_and(|replay| replay.pace().is_none()) {
        let totals = screen.store.health().totals;
        let datagrams = format::counted(totals.datagrams, "datagram");
        let text = format!("{datagrams} · {} values", bare(totals.values as f64));
        return StatusItem::new(text, Tone::Quiet, "Read from the capture");
    }
    let rates = screen.meter.rates();
    let values = bare(rates.values.round());
    let text = format!("{:.0} datagrams/s · {values} values/s", rates.datagrams);
    StatusItem::new(text, Tone::Quiet, "Received, averaged over five seconds")
}

fn listening(screen: &Screen<'_>) -> StatusItem {
    let summary = screen.reception.summary();
    let hint = match screen.replay() {
        None => "Addresses and groups received on",
        Some(_) => "Capture being read",
    };
    let hint = format!("{hint} ({})", screen.view.keymap.key(&SOURCES));
    if screen.has_failed() {
        StatusItem::new(format!("! {summary}"), Tone::Bad, hint)
    } else if screen.receives() && screen.reception.lines().all(|line| line.ok) {
        StatusItem::new(summary, Tone::Quiet, hint)
    } else {
        StatusItem::new(format!("! {summary}"), Tone::Warns, hint)
    }
}

/// Those that came since the user last looked, by severity; else how many there are.
fn notifications(screen: &Screen<'_>, items: &mut Vec<StatusItem>) {
    let all = screen.store.notifications();
    let (action, key) = (Action::ToggleNotifications, screen.view.keymap.key(&NOTIFICATIONS));
    let unseen = screen.view.notifications.unseen(all);
    for (severity, text) in in_words(&unseen) {
        let hint = format!("Notifications since you last looked ({key} lists them)");
        let item = StatusItem::new(text, Tone::Of(severity), hint);
        items.push(StatusItem { glyph: Some(severity), action: action.clone(), ..item });
    }
    if unseen.total() == 0 {
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let (text, hint) = match count {
            0 => {
                let hint = format!("Messages of collectd's threshold plugin and others ({key})");
                ("no notifications".into(), hint)
            }
            _ => {
                let hint = format!("All seen ({key} lists them)");
                (format::counted(count, "notification"), hint)
            }
        };
        items.push(StatusItem { action, ..StatusItem::new(text, Tone::Quiet, hint) });
    }
}

/// Losses, always; faults, only when there are any. Recent ones are marked.
fn troubles(screen: &Screen<'_>, items: &mut Vec<StatusItem>) {
    let health = screen.store.health();
    let totals = &health.totals;
    let mut hint = format!(
        "{} datagrams dropped by the kernel, {} values dropped (window too slow), {} lists \
         refused, {} late values without room",
        totals.kernel_drops,
        totals.dropped_values,
        totals.refused_lists,
        totals.late_dropped_values
    );
    for (sender, lists) in refused_lists(health, REASONS_MAX) {
        hint.push_str(&format!("\n{lists} of them from {sender}"));
    }
    let mut push = |text: String, incident: Incident, tone: Tone, hint: String| {
        items.push(if screen.meter.is_recent(incident, screen.now) {
            StatusItem::new(format!("! {text}"), tone, hint)
        } else {
            StatusItem::new(text, Tone::Quiet, hint)
        });
    };
    let text = format!("lost {}", format::count(lost(totals)));
    push(text, Incident::Lost, Tone::Bad, hint);
    if let Some((text, hint)) = unnamed(health) {
        push(text, Incident::Unnamed, Tone::Warns, hint);
    }
    let faults = totals.faults.saturating_sub(totals.refused);
    if faults > 0 {
        let hint = format!(
            "Faults in received datagrams ({} says which)",
            screen.view.keymap.key(&SOURCES)
        );
        push(format::counted(faults, "fault"), Incident::Damaged, Tone::Warns, hint);
    }
    let unknown = health.unknown_types.len() as u64;
    if unknown > 0 {
        let text = format!("! {}", format::counted(unknown, "unknown type"));
        let hint = "Not in types.db: drawn, with data sources named by position";
        items.push(StatusItem::new(text, Tone::Warns, hint));
    }
}

/// The sender with the most value lists that were refused for lack of room, and all that have some.
fn unnamed(health: &Health) -> Option<(String, String)> {
    let line = |(sender, lists): &(String, u64)| {
        format!("{sender}: {} refused", format::counted(*lists, "list"))
    };
    let all = refused_lists(health, REASONS_MAX);
    let mut hint = "Value lists that are not kept, as there is no room for their names: known \
                    series go on. A larger --memory has room for more; --max-lists and \
                    --max-lists-per-sender may set less"
        .to_owned();
    for sender in &all {
        hint = format!("{hint}\n{}", line(sender));
    }
    Some((line(all.first()?), hint))
}

/// Signed or encrypted parts that were refused: the most frequent reason, and how many others.
fn refused(screen: &Screen<'_>) -> Option<StatusItem> {
    let troubles = refusals(&screen.store.health().protected);
    let first = troubles.first()?;
    let what = first.what.split(':').next().unwrap_or_default();
    let text = match troubles.len() {
        1 => format!("refused: {what}"),
        more => format!("refused: {what} +{}", more - 1),
    };
    let sentence =
        |trouble: &Trouble| format!("{}: {}; {}", trouble.count, trouble.what, trouble.next);
    let hint = troubles.iter().take(REASONS_MAX).map(sentence).collect::<Vec<_>>().join("\n");
    let severity = if first.grave { Severity::Failure } else { Severity::Warning };
    let item = StatusItem::new(text, Tone::Of(severity), hint + &more(screen, "says who"));
    Some(StatusItem { glyph: Some(severity), ..item })
}

/// Reasons listed in a hint.
const REASONS_MAX: usize = 5;

/// Hosts that said two things about one moment.
fn conflicts(screen: &Screen<'_>) -> Option<StatusItem> {
    let mut hosts = screen.store.health().conflicts.iter();
    let (first, conflict) = hosts.next()?;
    let text = match hosts.count() {
        0 => format!("conflict: {}", display_safe(first)),
        more => format!("{} hosts in conflict", more + 1),
    };
    let item =
        StatusItem::new(text, Tone::Warns, conflict_text(conflict) + &more(screen, "names all"));
    Some(StatusItem { glyph: Some(Severity::Warning), ..item })
}

/// Hosts whose clock is wrong: their values are drawn, and where.
fn wrong_clocks(screen: &Screen<'_>) -> Option<StatusItem> {
    let wrong = clocks::wrong(screen.store, screen.now);
    let (node, clock) = wrong.first()?;
    let error = clocks::short(clock)?;
    let text = match wrong.len() {
        1 => format!("{}: {error}", display_safe(&node.name)),
        more => format!("{more} clocks wrong"),
    };
    let sentence = |(node, clock): &(&HostNode, &HostClock)| {
        let sentence = clocks::sentence(clock, screen.now)?;
        Some(format!("{}: {sentence}", display_safe(&node.name)))
    };
    let hint = wrong.iter().take(REASONS_MAX).filter_map(sentence);
    let hint = hint.collect::<Vec<_>>().join("\n") + &more(screen, "lists them");
    let item = StatusItem::new(text, Tone::Warns, hint);
    Some(StatusItem { glyph: Some(Severity::Warning), ..item })
}

/// Host names that several machines use.
fn shared_names(screen: &Screen<'_>) -> Option<StatusItem> {
    let lately = |shared: &&Shared| screen.now.since(shared.last_seen) < SHARED_SHOWN_MAX;
    let shared = screen.store.health().shared.iter();
    let mut shared = shared.filter(|(_, shared)| lately(shared));
    let (host, first) = shared.next()?;
    let text = match shared.count() {
        0 => format!("two machines named {}", display_safe(host)),
        more => format!("{} names shared by machines", more + 1),
    };
    let item = StatusItem::new(text, Tone::Warns, shared_name(first) + &more(screen, "lists them"));
    Some(StatusItem { glyph: Some(Severity::Warning), ..item })
}

/// A name that was shared so long ago is so no more.
const SHARED_SHOWN_MAX: Interval = Interval::from_secs(600);

/// Longest history shown; no memory holds more of a second's samples.
const KEPT_SHOWN_MAX: Interval = Interval::from_secs(366 * 86_400);

fn memory(screen: &Screen<'_>) -> StatusItem {
    let usage = screen.store.usage();
    // The samples of a clock that is years off are no history.
    let oldest = usage.oldest.filter(|oldest| screen.now.since(*oldest) < KEPT_SHOWN_MAX);
    let kept = oldest.map_or_else(String::new, |oldest| {
        format!(" · {} kept", format::age(screen.now.since(oldest)))
    });
    let units = screen.graphs.units();
    let (bytes, budget) = (units.bytes(usage.bytes), units.bytes(usage.budget_bytes));
    if usage.is_full_of_names() {
        let text = format!("! {} of {budget} are names{kept}", units.bytes(usage.name_bytes));
        let hint = format!(
            "Names of series take all the room that they may, half of the memory: new ones \
             of senders that have many are refused. --memory sets the limit; {} says who \
             has lists refused",
            screen.view.keymap.key(&SOURCES)
        );
        return StatusItem::new(text, Tone::Warns, hint);
    }
    let hint = "Memory of everything received; --memory sets the limit, the oldest goes first";
    StatusItem::new(format!("{bytes} of {budget}{kept}"), Tone::Quiet, hint)
}

/// Messages of the start that are repeated where one points at the first of them.
const MESSAGES_MAX: usize = 10;

/// The newest message since the start, else the first one of it: what is wrong there comes first,
/// and what else is wrong may follow from it.
fn message(screen: &Screen<'_>) -> Option<StatusItem> {
    let count = screen.messages_at_start.min(screen.messages.len());
    let (at_start, since) = screen.messages.split_at(count);
    let message = since.last().or(at_start.first())?;
    let first = message.lines().next().unwrap_or_default();
    if !since.is_empty() || count == 1 {
        return Some(StatusItem::new(format!("! {first}"), Tone::Warns, message));
    }
    let shown: Vec<_> = at_start.iter().take(MESSAGES_MAX).map(String::as_str).collect();
    let mut hint = shown.join("\n");
    if count > MESSAGES_MAX {
        hint += &more(screen, "lists all messages");
    }
    Some(StatusItem::new(format!("! 1 of {count}: {first}"), Tone::Warns, hint))
}

/// Where more is said, in a line of its own.
fn more(screen: &Screen<'_>, what: &str) -> String {
    format!("\n{} {what}", screen.view.keymap.key(&SOURCES))
}
