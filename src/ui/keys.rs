//! The keyboard: from keys to commands, in the order in which they are pressed.

use super::layouts::Place;
use super::{Frame, Memory};
use crate::view::Action;
use crate::view::action::TileAction;
use crate::view::chord::{Chord, Key};
use crate::view::command::{Command, Context, Focus, Step, Waits, of_chord};
use eframe::egui::{self, Event, Modifiers};

/// Id of the filter's text field, to give it the focus.
pub(super) fn filter_id() -> egui::Id {
    egui::Id::unique("sidebar filter")
}

/// The same of the filter of the table of all hosts.
pub(super) fn fleet_filter_id() -> egui::Id {
    egui::Id::unique("fleet filter")
}

/// Turns keys into actions: a slow machine may see several in one frame. Bare keys are left to a
/// text field or a button that has the focus. A key about rows that those before it are about to
/// change waits in the frame's memory for the frame that has the new ones, and so does what was
/// typed after it.
pub(super) fn keys(ui: &egui::Ui, frame: &mut Frame<'_>) {
    let (screen, memory, ctx) = (frame.screen, &mut *frame.memory, ui.ctx());
    if std::mem::take(&mut memory.menu_open) || memory.layouts.is_naming() {
        // The menu of a row, or the field for a name, has the keyboard.
        return;
    }
    if std::mem::take(&mut memory.filter_waits) {
        // The arrows that wait have moved the focus already.
        ctx.memory_mut(|memory| memory.request_focus(filter_id()));
    }
    let mut events = std::mem::take(&mut memory.keys_waiting);
    ctx.input(|input| events.extend_from_slice(&input.events));
    let focus = focus(ctx, memory);
    let (actions, pages) = (&mut *frame.actions, &mut memory.pages);
    let mut keyboard = Keyboard {
        ctx,
        context: screen.context(focus),
        changed: false,
        opens: false,
        actions,
        pages,
        layouts: &mut memory.layouts,
        menu_asked: &mut memory.menu_asked,
    };
    // Escape closes an open menu before anything else.
    let menu_open = egui::Popup::is_any_open(ctx);
    // What was used here must not be typed into a field as well.
    let waiting = &mut memory.keys_waiting;
    // Behind a key that was used comes the character that it types.
    let mut types = None;
    events.retain(|event| {
        if !is_typed(event) {
            return true;
        }
        let typed = types.take();
        if matches!(event, Event::Text(text) if typed.is_some_and(|c| is_typed_by(text, c))) {
            return false;
        }
        let chord = chord(event).filter(|chord| !(menu_open && chord.key == Key::Escape));
        let command = chord.and_then(|chord| of_chord(chord, &keyboard.context));
        if !waiting.is_empty() || keyboard.must_wait(command) {
            waiting.push(event.clone());
        } else if let Some(command) = command {
            types = chord.and_then(|chord| match chord.key {
                Key::Cap(c) if !chord.ctrl => Some(c),
                _ => None,
            });
            keyboard.run(command);
        } else {
            keyboard.changed |= keyboard.context.focus == Focus::Filter;
            // A letter that no field was there for is not for the field of a key behind it.
            let is_text = matches!(event, Event::Text(_) | Event::Paste(_));
            return !(is_text && keyboard.context.focus == Focus::Canvas);
        }
        false
    });
    if !waiting.is_empty() {
        memory.filter_waits = keyboard.context.focus == Focus::Filter;
        if !screen.derived.rows.is_pending() {
            ctx.request_repaint();
        }
    }
    ctx.input_mut(|input| input.events = events);
}

/// What the keyboard belongs to.
fn focus(ctx: &egui::Context, memory: &Memory) -> Focus {
    match ctx.memory(|memory| memory.focused()) {
        None => Focus::Canvas,
        Some(id) if id == filter_id() => Focus::Filter,
        // The head of a panel is a part of the canvas, and so is a row of its table.
        Some(id) if memory.on_canvas == Some(id) => Focus::Canvas,
        Some(_) if ctx.text_edit_focused() => Focus::Text,
        Some(_) => Focus::Other,
    }
}

/// Whether a text is what the key with this capital letter types.
fn is_typed_by(text: &str, cap: char) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.to_ascii_uppercase() == cap) && chars.next().is_none()
}

/// Whether an event is something typed, whose order counts.
pub(super) fn is_typed(event: &Event) -> bool {
    match event {
        Event::Key { pressed, .. } => *pressed,
        Event::Text(_) | Event::Paste(_) | Event::Cut | Event::Copy | Event::Ime(_) => true,
        _ => false,
    }
}

struct Keyboard<'a, 's> {
    ctx: &'a egui::Context,
    /// As it is after the keys so far.
    context: Context<'s>,
    /// What was typed so far changes the rows, or what of them is drawn; these are the old ones.
    changed: bool,
    /// The palette opens, or a name is asked for: what is typed then is for that field, which only
    /// the next frame has.
    opens: bool,
    actions: &'a mut Vec<Action>,
    pages: &'a mut f32,
    layouts: &'a mut Place,
    /// The row whose menu opens.
    menu_asked: &'a mut Option<usize>,
}

