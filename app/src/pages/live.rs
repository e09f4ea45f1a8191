//! The live page: devices, variables and logs of one project, as they are now; and the log page, which is its log alone.

use leptos::html::Dialog;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use protocol::live::Full;
use protocol::model::{Key, ProjectRole, UnixMicros, User};

use super::{loaded, project_in_address};
use crate::api::{self, AppError, LivePage};
use crate::components::{Header, ProjectTab, ProjectTabs, QuickStart, leave_focus_to_heirs};
use crate::format;
use crate::live::{self, Link, Place, use_live};
use crate::package::ValueFont;
use crate::panes::{DeviceList, ForgetQuestion, LogView, Refusals, VarList};

/// `/p/:id/live`.
#[component]
pub fn Live() -> impl IntoView {
    loaded(
        "Live",
        project_in_address(),
        |id| async move { api::get_live(id.ok_or(AppError::NotFound)?).await },
        |page| view! { <Project page place=Place::Live /> }.into_any(),
    )
}

/// `/p/:id/logs`.
#[component]
pub fn Logs() -> impl IntoView {
    loaded(
        "Logs",
        project_in_address(),
        |id| async move { api::get_live(id.ok_or(AppError::NotFound)?).await },
        |page| view! { <Project page place=Place::Logs /> }.into_any(),
    )
}

#[component]
fn Project(page: LivePage, place: Place) -> impl IntoView {
    let LivePage { user, name: title, key, game_address, snapshot, .. } = page;
    let search = use_location().search.get_untracked();
    let live = live::Live::new(snapshot, live::View::parse(&search, place), place);
    provide_context(live);
    #[cfg(feature = "hydrate")]
    {
        live.connect();
        if place == Place::Live {
            live.listen_for_undo();
        }
    }
    Effect::new(leave_focus_to_heirs);
    live::keep_view(live, &search);
    // from here on the controls handle input themselves
    Effect::new(|| {
        if let Some(root) = document().document_element() {
            // it fails for malformed names only
            let _ = root.set_attribute("data-live", "");
        }
    });
    let empty = Memo::new(move |_| {
        live.with_devices(|state| state.devices().next().is_none())
            && live.with_layout(|state| state.var_names().is_empty())
    });
    let address = StoredValue::new(game_address);
    let dialog = NodeRef::<Dialog>::new();
    let on_connect = Callback::new(move |()| {
        if let Some(dialog) = dialog.get_untracked() {
            // it fails when it is open already
            let _ = dialog.show_modal();
        }
    });
    let has_values = if empty.get_untracked() {
        // the key, which viewers don't see
        key.is_some() && live.role.get_untracked() > ProjectRole::Viewer
    } else {
        // a phone shows one pane, which may hold no values, or be empty
        live.read(|state| match live.pane.get_untracked() {
            live::Pane::Devices => false,
            live::Pane::Variables => !state.var_names().is_empty(),
            live::Pane::Logs => state.logs.kept() > 0,
        })
    };
    view! {
        <Title text=if place == Place::Logs { format!("Logs · {title}") } else { title.clone() } />
        {has_values.then(|| view! { <ValueFont /> })}
        <div class="live" data-pane=move || pane_of(live)>
            <LiveHeader user title empty on_connect />
            <ConnectDialog key address dialog />
            <ForgetQuestion />
            <Banner />
            {move || {
                if empty.get() {
                    view! { <FirstGame key address /> }.into_any()
                } else {
                    view! { <Panes on_connect /> }.into_any()
                }
            }}
            <StatusBar />
            <p class="sr-only" role="status" aria-live="polite">
                {move || live.announcement.get()}
            </p>
        </div>
    }
    .into_any()
}

fn pane_of(live: live::Live) -> &'static str {
    live.pane.get().as_str()
}

#[component]
fn LiveHeader(user: User, title: String, empty: Memo<bool>, on_connect: Callback<()>) -> impl IntoView {
    let live = use_live();
    let online = Memo::new(move |_| live.with_devices(live::LiveState::online));
    let current = if live.place == Place::Logs { ProjectTab::Logs } else { ProjectTab::Live };
    view! {
        <Header user=Some(user)>
        <span class="crumb" aria-hidden="true">
            "/"
        </span>
        <h1 class="project-title" dir="auto">
            {title}
        </h1>
        <span class="pill" class:pill--live=move || { online.get() > 0 }>
            <span class="dot" class:dot--on=move || { online.get() > 0 } aria-hidden="true"></span>
            {move || format!("{} live", online.get())}
        </span>
        <button
            type="button"
            class="button connect"
            class:button--quiet=move || { online.get() > 0 }
            hidden=move || empty.get()
            on:click=move |_| on_connect.run(())
        >
            "Connect a game"
        </button>
        <ProjectTabs project=live.read(live::LiveState::project) role=live.role current />
        </Header>
    }
    .into_any()
}

