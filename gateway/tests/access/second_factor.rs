//! Codes beside the password: who is asked for one, and which are taken.

use std::{sync::Arc, time::Duration};

use gateway::{Caller, GatewayError, SignIn, SignedIn, store::Store};
use protocol::model::{ProjectRole, TokenScope};
use totp_rs::{Builder, Secret};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, deed, origin, refused};

const STEP: Duration = Duration::from_secs(30);
const BEN: &str = "ben@example.org";

/// What the app of somebody shows now.
fn code(house: &House, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
    app.generate(u64::try_from(house.now().0 / 1_000_000).unwrap()).to_string()
}

/// Somebody with a second factor: signed in, with the secret of the app and the recovery codes.
async fn ben(house: &House) -> (SignedIn, String, Vec<String>) {
    let ben = house.signed_in("ben").await;
    let secret = house.gateway.begin_second_factor(&ben.caller).await.unwrap().secret;
    let codes = house.gateway.confirm_second_factor(&ben.caller, &code(house, &secret)).await.unwrap();
    house.pass(STEP);
    (ben, secret, codes)
}

/// Gives the password; what stands for it until the code comes.
async fn begin(house: &House) -> String {
    match house.gateway.begin_sign_in(BEN, PASSWORD, &origin()).await.unwrap() {
        SignIn::CodeNeeded(begun) => begun.reveal().to_owned(),
        SignIn::Done(signed_in) => panic!("{signed_in:?} without a code"),
    }
}

async fn finish(house: &House, code: &str) -> Result<SignedIn, GatewayError> {
    house.gateway.finish_sign_in(&begin(house).await, code, &origin()).await
}

async fn it_is_asked_for_from_its_first_code_on(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let (desk, phone) = (house.signed_in("ben").await, house.sign_in("ben").await);
    assert_eq!(gateway.get_second_factor(&desk.caller).await.unwrap(), None);
    refused!(gateway.confirm_second_factor(&desk.caller, "123456").await, GatewayError::Invalid(_));
    let first = gateway.begin_second_factor(&desk.caller).await.unwrap();
    let second = gateway.begin_second_factor(&desk.caller).await.unwrap();
    assert_ne!(first.secret, second.secret);
    let shown = gateway.get_enrolment(&desk.caller).await.unwrap().unwrap();
    assert_eq!((&shown.secret, &shown.picture), (&second.secret, &second.picture), "it can be shown again");
    // begun is not asked for: who gives up half-way is not locked out
    house.sign_in("ben").await;
    let old = code(&house, &first.secret);
    refused!(gateway.confirm_second_factor(&desk.caller, &old).await, GatewayError::WrongCode);

    let codes = gateway.confirm_second_factor(&desk.caller, &code(&house, &second.secret)).await.unwrap();
    assert_eq!(codes.len(), 10);
    let state = gateway.get_second_factor(&desk.caller).await.unwrap().unwrap();
    assert_eq!((state.since, state.recovery_codes), (house.now(), 10));
    assert_eq!(gateway.renew(&phone.caller).await.unwrap(), None, "other browsers are signed out");
    assert!(gateway.renew(&desk.caller).await.unwrap().is_some());
    refused!(gateway.sign_in(BEN, PASSWORD, &origin()).await, GatewayError::CodeNeeded);
    refused!(gateway.sign_in(BEN, OTHER_PASSWORD, &origin()).await, GatewayError::WrongPassword);
    refused!(gateway.begin_second_factor(&desk.caller).await, GatewayError::Invalid(_));
    assert!(gateway.get_enrolment(&desk.caller).await.unwrap().is_none(), "its secret is shown no more");
    let newest = house.trail(None).await.swap_remove(0);
    let told = (newest.action, newest.subject, newest.old, newest.new);
    assert_eq!(told, deed("account.second_factor", BEN, None, Some("on")));
}

async fn a_code_is_taken_once(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (_, secret, _) = ben(&house).await;
    let now = code(&house, &secret);
    for wrong in ["", "12345", "1234567", "abcdef", &"1".repeat(100)] {
        refused!(finish(&house, wrong).await, GatewayError::WrongCode);
    }
    let spaced = format!(" {} {} ", &now[..3], &now[3..]);
    let signed_in = finish(&house, &spaced).await.unwrap();
    assert!(house.gateway.renew(&signed_in.caller).await.unwrap().is_some());
    refused!(finish(&house, &now).await, GatewayError::WrongCode);
    house.pass(STEP);
    // the one before is still shown by a clock that is late, and was taken
    refused!(finish(&house, &now).await, GatewayError::WrongCode);
    let next = code(&house, &secret);
    finish(&house, &next).await.unwrap();
    // a clock that is early or late by a step
    house.pass(2 * STEP);
    let early = code(&house, &secret);
    house.pass(STEP);
    finish(&house, &early).await.unwrap();
    house.pass(10 * STEP);
    let old = code(&house, &secret);
    house.pass(2 * STEP);
    refused!(finish(&house, &old).await, GatewayError::WrongCode);
}

