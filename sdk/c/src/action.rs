//! Actions: buttons that people press.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use observerio::{Game, Value};

use crate::{
    arguments::{get, place, text, text_if_any},
    failure::{Failure, obs_status, otherwise, status},
    game::{check_name, obs_game},
    spec::{Spec, obs_spec},
};

/// Somebody pressed a button. It is the game's until it is answered.
pub struct obs_call {
    game: Game,
    id: u64,
    name: CString,
    args: Option<CString>,
}

/// Declares a button. `spec` may be NULL; of it, label, help, group and source count. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_declare_action(
    game: *mut obs_game,
    name: *const c_char,
    spec: *const obs_spec,
) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let game = unsafe { get(game, "game") }?;
        // SAFETY: as above
        let name = unsafe { text(name, "name") }?;
        check_name(name)?;
        // SAFETY: as above
        let spec = unsafe { Spec::read(spec) }?;
        spec.describe(game.game.button(name)).declare();
        Ok(())
    })
}

/// The oldest call that `obs_frame` has brought: `*call` is NULL when there is none. Answer it with `obs_answer` or `obs_fail`,
/// now or later; after 30 seconds people are told that it failed. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_poll_action(game: *mut obs_game, call: *mut *mut obs_call) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let place = unsafe { place(call, "call") }?;
        *place = ptr::null_mut();
        // SAFETY: as above
        let obs_game { game, .. } = unsafe { get(game, "game") }?;
        if let Some(call) = game.take_call() {
            let lent = |text: &str| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default();
            let (name, args) = (lent(call.name.as_str()), call.args.as_deref().map(lent));
            *place = Box::into_raw(Box::new(obs_call { game: game.clone(), id: call.id, name, args }));
        }
        Ok(())
    })
}

/// Which action; valid until the call is answered, NULL for no call. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_call_name(call: *const obs_call) -> *const c_char {
    // SAFETY: the header says so of every pointer
    otherwise(|_| ptr::null(), || unsafe { get(call, "call") }.map(|call| call.name.as_ptr()))
}

/// Its arguments as JSON, or NULL without any; valid until the call is answered. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_call_args(call: *const obs_call) -> *const c_char {
    let args = |call: &obs_call| call.args.as_ref().map_or(ptr::null(), |args| args.as_ptr());
    // SAFETY: the header says so of every pointer
    otherwise(|_| ptr::null(), || unsafe { get(call, "call") }.map(args))
}

/// The call is done: `result` is JSON, or NULL for none. With `OBS_STATUS_OK` the call is freed; otherwise it is still yours.
/// Any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_answer(call: *mut obs_call, result: *const c_char) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let result = unsafe { text_if_any(result, "result") }?;
        let read = |json| Value::parse_json(json).ok_or_else(|| Failure::invalid("result is not JSON"));
        let result = result.map(read).transpose()?.map(|value| value.to_json());
        // SAFETY: as above
        unsafe { finish(call, Ok(result)) }
    })
}

/// The call failed, for a reason that people read. Otherwise as `obs_answer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_fail(call: *mut obs_call, reason: *const c_char) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let reason = unsafe { text(reason, "reason") }?.to_owned();
        // SAFETY: as above
        unsafe { finish(call, Err(reason)) }
    })
}

/// Answers and frees a call.
///
/// # Safety
/// It is null, or was made by `obs_poll_action` and is used by nobody any more.
unsafe fn finish(call: *mut obs_call, answer: Result<Option<String>, String>) -> Result<(), Failure> {
    if call.is_null() {
        return Err(Failure::new(obs_status::Null, "call is NULL"));
    }
    // SAFETY: it is not null, and the caller promises the rest
    let obs_call { game, id, .. } = *unsafe { Box::from_raw(call) };
    game.answer(id, answer);
    Ok(())
}
