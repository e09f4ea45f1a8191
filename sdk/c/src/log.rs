//! The log.

use std::{ffi::c_char, ptr};

use observerio::Level;

use crate::{
    arguments::{get, several, text},
    failure::{Failure, obs_status, status},
    game::obs_game,
    value::obs_field,
};

/// How much a log entry matters.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum obs_level {
    /// Every step.
    Trace = 0,
    /// For the people who fix the game.
    Debug = 1,
    /// What happened.
    Info = 2,
    /// Odd, and the game goes on.
    Warn = 3,
    /// Something failed.
    Error = 4,
    /// The game can't go on.
    Fatal = 5,
}

/// Logs; `level` is one of `obs_level`. What finds no room is dropped and counted, debug before errors. It never waits.
/// Any thread, at any time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_log(game: *const obs_game, level: i32, message: *const c_char) -> obs_status {
    // SAFETY: the header says so of every pointer
    unsafe { obs_log_fields(game, level, message, ptr::null(), 0) }
}

/// Logs with further fields, of which there are `count`. Otherwise as `obs_log`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_log_fields(
    game: *const obs_game,
    level: i32,
    message: *const c_char,
    fields: *const obs_field,
    count: usize,
) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let game = unsafe { get(game, "game") }?;
        let level = usize::try_from(level).ok().and_then(|level| Level::ALL.get(level).copied());
        let level = level.ok_or_else(|| Failure::invalid("level: there is none of this number"))?;
        // SAFETY: as above
        let message = unsafe { text(message, "message") }?;
        // SAFETY: as above
        let fields = unsafe { several(fields, count, "fields") }?;
        let read = |field: &obs_field| {
            // SAFETY: as above
            unsafe { field.read() }
        };
        let fields = fields.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        game.game.log_with(level, message, &fields);
        Ok(())
    })
}
