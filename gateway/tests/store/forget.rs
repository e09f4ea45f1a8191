//! Variables and devices that are forgotten.

use std::sync::Arc;

use gateway::store::{AuditRow, SaidRange, Store, StoreError, Write, Written};
use protocol::model::{Desired, Gesture, Outcome, UserId, VarRevision};

use crate::{
    house::{House, NOW, commit, int, integer, later, make_device, make_project, name, note, saved},
    support::Place,
    sweeping::{everything, sweep},
};

fn forget_var(house: &House, var: &str) -> Write {
    Write::ForgetVar {
        project: house.project.id,
        name: name(var),
        author: UserId(7),
        gesture: Gesture(99),
        note: AuditRow { project: Some(house.project.id), ..note("variable.forget") },
    }
}

fn forget_device(house: &House) -> Write {
    let note = AuditRow { project: Some(house.project.id), at: later(1), ..note("device.forget") };
    Write::ForgetDevice { project: house.project.id, device: house.device, note }
}

async fn deeds(house: &House) -> Vec<String> {
    let trail = house.store.access().list_audit(Some(house.project.id), None, 20).await.unwrap();
    trail.into_iter().map(|(_, entry)| entry.action).filter(|action| action.ends_with(".forget")).collect()
}

async fn a_batch_forgets_in_its_turn(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let both = [("size", integer()), ("speed", integer())];
    house.commit(&[house.report(&both, &[("size", int(1)), ("speed", int(5))])]).await;
    let outcome = Write::Outcomes {
        project: house.project.id,
        device: house.device,
        outcomes: vec![(name("speed"), VarRevision(1), Outcome::Rejected { reason: None })],
    };
    house.commit(&[house.edit(1, &[("speed", int(7))]), outcome.clone()]).await;
    // what a game did with it, told too late, is passed over
    let written =
        house.commit(&[house.edit(2, &[("size", int(2))]), forget_var(&house, "speed"), outcome]).await;
    assert_eq!(written, [saved(2), Written::Forgotten { let_go: Some(VarRevision(3)) }, Written::Done]);
    let state = house.load().await;
    assert_eq!((state.vars.len(), state.revision.0), (1, 3));
    let let_go = Desired { value: None, revision: VarRevision(3), author: "Ana".to_owned(), at: NOW };
    assert_eq!(state.removed, [(name("speed"), let_go.clone())]);
    assert_eq!(house.history().await[0], ("speed".to_owned(), Some(int(7)), None, 3));
    assert_eq!(deeds(&house).await, ["variable.forget"]);
    // once is enough
    assert_eq!(house.commit(&[forget_var(&house, "speed")]).await, [Written::Done]);
    assert_eq!(deeds(&house).await, ["variable.forget"]);

    // declared before and behind in one batch: it is there, as new
    let declare = house.report(&[("speed", integer())], &[("speed", int(6))]);
    let written = house.commit(&[declare.clone(), forget_var(&house, "speed"), declare]).await;
    assert_eq!(written, [Written::Done, Written::Forgotten { let_go: None }, Written::Done]);
    let state = house.load().await;
    let speed = &state.vars[1];
    assert_eq!((speed.name.as_str(), &speed.desired), ("speed", &Some(let_go)));
    assert_eq!(speed.reported.iter().map(|reported| &reported.value).collect::<Vec<_>>(), [&int(6)]);
    assert!(speed.applied.is_empty() && state.removed.is_empty());
}

async fn a_device_goes_and_its_row_stays(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    house
        .commit(&[house.report(&[("speed", integer())], &[("speed", int(5))]), house.logs(&["hello"])])
        .await;
    assert_eq!(house.commit(&[forget_device(&house)]).await, [Written::Done]);
    let state = house.load().await;
    assert!(state.devices.is_empty() && state.vars[0].reported.is_empty());
    assert_eq!(state.gone, [(house.device, "one".to_owned())]);
    assert_eq!(deeds(&house).await, ["device.forget"]);
    assert_eq!(make_device(&store, &house.project, "one").await, house.device);
    assert!(house.load().await.vars[0].reported.is_empty());
}

async fn only_what_is_of_the_project(store: Arc<dyn Store>) {
    let house = House::new(Arc::clone(&store)).await;
    let project = make_project(&store, "ba9876543210").await;
    let device = make_device(&store, &project, "one").await;
    let other = House { store: Arc::clone(&store), project, device };
    for house in [&house, &other] {
        house.commit(&[house.report(&[("speed", integer())], &[("speed", int(5))])]).await;
    }
    let foreign =
        Write::ForgetDevice { project: house.project.id, device: other.device, note: note("device.forget") };
    assert!(commit(&store, &[foreign]).await.is_err());
    house.commit(&[forget_var(&house, "speed")]).await;
    let left = other.load().await;
    assert_eq!((left.devices.len(), left.vars.len(), left.vars[0].reported.len()), (1, 1, 1));
}

/// Rows of one step.
const STEP: usize = 7;
const VARS: usize = 40;
const DEVICES: usize = 30;

/// Of `reported` and `outcomes`.
async fn rows(place: &Place) -> usize {
    let all = everything(place).await;
    all["reported"].len() + all["outcomes"].len()
}

/// How many rows each step took, up to so many steps or until there is nothing to do.
async fn steps(place: &Place, store: &Arc<dyn Store>, most: usize) -> Vec<usize> {
    let (mut taken, mut left) = (Vec::new(), rows(place).await);
    while taken.len() < most && sweep(store, STEP).await {
        let now = rows(place).await;
        // space that is given back is no row
        taken.extend((now < left).then(|| left - now));
        left = now;
    }
    taken
}

