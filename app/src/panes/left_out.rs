//! What is stored of a project and not on its page, because there was no memory for it.

use std::fmt::Write as _;

use leptos::prelude::*;
use protocol::{
    live::LeftOut,
    model::{ProjectId, VarName},
};

use crate::format;
use crate::live::{LiveState, use_live};

/// How much was left out, which expands to the names of the variables. Hidden if everything is here.
#[component]
pub fn LeftOutNotice() -> impl IntoView {
    let live = use_live();
    let project = live.read(LiveState::project);
    let left_out = Memo::new(move |_| live.with_layout(|state| state.left_out().cloned()));
    move || {
        left_out.get().map(|left_out| {
            let (title, unnamed) = (words(&left_out), left_out.vars as usize - left_out.names.len());
            let links = left_out.names.into_iter().map(|name| view! { <Stored project name /> }.into_any());
            view! {
                <details class="notice left-out">
                    <summary>{title}</summary>
                    <p>
                        "The server keeps only so much of one project in memory, and left out the longest declarations and \
                         values. Forget variables and devices that nobody uses; the rest is loaded when nobody has used the \
                         project for ten minutes."
                    </p>
                    <ul>{links.collect_view()}</ul>
                    {(unnamed > 0).then(|| view! { <p class="meta">{format!("and {unnamed} more")}</p> })}
                </details>
            }
        })
    }
}

/// A link to what the HTTP API says of a variable.
#[component]
fn Stored(project: ProjectId, name: VarName) -> impl IntoView {
    let href = format!("/api/v1/projects/{project}/variables/{}", encoded(name.as_str()));
    view! {
        <li>
            <a href=href rel="external" dir="auto">
                {name.to_string()}
            </a>
        </li>
    }
}

fn words(left_out: &LeftOut) -> String {
    let values = usize::try_from(left_out.values).unwrap_or(usize::MAX);
    let counts = [(left_out.vars as usize, "variable"), (values, "value")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let what = counts.map(|(count, noun)| format::count(count, noun)).collect::<Vec<_>>().join(" and ");
    let verb = if left_out.vars as usize + values == 1 { "is" } else { "are" };
    format!("{what} {verb} not shown: this project is too large to be loaded")
}

/// As one segment of a path.
fn encoded(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("a string takes everything");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_counted_in_words() {
        let words = |vars, values| words(&LeftOut { vars, names: Vec::new(), values });
        let rest = "not shown: this project is too large to be loaded";
        assert_eq!(words(1, 0), format!("1 variable is {rest}"));
        assert_eq!(words(0, 2), format!("2 values are {rest}"));
        assert_eq!(words(3, 1), format!("3 variables and 1 value are {rest}"));
    }

    #[test]
    fn a_name_is_one_segment_of_the_path() {
        assert_eq!(encoded("player-1_x"), "player-1_x");
        assert_eq!(encoded("../a b/é"), "%2E%2E%2Fa%20b%2F%C3%A9");
    }
}
