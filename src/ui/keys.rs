//! The keyboard: one table, which the help pane shows too.

use super::Frame;
use crate::metric::Interval;
use crate::session::Screen;
use crate::view::tree::moved;
use crate::view::window::PRESETS;
use crate::view::{Action, Pane};
use eframe::egui::{self, Event, Key, Modifiers};

/// What the help pane says.
pub(super) const HELP: [(&str, &str); 20] = [
    ("Space", "pause, and go on"),
    ("End", "back to live"),
    ("Home", "to the oldest sample"),
    ("1 … 7", "window of 10s, 1m, 5m, 15m, 1h, 6h, 24h"),
    ("+ −  or  W S", "zoom in, zoom out"),
    ("← →  or  A D", "move by a quarter of the window, with Shift by a whole one"),
    ("Backspace", "take back the last zoom"),
    ("/", "filter the sidebar"),
    ("↑ ↓", "move through the sidebar"),
    ("Enter", "show the row: a host's overview, a plugin's panels; check a series"),
    ("X", "check or uncheck the row"),
    ("Page up, down", "scroll the panels; the wheel does beside the plots"),
    ("R", "counters as rates, or as the wire said them"),
    ("C", "times by the clocks of the hosts, or by this machine's"),
    ("Ctrl+B", "show or hide the sidebar"),
    ("N", "notifications"),
    ("Shift+↑ ↓", "show the notification above or below, while they are listed"),
    ("F2", "sources and health"),
    ("?", "these keys"),
    ("Esc", "close what is open, clear the filter"),
];

/// Id of the filter's text field, to give it the focus.
pub(super) fn filter_id() -> egui::Id {
    egui::Id::unique("sidebar filter")
}

/// Turns keys into actions, in the order in which they were pressed: a slow machine may see
/// several in one frame. Bare keys are left to a text field or a button that has the focus. A key
/// about rows that those before it are about to change waits in `memory` for the frame that has the
/// new ones, and so does what was typed after it.
pub(super) fn keys(ui: &egui::Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let ctx = ui.ctx();
    if std::mem::take(&mut frame.memory.filter_waits) {
        // The arrows that wait have moved the focus already.
        ctx.memory_mut(|memory| memory.request_focus(filter_id()));
    }
    let mut keyboard = Keyboard {
        ctx,
        screen,
        cursor: screen.view.cursor,
        chosen: screen.view.notifications.chosen,
        filtering: ctx.memory(|memory| memory.has_focus(filter_id())),
        focused: ctx.memory(|memory| memory.focused()).is_some(),
        typing: ctx.egui_wants_keyboard_input(),
        changed: false,
        actions: frame.actions,
    };
    let mut events = std::mem::take(&mut frame.memory.keys_waiting);
    ctx.input(|input| events.extend_from_slice(&input.events));
    // What was used here must not be typed into a field as well.
    let waiting = &mut frame.memory.keys_waiting;
    events.retain(|event| {
        let typed = match event {
            Event::Key { pressed, .. } => *pressed,
            Event::Text(_) | Event::Paste(_) | Event::Cut | Event::Copy | Event::Ime(_) => true,
            _ => false,
        };
        match event {
            _ if !typed => return true,
            _ if !waiting.is_empty() || keyboard.must_wait(event) => waiting.push(event.clone()),
            Event::Key { key, modifiers, .. } if keyboard.key(*modifiers, *key) => {}
            Event::Text(text) if keyboard.text(text) => {}
            _ => {
                keyboard.changed |= keyboard.filtering;
                return true;
            }
        }
        false
    });
    if !waiting.is_empty() {
        frame.memory.filter_waits = keyboard.filtering;
        if !screen.derived.rows.is_pending() {
            ctx.request_repaint();
        }
    }
    ctx.input_mut(|input| input.events = events);
}

struct Keyboard<'a, 's> {
    ctx: &'a egui::Context,
    screen: &'a Screen<'s>,
    /// The tree's cursor after the keys so far.
    cursor: Option<usize>,
    /// The notification chosen after the keys so far.
    chosen: Option<u64>,
    /// The filter has the focus.
    filtering: bool,
    /// Something has the focus.
    focused: bool,
    /// A text field has the focus.
    typing: bool,
    /// What was typed so far changes the rows, or what of them is drawn; these are the old ones.
    changed: bool,
    actions: &'a mut Vec<Action>,
}

impl Keyboard<'_, '_> {
    /// Whether `event` is about rows, or a text field, that only a later frame has.
    fn must_wait(&self, event: &Event) -> bool {
        let about_rows = match event {
            Event::Key { key: Key::X, .. } => !self.filtering,
            Event::Key { key: Key::Escape, .. } => self.changed,
            Event::Key { key, .. } => matches!(key, Key::Enter | Key::ArrowUp | Key::ArrowDown),
            _ => false,
        };
        let hidden = self.filtering && !self.screen.view.sidebar;
        hidden || (self.changed || self.screen.derived.rows.is_pending()) && about_rows
    }

