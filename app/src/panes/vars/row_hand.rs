//! Events in a row tell whether a hand is in it. One place for all controls: a new one needs nothing of its own.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::model::VarName;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use crate::components::is_kept;
use crate::keys::is_composing;
use crate::live::{Grip, Live};

/// How a hand is in a widget.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Widget {
    /// With the caret, as long as it has the focus.
    Text,
    /// With an open list or picker, until something is chosen.
    Popup,
    /// Only while a key or a pointer is down.
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

    /// Something in the row got the focus.
    pub fn focused(self, event: &Event) {
        if widget(event) == Some(Widget::Text) && !is_kept(event) {
            self.take(Grip::Caret);
        }
    }

    /// It lost the focus.
    pub fn blurred(self) {
        self.leave(Grip::Caret);
        self.leave(Grip::Key);
    }

    /// A pointer went down. The whole page listens for it to go up.
    pub fn pressed(self) {
        self.take(Grip::Pointer);
    }

    /// A click, which may have opened a picker, or sent or discarded a draft.
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

    /// A key went down, after the control has handled it. The whole page listens for it to go up.
    pub fn key_down(self, event: &KeyboardEvent) {
        let ends = matches!(event.key().as_str(), "Enter" | "Escape") && !is_composing(event);
        match widget(event) {
            // after sending or discarding, the hand rests, although the caret is still there
            Some(Widget::Text) if ends && !event.shift_key() && !self.has_draft() => self.leave(Grip::Caret),
            Some(Widget::Popup) if event.key() == "Escape" => self.leave(Grip::Caret),
            // the focus event reports leaving with Tab
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
        // a removed row loses the focus after its name is gone
        self.name.try_with_value(|name| self.live.leave(name, grip));
    }
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
