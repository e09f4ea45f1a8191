//! Variables and measurements.

use std::{ffi::c_char, ptr, sync::Arc};

use observerio::{Scalar, Var};

use crate::{
    arguments::{get, place, put, text},
    failure::{Failure, obs_status, otherwise, status},
    game::obs_game,
    kind::{Kind, obs_var},
    spec::{Spec, obs_spec},
};

/// What each declaration does: reads what C says, declares, and hands the variable out.
///
/// # Safety
/// All pointers are null or valid.
unsafe fn declare(
    game: *mut obs_game,
    name: *const c_char,
    spec: *const obs_spec,
    var: *mut *mut obs_var,
    make: impl FnOnce(&observerio::Game, &str, &Spec<'_>) -> Result<Kind, Failure>,
) -> obs_status {
    status(|| {
        // SAFETY: the caller promises it
        let place = unsafe { place(var, "var") }?;
        *place = ptr::null_mut();
        // SAFETY: the caller promises it
        let game = unsafe { get(game, "game") }?;
        // SAFETY: the caller promises it
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller promises it
        let spec = unsafe { Spec::read(spec) }?;
        let var = game.keep(name, || make(&game.game, name, &spec))?;
        *place = Arc::as_ptr(&var).cast_mut();
        Ok(())
    })
}

fn finite(value: f64, what: &str) -> Result<f64, Failure> {
    if value.is_finite() { Ok(value) } else { Err(Failure::invalid(format!("{what} is not finite"))) }
}

/// Declares a variable that people switch on and off. `own` is its value until they do; `spec` may be NULL.
/// Any thread. Declaring a name of the same type again gives the same variable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_declare_bool(
    game: *mut obs_game,
    name: *const c_char,
    own: bool,
    spec: *const obs_spec,
    var: *mut *mut obs_var,
) -> obs_status {
    let make = |game: &observerio::Game, name: &str, spec: &Spec<'_>| {
        Ok(Kind::Bool(spec.describe(game.var(name, own)).declare()))
    };
    // SAFETY: the header says so of every pointer
    unsafe { declare(game, name, spec, var, make) }
}

/// Declares an integer: all 64 bits are exact. Otherwise as `obs_declare_bool`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_declare_int(
    game: *mut obs_game,
    name: *const c_char,
    own: i64,
    spec: *const obs_spec,
    var: *mut *mut obs_var,
) -> obs_status {
    let make = |game: &observerio::Game, name: &str, spec: &Spec<'_>| {
        let declaration = spec.describe(game.var(name, own));
        Ok(Kind::Int(spec.measure(declaration, spec.int_range.clone()).declare()))
    };
    // SAFETY: the header says so of every pointer
    unsafe { declare(game, name, spec, var, make) }
}

/// Declares a double; `own` must be finite. Otherwise as `obs_declare_bool`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_declare_double(
    game: *mut obs_game,
    name: *const c_char,
    own: f64,
    spec: *const obs_spec,
    var: *mut *mut obs_var,
) -> obs_status {
    let make = |game: &observerio::Game, name: &str, spec: &Spec<'_>| {
        let declaration = spec.describe(game.var(name, finite(own, "own")?));
        Ok(Kind::Double(spec.measure(declaration, spec.range.clone()).declare()))
    };
    // SAFETY: the header says so of every pointer
    unsafe { declare(game, name, spec, var, make) }
}

/// Declares a text; with options in `spec`, a choice of one of them. `own` is copied. Otherwise as `obs_declare_bool`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_declare_text(
    game: *mut obs_game,
    name: *const c_char,
    own: *const c_char,
    spec: *const obs_spec,
    var: *mut *mut obs_var,
) -> obs_status {
    let make = |game: &observerio::Game, name: &str, spec: &Spec<'_>| {
        // SAFETY: the header says so of every pointer
        let own = unsafe { text(own, "own") }?;
        let declaration = spec.describe(game.text(name, own));
        Ok(Kind::Text(match &spec.options[..] {
            [] => declaration.declare(),
            options => declaration.options(options.iter().copied()).declare(),
        }))
    };
    // SAFETY: the header says so of every pointer
    unsafe { declare(game, name, spec, var, make) }
}

/// Declares a colour in one of the ways of CSS, such as "#ff8844"; people get a colour picker, and the game a text in the
/// same way. Read and set it as a text. Otherwise as `obs_declare_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_declare_color(
    game: *mut obs_game,
    name: *const c_char,
    own: *const c_char,
    spec: *const obs_spec,
    var: *mut *mut obs_var,
) -> obs_status {
    let make = |game: &observerio::Game, name: &str, spec: &Spec<'_>| {
        // SAFETY: the header says so of every pointer
        let own = unsafe { text(own, "own") }?;
        Ok(Kind::Text(spec.describe(game.color(name, own)).declare()))
    };
    // SAFETY: the header says so of every pointer
    unsafe { declare(game, name, spec, var, make) }
}

