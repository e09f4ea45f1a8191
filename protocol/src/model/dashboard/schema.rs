//! What a project's games declare, where a person has the last word on it.

use serde::{Deserialize, Serialize};

use crate::model::{DeviceId, UnixMicros, VarName, VarSpec};

/// Most characters of a field that a difference shows.
const SHOWN_CHARS: usize = 200;

/// Whether declarations wait for consent, and which do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// New and changed declarations wait; values of what is known are taken.
    pub is_frozen: bool,
    /// In the order in which they came.
    pub waiting: Vec<WaitingDeclaration>,
    /// How many gave way to others since the server started: only so many may wait.
    pub gave_way: u64,
}

/// A declaration that waits for consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingDeclaration {
    /// Of which variable.
    pub name: VarName,
    /// Whose it is.
    pub device: DeviceId,
    /// The name of that device.
    pub device_name: String,
    /// Whether it is connected.
    pub is_online: bool,
    /// When it came.
    pub at: UnixMicros,
    /// There is no such variable yet.
    pub is_new: bool,
    /// What would be another.
    pub differences: Vec<Difference>,
}

/// A part of a declaration that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field, as the contract calls it, such as `min`.
    pub field: String,
    /// What it is; `None`: nothing.
    pub old: Option<String>,
    /// What it would be; `None`: nothing.
    pub new: Option<String>,
}

/// Where two declarations differ, in the order of the contract. How a game writes a value is its own and no difference.
pub fn differences(old: Option<&VarSpec>, new: &VarSpec) -> Vec<Difference> {
    let old = old.map(fields).unwrap_or_default();
    let new = fields(new);
    let pairs = new.into_iter().enumerate().map(|(place, (field, new))| {
        let old = old.get(place).and_then(|(_, old)| old.clone());
        (field, old, new)
    });
    let differ = pairs.filter(|(_, old, new)| old != new);
    differ
        .map(|(field, old, new)| Difference {
            field: field.to_owned(),
            old: old.map(shortened),
            new: new.map(shortened),
        })
        .collect()
}

/// One line for a trail: `type integer, min 0`.
pub fn outline(differences: &[Difference], of: impl Fn(&Difference) -> Option<&String>) -> String {
    let said = differences.iter().map(|difference| match of(difference) {
        Some(text) => format!("{} {text}", difference.field),
        None => format!("no {}", difference.field),
    });
    said.collect::<Vec<_>>().join(", ")
}

type Fields = Vec<(&'static str, Option<String>)>;

fn fields(spec: &VarSpec) -> Fields {
    let options = spec.options.iter().map(|option| match option.value.to_string() == option.label {
        true => option.label.clone(),
        false => format!("{} ({})", option.label, option.value),
    });
    let options = options.collect::<Vec<_>>().join(", ");
    let flag = |is_set: bool, word: &str| is_set.then(|| word.to_owned());
    let var_type = match spec.inferred {
        true => format!("{} (inferred)", spec.var_type),
        false => spec.var_type.to_string(),
    };
    vec![
        ("type", Some(var_type)),
        ("min", spec.min.map(|min| min.to_string())),
        ("max", spec.max.map(|max| max.to_string())),
        ("step", spec.step.map(|step| step.to_string())),
        ("options", Some(options).filter(|options| !options.is_empty())),
        ("unit", spec.unit.clone()),
        ("group", spec.group.clone()),
        ("label", spec.label.clone()),
        ("help", spec.help.clone()),
        ("default", spec.default.as_ref().map(ToString::to_string)),
        ("order", spec.order.map(|order| order.to_string())),
        ("readonly", flag(spec.readonly, "yes")),
        ("source", spec.source.clone()),
    ]
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{line::parse_report, model::VarType};

    fn spec(json: &str) -> VarSpec {
        parse_report(json.as_bytes()).unwrap().remove(0).spec
    }

    #[test]
    fn a_difference_says_what_was_and_what_would_be() {
        let old = spec(r#"[{"name":"a","type":"int","value":"5","min":0,"max":10,"unit":"px"}]"#);
        let new = spec(r#"[{"name":"a","type":"integer","value":5,"max":10,"readonly":true}]"#);
        let found = differences(Some(&old), &new);
        let said = |difference: &Difference| {
            let Difference { field, old, new } = difference;
            format!("{field}: {} → {}", old.as_deref().unwrap_or("-"), new.as_deref().unwrap_or("-"))
        };
        assert_eq!(
            found.iter().map(said).collect::<Vec<_>>(),
            ["min: 0 → -", "unit: px → -", "readonly: - → yes"]
        );
        assert_eq!(outline(&found, |d| d.new.as_ref()), "no min, no unit, readonly yes");
        assert_eq!(differences(Some(&old), &old), []);
    }

    #[test]
    fn of_a_new_variable_all_is_new_that_is_said() {
        let new = spec(r#"[{"name":"a","type":"enum","value":"x","options":["x",{"label":"Y","value":2}]}]"#);
        let found = differences(None, &new);
        assert_eq!(outline(&found, |d| d.new.as_ref()), "type enum, options x, Y (2)");
        let long = VarSpec { help: Some("é".repeat(300)), ..VarSpec::bare(VarType::Boolean) };
        let help = differences(None, &long).pop().unwrap().new.unwrap();
        assert_eq!(help.chars().count(), 201);
    }

    #[test]
    fn what_declares_the_same_does_not_differ() {
        let one = spec(r#"[{"name":"a","type":"int","value":"5"}]"#);
        let other = spec(r#"[{"name":"a","type":"integer","value":5}]"#);
        assert!(one.declares_as(&other) && differences(Some(&one), &other).is_empty());
        let inferred = spec(r#"{"a":5}"#);
        assert!(!one.declares_as(&inferred) && !differences(Some(&one), &inferred).is_empty());
    }
}
