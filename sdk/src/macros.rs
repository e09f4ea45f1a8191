//! Tuning where a literal stands.

/// A number or `bool` that people tune, where it stands in the code.
///
/// ```
/// use observerio::{Game, Settings, tune};
///
/// fn jump_speed() -> f32 {
///     tune!("player.jump", 4.5) * tune!("gravity", 0.8, range = 0.0..=2.0, step = 0.1, unit = "g")
/// }
///
/// assert_eq!(jump_speed(), 4.5 * 0.8); // no game is installed: they are constants
/// let (game, driver) = Game::new(Settings::new("0123456789ab".parse()?));
/// game.install();
/// assert_eq!(jump_speed(), 4.5 * 0.8); // declared, with the code's own values
/// # drop(driver);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The variable is declared when the place is first reached after [`Game::install`](crate::Game::install), and read at about
/// the price of an atomic load from then on. Behind the value stand options, in any order: `range`, `step`, `unit`, `group`,
/// `label` and `help`, as in [`Declaration`](crate::Declaration). File and line are its source. Places with the same name
/// and type share one variable; the first that is reached declares it.
#[cfg(not(feature = "constants"))]
#[macro_export]
macro_rules! tune {
    ($name:expr, $own:expr $(, $option:ident = $value:expr)* $(,)?) => {{
        static PLACE: $crate::Place = $crate::Place::new();
        PLACE.read($own, |game, own| {
            game.var($name, own)
                .source(::core::concat!(::core::file!(), ":", ::core::line!()))
                $(.$option($value))*
                .declare()
        })
    }};
}

/// As [`tune!`], of text; it is an `Arc<str>`. With `options = ["calm", "angry"]` it is one of these.
///
/// ```
/// assert_eq!(&*observerio::tune_text!("boss.mood", "calm", options = ["calm", "angry"]), "calm");
/// ```
#[cfg(not(feature = "constants"))]
#[macro_export]
macro_rules! tune_text {
    ($name:expr, $own:expr $(, $option:ident = $value:expr)* $(,)?) => {{
        static PLACE: $crate::Place = $crate::Place::new();
        PLACE.read_text($own, |game, own| {
            game.text($name, own)
                .source(::core::concat!(::core::file!(), ":", ::core::line!()))
                $(.$option($value))*
                .declare()
        })
    }};
}

/// The value that stands here: the feature `constants` is on.
#[cfg(feature = "constants")]
#[macro_export]
macro_rules! tune {
    ($name:expr, $own:expr $(, $option:ident = $value:expr)* $(,)?) => {
        $own
    };
}

/// The text that stands here: the feature `constants` is on.
#[cfg(feature = "constants")]
#[macro_export]
macro_rules! tune_text {
    ($name:expr, $own:expr $(, $option:ident = $value:expr)* $(,)?) => {
        ::std::sync::Arc::<str>::from($own)
    };
}
