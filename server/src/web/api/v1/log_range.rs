//! Which part of the log: a range of time, an order, and where to go on.

use gateway::LogRange;
use protocol::{
    filter::Moment,
    model::{LogOrder, UnixMicros},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    cursor::PageQuery,
    error::{ApiResult, Problem},
};

/// A range of time.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TimeQuery {
    /// Only lines that the server received at this time or later: RFC 3339, a date, or a length of time before now such as
    /// `15m` or `1h30m`. Without an offset, a time is in UTC.
    #[param(example = "15m")]
    from: Option<String>,
    /// Only lines that the server received before this time, which is written in the same way.
    #[param(example = "2026-11-22T12:00:00Z")]
    to: Option<String>,
}

/// Which end comes first.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// `newest` for the newest line first, `oldest` for the oldest.
    #[param(value_type = Option<Order>, inline, default = "newest")]
    order: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the words of an order, which knows no OpenAPI")]
enum Order {
    Newest,
    Oldest,
}

impl TimeQuery {
    /// Both ends, if they are given, and it is `now` now.
    pub(super) fn ends(&self, now: UnixMicros) -> ApiResult<(Option<UnixMicros>, Option<UnixMicros>)> {
        let read = |name: &str, text: &Option<String>| {
            let moment = text.as_deref().map(|text| Moment::parse(text).ok_or_else(|| refuse(name)));
            moment.transpose().map(|moment| moment.map(|moment| moment.resolve(now)))
        };
        let (from, to) = (read("from", &self.from)?, read("to", &self.to)?);
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(Problem::invalid("from must be earlier than to"));
        }
        Ok((from, to))
    }

    /// The lines of it.
    pub(super) fn range(&self, now: UnixMicros) -> ApiResult<LogRange> {
        let (from, to) = self.ends(now)?;
        let LogRange { since, until, .. } = LogRange::ALL;
        Ok(LogRange { since: from.unwrap_or(since), until: to.unwrap_or(until), ..LogRange::ALL })
    }
}

fn refuse(name: &str) -> Problem {
    Problem::invalid(format!(
        "{name} must be a time such as 2026-11-22T12:00:00Z, a date, or a length of time before now such as 15m or 1h30m"
    ))
}

impl OrderQuery {
    /// `None`: it is not given.
    pub(super) fn order(&self) -> ApiResult<Option<LogOrder>> {
        match self.order.as_deref() {
            None => Ok(None),
            Some("newest") => Ok(Some(LogOrder::NewestFirst)),
            Some("oldest") => Ok(Some(LogOrder::OldestFirst)),
            Some(_) => Err(Problem::invalid("order must be newest or oldest")),
        }
    }

    /// The range from a cursor on, which knows its order.
    pub(super) fn go_on(&self, range: LogRange, page: &PageQuery) -> ApiResult<LogRange> {
        let (order, cursor) = (self.order()?, page.after(Cursor::read)?);
        let range = LogRange { order: order.unwrap_or_default(), ..range };
        let Some(Cursor { order: of_cursor, seq }) = cursor else { return Ok(range) };
        if order.is_some_and(|order| order != of_cursor) {
            return Err(Problem::invalid(
                "cursor is from a response in the other order; leave out order, or the cursor",
            ));
        }
        Ok(LogRange { order: of_cursor, ..range }.beyond(seq))
    }
}

/// The line behind which a page begins: a number and a direction, so finding the place costs nothing, and lines that come in
/// the meantime change nothing.
pub(super) struct Cursor {
    pub(super) order: LogOrder,
    pub(super) seq: u64,
}

impl Cursor {
    /// For [`Page`](super::cursor::Page)s.
    pub(super) fn write(&self) -> String {
        match self.order {
            LogOrder::NewestFirst => self.seq.to_string(),
            LogOrder::OldestFirst => format!(">{}", self.seq),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (order, seq) = match text.strip_prefix('>') {
            Some(seq) => (LogOrder::OldestFirst, seq),
            None => (LogOrder::NewestFirst, text),
        };
        Some(Self { order, seq: seq.parse().ok()? })
    }
}
