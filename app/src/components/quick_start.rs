//! Code to copy that connects a first game.

use leptos::prelude::*;
use protocol::model::Key;

use super::Copy;
use super::focus::focus_id;

/// Snippets with the project's own key and address, one tab for each language.
#[component]
pub fn QuickStart(
    /// The project's key.
    key: Key,
    /// Where games connect: `host:port`.
    address: String,
    /// Prefix of the ids, unique on the page.
    id: &'static str,
) -> impl IntoView {
    let (host, port) = address.rsplit_once(':').unwrap_or((&address, "6667"));
    let host = host.trim_matches(['[', ']']);
    let snippets = StoredValue::new(snippets(key.as_str(), host, port));
    let chosen = RwSignal::new(0);
    let tab_id = move |index: usize| format!("{id}-tab-{index}");
    let tabs = snippets
        .with_value(|all| all.iter().map(|snippet| snippet.name).collect::<Vec<_>>())
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            view! {
                <button
                    type="button"
                    role="tab"
                    class="tab"
                    id=tab_id(index)
                    aria-controls=format!("{id}-panel")
                    aria-selected=move || (chosen.get() == index).to_string()
                    tabindex=move || if chosen.get() == index { "0" } else { "-1" }
                    on:click=move |_| chosen.set(index)
                >
                    {name}
                </button>
            }
        })
        .collect_view();
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        let count = snippets.with_value(Vec::len);
        let to = match event.key().as_str() {
            "ArrowRight" => (chosen.get_untracked() + 1) % count,
            "ArrowLeft" => (chosen.get_untracked() + count - 1) % count,
            _ => return,
        };
        chosen.set(to);
        focus_id(&tab_id(to));
    };
    let code = move || snippets.with_value(|all| all[chosen.get()].code.clone());
    view! {
        <div class="quick">
            <dl class="quick-facts">
                <div>
                    <dt>"Game key"</dt>
                    <dd class="value">{key.as_str().to_owned()}</dd>
                </div>
                <div>
                    <dt>"Game address"</dt>
                    <dd class="value">{address.clone()}</dd>
                </div>
            </dl>
            <div class="tabs" role="tablist" aria-label="Language" on:keydown=keydown>
                {tabs}
            </div>
            <div
                class="quick-panel"
                role="tabpanel"
                id=format!("{id}-panel")
                aria-labelledby=move || tab_id(chosen.get())
            >
                <p class="meta">{move || snippets.with_value(|all| all[chosen.get()].hint)}</p>
                <div class="quick-code">
                    <pre tabindex="0" aria-label="Code to copy">
                        <code>{code}</code>
                    </pre>
                    <Copy text=Signal::derive(code) />
                </div>
            </div>
        </div>
    }
    .into_any()
}

struct Snippet {
    name: &'static str,
    hint: &'static str,
    code: String,
}

fn snippets(key: &str, host: &str, port: &str) -> Vec<Snippet> {
    let fill = |template: &str| {
        template.trim_start().replace("KEY", key).replace("HOST", host).replace("PORT", port)
    };
    vec![
        Snippet {
            name: "netcat",
            hint: "Paste it into a terminal. It stays connected: each edit comes back as a line \
                   v:key:… whose last part is base64 of {name, type, value}.",
            code: fill(include_str!("../../snippets/netcat.sh")),
        },
        Snippet {
            name: "Python",
            hint: "Python 3, nothing to install. It prints each edit and reports the new value.",
            code: fill(include_str!("../../snippets/game.py")),
        },
        Snippet {
            name: "Rust",
            hint: "The standard library is enough to connect; decode edits with any base64 and JSON crate.",
            code: fill(include_str!("../../snippets/game.rs")),
        },
        Snippet {
            name: "JavaScript",
            hint: "Node.js, nothing to install. It prints each edit and reports the new value.",
            code: fill(include_str!("../../snippets/game.mjs")),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_hold_the_projects_own_key_and_address() {
        for snippet in snippets("0123456789ab", "games.example", "7000") {
            assert!(snippet.code.contains("0123456789ab"), "{}", snippet.name);
            assert!(snippet.code.contains("games.example"), "{}", snippet.name);
            assert!(snippet.code.contains("7000"), "{}", snippet.name);
            assert!(!snippet.code.contains("KEY") && !snippet.code.contains("HOST"), "{}", snippet.name);
        }
    }
}
