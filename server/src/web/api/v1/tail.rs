//! The log as it is written, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{
        IntoResponse,
        sse::{Event, Sse},
    },
};
use futures_util::{FutureExt as _, stream};
use gateway::{Action, Caller, Delta, Gateway, GatewayError, Watched, Watcher};
use protocol::{
    live,
    model::{LogLine, ProjectId},
};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{
    caller::Client,
    error::{ApiResult, Problem},
    extract::{At, InProject, Params},
    logs::{LineView, Matcher, Search},
};
use crate::web::{Web, guard, pace::Pace};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often to check whether a token has expired; other changes are noticed at once.
const CHECK_INTERVAL: Duration = Duration::from_secs(20);
/// The reconnection time for clients.
const RETRY: Duration = Duration::from_secs(2);
/// Most lines to catch up on after a pause; any more are counted and skipped.
const MAX_CATCH_UP: u64 = 10_000;
/// Lines to read at a time when catching up.
const WINDOW: u32 = 200;
/// Lines that don't match before the position is sent.
const POSITION_EVERY: u64 = 1_000;

/// Follow the log
///
/// Server-sent events: `line` has a line as JSON, with its number as `id`, starting now or after `Last-Event-ID`;
/// `dropped` has `{"count": …}` if you were disconnected for, or fell behind by, more than 10,000 lines, and says how many
/// were skipped. Lines that don't match advance the `id`, too: it is sent on its own at the start, after 1,000 such lines,
/// after 15 seconds of silence, and on shutdown, so that a client that reconnects with the latest one misses nothing and
/// gets nothing twice. The stream ends if you lose access to the project, if you don't read it, and when the server shuts
/// down.
#[utoipa::path(
    get, operation_id = "follow_logs", path = "/projects/{project}/logs/live", tag = "logs",
    params(InProject, Search, ("last-event-id" = Option<u64>, Header, description = "The last `id` that you received.")),
    responses((status = 200, description = "Events, until you disconnect.", body = String, content_type = "text/event-stream"))
)]
pub(super) async fn live(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(search): Params<Search>,
    Extension(pace): Extension<Pace>,
    headers: HeaderMap,
) -> ApiResult<impl IntoResponse> {
    let last_seen = last_event_id(&headers)?;
    let followed = web.rates.follow(&caller).ok_or_else(Problem::crowded)?;
    let matcher = Matcher::following(&web.gateway, &caller, project, &search).await?;
    let tail = Tail::begin(web, caller, project, matcher, last_seen).await?;
    pace.keep_up();
    let events = stream::unfold((tail, followed), |(mut tail, followed)| async move {
        tail.next().await.map(|event| (Ok::<_, Infallible>(event), (tail, followed)))
    });
    Ok(Sse::new(events))
}

fn last_event_id(headers: &HeaderMap) -> ApiResult<Option<u64>> {
    const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
    if !headers.contains_key(&LAST_EVENT_ID) {
        return Ok(None);
    }
    let number = guard::text(headers, &LAST_EVENT_ID).and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| {
        Problem::invalid("Last-Event-ID must be the id of an earlier event from this endpoint")
    })
}

struct Tail {
    gateway: Gateway,
    caller: Caller,
    project: ProjectId,
    matcher: Matcher,
    watcher: Watcher,
    access: watch::Receiver<u64>,
    checks: Interval,
    /// Ticks after a silence.
    silence: Interval,
    stop: CancellationToken,
    is_begun: bool,
    is_over: bool,
    /// Lines to match, in order, without gaps.
    waiting: VecDeque<LogLine>,
    /// The number of the last line that was matched or put into `waiting`.
    taken: u64,
    /// The last `id` that was sent.
    told: u64,
    /// The number of the newest stored line.
    newest: u64,
}

enum Wake {
    Stop,
    Access,
    Silence,
    Watched(Watched),
}

/// What comes after a wait.
enum Step {
    /// Look again.
    On,
    /// Nothing was sent for a while: send the position.
    Say,
    End,
}

impl Tail {
    async fn begin(
        web: Web,
        caller: Caller,
        project: ProjectId,
        matcher: Matcher,
        last_seen: Option<u64>,
    ) -> Result<Self, GatewayError> {
        let mut access = web.gateway.access_changes();
        // the caller was authenticated before this subscription
        access.mark_changed();
        let mut watcher = web.gateway.watch(&caller, project).await?;
        let newest = watcher.newest_log();
        let mut checks = interval(CHECK_INTERVAL);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silence = interval(HEARTBEAT);
        silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // after a backup was restored, numbers may be lower than the client's
        let taken = last_seen.map_or(newest, |seen| seen.min(newest));
        Ok(Self {
            gateway: web.gateway,
            caller,
            project,
            matcher,
            watcher,
            access,
            checks,
            silence,
            stop: web.stop,
            is_begun: false,
            is_over: false,
            waiting: VecDeque::new(),
            taken,
            told: taken,
            newest,
        })
    }