    /// A key; true when it was used.
    fn key(&mut self, modifiers: Modifiers, key: Key) -> bool {
        if modifiers.alt {
            return false;
        }
        if modifiers.command || modifiers.ctrl {
            let sidebar = key == Key::B;
            if sidebar {
                self.actions.push(Action::ToggleSidebar);
            }
            return sidebar;
        }
        match key {
            Key::F2 => self.actions.push(Action::TogglePane(Pane::Sources)),
            Key::Escape => self.escape(),
            Key::ArrowDown | Key::ArrowUp if modifiers.shift && self.lists_notifications() => {
                self.show_notification(if key == Key::ArrowDown { 1 } else { -1 });
            }
            _ if (self.filtering || !self.typing) && self.tree_key(key) => {}
            _ => return !self.typing && self.time_key(modifiers.shift, key),
        }
        true
    }

    /// A typed character, so that the layout of the keyboard does not matter.
    fn text(&mut self, text: &str) -> bool {
        match text {
            _ if self.typing => return false,
            "?" => self.actions.push(Action::TogglePane(Pane::Help)),
            "/" => {
                if !self.screen.view.sidebar {
                    self.actions.push(Action::ToggleSidebar);
                }
                self.ctx.memory_mut(|memory| memory.request_focus(filter_id()));
                (self.filtering, self.focused, self.typing) = (true, true, true);
            }
            _ => return false,
        }
        true
    }

    fn escape(&mut self) {
        self.changed = true;
        if self.screen.view.pane.is_some() {
            self.actions.push(Action::ClosePane);
        } else if !self.screen.view.filter.text().is_empty() {
            self.actions.push(Action::SetFilter(String::new()));
        } else if !self.screen.view.notifications.filter.text().is_empty() {
            self.actions.push(Action::SetNotificationFilter(String::new()));
        } else if self.screen.view.notifications.open && !self.filtering {
            self.actions.push(Action::ToggleNotifications);
        }
        if self.filtering {
            self.ctx.memory_mut(|memory| memory.surrender_focus(filter_id()));
            (self.filtering, self.focused, self.typing) = (false, false, false);
        }
    }

    fn tree_key(&mut self, key: Key) -> bool {
        let rows = &self.screen.derived.rows.rows;
        let row = self.cursor.and_then(|row| rows.get(row)).copied();
        match key {
            Key::ArrowDown => self.move_cursor(1),
            Key::ArrowUp => self.move_cursor(-1),
            // Enter on a focused button presses that button.
            Key::Enter if self.filtering || !self.focused => {
                let first = rows.first().copied().filter(|_| self.filtering);
                if let Some(row) = row.or(first) {
                    self.changed = true;
                    self.actions.extend(self.screen.press(row));
                }
            }
            Key::X if !self.filtering => {
                if let Some(row) = row {
                    self.changed = true;
                    self.actions.extend(self.screen.check(row));
                }
            }
            _ => return false,
        }
        true
    }

    fn move_cursor(&mut self, by: isize) {
        let rows = &self.screen.derived.rows.rows;
        let selected = self.screen.view.selection().scope();
        let start = || rows.iter().position(|&row| self.screen.scope_of(row).as_ref() == selected);
        let cursor = self.cursor.or_else(|| start().filter(|_| !self.filtering));
        self.cursor = moved(cursor, by, rows.len());
        self.actions.extend(self.cursor.map(Action::SetCursor));
    }

    fn lists_notifications(&self) -> bool {
        self.screen.view.notifications.open && !self.typing
    }

    /// Shows the one so many rows below the one that is chosen; without one, the first.
    fn show_notification(&mut self, by: isize) {
        let number = self.screen.derived.listed.beside(self.chosen, by);
        if let Some(noted) = number.and_then(|of| self.screen.noted(of)) {
            self.chosen = number;
            self.actions.push(self.screen.show(noted));
        }
    }

    fn time_key(&mut self, shift: bool, key: Key) -> bool {
        const ZOOM: f64 = 0.7;
        let width = self.screen.view.window().width().secs_f64();
        let step = if shift { width } else { 0.25 * width };
        let preset = |index: usize| {
            let secs = PRESETS.get(index).map_or(0, |&(secs, _)| secs);
            Action::SetWidth(Interval::from_secs(secs))
        };
        self.actions.push(match key {
            // Space on a focused button presses that button.
            Key::Space if !self.focused => Action::TogglePause,
            Key::End => Action::GoLive,
            Key::Home => Action::GoOldest,
            Key::Backspace => Action::ZoomBack,
            Key::Plus | Key::Equals | Key::W => Action::ZoomMiddle(ZOOM),
            Key::Minus | Key::S => Action::ZoomMiddle(1.0 / ZOOM),
            Key::R => Action::ToggleMode,
            Key::C => Action::ToggleHostTime,
            Key::N => Action::ToggleNotifications,
            Key::ArrowLeft | Key::A => Action::Pan(-step),
            Key::ArrowRight | Key::D => Action::Pan(step),
            Key::Num1 => preset(0),
            Key::Num2 => preset(1),
            Key::Num3 => preset(2),
            Key::Num4 => preset(3),
            Key::Num5 => preset(4),
            Key::Num6 => preset(5),
            Key::Num7 => preset(6),
            _ => return false,
        });
        true
    }
}
