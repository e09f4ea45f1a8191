use super::*;
use crate::{Driver, Key, Settings};

fn game() -> (Game, Driver) {
    Game::new(Settings::new(Key::parse(b"0123456789ab").unwrap()))
}

fn name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

fn int(number: i64) -> Value {
    Value::Int(number.into())
}

/// What becomes of a value that people want.
fn outcome_of(game: &Game, wanted: Value) -> Outcome {
    let mut edits = EditSet::default();
    edits.set.push((name("wheels"), wanted));
    hold(&game.shared.exchange).edits = Some(edits);
    game.frame();
    hold(&game.shared.exchange).applied.pop().unwrap().outcomes.pop().unwrap().1
}

fn clamped(number: i64, reason: &str) -> Outcome {
    Outcome::Clamped { value: Some(int(number)), reason: Some(reason.to_owned()) }
}

#[test]
fn the_games_own_judge_takes_clamps_and_rejects() {
    let (game, _driver) = game();
    let only_even = |wanted: &Value| match wanted {
        Value::Int(number) if number.get() < 0 => {
            Outcome::Rejected { reason: Some("in a cutscene".to_owned()) }
        }
        Value::Int(number) if number.get() % 2 != 0 => {
            clamped(i64::try_from(number.get()).unwrap() - 1, "even numbers only")
        }
        _ => Outcome::Applied,
    };
    let wheels = game.var("wheels", 4i64).range(-10..=10).judge(only_even).declare();
    assert_eq!((outcome_of(&game, int(8)), wheels.get()), (Outcome::Applied, 8));
    assert_eq!((outcome_of(&game, int(7)), wheels.get()), (clamped(6, "even numbers only"), 6));
    let rejected = Outcome::Rejected { reason: Some("in a cutscene".to_owned()) };
    assert_eq!((outcome_of(&game, int(-2)), wheels.get()), (rejected, 6));
    // it is asked about what is inside the range, and what it takes of that is still clamped
    assert_eq!((outcome_of(&game, int(99)), wheels.get()), (clamped(10, "the largest is 10"), 10));
}

#[test]
fn a_judge_that_clamps_to_another_type_rejects() {
    let (game, _driver) = game();
    let confused = |_: &Value| Outcome::Clamped { value: Some(Value::Bool(true)), reason: None };
    let wheels = game.var("wheels", 4i64).judge(confused).declare();
    let rejected = Outcome::Rejected { reason: Some("the game keeps it as integer".to_owned()) };
    assert_eq!((outcome_of(&game, int(8)), wheels.get()), (rejected, 4));
}

fn press(game: &Game, id: u64) {
    let call = Call { id, name: name("boss.spawn"), args: Some("[1]".to_owned()) };
    hold(&game.shared.exchange).calls.push(call);
    game.frame();
}

#[test]
fn a_button_waits_until_the_game_looks() {
    let (game, _driver) = game();
    game.button("boss.spawn").help("Another boss").declare();
    press(&game, 7);
    assert!(hold(&game.shared.exchange).answers.is_empty());
    let call = game.take_call().unwrap();
    assert_eq!((call.id, call.args.as_deref(), game.take_call()), (7, Some("[1]"), None));
    game.answer(call.id, Ok(None));
    assert_eq!(hold(&game.shared.exchange).answers, [(7, Ok(None))]);
}

#[test]
fn buttons_that_nobody_looks_at_take_no_more_than_their_room() {
    let (game, _driver) = game();
    game.button("boss.spawn").declare();
    (0..100).for_each(|id| press(&game, id));
    let answers = std::mem::take(&mut hold(&game.shared.exchange).answers);
    assert_eq!((answers.len(), answers[0].0), (100 - MAX_CALLS, MAX_CALLS as u64));
    assert!(answers.iter().all(|(_, answer)| answer.is_err()));
    assert_eq!(std::iter::from_fn(|| game.take_call()).count(), MAX_CALLS);
}

#[test]
fn an_action_with_a_function_is_run_by_the_frame() {
    let (game, _driver) = game();
    game.action("boss.spawn", |args| Ok(args.map(str::to_owned)));
    press(&game, 7);
    press(&game, 8);
    let answers = std::mem::take(&mut hold(&game.shared.exchange).answers);
    assert_eq!(answers, [(7, Ok(Some("[1]".to_owned()))), (8, Ok(Some("[1]".to_owned())))]);
    assert_eq!(game.take_call(), None);
}

#[test]
fn a_colour_is_a_text_of_its_own_type() {
    let (game, _driver) = game();
    let sky = game.color("sky", "#4488ff").declare();
    assert_eq!(&*sky.get(), "#4488ff");
    let declared = hold(&game.shared.exchange).declared[0].report();
    assert_eq!(declared.spec.var_type, VarType::Color);
}
