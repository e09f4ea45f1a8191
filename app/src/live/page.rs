//! The live page's state with its signals: what changed is drawn, and nothing else.

use std::collections::HashMap;

use leptos::prelude::*;
use leptos::reactive::signal::ArcTrigger;
use protocol::live::{Full, Snapshot};
use protocol::model::{Gesture, Level, ProjectRole, UnixMicros, Value, VarName};

use super::hand::Hands;
use super::log_look::LogLook;
use super::log_range::LogRange;
use super::log_window::Gap;
use super::logs::Ask;
use super::scope::{Scope, TooMany};
use super::state::{Forgettable, LiveState, Touched};
use super::vars::VarState;
use super::view::{Pane, Place, View};
use crate::gesture::new_gesture;

/// The state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// As the server rendered it; the socket is being opened for the first time.
    Opening,
    /// Connected and live.
    Open,
    /// The connection is lost; so many attempts were made to get it back.
    Away {
        /// Counts from 1.
        attempt: u32,
        /// Lost for long enough to tell the person.
        shown: bool,
    },
    /// The account has too many live pages open; it is tried again now and then.
    Crowded,
    /// The server is newer: the page has to be reloaded.
    Outdated,
}

/// The live page's state, and a trigger for each part that is drawn on its own.
///
/// A delta for one variable reruns that variable's row and nothing else.
#[derive(Clone, Copy)]
pub struct Live {
    pub(super) inner: StoredValue<Inner>,
    /// The state of the connection.
    pub link: RwSignal<Link>,
    /// What the person may do here.
    pub role: RwSignal<ProjectRole>,
    /// Which page it is.
    pub place: Place,
    /// The pane that a phone shows.
    pub pane: RwSignal<Pane>,
    /// The filter of the variables, as typed.
    pub var_filter: RwSignal<String>,
    /// The variable whose devices are listed; one at a time.
    pub opened: RwSignal<Option<VarName>>,
    /// The filter of the log, as typed, valid or not.
    pub log_filter: RwSignal<String>,
    /// The lowest level that the log shows.
    pub log_level: RwSignal<Level>,
    /// The times of which the log shows lines.
    pub log_range: RwSignal<LogRange>,
    /// How the log's lines look.
    pub log_look: RwSignal<LogLook>,
    /// The number of the line whose details are shown.
    pub log_line: RwSignal<Option<u64>>,
    /// What the person is asked to confirm forgetting.
    pub forgetting: RwSignal<Option<Forgettable>>,
    /// Why it was not forgotten.
    pub not_forgotten: RwSignal<Option<String>>,
    /// The controls that the person's hand is in.
    pub hands: RwSignal<Hands>,
    /// Counts pointer presses in rows.
    pub(super) presses: StoredValue<u32>,
    /// What screen readers announce, politely.
    pub announcement: RwSignal<String>,
    next_announcement: StoredValue<Option<String>>,
}

pub(super) struct Inner {
    pub state: LiveState,
    vars: HashMap<VarName, ArcTrigger>,
    layout: ArcTrigger,
    devices: ArcTrigger,
    logs: ArcTrigger,
    refused: ArcTrigger,
    storing: ArcTrigger,
    scope: ArcTrigger,
    pub drafts: HashMap<VarName, ArcRwSignal<Option<String>>>,
    #[cfg(feature = "hydrate")]
    pub wake: Option<futures_channel::mpsc::UnboundedSender<()>>,
}

impl Live {
    /// A page as the server rendered it, with the view in its address.
    pub fn new(snapshot: Snapshot, view: View, place: Place) -> Self {
        let role = RwSignal::new(snapshot.role);
        Self {
            role,
            inner: StoredValue::new(Inner {
                state: LiveState::with_view(snapshot, &view),
                vars: HashMap::new(),
                layout: ArcTrigger::new(),
                devices: ArcTrigger::new(),
                logs: ArcTrigger::new(),
                refused: ArcTrigger::new(),
                storing: ArcTrigger::new(),
                scope: ArcTrigger::new(),
                drafts: HashMap::new(),
                #[cfg(feature = "hydrate")]
                wake: None,
            }),
            link: RwSignal::new(Link::Opening),
            place,
            pane: RwSignal::new(if place == Place::Logs { Pane::Logs } else { view.pane }),
            var_filter: RwSignal::new(view.vars),
            log_filter: RwSignal::new(view.log),
            log_level: RwSignal::new(view.level),
            log_range: RwSignal::new(view.range),
            log_look: RwSignal::new(view.look),
            log_line: RwSignal::new(view.line),
            opened: RwSignal::new(None),
            forgetting: RwSignal::new(None),
            not_forgotten: RwSignal::new(None),
            hands: RwSignal::default(),
            presses: StoredValue::new(0),
            announcement: RwSignal::new(String::new()),
            next_announcement: StoredValue::new(None),
        }
    }

