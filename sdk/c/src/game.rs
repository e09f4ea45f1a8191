//! A game: who it is, its frames, and how it goes.

use std::{
    ffi::c_char,
    mem, ptr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use observerio::{Driver, Game, Level, Settings, Stats};
use protocol::model::VarName;

use crate::{
    arguments::{get, place, put, text, text_if_any},
    failure::{Failure, obs_status, otherwise, status},
    kind::{Kind, obs_var},
};

/// Who the game is. All but the key may be NULL or 0. Texts are UTF-8, and copied.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct obs_settings {
    /// The project's game key: 12 characters. Needed.
    pub key: *const c_char,
    /// What stays the same for one installation of the game, at most 128 bytes: by it people know a device again.
    pub device: *const c_char,
    /// What people read in place of the device, such as "Ana's phone".
    pub name: *const c_char,
    /// The game's own version.
    pub app: *const c_char,
    /// Such as "android 15"; NULL: the name of the operating system.
    pub platform: *const c_char,
    /// How much log may wait to be stored, in bytes; 0: 1 MiB. Beyond it the least important is dropped, and counted.
    pub outbox_bytes: usize,
    /// Values that change are sent at most so often, in milliseconds; 0: every 100.
    pub report_ms: u32,
    /// The path of a folder that keeps the values people set: a start without a server begins with them instead of those of
    /// the code. The folder is created if it is missing. NULL: they are not kept.
    pub values_in: *const c_char,
    /// The path of a folder that keeps what is not stored yet: what a killed game had logged is sent by its next start, and
    /// stored once. The folder is created if it is missing; of two games at the same time, only the first one uses it.
    /// NULL: in memory only.
    pub outbox_in: *const c_char,
}

/// A game: its variables, its actions, its log.
pub struct obs_game {
    pub(crate) game: Game,
    /// Until it is connected.
    pub(crate) driver: Mutex<Option<Driver>>,
    /// Each with its name, in the order of these; a name may have several, of different types.
    vars: Mutex<Vec<(String, Arc<obs_var>)>>,
}

impl obs_game {
    /// The variable of this name and type, made if there is none.
    pub(crate) fn keep(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Kind, Failure>,
    ) -> Result<Arc<obs_var>, Failure> {
        check_name(name)?;
        let made = make()?;
        let mut vars = self.vars.lock().unwrap_or_else(PoisonError::into_inner);
        let place = vars.partition_point(|(other, _)| other.as_str() < name);
        let mut known = vars[place..].iter().take_while(|(other, _)| other == name);
        if let Some((_, var)) = known.find(|(_, var)| mem::discriminant(&var.0) == mem::discriminant(&made)) {
            return Ok(Arc::clone(var));
        }
        let var = Arc::new(obs_var(made));
        vars.insert(place, (name.to_owned(), Arc::clone(&var)));
        Ok(var)
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    VarName::parse(name).map(drop).map_err(|why| Failure::invalid(format!("name: {}", why.text)))
}

/// Makes a game that is not connected yet: it can declare, read and log already. `*game` is NULL when that fails.
/// Any thread. Free it with `obs_game_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_game_new(settings: *const obs_settings, game: *mut *mut obs_game) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let place = unsafe { place(game, "game") }?;
        *place = ptr::null_mut();
        // SAFETY: as above
        let settings = unsafe { get(settings, "settings") }?;
        // SAFETY: as above
        let settings = unsafe { read(settings) }?;
        let (game, driver) = Game::new(settings);
        let game = obs_game { game, driver: Mutex::new(Some(driver)), vars: Mutex::default() };
        *place = Box::into_raw(Box::new(game));
        Ok(())
    })
}

/// Reads the settings.
///
/// # Safety
/// Their texts are null or valid.
unsafe fn read(from: &obs_settings) -> Result<Settings, Failure> {
    // SAFETY: the caller promises it
    let key = unsafe { text(from.key, "key") }?;
    // the key itself is in no error
    let key = key.parse().map_err(|_| Failure::invalid("key: a game key has 12 printable characters"))?;
    let read = |pointer, what| {
        // SAFETY: the caller promises it
        unsafe { text_if_any(pointer, what) }
    };
    let mut settings = Settings::new(key);
    if let Some(device) = read(from.device, "device")? {
        settings = settings.device(device);
    }
    if let Some(name) = read(from.name, "name")? {
        settings = settings.name(name);
    }
    if let Some(app) = read(from.app, "app")? {
        settings = settings.app(app);
    }
    if let Some(platform) = read(from.platform, "platform")? {
        settings = settings.platform(platform);
    }
    if from.outbox_bytes > 0 {
        settings = settings.outbox_bytes(from.outbox_bytes);
    }
    if from.report_ms > 0 {
        settings = settings.report_every(Duration::from_millis(from.report_ms.into()));
    }
    let folder = |pointer, what| match read(pointer, what)? {
        Some("") => Err(Failure::invalid(format!("{what} is empty: it is the path of a folder, or NULL"))),
        folder => Ok(folder),
    };
    if let Some(folder) = folder(from.values_in, "values_in")? {
        settings = settings.values_in(folder);
    }
    if let Some(folder) = folder(from.outbox_in, "outbox_in")? {
        settings = settings.outbox_in(folder);
    }
    Ok(settings)
}

