//! Counting in the background, behind the commits.

use std::{collections::HashSet, time::Duration};

use protocol::model::{LogLine, UnixMicros};

use super::{
    counts::{Counts, Said},
    query::COUNTED,
};
use crate::store::{PatternStep, Result, Store, Ungrouped};

/// Lines that are worth a step: fewer are grouped when somebody asks.
const LEAST: u64 = 512;
/// Numbers of lines that one step covers.
const SPAN: u64 = 8_192;
/// Lines that are read at once.
const PAGE: u32 = 1_000;
/// Patterns that one step writes. One that would meet more ends before.
const MOST_PATTERNS: usize = 128;

/// Counts lines of one project, if there are enough; how many are left of it then.
pub(crate) async fn step(store: &dyn Store) -> Result<Option<u64>> {
    // before the lines: those of another epoch are not counted in this one
    let epoch = store.epoch().await?.number;
    let Some(uncounted) = store.find_ungrouped(LEAST).await? else { return Ok(None) };
    let Ungrouped { project, counted_to: from, last_seq } = uncounted;
    let (first_seq, oldest) =
        store.oldest_line(project).await?.unwrap_or((last_seq + 1, UnixMicros(i64::MIN)));
    let after = from.max(first_seq - 1);
    let (lines, to) = read(store, uncounted, after, last_seq.min(after + SPAN)).await?;
    let mut counts = Counts::default();
    let which: HashSet<_> = lines.iter().map(|(_, said)| said.fingerprint).collect();
    let which: Vec<_> = which.into_iter().collect();
    counts.load(store.read_patterns(project, &which).await?);
    let devices: HashSet<_> = lines.iter().map(|(line, _)| line.device).collect();
    counts.learn(store.list_builds(project, &devices.into_iter().collect::<Vec<_>>()).await?);
    for (line, said) in lines {
        counts.add(&line, said);
    }
    let rows = counts.tallies.into_iter().map(|(fingerprint, mut tally)| {
        tally.body.forget_before(oldest);
        tally.write(fingerprint)
    });
    let step = PatternStep { from, to, rows: rows.collect(), oldest };
    let _blocked: Duration = store.put_patterns(epoch, project, &step).await?;
    Ok(Some(last_seq.saturating_sub(to)))
}

/// The next lines that are counted, without their text, and up to which number these are all.
async fn read(
    store: &dyn Store,
    of: Ungrouped,
    mut after: u64,
    to: u64,
) -> Result<(Vec<(LogLine, Said)>, u64)> {
    let (mut lines, mut which) = (Vec::new(), HashSet::new());
    loop {
        let page = store.list_logs_of_level(of.project, after, to, COUNTED, PAGE).await?;
        let Some(last) = page.last().map(|line| line.seq) else { return Ok((lines, to.max(after))) };
        for line in page {
            let said = Said::by(&line);
            which.insert(said.fingerprint);
            if which.len() > MOST_PATTERNS {
                return Ok((lines, line.seq - 1));
            }
            lines.push((LogLine { message: String::new(), fields: None, ..line }, said));
        }
        after = last;
    }
}
