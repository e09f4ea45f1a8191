//! Types that no game has declared: a value that does not fit makes them wider.

use super::{Value, VarSpec, VarType};

impl VarSpec {
    /// This declaration with the type that holds `value` too. One whole number does not say that the next one is whole,
    /// so an inferred integer becomes a float, and never an integer again. `None`: it stays as it is, as does all that
    /// a game has declared.
    pub fn widened(&self, value: &Value) -> Option<Self> {
        let is_wider = |value: Value| matches!(self.var_type.fit(value), Value::Float(_));
        let widens = self.inferred && self.var_type == VarType::Integer && is_wider(value.clone());
        widens.then(|| {
            let mut wider = Self { var_type: VarType::Float, ..self.clone() };
            wider.fit_default();
            wider
        })
    }

    /// Reads the default by the type, when that has changed.
    pub fn fit_default(&mut self) {
        if let Some(default) = &mut self.default {
            self.var_type.refit(default);
        }
    }
}

impl VarType {
    /// As [`VarType::fit`], in place.
    pub fn refit(&self, value: &mut Value) {
        if matches!((self, &*value), (Self::Float, Value::Int(_)) | (Self::Integer, Value::Float(_))) {
            *value = self.fit(value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(number: i64) -> Value {
        Value::Int(number.into())
    }

    fn inferred() -> VarSpec {
        VarSpec { inferred: true, default: Some(int(3)), ..VarSpec::bare(VarType::Integer) }
    }

    #[test]
    fn an_inferred_whole_number_widens_and_a_declared_one_stands() {
        let wider = inferred().widened(&Value::Float(5.5)).unwrap();
        assert_eq!((&wider.var_type, &wider.default), (&VarType::Float, &Some(Value::Float(3.0))));
        assert!(wider.inferred, "a game may still say what it is");
        assert_eq!(wider.widened(&int(5)), None, "and it never narrows");

        let declared = VarSpec { inferred: false, ..inferred() };
        assert_eq!(declared.widened(&Value::Float(5.5)), None);
        // the same number in another coat, and what is no number
        for value in [int(5), Value::Float(5.0), Value::Text("5.5".to_owned()), Value::Bool(true)] {
            assert_eq!(inferred().widened(&value), None, "{value}");
        }
        let text = VarSpec { inferred: true, ..VarSpec::bare(VarType::String) };
        assert_eq!(text.widened(&Value::Float(5.5)), None);
    }
}
