//! Colours in the notation of the game, read and written back.

use csscolorparser::Color;
use protocol::model::{Integer, Value};

/// The largest number that is a colour without alpha.
const MAX_RGB: i128 = 0xff_ffff;

/// How a game writes its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `#f84`, `#ff8844`, `#ff8844cc`; some leave the `#` out.
    Hex { is_short: bool, has_alpha: bool, is_upper: bool, has_hash: bool },
    /// `rgb(255, 136, 68)` and `rgba(…)`, or `rgb(255 136 68 / 50%)`.
    Rgb { has_commas: bool, says_alpha: bool },
    /// The same with `hsl`.
    Hsl { has_commas: bool, says_alpha: bool },
    /// `tomato`; a colour without a name becomes `#rrggbb`.
    Name,
    /// `oklch(…)` and the other CSS functions.
    Function(Space),
    /// 0xff8844, or 0xccff8844 with alpha in front; some read those as signed.
    Number { is_float: bool, has_alpha: bool, is_signed: bool },
    /// The same as text.
    NumberText { has_alpha: bool, is_upper: bool },
}

/// The CSS colour spaces with a function of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Hwb,
    Lab,
    Lch,
    Oklab,
    Oklch,
}

/// A colour, and its game's notation.
#[derive(Clone, Debug, PartialEq)]
pub struct Colour {
    color: Color,
    form: Form,
}

