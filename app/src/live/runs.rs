//! The newest run of an action: who was asked, and what each game answered.

use protocol::live::{EditRefused, RunStarted};
use protocol::model::{DeviceId, RunId};

use super::by_device::ByDevice;
use crate::format;

/// Characters of an answer that are kept; a thousand games may each send a page.
const KEPT_CHARS: usize = 2_000;

/// What the page knows of an action's newest run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    asked: Option<Asked>,
    newest: Option<RunId>,
    answers: ByDevice<Answer>,
    /// Answers may have been missed.
    gap: bool,
}

/// The person's own run.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    /// In the message of this number; the server has not answered.
    Sent(u32),
    /// Sent to games.
    Started(RunStarted),
    /// Refused, with the reason.
    Refused(String),
    /// The connection was lost before the server answered.
    Lost,
}

/// What one game answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The result as JSON, or why it failed.
    pub outcome: Result<Option<String>, String>,
    /// From sending to the answer, in microseconds.
    pub round_trip_micros: u32,
}

/// How far the newest run has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// It was never run while this page was open.
    None,
    /// On its way to the server.
    Asking,
    /// Games were asked: so many, if it was this page that did.
    Asked(Option<usize>),
    /// Some answers will be missing.
    Interrupted,
    /// The server refused.
    Refused(&'a str),
}

impl Runs {
    /// The person runs it, in the message of this number.
    pub fn ask(&mut self, id: u32) {
        *self = Self { asked: Some(Asked::Sent(id)), newest: self.newest, ..Self::default() };
    }

    /// The person runs it, which is not possible.
    pub fn refuse(&mut self, why: String) {
        *self = Self { asked: Some(Asked::Refused(why)), newest: self.newest, ..Self::default() };
    }

    /// Takes the server's answer to an own run; `false` if it is for another one.
    pub fn answer(&mut self, id: u32, outcome: &Result<RunStarted, EditRefused>) -> bool {
        if self.asked != Some(Asked::Sent(id)) {
            return false;
        }
        self.asked = Some(match outcome {
            Ok(started) => {
                self.turn_to(started.run);
                Asked::Started(*started)
            }
            Err(refused) => Asked::Refused(refused.text.clone()),
        });
        true
    }

    /// Takes a game's answer, also to somebody else's run.
    pub fn done(&mut self, run: RunId, device: DeviceId, answer: Answer) {
        self.turn_to(run);
        if self.newest == Some(run) {
            let shorten = |text: String| format::shortened(&text, KEPT_CHARS).into_owned();
            let outcome = answer.outcome.map(|result| result.map(shorten)).map_err(shorten);
            self.answers.set(device, Answer { outcome, ..answer });
        }
    }

    /// The connection was lost, or deltas were missed: missing answers don't come again.
    pub fn interrupt(&mut self) {
        self.gap = true;
    }

    /// The connection was lost: the server's answer will not come.
    pub fn lose(&mut self) {
        if let Some(Asked::Sent(_)) = self.asked {
            self.asked = Some(Asked::Lost);
        }
        self.interrupt();
    }

    /// How far it has got.
    pub fn progress(&self) -> Progress<'_> {
        match &self.asked {
            Some(Asked::Sent(_)) => Progress::Asking,
            Some(Asked::Refused(text)) => Progress::Refused(text),
            Some(Asked::Lost) => Progress::Interrupted,
            Some(Asked::Started(RunStarted { run, games })) if self.newest == Some(*run) => {
                let games = (*games as usize).max(self.answers.len());
                if self.gap && self.answers.len() < games {
                    Progress::Interrupted
                } else {
                    Progress::Asked(Some(games))
                }
            }
            _ if self.answers.is_empty() => Progress::None,
            _ => Progress::Asked(None),
        }
    }

    /// What each game answered, in the order in which they did.
    pub fn answers(&self) -> &ByDevice<Answer> {
        &self.answers
    }

    /// Whether the newest run is this page's own.
    pub fn is_own(&self) -> bool {
        match &self.asked {
            Some(Asked::Started(started)) => self.newest == Some(started.run),
            Some(_) => true,
            None => false,
        }
    }

    fn turn_to(&mut self, run: RunId) {
        if self.newest < Some(run) {
            // an older run that failed is not reported any more
            self.asked.take_if(|asked| matches!(asked, Asked::Refused(_) | Asked::Lost));
            self.newest = Some(run);
            self.answers.clear();
            self.gap = false;
        }
    }
}