/// Declares something that the game measures, such as frames a second: shown, never edited. Set it as often as you like; it
/// is sent up to 60 times a second. Otherwise as `obs_declare_double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_measure_double(
    game: *mut obs_game,
    name: *const c_char,
    first: f64,
    spec: *const obs_spec,
    var: *mut *mut obs_var,
) -> obs_status {
    let make = |game: &observerio::Game, name: &str, spec: &Spec<'_>| {
        let declaration = spec.describe(game.measurement(name, finite(first, "first")?));
        Ok(Kind::Double(spec.measure(declaration, spec.range.clone()).declare()))
    };
    // SAFETY: the header says so of every pointer
    unsafe { declare(game, name, spec, var, make) }
}

/// As `obs_measure_double`, of an integer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_measure_int(
    game: *mut obs_game,
    name: *const c_char,
    first: i64,
    spec: *const obs_spec,
    var: *mut *mut obs_var,
) -> obs_status {
    let make = |game: &observerio::Game, name: &str, spec: &Spec<'_>| {
        let declaration = spec.describe(game.measurement(name, first));
        Ok(Kind::Int(spec.measure(declaration, spec.int_range.clone()).declare()))
    };
    // SAFETY: the header says so of every pointer
    unsafe { declare(game, name, spec, var, make) }
}

/// Looks at a variable of the right type.
///
/// # Safety
/// `var` is null or valid.
unsafe fn with<T>(
    var: *const obs_var,
    wanted: &str,
    look: impl FnOnce(&Kind) -> Option<T>,
) -> Result<T, Failure> {
    // SAFETY: the caller promises it
    let obs_var(kind) = unsafe { get(var, "var") }?;
    let is = kind.word();
    look(kind).ok_or_else(|| Failure::new(obs_status::Type, format!("the variable is {is}, not {wanted}")))
}

fn as_bool(kind: &Kind) -> Option<&Var<bool>> {
    if let Kind::Bool(var) = kind { Some(var) } else { None }
}

fn as_int(kind: &Kind) -> Option<&Var<i64>> {
    if let Kind::Int(var) = kind { Some(var) } else { None }
}

fn as_double(kind: &Kind) -> Option<&Var<f64>> {
    if let Kind::Double(var) = kind { Some(var) } else { None }
}

fn as_text(kind: &Kind) -> Option<&Var<String>> {
    if let Kind::Text(var) = kind { Some(var) } else { None }
}

/// The value in force: an atomic load. false when `var` is no bool; `obs_last_error` says so.
/// Any thread, also beside `obs_frame` and `obs_set_bool`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_get_bool(var: *const obs_var) -> bool {
    // SAFETY: the header says so of every pointer
    otherwise(|_| false, || unsafe { with(var, "a bool", |kind| as_bool(kind).map(|var| var.get())) })
}

/// The value in force: an atomic load. 0 when `var` is no integer. Threads as for `obs_get_bool`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_get_int(var: *const obs_var) -> i64 {
    // SAFETY: the header says so of every pointer
    otherwise(|_| 0, || unsafe { with(var, "an integer", |kind| as_int(kind).map(|var| var.get())) })
}

/// The value in force: an atomic load. 0 when `var` is no double. Threads as for `obs_get_bool`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_get_double(var: *const obs_var) -> f64 {
    // SAFETY: the header says so of every pointer
    otherwise(|_| 0.0, || unsafe { with(var, "a double", |kind| as_double(kind).map(|var| var.get())) })
}

/// Copies the text in force into `buffer`, which has room for `size` bytes: as many whole characters as fit, then a zero byte.
/// The length of the whole text in bytes, or a negative `obs_status`. With `size` 0, `buffer` may be NULL.
/// Threads as for `obs_get_bool`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_get_text(var: *const obs_var, buffer: *mut c_char, size: usize) -> i64 {
    let work = || {
        // SAFETY: the header says so of every pointer
        let text = unsafe { with(var, "a text", |kind| as_text(kind).map(|var| var.get())) }?;
        // SAFETY: as above
        unsafe { put(&text, buffer, size) }
    };
    otherwise(|status| status as i64, work)
}

fn set<T: Scalar>(var: Option<&Var<T>>, value: T) -> Option<()> {
    var.map(|var| var.set(value))
}

/// The game's own value from now on, in force until people want another one; reported to them.
/// Any thread, also beside `obs_frame`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_set_bool(var: *mut obs_var, value: bool) -> obs_status {
    // SAFETY: the header says so of every pointer
    status(|| unsafe { with(var, "a bool", |kind| set(as_bool(kind), value)) })
}

/// As `obs_set_bool`, of an integer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_set_int(var: *mut obs_var, value: i64) -> obs_status {
    // SAFETY: the header says so of every pointer
    status(|| unsafe { with(var, "an integer", |kind| set(as_int(kind), value)) })
}

/// As `obs_set_bool`, of a double, which must be finite.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_set_double(var: *mut obs_var, value: f64) -> obs_status {
    status(|| {
        let value = finite(value, "value")?;
        // SAFETY: the header says so of every pointer
        unsafe { with(var, "a double", |kind| set(as_double(kind), value)) }
    })
}

/// As `obs_set_bool`, of a text, which is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn obs_set_text(var: *mut obs_var, value: *const c_char) -> obs_status {
    status(|| {
        // SAFETY: the header says so of every pointer
        let value = unsafe { text(value, "value") }?;
        // SAFETY: as above
        unsafe { with(var, "a text", |kind| as_text(kind).map(|var| var.set(value))) }
    })
}
