//! The HTML document and its routes.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::pages::{
    Accounts, General, InstanceAudit, Join, Keys, Live, Members, NotFound, OwnAccount, ProjectAudit,
    Projects, Reset, SetUp, SignIn, Tokens,
};
use crate::raw_text::raw_text;
use crate::zone::provide_zone;

/// Runs before the first paint, so that neither the theme nor the phone's tabs flash, and so that nothing is lost
/// of what a person types into a control before WebAssembly has taken over ([`crate::components::typed_before`]).
const BEFORE_PAINT: &str = "(d=>{d.dataset.js='';try{const t=localStorage.getItem('theme');\
     if(t==='dark'||t==='light')d.dataset.theme=t}catch{}\
     addEventListener('input',({target:t})=>{if(!('live' in d.dataset)&&t.closest('.var-control'))\
     t.dataset.typed=t.value},true)})(document.documentElement)";

/// The HTML document around the application.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let styles = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    let font = |file: &str| {
        let href = format!("/{}/{file}", options.site_pkg_dir);
        view! { <link rel="preload" r#as="font" type="font/woff2" crossorigin="anonymous" href=href /> }
    };
    // early, so that the first paint has them and nothing moves later; only where they are used, because
    // browsers warn of the others
    let fonts = (font("inter.woff2"), is_live_page().then(|| font("jetbrains-mono.woff2")));
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="dark light" />
                <script nonce=leptos::nonce::use_nonce()>{BEFORE_PAINT}</script>
                <link rel="stylesheet" href=styles />
                {fonts}
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

fn is_live_page() -> bool {
    #[cfg(feature = "ssr")]
    {
        use_context::<axum::http::request::Parts>().is_some_and(|parts| parts.uri.path().ends_with("/live"))
    }
    #[cfg(not(feature = "ssr"))]
    false
}

/// The routes.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_zone();
    // Async: the whole page is there in the first answer, for the eye and without JavaScript
    view! {
        <Title formatter=|title: String| match title.is_empty() {
            true => "observerio".to_owned(),
            false => raw_text(format!("{title} – observerio")),
        } />
        <a class="skip" href="#main">
            "Skip to content"
        </a>
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=Projects ssr=SsrMode::Async />
                <Route path=path!("/setup") view=SetUp ssr=SsrMode::Async />
                <Route path=path!("/sign-in") view=SignIn ssr=SsrMode::Async />
                <Route path=path!("/join") view=Join ssr=SsrMode::Async />
                <Route path=path!("/reset") view=Reset ssr=SsrMode::Async />
                <Route path=path!("/account") view=OwnAccount ssr=SsrMode::Async />
                <Route path=path!("/account/tokens") view=Tokens ssr=SsrMode::Async />
                <Route path=path!("/accounts") view=Accounts ssr=SsrMode::Async />
                <Route path=path!("/audit") view=InstanceAudit ssr=SsrMode::Async />
                <Route path=path!("/p/:id/live") view=Live ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings") view=General ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings/members") view=Members ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings/keys") view=Keys ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings/audit") view=ProjectAudit ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}
