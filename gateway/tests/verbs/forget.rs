//! What the gateway promises about variables and devices that are forgotten, on both databases.

use std::sync::Arc;

use gateway::{GatewayError, Origin, Watched, Watcher, store::Store};
use protocol::{
    line::parse_logs,
    live::Event,
    model::{Change, DeviceId, NOT_DESIRED, Outcome, ProjectRole, Revision, Value, VarRevision},
};
use serde_json::json;

use crate::house::{House, int, name, peer, pushed};

impl House {
    async fn forget(&self, var: &str) -> Result<(), GatewayError> {
        self.gateway.forget_var(&self.owner, self.project.id, &name(var)).await
    }

    async fn forget_device(&self, device: DeviceId) -> Result<(), GatewayError> {
        self.gateway.forget_device(&self.owner, self.project.id, device).await
    }

    async fn vars(&self) -> Vec<String> {
        self.snapshot().await.vars.iter().map(|var| var.name.to_string()).collect()
    }

    /// Actions and subjects of the audit trail, the newest first.
    async fn deeds(&self, most: u32) -> Vec<(String, String)> {
        let access = self.store.access();
        let trail = access.list_audit(Some(self.project.id), None, most).await.unwrap();
        trail.into_iter().map(|(_, entry)| (entry.action, entry.subject)).collect()
    }
}

fn deed(action: &str, subject: &str) -> (String, String) {
    (action.to_owned(), subject.to_owned())
}

/// The next event that says something of the kind.
async fn event<T>(watcher: &mut Watcher, wanted: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        if let Watched::Delta(delta) = watcher.next().await
            && let Some(found) = delta.events.iter().find_map(&wanted)
        {
            return found;
        }
    }
}

