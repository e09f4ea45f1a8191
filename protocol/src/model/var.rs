//! A variable as a game declares and reports it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Bound, Value, VarName, VarType, WireForm};
use crate::{ErrorCode, ProtocolError, limits};

/// Why an action has no desired value.
pub(super) const NOT_SET: &str = "an action is run, not set";

/// One choice of an `enum`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VarOption {
    /// What a person reads; the value itself where the game gave none.
    pub label: String,
    /// What the game gets.
    pub value: Value,
}

/// What a game declares of a variable, remembered until it declares it anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VarSpec {
    /// The declared type.
    pub var_type: VarType,
    /// Smallest value a control offers.
    pub min: Option<Bound>,
    /// Largest value a control offers.
    pub max: Option<Bound>,
    /// The step of arrow keys and sliders.
    pub step: Option<f64>,
    /// The choices of an `enum`.
    pub options: Vec<VarOption>,
    /// Such as `px/s`; shown behind the value.
    pub unit: Option<String>,
    /// Path of headings, such as `enemy/boss`.
    pub group: Option<String>,
    /// What a person reads in place of the name.
    pub label: Option<String>,
    /// A sentence for the tooltip.
    pub help: Option<String>,
    /// The value that "reset" sets.
    pub default: Option<Value>,
    /// Place among its group; the smaller the earlier.
    pub order: Option<i64>,
    /// A measurement such as fps: shown, never edited.
    pub readonly: bool,
    /// Where it is declared in the game's source, such as `src/boss.rs:41`.
    pub source: Option<String>,
    /// The JSON type in which the game sends and wants the value.
    pub form: WireForm,
    /// The game's own name of the type, such as `int`, where it is not the contract's.
    #[serde(default)]
    pub spelling: Option<String>,
    /// No game has said the type: it was made from a value, and [widens](Self::widened).
    #[serde(default)]
    pub inferred: bool,
}

impl VarSpec {
    /// A declaration that has a type and nothing else.
    pub fn bare(var_type: VarType) -> Self {
        Self {
            var_type,
            min: None,
            max: None,
            step: None,
            options: Vec::new(),
            unit: None,
            group: None,
            label: None,
            help: None,
            default: None,
            order: None,
            readonly: false,
            source: None,
            form: WireForm::Native,
            spelling: None,
            inferred: false,
        }
    }

    /// The name that the game has for the type.
    pub fn type_name(&self) -> &str {
        self.spelling.as_deref().unwrap_or_else(|| self.var_type.as_str())
    }

    /// Whether it has nothing beyond a type and a form: a report of a value, not a declaration.
    pub fn is_bare(&self) -> bool {
        let Self {
            min, max, step, options, unit, group, label, help, default, order, readonly, source, ..
        } = self;
        let texts = [unit, group, label, help, source];
        let has_text = texts.into_iter().any(Option::is_some);
        let has_number = min.is_some() || max.is_some() || step.is_some() || order.is_some();
        !(has_text || has_number || *readonly || default.is_some() || !options.is_empty())
    }

    /// Whether both declare the same, but for how each game writes values and types.
    pub fn declares_as(&self, other: &Self) -> bool {
        let Self {
            var_type,
            min,
            max,
            step,
            options,
            unit,
            group,
            label,
            help,
            default,
            order,
            readonly,
            source,
            form: _,
            spelling: _,
            inferred,
        } = self;
        let texts = (unit, group, label, help, source);
        (var_type, min, max, step, options)
            == (&other.var_type, &other.min, &other.max, &other.step, &other.options)
            && texts == (&other.unit, &other.group, &other.label, &other.help, &other.source)
            && (default, order, readonly, inferred)
                == (&other.default, &other.order, &other.readonly, &other.inferred)
    }

    /// About what it takes in memory, in bytes.
    pub fn weight(&self) -> usize {
        let Self { options, unit, group, label, help, source, spelling, default, .. } = self;
        let texts = [unit, group, label, help, source, spelling].into_iter().flatten().map(String::len);
        let options = options.iter().map(|o| size_of_val(o) + o.label.len() + o.value.weight());
        let default = default.as_ref().map_or(0, Value::weight);
        size_of_val(self) + texts.sum::<usize>() + options.sum::<usize>() + default
    }

