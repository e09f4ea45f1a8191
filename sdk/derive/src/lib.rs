//! Derives `observerio::Tune`, which the crate `observerio` re-exports together with the trait: use it from there.
#![deny(missing_docs)]

mod attributes;
mod expand;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes each field of a struct a variable that people tune.
///
/// ```
/// use observerio::{Game, Settings, Tune};
///
/// #[derive(Tune)]
/// #[tune(prefix = "boss", group = "enemy/boss")]
/// struct Boss {
///     /// How fast it runs
///     #[tune(range = 0.0..=20.0, step = 0.5, unit = "m/s")]
///     speed: f64,
///     #[tune(name = "boss.hp", range = 1..=500)]
///     health: i32,
///     #[tune(options = ["calm", "angry"])]
///     mood: String,
///     #[tune(skip)]
///     position: (f32, f32),
/// }
///
/// let (game, driver) = Game::new(Settings::new("0123456789ab".parse()?));
/// let mut boss = Boss { speed: 2.5, health: 100, mood: "calm".to_owned(), position: (0.0, 0.0) };
/// let tuned = game.tune(&boss);
/// // once a frame
/// game.frame();
/// tuned.update(&mut boss);
/// assert_eq!((boss.speed, boss.health), (2.5, 100));
/// # drop(driver);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Fields are numbers, `bool` or `String`. A field's variable has the name of the field, after the `prefix` of the struct and
/// a dot; its documentation is the help, and where it is declared is its source.
///
/// | attribute | of | meaning |
/// |---|---|---|
/// | `prefix = "boss"` | struct | what names begin with |
/// | `group = "enemy/boss"` | struct, field | path of headings |
/// | `name = "boss.hp"` | field | the whole name |
/// | `range = 0.0..=20.0` | number | what is outside is clamped |
/// | `step = 0.5` | number | the step of arrow keys and sliders |
/// | `options = ["calm", "angry"]` | `String` | it is one of these |
/// | `unit = "m/s"`, `label = "…"`, `help = "…"` | field | what people read |
/// | `skip` | field | it is no variable |
///
/// What it does not know, it refuses:
///
/// ```compile_fail
/// #[derive(observerio::Tune)]
/// struct Boss {
///     #[tune(rnage = 0.0..=20.0)]
///     speed: f64,
/// }
/// ```
///
/// ```compile_fail
/// #[derive(observerio::Tune)]
/// struct Boss(f64);
/// ```
#[proc_macro_derive(Tune, attributes(tune))]
pub fn derive_tune(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::tune(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
