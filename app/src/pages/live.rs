//! The live page: devices, variables and logs of one project, as they are now.

use leptos::html::Dialog;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use protocol::model::{Key, ProjectId, UnixMicros, User};

use super::not_found::set_not_found;
use crate::api::{self, AppError, LivePage};
use crate::components::{DeviceList, Failure, Header, LogView, QuickStart, VarList};
use crate::format;
use crate::live::{self, Link, use_live};

/// `/p/:id/live`.
#[component]
pub fn Live() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("id").and_then(|id| id.parse::<ProjectId>().ok()));
    let page = api::Page::new_with_options(id, load, true);
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match page.await {
                    Ok((user, page)) => view! { <Project user page /> }.into_any(),
                    Err(error) => view! { <Failed error /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn load(id: Option<ProjectId>) -> Result<(Option<User>, LivePage), AppError> {
    let page = api::get_live(id.ok_or(AppError::NotFound)?).await?;
    Ok((api::get_session().await?, page))
}

#[component]
fn Failed(error: AppError) -> impl IntoView {
    if error == AppError::NotFound {
        set_not_found();
    }
    view! {
        <Title text="Live" />
        <Header />
        <main id="main" class="page">
            <Failure title="This project cannot be shown" text=error.to_string() />
            {(error == AppError::SignedOut).then(|| view! { <p><a href="/sign-in" rel="external">"Sign in"</a></p> })}
        </main>
    }
}

#[component]
fn Project(user: Option<User>, page: LivePage) -> impl IntoView {
    let LivePage { project, game_address, snapshot } = page;
    let title = project.name.clone();
    let live = live::Live::new(snapshot);
    provide_context(live);
    live.connect();
    // from here on controls hear for themselves what is typed
    Effect::new(|| {
        if let Some(root) = document().document_element() {
            // it fails for malformed names only
            let _ = root.set_attribute("data-live", "");
        }
    });
    let empty = Memo::new(move |_| live.with_devices(|state| state.devices().next().is_none()));
    let (key, address) = (project.key, StoredValue::new(game_address));
    view! {
        <Title text=title.clone() />
        <div class="live" data-pane=move || pane_of(live)>
            <LiveHeader user title key address empty />
            <Banner />
            {move || match empty.get() {
                true => view! { <FirstGame key address /> }.into_any(),
                false => view! { <Panes /> }.into_any(),
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
fn LiveHeader(
    user: Option<User>,
    title: String,
    key: Key,
    address: StoredValue<String>,
    empty: Memo<bool>,
) -> impl IntoView {
    let live = use_live();
    let online = Memo::new(move |_| live.with_devices(live::LiveState::online));
    let dialog = NodeRef::<Dialog>::new();
    let open = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            // it fails when it is open already
            let _ = dialog.show_modal();
        }
    };
    view! {
        <Header user>
        <span class="crumb" aria-hidden="true">
            "/"
        </span>
        <h1 class="project-title">{title}</h1>
        <span class="pill" class:pill--live=move || { online.get() > 0 }>
            <span class="dot" class:dot--on=move || { online.get() > 0 } aria-hidden="true"></span>
            {move || format!("{} live", online.get())}
        </span>
        <button type="button" class="button connect" on:click=open hidden=move || empty.get()>
            "Connect a game"
        </button>
        </Header>
        <dialog class="dialog" node_ref=dialog aria-labelledby="connect-title">
            <form method="dialog" class="dialog-head">
                <h2 id="connect-title">"Connect a game"</h2>
                <span class="spacer"></span>
                <button class="button" type="submit">
                    "Close"
                </button>
            </form>
            <QuickStart key address=address.get_value() id="connect" />
        </dialog>
    }
    .into_any()
}

/// In place of the panes until the first game has connected.
#[component]
fn FirstGame(key: Key, address: StoredValue<String>) -> impl IntoView {
    view! {
        <main id="main" class="first">
            <div class="first-panel">
                <h2>"Connect your game"</h2>
                <p>"Open a connection, say the key, report your variables. This page shows them as they arrive."</p>
                <QuickStart key address=address.get_value() id="start" />
                <p class="waiting" role="status">
                    <span class="dot dot--waiting" aria-hidden="true"></span>
                    "Waiting for the first line…"
                </p>
            </div>
        </main>
    }
    .into_any()
}

#[component]
fn Panes() -> impl IntoView {
    let live = use_live();
    let now = RwSignal::new(live.read(|state| state.now()));
    tick(now);
    view! {
        <PaneTabs />
        <main id="main" class="panes">
            <DeviceList now />
            <VarList />
            <LogView />
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

/// Says that the connection is lost, that the page is too old, or that nothing can be stored.
#[component]
fn Banner() -> impl IntoView {
    let live = use_live();
    let storing = Memo::new(move |_| live.storing());
    let is_here = move || matches!(live.link.get(), Link::Open | Link::Opening);
    view! {
        <div class="banner-place">
        <div role="status">
            {move || {
                (is_here() && !storing.get())
                    .then(|| {
                        view! {
                            <p class="banner banner--quiet">
                                "The database does not take anything now. Games keep their values; edits are refused until it answers."
                            </p>
                        }
                    })
            }}
        </div>
        <div role="alert">
            {move || match live.link.get() {
                Link::Away { attempt, shown: true } => {
                    view! {
                        <p class="banner">
                            {format!("Connection lost — reconnecting, attempt {attempt} · edits are kept")}
                        </p>
                    }
                        .into_any()
                }
                Link::Outdated => {
                    view! {
                        <p class="banner">
                            "A newer dashboard is ready. "
                            <button type="button" class="button" on:click=|_| reload()>
                                "Reload"
                            </button>
                        </p>
                    }
                        .into_any()
                }
                Link::Away { .. } | Link::Opening | Link::Open => ().into_any(),
            }}
        </div>
        </div>
    }
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
            <noscript>"Editing and live updates need JavaScript; this is the state at loading."</noscript>
        </footer>
    }
    .into_any()
}

fn reload() {
    // it fails while the page is going already
    let _ = window().location().reload();
}

/// Lets relative times go on. Does nothing on the server.
fn tick(now: RwSignal<UnixMicros>) {
    #[cfg(feature = "hydrate")]
    {
        const EVERY_S: u64 = 10;
        let live = use_live();
        let (began, base) = (js_sys::Date::now(), now.get_untracked().0);
        let step = move || {
            let passed = ((js_sys::Date::now() - began) * 1_000.0) as i64;
            let told = live.read(|state| state.now().0);
            now.set(UnixMicros(told.max(base + passed)));
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
