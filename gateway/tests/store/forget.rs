//! Variables and devices that are forgotten.

use std::sync::Arc;

use gateway::store::{AuditRow, Store, Write, Written};
use protocol::{
    live::{Desired, Gesture, Outcome},
    model::{UserId, VarRevision},
};

use crate::house::{House, NOW, commit, int, integer, later, make_device, make_project, name, note, saved};

fn forget_var(house: &House, var: &str) -> Write {
    Write::ForgetVar {
        project: house.project.id,
        name: name(var),
        values: 1,
        author: UserId(7),
        gesture: Gesture(99),
        note: AuditRow { project: Some(house.project.id), ..note("variable.forget") },
    }
}

fn forget_device(house: &House) -> Write {
    let note = AuditRow { project: Some(house.project.id), at: later(1), ..note("device.forget") };
    Write::ForgetDevice { project: house.project.id, device: house.device, values: 1, note }
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
    let foreign = Write::ForgetDevice {
        project: house.project.id,
        device: other.device,
        values: 0,
        note: note("device.forget"),
    };
    assert!(commit(&store, &[foreign]).await.is_err());
    house.commit(&[forget_var(&house, "speed")]).await;
    let left = other.load().await;
    assert_eq!((left.devices.len(), left.vars.len(), left.vars[0].reported.len()), (1, 1, 1));
}

crate::support::stories! {
    a_batch_forgets_in_its_turn,
    a_device_goes_and_its_row_stays,
    only_what_is_of_the_project,
}