fn in_use(outcome: Result<(), GatewayError>) -> String {
    match outcome {
        Err(error @ GatewayError::InUse(_)) => {
            assert_eq!(error.code(), "in_use");
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

async fn a_variable_that_no_game_has_any_more_is_forgotten(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut games = Vec::new();
    for device in ["phone", "tablet", "console", "desk"] {
        let mut game = house.game(device, None).await;
        house.report(&mut game, r#"{"speed": 5, "size": 1}"#).await;
        games.push(game);
    }
    house.set(1, "speed", 7).await;
    let why = "phone, tablet, console and 1 more are connected and reported speed: forget it when no connected game has it any more";
    assert_eq!(in_use(house.forget("speed").await), why);
    games.truncate(1);
    let why = in_use(house.forget("speed").await);
    assert!(why.starts_with("phone is connected and reported speed: "), "{why}");
    assert_eq!(house.var("speed").await.reported.len(), 4, "nothing of it is gone");
    games.clear();

    let mut watcher = house.gateway.watch(&house.owner, house.project.id).await.unwrap();
    house.forget("speed").await.unwrap();
    let forgotten = |event: &Event| match event {
        Event::VarsForgotten { names } => Some(names.clone()),
        _ => None,
    };
    assert_eq!(event(&mut watcher, forgotten).await, [name("speed")]);
    let snapshot = house.snapshot().await;
    assert_eq!((snapshot.vars.len(), snapshot.vars[0].name.as_str()), (1, "size"));
    // the edit that was in force was let go first, and the history stays
    assert_eq!(snapshot.revision, Revision(2));
    let history = house.store.list_history(house.project.id, Some(&name("speed")), None, 9).await.unwrap();
    let rows: Vec<_> = history.iter().map(|row| (row.old.clone(), row.new.clone(), row.revision.0)).collect();
    assert_eq!(rows, [(Some(int(7)), None, 2), (None, Some(int(7)), 1)]);
    let mut deeds = house.deeds(3).await;
    deeds.sort();
    let all = [("value.edit", "speed"), ("value.let_go", "speed"), ("variable.forget", "speed")];
    assert_eq!(deeds, all.map(|(action, subject)| deed(action, subject)));

    assert!(matches!(house.forget("speed").await, Err(GatewayError::NotFound)));
    let edited = house.try_set(2, "speed", 9).await;
    assert!(matches!(edited, Err(GatewayError::Refused(_))), "{edited:?}");
}

async fn it_comes_back_as_new_and_its_revisions_go_on(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house
        .report(&mut game, r#"[{"name":"speed","type":"integer","value":5,"max":9},{"name":"size","type":"integer","value":1}]"#)
        .await;
    drop(game);
    house.set(1, "speed", 7).await;
    house.set(2, "speed", 8).await;
    house.forget("speed").await.unwrap();

    let mut game = house.game("tablet", None).await;
    house.report(&mut game, r#"[{"name":"speed","type":"float","value":0.5}]"#).await;
    assert_eq!(house.vars().await, ["size", "speed"], "behind those that were there");
    let speed = house.var("speed").await;
    assert_eq!((speed.spec.max, speed.spec.var_type.as_str()), (None, "float"), "nothing is left of it");
    assert_eq!(speed.reported.iter().map(|r| &r.value).collect::<Vec<_>>(), [&Value::Float(0.5)]);
    let newest = speed.desired.unwrap();
    assert_eq!((newest.value, newest.revision), (None, VarRevision(3)), "nobody wants anything of it");

    // an edit that was made on what it was before is refused, one on what it is now is taken
    let set = |value, base| Change::from((name("speed"), Value::Float(value))).on(VarRevision(base));
    for base in [1, 2] {
        let stale = house.change(3, vec![set(1.0, base)]).await;
        assert!(matches!(stale, Err(GatewayError::Conflict { .. })), "{stale:?}");
    }
    assert_eq!(house.change(4, vec![set(1.0, NOT_DESIRED.0)]).await.unwrap().revision, Revision(4));
    // it can be forgotten again
    drop(game);
    house.forget("speed").await.unwrap();
    assert_eq!((house.vars().await, house.snapshot().await.revision), (vec!["size".to_owned()], Revision(5)));
}

async fn a_game_that_was_away_is_told_that_it_was_let_go(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut phone = house.game("phone", None).await;
    house.report(&mut phone, r#"{"speed": 5, "size": 1}"#).await;
    house.set(1, "speed", 7).await;
    // another build, which has no such variable and says so, is told as well
    let mut other = house.game("other", None).await;
    assert_eq!(pushed(&mut other).unwrap().0, 1);
    let rejected = Outcome::Rejected { reason: Some("unknown".to_owned()) };
    other.record_applied(Revision(1), vec![(name("speed"), rejected)], None, None);
    drop(phone);
    house.forget("speed").await.unwrap();
    let (revision, push) = pushed(&mut other).unwrap();
    assert_eq!((revision, &push["removed"], &push["vars"]), (2, &json!(["speed"]), &json!([])));
    other.record_applied(Revision(2), vec![], None, None);

    assert_eq!(pushed(&mut house.game("phone", Some(1)).await).unwrap().1["removed"], json!(["speed"]));
    // also by a server that has only read of it, and once it is there again
    drop(other);
    let house = house.restarted().await;
    let mut phone = house.game("phone", Some(1)).await;
    assert_eq!(pushed(&mut phone).unwrap().1["removed"], json!(["speed"]));
    house.report(&mut phone, r#"{"speed": 5}"#).await;
    assert_eq!(pushed(&mut house.game("tablet", Some(1)).await).unwrap().1["removed"], json!(["speed"]));
    assert!(pushed(&mut house.game("tablet", Some(2)).await).is_none());
    let (_, all) = pushed(&mut house.game("tablet", None).await).unwrap();
    assert_eq!((&all["vars"], &all["removed"]), (&json!([]), &json!([])));
    let house = house.restarted().await;
    let newest = house.var("speed").await.desired.unwrap();
    assert_eq!((newest.value, newest.revision), (None, VarRevision(2)));
    assert_eq!(house.set(2, "speed", 9).await.revision, Revision(3));
}

async fn what_nobody_has_set_goes_without_a_revision(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    drop(game);
    house.forget("speed").await.unwrap();
    assert_eq!(house.snapshot().await.revision, Revision(0));
    assert_eq!(house.deeds(1).await, [deed("variable.forget", "speed")]);
    let house = house.restarted().await;
    assert!(house.vars().await.is_empty());
    assert!(pushed(&mut house.game("phone", Some(0)).await).is_none());
}

async fn a_connected_game_that_has_not_reported_it_does_not_hold_it(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut before = house.game("phone", None).await;
    house.report(&mut before, r#"{"speed": 5, "old": 1}"#).await;
    drop(before);
    // the next build, on the same device
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    assert!(in_use(house.forget("speed").await).starts_with("phone is"));
    house.forget("old").await.unwrap();
    assert_eq!(house.vars().await, ["speed"]);
    // it may say it after all, without a declaration, and holds it from then on
    house.report(&mut game, r#"{"old": 2}"#).await;
    assert_eq!(house.var("old").await.reported[0].value, int(2));
    assert!(in_use(house.forget("old").await).starts_with("phone is"));
    assert_eq!(house.gateway.status().written.lost_records, 0);
}

async fn a_device_that_is_away_is_forgotten(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    game.append_logs(parse_logs(br#"[{"message":"hello"}]"#).unwrap().entries).await.unwrap();
    let id = game.device();
    let why = in_use(house.forget_device(id).await);
    assert_eq!(why, "phone is connected: forget it when its game has ended");
    let mut other = house.game("other", None).await;
    house.report(&mut other, r#"{"speed": 6}"#).await;
    drop(game);

    let mut watcher = house.gateway.watch(&house.owner, house.project.id).await.unwrap();
    house.forget_device(id).await.unwrap();
    let forgotten = |event: &Event| match event {
        Event::Forgotten { devices, gave_way } => Some((devices.clone(), *gave_way)),
        _ => None,
    };
    assert_eq!(event(&mut watcher, forgotten).await, (vec![id], 0), "it gave way to nobody");
    assert!(matches!(house.forget_device(id).await, Err(GatewayError::NotFound)));
    let check = async |house: &House| {
        let snapshot = house.snapshot().await;
        assert_eq!(snapshot.devices.iter().map(|device| device.id).collect::<Vec<_>>(), [other.device()]);
        assert_eq!(snapshot.vars[0].reported.len(), 1, "its value went with it");
        assert_eq!((snapshot.logs.len(), snapshot.logs[0].device), (1, id), "its log lines stay");
        assert_eq!(snapshot.gone, [(id, "phone".to_owned())]);
        assert_eq!(snapshot.gave_way, 0);
    };
    check(&house).await;
    assert_eq!(house.gateway.status().written.displaced_devices, 0);
    assert_eq!(house.deeds(1).await, [deed("device.forget", "phone")]);
    let house = house.restarted().await;
    check(&house).await;

    // it is the same one when it comes back, and has said nothing yet
    let back = house.game("phone", None).await;
    assert_eq!(back.device(), id);
    let snapshot = house.snapshot().await;
    assert!(snapshot.gone.is_empty() && snapshot.vars[0].reported.len() == 1);
    in_use(house.forget_device(id).await);
}

async fn who_may_not_forget_is_told_so(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut game = house.game("phone", None).await;
    house.report(&mut game, r#"{"speed": 5}"#).await;
    let id = game.device();
    drop(game);
    let gateway = &house.gateway;
    let (link, _) = gateway.invite(&house.owner, house.project.id, ProjectRole::Designer, "").await.unwrap();
    let origin = Origin::default();
    let joined = gateway.sign_up(link.reveal(), "ben@example.org", "correct horse battery", &origin).await;
    let ben = joined.unwrap().0.caller;
    let project = house.project.id;
    let forbidden = gateway.forget_var(&ben, project, &name("speed")).await;
    assert!(matches!(forbidden, Err(GatewayError::Forbidden)), "{forbidden:?}");
    let forbidden = gateway.forget_device(&ben, project, id).await;
    assert!(matches!(forbidden, Err(GatewayError::Forbidden)), "{forbidden:?}");

    // another project has the same names, and no hold on this one's
    let other = gateway.create_project(&house.owner, "Aliens").await.unwrap();
    let mut game = gateway.connect_game(other.key, peer(), None).await.unwrap();
    house.report(&mut game, r#"{"speed": 9}"#).await;
    let elsewhere = gateway.forget_device(&house.owner, other.id, id).await;
    assert!(matches!(elsewhere, Err(GatewayError::NotFound)), "{elsewhere:?}");
    house.forget("speed").await.unwrap();
    house.forget_device(id).await.unwrap();
    let left = gateway.snapshot(&house.owner, other.id).await.unwrap();
    assert_eq!((left.vars.len(), left.vars[0].reported.len(), left.devices.len()), (1, 1, 1));
}

crate::support::stories! {
    a_variable_that_no_game_has_any_more_is_forgotten,
    it_comes_back_as_new_and_its_revisions_go_on,
    a_game_that_was_away_is_told_that_it_was_let_go,
    what_nobody_has_set_goes_without_a_revision,
    a_connected_game_that_has_not_reported_it_does_not_hold_it,
    a_device_that_is_away_is_forgotten,
    who_may_not_forget_is_told_so,
}
