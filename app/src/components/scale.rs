//! The arithmetic of number controls: steps, limits, places on a slider. Integers stay exact.

use protocol::model::{Integer, Value, VarSpec, VarType};

/// With Shift and Alt held, a drag moves at a tenth of its speed.
const FINE: f64 = 0.1;

/// How many steps a key moves; `None` for other keys. Home and End are infinite.
pub fn steps_of_key(key: &str, shift: bool, alt: bool) -> Option<f64> {
    let factor = match (shift, alt) {
        (true, false) => 10.0,
        (false, true) => FINE,
        _ => 1.0,
    };
    Some(match key {
        "ArrowUp" | "ArrowRight" => factor,
        "ArrowDown" | "ArrowLeft" => -factor,
        "PageUp" => 10.0,
        "PageDown" => -10.0,
        "Home" => f64::NEG_INFINITY,
        "End" => f64::INFINITY,
        _ => return None,
    })
}

/// How much faster or slower a drag is with these keys held.
pub fn drag_factor(shift: bool, alt: bool) -> f64 {
    match (shift, alt) {
        (true, true) => FINE,
        (true, false) => 10.0,
        _ => 1.0,
    }
}

/// The step for a hand that found the control at `began`: the declared one, else one that suits the range, else about one
/// percent of the value. It stays the same until the hand leaves, so that a step back undoes a step forth.
pub fn step_from(began: &Value, spec: &VarSpec) -> f64 {
    let declared = spec.step.filter(|step| *step > 0.0);
    match began {
        Value::Int(_) => declared.unwrap_or(1.0).max(1.0),
        _ if declared.is_some() || range(spec).is_some() => slider_step(spec),
        value => match value.as_f64().unwrap_or_default().abs() {
            0.0 => 0.1,
            magnitude => one_two_five(magnitude / 100.0),
        },
    }
}

/// The value so many steps on, within the declared limits. `None` when there is none, as for Home without a minimum.
pub fn stepped(value: &Value, spec: &VarSpec, step: f64, steps: f64) -> Option<Value> {
    if steps.is_infinite() {
        let (low, high) = ends(value, spec);
        return if steps < 0.0 { low } else { high };
    }
    match value {
        Value::Int(number) => {
            // with Alt a step is a tenth, but a whole number moves by at least one
            let by = (step * steps.abs()).round().max(1.0).copysign(steps);
            let moved = number.get().saturating_add(by as i128);
            let moved = Integer::new(moved.clamp(Integer::MIN.get(), Integer::MAX.get()))?;
            Some(Value::Int(clamp_integer(moved, spec)))
        }
        Value::Float(number) => {
            let by = step * steps;
            let moved = without_dust(number + by, number.abs().max(by.abs()));
            Some(Value::Float(clamp(if moved.abs() < step * 1e-9 { 0.0 } else { moved }, spec)))
        }
        _ => None,
    }
}

/// Where a drag of so many steps leads. A whole number moves by whole ones, and no steps leave it as it is.
pub fn moved(from: &Value, spec: &VarSpec, step: f64, steps: f64) -> Option<Value> {
    let is_still = match from {
        Value::Int(_) => (step * steps).round() == 0.0,
        _ => steps == 0.0,
    };
    if is_still { Some(from.clone()) } else { stepped(from, spec, step, steps) }
}

/// The value at a fraction of the slider's track, from 0 to 1; `fine` divides each step by ten.
pub fn at_fraction(value: &Value, spec: &VarSpec, fraction: f64, fine: bool) -> Option<Value> {
    match ends(value, spec) {
        (low, _) if fraction <= 0.0 => low,
        (_, high) if fraction >= 1.0 => high,
        (Some(Value::Int(low)), Some(Value::Int(high))) => {
            let way = (high.get() - low.get()) as f64 * fraction;
            let step = if fine { 1.0 } else { slider_step(spec).max(1.0) };
            let place = low.get() + ((way / step).round() * step) as i128;
            Some(Value::Int(clamp_integer(Integer::new(place.clamp(low.get(), high.get()))?, spec)))
        }
        (Some(low), Some(high)) => {
            let (low, high) = (low.as_f64()?, high.as_f64()?);
            let step = slider_step(spec) * if fine { FINE } else { 1.0 };
            let steps = ((high - low) * fraction / step).round();
            Some(Value::Float(clamp(round_to(low + steps * step, step), spec)))
        }
        _ => None,
    }
}

/// The value at a position set by the browser's own slider.
pub fn at_place(value: &Value, spec: &VarSpec, place: f64) -> Option<Value> {
    let (low, high) = range(spec)?;
    match value {
        // the ends exactly; between them a float is as exact as the browser is
        _ if place <= low => ends(value, spec).0,
        _ if place >= high => ends(value, spec).1,
        Value::Int(_) => Some(Value::Int(clamp_integer(Integer::nearest(place), spec))),
        _ => Some(Value::Float(clamp(round_to(place, slider_step(spec)), spec))),
    }
}