/// Frees a game and all its variables; NULL is none. Close its connection before, and let no other thread use any of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_game_free(game: *mut obs_game) {
    let work = || {
        if !game.is_null() {
            // SAFETY: it was made by `obs_game_new`, and the header says that nobody uses it any more
            drop(unsafe { Box::from_raw(game) });
        }
        Ok(())
    };
    otherwise(|_| (), work);
}

/// A boundary between two frames: everything that people want by now is applied, all of it together, checks are asked, and
/// calls of actions arrive. How many variables have another value, or a negative `obs_status`. It never waits.
/// One thread at a time, usually the one with the game's main loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_frame(game: *mut obs_game) -> i32 {
    let work = || {
        // SAFETY: the header says so of every pointer
        let game = unsafe { get(game, "game") }?;
        Ok(i32::try_from(game.game.frame()).unwrap_or(i32::MAX))
    };
    otherwise(|status| status as i32, work)
}

/// How it goes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct obs_stats {
    /// Connected, and the key is accepted.
    pub is_connected: bool,
    /// The server speaks the original grammar only: nothing is acknowledged.
    pub is_original: bool,
    /// Log entries that the server has stored.
    pub stored: u64,
    /// Log entries that were dropped for lack of room, by `obs_level`.
    pub dropped: [u64; 6],
    /// Lines, or entries of them, that the server refused for good.
    pub refused: u64,
    /// Bytes that wait to be stored.
    pub waiting_bytes: u64,
    /// The newest revision that the game has applied; 0: none.
    pub revision: i64,
    /// How often a file could not be read or written. The game continues without it, and tries again.
    pub disk_errors: u64,
}

const _: () = assert!(Level::ALL.len() == 6, "`dropped` has a place for each level");

/// How it goes. Any thread, at any time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_get_stats(game: *const obs_game, stats: *mut obs_stats) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let game = unsafe { get(game, "game") }?;
        // SAFETY: as above
        let place = unsafe { place(stats, "stats") }?;
        let stats = game.game.stats();
        *place = obs_stats {
            is_connected: stats.is_connected,
            is_original: stats.is_original,
            stored: stats.stored,
            dropped: stats.dropped,
            refused: stats.refused,
            waiting_bytes: stats.waiting_bytes as u64,
            revision: stats.revision.map_or(0, |revision| revision.0),
            disk_errors: stats.disk_errors,
        };
        Ok(())
    })
}

/// What the server last refused, as "code sentence"; empty if nothing. `buffer`, `size` and the result as for `obs_get_text`.
/// Any thread, at any time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_server_error(game: *const obs_game, buffer: *mut c_char, size: usize) -> i64 {
    // SAFETY: the header says so of every pointer
    unsafe { tell(game, |stats| stats.last_error, buffer, size) }
}

/// The last file that could not be read or written, as "file: reason"; empty if there was none. `buffer`, `size` and the
/// result as for `obs_get_text`. Any thread, at any time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_disk_error(game: *const obs_game, buffer: *mut c_char, size: usize) -> i64 {
    // SAFETY: the header says so of every pointer
    unsafe { tell(game, |stats| stats.last_disk_error, buffer, size) }
}

/// Copies a text of the statistics.
///
/// # Safety
/// `game` is null or valid; `buffer` is as for [`put`].
unsafe fn tell(
    game: *const obs_game,
    which: fn(Stats) -> Option<String>,
    buffer: *mut c_char,
    size: usize,
) -> i64 {
    let work = || {
        // SAFETY: the caller promises it
        let game = unsafe { get(game, "game") }?;
        let text = which(game.game.stats()).unwrap_or_default();
        // SAFETY: as above
        unsafe { put(&text, buffer, size) }
    };
    otherwise(|status| status as i64, work)
}
