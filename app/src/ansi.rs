//! Terminal colours in log messages: ECMA-48 "select graphic rendition", as classes of the style sheet. Every other sequence is
//! dropped; what is stored and downloaded stays as the game wrote it.

/// Text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Classes, such as `ansi-red ansi-bold`; empty for plain text.
    pub class: String,
    /// The text, without sequences.
    pub text: String,
}

const ESCAPE: char = '\u{1b}';
const COLORS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

#[derive(Clone, Copy, Default)]
struct Look {
    color: Option<usize>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

/// A message in pieces of one style each.
pub fn pieces(message: &str) -> Vec<Piece> {
    let (mut pieces, mut look, mut rest) = (Vec::new(), Look::default(), message);
    while !rest.is_empty() {
        let at = rest.find(ESCAPE).unwrap_or(rest.len());
        let (text, sequence) = rest.split_at(at);
        if !text.is_empty() {
            pieces.push(Piece { class: look.class(), text: text.to_owned() });
        }
        let (codes, behind) = skip(sequence);
        if let Some(codes) = codes {
            look.apply(codes);
        }
        rest = behind;
    }
    pieces
}

/// A message without sequences.
pub fn plain(message: &str) -> String {
    if message.contains(ESCAPE) {
        pieces(message).into_iter().map(|piece| piece.text).collect()
    } else {
        message.to_owned()
    }
}

/// The text after the sequence that it starts with, and the codes of one about style.
fn skip(text: &str) -> (Option<&str>, &str) {
    let Some(sequence) = text.strip_prefix(ESCAPE) else { return (None, text) };
    let behind = |len: usize| sequence.get(len..).unwrap_or_default();
    match sequence.bytes().next() {
        Some(b'[') => match sequence[1..].find(|c| ('@'..='~').contains(&c)) {
            Some(len) => {
                let codes = &sequence[1..=len];
                (sequence[1 + len..].starts_with('m').then_some(codes), behind(len + 2))
            }
            // cut off in the middle: the rest is dropped
            None => (None, ""),
        },
        // a title or a link, up to the bell or the end of its text
        Some(b']') => {
            let bell = sequence.find('\u{7}').map(|at| at + 1);
            let end = sequence.find("\u{1b}\\").map(|at| at + 2);
            let len = bell.into_iter().chain(end).min();
            (None, len.map_or("", behind))
        }
        Some(b' '..=b'~') => (None, behind(1)),
        _ => (None, sequence),
    }
}

impl Look {
    fn apply(&mut self, codes: &str) {
        let mut codes = codes.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                30..=37 => self.color = Some(usize::from(code - 30)),
                90..=97 => self.color = Some(usize::from(code - 90)),
                38 => self.color = extended(&mut codes),
                39 => self.color = None,
                // backgrounds are not shown; skip their parameters
                48 => drop(extended(&mut codes)),
                _ => {}
            }
        }
    }

    fn class(self) -> String {
        let color = self.color.and_then(|color| COLORS.get(color)).map(|color| format!("ansi-{color}"));
        let is = |is: bool, class: &str| is.then(|| class.to_owned());
        let classes = [
            color,
            is(self.bold, "ansi-bold"),
            is(self.dim, "ansi-dim"),
            is(self.italic, "ansi-italic"),
            is(self.underline, "ansi-underline"),
        ];
        classes.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// One of 256 colours, or a 24-bit one, as the nearest of the theme's eight.
fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<usize> {
    match codes.next()? {
        5 => match codes.next()? {
            basic @ 0..16 => Some(usize::from(basic % 8)),
            cube @ 16..232 => {
                let level = |step: u16| (cube - 16) / step % 6 * 51;
                Some(nearest([level(36), level(6), level(1)]))
            }
            gray @ 232..256 => Some(nearest([(gray - 232) * 10 + 8; 3])),
            _ => None,
        },
        2 => {
            let mut next = || codes.next().map(|part| part.min(255));
            Some(nearest([next()?, next()?, next()?]))
        }
        _ => None,
    }
}

/// Bits in the order of the eight: red 1, green 2, blue 4.
fn nearest(rgb: [u16; 3]) -> usize {
    let (most, least) = (rgb.into_iter().max().unwrap_or(0), rgb.into_iter().min().unwrap_or(0));
    if most < 64 {
        return 0;
    }
    let middle = if most - least < 48 { 0 } else { (most + least) / 2 };
    rgb.into_iter().enumerate().map(|(bit, part)| usize::from(part > middle) << bit).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> Vec<(String, String)> {
        pieces(message).into_iter().map(|piece| (piece.class, piece.text)).collect()
    }

    fn piece(class: &str, text: &str) -> (String, String) {
        (class.to_owned(), text.to_owned())
    }

    #[test]
    fn colours_are_classes() {
        assert_eq!(
            said("a\u{1b}[31mb\u{1b}[1;92mc\u{1b}[0md\u{1b}[me"),
            [
                piece("", "a"),
                piece("ansi-red", "b"),
                piece("ansi-green ansi-bold", "c"),
                piece("", "d"),
                piece("", "e")
            ]
        );
        assert_eq!(said("\u{1b}[38;5;196mx"), [piece("ansi-red", "x")]);
        assert_eq!(said("\u{1b}[38;2;40;90;250mx"), [piece("ansi-blue", "x")]);
        assert_eq!(said("\u{1b}[48;5;1;4mx"), [piece("ansi-underline", "x")]);
        assert_eq!(said("\u{1b}[38;5;255mx"), [piece("ansi-white", "x")]);
    }

    #[test]
    fn every_other_sequence_is_left_out() {
        assert_eq!(plain("a\u{1b}[2Jb\u{1b}]0;title\u{7}c\u{1b}]8;;x\u{1b}\\d\u{1b}(e"), "abcde");
        assert_eq!(plain("cut \u{1b}[31"), "cut ");
        assert_eq!(plain("\u{1b}"), "");
        assert_eq!(plain("[31m is only text"), "[31m is only text");
        assert_eq!(plain("é\u{1b}é"), "éé");
    }

    #[test]
    fn no_message_makes_it_fall() {
        for message in
            ["\u{1b}[38;5m", "\u{1b}[38;2;1;2mx", "\u{1b}[99999999999mx", "\u{1b}[;;;mx", "\u{1b}[38:5:9mx"]
        {
            let _ = pieces(message);
        }
    }
}
