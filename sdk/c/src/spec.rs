//! What people are told of a variable, and what the game says to the values that they want.

use std::{
    ffi::{CStr, c_char, c_void},
    ops::RangeInclusive,
};

use observerio::{Declaration, Outcome, Scalar, Value};

use crate::{
    arguments::{get, several, text, text_if_any},
    failure::Failure,
    value::{Lent, obs_value},
};

/// Bytes of a reason, with the zero byte that ends it.
pub const OBS_REASON_BYTES: usize = 256;

/// What a check says of a value.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum obs_decision {
    /// The game takes it.
    Take = 0,
    /// The game takes `value` of the verdict in its place.
    Clamp = 1,
    /// The game keeps what it has.
    Reject = 2,
}

/// Where a check puts more than its answer. All zero before the call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct obs_verdict {
    /// With `OBS_DECISION_CLAMP`: what is in force. A text must stay valid until the check is called again or the game
    /// is freed.
    pub value: obs_value,
    /// For people, such as "in a cutscene": UTF-8 that ends with a zero byte.
    pub reason: [c_char; OBS_REASON_BYTES],
}

/// The game's own look at a value that people want, before it is taken: one of `obs_decision`.
/// It runs inside `obs_frame`, in the thread that calls that, and nowhere else; within `min` and `max` already. It may read
/// and set variables and log; it must not call `obs_frame`, and neither throw nor jump out.
pub type obs_check = Option<
    unsafe extern "C" fn(context: *mut c_void, wanted: *const obs_value, verdict: *mut obs_verdict) -> i32,
>;

/// What people are told of a variable. All zero, or NULL in its place, says nothing. Texts are UTF-8, and copied.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct obs_spec {
    /// What people read in place of the name.
    pub label: *const c_char,
    /// A sentence for the tooltip.
    pub help: *const c_char,
    /// Such as "m/s".
    pub unit: *const c_char,
    /// A path of headings, such as "enemy/boss".
    pub group: *const c_char,
    /// Where it is declared, such as "src/boss.c:41": `OBS_SOURCE` is where that word stands.
    pub source: *const c_char,
    /// Whether there is a range: `min` and `max` of a double, `min_int` and `max_int` of an integer.
    pub has_range: bool,
    /// The smallest double; what is below is clamped to it, and people are told.
    pub min: f64,
    /// The largest double.
    pub max: f64,
    /// The smallest integer.
    pub min_int: i64,
    /// The largest integer.
    pub max_int: i64,
    /// The step of arrow keys and sliders; 0 = none is said.
    pub step: f64,
    /// The choices of a text: it is one of these.
    pub options: *const *const c_char,
    /// How many options there are; 0 = any text.
    pub option_count: usize,
    /// Asked before a value is taken; NULL: every value of the type and range is.
    pub check: obs_check,
    /// Handed to `check`. It must stay valid until the game is freed.
    pub context: *mut c_void,
}

/// A spec that was read.
#[derive(Default)]
pub(crate) struct Spec<'a> {
    label: Option<&'a str>,
    help: Option<&'a str>,
    unit: Option<&'a str>,
    group: Option<&'a str>,
    source: Option<&'a str>,
    pub(crate) range: Option<RangeInclusive<f64>>,
    pub(crate) int_range: Option<RangeInclusive<i64>>,
    step: Option<f64>,
    pub(crate) options: Vec<&'a str>,
    check: Option<Check>,
}

impl Spec<'_> {
    /// What C says; nothing where it hands over NULL.
    ///
    /// # Safety
    /// `spec` is null or valid, and so is all that it points to.
    pub(crate) unsafe fn read(spec: *const obs_spec) -> Result<Self, Failure> {
        if spec.is_null() {
            return Ok(Self::default());
        }
        // SAFETY: the caller promises it
        let spec = unsafe { get(spec, "spec") }?;
        let read = |pointer, what| {
            // SAFETY: the caller promises it
            unsafe { text_if_any(pointer, what) }
        };
        // SAFETY: the caller promises it
        let options = unsafe { several(spec.options, spec.option_count, "options") }?;
        let option = |pointer: &*const c_char| {
            // SAFETY: the caller promises it
            unsafe { text(*pointer, "an option") }
        };
        if spec.has_range && !(spec.min <= spec.max && spec.min_int <= spec.max_int) {
            return Err(Failure::invalid("the smallest value of a range is larger than its largest"));
        }
        if !(spec.step.is_finite() && spec.step >= 0.0) {
            return Err(Failure::invalid("a step is a number above 0"));
        }
        Ok(Self {
            label: read(spec.label, "label")?,
            help: read(spec.help, "help")?,
            unit: read(spec.unit, "unit")?,
            group: read(spec.group, "group")?,
            source: read(spec.source, "source")?,
            range: spec.has_range.then_some(spec.min..=spec.max),
            int_range: spec.has_range.then_some(spec.min_int..=spec.max_int),
            step: (spec.step > 0.0).then_some(spec.step),
            options: options.iter().map(option).collect::<Result<_, _>>()?,
            check: spec.check.map(|call| Check { call, context: spec.context }),
        })
    }

    /// What holds for every type.
    pub(crate) fn describe<'a, T>(&self, mut declaration: Declaration<'a, T>) -> Declaration<'a, T> {
        let Self { label, help, unit, group, source, check, .. } = self;
        if let Some(text) = label {
            declaration = declaration.label(text);
        }
        if let Some(text) = help {
            declaration = declaration.help(text);
        }
        if let Some(text) = unit {
            declaration = declaration.unit(text);
        }
        if let Some(text) = group {
            declaration = declaration.group(text);
        }
        if let Some(text) = source {
            declaration = declaration.source(text);
        }
        match *check {
            Some(check) => declaration.judge(move |wanted| check.ask(wanted)),
            None => declaration,
        }
    }

    /// What holds for numbers.
    pub(crate) fn measure<'a, T: Scalar>(
        &self,
        declaration: Declaration<'a, T>,
        range: Option<RangeInclusive<T>>,
    ) -> Declaration<'a, T> {
        let declaration = match range {
            Some(range) => declaration.range(range),
            None => declaration,
        };
        match self.step {
            Some(step) => declaration.step(step),
            None => declaration,
        }
    }
}