#[component]
fn ConnectDialog(key: Option<Key>, address: StoredValue<String>, dialog: NodeRef<Dialog>) -> impl IntoView {
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="connect-title">
            <form method="dialog" class="dialog-head">
                <h2 id="connect-title">"Connect a game"</h2>
                <span class="spacer"></span>
                <button class="button" type="submit">
                    "Close"
                </button>
            </form>
            <Start key address id="connect" />
        </dialog>
    }
    .into_any()
}

/// How a game connects, for people who may see the key.
#[component]
fn Start(key: Option<Key>, address: StoredValue<String>, id: &'static str) -> impl IntoView {
    let live = use_live();
    move || match (live.role.get(), key) {
        (ProjectRole::Viewer, _) => {
            view! { <p>"You are a viewer: ask an admin for the game's key, or to let you edit."</p> }
                .into_any()
        }
        (_, Some(key)) => view! { <QuickStart key address=address.get_value() id /> }.into_any(),
        // promoted while the page was open: it was loaded without the key
        (_, None) => view! {
            <p>
                "You can see the game's key now. "
                <a href="" rel="external">
                    "Reload this page"
                </a>
            </p>
        }
        .into_any(),
    }
}

/// In place of the panes until the first game has connected.
#[component]
fn FirstGame(key: Option<Key>, address: StoredValue<String>) -> impl IntoView {
    let live = use_live();
    let now = RwSignal::new(live.read(|state| state.now()));
    tick(now);
    view! {
        <main id="main" class="first">
            <div class="first-panel">
                <h2>"Connect your game"</h2>
                <p>"Open a connection, send the key, report your variables. This page shows them as they arrive."</p>
                {move || {
                    key.filter(|_| live.role.get() > ProjectRole::Viewer)
                        .map(|key| view! { <DemoGame key /> })
                }}
                <Start key address id="start" />
                <p class="waiting" role="status">
                    <span class="dot dot--waiting" aria-hidden="true"></span>
                    "Waiting for the first line…"
                </p>
                <Refusals device=None now />
            </div>
        </main>
    }
    .into_any()
}

/// A game to try, which takes the key from the fragment: browsers send that to nobody.
#[component]
fn DemoGame(key: Key) -> impl IntoView {
    let link = format!("/demo#key={}", in_fragment(key.as_str()));
    view! {
        <p class="first-demo">
            <a class="button button--primary" href=link target="_blank" rel="external noopener">
                "Try it with a demo game"
            </a>
            <span class="meta">"It runs in a new tab of this browser."</span>
        </p>
    }
    .into_any()
}

/// A key is printable ASCII, which may have a meaning of its own in an address.
fn in_fragment(key: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    key.bytes().map(encode).collect()
}

#[component]
fn Panes(on_connect: Callback<()>) -> impl IntoView {
    let live = use_live();
    let now = RwSignal::new(live.read(|state| state.now()));
    tick(now);
    if live.place == Place::Logs {
        return view! {
            <main id="main" class="panes panes--log">
                <LogView now />
            </main>
        }
        .into_any();
    }
    view! {
        <PaneTabs />
        <main id="main" class="panes">
            <DeviceList now on_connect />
            <VarList />
            <LogView now />
        </main>
    }
    .into_any()
}

/// Phones show one pane at a time.
#[component]
fn PaneTabs() -> impl IntoView {
    let live = use_live();
    let button = move |pane: live::Pane| {
        view! {
            <button
                type="button"
                class="pane-tab"
                aria-pressed=move || (live.pane.get() == pane).to_string()
                on:click=move |_| live.pane.set(pane)
            >
                {pane.title()}
                {(pane == live::Pane::Devices).then(|| view! { <RefusedMark /> })}
            </button>
        }
    };
    view! {
        <nav class="pane-tabs" aria-label="Panes">
            {live::Pane::ALL.map(button).into_iter().collect_view()}
        </nav>
    }
    .into_any()
}

