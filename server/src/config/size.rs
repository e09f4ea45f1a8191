//! Sizes as people write them.

/// A whole number of bytes with its unit, `K`, `M`, `G` or `T`, for powers of 1,024: `512M`, `2 GiB`. `None`
/// for anything else, such as `8GB`, which means a power of 1,000 to many.
pub(super) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_uppercase().as_str() {
        "K" | "KIB" => 10,
        "M" | "MIB" => 20,
        "G" | "GIB" => 30,
        "T" | "TIB" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_with_a_unit() {
        assert_eq!(parse("512M"), Some(512 << 20));
        assert_eq!(parse("2 GiB"), Some(2 << 30));
        assert_eq!(parse("1g"), Some(1 << 30));
        for text in ["", "M", "512", "-1G", "8GB", "1.5G", "1P", "99999999999999999999G", "G1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
