//! JSON text in pieces. A payload is checked as a whole and then read piece by piece, each straight from its text.
//!
//! There is no tree of it: `{"":0},` are seven bytes and would be a node of seven hundred, and a game may send a
//! million of such bytes in a line. What is kept of an object while it is read is where its fields are.

mod check;
mod compact;

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use serde::Deserialize;
use serde_json::Number;

pub(crate) use self::check::check;
use self::compact::Compact;
use crate::{ErrorCode, ProtocolError, error::Result};

/// One JSON value, as text without blanks around it.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a>(&'a str);

/// A piece, read down to where arrays and objects begin.
pub(crate) enum Shallow<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Array(Piece<'a>),
    Object(Piece<'a>),
}

/// serde_json's message has a position and its own words only, never the sender's bytes.
fn refusal(fault: &serde_json::Error) -> ProtocolError {
    ProtocolError::new(ErrorCode::BadJson, fault.to_string())
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|fault| refusal(&fault))
}

impl<'a> Piece<'a> {
    /// All of a text that was checked.
    pub(crate) fn whole(checked: &'a str) -> Self {
        Self(checked.trim_ascii())
    }

    /// As it was sent.
    pub(crate) fn text(self) -> &'a str {
        self.0
    }

    pub(crate) fn read(self) -> Result<Shallow<'a>> {
        Ok(match self.0.as_bytes().first() {
            Some(b'[') => Shallow::Array(self),
            Some(b'{') => Shallow::Object(self),
            Some(b'"') => Shallow::Text(unquote(self.0)?),
            Some(b't') => Shallow::Bool(true),
            Some(b'f') => Shallow::Bool(false),
            Some(b'n') => Shallow::Null,
            _ => Shallow::Number(read(self.0)?),
        })
    }

    /// The elements of an array, and how many there are: no more than `max` are kept.
    pub(crate) fn items(self, max: usize) -> (Vec<Self>, usize) {
        let mut members = self.members();
        let items: Vec<Self> = members.by_ref().take(max).collect();
        let count = items.len() + members.count();
        (items, count)
    }

    /// The fields of an object, and how often one is said in it: no more than `max` are kept.
    pub(crate) fn fields(self, max: usize) -> Result<(Fields<'a>, usize)> {
        let mut members = self.members();
        let mut fields = Vec::new();
        while fields.len() < max
            && let Some(field) = members.next_field()?
        {
            fields.push(field);
        }
        let count = fields.len() + members.count() / 2;
        Ok((Fields::of(fields), count))
    }

    /// Those fields of an object that have one of these names.
    pub(crate) fn fields_named(self, known: &[&str]) -> Result<Fields<'a>> {
        let mut fields: Vec<(Cow<'a, str>, Self)> = Vec::new();
        let mut members = self.members();
        while let Some((name, value)) = members.next_field()? {
            match fields.iter_mut().find(|field| field.0 == name) {
                Some(field) => field.1 = value,
                None if known.contains(&&*name) => fields.push((name, value)),
                None => {}
            }
        }
        Ok(Fields::of(fields))
    }

    /// All fields of an object in the order in which they are said, also those that are said twice.
    pub(crate) fn fields_in_order(self) -> Result<Vec<(Cow<'a, str>, Self)>> {
        let mut members = self.members();
        let mut fields = Vec::new();
        while let Some(field) = members.next_field()? {
            fields.push(field);
        }
        Ok(fields)
    }

    /// As it was written.
    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    /// What is inside an array or an object.
    pub(crate) fn members(self) -> Members<'a> {
        let inside = self.0.get(1..self.0.len() - 1);
        Members(inside.unwrap_or_default())
    }

    /// Compact JSON with each object's fields in the order of their names; `None` when that is longer than so many
    /// bytes.
    pub(crate) fn compact(self, max_bytes: usize) -> Result<Option<String>> {
        let mut compact = Compact { text: String::new(), max_bytes };
        compact.write(self)?;
        Ok((compact.text.len() <= max_bytes).then_some(compact.text))
    }
}