/// Where on the slider's track a value is, from 0 to 1.
pub fn fraction(value: &Value, (low, high): (f64, f64)) -> f64 {
    value.as_f64().map_or(0.0, |number| ((number - low) / (high - low)).clamp(0.0, 1.0))
}

/// The step of a slider: the declared one, else 1 for whole numbers, else about a two-hundredth.
fn slider_step(spec: &VarSpec) -> f64 {
    match (spec.step, &spec.var_type, range(spec)) {
        (Some(step), ..) if step > 0.0 => step,
        (_, VarType::Integer, _) => 1.0,
        (.., Some((low, high))) => power_of_ten_below((high - low) / 100.0),
        _ => 0.01,
    }
}

/// Minimum and maximum, if both are declared and can make a slider.
pub fn range(spec: &VarSpec) -> Option<(f64, f64)> {
    match (spec.min?.as_f64(), spec.max?.as_f64()) {
        (min, max) if min < max && (max - min).is_finite() => Some((min, max)),
        _ => None,
    }
}

/// The declared limits as values of the same kind, exactly.
fn ends(value: &Value, spec: &VarSpec) -> (Option<Value>, Option<Value>) {
    match value {
        Value::Int(_) => {
            (spec.min.map(|min| Value::Int(min.ceil())), spec.max.map(|max| Value::Int(max.floor())))
        }
        _ => (spec.min.map(|min| Value::Float(min.as_f64())), spec.max.map(|max| Value::Float(max.as_f64()))),
    }
}

/// The largest 1, 0.1, 0.01 … that is not above `number`.
fn power_of_ten_below(number: f64) -> f64 {
    power_of_ten(exponent(number))
}

/// The nearest of 1, 2, 5, 10, 20 … and 0.5, 0.2, 0.1 … in terms of ratios.
fn one_two_five(number: f64) -> f64 {
    let exponent = exponent(number);
    let digit = match number / power_of_ten(exponent) {
        ..1.414 => "1",
        ..3.162 => "2",
        ..7.071 => "5",
        _ => "10",
    };
    format!("{digit}e{exponent}").parse().unwrap_or(number)
}

fn exponent(number: f64) -> i32 {
    (number.log10() + 1e-9).floor() as i32
}

fn power_of_ten(exponent: i32) -> f64 {
    // by way of its text, because computed powers are not exact
    format!("1e{exponent}").parse().unwrap_or(1.0)
}

/// Rounds to the decimals of a step and two more, so that 0.1 + 0.2 is 0.3.
fn round_to(number: f64, step: f64) -> f64 {
    decimals(number, 2 - exponent(step.abs()))
}

/// Drops the rounding error of a sum of numbers of this magnitude.
fn without_dust(number: f64, magnitude: f64) -> f64 {
    if magnitude == 0.0 { number } else { decimals(number, 14 - exponent(magnitude)) }
}

/// Rounds to so many decimals; a negative count rounds to tens, hundreds, and so on.
fn decimals(number: f64, count: i32) -> f64 {
    if number == 0.0 {
        return number;
    }
    let digits = match count {
        0.. => format!("{number:.0$}", count.min(340) as usize),
        _ => format!("{number:.0$e}", (exponent(number.abs()) + count).max(0) as usize),
    };
    digits.parse().unwrap_or(number)
}

fn clamp(number: f64, spec: &VarSpec) -> f64 {
    let (min, max) = (spec.min.map(|min| min.as_f64()), spec.max.map(|max| max.as_f64()));
    number.max(min.unwrap_or(f64::MIN)).min(max.unwrap_or(f64::MAX))
}

fn clamp_integer(number: Integer, spec: &VarSpec) -> Integer {
    let low = spec.min.map_or(Integer::MIN, |min| min.ceil());
    let high = spec.max.map_or(Integer::MAX, |max| max.floor());
    number.max(low).min(high)
}

#[cfg(test)]
mod tests {
    use protocol::model::Bound;

    use super::*;

    fn int(text: &str) -> Value {
        Value::Int(Integer::parse(text).unwrap())
    }

    fn spec(var_type: VarType, min: Option<f64>, max: Option<f64>, step: Option<f64>) -> VarSpec {
        VarSpec { min: min.map(Bound::Float), max: max.map(Bound::Float), step, ..VarSpec::bare(var_type) }
    }

    /// One key press of a hand that begins there.
    fn pressed(value: &Value, spec: &VarSpec, steps: f64) -> Option<Value> {
        stepped(value, spec, step_from(value, spec), steps)
    }

    #[test]
    fn whole_numbers_step_exactly_over_the_whole_range() {
        let spec = spec(VarType::Integer, None, None, None);
        let step = |from: &str, steps| pressed(&int(from), &spec, steps).unwrap().to_string();
        assert_eq!(step("18446744073709551614", 1.0), "18446744073709551615");
        assert_eq!(step("18446744073709551615", 10.0), "18446744073709551615");
        assert_eq!(step("9007199254740993", 1.0), "9007199254740994");
        assert_eq!(step("-9223372036854775808", -1.0), "-9223372036854775808");
        assert_eq!(step("5", 0.1), "6");
        assert_eq!(step("5", -0.1), "4");
        assert_eq!(pressed(&int("5"), &spec, f64::INFINITY), None);
    }