async fn two_at_once_with_one_code_make_one_session(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (_, secret, codes) = ben(&house).await;
    for code in [code(&house, &secret), codes[0].clone()] {
        let (one, other) = (begin(&house).await, begin(&house).await);
        let gateway = &house.gateway;
        let origin = origin();
        let outcomes = tokio::join!(
            gateway.finish_sign_in(&one, &code, &origin),
            gateway.finish_sign_in(&other, &code, &origin),
        );
        let done = [outcomes.0.is_ok(), outcomes.1.is_ok()];
        assert!(done == [true, false] || done == [false, true], "{done:?}");
    }
}

async fn a_recovery_code_is_taken_once_and_leaves_a_trace(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let gateway = &house.gateway;
    let (desk, _, codes) = ben(&house).await;
    let typed = codes[3].to_uppercase().replace('-', " ");
    finish(&house, &typed).await.unwrap();
    let used = house.trail(None).await.into_iter().find(|entry| entry.action == "account.recovery_code");
    assert_eq!(used.unwrap().actor, BEN);
    refused!(finish(&house, &codes[3]).await, GatewayError::WrongCode);
    assert_eq!(gateway.get_second_factor(&desk.caller).await.unwrap().unwrap().recovery_codes, 9);
    let fresh = gateway.replace_recovery_codes(&desk.caller).await.unwrap();
    assert_eq!(gateway.get_second_factor(&desk.caller).await.unwrap().unwrap().recovery_codes, 10);
    refused!(finish(&house, &codes[4]).await, GatewayError::WrongCode);
    finish(&house, &fresh[0]).await.unwrap();
    // those of somebody else are worth nothing
    let eve = house.signed_in("eve").await.caller;
    refused!(gateway.replace_recovery_codes(&eve).await, GatewayError::Invalid(_));
}

async fn codes_are_not_tried_for_ever(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, (_, secret, _)) = (&house.gateway, ben(&house).await);
    let begun = begin(&house).await;
    assert!(gateway.get_begun(&begun).is_some());
    for _ in 0..5 {
        refused!(gateway.finish_sign_in(&begun, "000000", &origin()).await, GatewayError::WrongCode);
    }
    let right = code(&house, &secret);
    refused!(gateway.finish_sign_in(&begun, &right, &origin()).await, GatewayError::SignInExpired);
    assert_eq!(gateway.get_begun(&begun), None);
    let late = begin(&house).await;
    house.pass(10 * STEP);
    let right = code(&house, &secret);
    refused!(gateway.finish_sign_in(&late, &right, &origin()).await, GatewayError::SignInExpired);
    refused!(gateway.finish_sign_in("made up", &right, &origin()).await, GatewayError::SignInExpired);
}

async fn another_password_or_a_reset_does_not_pass_it_by(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, (desk, secret, _)) = (&house.gateway, ben(&house).await);
    let begun = begin(&house).await;
    gateway.change_password(&desk.caller, PASSWORD, OTHER_PASSWORD, false).await.unwrap();
    let right = code(&house, &secret);
    refused!(gateway.finish_sign_in(&begun, &right, &origin()).await, GatewayError::SignInExpired);
    let link = gateway.issue_reset_link(&house.owner, desk.caller.user.id).await.unwrap();
    let reset = gateway.reset_password(link.reveal(), PASSWORD, &origin()).await;
    refused!(reset, GatewayError::CodeNeeded);
    assert_eq!(gateway.renew(&desk.caller).await.unwrap(), None, "all the rest of a reset is done");
    finish(&house, &right).await.unwrap();
}

async fn it_can_be_removed(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, (desk, _, _)) = (&house.gateway, ben(&house).await);
    let eve = house.signed_in("eve").await.caller;
    let his = desk.caller.user.id;
    refused!(gateway.remove_second_factor_of(&eve, his).await, GatewayError::Forbidden);
    refused!(gateway.remove_second_factor(&eve).await, GatewayError::NotFound);
    let begun = begin(&house).await;
    gateway.remove_second_factor_of(&house.owner, his).await.unwrap();
    assert_eq!(gateway.renew(&desk.caller).await.unwrap(), None, "who has it now is to sign in again");
    gateway.finish_sign_in(&begun, "", &origin()).await.unwrap();
    let desk = house.sign_in("ben").await.caller;
    refused!(gateway.remove_second_factor_of(&house.owner, his).await, GatewayError::NotFound);
    // and set up again, and removed by its holder, with the password
    let secret = gateway.begin_second_factor(&desk).await.unwrap().secret;
    gateway.confirm_second_factor(&desk, &code(&house, &secret)).await.unwrap();
    house.pass(20 * STEP);
    refused!(gateway.remove_second_factor(&desk).await, GatewayError::ConfirmationNeeded);
    refused!(gateway.replace_recovery_codes(&desk).await, GatewayError::ConfirmationNeeded);
    refused!(gateway.begin_second_factor(&desk).await, GatewayError::ConfirmationNeeded);
    gateway.confirm(&desk, PASSWORD).await.unwrap();
    gateway.remove_second_factor(&desk).await.unwrap();
    assert!(gateway.renew(&desk).await.unwrap().is_some());
    house.sign_in("ben").await;
}

