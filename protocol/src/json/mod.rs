//! JSON text in pieces. A payload is checked as a whole and then read piece by piece, each straight from its text.
//!
//! There is no tree of it: `{"":0},` are seven bytes and would be a node of seven hundred, and a game may send a
//! million of such bytes in a line. What is kept of an object while it is read is where its fields are.

mod check;
mod compact;
mod fields;
mod piece;
mod scan;

pub(crate) use self::check::check;
pub use self::compact::compact_json;
pub(crate) use self::fields::Fields;
pub(crate) use self::piece::{Piece, Shallow, quote};
pub(crate) use self::scan::{depth, elements};

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