    #[test]
    fn steps_stay_inside_the_limits() {
        let whole = spec(VarType::Integer, Some(0.5), Some(10.9), Some(4.0));
        assert_eq!(pressed(&int("8"), &whole, 1.0), Some(int("10")));
        assert_eq!(pressed(&int("2"), &whole, -1.0), Some(int("1")));
        let float = spec(VarType::Float, Some(0.0), Some(1.0), Some(0.3));
        assert_eq!(pressed(&Value::Float(0.9), &float, 1.0), Some(Value::Float(1.0)));
        assert_eq!(pressed(&Value::Float(0.9), &float, f64::NEG_INFINITY), Some(Value::Float(0.0)));
    }

    #[test]
    fn the_ends_of_a_whole_slider_are_exact() {
        let max = Bound::Int(Integer::from(i64::MAX));
        let spec =
            VarSpec { min: Some(Bound::Float(0.0)), max: Some(max), ..VarSpec::bare(VarType::Integer) };
        let largest = Some(int("9223372036854775807"));
        assert_eq!(pressed(&int("5"), &spec, f64::INFINITY), largest);
        assert_eq!(at_fraction(&int("5"), &spec, 1.0, false), largest);
        assert_eq!(at_place(&int("5"), &spec, 9.223_372_036_854_776e18), largest);
        assert_eq!(at_fraction(&int("5"), &spec, 0.0, false), Some(int("0")));
    }

    #[test]
    fn a_step_back_leads_back() {
        let bare = spec(VarType::Float, None, None, None);
        for (began, up, step) in [
            (1000.0, 1010.0, 10.0),
            (270.0, 272.0, 2.0),
            (500.0, 505.0, 5.0),
            (80.0, 81.0, 1.0),
            (0.02, 0.0202, 0.0002),
            (3.13159265, 3.15159265, 0.02),
            (-7.0, -6.95, 0.05),
            (0.0, 0.1, 0.1),
            (1e-20, 1.01e-20, 1e-22),
            (1e300, 1.01e300, 1e298),
        ] {
            assert_eq!(step_from(&Value::Float(began), &bare), step, "{began}");
            let there = stepped(&Value::Float(began), &bare, step, 1.0).unwrap();
            assert_eq!(there, Value::Float(up));
            assert_eq!(stepped(&there, &bare, step, -1.0), Some(Value::Float(began)));
        }
        // the step is that of the beginning: 1000 ↓ 990 ↑ 1000
        assert_eq!(stepped(&Value::Float(1000.0), &bare, 10.0, -1.0), Some(Value::Float(990.0)));
    }

    #[test]
    fn decimal_steps_leave_no_binary_dust() {
        let float = spec(VarType::Float, None, None, Some(0.1));
        let mut value = Value::Float(0.0);
        for _ in 0..3 {
            value = pressed(&value, &float, 1.0).unwrap();
        }
        assert_eq!(value, Value::Float(0.3));
        assert_eq!(pressed(&Value::Float(0.3), &float, 0.1), Some(Value::Float(0.31)));
        for _ in 0..3 {
            value = pressed(&value, &float, -1.0).unwrap();
        }
        assert_eq!(value, Value::Float(0.0));
        assert_eq!(pressed(&Value::Float(1000.1), &float, -1.0), Some(Value::Float(1000.0)));
    }

    #[test]
    fn a_range_gives_the_step() {
        let ranged = spec(VarType::Float, Some(0.0), Some(400.0), None);
        assert_eq!(pressed(&Value::Float(270.0), &ranged, 1.0), Some(Value::Float(271.0)));
    }

    #[test]
    fn a_part_of_the_way_is_a_value_of_the_type() {
        let whole = spec(VarType::Integer, Some(0.0), Some(10.0), None);
        assert_eq!(at_fraction(&int("1"), &whole, 0.62, false), Some(int("6")));
        let fives = spec(VarType::Integer, Some(0.0), Some(100.0), Some(5.0));
        assert_eq!(at_fraction(&int("1"), &fives, 0.512, false), Some(int("50")));
        assert_eq!(at_fraction(&int("1"), &fives, 0.512, true), Some(int("51")));
        let float = spec(VarType::Float, Some(0.0), Some(1.0), None);
        assert_eq!(at_fraction(&Value::Float(0.0), &float, 0.3014, false), Some(Value::Float(0.3)));
        assert_eq!(at_fraction(&Value::Float(0.0), &float, 0.3014, true), Some(Value::Float(0.301)));
        assert_eq!(at_place(&Value::Float(0.0), &float, 0.30000000000000004), Some(Value::Float(0.3)));
        assert_eq!(range(&spec(VarType::Float, Some(1.0), Some(1.0), None)), None);
        assert_eq!(fraction(&Value::Float(0.25), (0.0, 1.0)), 0.25);
        assert_eq!(fraction(&int("-5"), (0.0, 1.0)), 0.0);
    }
}