    /// Reads the state without tracking it.
    pub fn read<T>(&self, read: impl FnOnce(&LiveState) -> T) -> T {
        self.inner.with_value(|inner| read(&inner.state))
    }

    /// Reads a variable, tracked.
    pub fn with_var<T>(&self, name: &VarName, read: impl FnOnce(&LiveState, &VarState) -> T) -> Option<T> {
        let trigger =
            self.inner.try_update_value(|inner| inner.vars.entry(name.clone()).or_default().clone());
        trigger?.track();
        self.inner.with_value(|inner| inner.state.var(name).map(|var| read(&inner.state, var)))
    }

    /// Reads the list of variables and their declarations, tracked.
    pub fn with_layout<T>(&self, read: impl FnOnce(&LiveState) -> T) -> T {
        self.inner.with_value(|inner| inner.layout.track());
        self.read(read)
    }

    /// Reads the devices, tracked.
    pub fn with_devices<T>(&self, read: impl FnOnce(&LiveState) -> T) -> T {
        self.inner.with_value(|inner| inner.devices.track());
        self.read(read)
    }

    /// Reads the log, tracked.
    pub fn with_logs<T>(&self, read: impl FnOnce(&LiveState) -> T) -> T {
        self.inner.with_value(|inner| inner.logs.track());
        self.read(read)
    }

    /// Reads what was refused, tracked.
    pub fn with_refused<T>(&self, read: impl FnOnce(&LiveState) -> T) -> T {
        self.inner.with_value(|inner| inner.refused.track());
        self.read(read)
    }

    /// Reads what depends on the selected devices, tracked.
    pub fn with_scope<T>(&self, read: impl FnOnce(&LiveState) -> T) -> T {
        self.inner.with_value(|inner| inner.scope.track());
        self.read(read)
    }

    /// Changes the selected devices. If there are too many, that is announced.
    pub fn select(&self, change: impl FnOnce(&mut Scope) -> Result<(), TooMany>) {
        let mut scope = self.read(|state| state.scope().clone());
        if let Err(too_many) = change(&mut scope) {
            self.announce(too_many.to_string());
        }
        self.update(|state| state.set_scope(scope));
    }

    /// Selects no device, which shows all of them.
    pub fn show_all_devices(&self) {
        self.update(|state| state.set_scope(Scope::default()));
    }

    /// The current view, tracked.
    pub fn view(&self) -> View {
        View {
            vars: self.var_filter.get(),
            log: self.log_filter.get(),
            level: self.log_level.get(),
            range: self.log_range.get(),
            look: self.log_look.get(),
            line: self.log_line.get(),
            devices: self.with_scope(|state| state.scope().selected().clone()),
            pane: self.pane.get(),
        }
    }

    /// Whether the person may not change anything; tracked.
    pub fn locked(self) -> Signal<bool> {
        Signal::derive(move || self.role.get() < ProjectRole::Designer)
    }

    /// Whether log entries are refused because the daily limit is reached; tracked.
    pub fn full(&self) -> Option<Full> {
        self.inner.with_value(|inner| inner.storing.track());
        self.read(LiveState::full)
    }

    /// Whether the database accepts writes; tracked.
    pub fn storing(&self) -> bool {
        self.inner.with_value(|inner| inner.storing.track());
        self.read(LiveState::storing)
    }

    /// Runs an action on every connected game, now or not at all.
    pub fn run(&self, name: &VarName, args: Option<String>) {
        self.act(|state| state.run(name, args));
    }

    /// Sets a variable: at once on this page, then on the server, then in the games.
    pub fn edit(&self, name: &VarName, value: Value, gesture: Gesture) {
        self.act(|state| state.edit(name, value, gesture));
    }

    /// Sends the desired value to the games again.
    pub fn push_again(&self, name: &VarName) {
        self.act(|state| state.push_again(name, new_gesture()));
    }

    /// Lets go of an edit: games go back to their own values.
    pub fn let_go(&self, name: &VarName) {
        self.act(|state| state.let_go(name, new_gesture()));
    }

    /// Undoes the person's newest edit, and announces it.
    pub fn undo(&self) {
        let mut said = None;
        self.act(|state| {
            let (touched, sentence) = state.undo(new_gesture());
            said = sentence;
            touched
        });
        if let Some(said) = said {
            self.announce(said);
        }
    }

