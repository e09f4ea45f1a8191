//! The log entries that the generator writes: each names the client that sent it and counts that client's
//! entries, so that the database can be compared with what was promised.

use std::io::Write as _;

/// Which entry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The client's number in this run.
    pub(crate) client: u32,
    /// 1, 2, 3 … for each client.
    pub(crate) number: u64,
}

impl Record {
    /// Puts the entry at the end of `out`, as the JSON object of an `l:` line: about 110 bytes.
    pub(crate) fn write(self, out: &mut Vec<u8>, unix_millis: u128) {
        let Self { client, number } = self;
        write!(
            out,
            r#"{{"message":"bench {client} {number} the boss has spawned at the eastern gate","level":"info","timestamp":{unix_millis}}}"#
        )
        .expect("a Vec takes all");
    }

    /// The record of a stored message, `None` when it is not one of ours.
    pub(crate) fn parse(message: &str) -> Option<Self> {
        let mut words = message.strip_prefix("bench ")?.split(' ');
        Some(Self { client: words.next()?.parse().ok()?, number: words.next()?.parse().ok()? })
    }
}

/// Puts the JSON array of `count` entries, beginning with `first`, at the end of `out`.
pub(crate) fn write_entries(out: &mut Vec<u8>, first: Record, count: u32, unix_millis: u128) {
    out.push(b'[');
    for i in 0..u64::from(count) {
        if i > 0 {
            out.push(b',');
        }
        Record { number: first.number + i, ..first }.write(out, unix_millis);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_again() {
        let mut line = Vec::new();
        let first = Record { client: 7, number: 41 };
        write_entries(&mut line, first, 2, 1_790_000_000_000);
        let entries = protocol::line::parse_logs(&line).unwrap().entries;
        let records: Vec<_> = entries.iter().map(|entry| Record::parse(&entry.message)).collect();
        assert_eq!(records, [Some(first), Some(Record { client: 7, number: 42 })]);
        assert_eq!(Record::parse("bench x 1 y"), None);
        assert_eq!(Record::parse("a game's own words"), None);
    }
}
