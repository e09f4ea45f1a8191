//! Forgetting what no game uses any more: the question, and the outcome.

use leptos::prelude::*;
use protocol::model::ProjectRole;

use super::page::{Link, Live};
use super::state::{Forgettable, Touched};
use crate::api::{self, AppError};

impl Live {
    /// Whether the person may forget what nobody uses; tracks it.
    pub fn may_forget(self) -> Signal<bool> {
        Signal::derive(move || self.role.get() >= ProjectRole::Admin)
    }

    /// Opens the question.
    pub fn ask_to_forget(&self, what: Forgettable) {
        self.not_forgotten.set(None);
        self.forgetting.set(Some(what));
    }

    /// Forgets it, now or not at all. `done` runs when it is gone.
    pub fn forget(&self, what: Forgettable, done: impl FnOnce() + 'static) {
        if self.link.get_untracked() != Link::Open {
            let text = "The connection is lost. Try again when it is back.";
            return self.not_forgotten.set(Some(text.to_owned()));
        }
        let live = *self;
        let (project, title) = self.read(|state| (state.project(), state.title_of(&what)));
        leptos::task::spawn_local(async move {
            let outcome = match what {
                Forgettable::Var(name) => api::forget_var(project, name).await,
                Forgettable::Device(device) => api::forget_device(project, device).await,
            };
            match outcome {
                // somebody else was faster
                Ok(()) | Err(AppError::NotFound) => {
                    live.announce(format!("{title} forgotten"));
                    done();
                }
                Err(AppError::Forbidden) => {
                    live.tell_why("Only an admin of the project can do this.".to_owned())
                }
                Err(why) => live.tell_why(why.to_string()),
            }
        });
    }

    /// The person has read that an edit was given up.
    pub fn hide_given_up(&self) {
        self.update(|state| {
            state.given_up = None;
            Touched { layout: true, ..Touched::default() }
        });
    }

    fn tell_why(&self, text: String) {
        self.not_forgotten.try_set(Some(text));
    }
}