fn rejected(house: &House, names: &[String]) -> Write {
    let outcome = |n: &String| (name(n), VarRevision(1), Outcome::Rejected { reason: None });
    let outcomes = names.iter().map(outcome).collect();
    Write::Outcomes { project: house.project.id, device: house.device, outcomes }
}

async fn what_a_device_reported_goes_in_steps(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let house = House::new(Arc::clone(&store)).await;
    let names: Vec<String> = (0..VARS).map(|n| format!("var{n}")).collect();
    let declared: Vec<_> = names.iter().map(|n| (n.as_str(), integer())).collect();
    let values: Vec<_> = names.iter().map(|n| (n.as_str(), int(5))).collect();
    let neighbour = make_device(&store, &house.project, "two").await;
    let neighbour = House { store: Arc::clone(&store), project: house.project.clone(), device: neighbour };
    house.commit(&[house.report(&declared, &values), rejected(&house, &names)]).await;
    neighbour.commit(&[neighbour.report(&[], &values), rejected(&neighbour, &names)]).await;
    let visible = async || {
        let state = house.load().await;
        let of_vars = state.vars.iter().map(|var| (var.reported.len(), var.applied.len()));
        of_vars.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    };
    let all = rows(&place).await;
    house.commit(&[forget_device(&house)]).await;
    assert_eq!(rows(&place).await, all, "nobody who waits for this commit waits for a clean-up");
    assert_eq!(visible().await, (VARS, VARS));

    // a stop in between changes nothing, nor does a device that comes back in between
    assert_eq!(steps(&place, &store, 3).await, [STEP; 3]);
    store.close().await;
    let store = place.open().await.unwrap();
    let house = House { store: Arc::clone(&store), ..house };
    assert_eq!(steps(&place, &store, 1).await, [STEP]);
    assert_eq!(make_device(&store, &house.project, "one").await, house.device);
    house.commit(&[house.report(&[], &values[..3])]).await;
    assert!(steps(&place, &store, 99).await.is_empty(), "it is there");
    let state = house.load().await;
    let (reported, applied): (usize, usize) = (
        state.vars.iter().map(|var| var.reported.len()).sum(),
        state.vars.iter().map(|var| var.applied.len()).sum(),
    );
    assert_eq!((reported, applied), (VARS + 3, VARS), "nothing is left of before");

    house.commit(&[house.report(&[], &values), forget_device(&house)]).await;
    let taken = steps(&place, &store, 99).await;
    assert!(taken.iter().all(|rows| *rows <= STEP), "{taken:?}");
    assert_eq!(rows(&place).await, 2 * VARS, "the neighbour's alone");
    store.close().await;
}

async fn the_values_of_a_variable_go_in_steps(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let house = House::new(Arc::clone(&store)).await;
    let both = [("size", integer()), ("speed", integer())];
    let names = ["size".to_owned(), "speed".to_owned()];
    house.commit(&[house.report(&both, &[])]).await;
    for n in 0..DEVICES {
        let device = make_device(&store, &house.project, &format!("device {n}")).await;
        let other = House { store: Arc::clone(&store), project: house.project.clone(), device };
        let values = [("size", int(1)), ("speed", int(5))];
        other.commit(&[other.report(&[], &values), rejected(&other, &names)]).await;
    }
    let all = rows(&place).await;
    house.commit(&[house.edit(1, &[("speed", int(7))]), forget_var(&house, "speed")]).await;
    assert_eq!(rows(&place).await, all, "nobody who waits for this commit waits for a clean-up");
    let state = house.load().await;
    assert_eq!((state.vars.len(), state.vars[0].reported.len()), (1, DEVICES));
    assert_eq!(state.removed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["speed"]);
    let some =
        store.load_vars(house.project.id, &[name("speed")], 99, SaidRange::NONE).await.unwrap().unwrap();
    assert!(some.vars.is_empty());
    // nobody sets it, and nothing more is kept of it
    let edited = commit(&store, &[house.edit(2, &[("speed", int(8))])]).await;
    assert!(matches!(edited, Err(StoreError::Damaged(_))), "{edited:?}");
    house.commit(&[rejected(&house, &names[1..])]).await;
    assert_eq!(rows(&place).await, all);

    assert_eq!(steps(&place, &store, 3).await, [STEP; 3]);
    // it is declared again in between, as another type
    house.commit(&[house.report(&[("speed", integer())], &[("speed", int(6))])]).await;
    assert!(steps(&place, &store, 99).await.is_empty(), "it is there");
    let state = house.load().await;
    assert_eq!(state.vars.iter().map(|var| var.name.as_str()).collect::<Vec<_>>(), ["size", "speed"]);
    assert_eq!((state.vars[1].reported.len(), state.vars[1].applied.len()), (1, 0));
    assert_eq!(rows(&place).await, 2 * DEVICES + 1);

    house.commit(&[forget_var(&house, "size"), forget_var(&house, "speed")]).await;
    let taken = steps(&place, &store, 99).await;
    assert!(taken.iter().all(|rows| *rows <= STEP), "{taken:?}");
    let all = everything(&place).await;
    assert_eq!((all["reported"].len(), all["outcomes"].len(), all["vars"].len()), (0, 0, 0));
    store.close().await;
}

crate::support::stories! {
    a_batch_forgets_in_its_turn,
    a_device_goes_and_its_row_stays,
    only_what_is_of_the_project,
    what_a_device_reported_goes_in_steps,
    the_values_of_a_variable_go_in_steps,
}