impl Colour {
    /// Reads a value; `None` if it is not a known notation.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Self::parse(text.trim()),
            Value::Int(number) => Self::of_number(number.get(), false),
            Value::Float(number) if number.fract() == 0.0 && number.abs() <= f64::from(u32::MAX) => {
                Self::of_number(*number as i128, true)
            }
            _ => None,
        }
    }

    /// `#rrggbb`, all that the browser's picker and SVG accept.
    pub fn opaque_hex(&self) -> String {
        let [r, g, b, _] = self.color.to_rgba8();
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    /// From 0, invisible, to 1.
    pub fn alpha(&self) -> f64 {
        (f64::from(self.color.a) * 1e4).round() / 1e4
    }

    /// Whether the notation has room for alpha.
    pub fn may_have_alpha(&self) -> bool {
        match self.form {
            Form::Number { has_alpha, .. } | Form::NumberText { has_alpha, .. } => has_alpha,
            _ => true,
        }
    }

    /// The picker's colour, `#rrggbb`, with the same alpha.
    pub fn with_rgb(&self, picked: &str) -> Option<Self> {
        let Color { r, g, b, .. } = csscolorparser::parse(picked).ok()?;
        Some(Self { color: Color { r, g, b, a: self.color.a }, form: self.form })
    }

    /// The same colour with another alpha.
    pub fn with_alpha(&self, alpha: f64) -> Self {
        Self { color: Color { a: alpha.clamp(0.0, 1.0) as f32, ..self.color }, form: self.form }
    }

    /// This colour in the notation of another one.
    fn written_like(self, other: &Self) -> Self {
        let color = if other.may_have_alpha() { self.color } else { Color { a: 1.0, ..self.color } };
        Self { color, form: other.form }
    }

    fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let is_upper = text.bytes().any(|b| b.is_ascii_uppercase());
        if let Some(digits) = lower.strip_prefix("0x") {
            let number = i128::from_str_radix(digits, 16).ok().filter(|_| matches!(digits.len(), 6 | 8))?;
            let has_alpha = digits.len() == 8;
            let color = Self::of_bits(number, has_alpha)?;
            return Some(Self { color, form: Form::NumberText { has_alpha, is_upper } });
        }
        // 16746564 may be decimal or hexadecimal: a guess would show the wrong colour
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let color = csscolorparser::parse(&lower).ok()?;
        Some(Self { color, form: form_of(&lower, is_upper) })
    }

    fn of_number(number: i128, is_float: bool) -> Option<Self> {
        let is_signed = number < 0;
        let bits = if is_signed {
            u32::from_ne_bytes(i32::try_from(number).ok()?.to_ne_bytes()).into()
        } else {
            number
        };
        let has_alpha = bits > MAX_RGB;
        let color = Self::of_bits(bits, has_alpha)?;
        Some(Self { color, form: Form::Number { is_float, has_alpha, is_signed } })
    }

    fn of_bits(number: i128, has_alpha: bool) -> Option<Color> {
        let [a, r, g, b] = u32::try_from(number).ok()?.to_be_bytes();
        Some(Color::from_rgba8(r, g, b, if has_alpha { a } else { u8::MAX }))
    }

    fn bits(&self, has_alpha: bool) -> u32 {
        let [r, g, b, a] = self.color.to_rgba8();
        u32::from_be_bytes([if has_alpha { a } else { 0 }, r, g, b])
    }

    /// The value that its game understands.
    pub fn to_value(&self) -> Value {
        match self.form {
            Form::Number { is_float, has_alpha, is_signed } => {
                let bits = self.bits(has_alpha);
                let number = if is_signed {
                    i64::from(i32::from_ne_bytes(bits.to_ne_bytes()))
                } else {
                    i64::from(bits)
                };
                if is_float { Value::Float(number as f64) } else { Value::Int(Integer::from(number)) }
            }
            _ => Value::Text(self.to_text()),
        }
    }

    fn to_text(&self) -> String {
        let color = &self.color;
        match self.form {
            Form::Hex { is_short, has_alpha, is_upper, has_hash } => {
                let digits = hex_digits(color, is_short, has_alpha || color.to_rgba8()[3] < u8::MAX);
                let digits = if is_upper { digits.to_ascii_uppercase() } else { digits };
                if has_hash { format!("#{digits}") } else { digits }
            }
            Form::Rgb { has_commas, says_alpha } => {
                let [r, g, b, _] = color.to_rgba8();
                function("rgb", [r, g, b].map(|part| part.to_string()), self.alpha(), has_commas, says_alpha)
            }
            Form::Hsl { has_commas, says_alpha } => {
                let [h, s, l, _] = color.to_hsla();
                let parts = [tidy(h), tidy(s * 100.0) + "%", tidy(l * 100.0) + "%"];
                function("hsl", parts, self.alpha(), has_commas, says_alpha)
            }
            Form::Name => match color.name().filter(|_| self.alpha() == 1.0) {
                Some(name) => name.to_owned(),
                None => format!("#{}", hex_digits(color, false, self.alpha() < 1.0)),
            },
            Form::Function(space) => match space {
                Space::Hwb => color.to_css_hwb().to_string(),
                Space::Lab => color.to_css_lab().to_string(),
                Space::Lch => color.to_css_lch().to_string(),
                Space::Oklab => color.to_css_oklab().to_string(),
                Space::Oklch => color.to_css_oklch().to_string(),
            },
            Form::Number { .. } => self.to_value().to_string(),
            Form::NumberText { has_alpha, is_upper } => {
                let digits = if has_alpha { 8 } else { 6 };
                let bits = self.bits(has_alpha);
                if is_upper { format!("0x{bits:0digits$X}") } else { format!("0x{bits:0digits$x}") }
            }
        }
    }
}

/// Reads what a person typed for a variable whose value is `like`: any colour, converted to a number for a game that uses numbers.
///
/// # Errors
/// A sentence that says what to type.
pub fn read_typed(typed: &str, like: Option<&Value>) -> Result<Value, String> {
    let typed = typed.trim();
    let number = Integer::parse(typed).map(Value::Int);
    match (like, like.and_then(Colour::of)) {
        (Some(Value::Int(_)), _) if number.is_some() => number,
        (Some(Value::Int(_) | Value::Float(_)), Some(now)) => {
            Colour::parse(typed).map(|colour| colour.written_like(&now).to_value())
        }
        _ => Colour::parse(typed).map(|_| Value::Text(typed.to_owned())),
    }
    .ok_or_else(|| "type a colour, such as #ff8844, rgba(255, 136, 68, 0.5) or tomato".to_owned())
}

