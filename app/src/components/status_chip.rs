//! What became of an edit: sign, word and colour, always all three.

use leptos::prelude::*;

use crate::format;
use crate::live::Status;

/// The chip at the end of a variable's row.
#[component]
pub fn StatusChip(
    /// What to say.
    #[prop(into)]
    status: Signal<Status>,
) -> impl IntoView {
    move || {
        let status = status.get();
        let (class, sign) = look(&status);
        let text = words(&status);
        (!text.is_empty()).then(|| {
            view! {
                <span class=class>
                    <span class="chip-sign" aria-hidden="true">
                        {sign}
                    </span>
                    {text}
                </span>
            }
        })
    }
}

fn look(status: &Status) -> (&'static str, &'static str) {
    match status {
        Status::Untouched => ("chip", ""),
        Status::Mixed(_) => ("chip chip--mixed", "≠"),
        Status::Kept => ("chip chip--waiting", "●"),
        Status::Sending | Status::Sent { .. } => ("chip chip--waiting", "◐"),
        Status::Confirmed(_) => ("chip chip--applied", "✓"),
        Status::Offline => ("chip chip--offline", "○"),
        Status::Refused(_) => ("chip chip--refused", "✕"),
    }
}

/// The status in words, for the chip and for a screen reader.
pub(super) fn words(status: &Status) -> String {
    match status {
        Status::Untouched => String::new(),
        Status::Mixed(values) => format!("{values} values"),
        Status::Kept => "kept until reconnected".to_owned(),
        Status::Sending => "sending".to_owned(),
        Status::Sent { games, confirmed: 0 } => format!("sent to {}", format::count(*games, "game")),
        Status::Sent { games, confirmed } => format!("{confirmed}/{games} confirmed"),
        Status::Confirmed(games) => format!("{games}/{games} confirmed"),
        Status::Offline => "no game connected, it waits".to_owned(),
        Status::Refused(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_but_the_untouched_has_a_sign_and_words() {
        let states = [
            Status::Mixed(2),
            Status::Kept,
            Status::Sending,
            Status::Sent { games: 1, confirmed: 0 },
            Status::Sent { games: 3, confirmed: 1 },
            Status::Confirmed(3),
            Status::Offline,
            Status::Refused("too large".into()),
        ];
        for state in &states {
            assert!(!look(state).1.is_empty() && !words(state).is_empty(), "{state:?}");
        }
        assert_eq!(words(&states[3]), "sent to 1 game");
        assert_eq!(words(&states[4]), "1/3 confirmed");
        assert_eq!(words(&Status::Untouched), "");
    }
}