impl Keyboard<'_, '_> {
    /// Whether an event, which asks for `command`, is about rows or a text field that only a later
    /// frame has.
    fn must_wait(&self, command: Option<&Command>) -> bool {
        let hidden = self.context.focus == Focus::Filter && !self.context.picking.view.sidebar;
        let stale = match command.map_or(Waits::No, |command| command.waits) {
            Waits::No => false,
            Waits::ForChoices => self.changed,
            Waits::ForRows => self.changed || self.context.rows.is_pending(),
        };
        hidden || stale || self.opens
    }

    fn run(&mut self, command: &Command) {
        let gathers_none = self.context.picking.view.gathered.names.is_empty();
        for step in command.steps(&self.context) {
            match step {
                Step::Do(action) => {
                    match action {
                        Action::SetCursor(row) if gathers_none => self.context.cursor = Some(row),
                        Action::ShowNotification { number, .. } => {
                            self.context.chosen = Some(number);
                        }
                        Action::OpenPalette => self.opens = true,
                        _ => self.changed |= command.waits != Waits::No,
                    }
                    self.actions.push(action);
                }
                Step::EnterFilter => {
                    self.ctx.memory_mut(|memory| memory.request_focus(filter_id()));
                    self.context.focus = Focus::Filter;
                }
                Step::LeaveFilter => {
                    self.ctx.memory_mut(|memory| memory.surrender_focus(filter_id()));
                    self.context.focus = Focus::Canvas;
                }
                Step::OpenRowMenu(row) => *self.menu_asked = Some(row),
                Step::Scroll(pages) => *self.pages += pages,
                Step::NameLayout => {
                    self.layouts.begin(self.context.picking.view.layouts.name());
                    self.opens = true;
                }
                Step::OpenLayouts => self.layouts.opens = true,
                Step::FilterHosts => {
                    self.ctx.memory_mut(|memory| memory.request_focus(fleet_filter_id()));
                    self.opens = true;
                }
            }
        }
    }
}

/// A key that was pressed, or a typed character, for which the layout of the keyboard does not
/// matter.
pub(super) fn chord(event: &Event) -> Option<Chord> {
    match event {
        Event::Text(text) => {
            let mut chars = text.chars();
            let typed = chars.next().filter(|_| chars.next().is_none())?;
            Some(Chord::plain(Key::Typed(typed)))
        }
        Event::Key {
            key, modifiers: Modifiers { alt: false, ctrl, shift, command, .. }, ..
        } => Some(Chord { ctrl: *ctrl || *command, shift: *shift, key: named(*key)? }),
        _ => None,
    }
}

fn named(key: egui::Key) -> Option<Key> {
    Some(match key {
        egui::Key::Space => Key::Space,
        egui::Key::Enter => Key::Enter,
        egui::Key::Escape => Key::Escape,
        egui::Key::Backspace => Key::Backspace,
        egui::Key::Tab => Key::Tab,
        egui::Key::Delete => Key::Delete,
        egui::Key::Home => Key::Home,
        egui::Key::End => Key::End,
        egui::Key::PageUp => Key::PageUp,
        egui::Key::PageDown => Key::PageDown,
        egui::Key::ArrowLeft => Key::Left,
        egui::Key::ArrowRight => Key::Right,
        egui::Key::ArrowUp => Key::Up,
        egui::Key::ArrowDown => Key::Down,
        egui::Key::Menu => Key::Menu,
        egui::Key::Plus => Key::Cap('+'),
        egui::Key::Minus => Key::Cap('-'),
        egui::Key::Equals => Key::Cap('='),
        key => {
            let name = key.name();
            let mut chars = name.chars();
            match (chars.next()?, chars.as_str()) {
                (cap, "") => Key::Cap(cap),
                ('F', number) => Key::Function(number.parse().ok()?),
                _ => return None,
            }
        }
    })
}

impl Frame<'_> {
    /// Does what follows from a command that a row of the palette stands for.
    pub(super) fn perform(&mut self, ctx: &egui::Context, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Do(action) => self.actions.push(action),
                Step::EnterFilter => self.memory.filter_waits = true,
                Step::LeaveFilter => {
                    ctx.memory_mut(|memory| memory.surrender_focus(filter_id()));
                }
                Step::OpenRowMenu(row) => self.memory.menu_asked = Some(row),
                Step::Scroll(pages) => self.memory.pages += pages,
                Step::NameLayout => {
                    self.memory.layouts.begin(self.screen.view.layouts.name());
                }
                Step::OpenLayouts => self.memory.layouts.opens = true,
                Step::FilterHosts => {
                    ctx.memory_mut(|memory| memory.request_focus(fleet_filter_id()));
                }
            }
        }
    }

    /// Does what a command does that a button stands for.
    pub(super) fn ask(&mut self, command: &Command) {
        for step in command.steps(&self.screen.context(Focus::Canvas)) {
            if let Step::Do(action) = step {
                self.actions.push(action);
            }
        }
    }

    /// Does something to the panels on screen.
    pub(super) fn tile(&mut self, action: TileAction) {
        self.actions.push(Action::Tile(action));
    }
}