fn form_of(lower: &str, is_upper: bool) -> Form {
    let has_commas = lower.contains(',');
    match lower.split_once('(').map(|(name, _)| name.trim()) {
        Some(name @ ("rgb" | "rgba")) => Form::Rgb { has_commas, says_alpha: name == "rgba" },
        Some(name @ ("hsl" | "hsla")) => Form::Hsl { has_commas, says_alpha: name == "hsla" },
        Some("hwb") => Form::Function(Space::Hwb),
        Some("lab") => Form::Function(Space::Lab),
        Some("lch") => Form::Function(Space::Lch),
        Some("oklab") => Form::Function(Space::Oklab),
        Some("oklch") => Form::Function(Space::Oklch),
        Some(_) => Form::Rgb { has_commas: false, says_alpha: false },
        None => {
            let digits = lower.strip_prefix('#').unwrap_or(lower);
            let has_hash = digits.len() < lower.len();
            let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
            match digits.len() {
                3 | 4 | 6 | 8 if is_hex => Form::Hex {
                    is_short: digits.len() < 6,
                    has_alpha: matches!(digits.len(), 4 | 8),
                    is_upper,
                    has_hash,
                },
                _ => Form::Name,
            }
        }
    }
}

/// Six or eight digits, or half as many if that loses nothing.
fn hex_digits(color: &Color, is_short: bool, has_alpha: bool) -> String {
    let bytes = color.to_rgba8();
    let bytes = if has_alpha { &bytes[..] } else { &bytes[..3] };
    if is_short && bytes.iter().all(|byte| byte >> 4 == byte & 0xf) {
        bytes.iter().map(|byte| format!("{:x}", byte & 0xf)).collect()
    } else {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn function(name: &str, parts: [String; 3], alpha: f64, has_commas: bool, says_alpha: bool) -> String {
    let alpha = Value::Float((alpha * 1e3).round() / 1e3);
    let is_opaque = alpha == Value::Float(1.0);
    match (has_commas, is_opaque && !says_alpha) {
        (true, true) => format!("{name}({})", parts.join(", ")),
        (true, false) => format!("{name}a({}, {alpha})", parts.join(", ")),
        (false, true) => format!("{name}({})", parts.join(" ")),
        (false, false) => {
            format!("{name}{}({} / {alpha})", if says_alpha { "a" } else { "" }, parts.join(" "))
        }
    }
}

/// At most two decimals.
fn tidy(number: f32) -> String {
    Value::Float((f64::from(number) * 100.0).round() / 100.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn int(number: i64) -> Value {
        Value::Int(number.into())
    }

    #[test]
    fn every_way_of_writing_a_colour_has_the_right_swatch() {
        for (value, hex, alpha) in [
            (text("#f84"), "#ff8844", 1.0),
            (text("#f84c"), "#ff8844", 0.8),
            (text("#ff8844cc"), "#ff8844", 0.8),
            (text("FF8844"), "#ff8844", 1.0),
            (text("rgba(255, 136, 68, 0.5)"), "#ff8844", 0.5),
            (text("rgb(255 136 68 / 25%)"), "#ff8844", 0.25),
            (text("rgb(100%, 0%, 0%)"), "#ff0000", 1.0),
            (text("hsl(120, 100%, 25%)"), "#008000", 1.0),
            (text("hsla(240, 100%, 50%, 0.3)"), "#0000ff", 0.3),
            (text(" Tomato "), "#ff6347", 1.0),
            (text("transparent"), "#000000", 0.0),
            (text("0xff8844"), "#ff8844", 1.0),
            (text("0x80ff8844"), "#ff8844", 0.502),
            (int(0xff8844), "#ff8844", 1.0),
            (int(0), "#000000", 1.0),
            (int(0x80ff8844), "#ff8844", 0.502),
            (int(-1), "#ffffff", 1.0),
            (Value::Float(16_746_564.0), "#ff8844", 1.0),
        ] {
            let colour = Colour::of(&value).unwrap_or_else(|| panic!("{value}"));
            assert_eq!(colour.opaque_hex(), hex, "{value}");
            assert_eq!((colour.alpha() * 1e3).round() / 1e3, alpha, "{value}");
        }
    }

    #[test]
    fn what_is_no_colour_has_none() {
        let odd =
            [text("puce-ish"), text("16746564"), text(""), text("0xff"), int(i64::MAX), Value::Bool(true)];
        for value in odd.into_iter().chain([Value::Float(0.5), Value::Json("[1]".into())]) {
            assert_eq!(Colour::of(&value), None, "{value}");
        }
    }

    #[test]
    fn a_picked_colour_is_written_as_the_game_writes_it() {
        for (value, written) in [
            (text("#f84"), text("#36c")),
            (text("#f84c"), text("#36cc")),
            (text("#FF8844"), text("#3366CC")),
            (text("#ff8844cc"), text("#3366cccc")),
            (text("ff8844"), text("3366cc")),
            (text("rgb(1, 2, 3)"), text("rgb(51, 102, 204)")),
            (text("rgba(1, 2, 3, 0.5)"), text("rgba(51, 102, 204, 0.5)")),
            (text("rgba(1, 2, 3, 1)"), text("rgba(51, 102, 204, 1)")),
            (text("rgb(1 2 3 / 50%)"), text("rgb(51 102 204 / 0.5)")),
            (text("hsl(0, 0%, 0%)"), text("hsl(220, 60%, 50%)")),
            (text("hsl(0 0% 0% / 0.25)"), text("hsl(220 60% 50% / 0.25)")),
            (text("tomato"), text("#3366cc")),
            (text("0xff8844"), text("0x3366cc")),
            (text("0x80FF8844"), text("0x803366CC")),
            (int(0), int(0x3366cc)),
            (int(0x80ff8844), int(0x803366cc)),
            (int(-1), int(-13_408_564)),
            (Value::Float(0.0), Value::Float(3_368_652.0)),
        ] {
            let colour = Colour::of(&value).unwrap();
            assert_eq!(colour.with_rgb("#3366cc").unwrap().to_value(), written, "{value}");
        }
        assert_eq!(Colour::of(&text("tomato")).unwrap().with_rgb("#ff0000").unwrap().to_value(), text("red"));
        assert_eq!(Colour::of(&text("#f84")).unwrap().with_rgb("#ff0000").unwrap().to_value(), text("#f00"));
    }

    #[test]
    fn alpha_finds_its_place() {
        for (value, written) in [
            ("#ff8844", "#ff884480"),
            ("#ff8844cc", "#ff884480"),
            ("rgb(1, 2, 3)", "rgba(1, 2, 3, 0.5)"),
            ("rgb(1 2 3)", "rgb(1 2 3 / 0.5)"),
            ("hsl(120, 100%, 25%)", "hsla(120, 100%, 25.1%, 0.5)"),
            ("red", "#ff000080"),
        ] {
            let got = Colour::of(&text(value)).unwrap().with_alpha(0.5).to_value().to_string();
            let same = got == written || got == written.replace("25.1%", "25%");
            assert!(same, "{value}: {got}");
        }
        assert!(!Colour::of(&int(5)).unwrap().may_have_alpha());
        assert!(Colour::of(&int(0x80ff8844)).unwrap().may_have_alpha());
    }

    #[test]
    fn a_functions_colour_comes_back_as_the_same() {
        for value in
            ["hwb(120 0% 50%)", "oklch(0.7 0.15 50)", "lab(50 40 30)", "oklab(0.6 0.1 0.1)", "lch(50 30 40)"]
        {
            let colour = Colour::of(&text(value)).unwrap();
            let again = Colour::of(&colour.to_value()).unwrap();
            assert_eq!(again.opaque_hex(), colour.opaque_hex(), "{value}");
            assert_eq!(again.form, colour.form, "{value}");
        }
    }

    #[test]
    fn typed_colours_suit_the_game() {
        assert_eq!(read_typed("tomato", Some(&text("#fff"))), Ok(text("tomato")));
        assert_eq!(read_typed("#ff8844", Some(&int(0))), Ok(int(0xff8844)));
        assert_eq!(read_typed("rgba(255, 136, 68, 0.5)", Some(&int(0))), Ok(int(0xff8844)));
        assert_eq!(read_typed("0xff8844", Some(&int(0))), Ok(int(0xff8844)));
        assert_eq!(read_typed("16746564", Some(&int(0))), Ok(int(16_746_564)));
        assert!(read_typed("#ff884", Some(&text("#fff"))).is_err());
        assert!(read_typed("nothing", None).is_err());
    }
}
