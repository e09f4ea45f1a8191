//! Where somebody goes after signing in.

use std::fmt::Write as _;

/// The longest path to return to; paths of pages are shorter.
const MAX_BYTES: usize = 512;

/// A path of the dashboard with its query: nothing that a browser could take for another host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NextPath<'a>(&'a str);

impl<'a> NextPath<'a> {
    /// Parses a query parameter or form field; `None` for everything that is not clearly a path of the dashboard.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~?=&%".contains(&byte);
        // `//host` is another host, and so is `/\host` to browsers
        let is_own = text.starts_with('/') && !text.contains("//");
        (is_own && text.len() <= MAX_BYTES && text.bytes().all(is_plain)).then_some(Self(text))
    }

    /// The path.
    pub(super) fn as_str(self) -> &'a str {
        self.0
    }

    /// The sign-in page that continues to this path.
    pub(super) fn sign_in(self) -> String {
        let mut address = "/sign-in?next=".to_owned();
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                address.push(char::from(byte))
            } else {
                // can't fail
                _ = write!(address, "%{byte:02X}")
            }
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_is_remembered() {
        for path in ["/", "/p/3/live", "/join?token=abc-_1", "/p/3/settings/audit?person=a%40b&after=1.0.2.x"]
        {
            assert_eq!(NextPath::parse(path).map(NextPath::as_str), Some(path));
        }
        let next = NextPath::parse("/join?token=a-b&x=%20").unwrap();
        assert_eq!(next.sign_in(), "/sign-in?next=%2Fjoin%3Ftoken%3Da-b%26x%3D%2520");
    }

    #[test]
    fn nothing_else_is() {
        for bad in [
            "",
            "p/3",
            "http://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/p//evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /p/3",
            "javascript:alert(1)",
            "/@evil.example:80",
            "/ü",
        ] {
            assert_eq!(NextPath::parse(bad), None, "{bad:?}");
        }
        assert_eq!(NextPath::parse(&format!("/{}", "a".repeat(MAX_BYTES))), None);
    }
}
