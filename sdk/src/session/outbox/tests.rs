use protocol::model::UnixMicros;

use super::*;

fn entry(level: Level, message: &str) -> LogEntry {
    LogEntry { message: message.to_owned(), level, at: None, fields: None }
}

fn lines(outbox: &mut Outbox) -> String {
    let mut out = Vec::new();
    outbox.write(Key::parse(b"0123456789ab").unwrap(), true, false, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_matters_least_gives_way_and_is_counted() {
    let mut outbox = Outbox::new(4 * (ENTRY_BYTES + 1));
    for (level, message) in [
        (Level::Debug, "a"),
        (Level::Error, "b"),
        (Level::Debug, "c"),
        (Level::Info, "d"),
        (Level::Warn, "e"),
        (Level::Info, "f"),
        (Level::Fatal, "g"),
        (Level::Debug, "h"),
    ] {
        outbox.push(entry(level, message));
    }
    // the debug entries went first, then the older one of info; the last one finds only what matters more
    assert_eq!(outbox.dropped(), [0, 3, 1, 0, 0, 0]);
    outbox.gather(1);
    let said = lines(&mut outbox);
    let order: Vec<usize> =
        ["b", "e", "f", "g"].map(|message| said.find(&format!("\"message\":\"{message}\"")).unwrap()).into();
    assert!(order.is_sorted(), "{said}");
    assert!(
        said.contains("4 log entries were dropped") && said.contains(r#"{"debug":3,"info":1}"#),
        "{said}"
    );
}

#[test]
fn an_entry_that_is_too_large_gives_way_itself() {
    let mut outbox = Outbox::new(1000);
    outbox.push(entry(Level::Debug, "small"));
    outbox.push(entry(Level::Fatal, &"x".repeat(1000)));
    assert_eq!((outbox.dropped()[Level::Debug as usize], outbox.dropped()[Level::Fatal as usize]), (0, 1));
}

#[test]
fn a_line_is_kept_until_it_is_acknowledged() {
    let mut outbox = Outbox::new(10_000);
    for message in ["a", "b", "c"] {
        outbox.push(entry(Level::Info, message));
        outbox.gather(9);
    }
    assert_eq!(lines(&mut outbox).lines().count(), 3);
    assert_eq!(lines(&mut outbox), "", "once on a connection");
    outbox.acknowledged(1, false);
    outbox.not_taken(3);
    assert!(lines(&mut outbox).starts_with("l:0123456789ab:3:"));
    outbox.disconnected();
    outbox.acknowledged(2, true);
    assert_eq!((outbox.stored(), lines(&mut outbox).lines().count()), (2, 1));
    // more than was ever said
    outbox.acknowledged(u64::MAX, false);
    assert!(outbox.is_empty());
    assert_eq!((outbox.stored(), outbox.bytes()), (3, 0));
}

#[test]
fn a_restored_server_counts_from_where_it_is() {
    let mut outbox = Outbox::new(10_000);
    for message in ["a", "b", "c"] {
        outbox.push(entry(Level::Info, message));
        outbox.gather(9);
    }
    lines(&mut outbox);
    outbox.acknowledged(2, false);
    outbox.disconnected();
    outbox.acknowledged(0, true);
    assert!(lines(&mut outbox).starts_with("l:0123456789ab:1:"));
}

#[test]
fn an_old_report_becomes_an_empty_line() {
    let mut outbox = Outbox::new(10_000);
    outbox.keep_report(r#"{"speed":1}"#.to_owned());
    assert_eq!(lines(&mut outbox), "i:0123456789ab:1:{\"speed\":1}\n");
    outbox.disconnected();
    outbox.acknowledged(0, true);
    assert_eq!(lines(&mut outbox), "l:0123456789ab:1:[]\n");
}

const NOW: UnixMicros = UnixMicros(1_795_392_000_250_001);

fn key() -> Key {
    Key::parse(b"0123456789ab").unwrap()
}

/// Something that happens to an outbox.
fn happens(rng: &mut fastrand::Rng, outbox: &mut Outbox, logged: &mut u32) {
    match rng.u8(0..20) {
        0..10 => {
            *logged += 1;
            let level = Level::ALL[rng.usize(..Level::ALL.len())];
            let fields = rng.bool().then(|| format!("{{\"number\":{logged}}}"));
            let message = "x".repeat(rng.usize(..200));
            outbox.push(LogEntry { message, level, at: Some(NOW), fields });
        }
        10..13 => outbox.gather(rng.usize(1..4)),
        13 if outbox.has_room(4) => outbox.keep_report("{\"speed\":1}".to_owned()),
        14 => outbox.write(key(), rng.u8(0..9) > 0, false, &mut Vec::new()),
        15..17 => {
            let seq = outbox.first + rng.u64(0..3);
            outbox.acknowledged(seq, false);
        }
        17 => {
            outbox.disconnected();
            let seq = (outbox.first + rng.u64(0..4)).saturating_sub(2);
            outbox.acknowledged(seq, true);
        }
        18 => outbox.drop_longest(),
        _ => outbox.count_dropped(Level::Debug as usize, 0),
    }
}

#[test]
fn a_journal_gives_the_outbox_again_wherever_it_ends() {
    for seed in 0..40 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut outbox = Outbox::new(1_500);
        let (mut journal, mut logged) = (outbox.checkpoint(key(), 7), 0);
        for _ in 0..60 {
            happens(&mut rng, &mut outbox, &mut logged);
            journal.extend(outbox.take_records().bytes);
            // lines are longer than their entries were, which counts when the next one is pushed, and not before
            let mut resumed = Outbox::resume(9_000, key(), &journal).unwrap();
            resumed.outbox.max_bytes = 1_500;
            assert_eq!((resumed.session, resumed.torn), (7, 0));
            // a new journal has everything that a restart must not change
            let (mut again, checkpoint) = (resumed.outbox, outbox.checkpoint(key(), 7));
            assert!(again.checkpoint(key(), 7) == checkpoint, "seed {seed}: {again:?} is not {outbox:?}");
            assert!(again.bytes() <= outbox.bytes());
            if rng.u8(0..50) == 0 {
                outbox = again;
                journal = outbox.checkpoint(key(), 7);
            }
        }
        // killed in the middle of a record
        let end = rng.usize(..journal.len());
        match Outbox::resume(1_500, key(), &journal[..end]) {
            Ok(resumed) => assert!(resumed.torn < end && resumed.outbox.pushed <= outbox.pushed),
            Err(why) => assert!(why.contains("damaged"), "{why}"),
        }
    }
}

#[test]
fn a_journal_that_is_none_is_refused_with_the_reason() {
    let journal = Outbox::new(1_000).checkpoint(key(), 7);
    let other = Key::parse(b"another_game").unwrap();
    assert_eq!(Outbox::resume(1_000, other, &journal).unwrap_err(), "it belongs to another project");
    for odd in [&b""[..], b"{}", &[0; 100], &journal[1..]] {
        assert!(Outbox::resume(1_000, key(), odd).unwrap_err().contains("damaged"));
    }
    // whole, and yet no outbox was ever like this
    let mut start = record::Start {
        key: key(),
        session: 7,
        first: u64::MAX,
        pushed: 0,
        dropped: [0; Level::ALL.len()],
        untold: 0,
    };
    let mut odd = Vec::new();
    record::write_start(&mut odd, &start);
    assert!(Outbox::resume(1_000, key(), &odd).is_err());
    start.first = 1;
    odd.clear();
    record::write_start(&mut odd, &start);
    for write in [
        |out: &mut Vec<u8>| record::write_first(out, u64::MAX),
        |out: &mut Vec<u8>| record::write_entry(out, u64::MAX, &entry(Level::Info, "a")),
        |out: &mut Vec<u8>| record::write_text(out, 1, 0, u64::MAX, "[]"),
        |out: &mut Vec<u8>| record::write_line(out, 5, 0),
        |out: &mut Vec<u8>| record::write_blank(out, 0),
        |out: &mut Vec<u8>| record::write_dropped(out, 3),
    ] {
        let mut journal = odd.clone();
        write(&mut journal);
        let resumed = Outbox::resume(1_000, key(), &journal).unwrap();
        assert_eq!((resumed.torn, resumed.outbox.first), (journal.len() - odd.len(), 1));
        assert!(resumed.outbox.is_empty());
    }
}

#[test]
fn of_a_clock_that_was_never_set_the_same_is_said_after_a_restart() {
    let mut outbox = Outbox::new(10_000);
    outbox.push(LogEntry { at: Some(UnixMicros(7)), ..entry(Level::Info, "a") });
    let journal = outbox.checkpoint(key(), 7);
    let mut resumed = Outbox::resume(10_000, key(), &journal).unwrap().outbox;
    outbox.gather(1);
    resumed.gather(1);
    let said = lines(&mut outbox);
    assert!(said.contains(r#""timestamp":"1970-01-01T00:00:00.000007Z""#), "{said}");
    assert_eq!(lines(&mut resumed), said);
}

#[test]
fn a_smaller_limit_drops_what_matters_least() {
    let mut outbox = Outbox::new(10_000);
    for level in [Level::Error, Level::Debug, Level::Info] {
        outbox.push(entry(level, &"x".repeat(100)));
    }
    let journal = outbox.checkpoint(key(), 7);
    let resumed = Outbox::resume(ENTRY_BYTES + 100, key(), &journal).unwrap().outbox;
    assert_eq!(resumed.dropped(), [0, 1, 1, 0, 0, 0]);
    assert_eq!(resumed.bytes(), ENTRY_BYTES + 100);
}
