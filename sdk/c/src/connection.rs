//! The connection: one small thread of its own.

use std::{ffi::c_char, io, ptr, sync::PoisonError, time::Duration};

use observerio::{Connection, Driver};

use crate::{
    arguments::{get, place, text},
    failure::{Failure, obs_status, status},
    game::obs_game,
};

/// A game's connection, in a thread of its own, for as long as this is not closed.
pub struct obs_connection {
    connection: Connection,
}

/// Connects to a server's game port, `address` being "host:port", and connects again whenever it must. It returns at once,
/// whether a server is there or not. `*connection` is NULL when it fails. Once for each game.
/// Any thread. The library's thread calls nothing of the game's. End it with `obs_close`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_connect(
    game: *mut obs_game,
    address: *const c_char,
    connection: *mut *mut obs_connection,
) -> obs_status {
    // SAFETY: the header says so of every pointer
    unsafe {
        connect_by(Some(|driver, address| observerio::connect(driver, address)), game, address, connection)
    }
}

/// As `obs_connect`, encrypted: the server's certificate must be valid for the host of `address`, as the operating system sees
/// it. `OBS_STATUS_STATE` if this library was built without TLS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_connect_tls(
    game: *mut obs_game,
    address: *const c_char,
    connection: *mut *mut obs_connection,
) -> obs_status {
    // SAFETY: the header says so of every pointer
    unsafe { connect_by(OPEN_TLS, game, address, connection) }
}

type Open = fn(Driver, &str) -> io::Result<Connection>;

/// Cryptography is large: only games that ask for it carry it.
#[cfg(not(feature = "tls"))]
const OPEN_TLS: Option<Open> = None;
#[cfg(feature = "tls")]
const OPEN_TLS: Option<Open> = Some(|driver, address| observerio::connect_tls(driver, address));

/// Connects by `open`; `None` is a way that this library was built without.
///
/// # Safety
/// All pointers are null or valid.
unsafe fn connect_by(
    open: Option<Open>,
    game: *mut obs_game,
    address: *const c_char,
    connection: *mut *mut obs_connection,
) -> obs_status {
    status(|| {
        // SAFETY: the caller promises it
        let place = unsafe { place(connection, "connection") }?;
        *place = ptr::null_mut();
        // SAFETY: as above
        let game = unsafe { get(game, "game") }?;
        // SAFETY: as above
        let address = unsafe { text(address, "address") }?;
        let port = address.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
        if !matches!(port, Some((host, Ok(1..))) if !host.is_empty()) {
            return Err(Failure::invalid("address: it is host:port, such as 127.0.0.1:6667"));
        }
        let without = || Failure::new(obs_status::State, "this library was built without TLS");
        let open = open.ok_or_else(without)?;
        let driver = game.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let twice = || Failure::new(obs_status::State, "this game was connected before");
        let connection = open(driver.ok_or_else(twice)?, address)
            .map_err(|why| Failure::new(obs_status::System, format!("no connection can be made: {why}")))?;
        *place = Box::into_raw(Box::new(obs_connection { connection }));
        Ok(())
    })
}

/// Waits until everything that was logged is stored: `OBS_STATUS_TIMEOUT` if it is not after `timeout_ms` milliseconds.
/// For the end of a level, not for every frame. Any thread but not beside `obs_close`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_flush(connection: *const obs_connection, timeout_ms: u32) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let connection = unsafe { get(connection, "connection") }?;
        if connection.connection.flush(Duration::from_millis(timeout_ms.into())) {
            return Ok(());
        }
        Err(Failure::new(obs_status::Timeout, format!("not everything was stored within {timeout_ms} ms")))
    })
}

/// Ends and frees a connection; NULL is none. Waits until everything that was logged is stored, for at most `timeout_ms`
/// milliseconds. The game goes on without a server. One thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_close(connection: *mut obs_connection, timeout_ms: u32) -> obs_status {
    status(|| {
        if !connection.is_null() {
            // SAFETY: it was made by `obs_connect`, and the header says that nobody uses it any more
            let connection = unsafe { Box::from_raw(connection) };
            connection.connection.close(Duration::from_millis(timeout_ms.into()));
        }
        Ok(())
    })
}
