//! What is an id, at the beginning of a text. Each look is at a bounded number of characters.

/// Bytes of a UUID's parts.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];
/// A run of hexadecimal digits of this length is an id; a shorter one may be a word with a number.
const MIN_HEX: usize = 8;
/// Groups of an IPv6 address.
const GROUPS: usize = 8;
/// Groups of a hardware address, of two digits each.
const HARDWARE_GROUPS: usize = 6;

/// The length of an id of several runs at the beginning: a UUID, or an address with colons.
pub(super) fn leading_id(text: &str) -> Option<usize> {
    let length = uuid(text).or_else(|| address(text))?;
    let has_digit = text[..length].bytes().any(|b| b.is_ascii_digit());
    let ends = !text[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (has_digit && ends).then_some(length)
}

/// Bytes of hexadecimal digits at the beginning.
fn hex(text: &str, most: usize) -> usize {
    text.bytes().take(most).take_while(u8::is_ascii_hexdigit).count()
}

fn uuid(text: &str) -> Option<usize> {
    let mut at = 0;
    for (nth, part) in UUID.into_iter().enumerate() {
        if nth > 0 {
            at += text[at..].starts_with('-').then_some(1)?;
        }
        at += (hex(&text[at..], part) == part).then_some(part)?;
    }
    Some(at)
}

/// `aa:bb:cc:dd:ee:ff`, or eight groups, or fewer with `::` between two of them.
fn address(text: &str) -> Option<usize> {
    let (mut at, mut groups, mut has_gap, mut are_pairs) = (0, 0, false, true);
    loop {
        let group = hex(&text[at..], 4);
        if group == 0 {
            break;
        }
        (at, groups, are_pairs) = (at + group, groups + 1, are_pairs && group == 2);
        let colons = text[at..].bytes().take(3).take_while(|b| *b == b':').count();
        let goes_on = hex(&text[at + colons..], 1) == 1;
        if groups == GROUPS || !goes_on || !(colons == 1 || colons == 2 && !has_gap) {
            break;
        }
        has_gap |= colons == 2;
        at += colons;
    }
    let is_hardware = groups == HARDWARE_GROUPS && are_pairs && !has_gap;
    (is_hardware || groups == GROUPS || has_gap).then_some(at)
}

/// Whether a run of ASCII letters and digits is an id as a whole, or a number with all that belongs to it.
pub(super) fn is_id(run: &str) -> bool {
    let bytes = run.as_bytes();
    let digits = |pair: &[u8]| pair[1].is_ascii_digit() && !pair[0].is_ascii_digit();
    let begins = usize::from(bytes.first().is_some_and(u8::is_ascii_digit));
    let runs = begins + bytes.windows(2).filter(|pair| digits(pair)).count();
    let is_hex = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let behind_0x = run.strip_prefix("0x").or_else(|| run.strip_prefix("0X"));
    // the end of a time in RFC 3339
    let in_utc = run.strip_suffix('Z').is_some_and(|time| time.bytes().all(|b| b.is_ascii_digit()));
    behind_0x.is_some_and(is_hex)
        || runs >= 1 && in_utc
        || runs >= 3
        || runs == 2 && begins == 1
        || runs >= 1 && run.len() >= MIN_HEX && is_hex(run)
}