/// JSON text without blanks, each object's fields in the order of their names. Whole numbers keep all their digits, others are
/// 64-bit floats.
///
/// # Errors
/// `bad_json` when the text is no JSON.
pub fn compact_json(text: &str) -> Result<String> {
    let mut compact = Compact { text: String::new(), max_bytes: usize::MAX };
    compact.write(Piece::whole(check(text.as_bytes())?))?;
    Ok(compact.text)
}

/// The elements of an array one by one, or the names and the values of an object in turn. As the text was checked, only where
/// each one ends is to be found.
pub(crate) struct Members<'a>(&'a str);

impl<'a> Members<'a> {
    fn next_field(&mut self) -> Result<Option<(Cow<'a, str>, Piece<'a>)>> {
        let (Some(name), Some(value)) = (self.next(), self.next()) else { return Ok(None) };
        Ok(Some((unquote(name.0)?, value)))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = self.0.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
        let (member, rest) = rest.split_at_checked(end_of_first(rest.as_bytes()))?;
        self.0 = rest;
        (!member.is_empty()).then_some(Piece(member))
    }
}

/// Where the first value of a text ends.
fn end_of_first(json: &[u8]) -> usize {
    match json.first() {
        Some(b'"') => end_of_text(json),
        Some(b'[' | b'{') => end_of_container(json),
        _ => {
            let is_end = |byte: &u8| matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n');
            json.iter().position(is_end).unwrap_or(json.len())
        }
    }
}