    /// Whether an edit may set `value`.
    ///
    /// # Errors
    /// `bad_shape` with a sentence for the person who edits: read-only, wrong type, outside min and max, too long
    /// or nested too deep.
    pub fn check_edit(&self, value: &Value) -> Result<(), ProtocolError> {
        let refuse = |why: String| Err(ProtocolError::new(ErrorCode::BadShape, why));
        if self.readonly {
            return refuse("the game declares this variable as read-only".to_owned());
        }
        if value.weight() > limits::MAX_VALUE_BYTES {
            return refuse(format!("a value is at most {} bytes", limits::MAX_VALUE_BYTES));
        }
        if value.depth() > limits::MAX_EDIT_DEPTH {
            return refuse(format!("JSON may be nested at most {} levels deep", limits::MAX_EDIT_DEPTH));
        }
        if matches!(value, Value::Text(text) if text.contains('\0')) {
            return refuse("a text cannot hold the character U+0000".to_owned());
        }
        if self.var_type == VarType::Enum && !self.options.is_empty() {
            return match self.options.iter().any(|option| option.value == *value) {
                true => Ok(()),
                false => refuse("this is not one of the options that the game declares".to_owned()),
            };
        }
        if self.var_type == VarType::Action {
            return refuse(NOT_SET.to_owned());
        }
        let fits = match self.var_type {
            VarType::Boolean => matches!(value, Value::Bool(_)),
            VarType::Integer => matches!(value, Value::Int(_)) || self.widened(value).is_some(),
            VarType::Float => matches!(value, Value::Float(_)),
            VarType::String => matches!(value, Value::Text(_)),
            // as text in the ways of CSS, or as a number such as 0xff8844
            VarType::Color => matches!(value, Value::Text(_) | Value::Int(_) | Value::Float(_)),
            VarType::Enum | VarType::Json | VarType::Action | VarType::Other(_) => true,
        };
        if !fits {
            return refuse(format!("this variable is of type {}", self.var_type));
        }
        match (self.min, self.max) {
            (Some(min), _) if min.compare(value).is_some_and(Ordering::is_lt) => {
                refuse(format!("the smallest value is {min}"))
            }
            (_, Some(max)) if max.compare(value).is_some_and(Ordering::is_gt) => {
                refuse(format!("the largest value is {max}"))
            }
            _ => Ok(()),
        }
    }
}

/// One variable as a game reports it in `i:`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Its name.
    pub name: VarName,
    /// Its declaration.
    pub spec: VarSpec,
    /// Its value on this device.
    pub value: Value,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::parse_report;
    use crate::model::Integer;

    #[test]
    fn strings_are_read_by_their_declared_type() {
        let text = |s: &str| Value::Text(s.to_owned());
        assert_eq!(VarType::Integer.read(text("-1")), (Value::Int((-1i64).into()), WireForm::Text));
        assert_eq!(VarType::Boolean.read(text("true")), (Value::Bool(true), WireForm::Text));
        assert_eq!(VarType::Float.read(Value::Int(5i64.into())), (Value::Float(5.0), WireForm::Native));
        assert_eq!(VarType::Integer.read(Value::Float(5.0)), (Value::Int(5i64.into()), WireForm::Native));
        // what does not fit stays what it was
        assert_eq!(VarType::Integer.read(text("many")), (text("many"), WireForm::Text));
        assert_eq!(VarType::Integer.read(Value::Float(1e300)), (Value::Float(1e300), WireForm::Native));
    }

    #[test]
    fn an_edit_stays_inside_the_declaration() {
        let spec =
            VarSpec { min: Some(0.0.into()), max: Some(10.0.into()), ..VarSpec::bare(VarType::Integer) };
        assert!(spec.check_edit(&Value::Int(10i64.into())).is_ok());
        assert!(spec.check_edit(&Value::Int(11i64.into())).is_err());
        assert!(spec.check_edit(&Value::Float(1.0)).is_err());
        assert!(VarSpec { readonly: true, ..spec }.check_edit(&Value::Int(1i64.into())).is_err());
    }

    #[test]
    fn limits_of_integers_are_exact() {
        let max = Integer::from(i64::MAX);
        let spec = VarSpec { max: Some(max.into()), ..VarSpec::bare(VarType::Integer) };
        assert!(spec.check_edit(&Value::Int(max)).is_ok());
        let refused = spec.check_edit(&Value::Int((i64::MAX as u64 + 1).into())).unwrap_err();
        assert_eq!(refused.text, "the largest value is 9223372036854775807");
    }

    #[test]
    fn an_edit_is_no_deeper_than_a_game_can_report() {
        let spec = VarSpec::bare(VarType::Json);
        for depth in [limits::MAX_EDIT_DEPTH, limits::MAX_EDIT_DEPTH + 1] {
            let json = "[".repeat(depth) + &"]".repeat(depth);
            let report = format!(r#"[{{"name":"a","type":"json","value":{json}}}]"#);
            let can_be_reported = parse_report(report.as_bytes()).is_ok();
            assert_eq!(can_be_reported, depth == limits::MAX_EDIT_DEPTH);
            assert_eq!(spec.check_edit(&Value::Json(json)).is_ok(), can_be_reported);
        }
        // brackets in text are text
        assert!(spec.check_edit(&Value::Json(format!(r#"["\"{}"]"#, "[".repeat(40)))).is_ok());
    }
}
