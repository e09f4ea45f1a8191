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
    let snippets = StoredValue::new(snippets(key.as_str(), &address));
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
    let commands = Signal::derive(move || snippets.with_value(|all| all[chosen.get()].commands.clone()));
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
                <Show when=move || commands.with(|commands| !commands.is_empty())>
                    <p class="meta">"In a clone of observerio, this builds and runs it:"</p>
                    <div class="quick-code">
                        <pre tabindex="0" aria-label="Commands to copy">
                            <code>{commands}</code>
                        </pre>
                        <Copy text=commands what="the commands" />
                    </div>
                </Show>
            </div>
        </div>
    }
    .into_any()
}

struct Snippet {
    name: &'static str,
    hint: &'static str,
    code: String,
    /// For the shell, in a clone of the repository; empty where the code is all that is needed.
    commands: String,
}

/// A language that has an SDK: its example, as its page in `docs` shows it, and the commands of that page.
const SDKS: [(&str, &str, &str, &str); 6] = [
    (
        "Rust",
        "The crate observerio. The file is sdk/examples/boss.rs; docs/sdk-rust.md shows how your own game uses it.",
        include_str!("../../../sdk/examples/boss.rs"),
        include_str!("../../snippets/rust.sh"),
    ),
    (
        "C",
        "The library observerio. The file is sdk/c/examples/boss.c, and docs/sdk-c.md explains it.",
        include_str!("../../../sdk/c/examples/boss.c"),
        include_str!("../../snippets/c.sh"),
    ),
    (
        "C++",
        "One header over the C library. The file is sdk/cpp/examples/boss.cpp, and docs/sdk-cpp.md explains it.",
        include_str!("../../../sdk/cpp/examples/boss.cpp"),
        include_str!("../../snippets/cpp.sh"),
    ),
    (
        "Python",
        "The package observerio. The file is sdk/python/examples/boss.py, and docs/sdk-python.md explains it.",
        include_str!("../../../sdk/python/examples/boss.py"),
        include_str!("../../snippets/python.sh"),
    ),
    (
        "Lua",
        "For LuaJIT and LÖVE. The file is sdk/lua/examples/boss.lua, and docs/sdk-lua.md explains it.",
        include_str!("../../../sdk/lua/examples/boss.lua"),
        include_str!("../../snippets/lua.sh"),
    ),
    (
        "Go",
        "The package observerio. The file is sdk/go/examples/boss/main.go, and docs/sdk-go.md explains it.",
        include_str!("../../../sdk/go/examples/boss/main.go"),
        include_str!("../../snippets/go.sh"),
    ),
];

fn snippets(key: &str, address: &str) -> Vec<Snippet> {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "6667"));
    let host = host.trim_matches(['[', ']']);
    let by_hand = |name, hint, template: &str| Snippet {
        name,
        hint,
        code: template.trim_start().replace("KEY", key).replace("HOST", host).replace("PORT", port),
        commands: String::new(),
    };
    let netcat = by_hand(
        "netcat",
        "Paste it into a terminal. It stays connected: each edit comes back as a line v:key:… \
         whose last part is base64 of {name, type, value}.",
        include_str!("../../snippets/netcat.sh"),
    );
    let javascript = by_hand(
        "JavaScript",
        "Node.js, nothing to install. It prints each edit and reports the new value.",
        include_str!("../../snippets/game.mjs"),
    );
    let with_sdk = SDKS.map(|(name, hint, example, commands)| Snippet {
        name,
        hint,
        code: example.replace("YOUR_KEY", key).replace("127.0.0.1:6667", address),
        commands: commands.trim_end().replace("YOUR_KEY", &format!("{key} {address}")),
    });
    [netcat].into_iter().chain(with_sdk).chain([javascript]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_hold_the_projects_own_key_and_address() {
        let snippets = snippets("0123456789ab", "games.example:7000");
        assert_eq!(snippets.len(), 8);
        for Snippet { name, code, commands, .. } in snippets {
            for text in [&code, &commands].into_iter().filter(|text| !text.is_empty()) {
                assert!(text.contains("0123456789ab"), "{name}: {text}");
                assert!(text.contains("games.example") && text.contains("7000"), "{name}: {text}");
                assert!(!text.contains("KEY") && !text.contains("127.0.0.1"), "{name}: {text}");
            }
        }
    }
}
