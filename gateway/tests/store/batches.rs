//! Numbers, order, and all or nothing.

use std::{collections::BTreeSet, sync::Arc};

use gateway::store::{Store, StoreError, Write, Written};
use protocol::model::{DeviceId, ProjectId, Revision, UserId, VarSpec, VarType};

use crate::house::{House, NOW, commit, entry, int, integer, later, make_device, make_project, name, saved};

async fn log_numbers_have_no_gaps(store: Arc<dyn Store>) {
    let here = House::new(store).await;
    let store = Arc::clone(&here.store);
    let project = make_project(&store, "another_key_").await;
    let device = make_device(&store, &project, "one").await;
    let there = House { store, project, device };
    let lines: Vec<String> = (1..=60).map(|n| n.to_string()).collect();
    let mut left: Vec<&str> = lines.iter().map(String::as_str).collect();
    for batch in 0..10 {
        // six lines of `here` in three writes, one of them empty, with two of `there` in between
        let rest = left.split_off(6);
        let written = here
            .commit(&[here.logs(&left[..2]), there.logs(&["x", "y"]), here.logs(&[]), here.logs(&left[2..])])
            .await;
        let [first_here, first_there] = [batch * 6 + 1, batch * 2 + 1];
        let expected = [first_here, first_there, first_here + 2, first_here + 2];
        assert_eq!(written, expected.map(|first_seq| Written::Logs { first_seq }));
        left = rest;
    }
    let stored: Vec<(u64, String)> = here.load().await.logs.into_iter().map(|l| (l.seq, l.message)).collect();
    assert_eq!(stored, (1..).zip(lines).collect::<Vec<_>>());
    assert_eq!(there.load().await.logs.len(), 20);
}

async fn a_write_that_fails_takes_its_batch_with_it(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let other = make_project(&house.store, "another_key_").await;
    let stranger = make_device(&house.store, &other, "stranger").await;
    house.commit(&[house.report(&[("speed", integer())], &[("speed", int(1))])]).await;
    let (before, history) = (format!("{:?}", house.load().await), house.history().await);

    let (project, device) = (house.project.id, house.device);
    let (no_project, no_device) = (ProjectId(i64::MAX), DeviceId(i64::MAX));
    let line = |project, device| Write::Logs {
        project,
        device,
        received: NOW,
        entries: vec![entry("x")],
        line: None,
    };
    let value = |project, device, n| {
        let values = vec![(name(n), int(2))];
        Write::Report { project, device, at: NOW, declared: vec![], values, line: None }
    };
    let mut edit_elsewhere = house.edit(1, &[("speed", int(2))]);
    let Write::Edit { project: edited, .. } = &mut edit_elsewhere else { panic!() };
    *edited = no_project;
    let bad = [
        line(no_project, device),
        line(project, no_device),
        line(project, stranger),
        value(no_project, device, "speed"),
        value(project, no_device, "speed"),
        value(project, stranger, "speed"),
        value(project, device, "never declared"),
        house.edit(1, &[("speed", int(2)), ("never declared", int(2))]),
        edit_elsewhere,
        Write::Seen { device: no_device, at: NOW, applied: None },
    ];
    for bad in bad {
        let good = [
            house.logs(&["good"]),
            house.report(
                &[("new", integer()), ("speed", VarSpec::bare(VarType::Float))],
                &[("speed", int(3))],
            ),
            house.edit(2, &[("speed", int(4))]),
            Write::Seen { device, at: later(1), applied: None },
        ];
        let batch = [&good[..], std::slice::from_ref(&bad), &good[..]].concat();
        let refused = commit(&house.store, &batch).await;
        assert!(
            matches!(refused, Err(StoreError::Damaged(_) | StoreError::Gone | StoreError::Database(_))),
            "{bad:?}: {refused:?}"
        );
        assert_eq!(format!("{:?}", house.load().await), before, "{bad:?}");
        assert_eq!(house.history().await, history, "{bad:?}");
    }
    // numbers of failed batches are not used up
    let written = house.commit(&[house.logs(&["x"]), house.edit(3, &[("speed", int(2))])]).await;
    assert_eq!(written, [Written::Logs { first_seq: 1 }, saved(1)]);
    assert_eq!(house.commit(&[]).await, []);
}

