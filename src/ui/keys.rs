//! The keyboard: one table, which the help pane shows too.

use super::Screen;
use crate::metric::Interval;
use crate::store::SeriesId;
use crate::view::selection::Scope;
use crate::view::tree::{Row, scope_of_host, scope_of_plugin};
use crate::view::window::PRESETS;
use crate::view::{Action, Pane};
use eframe::egui::{self, Key, Modifiers};

/// What the help pane says.
pub(super) const HELP: [(&str, &str); 16] = [
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
    ("R", "rates, or what the wire said"),
    ("Ctrl+B", "show or hide the sidebar"),
    ("F2", "sources and health"),
    ("?", "these keys"),
    ("Esc", "close what is open, clear the filter"),
];

/// Id of the filter's text field, to give it the focus.
pub(super) fn filter_id() -> egui::Id {
    egui::Id::unique("sidebar filter")
}

/// Turns keys into actions. Bare keys are left to a text field or a button that has the focus.
pub(super) fn keys(ui: &egui::Ui, screen: &Screen<'_>, actions: &mut Vec<Action>) {
    let ctx = ui.ctx();
    let filtering = ctx.memory(|memory| memory.has_focus(filter_id()));
    let focused = ctx.memory(|memory| memory.focused()).is_some();
    let typing = ctx.egui_wants_keyboard_input();
    let pressed = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));

    if pressed(Modifiers::CTRL, Key::B) {
        actions.push(Action::ToggleSidebar);
    }
    if pressed(Modifiers::NONE, Key::F2) {
        actions.push(Action::TogglePane(Pane::Sources));
    }
    if pressed(Modifiers::NONE, Key::Escape) {
        if screen.view.pane.is_some() {
            actions.push(Action::ClosePane);
        } else if !screen.view.filter.text().is_empty() {
            actions.push(Action::SetFilter(String::new()));
        }
        ctx.memory_mut(|memory| memory.surrender_focus(filter_id()));
    }
    if filtering || !typing {
        tree_keys(screen, &pressed, filtering, focused, actions);
    }
    if typing {
        return;
    }
    // Typed characters, so that the layout of the keyboard does not matter.
    let (help, slash) = ctx.input(|input| {
        let typed = |what: &str| {
            input
                .events
                .iter()
                .any(|event| matches!(event, egui::Event::Text(text) if text == what))
        };
        (typed("?"), typed("/"))
    });
    if help {
        actions.push(Action::TogglePane(Pane::Help));
    }
    if slash {
        if !screen.view.sidebar {
            actions.push(Action::ToggleSidebar);
        }
        ctx.memory_mut(|memory| memory.request_focus(filter_id()));
        // The slash itself must not be typed into the field it opened.
        ctx.input_mut(|input| {
            input.events.retain(|event| !matches!(event, egui::Event::Text(text) if text == "/"));
        });
    }
    time_keys(screen, &pressed, focused, actions);
}

fn tree_keys(
    screen: &Screen<'_>,
    pressed: &impl Fn(Modifiers, Key) -> bool,
    filtering: bool,
    focused: bool,
    actions: &mut Vec<Action>,
) {
    if pressed(Modifiers::NONE, Key::ArrowDown) {
        actions.push(Action::MoveCursor(1));
    }
    if pressed(Modifiers::NONE, Key::ArrowUp) {
        actions.push(Action::MoveCursor(-1));
    }
    let row = screen.view.cursor.and_then(|row| screen.rows.rows.get(row)).copied();
    // Enter on a focused button presses that button.
    if (filtering || !focused) && pressed(Modifiers::NONE, Key::Enter) {
        let first = screen.rows.rows.first().copied().filter(|_| filtering);
        if let Some(row) = row.or(first) {
            activate(screen, row, actions);
        }
    }
    if !filtering
        && let Some(row) = row
        && pressed(Modifiers::NONE, Key::X)
    {
        toggle(screen, row, actions);
    }
}

