//! Files of a game, on a disk that is not always one.

use std::{fs, path::Path, time::Duration};

use protocol::model::{Key, Level, LogEntry, Outcome, Report, Value, VarName, VarSpec, VarType};
use tempfile::TempDir;

use super::*;

const VALUES: &str = "observerio-0623c932.values";

fn settings(folder: &Path) -> Settings {
    let key = Key::parse(b"0123456789ab").unwrap();
    Settings::new(key).session(7).values_in(folder).outbox_in(folder)
}

fn name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

fn log(session: &mut Session, message: &str) {
    session.log(LogEntry { message: message.to_owned(), level: Level::Info, at: None, fields: None });
}

/// A server of version 2 that has lines up to `acknowledged`, and wants these values.
fn greet(session: &mut Session, acknowledged: u64, vars: &str) {
    session.connected(Duration::ZERO);
    let heard = format!(
        "h:{{\"proto\":2,\"caps\":[\"ack\",\"rev\",\"json\"],\"limits\":{{\"inflight\":4}}}}\nOK\n\
         a:0123456789ab:{acknowledged}\n\
         v:0123456789ab:9:{{\"epoch\":\"e\",\"full\":true,\"vars\":[{vars}],\"removed\":[]}}\n"
    );
    session.received(heard.as_bytes(), Duration::ZERO).unwrap();
}

