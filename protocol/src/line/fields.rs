//! The further fields of a log entry, as a list.

use crate::json::{Piece, Shallow, check};

/// An object's fields by their paths, such as `pos.x` and `tags[0]`, with numbers as they were written; at most `max` of
/// them, and how many more there are. Of what is not JSON there is one row with all of it.
pub fn flatten(json: &str, max: usize) -> (Vec<(String, String)>, usize) {
    let mut rows = Rows { rows: Vec::new(), max, left_out: 0 };
    let is_read = check(json.as_bytes()).is_ok() && rows.add(String::new(), Piece::whole(json)).is_some();
    if !is_read {
        rows = Rows { rows: vec![(String::new(), json.to_owned())], max, left_out: 0 };
    }
    (rows.rows, rows.left_out)
}

struct Rows {
    rows: Vec<(String, String)>,
    max: usize,
    left_out: usize,
}

impl Rows {
    fn add(&mut self, path: String, piece: Piece<'_>) -> Option<()> {
        if self.rows.len() >= self.max {
            self.left_out += 1;
            return Some(());
        }
        match piece.read().ok()? {
            Shallow::Object(object) if object.members().next().is_some() => {
                for (name, value) in object.fields_in_order().ok()? {
                    self.add(below(&path, &name), value)?;
                }
            }
            Shallow::Array(array) if array.members().next().is_some() => {
                for (index, value) in array.members().enumerate() {
                    self.add(format!("{path}[{index}]"), value)?;
                }
            }
            Shallow::Text(text) => self.rows.push((path, text.into_owned())),
            _ => self.rows.push((path, piece.text().to_owned())),
        }
        Some(())
    }
}

fn below(path: &str, name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    match (path.is_empty(), is_plain) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[{name:?}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: &str) -> Vec<String> {
        flatten(json, 100).0.into_iter().map(|(path, value)| format!("{path}={value}")).collect()
    }

    #[test]
    fn each_value_stands_at_its_path() {
        assert_eq!(
            rows(
                r#"{"z":1,"pos":{"x":1.50,"y":18446744073709551615},"tags":["a\n\"b\"",null,[]],"a.b":{},"ok":true}"#
            ),
            [
                "z=1",
                "pos.x=1.50",
                "pos.y=18446744073709551615",
                "tags[0]=a\n\"b\"",
                "tags[1]=null",
                "tags[2]=[]",
                "[\"a.b\"]={}",
                "ok=true"
            ]
        );
    }

    #[test]
    fn what_is_too_much_is_counted_and_what_is_no_json_is_shown_whole() {
        let (rows, left_out) = flatten("[1,2,3,4,5]", 3);
        assert_eq!((rows.len(), left_out), (3, 2));
        assert_eq!(flatten("{oops", 3).0, [(String::new(), "{oops".to_owned())]);
    }
}