/// The game's own function, with what it wants to be handed.
#[derive(Clone, Copy)]
struct Check {
    call: unsafe extern "C" fn(*mut c_void, *const obs_value, *mut obs_verdict) -> i32,
    context: *mut c_void,
}

// SAFETY: it is only called inside `obs_frame`, and the header tells the game that this is in the thread of that call
unsafe impl Send for Check {}
// SAFETY: as above
unsafe impl Sync for Check {}

impl Check {
    fn ask(&self, wanted: &Value) -> Outcome {
        let reject = |reason: &str| Outcome::Rejected { reason: Some(reason.to_owned()) };
        let Some(lent) = Lent::new(wanted) else {
            return reject("the game's integers have 64 bits with a sign");
        };
        let mut verdict = obs_verdict { value: obs_value::NONE, reason: [0; OBS_REASON_BYTES] };
        // SAFETY: the game hands over a function of this type, and both pointers are valid while it runs
        let answer = unsafe { (self.call)(self.context, &raw const lent.value, &raw mut verdict) };
        let reason = reason(&verdict.reason);
        match answer {
            0 => Outcome::Applied,
            // SAFETY: the header says what holds of a text in the verdict
            1 => match unsafe { verdict.value.read() } {
                Ok(value) => Outcome::Clamped { value: Some(value), reason },
                Err(_) => reject("the game's check gave no value"),
            },
            _ => Outcome::Rejected { reason },
        }
    }
}

/// A text in a buffer; `None` for none.
fn reason(buffer: &[c_char; OBS_REASON_BYTES]) -> Option<String> {
    let bytes: Vec<u8> = buffer.iter().map(|byte| byte.to_ne_bytes()[0]).collect();
    let text = CStr::from_bytes_until_nul(&bytes).map_or_else(
        |_| String::from_utf8_lossy(&bytes).into_owned(),
        |text| text.to_string_lossy().into_owned(),
    );
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::obs_kind;

    /// Takes 1 to 9, halves what is larger, and wants nothing below; says so at length where `context` is set.
    unsafe extern "C" fn judge(
        context: *mut c_void,
        wanted: *const obs_value,
        verdict: *mut obs_verdict,
    ) -> i32 {
        // SAFETY: the library hands over valid pointers
        let (wanted, verdict) = unsafe { (&*wanted, &mut *verdict) };
        let length = if context.is_null() { 3 } else { OBS_REASON_BYTES };
        verdict.reason[..length].fill(b'n' as c_char);
        if wanted.integer > 9 {
            verdict.value = obs_value { integer: wanted.integer / 2, ..*wanted };
            return obs_decision::Clamp as i32;
        }
        if wanted.integer > 0 { obs_decision::Take as i32 } else { obs_decision::Reject as i32 }
    }

    #[test]
    fn the_game_takes_clamps_and_rejects() {
        let check = Check { call: judge, context: std::ptr::null_mut() };
        let int = |number: i64| Value::Int(number.into());
        let reason = Some("nnn".to_owned());
        assert_eq!(check.ask(&int(5)), Outcome::Applied);
        let clamped = Outcome::Clamped { value: Some(int(10)), reason: reason.clone() };
        assert_eq!(check.ask(&int(21)), clamped);
        assert_eq!(check.ask(&int(0)), Outcome::Rejected { reason });
    }

    #[test]
    fn a_reason_without_an_end_is_as_long_as_its_buffer() {
        let mut any = 0_u8;
        let check = Check { call: judge, context: (&raw mut any).cast() };
        let reason = Some("n".repeat(OBS_REASON_BYTES));
        assert_eq!(check.ask(&Value::Int(0_i64.into())), Outcome::Rejected { reason });
    }

    #[test]
    fn what_does_not_fit_into_c_is_not_asked_about() {
        let check = Check { call: judge, context: std::ptr::null_mut() };
        let answer = check.ask(&Value::Int(u64::MAX.into()));
        assert!(matches!(answer, Outcome::Rejected { reason: Some(why) } if why.contains("64 bits")));
    }

    unsafe extern "C" fn gives_nothing(
        _context: *mut c_void,
        _wanted: *const obs_value,
        verdict: *mut obs_verdict,
    ) -> i32 {
        // SAFETY: the library hands over a valid pointer
        unsafe { (*verdict).value.kind = obs_kind::Text as i32 };
        obs_decision::Clamp as i32
    }

    #[test]
    fn a_clamp_without_a_value_rejects() {
        let check = Check { call: gives_nothing, context: std::ptr::null_mut() };
        let reason = Some("the game's check gave no value".to_owned());
        assert_eq!(check.ask(&Value::Bool(true)), Outcome::Rejected { reason });
    }
}