fn says(session: &mut Session) -> String {
    let mut out = Vec::new();
    session.write(Duration::from_secs(1), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn stats(session: &Session, disk: &Disk) -> Stats {
    let mut stats = session.stats();
    disk.count(&mut stats);
    stats
}

/// The game has variables and takes what people want, unless it is text.
fn plays(session: &mut Session, vars: &[(&str, VarType, Value)]) {
    for (var, var_type, value) in vars {
        let spec = VarSpec::bare(var_type.clone());
        session.declare(Report { name: name(var), spec, value: value.clone() });
    }
    while let Some(edits) = session.take_edits() {
        let texts = edits.set.iter().filter(|(_, value)| matches!(value, Value::Text(_)));
        let outcomes = texts.map(|(name, _)| (name.clone(), Outcome::Rejected { reason: None })).collect();
        session.applied(&edits, outcomes, None);
    }
}

#[test]
fn what_the_game_took_is_there_at_the_next_start() {
    let folder = TempDir::new().unwrap();
    let big = u64::MAX;
    let (mut session, mut disk) = Disk::open(settings(folder.path()));
    assert!(session.good().values().is_empty());
    greet(
        &mut session,
        0,
        &format!(
            r#"{{"name":"Straße","value":{big},"rev":1}},{{"name":"speed","value":5,"rev":1}},{{"name":"sky","value":"red","rev":1}},{{"name":"unknown","value":1,"rev":1}}"#
        ),
    );
    let (integer, float) = (|n: u64| Value::Int(n.into()), Value::Float);
    let vars = [
        ("Straße", VarType::Integer, integer(0)),
        ("speed", VarType::Float, float(1.0)),
        ("sky", VarType::String, Value::Text("blue".to_owned())),
    ];
    plays(&mut session, &vars);
    disk.finish(&mut session);
    drop(disk);

    let (mut session, mut disk) = Disk::open(settings(folder.path()));
    let good: Vec<_> = session.good().values().clone().into_vec();
    assert_eq!(good, [(name("Straße"), integer(big)), (name("speed"), float(5.0))], "rejected is not good");
    session.declare(Report { name: name("speed"), spec: VarSpec::bare(VarType::Float), value: float(1.0) });
    let edits = session.take_edits().unwrap();
    assert_eq!((edits.revision, &edits.set[..]), (None, &[(name("speed"), float(5.0))][..]));
    session.applied(&edits, Vec::new(), None);

    // the server says otherwise, also of what is not declared yet
    greet(&mut session, 0, "");
    let edits = session.take_edits().unwrap();
    assert_eq!((edits.released.as_slice(), edits.set.len()), (&[name("speed")][..], 0));
    session.applied(&edits, Vec::new(), None);
    let spec = VarSpec::bare(VarType::Integer);
    session.declare(Report { name: name("Straße"), spec, value: integer(big) });
    assert_eq!(session.take_edits().unwrap().released, [name("Straße")]);
    disk.finish(&mut session);
    drop(disk);
    let (session, disk) = Disk::open(settings(folder.path()));
    assert!(session.good().values().is_empty());
    assert_eq!(stats(&session, &disk).disk_errors, 0);
}

#[test]
fn a_file_that_is_none_of_ours_is_counted_and_the_game_starts() {
    let folder = TempDir::new().unwrap();
    let (mut session, mut disk) = Disk::open(settings(folder.path()));
    greet(&mut session, 0, r#"{"name":"speed","value":5,"rev":1}"#);
    plays(&mut session, &[("speed", VarType::Float, Value::Float(1.0))]);
    disk.finish(&mut session);
    drop(disk);
    let path = folder.path().join(VALUES);
    let whole = fs::read(&path).unwrap();
    let opened = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let (session, disk) = Disk::open(Settings { outbox_in: None, ..settings(folder.path()) });
        (session.good().values().len(), stats(&session, &disk))
    };
    assert_eq!(opened(&whole).0, 1);
    for end in 0..whole.len() {
        let (values, stats) = opened(&whole[..end]);
        assert_eq!((values, stats.disk_errors), (0, 1), "{end}");
        assert!(stats.last_disk_error.unwrap().starts_with(VALUES));
    }
    let text = String::from_utf8(whole).unwrap();
    for (odd, why) in [
        (text.replace("values 2", "values 1"), "another version"),
        (text.replace("5.0", "6.0"), "damaged"),
        ("\u{0}".repeat(100), "none of ours"),
    ] {
        let said = opened(odd.as_bytes()).1.last_disk_error.unwrap();
        assert!(said.contains(why), "{said}");
    }
    let body = "another_game\n{\"speed\":5}\n";
    let other = format!("observerio values 2 {:08x}\n{body}", crc32(body.as_bytes()));
    assert!(opened(other.as_bytes()).1.last_disk_error.unwrap().contains("another project"));
}

#[test]
fn what_was_not_acknowledged_the_next_process_sends_with_the_same_numbers() {
    let folder = TempDir::new().unwrap();
    let (mut session, mut disk) = Disk::open(settings(folder.path()));
    greet(&mut session, 0, "");
    log(&mut session, "a");
    assert!(says(&mut session).contains("l:0123456789ab:1:"));
    log(&mut session, "b");
    disk.save(&mut session);
    // killed: nothing is tidied up but the lock, which the system takes
    std::mem::forget(session);
    drop(disk);

    let other = settings(folder.path()).session(8);
    let (mut session, mut disk) = Disk::open(other.clone());
    session.connected(Duration::ZERO);
    assert!(says(&mut session).contains("00000000000000000000000000000007"), "the session goes on");
    log(&mut session, "c");
    disk.save(&mut session);
    let (busy, second) = Disk::open(other);
    assert!(stats(&busy, &second).last_disk_error.unwrap().contains("another process"));
    greet(&mut session, 1, "");
    let said = says(&mut session);
    assert!(said.contains("l:0123456789ab:2:") && !said.contains("l:0123456789ab:1:"), "{said}");
    assert!(said.contains("\"b\"") && said.contains("\"c\"") && !said.contains("\"a\""), "{said}");
    session.received(b"a:0123456789ab:2\n", Duration::ZERO).unwrap();
    disk.save(&mut session);
    drop(disk);
    let (session, disk) = Disk::open(settings(folder.path()));
    assert!(session.is_settled());
    assert_eq!(stats(&session, &disk).disk_errors, 0);
}

#[test]
fn the_journal_stays_short() {
    let folder = TempDir::new().unwrap();
    let (mut session, mut disk) = Disk::open(Settings { outbox_bytes: 64 * 1024, ..settings(folder.path()) });
    let path = folder.path().join("observerio-0623c932.outbox");
    let mut longest = 0;
    for _ in 0..20_000 {
        log(&mut session, &"x".repeat(100));
        disk.save(&mut session);
        longest = longest.max(fs::metadata(&path).unwrap().len());
    }
    assert!(stats(&session, &disk).dropped[Level::Info as usize] > 19_000);
    assert!(longest <= 300 * 1024, "{longest}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_stop_the_game() {
    let folder = TempDir::new().unwrap();
    let (mut session, mut disk) = Disk::open(settings(folder.path()));
    log(&mut session, "a");
    disk.save(&mut session);
    let path = folder.path().join("observerio-0623c932.outbox");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    disk.journal.as_mut().unwrap().write_to(full);
    log(&mut session, "b");
    disk.save(&mut session);
    let stats_now = stats(&session, &disk);
    assert_eq!(stats_now.disk_errors, 1, "{stats_now:?}");
    assert!(path.exists(), "what it has is still to be sent");
    greet(&mut session, 0, "");
    let said = says(&mut session);
    assert!(said.contains("\"a\"") && said.contains("\"b\""), "{said}");
    disk.save(&mut session);
    assert!(!path.exists(), "what it has would be stored twice");
    assert_eq!(stats(&session, &disk).disk_errors, 1, "the disk is left alone for a while");
    disk.journal.as_mut().unwrap().retry_now();
    disk.save(&mut session);
    drop(disk);
    let (session, _disk) = Disk::open(settings(folder.path()));
    assert!(!session.is_settled(), "with room, it is written again");
}

#[test]
fn a_folder_that_can_not_be_is_counted() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (mut session, mut disk) = Disk::open(settings(&file.join("below")));
    greet(&mut session, 0, r#"{"name":"speed","value":5,"rev":1}"#);
    plays(&mut session, &[("speed", VarType::Float, Value::Float(1.0))]);
    let before = stats(&session, &disk).disk_errors;
    disk.finish(&mut session);
    assert!(before > 0 && stats(&session, &disk).disk_errors > before);
    assert_eq!(session.good().values().len(), 1);
}
