//! Where values end, told by quotes and brackets alone.

use memchr::memchr2;

/// Where the first value of a text ends.
pub(super) fn end_of_first(json: &[u8]) -> usize {
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
