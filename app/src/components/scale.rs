//! The arithmetic of number controls: steps, limits, places on a slider. Integers stay exact.

use protocol::model::{Integer, Value, VarSpec};

/// How many steps a key moves; `None` for other keys. Home and End are infinite.
pub fn steps_of_key(key: &str, shift: bool, alt: bool) -> Option<f64> {
    let factor = match (shift, alt) {
        (true, false) => 10.0,
        (false, true) => 0.1,
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

/// The value so many steps on, inside the declared limits. `None` when there is none, as at Home
/// without a smallest value.
pub fn stepped(value: &Value, spec: &VarSpec, steps: f64) -> Option<Value> {
    if steps.is_infinite() {
        let end = if steps < 0.0 { spec.min } else { spec.max };
        return end.map(|end| like(value, end));
    }
    match value {
        Value::Int(number) => {
            let step = spec.step.map_or(1.0, |step| step.abs().max(1.0));
            // Alt makes a tenth of the step, and a whole number has no smaller part than one
            let by = (step * steps.abs()).round().max(1.0).copysign(steps);
            let moved = number.get().saturating_add(by as i128);
            let clamped = Integer::new(moved.clamp(Integer::MIN.get(), Integer::MAX.get()))?;
            Some(Value::Int(clamp_integer(clamped, spec)))
        }
        Value::Float(number) => {
            let step = float_step(*number, spec) * steps;
            Some(Value::Float(clamp(round_to(number + step, step), spec)))
        }
        _ => None,
    }
}

/// The value at a place of the slider.
pub fn at_place(value: &Value, spec: &VarSpec, place: f64) -> Value {
    match value {
        Value::Int(_) => like(value, place),
        _ => Value::Float(clamp(round_to(place, slider_step(spec)), spec)),
    }
}

/// The step of a slider: the declared one, else 1 for whole numbers, else about a two-hundredth.
pub fn slider_step(spec: &VarSpec) -> f64 {
    let range = spec.max.unwrap_or(1.0) - spec.min.unwrap_or(0.0);
    match (spec.step, &spec.var_type) {
        (Some(step), _) if step > 0.0 => step,
        (_, protocol::model::VarType::Integer) => 1.0,
        _ if range > 0.0 => power_of_ten_below(range / 100.0),
        _ => 0.01,
    }
}

/// Smallest and largest value, when both are declared and make a slider.
pub fn range(spec: &VarSpec) -> Option<(f64, f64)> {
    match (spec.min, spec.max) {
        (Some(min), Some(max)) if min < max && (max - min).is_finite() => Some((min, max)),
        _ => None,
    }
}

fn float_step(number: f64, spec: &VarSpec) -> f64 {
    match (spec.step, range(spec)) {
        (Some(step), _) if step > 0.0 => step,
        (_, Some(_)) => slider_step(spec),
        _ if number == 0.0 => 0.1,
        // about one percent of the magnitude
        _ => power_of_ten_below(number.abs() / 10.0).max(1e-12),
    }
}

/// The largest 1, 0.1, 0.01 … that is not above `number`.
fn power_of_ten_below(number: f64) -> f64 {
    10f64.powf((number.log10() + 1e-9).floor())
}

/// Drops what binary fractions add: 0.1 + 0.2 is 0.3.
fn round_to(number: f64, step: f64) -> f64 {
    let decimals = (2.0 - step.abs().log10().floor()).clamp(0.0, 15.0) as usize;
    format!("{number:.decimals$}").parse().unwrap_or(number)
}

fn like(value: &Value, number: f64) -> Value {
    match value {
        Value::Int(_) => Value::Int(Integer::nearest(number)),
        _ => Value::Float(number),
    }
}

fn clamp(number: f64, spec: &VarSpec) -> f64 {
    number.max(spec.min.unwrap_or(f64::NEG_INFINITY)).min(spec.max.unwrap_or(f64::INFINITY))
}

fn clamp_integer(number: Integer, spec: &VarSpec) -> Integer {
    let low = spec.min.map_or(Integer::MIN, |min| Integer::nearest(min.ceil()));
    let high = spec.max.map_or(Integer::MAX, |max| Integer::nearest(max.floor()));
    number.max(low).min(high)
}

#[cfg(test)]
mod tests {
    use protocol::model::VarType;

    use super::*;

    fn int(text: &str) -> Value {
        Value::Int(Integer::parse(text).unwrap())
    }

    fn spec(var_type: VarType, min: Option<f64>, max: Option<f64>, step: Option<f64>) -> VarSpec {
        VarSpec { min, max, step, ..VarSpec::bare(var_type) }
    }

    #[test]
    fn whole_numbers_step_exactly_over_the_whole_range() {
        let spec = spec(VarType::Integer, None, None, None);
        let step = |from: &str, steps| stepped(&int(from), &spec, steps).unwrap().to_string();
        assert_eq!(step("18446744073709551614", 1.0), "18446744073709551615");
        assert_eq!(step("18446744073709551615", 10.0), "18446744073709551615");
        assert_eq!(step("9007199254740993", 1.0), "9007199254740994");
        assert_eq!(step("-9223372036854775808", -1.0), "-9223372036854775808");
        assert_eq!(step("5", 0.1), "6");
        assert_eq!(step("5", -0.1), "4");
        assert_eq!(stepped(&int("5"), &spec, f64::INFINITY), None);
    }

    #[test]
    fn steps_stay_inside_the_limits() {
        let whole = spec(VarType::Integer, Some(0.5), Some(10.9), Some(4.0));
        assert_eq!(stepped(&int("8"), &whole, 1.0), Some(int("10")));
        assert_eq!(stepped(&int("2"), &whole, -1.0), Some(int("1")));
        let float = spec(VarType::Float, Some(0.0), Some(1.0), Some(0.3));
        assert_eq!(stepped(&Value::Float(0.9), &float, 1.0), Some(Value::Float(1.0)));
        assert_eq!(stepped(&Value::Float(0.9), &float, f64::NEG_INFINITY), Some(Value::Float(0.0)));
    }

    #[test]
    fn decimal_steps_leave_no_binary_dust() {
        let float = spec(VarType::Float, None, None, Some(0.1));
        let mut value = Value::Float(0.0);
        for _ in 0..3 {
            value = stepped(&value, &float, 1.0).unwrap();
        }
        assert_eq!(value, Value::Float(0.3));
        assert_eq!(stepped(&Value::Float(0.3), &float, 0.1), Some(Value::Float(0.31)));
    }

    #[test]
    fn without_a_step_it_goes_by_magnitude() {
        let bare = spec(VarType::Float, None, None, None);
        assert_eq!(stepped(&Value::Float(270.0), &bare, 1.0), Some(Value::Float(280.0)));
        assert_eq!(stepped(&Value::Float(0.02), &bare, 1.0), Some(Value::Float(0.021)));
        let ranged = spec(VarType::Float, Some(0.0), Some(400.0), None);
        assert_eq!(stepped(&Value::Float(270.0), &ranged, 1.0), Some(Value::Float(271.0)));
    }

    #[test]
    fn a_place_on_the_slider_is_a_value_of_the_type() {
        let whole = spec(VarType::Integer, Some(0.0), Some(10.0), None);
        assert_eq!(at_place(&int("1"), &whole, 6.0), int("6"));
        let float = spec(VarType::Float, Some(0.0), Some(1.0), None);
        assert_eq!(at_place(&Value::Float(0.0), &float, 0.30000000000000004), Value::Float(0.3));
        assert_eq!(range(&spec(VarType::Float, Some(1.0), Some(1.0), None)), None);
    }
}