/// The elements of an array of which not all are JSON, told apart by quotes and brackets alone, and how many there are: no
/// more than `max` are kept. `None` when the brackets don't match.
pub(crate) fn elements(array: &[u8], max: usize) -> Option<(Vec<&[u8]>, usize)> {
    let inside = array.trim_ascii().strip_prefix(b"[")?.strip_suffix(b"]")?;
    let (mut at, mut start, mut depth, mut count) = (0usize, 0usize, 0usize, 0usize);
    let mut found = Vec::new();
    let mut keep = |element| {
        if found.len() < max {
            found.push(element);
        }
        count += 1;
    };
    while let Some(byte) = inside.get(at) {
        match byte {
            b'"' => at += end_of_text(&inside[at..]) - 1,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                keep(inside[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    keep(inside[start..].trim_ascii());
    (depth == 0).then_some((found, count))
}

fn end_of_text(json: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = json.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        match json[at - 1] {
            b'"' => return at,
            _ => at += 1,
        }
    }
    json.len()
}

fn end_of_container(json: &[u8]) -> usize {
    let (mut at, mut depth) = (0usize, 0usize);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at += end_of_text(&json[at..]) - 1,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    json.len()
}

/// Deepest nesting of brackets outside strings. Looks at bytes only, so that hostile depth costs nothing.
pub(crate) fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The fields of an object, each name once: of one that was said twice the last one counts.
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Piece<'a>)>);

impl<'a> Fields<'a> {
    fn of(mut fields: Vec<(Cow<'a, str>, Piece<'a>)>) -> Self {
        // pieces of one text: what is said later is behind
        fields.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.0.as_ptr().cmp(&b.1.0.as_ptr())));
        fields.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                earlier.1 = later.1;
            }
            is_same
        });
        Self(fields)
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|field| (*field.0).cmp(name)).ok()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Piece<'a>> {
        Some(self.0[self.place_of(name)?].1)
    }

    /// As [`Fields::get`], read.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Shallow<'a>>> {
        self.get(name).map(Piece::read).transpose()
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Piece<'a>> {
        let place = self.place_of(name)?;
        Some(self.0.remove(place).1)
    }

    /// With one more field, of a name that is not there.
    pub(crate) fn with<'b>(self, name: &'b str, value: Piece<'b>) -> Fields<'b>
    where
        'a: 'b,
    {
        let mut fields: Vec<(Cow<'b, str>, Piece<'b>)> = self.0;
        let place = fields.partition_point(|field| *field.0 < *name);
        fields.insert(place, (Cow::Borrowed(name), value));
        Fields(fields)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves out the longest ones until all names and values together, as they were written, have at most `max_bytes`.
    /// Returns how many fields of how many bytes were left out.
    pub(crate) fn shed(&mut self, max_bytes: usize) -> (usize, usize) {
        let size = |field: &(Cow<'_, str>, Piece<'_>)| field.0.len() + field.1.text().len();
        let mut left: usize = self.0.iter().map(size).sum();
        if left <= max_bytes {
            return (0, 0);
        }
        let mut sizes: Vec<usize> = self.0.iter().map(size).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let mut shed = (0, 0);
        for size in &sizes {
            if left <= max_bytes {
                break;
            }
            left -= size;
            shed = (shed.0 + 1, shed.1 + size);
        }
        // all that are longer than the last of them, and of its length as many as it takes
        let shortest = sizes[shed.0 - 1];
        let mut of_shortest = sizes[..shed.0].iter().filter(|size| **size == shortest).count();
        self.0.retain(|field| {
            let goes = size(field) > shortest || (size(field) == shortest && of_shortest > 0);
            if goes && size(field) == shortest {
                of_shortest -= 1;
            }
            !goes
        });
        shed
    }

    /// As [`Piece::compact`], of any length.
    pub(crate) fn compact(&self) -> Result<String> {
        let mut compact = Compact { text: String::new(), max_bytes: usize::MAX };
        compact.write_fields(self)?;
        Ok(compact.text)
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Cow<'a, str>, Piece<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A text: without an escape it is between the quotes as it is.
fn unquote(quoted: &str) -> Result<Cow<'_, str>> {
    match quoted.get(1..quoted.len() - 1) {
        Some(plain) if memchr(b'\\', plain.as_bytes()).is_none() => Ok(Cow::Borrowed(plain)),
        _ => Ok(Cow::Owned(read(quoted)?)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    fn json() -> impl Strategy<Value = Json> {
        let scalar = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
            "[,:\\[\\]{}\"\\\\ ]{0,8}".prop_map(Json::from),
        ];
        scalar.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Json::from),
                prop::collection::hash_map(any::<String>(), inner, 0..8)
                    .prop_map(|fields| Json::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn compact(text: &str) -> String {
        Piece::whole(check(text.as_bytes()).unwrap()).compact(usize::MAX).unwrap().unwrap()
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_as_a_tree(json in json()) {
            let tree = json.to_string();
            prop_assert_eq!(&compact(&tree), &tree);
            prop_assert_eq!(&compact(&serde_json::to_string_pretty(&json).unwrap()), &tree);
        }

        #[test]
        fn what_is_no_json_for_a_tree_is_none_here(text in r#"[\[\]{}:,"\\0-9eE.u \n+tfn-]{0,12}"#) {
            let tree = serde_json::from_str::<Json>(&text).map(|json| json.to_string());
            let pieces = check(text.as_bytes()).map(compact);
            prop_assert_eq!(pieces.map_err(|error| error.text), tree.map_err(|fault| fault.to_string()));
        }
    }

    #[test]
    fn every_way_to_write_it_is_read() {
        for text in [
            "-0",
            "0",
            "1.0",
            "1.50",
            "1e2",
            "1E-7",
            "18446744073709551615",
            r#""\u00e9\/\ud83d\ude00\\\"\u0000""#,
            r#"{"\u0062":1,"a":2}"#,
            r#"{"b":1,"a":2,"b":3}"#,
            " [ ] ",
            "{\t}",
        ] {
            assert_eq!(compact(text), serde_json::from_str::<Json>(text).unwrap().to_string(), "{text}");
        }
        for text in ["", "1e999", r#""\ud800""#, "[1,]", r#"{"a"}"#, "[1] 2", "01", "nul", "\"\t\""] {
            assert!(check(text.as_bytes()).is_err(), "{text}");
        }
        assert!(check(b"\"\xff\"").is_err());
    }

    #[test]
    fn whole_numbers_keep_all_their_digits() {
        for text in [
            "123456789012345678901234567890",
            "-9223372036854775809",
            "18446744073709551616",
            r#"{"id":340282366920938463463374607431768211455,"of":[-170141183460469231731687303715884105729]}"#,
        ] {
            assert_eq!(compact(text), text);
        }
        // what has a fraction or an exponent is a float, whatever it amounts to
        let floats =
            compact("[1e30, 123456789012345678901234567890.0, 0.1000000000000000055511151231257827, -0]");
        assert_eq!(floats, "[1e+30,1.2345678901234568e+29,0.1,-0.0]");
    }

    #[test]
    fn what_is_too_long_is_given_up() {
        let text = json!({ "a": [1, 2, 3], "b": "four" }).to_string();
        let piece = Piece::whole(&text);
        assert_eq!(piece.compact(text.len()).unwrap().as_deref(), Some(&*text));
        assert_eq!(piece.compact(text.len() - 1).unwrap(), None);
    }

    #[test]
    fn fields_are_found_by_name_and_the_last_of_a_name_counts() {
        let object = Piece::whole(r#"{"b":1,"a":2,"b":3,"c":4}"#);
        let (mut all, count) = object.fields(usize::MAX).unwrap();
        assert_eq!((count, all.remove("b").map(|piece| piece.0)), (4, Some("3")));
        assert_eq!((all.compact().unwrap().as_str(), all.get("b").is_none()), (r#"{"a":2,"c":4}"#, true));
        let some = object.fields_named(&["b", "d"]).unwrap();
        assert_eq!(some.compact().unwrap(), r#"{"b":3}"#);
        assert_eq!(object.fields(2).unwrap().1, 4);
        assert_eq!(Piece::whole("[1,[2],3]").items(2).1, 3);
    }

    #[test]
    fn the_longest_fields_are_left_out() {
        let object = Piece::whole(r#"{"a":11,"b":2222,"c":3333,"d":4,"e":5555}"#);
        let shed = |max| {
            let (mut fields, _) = object.fields(usize::MAX).unwrap();
            let shed = fields.shed(max);
            (shed, fields.compact().unwrap())
        };
        assert_eq!(shed(20), ((0, 0), r#"{"a":11,"b":2222,"c":3333,"d":4,"e":5555}"#.to_owned()));
        assert_eq!(shed(19), ((1, 5), r#"{"a":11,"c":3333,"d":4,"e":5555}"#.to_owned()));
        assert_eq!(shed(10), ((2, 10), r#"{"a":11,"d":4,"e":5555}"#.to_owned()));
        assert_eq!(shed(4), ((4, 18), r#"{"d":4}"#.to_owned()));
        assert_eq!(shed(0), ((5, 20), "{}".to_owned()));
    }

    #[test]
    fn elements_are_told_apart_where_not_all_of_them_are_json() {
        let split = |text: &'static str| {
            elements(text.as_bytes(), 3).map(|(found, count)| {
                (found.into_iter().map(|one| str::from_utf8(one).unwrap()).collect::<Vec<_>>(), count)
            })
        };
        let found = split(r#" [ {"a":NaN} , "],[\"" , [1,{"b":2}] , x ] "#);
        assert_eq!(found, Some((vec![r#"{"a":NaN}"#, r#""],[\"""#, r#"[1,{"b":2}]"#], 4)));
        assert_eq!(split("[1,]"), Some((vec!["1", ""], 2)));
        for broken in ["", "[", "{}", "[1", "[1]]", "[{]", "[1] 2"] {
            assert_eq!(split(broken), None, "{broken}");
        }
    }
}
