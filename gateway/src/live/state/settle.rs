//! What a report means for a variable that may be known.

use std::sync::Arc;

use protocol::model::{Value, VarSpec};

/// A line without a type, or with nothing but the type that is known, says a value and keeps the declaration. `own` is
/// what this connection has made of the variable before, `known` what the project has.
///
/// A type that was declared stands, the connection's own before the project's: two builds of a game that declare a variable
/// in two ways don't fight over it. A type that was only inferred belongs to all of them, and widens.
pub(super) fn settle(
    spec: VarSpec,
    value: Value,
    own: Option<&Arc<VarSpec>>,
    known: Option<&Arc<VarSpec>>,
) -> (VarSpec, Value) {
    let base = own.filter(|own| !own.inferred).or(known).or(own);
    match base {
        Some(base) if spec.inferred => settle_inferred(spec, value, base),
        Some(base) if spec.is_bare() && spec.var_type == base.var_type => {
            let VarSpec { form, spelling, .. } = spec;
            (VarSpec { form, spelling, inferred: false, ..(**base).clone() }, value)
        }
        _ => (spec, value),
    }
}

/// The line gave no type.
fn settle_inferred(spec: VarSpec, value: Value, base: &VarSpec) -> (VarSpec, Value) {
    let wider = base.widened(&value);
    let base = wider.as_ref().unwrap_or(base);
    let (value, form) = base.var_type.read(value);
    let settled = match spec.is_bare() {
        true => VarSpec { form, ..base.clone() },
        // it declares everything but the type
        false => {
            let (var_type, spelling) = (base.var_type.clone(), base.spelling.clone());
            let mut declared = VarSpec { form, var_type, spelling, inferred: base.inferred, ..spec };
            declared.fit_default();
            declared
        }
    };
    (settled, value)
}

#[cfg(test)]
mod tests {
    use protocol::{line::parse_report, model::VarType};

    use protocol::model::Bound;

    use super::*;

    /// What a line's one variable comes to.
    fn report(json: &str, own: Option<&Arc<VarSpec>>, known: Option<&Arc<VarSpec>>) -> (Arc<VarSpec>, Value) {
        let report = parse_report(json.as_bytes()).unwrap().remove(0);
        let (spec, value) = settle(report.spec, report.value, own, known);
        (Arc::new(spec), value)
    }

    #[test]
    fn an_inferred_type_widens_and_never_goes_back() {
        let (whole, _) = report(r#"{"speed":5}"#, None, None);
        assert_eq!((&whole.var_type, whole.inferred), (&VarType::Integer, true));
        let (wide, value) = report(r#"{"speed":5.5}"#, Some(&whole), Some(&whole));
        assert_eq!((&wide.var_type, wide.inferred, value), (&VarType::Float, true, Value::Float(5.5)));
        // another game, which knows whole numbers only
        for own in [None, Some(&whole)] {
            let (spec, value) = report(r#"{"speed":6}"#, own, Some(&wide));
            assert_eq!((spec, value), (Arc::clone(&wide), Value::Float(6.0)));
        }
    }

    #[test]
    fn a_declared_type_stands() {
        let (declared, _) = report(r#"[{"name":"speed","type":"int","value":5,"max":9}]"#, None, None);
        let (spec, value) = report(r#"{"speed":5.5}"#, None, Some(&declared));
        assert_eq!((spec, value), (Arc::clone(&declared), Value::Float(5.5)), "kept as it came");
        // also against a game that has only ever said values
        let (inferred, _) = report(r#"{"speed":5}"#, None, None);
        let (spec, _) = report(r#"{"speed":5.5}"#, Some(&inferred), Some(&declared));
        assert_eq!(spec, declared);
    }

    #[test]
    fn a_later_declaration_wins() {
        let (inferred, _) = report(r#"{"speed":5.5}"#, None, None);
        let (spec, value) = report(r#"[{"name":"speed","type":"integer","value":5}]"#, None, Some(&inferred));
        assert_eq!(
            (&spec.var_type, spec.inferred, value),
            (&VarType::Integer, false, Value::Int(5i64.into()))
        );
        // the same type, now for good
        let (spec, _) =
            report(r#"[{"name":"speed","type":"double","value":5}]"#, Some(&inferred), Some(&inferred));
        assert_eq!((spec.inferred, spec.type_name()), (false, "double"));
    }

    #[test]
    fn a_line_without_a_type_may_declare_the_rest() {
        let (declared, _) = report(r#"[{"name":"f","type":"float","value":1,"max":100}]"#, None, None);
        let line = r#"[{"name":"f","value":2,"max":200,"default":7}]"#;
        let (spec, value) = report(line, Some(&declared), Some(&declared));
        assert_eq!(
            (spec.max, &spec.default, spec.inferred),
            (Some(Bound::Int(200i64.into())), &Some(Value::Float(7.0)), false)
        );
        assert_eq!((&spec.var_type, value), (&VarType::Float, Value::Float(2.0)));
        // and a bare value keeps all of it
        assert_eq!(report(r#"{"f":3}"#, Some(&spec), Some(&spec)).0, spec);
    }

    #[test]
    fn a_game_keeps_its_own_name_of_the_type() {
        let (int, _) = report(r#"[{"name":"a","type":"int","value":1,"max":9}]"#, None, None);
        let (other, _) = report(r#"[{"name":"a","type":"integer","value":"1"}]"#, None, Some(&int));
        assert_eq!((other.max, other.type_name()), (Some(Bound::Int(9i64.into())), "integer"));
        assert_eq!(report(r#"{"a":2}"#, Some(&int), Some(&other)).0.type_name(), "int");
    }
}