/// The mark on the devices' tab: lines were refused.
#[component]
fn RefusedMark() -> impl IntoView {
    let live = use_live();
    let refused = move || live.with_refused(live::LiveState::refused_in_all);
    view! {
        <span class="tab-mark" hidden=move || refused() == 0>
            <span class="sr-only">{move || format!(", {}", format::refused(refused()))}</span>
        </span>
    }
    .into_any()
}

fn words_of_full(Full { until, bytes }: Full) -> String {
    format!(
        "This project's games have stored {} of log today, which is the daily limit. Log lines are refused until {} UTC; \
         values, edits and actions still work. The server's operator can raise the limit.",
        format::bytes(bytes),
        format::moment(until, 0)
    )
}

/// Reports a lost connection, an outdated page, and storage that is full or down.
#[component]
fn Banner() -> impl IntoView {
    view! {
        <div class="banner-place">
            <StorageBanner />
            <LinkBanner />
        </div>
    }
    .into_any()
}

#[component]
fn StorageBanner() -> impl IntoView {
    let live = use_live();
    let storing = Memo::new(move |_| live.storing());
    let full = Memo::new(move |_| live.full());
    let is_here = move || matches!(live.link.get(), Link::Open | Link::Opening);
    view! {
        <div role="status">
            {move || {
                full.get()
                    .filter(|_| is_here())
                    .map(|full| view! { <p class="banner banner--quiet">{words_of_full(full)}</p> })
            }}
            {move || {
                (is_here() && !storing.get())
                    .then(|| {
                        view! {
                            <p class="banner banner--quiet">
                                "The database is not responding. Games keep their values; edits are refused until it is back."
                            </p>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

#[component]
fn LinkBanner() -> impl IntoView {
    let link = use_live().link;
    let words = move || {
        Some(match link.get() {
            Link::Away { attempt, shown: true } => {
                format!("Connection lost — reconnecting, attempt {attempt} · edits are kept").into_any()
            }
            Link::Crowded => {
                "You have too many live pages open. Close some and this one connects by itself · edits are kept"
                    .into_any()
            }
            Link::Outdated => view! {
                "A newer version of the dashboard is available. "
                <button type="button" class="button" on:click=|_| reload()>
                    "Reload"
                </button>
            }
            .into_any(),
            Link::Away { .. } | Link::Opening | Link::Open => return None,
        })
    };
    view! { <div role="alert">{move || words().map(|words| view! { <p class="banner">{words}</p> })}</div> }
        .into_any()
}

#[component]
fn StatusBar() -> impl IntoView {
    let live = use_live();
    let open = move || live.link.get() == Link::Open;
    let words = move || match live.link.get() {
        Link::Opening => "Connecting",
        Link::Open => "Connected",
        Link::Away { .. } => "Reconnecting",
        Link::Crowded => "Waiting",
        Link::Outdated => "Outdated",
    };
    let lines = move || live.with_logs(|state| format::count(state.logs.kept(), "log line"));
    view! {
        <footer class="status-bar">
            <span class="link-state">
                <span class="dot" class:dot--on=open aria-hidden="true"></span>
                {words}
            </span>
            <span>{lines}</span>
            <noscript>"Editing and live updates need JavaScript; this page shows the state when it was loaded."</noscript>
        </footer>
    }
    .into_any()
}

fn reload() {
    // it fails while the page is being left already
    let _ = window().location().reload();
}

/// Keeps relative times up to date. Does nothing on the server.
fn tick(now: RwSignal<UnixMicros>) {
    #[cfg(feature = "hydrate")]
    {
        const EVERY_S: u64 = 10;
        let live = use_live();
        let (began, base) = (js_sys::Date::now(), now.get_untracked().0);
        let step = move || {
            let passed = ((js_sys::Date::now() - began) * 1_000.0) as i64;
            let told = live.read(|state| state.now().0);
            let time = UnixMicros(told.max(base + passed));
            live.pass_time(time);
            now.set(time);
        };
        let interval = set_interval_with_handle(step, std::time::Duration::from_secs(EVERY_S)).ok();
        on_cleanup(move || {
            if let Some(interval) = interval {
                interval.clear();
            }
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = now;
}

#[cfg(test)]
mod tests {
    use super::in_fragment;

    #[test]
    fn a_key_of_any_characters_is_one_parameter_of_a_fragment() {
        assert_eq!(in_fragment("0123456789ab"), "0123456789ab");
        assert_eq!(in_fragment("a&b=c#d+e%f/"), "a%26b%3Dc%23d%2Be%25f%2F");
    }
}