async fn writes_of_a_batch_happen_in_order(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let too_early = [house.edit(1, &[("speed", int(1))]), house.report(&[("speed", integer())], &[])];
    assert!(commit(&house.store, &too_early).await.is_err());

    let float = VarSpec::bare(VarType::Float);
    let written = house
        .commit(&[
            Write::Seen { device: house.device, at: later(9), applied: None },
            house.report(
                &[("speed", integer()), ("size", integer())],
                &[("speed", int(1)), ("speed", int(2))],
            ),
            house.edit(1, &[("speed", int(10)), ("speed", int(11))]),
            house.report(&[("lives", integer()), ("speed", float.clone())], &[("speed", int(3))]),
            house.edit(2, &[("lives", int(20))]),
            house.report(&[], &[("speed", int(4))]),
            Write::Seen { device: house.device, at: later(5), applied: None },
        ])
        .await;
    let (first, second) = (saved(1), saved(2));
    assert_eq!(
        written,
        [Written::Done, Written::Done, first, Written::Done, second, Written::Done, Written::Done]
    );

    let state = house.load().await;
    assert_eq!(state.revision, Revision(2));
    assert_eq!(state.devices[0].device.last_seen, later(5));
    let names: Vec<&str> = state.vars.iter().map(|var| var.name.as_str()).collect();
    assert_eq!(names, ["speed", "size", "lives"]);
    assert_eq!(state.vars[0].spec, float);
    assert_eq!(state.vars[0].reported[0].value, int(4));
    assert_eq!(state.vars[0].desired.as_ref().unwrap().value, Some(int(11)));
    assert_eq!((&state.vars[1].desired, state.vars[1].reported.len()), (&None, 0));
}

async fn a_gesture_is_one_row_of_the_history(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    house.commit(&[house.report(&[("size", integer()), ("speed", integer())], &[])]).await;
    for number in 1..=20 {
        house.commit(&[house.edit(u64::MAX, &[("speed", int(number))])]).await;
    }
    let drag = ("speed".to_owned(), None, Some(int(20)), 20);
    assert_eq!(house.history().await, std::slice::from_ref(&drag));

    // another drag, then one over two variables, whose rows are in the order of their names
    house.commit(&[house.edit(1, &[("speed", int(5))]), house.edit(1, &[("speed", int(6))])]).await;
    house.commit(&[house.edit(2, &[("speed", int(7)), ("size", int(8))])]).await;
    let second = ("speed".to_owned(), Some(int(20)), Some(int(6)), 22);
    let third =
        [("size".to_owned(), None, Some(int(8)), 23), ("speed".to_owned(), Some(int(6)), Some(int(7)), 23)];
    assert_eq!(house.history().await, [third[0].clone(), third[1].clone(), second, drag]);

    // the same number from somebody else is another gesture
    let mut others = house.edit(2, &[("size", int(9))]);
    let Write::Edit { author, author_name, .. } = &mut others else { panic!() };
    (*author, *author_name) = (UserId(8), "Ben".to_owned());
    house.commit(&[others]).await;
    let newest = house.store.list_history(house.project.id, None, None, 1).await.unwrap();
    assert_eq!(newest.len(), 1);
    assert_eq!((newest[0].author.as_str(), &newest[0].old, newest[0].at), ("Ben", &Some(int(8)), NOW));
    assert_eq!(house.history().await.len(), 5);
}

async fn revisions_and_log_numbers_count_by_one_with_any_writer(store: Arc<dyn Store>) {
    let here = Arc::new(House::new(Arc::clone(&store)).await);
    let project = make_project(&store, "another_key_").await;
    let device = make_device(&store, &project, "one").await;
    let there = Arc::new(House { store, project, device });
    for house in [&here, &there] {
        house.commit(&[house.report(&[("speed", integer())], &[])]).await;
    }
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            // half of them take the projects the other way round: nobody may wait in a circle
            let (a, b) = if task % 2 == 0 { (&here, &there) } else { (&there, &here) };
            let (a, b) = (Arc::clone(a), Arc::clone(b));
            tokio::spawn(async move {
                let mut numbers = Vec::new();
                for step in 0..20 {
                    let edit = |house: &House| house.edit(task, &[("speed", int(step))]);
                    let batch = [
                        edit(&a),
                        a.logs(&["x"]),
                        b.logs(&["x"]),
                        edit(&b),
                        Write::Seen { device: b.device, at: NOW, applied: None },
                    ];
                    let written = a.commit(&batch).await;
                    let of = |place: usize| written[place].clone();
                    let (on_a, on_b) = ([of(0), of(1)], [of(3), of(2)]);
                    numbers.extend(if task % 2 == 0 { [on_a, on_b] } else { [on_b, on_a] });
                }
                numbers
            })
        })
        .collect();
    let (mut revisions, mut seqs) = ([BTreeSet::new(), BTreeSet::new()], [BTreeSet::new(), BTreeSet::new()]);
    for task in tasks {
        for (index, outcome) in task.await.unwrap().into_iter().enumerate() {
            let [Written::Edit { revision, .. }, Written::Logs { first_seq }] = outcome else {
                panic!("{outcome:?}")
            };
            revisions[index % 2].insert(revision.0);
            seqs[index % 2].insert(first_seq);
        }
    }
    assert!(revisions.iter().all(|set| set.iter().copied().eq(1..=160)));
    assert!(seqs.iter().all(|set| set.iter().copied().eq(1..=160)));
    assert_eq!(here.load().await.revision, Revision(160));
}

crate::support::stories! {
    log_numbers_have_no_gaps,
    a_write_that_fails_takes_its_batch_with_it,
    writes_of_a_batch_happen_in_order,
    a_gesture_is_one_row_of_the_history,
    revisions_and_log_numbers_count_by_one_with_any_writer,
}
