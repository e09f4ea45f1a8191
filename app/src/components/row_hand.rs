//! What happens in a row tells whether a hand is in it. One place for all controls: a new one has it without knowing.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::model::VarName;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use super::focus::is_kept;
use crate::live::{Grip, Live};

/// How a hand is in a widget.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Widget {
    /// With the caret, from when it has the focus.
    Text,
    /// With a list or a picker that it has opened, until it has chosen.
    Popup,
    /// As long as a key or a pointer is down.
    Plain,
}

/// The listeners of one row.
#[derive(Clone, Copy)]
pub struct RowHand {
    live: Live,
    name: StoredValue<VarName>,
}

impl RowHand {
    /// For the row of this variable.
    pub fn new(live: Live, name: StoredValue<VarName>) -> Self {
        Self { live, name }
    }

    /// Something in it has the focus.
    pub fn focused(self, event: &Event) {
        if widget(event) == Some(Widget::Text) && !is_kept(event) {
            self.take(Grip::Caret);
        }
    }

    /// Nothing in it has, or something else.
    pub fn blurred(self) {
        self.leave(Grip::Caret);
        self.leave(Grip::Key);
    }

    /// A pointer went down. Where it goes up, the whole page hears.
    pub fn pressed(self) {
        self.take(Grip::Pointer);
    }

    /// A click, which may have opened a picker, or sent or taken back a draft.
    pub fn clicked(self, event: &Event) {
        match widget(event) {
            Some(Widget::Popup) => self.take(Grip::Caret),
            _ => self.name.with_value(|name| self.live.settle(name)),
        }
    }

    /// Something was chosen.
    pub fn chosen(self, event: &Event) {
        if widget(event) == Some(Widget::Popup) {
            self.leave(Grip::Caret);
        }
    }

    /// Something was typed, pasted or dropped.
    pub fn typed(self, event: &Event) {
        if widget(event) == Some(Widget::Text) {
            self.take(Grip::Caret);
        }
    }

    /// A key went down, and the control has had it. Where it goes up, the whole page hears.
    pub fn key_down(self, event: &KeyboardEvent) {
        let ends = matches!(event.key().as_str(), "Enter" | "Escape") && !is_composing(event);
        match widget(event) {
            // whoever has sent or taken back what they typed rests, although the caret is still there
            Some(Widget::Text) if ends && !event.shift_key() && !self.has_draft() => self.leave(Grip::Caret),
            Some(Widget::Popup) if event.key() == "Escape" => self.leave(Grip::Caret),
            // leaving with Tab is told by the focus
            _ if event.key() == "Tab" => {}
            Some(Widget::Text | Widget::Popup) => self.take(Grip::Caret),
            _ => self.take(Grip::Key),
        }
    }

    fn has_draft(self) -> bool {
        self.name.with_value(|name| self.live.draft(name).with_untracked(Option::is_some))
    }

    fn take(self, grip: Grip) {
        self.name.with_value(|name| self.live.take(name, grip));
    }

    fn leave(self, grip: Grip) {
        // a row that is taken away loses the focus when its name is gone already
        self.name.try_with_value(|name| self.live.leave(name, grip));
    }
}

/// Whether a key press belongs to an input method, whose Enter chooses a word and commits nothing. Safari ends the composition
/// before it tells of the key, which then has the code 229.
pub fn is_composing(event: &KeyboardEvent) -> bool {
    const PROCESSED: u32 = 229;
    event.is_composing() || event.key_code() == PROCESSED
}

fn widget(event: &Event) -> Option<Widget> {
    let target: Element = event.target()?.dyn_into().ok()?;
    Some(match (target.tag_name().as_str(), target.get_attribute("type").as_deref()) {
        ("TEXTAREA", _) => Widget::Text,
        ("SELECT", _) | ("INPUT", Some("color")) => Widget::Popup,
        ("INPUT", Some("range" | "radio" | "checkbox")) => Widget::Plain,
        ("INPUT", _) => Widget::Text,
        _ => Widget::Plain,
    })
}
