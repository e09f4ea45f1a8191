//! When a game's session is forgotten: once in a while, in [steps](crate::steps) along the table's key, and never one that a connection
//! holds. It grows old by a time of its own, since the clock may be wrong.

use std::{
    collections::HashSet,
    sync::{Arc, Weak},
    time::Duration,
};

use protocol::model::UnixMicros;
use tokio::time::{Instant, sleep};

use crate::{
    inner::Inner,
    steps::Pace,
    store::{GameSessions, Result, SessionClock},
};

const DAY: i64 = 24 * 3600 * 1_000_000;
/// A session that nobody holds and in which nothing came in so long is forgotten, in microseconds.
const LIFETIME: i64 = 90 * DAY;
/// Between two looks at all of them.
const INTERVAL: Duration = Duration::from_secs(6 * 3600);
/// Sessions that are looked at in one step, which disturbs nobody who writes.
const STEP: u32 = 1_000;

/// The time that counts, after a look at the clock. By one look it goes on for a day at most. What a jump or a long stop has
/// left behind is made up for by going twice as fast: then whoever was there before a jump by any length still has half of
/// the time that a session lives.
fn go_on(known: Option<SessionClock>, now: UnixMicros) -> SessionClock {
    let Some(SessionClock { time, seen }) = known else { return SessionClock { time: now, seen: now } };
    let passed = (now.0 - seen.0).clamp(0, DAY);
    let caught_up = UnixMicros(time.0 + 2 * passed).min(now);
    SessionClock { time: time.max(caught_up), seen: now }
}

/// The time by which other things grow old: the clock's, but no more than a day ahead of the time that counts.
pub(crate) fn age_time(known: Option<SessionClock>, now: UnixMicros) -> UnixMicros {
    // before the first look nothing is old
    let Some(SessionClock { time, seen }) = known else { return UnixMicros(0) };
    UnixMicros(time.0 + (now.0 - seen.0).clamp(0, DAY)).min(now)
}

/// Those of a step that are old and that nobody holds.
fn forgotten(
    step: &[(i64, UnixMicros)],
    before: UnixMicros,
    held: impl FnOnce() -> HashSet<i64>,
) -> Vec<i64> {
    let mut old: Vec<i64> = step.iter().filter(|(_, used)| *used < before).map(|(id, _)| *id).collect();
    if !old.is_empty() {
        let held = held();
        old.retain(|id| !held.contains(id));
    }
    old
}

/// Looks at all sessions when the gateway is opened and every few hours.
pub(crate) async fn forget_old(gateway: Weak<Inner>) {
    loop {
        if let Err(error) = look(&gateway).await {
            tracing::debug!(%error, "old sessions can't be forgotten now");
        }
        if gateway.strong_count() == 0 {
            return;
        }
        sleep(INTERVAL).await;
    }
}

/// Goes through all of them once.
async fn look(gateway: &Weak<Inner>) -> Result<()> {
    let Some(inner) = gateway.upgrade() else { return Ok(()) };
    let store: Arc<dyn GameSessions> = inner.store.clone();
    let clock = go_on(store.session_clock().await?, inner.clock.now());
    drop(inner);
    store.set_session_clock(clock).await?;
    let before = UnixMicros(clock.time.0 - LIFETIME);
    let (mut after, mut pace) = (0, Pace::default());
    loop {
        let begun = Instant::now();
        let step = store.list_sessions(after, STEP).await?;
        let Some((last, _)) = step.last() else { return Ok(()) };
        after = *last;
        // leaves the database to others for as long as it was busy
        sleep(begun.elapsed().max(Duration::from_millis(1))).await;
        let Some(inner) = gateway.upgrade() else { return Ok(()) };
        let old = forgotten(&step, before, || inner.projects.held_sessions());
        drop(inner);
        let mut old = &old[..];
        while !old.is_empty() {
            let (now, later) = old.split_at(old.len().min(pace.rows() as usize));
            let begun = Instant::now();
            store.forget_sessions(now, before).await?;
            sleep(pace.rest(begun.elapsed())).await;
            old = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000_000;

    fn clock(time: i64, seen: i64) -> Option<SessionClock> {
        Some(SessionClock { time: UnixMicros(time), seen: UnixMicros(seen) })
    }

    fn after(known: Option<SessionClock>, now: i64) -> (i64, i64) {
        let SessionClock { time, seen } = go_on(known, UnixMicros(now));
        (time.0, seen.0)
    }

    #[test]
    fn a_clock_that_is_right_is_followed() {
        assert_eq!(after(None, NOW), (NOW, NOW));
        assert_eq!(after(clock(NOW, NOW), NOW + DAY / 24), (NOW + DAY / 24, NOW + DAY / 24));
    }

    #[test]
    fn a_jump_ahead_is_a_day_and_is_caught_up_with() {
        let ahead = NOW + 91 * DAY;
        assert_eq!(after(clock(NOW, NOW), ahead), (NOW + 2 * DAY, ahead));
        assert_eq!(after(clock(NOW + 2 * DAY, ahead), ahead + DAY / 24).0, NOW + 2 * DAY + DAY / 12);
        // days go by, with a look every hour
        let mut known = clock(NOW, NOW);
        let mut hours = 0;
        while known.is_none_or(|known| known.time.0 < NOW + LIFETIME) {
            known = Some(go_on(known, UnixMicros(ahead + hours * (DAY / 24))));
            hours += 1;
        }
        assert!(hours / 24 >= 44, "after {hours} hours");
        while known.is_some_and(|known| known.time != known.seen) {
            known = Some(go_on(known, UnixMicros(ahead + hours * (DAY / 24))));
            hours += 1;
        }
        assert!(hours / 24 <= 92, "right again after {hours} hours");
    }

    #[test]
    fn a_jump_back_changes_nothing_and_counts_nothing_twice() {
        assert_eq!(after(clock(NOW, NOW), NOW - 91 * DAY), (NOW, NOW - 91 * DAY));
        // there and back again, ten times an hour apart
        let mut known = clock(NOW, NOW);
        for hour in 1..=10 {
            for jump in [91 * DAY, 0] {
                known = Some(go_on(known, UnixMicros(NOW + hour * (DAY / 24) + jump)));
            }
        }
        assert!(known.is_some_and(|known| known.time.0 <= NOW + 21 * DAY), "{known:?}");
    }

    #[test]
    fn what_ages_by_the_clock_is_a_day_ahead_at_most() {
        assert_eq!(age_time(None, UnixMicros(NOW)), UnixMicros(0));
        let age = |known, now| age_time(known, UnixMicros(now)).0;
        assert_eq!(age(clock(NOW, NOW), NOW + DAY / 24), NOW + DAY / 24);
        assert_eq!(age(clock(NOW, NOW), NOW + 91 * DAY), NOW + DAY);
        assert_eq!(age(clock(NOW, NOW), NOW - DAY), NOW - DAY);
        assert_eq!(age(clock(NOW, NOW + 91 * DAY), NOW + 91 * DAY), NOW);
    }

    #[test]
    fn what_is_held_stays_and_is_asked_for_only_where_it_matters() {
        let step = [(1, UnixMicros(5)), (2, UnixMicros(10)), (3, UnixMicros(6))];
        assert_eq!(forgotten(&step, UnixMicros(10), || HashSet::from([3])), [1]);
        assert_eq!(forgotten(&step, UnixMicros(5), || unreachable!("none is old")), Vec::<i64>::new());
    }
}
