//! What C hands over: pointers that may be null, and texts that may be anything.

use std::{
    ffi::{CStr, c_char},
    slice,
};

use crate::failure::{Failure, obs_status};

/// What a pointer points to.
///
/// # Safety
/// It is null, or valid and not written to for as long as the result lives.
pub(crate) unsafe fn get<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, Failure> {
    // SAFETY: the caller promises it
    unsafe { pointer.as_ref() }.ok_or_else(|| null(what))
}

/// Where a result goes.
///
/// # Safety
/// It is null, or valid and used by nobody else for as long as the result lives.
pub(crate) unsafe fn place<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T, Failure> {
    // SAFETY: the caller promises it
    unsafe { pointer.as_mut() }.ok_or_else(|| null(what))
}

/// So many of them; none where there are 0, whatever the pointer.
///
/// # Safety
/// As for [`get`], of so many in a row.
pub(crate) unsafe fn several<'a, T>(pointer: *const T, count: usize, what: &str) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(null(what));
    }
    if count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Failure::invalid(format!("{what}: there can't be {count} of them")));
    }
    // SAFETY: the caller promises it, and it is neither null nor longer than memory
    Ok(unsafe { slice::from_raw_parts(pointer, count) })
}

/// A text that must be there.
///
/// # Safety
/// It is null, or ends with a zero byte and is not written to for as long as the result lives.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str, Failure> {
    // SAFETY: the caller promises it
    unsafe { text_if_any(pointer, what) }?.ok_or_else(|| null(what))
}

/// A text that may be left out.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn text_if_any<'a>(pointer: *const c_char, what: &str) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not null, and the caller promises the rest
    let text = unsafe { CStr::from_ptr(pointer) };
    let read = text.to_str().map_err(|_| Failure::new(obs_status::Utf8, format!("{what} is not UTF-8")))?;
    Ok(Some(read))
}

/// Puts a text into a buffer, as much of it as fits before the zero byte that ends it, without half a character; gives its
/// whole length in bytes.
///
/// # Safety
/// `buffer` is null, or has room for `size` bytes that nobody else uses.
pub(crate) unsafe fn put(text: &str, buffer: *mut c_char, size: usize) -> Result<i64, Failure> {
    if size > 0 {
        if buffer.is_null() {
            return Err(null("buffer"));
        }
        let fits = text.floor_char_boundary(size - 1);
        // SAFETY: there is room for `size` bytes, and `fits` is less; a text of ours is not in a buffer of the caller's
        unsafe { text.as_ptr().copy_to_nonoverlapping(buffer.cast(), fits) };
        // SAFETY: there is room for `size` bytes, and `fits` is less
        let end = unsafe { buffer.add(fits) };
        // SAFETY: as above
        unsafe { end.write(0) };
    }
    Ok(i64::try_from(text.len()).unwrap_or(i64::MAX))
}

fn null(what: &str) -> Failure {
    Failure::new(obs_status::Null, format!("{what} is NULL"))
}
