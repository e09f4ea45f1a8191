//! What a call answers when it can't do what it should: a status, and a sentence for the thread that called.

use std::{
    cell::RefCell,
    ffi::{CString, c_char},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What a call answers. Negative: it did nothing, and `obs_last_error` says why.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum obs_status {
    /// Done.
    Ok = 0,
    /// An argument is NULL that must not be.
    Null = -1,
    /// A text is not UTF-8.
    Utf8 = -2,
    /// An argument can't be what it is: the error says which and why.
    Invalid = -3,
    /// The variable has another type.
    Type = -4,
    /// This can't be done now, or not twice.
    State = -5,
    /// The time was over first.
    Timeout = -6,
    /// The operating system refused.
    System = -7,
    /// A mistake in the library, which caught it: please report it.
    Panic = -8,
}

/// A status with its sentence.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: obs_status,
    text: String,
}

impl Failure {
    pub(crate) fn new(status: obs_status, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(obs_status::Invalid, text)
    }
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Does the work; what fails or panics becomes the thread's last error and `answer`'s value.
pub(crate) fn otherwise<T>(
    answer: impl FnOnce(obs_status) -> T,
    work: impl FnOnce() -> Result<T, Failure>,
) -> T {
    let panicked = |_| Err(Failure::new(obs_status::Panic, "the library panicked"));
    let failure = match catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(panicked) {
        Ok(value) => return value,
        Err(failure) => failure,
    };
    let text = CString::new(failure.text.replace('\0', "\u{fffd}")).unwrap_or_default();
    // a thread that is ending has no place for it any more
    let _ = LAST.try_with(|last| last.replace(text));
    answer(failure.status)
}

/// As [`otherwise`], for calls that answer a status and nothing else.
pub(crate) fn status(work: impl FnOnce() -> Result<(), Failure>) -> obs_status {
    otherwise(|status| status, || work().map(|()| obs_status::Ok))
}

/// Why the last call of this thread that failed did so, as UTF-8; empty if none has. Calls that succeed leave it.
/// Any thread, at any time. The text is valid until a call of this thread fails again, or the thread ends.
#[unsafe(no_mangle)]
pub extern "C" fn obs_last_error() -> *const c_char {
    catch_unwind(|| LAST.try_with(|last| last.borrow().as_ptr()))
        .ok()
        .and_then(Result::ok)
        .unwrap_or(c"".as_ptr())
}