    /// `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        if self.is_over {
            return None;
        }
        let event = self.next_event().await;
        self.silence.reset();
        event
    }

    async fn next_event(&mut self) -> Option<Event> {
        if !std::mem::replace(&mut self.is_begun, true) {
            return Some(self.position().retry(RETRY));
        }
        loop {
            if self.stop.is_cancelled() {
                return self.last_position();
            }
            if self.access.has_changed().ok()? && !self.may_go_on().await {
                return None;
            }
            while let Some(line) = self.waiting.pop_front() {
                if self.matcher.matches(&line) {
                    self.told = line.seq;
                    return Some(event_of(&self.matcher.view(line)));
                }
            }
            if self.taken - self.told >= POSITION_EVERY {
                return Some(self.position());
            }
            if self.taken < self.newest {
                if let Some(dropped) = self.skip() {
                    return Some(dropped);
                }
                self.catch_up().await.ok()?;
                continue;
            }
            match self.wait().await {
                Step::On => {}
                Step::Say => return Some(self.position().comment("")),
                Step::End => return None,
            }
        }
    }

    /// An `id` on its own, which dispatches no event: everything up to here was matched. Only if nothing waits.
    fn position(&mut self) -> Event {
        self.told = self.taken;
        Event::default().id(self.told.to_string())
    }

    /// On shutdown: sends the position, so that clients resume here.
    fn last_position(&mut self) -> Option<Event> {
        self.is_over = true;
        while self.waiting.is_empty()
            && let Some(Watched::Delta(delta)) = self.watcher.next().now_or_never()
        {
            self.take(&delta);
            self.waiting.retain(|line| self.matcher.matches(line));
        }
        if let Some(line) = self.waiting.front() {
            self.taken = line.seq - 1;
        }
        (self.taken > self.told).then(|| self.position())
    }

    /// Skips what is too much to catch up on.
    fn skip(&mut self) -> Option<Event> {
        let count = (self.newest - self.taken).checked_sub(MAX_CATCH_UP).filter(|count| *count > 0)?;
        self.taken += count;
        Some(self.position().event("dropped").data(json!({ "count": count }).to_string()))
    }

    /// Reads the lines after the last one from the store.
    async fn catch_up(&mut self) -> Result<(), GatewayError> {
        // numbers only have gaps where old lines were deleted
        let lines = self.gateway.list_logs_after(&self.caller, self.project, self.taken, WINDOW).await?;
        self.taken = lines.last().map_or(self.newest, |line| line.seq);
        self.waiting.extend(lines);
        Ok(())
    }

    /// Until something has happened.
    async fn wait(&mut self) -> Step {
        let wake = tokio::select! {
            () = self.stop.cancelled() => Wake::Stop,
            Ok(()) = self.access.changed() => Wake::Access,
            _ = self.checks.tick() => Wake::Access,
            _ = self.silence.tick() => Wake::Silence,
            watched = self.watcher.next() => Wake::Watched(watched),
        };
        match wake {
            Wake::Stop => Step::On,
            Wake::Silence => Step::Say,
            Wake::Watched(Watched::StartOver) => Step::End,
            Wake::Access => {
                if self.may_go_on().await {
                    Step::On
                } else {
                    Step::End
                }
            }
            Wake::Watched(Watched::Delta(delta)) => {
                self.take(&delta);
                Step::On
            }
            Wake::Watched(Watched::Lagged) => {
                self.newest = self.newest.max(self.watcher.newest_log());
                self.watcher.devices().iter().for_each(|device| self.matcher.learn(device));
                Step::On
            }
        }
    }

    fn take(&mut self, delta: &Delta) {
        for event in &delta.events {
            match event {
                live::Event::Device(device) => self.matcher.learn(device),
                live::Event::Logs(lines) => {
                    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { continue };
                    self.newest = last.seq;
                    if first.seq == self.taken + 1 {
                        self.waiting.extend(lines.iter().cloned());
                        self.taken = last.seq;
                    }
                }
                _ => {}
            }
        }
    }

    /// Someone's rights have changed, or time has passed: checks whether the caller is still authenticated and may still see
    /// the project.
    async fn may_go_on(&mut self) -> bool {
        self.access.mark_unchanged();
        match self.gateway.renew(&self.caller).await {
            Ok(Some(caller)) => self.caller = caller,
            Ok(None) => return false,
            // the database is unavailable: the next check tries again
            Err(_) => return true,
        }
        let allowed = self.gateway.authorise_in(&self.caller, Action::ReadProject, self.project).await;
        !matches!(
            allowed,
            Err(GatewayError::NotFound | GatewayError::Forbidden | GatewayError::SecondFactorNeeded)
        )
    }
}

fn event_of(line: &LineView) -> Event {
    let json = serde_json::to_string(line).expect("plain data is JSON");
    Event::default().event("line").id(line.seq().to_string()).data(json)
}