async fn a_project_keeps_out_who_has_none(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let (ben, _, _) = ben(&house).await;
    let eve = house.signed_in("eve").await.caller;
    for (person, role) in [(&ben.caller, ProjectRole::Admin), (&eve, ProjectRole::Admin)] {
        gateway.join(person, &house.invite(id, role).await).await.unwrap();
    }
    let script = house.script(&eve, TokenScope::Read, None).await;
    refused!(gateway.guard_project(&eve, id, true).await, GatewayError::Invalid(_));
    let mut changes = gateway.access_changes();
    changes.mark_unchanged();
    gateway.guard_project(&ben.caller, id, true).await.unwrap();
    assert!(changes.has_changed().unwrap(), "pages that are open are told");
    let newest = gateway.list_audit(&ben.caller, Some(id), None, 1).await.unwrap().entries.swap_remove(0);
    let told = (newest.action, newest.subject, newest.old, newest.new);
    let expected = deed("project.second_factor", "Mr. Rescue", Some("not required"), Some("required"));
    assert_eq!(told, expected);
    gateway.guard_project(&ben.caller, id, true).await.unwrap();

    assert!(
        gateway.snapshot(&ben.caller, id).await.is_ok() && gateway.is_guarded(&ben.caller, id).await.unwrap()
    );
    refused!(gateway.snapshot(&eve, id).await, GatewayError::SecondFactorNeeded);
    refused!(gateway.guard_project(&eve, id, false).await, GatewayError::SecondFactorNeeded);
    assert!(gateway.snapshot(&script, id).await.is_ok(), "a token is another proof");
    assert_eq!(gateway.list_projects(&eve).await.unwrap().len(), 2, "its name is no secret to its members");
    // who is nothing in it hears nothing of that
    let stranger = house.signed_in("cleo").await.caller;
    refused!(gateway.snapshot(&stranger, id).await, GatewayError::NotFound);

    let secret = gateway.begin_second_factor(&eve).await.unwrap().secret;
    gateway.confirm_second_factor(&eve, &code(&house, &secret)).await.unwrap();
    assert!(gateway.snapshot(&eve, id).await.is_ok());
    house.pass(20 * STEP);
    refused!(gateway.guard_project(&ben.caller, id, false).await, GatewayError::ConfirmationNeeded);
    gateway.confirm(&ben.caller, PASSWORD).await.unwrap();
    gateway.guard_project(&ben.caller, id, false).await.unwrap();
    gateway.confirm(&eve, PASSWORD).await.unwrap();
    gateway.remove_second_factor(&eve).await.unwrap();
    assert!(gateway.snapshot(&eve, id).await.is_ok());
}

async fn an_instance_keeps_out_who_has_none(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (gateway, id) = (&house.gateway, house.project.id);
    let (ben, _, _) = ben(&house).await;
    gateway.join(&ben.caller, &house.invite(id, ProjectRole::Viewer).await).await.unwrap();
    assert!(gateway.list_accounts(&house.owner).await.is_ok());
    gateway.require_second_factors();
    assert!(gateway.snapshot(&ben.caller, id).await.is_ok());
    refused!(gateway.snapshot(&house.owner, id).await, GatewayError::SecondFactorNeeded);
    refused!(gateway.list_accounts(&house.owner).await, GatewayError::SecondFactorNeeded);
    refused!(gateway.list_audit(&house.owner, None, None, 1).await, GatewayError::SecondFactorNeeded);
    refused!(
        gateway.delete_account(&house.owner, ben.caller.user.id).await,
        GatewayError::SecondFactorNeeded
    );
    // one's own account is how one gets it
    assert!(gateway.get_second_factor(&house.owner).await.unwrap().is_none());
    refused!(gateway.begin_second_factor(&house.owner).await, GatewayError::Invalid(_));
    let program = Caller::from(house.owner.user.clone());
    assert!(gateway.snapshot(&program, id).await.is_ok());
}

crate::support::stories! {
    it_is_asked_for_from_its_first_code_on,
    a_code_is_taken_once,
    two_at_once_with_one_code_make_one_session,
    a_recovery_code_is_taken_once_and_leaves_a_trace,
    codes_are_not_tried_for_ever,
    another_password_or_a_reset_does_not_pass_it_by,
    it_can_be_removed,
    a_project_keeps_out_who_has_none,
    an_instance_keeps_out_who_has_none,
}
