//! The names that games give to types.

use super::VarType;

/// Longest of the names below.
const LONGEST: usize = 8;

/// The type that a name means, in any case: what everybody means by it. `None` for a name that we don't know.
pub(super) fn type_named(name: &str) -> Option<VarType> {
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"boolean" | b"bool" => VarType::Boolean,
        b"integer" | b"int" | b"uint" | b"long" | b"ulong" | b"short" | b"ushort" | b"byte" | b"sbyte" => {
            VarType::Integer
        }
        b"int8" | b"int16" | b"int32" | b"int64" | b"uint8" | b"uint16" | b"uint32" | b"uint64" => {
            VarType::Integer
        }
        b"i8" | b"i16" | b"i32" | b"i64" | b"isize" | b"u8" | b"u16" | b"u32" | b"u64" | b"usize" => {
            VarType::Integer
        }
        b"float" | b"double" | b"number" | b"real" | b"single" => VarType::Float,
        b"f32" | b"f64" | b"float32" | b"float64" => VarType::Float,
        b"string" | b"str" | b"text" => VarType::String,
        b"enum" => VarType::Enum,
        b"color" | b"colour" => VarType::Color,
        b"json" => VarType::Json,
        b"action" => VarType::Action,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_everybody_means_by_them() {
        for (name, expected) in [
            ("bool", VarType::Boolean),
            ("int", VarType::Integer),
            ("Int32", VarType::Integer),
            ("u64", VarType::Integer),
            ("number", VarType::Float),
            ("DOUBLE", VarType::Float),
            ("f32", VarType::Float),
            ("str", VarType::String),
            ("Text", VarType::String),
            ("colour", VarType::Color),
            ("Action", VarType::Action),
        ] {
            assert_eq!(type_named(name), Some(expected), "{name}");
        }
        for name in
            ["", "money", "vec2", "ints", "int ", "integers!", "a name longer than any of ours", "İnt"]
        {
            assert_eq!(type_named(name), None, "{name}");
        }
    }

    #[test]
    fn the_names_of_the_contract_are_among_them() {
        use VarType::{Action, Boolean, Color, Enum, Float, Integer, Json, String};
        for var_type in [Boolean, Integer, Float, String, Enum, Color, Json, Action] {
            assert_eq!(type_named(var_type.as_str()), Some(var_type));
        }
    }
}