fn time_keys(
    screen: &Screen<'_>,
    pressed: &impl Fn(Modifiers, Key) -> bool,
    focused: bool,
    actions: &mut Vec<Action>,
) {
    const ZOOM: f64 = 0.7;
    let width = screen.view.window.width().secs_f64();
    let any = |keys: &[Key]| keys.iter().any(|&key| pressed(Modifiers::NONE, key));
    // Space on a focused button presses that button.
    if !focused && any(&[Key::Space]) {
        actions.push(Action::TogglePause);
    }
    // First, as a key without Shift is found with it too.
    for (keys, secs) in [([Key::ArrowLeft, Key::A], -width), ([Key::ArrowRight, Key::D], width)] {
        if keys.into_iter().any(|key| pressed(Modifiers::SHIFT, key)) {
            actions.push(Action::Pan(secs));
        }
    }
    for (keys, action) in [
        (&[Key::End][..], Action::GoLive),
        (&[Key::Home], Action::GoOldest),
        (&[Key::Backspace], Action::ZoomBack),
        (&[Key::Plus, Key::Equals, Key::W], Action::ZoomMiddle(ZOOM)),
        (&[Key::Minus, Key::S], Action::ZoomMiddle(1.0 / ZOOM)),
        (&[Key::R], Action::ToggleMode),
        (&[Key::ArrowLeft, Key::A], Action::Pan(-0.25 * width)),
        (&[Key::ArrowRight, Key::D], Action::Pan(0.25 * width)),
    ] {
        if any(keys) {
            actions.push(action);
        }
    }
    let digits = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
    for (key, (secs, _)) in digits.into_iter().zip(PRESETS) {
        if pressed(Modifiers::NONE, key) {
            actions.push(Action::SetWidth(Interval::from_secs(secs)));
        }
    }
}

/// The scope a host's or a plugin's row stands for.
pub(super) fn scope_of(screen: &Screen<'_>, row: Row) -> Option<Scope> {
    let hosts = screen.store.index().hosts();
    match row {
        Row::Host { host } => hosts.get(host).map(scope_of_host),
        Row::Plugin { host, plugin } => {
            let host = hosts.get(host)?;
            host.plugins.get(plugin).map(|node| scope_of_plugin(host, node))
        }
        Row::Series { .. } => None,
    }
}

/// What Enter or a click does to a row: shows a host or a plugin and opens it, checks a series.
pub(super) fn activate(screen: &Screen<'_>, row: Row, actions: &mut Vec<Action>) {
    let Some(scope) = scope_of(screen, row) else { return toggle(screen, row, actions) };
    let open = screen.view.open.contains(&scope);
    if screen.view.selection.scope() == Some(&scope) {
        actions.push(Action::SetOpen { scope, open: !open });
        return;
    }
    if !open {
        actions.push(Action::SetOpen { scope: scope.clone(), open: true });
    }
    actions.push(Action::Select(scope));
}

/// Checks or unchecks a series, or all of a plugin's: if any is drawn, none is afterwards. What a
/// graph hides (the idle time of a CPU) is checked by itself only.
pub(super) fn toggle(screen: &Screen<'_>, row: Row, actions: &mut Vec<Action>) {
    let mut ids: Vec<_> = match row {
        Row::Host { .. } => return,
        Row::Plugin { host, plugin } => {
            let hosts = screen.store.index().hosts();
            let node = hosts.get(host).and_then(|host| host.plugins.get(plugin));
            node.map(|node| crate::view::tree::series_of(node).collect()).unwrap_or_default()
        }
        Row::Series { id, .. } => vec![id],
    };
    let shown = !ids.iter().any(|id| screen.drawn.contains_key(id));
    let hidden =
        |id: &SeriesId| screen.store.series(*id).is_some_and(|series| screen.graphs.hides(series));
    if shown && !ids.iter().all(hidden) {
        ids.retain(|id| !hidden(id));
    }
    actions.push(Action::SetShown { ids, shown });
}
