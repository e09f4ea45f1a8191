//! The lines around a line.

use std::collections::HashMap;

use protocol::{
    filter::Filter,
    limits::MAX_CONTEXT_LINES,
    model::{LogLine, LogOrder, ProjectId},
};

use super::{LogMatcher, LogQuery, range::LogRange, search::Search};
use crate::{Action, Caller, Gateway, GatewayError};

/// Text on either side, in bytes; the last line may go beyond.
const MAX_SIDE_BYTES: usize = 128 * 1024;
/// Searches on either side: among very many lines of other devices, a device may have very few.
const MAX_SEARCHES: usize = 8;

/// The lines of a device around one of its lines.
#[derive(Debug)]
pub struct LogContext {
    /// The oldest first.
    pub lines: Vec<LogLine>,
    /// Whether these are all that were asked for and are there; otherwise a limit was reached on one side.
    pub is_whole: bool,
}

impl Gateway {
    /// The lines that the same device logged before and after a line, whatever they say: at most so many on either side, and
    /// at most [`MAX_CONTEXT_LINES`] and 128 KiB.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn log_context(
        &self,
        caller: &Caller,
        project: ProjectId,
        seq: u64,
        lines: u16,
    ) -> Result<LogContext, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        let found = self.inner.store.read_lines(project, &[seq], LogOrder::NewestFirst).await?;
        let line = found.into_iter().next().ok_or(GatewayError::NotFound)?;
        let query = LogQuery { devices: [line.device].into(), ..LogQuery::from(Filter::default()) };
        // only its number is asked for
        let matcher = LogMatcher { query, names: HashMap::new(), clock: self.inner.clock.clone() };
        let lines = usize::from(lines.min(MAX_CONTEXT_LINES));
        let range = LogRange { lines, bytes: MAX_SIDE_BYTES, ..LogRange::ALL };
        let older = LogRange { before: Some(seq), ..range };
        let (mut lines, has_older) = self.beside(project, &matcher, older).await?;
        lines.reverse();
        lines.push(line);
        let newer = LogRange { order: LogOrder::OldestFirst, after: seq, ..range };
        let (behind, has_newer) = self.beside(project, &matcher, newer).await?;
        lines.extend(behind);
        Ok(LogContext { lines, is_whole: has_older && has_newer })
    }

    /// The lines on one side, and whether these are all that were asked for and are there.
    async fn beside(
        &self,
        project: ProjectId,
        matcher: &LogMatcher,
        mut range: LogRange,
    ) -> Result<(Vec<LogLine>, bool), GatewayError> {
        let mut lines = Vec::new();
        let wanted = range.lines;
        for _ in 0..MAX_SEARCHES {
            range.lines = wanted - lines.len();
            if range.lines == 0 {
                return Ok((lines, true));
            }
            let (found, _) = Search::new(self, project, matcher, range).run().await?;
            let bytes: usize = found.lines.iter().map(super::pages::weight).sum();
            range.bytes = range.bytes.saturating_sub(bytes);
            lines.extend(found.lines);
            match found.next {
                None => return Ok((lines, true)),
                Some(_) if range.bytes == 0 => break,
                Some(next) => range = range.beyond(next),
            }
        }
        let is_whole = lines.len() == wanted;
        Ok((lines, is_whole))
    }
}