    /// Tells the socket's task that there is something to send.
    #[cfg(feature = "hydrate")]
    pub(super) fn wake(&self) {
        self.inner.with_value(|inner| {
            if let Some(wake) = &inner.wake {
                // it fails once the socket's task has ended, when nothing is sent any more
                let _ = wake.unbounded_send(());
            }
        });
    }

    /// Announces a text to screen readers, at most every two seconds; of several only the last.
    pub fn announce(&self, text: String) {
        const PAUSE: std::time::Duration = std::time::Duration::from_secs(2);
        let waiting = self.next_announcement.try_update_value(|next| next.replace(text).is_some());
        if waiting == Some(false) {
            let live = *self;
            set_timeout(
                move || {
                    if let Some(text) = live.next_announcement.try_update_value(Option::take).flatten() {
                        live.announcement.try_set(text);
                    }
                },
                PAUSE,
            );
        }
    }

    /// It is at least this late, by the server's clock: filters may ask.
    pub fn pass_time(&self, now: UnixMicros) {
        self.update(|state| {
            state.tick(now);
            Touched::default()
        });
        if let Some(range) = self.log_range.try_get_untracked().filter(|range| range.is_moving()) {
            self.update_logs(|state| state.move_log_range(range));
        }
    }

    /// Changes what nothing is drawn from.
    pub fn change_quietly(&self, change: impl FnOnce(&mut LiveState)) {
        self.update(|state| {
            change(state);
            Touched::default()
        });
    }

    /// Loads the edits from before the page was opened, for the lines and marks between those of the log.
    pub fn load_edits(self) {
        let project = self.read(LiveState::project);
        leptos::task::spawn_local(async move {
            // without them the log has only those that happen while it is open
            if let Ok(found) = crate::api::list_edits(project).await {
                self.update_logs(|state| state.logs.events.tell(found.edits, found.since));
            }
        });
    }

    /// Changes the log's view: filter, pause, clear.
    pub fn update_logs(&self, change: impl FnOnce(&mut LiveState)) {
        self.update(|state| {
            change(state);
            Touched { logs: true, ..Touched::default() }
        });
    }

    /// Searches log lines that only the server has. Does nothing while a search is under way.
    pub fn look(&self, gap: Gap) {
        let asked = self.inner.try_update_value(|inner| {
            let project = inner.state.project();
            inner.state.logs.ask(gap, project)
        });
        let Some(Ask { generation, gap, question }) = asked.flatten() else { return };
        self.update_logs(|_| {});
        let live = *self;
        leptos::task::spawn_local(async move {
            let part = crate::api::search_logs(question).await.map_err(|why| why.to_string());
            live.update_logs(|state| {
                state.logs.answer(generation, gap, part);
            });
        });
    }

    /// Changes the state and notifies what was touched. Does nothing once the page is gone.
    pub(super) fn update(&self, change: impl FnOnce(&mut LiveState) -> Touched) -> Touched {
        let Some(touched) = self.inner.try_update_value(|inner| change(&mut inner.state)) else {
            return Touched::default();
        };
        // collected first: what they trigger reads the state again
        let triggers = self.inner.try_with_value(|inner| inner.triggers(&touched)).unwrap_or_default();
        triggers.notify();
        if touched.role
            && let Some(role) = self.inner.try_with_value(|inner| inner.state.role())
            && self.role.try_get_untracked().is_some_and(|known| known != role)
        {
            self.role.try_set(role);
        }
        touched
    }

    /// The same, for what the server is to be sent.
    pub(super) fn act(&self, change: impl FnOnce(&mut LiveState) -> Touched) {
        self.update(change);
        #[cfg(feature = "hydrate")]
        self.wake();
    }
}

impl Inner {
    fn triggers(&self, touched: &Touched) -> Vec<ArcTrigger> {
        let mut triggers: Vec<ArcTrigger> = if touched.all_vars {
            self.vars.values().cloned().collect()
        } else {
            touched.vars.iter().filter_map(|name| self.vars.get(name)).cloned().collect()
        };
        let parts = [
            (touched.layout, &self.layout),
            (touched.devices, &self.devices),
            (touched.logs, &self.logs),
            (touched.refused, &self.refused),
            (touched.storing, &self.storing),
            (touched.scope, &self.scope),
        ];
        triggers.extend(parts.into_iter().filter(|(is, _)| *is).map(|(_, trigger)| trigger.clone()));
        triggers
    }
}

/// The live page that a component is part of.
pub fn use_live() -> Live {
    expect_context()
}
